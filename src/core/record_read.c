/* Reading for people: one record, its form, what may be chosen. */
#include "core/engine.h"
#include "core/stage.h"
#include "lib/i18n.h"
#include "lib/text.h"

/* Personal fields that hold something, unless the record is about the reader himself. */
static int personal_fields(struct job *j, struct record *r)
{
	size_t n = 0;
	if (r->applicant == j->who->person || (str_is(j->l->name, "persons") && r->id == j->who->person))
		return 0;
	r->personal.v = arena_array(j->a, j->l->n_fields + 1, sizeof *r->personal.v);
	if (!r->personal.v)
		return err_set(j->e, ERR_NOMEM, "record");
	for (size_t i = 0; i < r->values.n; i++) {
		const struct field *f = ledger_field(j->l, r->values.v[i].field);
		bool personal = f->personal;
		for (size_t c = 0; c < f->n_columns; c++)
			personal |= f->columns[c].personal;
		if (personal && !value_empty(&r->values.v[i]))
			r->personal.v[n++] = f->name;
	}
	r->personal.n = n;
	return 0;
}

int record_get(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l, int64_t id,
               struct record *ret, struct err *e)
{
	struct job j = {.w = w, .a = a, .who = who, .l = l, .e = e};
	int err = visible(&j, id) ? record_load(&j, id, ret) : ERR_NOTFOUND;
	if (err == ERR_NOTFOUND)
		return err_set(e, err, "%s", _("There is no such record"));
	if (err < 0)
		return err;
	ret->values.v = arena_array(a, l->n_fields + 1, sizeof *ret->values.v);
	if (!ret->values.v)
		return err_set(e, ERR_NOMEM, "record");
	for (size_t i = 0; i < l->n_fields; i++)
		if (rights_see_field(&j, ret, &l->fields[i]))
			ret->values.v[ret->values.n++] = value_shown(&j, ret, &l->fields[i], &ret->all[i]);
	return personal_fields(&j, ret);
}

/* --- forms ------------------------------------------------------------------------------------------------------- */

/* What was typed, as far as it can be read, over the stored values: `when` follows what stands on the form. */
static void overlay(struct job *j, struct record *r, const struct values *typed, const bool *editable)
{
	struct job quiet = *j;
	struct faults ignored = {0};
	struct err e;
	quiet.faults = &ignored;
	quiet.e = &e;
	for (size_t i = 0; typed && i < typed->n; i++) {
		const struct field *f = ledger_field(j->l, typed->v[i].field);
		struct value got;
		if (f && typed->v[i].present && editable[field_index(j->l, f)] &&
		    check_value(&quiet, f, &typed->v[i], &r->all[field_index(j->l, f)], &got) == 0)
			r->all[field_index(j->l, f)] = got;
	}
	record_sync(j, r);
}

static struct str bound_text(struct job *j, const struct record *r, const struct field *f, struct str written)
{
	if (f->type == FT_TEXT || f->type == FT_LONGTEXT)
		return written;
	return written.n ? limit_text(j, r, f, written) : STR_NONE;
}

static bool needed(const struct ledger *l, const struct action *act, const struct field *f)
{
	if (act && f->required && stage_action(l, f) == act)
		return true;
	for (size_t i = 0; act && i < act->needs.n; i++)
		if (str_eq(act->needs.v[i], f->name))
			return true;
	return false;
}

/* On the form of a new record only what its maker can fill in now; later what its stage has brought. What was typed or
 * is stored stays in sight whatever its stage. */
static bool of_stage(const struct ledger *l, const struct record *r, const struct field *f, bool editable,
                     const struct value *typed, struct str state)
{
	if (typed && typed->present && !value_empty(typed))
		return true;
	if (r && !value_empty(&r->all[field_index(l, f)]))
		return true;
	return (r || editable) && stage_open(l, f, state, NULL);
}

