/* Who may know of a record: one SQL condition per ledger and kind of person, used by get, list, count, search, export
 * and references alike, so that what is hidden is hidden everywhere. */
#include "core/engine.h"

#include "lib/json.h"

/* Units below those this person heads (parameter :heads), and below those his roles are limited to (:runits). */
#define UNITS_BELOW(param)                                                                                       \
	"(WITH RECURSIVE t(id) AS (SELECT value FROM json_each(" param ") UNION SELECT o.id FROM org_units o JOIN t ON " \
	"o.parent = t.id) SELECT id FROM t)"

#define MY_POST "= (SELECT p.post FROM persons p WHERE p.id = :me)"

static bool outsider(const struct actor *who)
{
	return ACTOR_HAS(who, ROLE_CONTRACTOR) && !ACTOR_HAS(who, ROLE_STAFF);
}

static bool role_opens(const struct job *j, const struct who *w, const struct held *h)
{
	if (w->kind == WHO_MANAGER_OF_SECTION)
		return h->role == ROLE_SEC_MANAGER && h->unit;
	return w->kind == WHO_ROLE && str_is(w->name, role_code(h->role));
}

/* A role in the ledger's `see`, held for the whole municipality. */
static bool sees_all(const struct job *j)
{
	const struct ledger *l = j->l;
	if (j->who->admin || !j->who->person || (l->see & SEE_ALL))
		return true;
	for (size_t i = 0; i < l->see_roles.n; i++)
		for (size_t k = 0; k < j->who->n_held; k++)
			if (!j->who->held[k].unit && role_opens(j, &l->see_roles.v[i], &j->who->held[k]))
				return true;
	return false;
}

static bool sees_by_unit(const struct job *j)
{
	for (size_t i = 0; i < j->l->see_roles.n; i++)
		for (size_t k = 0; k < j->who->n_held; k++)
			if (j->who->held[k].unit && role_opens(j, &j->l->see_roles.v[i], &j->who->held[k]))
				return true;
	return false;
}

static void or_field(const struct ledger *l, const struct field *f, const char *test, struct buf *out)
{
	if (f->many)
		buf_printf(out, " OR EXISTS (SELECT 1 FROM \"%.*s__%.*s\" c WHERE c.record = r.id AND c.value %s)",
		           STR_ARG(l->table), STR_ARG(f->name), test);
	else
		buf_printf(out, " OR r.\"%.*s\" %s", STR_ARG(f->name), test);
}

/* `readers`: persons, sections, posts or roles that a record names as those who may know of it. */
static void or_readers(const struct ledger *l, struct buf *out)
{
	for (size_t i = 0; i < l->readers.n; i++) {
		const struct field *f = ledger_field(l, l->readers.v[i]);
		if (!f)
			continue;
		if (field_is_person_ref(f))
			or_field(l, f, "= :me", out);
		else if (f->type == FT_SECTION)
			or_field(l, f, "= :section", out);
		else if (f->type == FT_POST)
			or_field(l, f, MY_POST, out);
		else if (f->type == FT_ROLE)
			or_field(l, f, "IN (SELECT value FROM json_each(:roles))", out);
	}
}

static bool list_names(const struct who_list *list, const struct field *f)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].kind == WHO_FIELD && str_eq(list->v[i].name, f->name))
			return true;
	return false;
}

/* Whoever a definition lets act by a person field must be able to see what he acts on. */
static bool field_acts(const struct ledger *l, const struct field *f)
{
	for (size_t i = 0; i < l->n_actions; i++)
		if (list_names(&l->actions[i].by, f) || list_names(&l->actions[i].two_of, f) ||
		    list_names(&l->actions[i].tell, f))
			return true;
	for (size_t i = 0; i < l->n_states; i++)
		if (list_names(&l->states[i].edit, f))
			return true;
	for (size_t i = 0; i < l->n_duties; i++)
		if (list_names(&l->duties[i].by, f))
			return true;
	return false;
}

static void or_own(const struct ledger *l, struct buf *out)
{
	const struct field *owner = ledger_field(l, STR("owner"));
	if (l->see & SEE_OWN) {
		buf_puts(out, " OR r.applicant = :me OR r.created_by = :me");
		if (!owner || owner->type == FT_PERSON)
			buf_puts(out, " OR r.owner = :me");
		if (str_is(l->name, "persons"))
			buf_puts(out, " OR r.id = :me");
	} else {
		buf_puts(out, " OR r.applicant = :me AND r.state IN (''");
		for (size_t i = 0; i < l->n_states; i++)
			if (l->states[i].start)
				buf_printf(out, ", '%.*s'", STR_ARG(l->states[i].name));
		buf_puts(out, ")");
	}
	for (size_t i = 0; i < l->n_fields; i++) {
		const struct field *f = &l->fields[i];
		if (f->type == FT_PERSON && field_acts(l, f))
			or_field(l, f, "= :me", out);
		else if (f->type == FT_POST && field_acts(l, f))
			or_field(l, f, MY_POST, out);
	}
}

static bool state_opens(const struct job *j, const struct state *st)
{
	for (size_t i = 0; i < st->see.n; i++) {
		if (str_is(st->see.v[i], "all"))
			return true;
		int role = role_parse(st->see.v[i]);
		if (role >= 0 && ACTOR_HAS(j->who, role))
			return true;
	}
	return false;
}

