/* Creating and changing records. */
#include "core/engine.h"
#include "core/stage.h"
#include "lib/i18n.h"

int mark(struct job *j)
{
	return db_exec(j->w->db, "SAVEPOINT engine", j->e);
}

int mark_end(struct job *j, int r)
{
	int end = db_exec(j->w->db, r < 0 ? "ROLLBACK TO engine; RELEASE engine" : "RELEASE engine", r < 0 ? NULL : j->e);
	return r < 0 ? r : end;
}

void record_sync(struct job *j, struct record *r)
{
	const struct field *section = ledger_field(j->l, STR("section")), *owner = ledger_field(j->l, STR("owner"));
	int64_t id = 0;
	if (section)
		r->section = str_int(r->all[field_index(j->l, section)].text, 1, INT64_MAX, &id) == 0 ? id : 0;
	id = 0;
	if (owner && owner->type == FT_PERSON)
		r->owner = str_int(r->all[field_index(j->l, owner)].text, 1, INT64_MAX, &id) == 0 ? id : 0;
}

int record_merge(struct job *j, struct record *r, const struct values *in, const bool *allowed)
{
	int bad = 0;
	for (size_t i = 0; in && i < in->n; i++) {
		const struct value *typed = &in->v[i];
		const struct field *f = ledger_field(j->l, typed->field);
		struct value got;
		if (!typed->present)
			continue;
		if (!f) {
			fault_add(j, typed->field, "%s", _("There is no such field"));
			bad = ERR_INVALID;
			continue;
		}
		size_t at = field_index(j->l, f);
		if (!field_is_stored(f))
			continue;
		if (!allowed[at]) {
			/* What a form only shows may come back unchanged. */
			struct value shown = value_shown(j, r, f, &r->all[at]);
			if (value_empty(typed) || value_same(typed, &shown))
				continue;
			fault_add(j, f->name, "%s", _("You may not change this field now"));
			bad = ERR_INVALID;
			continue;
		}
		int err = check_value(j, f, typed, &r->all[at], &got);
		if (err == ERR_INVALID)
			bad = err;
		else if (err < 0)
			return err;
		else
			r->all[at] = got;
	}
	record_sync(j, r);
	return bad;
}

static int rules_check(struct job *j, const struct record *r)
{
	struct str exprs[64];
	enum truth holds[64];
	int bad = 0;
	size_t n = j->l->n_rules < ARRAY_LEN(exprs) ? j->l->n_rules : ARRAY_LEN(exprs);
	for (size_t i = 0; i < n; i++)
		exprs[i] = j->l->rules[i].that;
	int err = expr_judge(j, r, exprs, n, holds);
	if (err < 0)
		return err;
	for (size_t i = 0; i < n; i++)
		if (holds[i] == TRUTH_FALSE) {               /* like a CHECK: NULL is no fault */
			fault_add(j, STR(""), "%.*s", STR_ARG(label_text(&j->l->rules[i].say)));
			bad = ERR_INVALID;
		}
	return bad;
}

int record_judge(struct job *j, struct record *r, const bool *editable)
{
	bool shown[FIELDS_MAX] = {0};
	int err = expr_apply_when(j, r, shown), bad = 0;
	if (err < 0)
		return err;
	record_sync(j, r);
	const struct state *start = r->state.n ? NULL : record_start(j, r);
	struct str state = start ? start->name : r->state;
	for (size_t i = 0; editable && i < j->l->n_fields; i++) {
		const struct field *f = &j->l->fields[i];
		if (f->required && editable[i] && shown[i] && !stage_to_come(j->l, f, state, NULL) && field_is_stored(f) &&
		    value_empty(&r->all[i])) {
			fault_add(j, f->name, "%s", _("Please fill this in"));
			bad = ERR_INVALID;
		}
	}
	err = limits_check(j, r);
	bad |= err;
	if (err == 0 || err == ERR_INVALID) {
		err = rules_check(j, r);
		bad |= err == ERR_INVALID;
	}
	if (err < 0 && err != ERR_INVALID)
		return err;
	return bad ? ERR_INVALID : 0;
}

const struct state *record_start(struct job *j, const struct record *r)
{
	const struct state *only = NULL;
	for (size_t i = 0; i < j->l->n_states; i++) {
		const struct state *st = &j->l->states[i];
		enum truth holds = TRUTH_FALSE;
		if (!st->start)
			continue;
		if (!st->when.p)
			only = only ? only : st;
		else if (expr_judge(j, r, &st->when, 1, &holds) == 0 && holds == TRUTH_TRUE)
			return st;
	}
	return only;
}

bool record_may_create(struct world *w, const struct actor *who, const struct ledger *l)
{
	struct job j = {.w = w, .who = who, .l = l};
	if (rights_match(&j, NULL, &l->write, NULL).ok)
		return true;
	for (size_t i = 0; i < l->n_states; i++)
		if (l->states[i].start && l->states[i].has_write && rights_match(&j, NULL, &l->states[i].write, NULL).ok)
			return true;
	return false;
}