int record_form(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l,
                const struct record *r, const struct action *act, const struct values *typed, struct form_item **ret,
                struct err *e)
{
	struct job j = {.w = w, .a = a, .who = who, .l = l, .e = e};
	struct record work;
	bool shown[FIELDS_MAX] = {0}, *editable = arena_array(a, l->n_fields + 1, sizeof *editable);
	struct form_item *items = arena_array(a, l->n_fields + 1, sizeof *items);
	struct value *values = arena_array(a, l->n_fields + 1, sizeof *values);
	if (!editable || !items || !values)
		return err_set(e, ERR_NOMEM, "form");
	if (!r) {
		int err = record_blank(&j, &work);
		if (err < 0)
			return err;
	} else {
		work = *r;
		work.all = arena_array(a, l->n_fields + 1, sizeof *work.all);
		if (!work.all)
			return err_set(e, ERR_NOMEM, "form");
		memcpy(work.all, r->all, l->n_fields * sizeof *work.all);
	}
	if (act)
		editable = action_allowed(&j, r, act);
	else
		for (size_t i = 0; i < l->n_fields; i++)
			editable[i] = r ? record_may_edit(w, a, who, r, &l->fields[i]) : rights_edit_field(&j, NULL, &l->fields[i]);
	if (!editable)
		return err_set(e, ERR_NOMEM, "form");
	if (act)
		stage_defaults(&j, &work, act);
	overlay(&j, &work, typed, editable);
	struct record bounds = work;
	int err = expr_apply_when(&j, &work, shown);
	const struct state *start = r ? NULL : record_start(&j, &work);
	struct str state = r ? r->state : start ? start->name : STR_NONE;
	for (size_t i = 0; err == 0 && i < l->n_fields; i++) {
		const struct field *f = &l->fields[i];
		const struct value *t = typed ? values_get(typed, f->name) : NULL;
		values[i] = t && t->present && editable[i] ? *t : value_shown(&j, r, f, &work.all[i]);
		values[i].field = f->name;
		items[i] = (struct form_item){.field = f, .value = &values[i],
		                              .shown = shown[i] && rights_see_field(&j, r, f) &&
		                              (act || of_stage(l, r, f, editable[i], t, state)),
			.editable = editable[i], .required = act ? needed(l, act, f) : f->required,
			.min = bound_text(&j, &bounds, f, f->min), .max = bound_text(&j, &bounds, f, f->max)};
	}
	*ret = items;
	return err;
}

/* --- what may be chosen ------------------------------------------------------------------------------------------ */

#define PICKS_MAX 200

struct picks {
	struct pick *v;
	size_t n, max;
};

static void pick_add(struct job *j, struct picks *p, struct str value, struct str label)
{
	if (p->n < p->max)
		p->v[p->n++] = (struct pick){arena_str(j->a, value), arena_str(j->a, label)};
}

/* Rows (value, label) of a statement with the search text as ?1 (NULL: any), the limit as ?2. */
static int picks_sql(struct job *j, const char *sql, struct str search, struct picks *p)
{
	struct stmt *s = db_sql(j->w->db, sql);
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_str(s, 1, search.n ? arena_strf(j->a, "%%%.*s%%", STR_ARG(search)) : STR_NONE);
	bind_int(s, 2, (int64_t)p->max);
	int r;
	while ((r = step(s)) == 1)
		pick_add(j, p, col_str(s, 0), col_str(s, 1));
	return r < 0 ? err_set(j->e, ERR_DB, "%s", db_error(j->w->db)) : 0;
}

static int picks_of_ledger(struct job *j, const struct field *f, const struct ledger *to, struct str search,
                           struct picks *p)
{
	struct job t = {.w = j->w, .a = j->a, .who = j->who, .l = to, .e = j->e};
	struct buf sql, query;
	buf_init(&sql, SQL_TEXT_MAX);
	buf_init(&query, SQL_TEXT_MAX);
	buf_printf(&sql, "SELECT r.id, r.number, r.title FROM \"%.*s\" r WHERE r.state NOT IN (''", STR_ARG(to->table));
	for (size_t i = 0; i < to->n_states; i++)
		if (to->states[i].end)
			buf_printf(&sql, ", '%.*s'", STR_ARG(to->states[i].name));
	buf_puts(&sql, ") AND ");
	int err = visible_sql(&t, &sql);
	if (search.n)
		buf_puts(&sql, " AND r.id IN (SELECT d.record FROM search s CROSS JOIN search_doc d ON d.id = s.rowid WHERE s.words MATCH :q"
		               " AND d.ledger = :ledger)");
	buf_puts(&sql, " ORDER BY r.number LIMIT 2000");
	if (err == 0 && search.n)
		err = text_fts_query(search, &query);
	struct stmt *s = err == 0 && buf_err(&sql) == 0 ? db_sql(j->w->db, buf_z(&sql)) : NULL;
	buf_release(&sql);
	if (!s) {
		buf_release(&query);
		return err_set(j->e, err < 0 ? err : ERR_DB, "%s", db_error(j->w->db));
	}
	err = visible_bind(&t, s);
	if (search.n) {
		bind_str(s, bind_index(s, ":q"), buf_view(&query));
		bind_str(s, bind_index(s, ":ledger"), to->name);
	}
	buf_release(&query);
	while (err == 0 && p->n < p->max && step(s) == 1) {
		int64_t id = col_int(s, 0);
		struct str label = arena_strf(j->a, "%.*s %.*s", STR_ARG(col_str(s, 1)), STR_ARG(col_str(s, 2)));
		struct record r;
		enum truth ok = TRUTH_TRUE;
		if (f->where.p && (record_load(&t, id, &r) < 0 || expr_judge(&t, &r, &f->where, 1, &ok) < 0 ||
		                   ok != TRUTH_TRUE))
			continue;
		pick_add(j, p, f->to.n > 1 ? arena_strf(j->a, "%.*s:%lld", STR_ARG(to->name), (long long)id)
		                           : arena_strf(j->a, "%lld", (long long)id), label);
	}
	stmt_done(s);
	return err;
}