static struct str role_units_json(struct job *j)
{
	struct str out = STR("[");
	for (size_t i = 0; i < j->l->see_roles.n; i++)
		for (size_t k = 0; k < j->who->n_held; k++) {
			const struct held *h = &j->who->held[k];
			if (h->unit && role_opens(j, &j->l->see_roles.v[i], h))
				out = arena_strf(j->a, "%.*s%s%lld", STR_ARG(out), out.n > 1 ? "," : "", (long long)h->unit);
		}
	return arena_strf(j->a, "%.*s]", STR_ARG(out));
}

int visible_sql(struct job *j, struct buf *out)
{
	const struct ledger *l = j->l;
	if (sees_all(j)) {
		buf_puts(out, "1");
		return buf_err(out);
	}
	buf_puts(out, "(0");
	or_own(l, out);
	if ((l->see & (SEE_SECTION | SEE_DEPT)) && !outsider(j->who))
		buf_puts(out, " OR r.section = :section OR r.section IN " UNITS_BELOW(":heads"));
	if ((l->see & SEE_DEPT) && !outsider(j->who))
		buf_puts(out, " OR r.section IN " UNITS_BELOW(":bureau"));
	if (sees_by_unit(j) && j->many_ledgers)
		buf_printf(out, " OR r.section IN " UNITS_BELOW("'%.*s'"), STR_ARG(role_units_json(j)));
	else if (sees_by_unit(j))
		buf_puts(out, " OR r.section IN " UNITS_BELOW(":runits"));
	or_readers(l, out);
	for (size_t i = 0; i < l->n_states; i++)
		if (l->states[i].has_see && state_opens(j, &l->states[i]))
			buf_printf(out, " OR r.state = '%.*s'", STR_ARG(l->states[i].name));
	buf_puts(out, ")");
	return buf_err(out);
}

int mine_sql(const struct ledger *l, struct buf *out)
{
	buf_puts(out, "(0");
	or_own(l, out);
	or_readers(l, out);
	buf_puts(out, ")");
	return buf_err(out);
}

/* --- parameters -------------------------------------------------------------------------------------------------- */

static struct str heads_json(struct job *j)
{
	struct str out = STR("[");
	for (size_t k = 0; k < j->who->n_held; k++) {
		const struct held *h = &j->who->held[k];
		if (h->unit && (h->role == ROLE_SEC_MANAGER || h->role == ROLE_DEPT_HEAD))
			out = arena_strf(j->a, "%.*s%s%lld", STR_ARG(out), out.n > 1 ? "," : "", (long long)h->unit);
	}
	return arena_strf(j->a, "%.*s]", STR_ARG(out));
}

static struct str roles_json(struct job *j)
{
	struct str out = STR("[");
	for (int r = 0; r < ROLE_COUNT_; r++)
		if (ACTOR_HAS(j->who, r))
			out = arena_strf(j->a, "%.*s%s\"%s\"", STR_ARG(out), out.n > 1 ? "," : "", role_code((enum role)r));
	return arena_strf(j->a, "%.*s]", STR_ARG(out));
}

/* The bureau a section belongs to: the nearest unit of that kind above it, else the section itself. */
static struct str bureau_json(struct job *j)
{
	int64_t unit = j->who->section;
	for (int depth = 0; depth < 20 && unit; depth++) {
		struct stmt *s = db_sql(j->w->db, "SELECT kind, parent FROM org_units WHERE id = ?1");
		if (!s)
			break;
		bind_int(s, 1, unit);
		if (step(s) != 1)
			break;
		bool bureau = str_is(col_str(s, 0), "bureau");
		int64_t parent = col_int(s, 1);
		stmt_done(s);
		if (bureau)
			return arena_strf(j->a, "[%lld]", (long long)unit);
		unit = parent;
	}
	return arena_strf(j->a, "[%lld]", (long long)j->who->section);
}

int visible_bind(struct job *j, struct stmt *s)
{
	int i;
	if ((i = bind_index(s, ":me")))
		bind_int(s, i, j->who->person);
	if ((i = bind_index(s, ":section"))) {
		if (j->who->section && !outsider(j->who))
			bind_int(s, i, j->who->section);
		else
			bind_null(s, i);
	}
	if ((i = bind_index(s, ":heads")))
		bind_str(s, i, heads_json(j));
	if ((i = bind_index(s, ":runits")))
		bind_str(s, i, role_units_json(j));
	if ((i = bind_index(s, ":roles")))
		bind_str(s, i, roles_json(j));
	if ((i = bind_index(s, ":bureau")))
		bind_str(s, i, bureau_json(j));
	return 0;
}

bool visible(struct job *j, int64_t id)
{
	struct buf sql;
	buf_init(&sql, SQL_TEXT_MAX);
	buf_printf(&sql, "SELECT 1 FROM \"%.*s\" r WHERE r.id = :id AND ", STR_ARG(j->l->table));
	struct stmt *s = visible_sql(j, &sql) == 0 ? db_sql(j->w->db, buf_z(&sql)) : NULL;
	buf_release(&sql);
	if (!s)
		return false;
	bind_int(s, bind_index(s, ":id"), id);
	if (visible_bind(j, s) < 0)
		return false;
	bool seen = step(s) == 1;
	stmt_done(s);
	return seen;
}

bool ledger_may_list(const struct actor *who, const struct ledger *l)
{
	struct job j = {.who = who, .l = l};
	if (sees_all(&j) || sees_by_unit(&j) || l->readers.n)
		return true;
	for (size_t i = 0; i < l->n_states; i++)
		if (l->states[i].has_see && state_opens(&j, &l->states[i]))
			return true;
	return (l->see & SEE_OWN) || ((l->see & (SEE_SECTION | SEE_DEPT)) && !outsider(who));
}
