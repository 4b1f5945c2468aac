/* Who may act on a record. Deny by default: a list that names nobody this person is, lets nobody in. A deputy or
 * delegate acts in the superior's place, never where the superior himself may not. */
#include "core/engine.h"

#define EXCLUDED_MAX 600

struct persons {
	int64_t v[EXCLUDED_MAX];
	size_t n;
};

static void persons_add(struct persons *p, int64_t id)
{
	if (id && p->n < EXCLUDED_MAX)
		p->v[p->n++] = id;
}

static bool persons_have(const struct persons *p, int64_t id)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i] == id)
			return true;
	return false;
}

/* A post stands for whoever is in it. */
static void persons_in_post(struct job *j, struct str post, struct persons *p)
{
	struct stmt *s = post.n
	                 ? db_sql(j->w->db, "SELECT id FROM persons WHERE post = ?1 AND state = 'active' ORDER BY id")
	                 : NULL;
	if (!s)
		return;
	bind_str(s, 1, post);
	while (step(s) == 1)
		persons_add(p, col_int(s, 0));
	stmt_done(s);
}

static void persons_of_field(struct job *j, const struct record *r, struct str name, struct persons *p)
{
	int64_t id;
	const struct field *f = ledger_field(j->l, name);
	if (!f || !r || !r->all)
		return;
	const struct value *v = &r->all[field_index(j->l, f)];
	if (f->type == FT_POST) {
		persons_in_post(j, v->text, p);
		return;
	}
	if (str_int(v->text, 1, INT64_MAX, &id) == 0)
		persons_add(p, id);
	for (size_t i = 0; i < v->n_many; i++)
		if (str_int(v->many[i], 1, INT64_MAX, &id) == 0)
			persons_add(p, id);
}

/* Persons a list names by word or field (roles name no one person). */
static void persons_named(struct job *j, const struct record *r, const struct who_list *list, struct persons *p)
{
	for (size_t i = 0; list && r && i < list->n; i++) {
		const struct who *w = &list->v[i];
		if (w->kind == WHO_APPLICANT)
			persons_add(p, r->applicant);
		else if (w->kind == WHO_OWNER)
			persons_add(p, r->owner);
		else if (w->kind == WHO_FIELD)
			persons_of_field(j, r, w->name, p);
	}
}

size_t rights_persons_of(struct job *j, const struct record *r, const struct who *w, int64_t *ret, size_t max)
{
	struct persons p = {0};
	struct who one = *w;
	size_t n = 0;
	persons_named(j, r, &(struct who_list){&one, 1}, &p);
	for (; n < p.n && n < max; n++)
		ret[n] = p.v[n];
	return n;
}

int64_t rights_person_of(struct job *j, const struct record *r, const struct who *w)
{
	struct persons p = {0};
	struct who one = *w;
	persons_named(j, r, &(struct who_list){&one, 1}, &p);
	return p.n ? p.v[0] : 0;
}

/* --- the manager of a record's section --------------------------------------------------------------------------- */

static const char heads_sql[] =
	"SELECT holder, unit, role FROM role_assignments WHERE state = 'active' AND kind = 'appointment' AND scope = 'unit'"
	" AND role IN ('sec-manager', 'dept-head') AND starts_on <= ?1 AND (ends_on IS NULL OR ends_on >= ?1)"
	" AND (ended_on IS NULL OR ended_on >= ?1)";

struct head_row {
	int64_t holder, unit;
	bool manager;                                    /* sec-manager; else dept-head */
};

static size_t heads_load(struct job *j, struct head_row **ret)
{
	size_t n = 0, cap = 64;
	struct head_row *v = arena_array(j->a, cap, sizeof *v);
	struct stmt *s = v ? db_sql(j->w->db, heads_sql) : NULL;
	*ret = v;
	if (!s)
		return 0;
	bind_str(s, 1, j->w->today);
	while (step(s) == 1) {
		if (n == cap) {
			struct head_row *more = arena_array(j->a, cap *= 2, sizeof *more);
			if (!more)
				break;
			memcpy(more, v, n * sizeof *v);
			*ret = v = more;
		}
		v[n++] = (struct head_row){col_int(s, 0), col_int(s, 1), str_is(col_str(s, 2), "sec-manager")};
	}
	stmt_done(s);
	return n;
}