/* What the standard in force names: "1,2,3C,3B,3A". */
static int picks_of_standard(struct job *j, const char *name, struct picks *p)
{
	struct stmt *q = db_sql(j->w->db, "SELECT value FROM standard_param_now WHERE name = ?1");
	if (!q)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_z(q, 1, name);
	struct str list = step(q) == 1 ? col_dup(q, 0, j->a) : STR_NONE;
	stmt_done(q);
	while (list.n) {
		struct str code = str_trim(str_cut(&list, ','));
		pick_add(j, p, code, zone_label(code));
	}
	return 0;
}

int field_picks(struct world *w, struct arena *a, const struct actor *who, const struct field *f, struct str search,
                size_t limit, struct pick **ret, size_t *ret_n, struct err *e)
{
	struct job j = {.w = w, .a = a, .who = who, .e = e};
	struct picks p = {.max = limit < PICKS_MAX ? limit : PICKS_MAX};
	int err = 0;
	p.v = arena_array(a, p.max + 1, sizeof *p.v);
	if (!p.v)
		return err_set(e, ERR_NOMEM, "choices");
	search = str_trim(search);
	switch (f->type) {
	case FT_PERSON:
		err = picks_sql(&j, "SELECT id, name || coalesce('（' || (SELECT u.name FROM org_units u WHERE u.id = p.section) || '）', '')"
		                    " FROM persons p WHERE state = 'active' AND (?1 IS NULL OR name LIKE ?1 OR kana LIKE ?1 OR staff_no LIKE ?1)"
		                    " ORDER BY kana, name, id LIMIT ?2", search, &p);
		break;
	case FT_SECTION:
		err = picks_sql(&j, "SELECT id, name FROM org_units WHERE state = 'active' AND kind NOT IN ('committee', 'csirt')"
		                    " AND (?1 IS NULL OR name LIKE ?1 OR code LIKE ?1) ORDER BY code, id LIMIT ?2", search, &p);
		break;
	case FT_POST:
		err = picks_sql(&j, "SELECT code, min(title) FROM org_units__posts WHERE ?1 IS NULL OR title LIKE ?1 OR code LIKE ?1"
		                    " GROUP BY code ORDER BY code LIMIT ?2", search, &p);
		break;
	case FT_CLAUSE:
		err = picks_sql(&j, i18n_lang() == LANG_JA
		                        ? "SELECT c.id, c.label || ' ' || coalesce(c.summary_ja, c.heading, '') FROM clause c"
		                          " JOIN standard s ON s.id = c.standard AND s.active = 1 WHERE NOT c.withdrawn AND"
		                          " (?1 IS NULL OR c.id LIKE ?1 OR c.label LIKE ?1 OR c.heading LIKE ?1 OR c.summary_ja LIKE ?1)"
		                          " ORDER BY c.standard, c.pos LIMIT ?2"
		                        : "SELECT c.id, c.label || ' ' || coalesce(c.summary_en, c.heading, '') FROM clause c"
		                          " JOIN standard s ON s.id = c.standard AND s.active = 1 WHERE NOT c.withdrawn AND"
		                          " (?1 IS NULL OR c.id LIKE ?1 OR c.label LIKE ?1 OR c.heading LIKE ?1 OR c.summary_en LIKE ?1)"
		                          " ORDER BY c.standard, c.pos LIMIT ?2", search, &p);
		break;
	case FT_CONTROL:
		err = picks_sql(&j, i18n_lang() == LANG_JA
		                        ? "SELECT id, title_ja FROM control WHERE NOT withdrawn AND (?1 IS NULL OR id LIKE ?1 OR title_ja LIKE ?1 OR"
		                          " title_en LIKE ?1) ORDER BY id LIMIT ?2"
		                        : "SELECT id, title_en FROM control WHERE NOT withdrawn AND (?1 IS NULL OR id LIKE ?1 OR title_ja LIKE ?1 OR"
		                          " title_en LIKE ?1) ORDER BY id LIMIT ?2", search, &p);
		break;
	case FT_ROLE:
		for (int r = 0; r < ROLE_COUNT_; r++)
			pick_add(&j, &p, str_from(role_code((enum role)r)), str_from(role_label((enum role)r)));
		break;
	case FT_CHOICE:
		for (size_t i = 0; i < f->n_of; i++)
			pick_add(&j, &p, f->of[i].code, label_text(&f->of[i].label));
		break;
	case FT_CLASSIFICATION:
		err = picks_of_standard(&j, str_is(f->axis, "c") ? "levels_c" : str_is(f->axis, "i") ? "levels_i" : "levels_a",
		                        &p);
		break;
	case FT_ZONE:
		err = picks_of_standard(&j, "zones", &p);
		break;
	case FT_REF:
		for (size_t i = 0; err == 0 && i < f->to.n; i++) {
			const struct ledger *to = ledgers_get(w->ledgers, f->to.v[i]);
			if (to)
				err = picks_of_ledger(&j, f, to, search, &p);
		}
		break;
	default:
		break;
	}
	*ret = p.v;
	*ret_n = p.n;
	return err;
}
