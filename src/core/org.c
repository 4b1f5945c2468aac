#include "core/org.h"

#include "lib/i18n.h"

/* Longest line of units above a section; a loop in the data ends there. */
#define UNIT_DEPTH_MAX 20
#define HELD_MAX 64

#define ROLE_CODE(id, code) code,
static const char *const codes[] = { ROLE_LIST(ROLE_CODE) };

static const char *const labels[ROLE_COUNT_] = {
	[ROLE_CISO] = N_("Chief information security officer"),
	[ROLE_VICE_CISO] = N_("Deputy chief information security officer"),
	[ROLE_CHIEF] = N_("General information security manager"),
	[ROLE_DEPT_HEAD] = N_("Information security head of the bureau"),
	[ROLE_SEC_MANAGER] = N_("Information security manager of the section"),
	[ROLE_SYS_MANAGER] = N_("Information system manager"),
	[ROLE_SYS_OPERATOR] = N_("Information system operator"),
	[ROLE_COMMITTEE] = N_("Information security committee"),
	[ROLE_AUDIT_CHIEF] = N_("Head of security audit"),
	[ROLE_AUDITOR] = N_("Security auditor"),
	[ROLE_CSIRT] = N_("CSIRT member"),
	[ROLE_DATA_MANAGER] = N_("Data manager"),
	[ROLE_FACILITY_MANAGER] = N_("Facility manager"),
	[ROLE_DOCUMENT_MANAGER] = N_("Document manager"),
	[ROLE_SECRETARIAT] = N_("Security office"),
	[ROLE_CLOUD_MANAGER] = N_("Cloud service manager"),
	[ROLE_CONTRACTOR] = N_("Contractor"),
	[ROLE_STAFF] = N_("Staff"),
};

const char *role_code(enum role r)
{
	return codes[r];
}

int role_parse(struct str code)
{
	for (int r = 0; r < ROLE_COUNT_; r++)
		if (str_is(code, codes[r]))
			return r;
	return -1;
}

const char *role_label(enum role r)
{
	return _(labels[r]);
}

static void hold(struct actor *who, enum role role, int64_t assignment, int64_t unit, int64_t on_behalf)
{
	if (who->n_held == HELD_MAX)
		return;
	who->held[who->n_held++] = (struct held){role, assignment, unit, on_behalf};
	who->roles |= 1u << role;
}

/* People from outside hold `contractor` in place of `staff`: a definition that opens something to staff does not open
 * it to them. */
static bool from_outside(struct str person_type)
{
	return str_is(person_type, "contractor") || str_is(person_type, "designated-manager") ||
	       str_is(person_type, "agreement");
}

static int load_person(struct db *db, struct arena *a, int64_t person, struct str today, struct actor *who,
                       struct err *e)
{
	struct stmt *s = db_sql(db, "SELECT name, staff_no, section, person_type FROM persons WHERE id = ?1 AND state = 'active'"
	                            " AND started_on <= ?2 AND (ended_on IS NULL OR ended_on >= ?2)"
	                            " AND (valid_until IS NULL OR valid_until >= ?2)");
	if (!s)
		return err_set(e, ERR_DB, "%s", db_error(db));
	bind_int(s, 1, person);
	bind_str(s, 2, today);
	int r = step(s);
	if (r < 0)
		return err_set(e, ERR_DB, "%s", db_error(db));
	if (r == 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("This person is not active"));
	who->name = col_dup(s, 0, a);
	who->staff_no = col_dup(s, 1, a);
	who->section = col_int(s, 2);
	hold(who, from_outside(col_str(s, 3)) ? ROLE_CONTRACTOR : ROLE_STAFF, 0, 0, 0);
	stmt_done(s);
	return 0;
}

/* A deputy or delegate acts in the role of the assignment he deputises for, as long as that one is itself in force. */
static const char held_sql[] =
	"SELECT coalesce(b.role, r.role), r.id,"
	" CASE WHEN r.scope = 'unit' THEN r.unit WHEN b.scope = 'unit' THEN b.unit END,"
	" CASE WHEN r.kind IN ('deputy', 'delegation') THEN r.owner END"
	" FROM role_assignments r LEFT JOIN role_assignments b ON b.id = r.deputy_of"
	" WHERE r.holder = ?1 AND r.state = 'active' AND r.kind IN ('appointment', 'deputy', 'delegation')"
	" AND r.starts_on <= ?2 AND (r.ends_on IS NULL OR r.ends_on >= ?2) AND (r.ended_on IS NULL OR r.ended_on >= ?2)"
	" AND (r.kind = 'appointment' OR (r.owner IS NOT NULL AND b.state = 'active' AND b.starts_on <= ?2"
	"  AND (b.ends_on IS NULL OR b.ends_on >= ?2) AND (b.ended_on IS NULL OR b.ended_on >= ?2)))"
	" ORDER BY r.kind <> 'appointment', r.deputy_order, r.id";

int actor_load(struct db *db, struct arena *a, int64_t person, struct str today, struct actor *ret, struct err *e)
{
	struct actor who = {.person = person, .held = arena_array(a, HELD_MAX, sizeof(struct held))};
	if (!who.held)
		return err_set(e, ERR_NOMEM, "actor");
	int r = load_person(db, a, person, today, &who, e);
	if (r < 0)
		return r;
	struct stmt *s = db_sql(db, held_sql);
	if (!s)
		return err_set(e, ERR_DB, "%s", db_error(db));
	bind_int(s, 1, person);
	bind_str(s, 2, today);
	while ((r = step(s)) == 1) {
		int role = col_null(s, 0) ? -1 : role_parse(col_str(s, 0));
		if (role >= 0)
			hold(&who, (enum role)role, col_int(s, 1), col_int(s, 2), col_int(s, 3));
	}
	if (r < 0)
		return err_set(e, ERR_DB, "%s", db_error(db));
	*ret = who;
	return 0;
}

bool unit_within(struct db *db, int64_t unit, int64_t ancestor)
{
	if (!unit || !ancestor)
		return false;
	for (int depth = 0; depth < UNIT_DEPTH_MAX && unit; depth++) {
		if (unit == ancestor)
			return true;
		struct stmt *s = db_sql(db, "SELECT parent FROM org_units WHERE id = ?1");
		if (!s)
			return false;
		bind_int(s, 1, unit);
		unit = step(s) == 1 ? col_int(s, 0) : 0;
		stmt_done(s);
	}
	return false;
}
