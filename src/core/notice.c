/* `tell:` — one notice per person who holds a named role for the record's section, or whom the record names. */
#include "core/engine.h"

#define NAMED_MAX 500

static const char notice_sql[] =
	"INSERT INTO notice(person, ledger, record, action, step, at) SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS"
	" (SELECT 1 FROM notice WHERE person = ?1 AND ledger = ?2 AND record = ?3 AND step IS ?5 AND action = ?4)";

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