static void defaults(struct job *j, struct record *r)
{
	for (size_t i = 0; i < j->l->n_fields; i++) {
		const struct field *f = &j->l->fields[i];
		if (!f->def.p || field_is_child(f) || !field_is_stored(f) || stage_default_waits(j->l, f))
			continue;
		r->all[i].text = default_text(j, f);
		r->all[i].present = r->all[i].text.n > 0;
	}
}

/* An empty record of this person's, with the defaults in place. */
int record_blank(struct job *j, struct record *r)
{
	*r = (struct record){.ledger = j->l, .applicant = j->who->person, .section = j->who->section,
	                     .created_by = j->who->person,
		.updated_by = j->who->person, .created_at = j->w->now, .updated_at = j->w->now, .created_on = j->w->today,
		.version = 1};
	r->all = values_new(j->a, j->l);
	if (!r->all)
		return err_set(j->e, ERR_NOMEM, "record");
	const struct field *section = ledger_field(j->l, STR("section"));
	if (section && j->who->section) {
		struct value *v = &r->all[field_index(j->l, section)];
		v->text = arena_strf(j->a, "%lld", (long long)j->who->section);
		v->present = true;
	}
	defaults(j, r);
	return 0;
}

static int created(struct job *j, struct record *r, const struct state *st, struct str later)
{
	struct str change;
	size_t n;
	int err = r->number.n ? 0 : number_next(j, r, &r->number);
	if (err == 0)
		r->title = title_make(j, r);
	if (err == 0)
		err = store_insert(j, r);
	/* What is brought in as it already was (an import by the console) begins and moves on at once. */
	if (err >= 0)
		err = store_step(j, r->id, &(struct step_row){.action = STR("create"),
		                                              .from_state = later.n ? r->state : STR_NONE,
		                                              .to_state = later.n ? later : r->state});
	if (err >= 0 && later.n)
		err = store_state(j, r->id, r->state = later);
	if (err >= 0)
		err = change_json(j, NULL, r, &change, &n);
	if (err >= 0)
		err = record_event(j, r, "record.create", 0, change, NULL);
	if (err >= 0 && st)
		err = notice_tell(j, r, &st->tell, STR("create"));
	return err < 0 ? err : record_after(j, r);
}

int record_insert(struct job *j, const struct values *in, const struct record *given, int64_t *ret_id)
{
	struct record r;
	bool *editable = arena_array(j->a, j->l->n_fields + 1, sizeof *editable);
	int err = editable ? record_blank(j, &r) : err_set(j->e, ERR_NOMEM, "record");
	if (err < 0)
		return err;
	if (given) {
		r.number = given->number;
		if (given->applicant)
			r.applicant = given->applicant;
		if (given->created_on.n)
			r.created_on = given->created_on;
	}
	for (size_t i = 0; i < j->l->n_fields; i++)
		editable[i] = rights_edit_field(j, NULL, &j->l->fields[i]);
	err = record_merge(j, &r, in, editable);
	int judged = record_judge(j, &r, editable);
	if (judged < 0 && judged != ERR_INVALID)
		return judged;
	if (err < 0 || judged < 0)
		return err_set(j->e, ERR_INVALID, "%s", _("Please correct what is marked"));
	const struct state *st = record_start(j, &r);
	if (!st) {
		fault_add(j, STR(""), "%s", _("No state begins with these values"));
		return err_set(j->e, ERR_INVALID, "%s", _("Please correct what is marked"));
	}
	if (!rights_match(j, NULL, st->has_write ? &st->write : &j->l->write, NULL).ok)
		return err_set(j->e, ERR_DENIED, "%s", _("You may not create this"));
	r.state = st->name;
	struct str later = given && given->state.n && !str_eq(given->state, st->name) ? given->state : STR_NONE;
	if (mark(j) < 0)
		return ERR_DB;
	err = mark_end(j, store_refusal(j, created(j, &r, st, later)));
	if (err == 0 && ret_id)
		*ret_id = r.id;
	return err;
}

int record_create(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l,
                  const struct values *in, int64_t *ret_id, struct faults *faults, struct err *e)
{
	struct job j = {w, a, who, l, faults, e, NULL};
	if (!record_may_create(w, who, l))
		return err_set(e, ERR_DENIED, "%s", _("You may not create this"));
	return record_insert(&j, in, NULL, ret_id);
}

int record_enter(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l,
                 const struct values *in, const struct record *given, int64_t *ret_id, struct faults *faults,
                 struct err *e)
{
	struct job j = {w, a, who, l, faults, e};
	if (!who->admin)
		return err_set(e, ERR_DENIED, "%s", _("You may not create this"));
	return record_insert(&j, in, given, ret_id);
}

/* --- update ------------------------------------------------------------------------------------------------------ */

static bool state_lets_edit(struct job *j, const struct record *r, struct grant *ret)
{
	const struct state *st = ledger_state(j->l, r->state);
	*ret = st ? rights_match(j, r, &st->edit, NULL) : (struct grant){0};
	return ret->ok;
}

