/* `tell:` — one notice per person who holds a named role for the record's section, or whom the record names. */
#include "core/duty.h"
#include "core/engine.h"
#include "core/mine.h"

#define NAMED_MAX 500

static const char notice_sql[] =
	"INSERT INTO notice(person, ledger, record, action, step, at, text) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS"
	" (SELECT 1 FROM notice WHERE person = ?1 AND ledger = ?2 AND record = ?3 AND step IS ?5 AND action = ?4)";

/* Kept as it was told, in the municipality's language. */
static struct str notice_text(struct job *j, const struct record *r, struct str what)
{
	const struct action *act = ledger_action(j->l, what);
	const struct state *to = ledger_state(j->l, r->state);
	struct str label = act && act->label.ja.n ? act->label.ja : to ? to->label.ja : what;
	return arena_strf(j->a, "%.*s %.*s「%.*s」 %.*s", STR_ARG(j->l->record.ja), STR_ARG(r->number), STR_ARG(r->title),
	                  STR_ARG(label));
}

static int notice_put(struct job *j, const struct record *r, int64_t person, struct str what)
{
	struct stmt *s = db_sql(j->w->db, notice_sql);
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_int(s, 1, person);
	bind_str(s, 2, j->l->name);
	bind_int(s, 3, r->id);
	bind_str(s, 4, what);
	bind_int(s, 5, r->version);
	bind_int(s, 6, j->w->now);
	bind_str(s, 7, notice_text(j, r, what));
	int err = run(s, j->e);
	return err < 0 ? err : 0;
}

/* Holders of a role, with the unit it is limited to (0 none). */
static int holders(struct job *j, struct str role, int64_t (**ret)[2], size_t *ret_n)
{
	size_t cap = 64, n = 0;
	int64_t (*v)[2] = arena_array(j->a, cap, sizeof *v);
	struct stmt *s = v ? db_sql(j->w->db, str_is(role, "staff")
		? "SELECT id, 0 FROM persons WHERE state = 'active' AND ?1 = 'staff' AND ?2 IS NOT NULL"
		: "SELECT holder, CASE WHEN scope = 'unit' THEN unit END FROM role_assignments WHERE state = 'active' AND kind = 'appointment'"
		  " AND role = ?1 AND holder IS NOT NULL AND starts_on <= ?2 AND (ends_on IS NULL OR ends_on >= ?2)"
		  " AND (ended_on IS NULL OR ended_on >= ?2)") : NULL;
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_str(s, 1, role);
	bind_str(s, 2, j->w->today);
	int r;
	while ((r = step(s)) == 1) {
		if (n == cap) {
			int64_t (*more)[2] = arena_array(j->a, cap *= 2, sizeof *more);
			if (!more)
				break;
			memcpy(more, v, n * sizeof *v);
			v = more;
		}
		v[n][0] = col_int(s, 0);
		v[n++][1] = col_int(s, 1);
	}
	stmt_done(s);
	*ret = v;
	*ret_n = n;
	return r < 0 ? err_set(j->e, ERR_DB, "%s", db_error(j->w->db)) : 0;
}

static int tell_role(struct job *j, const struct record *r, struct str role, struct str what)
{
	int64_t (*v)[2] = NULL;
	size_t n = 0;
	int err = holders(j, role, &v, &n);
	for (size_t i = 0; err == 0 && i < n; i++)
		if (!v[i][1] || unit_within(j->w->db, r->section, v[i][1]))
			err = notice_put(j, r, v[i][0], what);
	return err;
}

static int tell_named(struct job *j, const struct record *r, const struct who *w, struct str what)
{
	int64_t ids[NAMED_MAX];
	size_t n = rights_persons_of(j, r, w, ids, NAMED_MAX);
	int err = 0;
	for (size_t i = 0; err == 0 && i < n; i++)
		err = notice_put(j, r, ids[i], what);
	return err;
}

int notice_tell(struct job *j, const struct record *r, const struct who_list *tell, struct str what)
{
	int err = 0;
	for (size_t i = 0; err == 0 && i < tell->n; i++) {
		const struct who *w = &tell->v[i];
		switch (w->kind) {
		case WHO_ROLE:
			err = tell_role(j, r, w->name, what);
			break;
		case WHO_MANAGER_OF_SECTION:
			err = tell_role(j, r, STR("sec-manager"), what);
			break;
		case WHO_APPLICANT:
		case WHO_OWNER:
		case WHO_FIELD:
			err = tell_named(j, r, w, what);
			break;
		case WHO_DELEGATE:
			break;
		}
	}
	return err;
}

/* Whoever applied learns what others decided on it, whether or not the definition says so. */
int notice_applicant(struct job *j, const struct record *r, const struct action *act, bool moved)
{
	if (!r->applicant || r->applicant == j->who->person || !ledger_decides(j->l) || !(moved || action_decides(act)))
		return 0;
	return j->l->see ? notice_put(j, r, r->applicant, act->name) : 0;
}

static const char receipt_sql[] =
	"INSERT INTO receipt(notice, person, ledger, record, version, action, at, how) SELECT id, person, ledger, record, step, action, ?3, ?4"
	" FROM notice WHERE person = ?1 AND read_at IS NULL AND ";
static const char read_sql[] = "UPDATE notice SET read_at = ?3 WHERE person = ?1 AND read_at IS NULL AND ?4 IS NOT NULL AND ";

/* Both statements over the same unread notices: first the receipts, then the marks. */
static int notices_close(struct db *db, struct arena *a, const char *which, int64_t person, int64_t id,
                         struct str ledger, int64_t now, const char *how, struct err *e)
{
	int err = 0;
	for (int i = 0; err >= 0 && i < 2; i++) {
		struct stmt *s = db_sql(db, arena_printf(a, "%s%s", i ? read_sql : receipt_sql, which));
		if (!s)
			return err_set(e, ERR_DB, "%s", db_error(db));
		bind_int(s, 1, person);
		bind_int(s, 2, id);
		bind_int(s, 3, now);
		bind_z(s, 4, how);
		if (ledger.p)
			bind_str(s, 5, ledger);
		err = run(s, e);
	}
	return err < 0 ? err : 0;
}

int notice_taken(struct job *j, int64_t record)
{
	if (!j->who->person)
		return 0;
	return notices_close(j->w->db, j->a, "record = ?2 AND ledger = ?5", j->who->person, record, j->l->name, j->w->now,
	                     "acted", j->e);
}

int notice_seen(struct world *w, const struct actor *who, int64_t notice, struct err *e)
{
	struct arena *a = arena_new(1u << 16);
	/* Whoever looks at a record has seen all that he was told about it. */
	int err = notices_close(w->db, a,
	                        "(ledger, record) = (SELECT ledger, record FROM notice WHERE id = ?2 AND person = ?1)",
	                        who->person, notice, STR_NONE, w->now, "read", e);
	arena_free(a);
	return err;
}
