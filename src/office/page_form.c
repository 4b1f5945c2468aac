/* Forms of records: new, edit, and of an action with its fields; the conflict page when somebody saved meanwhile. */
#include "office/form.h"
#include "office/input.h"
#include "office/ledger_page.h"
#include "office/pages.h"

#include "office/ui.h"

/* What the form is for; every way that shows it goes through show(). */
struct purpose {
	const struct ledger *l;
	const struct record *rec;                        /* NULL: new */
	const struct action *act;                        /* NULL: create or edit */
	const struct form_in *typed;                     /* NULL: nothing was typed yet */
	const struct faults *faults;
	struct str problem;                              /* beside faults of fields */
};

static void fill_errors(struct ctx *c, const struct purpose *p, struct tpl_form *d)
{
	size_t n = p->faults ? p->faults->n : 0;
	struct tpl_form_errors *v = arena_array(c->arena, n + 2, sizeof(*v));
	if (p->problem.n)
		v[d->n_errors++] = (struct tpl_form_errors){.text = p->problem};
	for (size_t i = 0; i < n; i++) {
		struct str path = p->faults->v[i].field, rest = path;
		const struct field *f = ledger_field(p->l, str_cut(&rest, '.'));
		v[d->n_errors++] = (struct tpl_form_errors){path, f ? label_text(&f->label) : STR(""), p->faults->v[i].text};
	}
	d->errors = v;
}

/* Items in order, grouped by head; those not shown are left out. */
static int fill_heads(struct ctx *c, const struct purpose *p, struct tpl_form *d, struct err *e)
{
	struct form_item *items;
	int r = record_form(&c->world, c->arena, &c->actor, p->l, p->rec, p->act, p->typed ? &p->typed->values : NULL, &items, e);
	if (r < 0)
		return r;
	struct tpl_form_heads *heads = arena_array(c->arena, p->l->n_heads + 2, sizeof(*heads));
	struct tpl_input *inputs = arena_array(c->arena, p->l->n_fields + 1, sizeof(*inputs));
	const struct head *cur = NULL;
	size_t n = 0;
	for (size_t i = 0; i < p->l->n_fields && r == 0; i++) {
		const struct form_item *it = &items[i];
		if (!it->shown || (p->act && !it->editable))
			continue;
		if (!d->n_heads || it->field->head != cur) {
			cur = it->field->head;
			heads[d->n_heads++] = (struct tpl_form_heads){.label = cur ? label_text(&cur->label) : STR(""), .inputs = &inputs[n]};
		}
		r = input_fill(c, p->l, it, p->faults, &inputs[n++], e);
		heads[d->n_heads - 1].n_inputs++;
		d->upload |= it->field->type == FT_FILE;
	}
	d->heads = heads;
	return r;
}

/* Is somebody told as soon as it is saved? Then the button says so. */
static bool sends(const struct ledger *l)
{
	for (size_t i = 0; i < l->n_states; i++)
		if (l->states[i].start && l->states[i].tell.n)
			return true;
	return false;
}

static void fill_words(struct ctx *c, const struct purpose *p, struct tpl_form *d)
{
	struct str base = arena_strf(c->arena, "/ledgers/%.*s", STR_ARG(p->l->name));
	struct str record = label_text(&p->l->record);
	if (!p->rec) {
		d->title = arena_strf(c->arena, _("New: %.*s"), STR_ARG(record));
		d->lead = label_text(&p->l->purpose);
		d->action = d->cancel = base;
		d->submit = str_from(sends(p->l) ? _("Save and report") : _("Save"));
		return;
	}
	d->cancel = arena_strf(c->arena, "%.*s/%lld", STR_ARG(base), (long long)p->rec->id);
	d->version = p->typed && p->typed->version >= 0 ? p->typed->version : p->rec->version;
	if (!p->act) {
		d->title = arena_strf(c->arena, _("Edit: %.*s"), STR_ARG(p->rec->title));
		d->action = d->cancel;
		d->submit = str_from(_("Save"));
		return;
	}
	struct str label = action_label(p->l, p->act);
	d->title = arena_strf(c->arena, "%.*s: %.*s", STR_ARG(label), STR_ARG(p->rec->title));
	d->action = arena_strf(c->arena, "%.*s/act/%.*s", STR_ARG(d->cancel), STR_ARG(p->act->name));
	d->submit = label;
	d->danger = action_is_refusal(p->act);
	d->note_required = action_needs_note(p->act);
	d->note_label = str_from(d->note_required ? _("Reason") : _("Remark"));
	d->note = p->typed ? p->typed->note : STR("");
	d->note_error = fault_text(p->faults, STR("note"));
}

