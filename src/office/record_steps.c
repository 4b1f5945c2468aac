/* The history of a record: who did what when, what changed from what to what, and where its proof is. */
#include <jansson.h>

#include "office/ledger_page.h"
#include "office/record_page.h"
#include "office/ui.h"

#define HISTORY_STEPS 50

static void fill_changes(struct ctx *c, const struct ledger *l, struct str change, struct tpl_record_steps *out)
{
	json_error_t je;
	json_t *list = change.n ? json_loadb(change.p, change.n, 0, &je) : NULL;
	size_t n = json_array_size(list);
	struct tpl_record_steps_changes *v = arena_array(c->arena, n + 1, sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		json_t *o = json_array_get(list, i);
		const char *name = json_string_value(json_object_get(o, "field"));
		const struct field *f = name ? ledger_field(l, str_from(name)) : NULL;
		if (name && !f && strcmp(name, "state") == 0)
			continue; /* shown as the step's own badge */
		v[out->n_changes++] = (struct tpl_record_steps_changes){
			f ? label_text(&f->label) : arena_str(c->arena, str_from(name ? name : "")),
			change_value(c, f, json_object_get(o, "before")),
			change_value(c, f, json_object_get(o, "after"))};
	}
	out->changes = v;
	json_decref(list);
}

static struct str step_label(const struct ledger *l, struct str action)
{
	const struct action *a = ledger_action(l, action);
	if (a)
		return action_label(l, a);
	return str_is(action, "create") ? str_from(_("Created")) : str_is(action, "update") ? str_from(_("Changed"))
	     : str_is(action, "override") ? str_from(_("A concerned person may decide once: unavoidable"))
	     : str_is(action, "read") ? str_from(_("Read, since it holds personal data")) : action;
}

int record_steps_fill(struct ctx *c, const struct record *rec, struct tpl_record *d, struct err *e)
{
	struct step *steps;
	size_t n;
	int r = record_history(&c->world, c->arena, &c->actor, rec, &steps, &n, e);
	if (r < 0)
		return r;
	bool all = str_is(req_param(c, "history"), "all");
	if (!all && n > HISTORY_STEPS) {
		n = HISTORY_STEPS;
		d->older = arena_strf(c->arena, "%.*s?history=all", STR_ARG(c->req->path));
	}
	struct tpl_record_steps *v = arena_array(c->arena, n + 1, sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		const struct step *s = &steps[i];
		v[i] = (struct tpl_record_steps){
			.at = s->at, .who = s->actor_name.n ? s->actor_name : str_from(_("the system")),
			.on_behalf = s->on_behalf_name, .action = step_label(rec->ledger, s->action), .note = s->note,
			.sealed = s->event_index >= 0, .index = s->event_index,
			.from = s->from_state.n ? ui_state(c->arena, rec->ledger, s->from_state) : NULL,
			.to = s->to_state.n && !str_eq(s->to_state, s->from_state) ? ui_state(c->arena, rec->ledger, s->to_state)
			                                                          : NULL,
			.proof = arena_strf(c->arena, "/events/%lld", (long long)s->event_seq)};
		if (str_is(s->action, "override"))
			v[i].note = s->change; /* the reason, in words */
		else
			fill_changes(c, rec->ledger, s->change, &v[i]);
	}
	d->steps = v;
	d->n_steps = n;
	return 0;
}