/* The unit above which somebody must decide because the applicant himself manages the section; 0 when he does not. */
static int64_t own_level(struct job *j, const struct record *r, const struct head_row *v, size_t n)
{
	int64_t level = 0;
	for (size_t i = 0; i < n; i++)
		if (v[i].holder == r->applicant && unit_within(j->w->db, r->section, v[i].unit) &&
		    (!level || unit_within(j->w->db, level, v[i].unit)))
			level = v[i].unit;                       /* the highest one he holds */
	return level;
}

static bool manages(struct job *j, const struct record *r, const struct held *h)
{
	struct head_row *v;
	int64_t section = r ? r->section : j->who->section;
	if (!r || !r->applicant)
		return h->role == ROLE_SEC_MANAGER && unit_within(j->w->db, section, h->unit);
	if (h->role != ROLE_SEC_MANAGER && h->role != ROLE_DEPT_HEAD && h->role != ROLE_CHIEF)
		return false;
	size_t n = heads_load(j, &v);
	int64_t level = own_level(j, r, v, n);
	if (!level)
		return h->role == ROLE_SEC_MANAGER && unit_within(j->w->db, section, h->unit);
	if (h->role != ROLE_CHIEF)
		return h->unit != level && unit_within(j->w->db, level, h->unit);
	/* Nobody stands above him: the general manager decides. */
	for (size_t i = 0; i < n; i++)
		if (v[i].holder != r->applicant && v[i].unit != level && unit_within(j->w->db, level, v[i].unit))
			return false;
	return true;
}

/* --- matching ---------------------------------------------------------------------------------------------------- */

static bool held_covers(struct job *j, const struct record *r, const struct held *h)
{
	return !h->unit || !r || unit_within(j->w->db, r->section, h->unit);
}

static bool named_himself(struct job *j, const struct record *r, const struct who *w)
{
	struct persons p = {0};
	if (!r)
		return w->kind == WHO_APPLICANT;
	persons_named(j, r, &(struct who_list){(struct who *)(uintptr_t)w, 1}, &p);
	return persons_have(&p, j->who->person);
}

static bool held_matches(struct job *j, const struct record *r, const struct who *w, const struct held *h)
{
	if (w->kind == WHO_ROLE)
		return str_is(w->name, role_code(h->role)) && held_covers(j, r, h);
	return w->kind == WHO_MANAGER_OF_SECTION && manages(j, r, h);
}

struct grant rights_match(struct job *j, const struct record *r, const struct who_list *list,
                          const struct who_list *not_)
{
	struct persons excluded = {0};
	const struct actor *who = j->who;
	if (who->admin)
		return (struct grant){.ok = true};
	if (!who->person)
		return (struct grant){0};
	persons_named(j, r, not_, &excluded);
	if (persons_have(&excluded, who->person))
		return (struct grant){0};
	for (size_t i = 0; i < list->n; i++)
		if (named_himself(j, r, &list->v[i]))
			return (struct grant){.ok = true};
	for (int behalf = 0; behalf <= 1; behalf++)      /* his own right before that of another */
		for (size_t i = 0; i < list->n; i++)
			for (size_t k = 0; k < who->n_held; k++) {
				const struct held *h = &who->held[k];
				if ((h->on_behalf != 0) == behalf && !persons_have(&excluded, h->on_behalf) &&
				    held_matches(j, r, &list->v[i], h))
					return (struct grant){true, h->on_behalf, h->on_behalf ? h->assignment : 0};
			}
	return (struct grant){0};
}

bool rights_see_field(struct job *j, const struct record *r, const struct field *f)
{
	return !f->secret_set || rights_match(j, r, &f->secret, NULL).ok;
}

bool rights_see_column(struct job *j, const struct field *column)
{
	return !column->secret_set || rights_match(j, j->rec, &column->secret, NULL).ok;
}

struct value value_shown(struct job *j, const struct record *r, const struct field *f, const struct value *v)
{
	struct value out = value_outside(j->a, f, v);
	struct job with = *j;
	with.rec = r;
	for (size_t c = 0; c < f->n_columns; c++) {
		if (rights_see_column(&with, &f->columns[c]))
			continue;
		for (size_t i = 0; i < out.n_rows; i++)
			for (size_t k = 0; k < out.rows[i].n; k++)
				if (str_eq(out.rows[i].cells[k].name, f->columns[c].name))
					out.rows[i].cells[k].text = STR_NONE;
	}
	return out;
}

bool rights_edit_field(struct job *j, const struct record *r, const struct field *f)
{
	if (!field_is_stored(f) || !rights_see_field(j, r, f))
		return false;
	return !f->head || !f->head->has_edit || rights_match(j, r, &f->head->edit, NULL).ok;
}