static int show(struct ctx *c, const struct purpose *p, struct err *e)
{
	struct tpl_form d = {.csrf = c->session->csrf, .crumbs = ledger_crumbs(c, p->l, p->rec)};
	fill_words(c, p, &d);
	fill_errors(c, p, &d);
	int r = fill_heads(c, p, &d, e);
	if (r < 0)
		return r;
	page_begin(c, arena_z(c->arena, d.title));
	tpl_form(&c->page, &d);
	return page_end(c, d.n_errors ? 422 : 200);
}

/* The form again, with all that was typed; nothing of this request is kept but its uploads' bytes. */
static int again(struct ctx *c, const struct purpose *p, struct err *e)
{
	bool asked = !p->typed->save; /* a search or one more row: uploads made on the way stay */
	c->discard = !asked;
	return show(c, p, e);
}

static int need_create(struct ctx *c, struct ledger **ret, struct err *e)
{
	int r = need_ledger(c, ret, e);
	if (r == 0 && !record_may_create(&c->world, &c->actor, *ret))
		return err_set(e, ERR_DENIED, "%s", _("Your roles do not allow new records in this ledger."));
	return r;
}

int page_record_new(struct ctx *c, struct err *e)
{
	struct purpose p = {0};
	struct ledger *l;
	int r = need_create(c, &l, e);
	if (r < 0)
		return r;
	p.l = l;
	return show(c, &p, e);
}

int page_record_edit(struct ctx *c, struct err *e)
{
	struct ledger *l;
	struct record rec;
	int r = need_record(c, &l, &rec, e);
	struct str name = req_param(c, "action");
	if (r < 0)
		return r;
	struct purpose p = {.l = l, .rec = &rec};
	if (name.n) {
		struct err why = {0};
		p.act = ledger_action(l, name);
		if (!p.act)
			return err_set(e, ERR_NOTFOUND, "%s", _("There is no such action."));
		if (!record_may_act(&c->world, c->arena, &c->actor, &rec, p.act, &why))
			return err_set(e, ERR_DENIED, "%s", why.text);
	} else if (!record_may_edit_any(c, &rec)) {
		return err_set(e, ERR_DENIED, "%s", _("You may not edit this record in its present state."));
	}
	return show(c, &p, e);
}

static struct str record_path(struct ctx *c, const struct ledger *l, int64_t id)
{
	return arena_strf(c->arena, "/ledgers/%.*s/%lld", STR_ARG(l->name), (long long)id);
}

int do_record_create(struct ctx *c, struct err *e)
{
	struct ledger *l;
	struct form_in in;
	struct faults faults = {0};
	int64_t id;
	int r = need_create(c, &l, e);
	if (r < 0 || (r = form_read(c, l, &in, e)) < 0)
		return r;
	struct purpose p = {.l = l, .typed = &in, .faults = &faults};
	if (!in.save)
		return again(c, &p, e);
	r = record_create(&c->world, c->arena, &c->actor, l, &in.values, &id, &faults, e);
	if (r == ERR_INVALID) {
		if (!faults.n)
			p.problem = arena_str(c->arena, str_from(e->text));
		return again(c, &p, e);
	}
	if (r < 0)
		return r;
	flash(c, _("Saved."));
	return res_redirect(c, record_path(c, l, id));
}

/* --- somebody saved meanwhile ------------------------------------------------------------------------------------------------ */

static struct str display_value(struct ctx *c, const struct field *f, const struct value *v)
{
	struct buf b;
	if (!v)
		return STR("");
	if (f->type == FT_TABLE || f->type == FT_CHECKLIST)
		return arena_strf(c->arena, _("%zu rows"), v->n_rows);
	if (!f->many)
		return value_display(&c->world, c->arena, &c->actor, f, v->text);
	buf_init(&b, 1u << 20);
	for (size_t i = 0; i < v->n_many; i++) {
		if (i)
			buf_puts(&b, i18n_lang() == LANG_JA ? "、" : ", ");
		buf_str(&b, value_display(&c->world, c->arena, &c->actor, f, v->many[i]));
	}
	struct str s = arena_str(c->arena, buf_view(&b));
	buf_release(&b);
	return s;
}

