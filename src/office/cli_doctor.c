/* The office's part of sekisho doctor: settings that weaken, roles, second factors, sealing, backups, the store
 * itself. */
#include "core/org.h"
#include "core/proto.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "lib/json.h"
#include "office/cli.h"
#include "office/dispatch.h"
#include "office/setting.h"
#include "queries.h"

#define CHECKED_MAX (256ll << 20)                        /* a bigger store is not read whole while people wait */
#define NAMES_MAX 300
#define SETTLE_MS 2000

enum grade { OK, WARN, BAD };

struct visit {
	struct cli *c;
	struct jw j;
};

static void point(struct visit *v, enum grade g, const char *id, const char *todo, const char *fmt,
                  ...) __attribute__((format(printf, 5, 6)));
static void point(struct visit *v, enum grade g, const char *id, const char *todo, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	jw_object(&v->j);
	jw_kint(&v->j, "grade", g);
	jw_kz(&v->j, "id", id);
	jw_kz(&v->j, "text", text);
	jw_kz(&v->j, "do", g == OK || !todo ? NULL : _(todo));
	jw_end_object(&v->j);
}

/* --- settings ---------------------------------------------------------------------------------------------------- */

static void look_at_settings(struct visit *v)
{
	static const struct {
		const char *name;
		int64_t least, most;
	} sane[] = {
		{"session_idle_minutes", 0, 60}, {"session_hours", 0, 12}, {"password_min_length", 10, INT64_MAX},
		{"password_history", 1, INT64_MAX}, {"lock_after", 0, 10}, {"lock_minutes", 5, INT64_MAX},
	};
	static const enum role second[] = {ROLE_CISO, ROLE_CHIEF, ROLE_SECRETARIAT, ROLE_SYS_MANAGER, ROLE_AUDITOR,
	                                   ROLE_CONTRACTOR};
	struct db *db = v->c->office->db;
	bool good = true;
	for (size_t i = 0; i < ARRAY_LEN(sane); i++) {
		int64_t n = setting_int(db, sane[i].name);
		if (n >= sane[i].least && n <= sane[i].most)
			continue;
		good = false;
		point(v, WARN, "setting", N_("Set it back under Settings"), _("\"%s\" is %lld, which weakens sign-in"),
		      _(setting_find(str_from(sane[i].name))->label), (long long)n);
	}
	uint32_t roles = setting_roles(db, "second_factor_roles");
	for (size_t i = 0; i < ARRAY_LEN(second); i++)
		if (!(roles >> second[i] & 1u)) {
			good = false;
			point(v, WARN, "setting", N_("Set it back under Settings"),
			      _("The role \"%s\" signs in without a second factor"), role_label(second[i]));
		}
	if (good)
		point(v, OK, "setting", NULL, "%s", _("No setting weakens sign-in"));
	if (v->c->office->sample)
		point(v, WARN, "sample", N_("Make a folder without --sample for real work"), "%s",
		      _("This is a sample folder: whoever may use it signs in as anybody"));
}

/* --- people ------------------------------------------------------------------------------------------------------ */

#define HELD_TODAY "kind = 'appointment' AND state = 'active' AND starts_on <= ?1 AND (ends_on IS NULL OR ends_on >= ?1)" \
	" AND (ended_on IS NULL OR ended_on >= ?1)"

static void look_at_roles(struct visit *v)
{
	static const enum role needed[] = {ROLE_CISO, ROLE_CHIEF, ROLE_SECRETARIAT, ROLE_AUDIT_CHIEF};
	bool good = true;
	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		struct stmt *q = db_sql(v->c->office->db,
		                        "SELECT count(*) FROM role_assignments WHERE role = ?2 AND " HELD_TODAY);
		if (!q)
			return;
		bind_str(q, 1, v->c->world.today);
		bind_z(q, 2, role_code(needed[i]));
		if (step(q) == 1 && col_int(q, 0) == 0) {
			good = false;
			point(v, WARN, "role", N_("Enter the holder in the ledger role-assignments"),
			      _("Nobody holds the role \"%s\" today"), role_label(needed[i]));
		}
		stmt_done(q);
	}
	if (good)
		point(v, OK, "role", NULL, "%s", _("The roles that must have a holder have one"));
}

static bool has_factor(struct visit *v, int64_t person)
{
	struct msg m;
	struct str detail = STR_NONE;
	struct err e;
	uint32_t result = AUTH_FAILED;
	msg_init(&m, AUTH_STATE);
	msg_put_i64(&m, person);
	return auth_call_now(v->c->office, v->c->arena, &m, &result, &detail, &e) == 0 && str_has(detail, "\"totp\":true");
}