bool record_may_edit(struct world *w, struct arena *a, const struct actor *who, const struct record *r,
                     const struct field *f)
{
	struct job j = {.w = w, .a = a, .who = who, .l = r->ledger};
	struct grant g;
	return state_lets_edit(&j, r, &g) && (!f || rights_edit_field(&j, r, f));
}

static int seals(struct job *j, struct record *r, bool *ret_new)
{
	bool broken = false;
	int err = r->seal.n ? seal_check(j, r, &broken) : 0;
	*ret_new = broken && !r->seal_broken;
	r->seal_broken |= broken;
	return err;
}

static int updated(struct job *j, const struct record *before, struct record *r, int64_t on_behalf)
{
	struct str change;
	size_t n;
	bool broke = false;
	int err = change_json(j, before, r, &change, &n);
	if (err < 0 || !n)
		return err;                                  /* nothing differs: nothing is written */
	r->version++;
	r->updated_at = j->w->now;
	r->updated_by = j->who->person;
	r->title = title_make(j, r);
	err = seals(j, r, &broke);
	if (err == 0)
		err = store_update(j, before, r);
	if (err >= 0)
		err = store_step(j, r->id, &(struct step_row){.action = STR("update"), .from_state = before->state,
		                                              .to_state = r->state, .on_behalf = on_behalf});
	if (err >= 0)
		err = record_event(j, r, "record.update", on_behalf, change, NULL);
	if (err >= 0)
		err = notice_taken(j, r->id);
	if (err >= 0 && broke)
		err = record_event(j, r, "seal.broken", on_behalf, STR_NONE, NULL);
	return err < 0 ? err : record_after(j, r);
}

int record_update(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l, int64_t id,
                  int64_t version, const struct values *in, struct faults *faults, struct err *e)
{
	struct job j = {w, a, who, l, faults, e, NULL};
	struct record before, r;
	struct grant g;
	bool *editable = arena_array(a, l->n_fields + 1, sizeof *editable);
	int err = !editable ? err_set(e, ERR_NOMEM, "record") : visible(&j, id) ? record_load(&j, id, &before)
	          : ERR_NOTFOUND;
	if (err == ERR_NOTFOUND)
		return err_set(e, err, "%s", _("There is no such record"));
	if (err < 0)
		return err;
	if (!state_lets_edit(&j, &before, &g))
		return err_set(e, ERR_DENIED, "%s", _("You may not change this record in its present state"));
	if (version != before.version)
		return err_set(e, ERR_CONFLICT, "%s", _("Somebody else has changed this record meanwhile"));
	r = before;
	r.all = arena_array(a, l->n_fields + 1, sizeof *r.all);
	if (!r.all)
		return err_set(e, ERR_NOMEM, "record");
	memcpy(r.all, before.all, l->n_fields * sizeof *r.all);
	j.rec = &before;
	for (size_t i = 0; i < l->n_fields; i++)
		editable[i] = rights_edit_field(&j, &before, &l->fields[i]);
	err = record_merge(&j, &r, in, editable);
	int judged = record_judge(&j, &r, editable);
	if (judged < 0 && judged != ERR_INVALID)
		return judged;
	if (err < 0 || judged < 0)
		return err_set(e, ERR_INVALID, "%s", _("Please correct what is marked"));
	const struct state *now = ledger_state(l, r.state), *st = now && now->start ? record_start(&j, &r) : NULL;
	if (st && st != now) {
		fault_add(&j, STR(""), "%s", _("These values begin another kind of record; please create a new one"));
		return err_set(e, ERR_INVALID, "%s", _("Please correct what is marked"));
	}
	if (mark(&j) < 0)
		return ERR_DB;
	return mark_end(&j, store_refusal(&j, updated(&j, &before, &r, g.on_behalf)));
}

/* --- actions ----------------------------------------------------------------------------------------------------- */

bool record_may_act(struct world *w, struct arena *a, const struct actor *who, const struct record *r,
                    const struct action *act, struct err *why)
{
	struct job j = {.w = w, .a = a, .who = who, .l = r->ledger, .e = why};
	struct permit p;
	return act_permit(&j, r, act, &p) == 0;
}

int record_act(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l, int64_t id,
               int64_t version, const struct action *act, const struct values *in, struct str note,
               struct faults *faults, struct err *e)
{
	struct job j = {w, a, who, l, faults, e, NULL};
	struct record r;
	struct permit p;
	int err = visible(&j, id) ? record_load(&j, id, &r) : ERR_NOTFOUND;
	if (err == ERR_NOTFOUND)
		return err_set(e, err, "%s", _("There is no such record"));
	if (err == 0)
		err = act_permit(&j, &r, act, &p);
	if (err < 0)
		return err;
	if (version != r.version)
		return err_set(e, ERR_CONFLICT, "%s", _("Somebody else has changed this record meanwhile"));
	j.rec = &r;
	if (mark(&j) < 0)
		return ERR_DB;
	return mark_end(&j, store_refusal(&j, act_take(&j, &r, act, &p, in, note)));
}

int record_after(struct job *j, const struct record *r)
{
	int err = search_index(j, r);
	if (err == 0)
		err = duty_follow(j, r->id);
	return err < 0 ? err : duty_follow_others(j, r);
}