static int show_conflict(struct ctx *c, const struct ledger *l, const struct record *now, const struct form_in *in, struct err *e)
{
	struct step *steps;
	size_t n_steps, n = 0;
	int r = record_history(&c->world, c->arena, &c->actor, now, &steps, &n_steps, e);
	if (r < 0)
		return r;
	struct tpl_conflict_fields *v = arena_array(c->arena, in->values.n + 1, sizeof(*v));
	for (size_t i = 0; i < in->values.n; i++) {
		const struct field *f = ledger_field(l, in->values.v[i].field);
		struct str theirs = display_value(c, f, values_get(&now->values, f->name)), mine = display_value(c, f, &in->values.v[i]);
		struct str before = value_at_version(c, f, steps, n_steps, in->version, theirs);
		if (str_eq(theirs, mine))
			continue;
		v[n++] = (struct tpl_conflict_fields){.label = label_text(&f->label), .before = before, .theirs = theirs, .mine = mine,
		                                      .clash = !str_eq(before, theirs) && !str_eq(before, mine)};
	}
	struct tpl_conflict_typed *typed = arena_array(c->arena, c->req->n_fields + 1, sizeof(*typed));
	size_t n_typed = 0;
	for (size_t i = 0; i < c->req->n_fields; i++) {
		struct str name = c->req->fields[i].name;
		if (!str_is(name, "csrf") && !str_is(name, "version") && !str_is(name, "do"))
			typed[n_typed++] = (struct tpl_conflict_typed){name, c->req->fields[i].value};
	}
	struct tpl_conflict d = {
		.crumbs = ledger_crumbs(c, l, now), .title = now->title, .who = n_steps ? steps[0].actor_name : STR(""), .at = now->updated_at,
		.fields = v, .n_fields = n, .action = c->req->path, .csrf = c->session->csrf, .version = now->version, .typed = typed,
		.n_typed = n_typed, .theirs = record_path(c, l, now->id),
	};
	c->discard = true;
	page_begin(c, _("Somebody else changed this meanwhile"));
	tpl_conflict(&c->page, &d);
	return page_end(c, 409);
}

int do_record_update(struct ctx *c, struct err *e)
{
	struct ledger *l;
	struct record rec;
	struct form_in in;
	struct faults faults = {0};
	int r = need_record(c, &l, &rec, e);
	if (r < 0)
		return r;
	if (!record_may_edit(&c->world, c->arena, &c->actor, &rec, NULL))
		return err_set(e, ERR_DENIED, "%s", _("You may not edit this record in its present state."));
	if ((r = form_read(c, l, &in, e)) < 0)
		return r;
	struct purpose p = {.l = l, .rec = &rec, .typed = &in, .faults = &faults};
	if (!in.save)
		return again(c, &p, e);
	form_keep(l, &rec.values, &in);
	r = record_update(&c->world, c->arena, &c->actor, l, rec.id, in.version, &in.values, &faults, e);
	if (r == ERR_CONFLICT)
		return show_conflict(c, l, &rec, &in, e);
	if (r == ERR_INVALID) {
		if (!faults.n)
			p.problem = arena_str(c->arena, str_from(e->text));
		return again(c, &p, e);
	}
	if (r < 0)
		return r;
	flash(c, _("Saved."));
	return res_redirect(c, record_path(c, l, rec.id));
}

int do_record_act(struct ctx *c, struct err *e)
{
	struct ledger *l;
	struct record rec;
	struct form_in in;
	struct faults faults = {0};
	int r = need_record(c, &l, &rec, e);
	if (r < 0)
		return r;
	const struct action *act = ledger_action(l, c->args[2]);
	if (!act)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such action."));
	if (!record_may_act(&c->world, c->arena, &c->actor, &rec, act, e))
		return e->code < 0 ? e->code : ERR_DENIED;
	if ((r = form_read(c, l, &in, e)) < 0)
		return r;
	struct purpose p = {.l = l, .rec = &rec, .act = act, .typed = &in, .faults = &faults};
	if (!in.save)
		return again(c, &p, e);
	form_keep(l, &rec.values, &in);
	r = record_act(&c->world, c->arena, &c->actor, l, rec.id, in.version, act, &in.values, in.note, &faults, e);
	if (r == ERR_CONFLICT)
		return show_conflict(c, l, &rec, &in, e);
	if (r == ERR_INVALID) {
		if (!faults.n)
			p.problem = arena_str(c->arena, str_from(e->text));
		return again(c, &p, e);
	}
	if (r < 0)
		return r;
	flash(c, arena_printf(c->arena, _("Done: %.*s."), STR_ARG(action_label(l, act))));
	return res_redirect(c, record_path(c, l, rec.id));
}