static void look_at_factors(struct visit *v)
{
	uint32_t roles = setting_roles(v->c->office->db, "second_factor_roles");
	char names[NAMES_MAX] = "";
	size_t n = 0, len = 0;
	struct stmt *q = db_sql(v->c->office->db, "SELECT DISTINCT p.id, p.name, r.role FROM role_assignments r JOIN persons p ON p.id = r.holder"
	                                          " WHERE p.state = 'active' AND r.kind = 'appointment' AND r.state = 'active' AND r.starts_on <= ?1"
	                                          " AND (r.ends_on IS NULL OR r.ends_on >= ?1) AND (r.ended_on IS NULL OR r.ended_on >= ?1)"
	                                          " ORDER BY p.id LIMIT 2000");
	if (!q)
		return;
	bind_str(q, 1, v->c->world.today);
	int64_t last = 0;
	while (step(q) == 1) {
		int r = role_parse(col_str(q, 2));
		int64_t person = col_int(q, 0);
		if (r < 0 || !(roles >> r & 1u) || person == last)
			continue;
		last = person;
		if (has_factor(v, person))
			continue;
		struct str name = col_str(q, 1);
		if (n < 5 && len + name.n + 4 < sizeof(names))
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%.*s", n ? ", " : "", STR_ARG(name));
		n++;
	}
	stmt_done(q);
	if (n)
		point(v, WARN, "second-factor", N_("They set one up at their next sign-in; ask those who do not sign in"),
		      _("%zu people whose role needs a second factor have none: %s%s"), n, names, n > 5 ? " …" : "");
	else
		point(v, OK, "second-factor", NULL, "%s", _("Everybody whose role needs a second factor has one"));
}

/* --- sealing, backups, store ------------------------------------------------------------------------------------- */

static void look_at_sealing(struct visit *v)
{
	outbox_settle(v->c->office, SETTLE_MS);                /* what is under way just now is no backlog */
	struct stmt *q = db_sql(v->c->office->db, "SELECT count(*), min(at) FROM outbox WHERE idx IS NULL");
	if (!q)
		return;
	int64_t n = step(q) == 1 ? col_int(q, 0) : 0, minutes = n ? (clock_true() - col_int(q, 1)) / (60 * SECOND_US) : 0;
	stmt_done(q);
	if (v->c->office->vault < 0 || minutes >= 2)
		point(v, minutes >= 30 ? BAD : WARN, "sealing", N_("See whether the vault runs and its disk has space; writing stops when the limits of the settings are reached"),
		      _("%lld events wait to be sealed, the oldest for %lld minutes"), (long long)n, (long long)minutes);
	else
		point(v, OK, "sealing", NULL, "%s", _("Every event is sealed within two minutes"));
}

static void look_at_backup(struct visit *v)
{
	static const char *const todo = N_("Let a timer run sekisho backup every night, keep the file on another machine, and try a restore");
	struct stmt *q = db_sql(v->c->office->db, "SELECT (SELECT max(at) FROM record_log WHERE action = 'store.backup'), min(set_at) FROM setting");
	if (!q)
		return;
	int64_t last = 0, first = clock_true();
	if (step(q) == 1) {
		last = col_int(q, 0);
		first = col_null(q, 1) ? first : col_int(q, 1);
	}
	stmt_done(q);
	int64_t days = (clock_true() - (last ? last : first)) / DAY_US;
	enum grade g = days > 7 ? BAD : days > 1 || !last ? WARN : OK;
	if (last)
		point(v, g, "backup", todo, _("The last backup is %lld days old"), (long long)days);
	else
		point(v, g, "backup", todo, "%s", _("There was never a backup"));
}

/* Says nothing when it did not. */
static void look_at_clock_back(struct visit *v)
{
	struct stmt *q = db_sql(v->c->office->db, "SELECT max(at) FROM record_log WHERE action = 'clock.back'");
	int64_t last = q && step(q) == 1 ? col_int(q, 0) : 0;
	char day[DATE_TEXT];
	if (q)
		stmt_done(q);
	if (!last || clock_true() - last > 30 * DAY_US)
		return;
	date_format(date_of_instant(last), day);
	point(v, WARN, "clock-back", N_("Find out why, and let the clock follow the municipality's time server; times around that day come twice in the records"),
	      _("The clock went back on %s"), day);
}

static void look_at_store(struct visit *v)
{
	struct err e = {0};
	struct db *db = v->c->office->db;
	struct stmt *q = db_sql(db, "SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)");
	int64_t size = q && step(q) == 1 ? col_int(q, 0) : 0;
	if (q)
		stmt_done(q);
	if (size > CHECKED_MAX)
		point(v, OK, "store", NULL,
		      _("The store (%lld MiB) is too big to be read while people wait: a tried restore reads it"),
		      (long long)(size >> 20));
	else if (db_check(db, &e) < 0)
		point(v, BAD, "store", N_("Stop, keep a copy, restore the last backup and compare"),
		      _("The store is damaged: %s"), e.text);
	else
		point(v, OK, "store", NULL, "%s", _("The store is whole"));
}

int cli_doctor(struct cli *c)
{
	struct visit v = {.c = c};
	jw_init(&v.j, &c->out, false);
	jw_array(&v.j);
	look_at_settings(&v);
	look_at_roles(&v);
	look_at_factors(&v);
	look_at_sealing(&v);
	look_at_backup(&v);
	look_at_clock_back(&v);
	look_at_store(&v);
	jw_end_array(&v.j);
	buf_putc(&c->out, '\n');
	return 0;
}
