/* Decisions on one control, from its page: "there is none", and the approved start. */
#include "core/event.h"
#include "core/standard.h"
#include "lib/json.h"
#include "office/pages.h"
#include "office/ui.h"

static int control_event(struct ctx *c, const char *action, struct str part, struct str value, struct str reason,
                         struct err *e)
{
	struct buf b;
	struct jw j;
	buf_init(&b, 16384);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kstr(&j, "control", c->args[0]);
	jw_kstr(&j, "part", part.n ? part : STR_NONE);
	jw_kstr(&j, "value", value.n ? value : STR_NONE);
	jw_kstr(&j, "reason", reason);
	jw_end_object(&j);
	struct event ev = {.action = action, .actor = c->actor.person, .detail = buf_view(&b)};
	int r = event_put(c->office->db, &ev, NULL, e);
	buf_release(&b);
	return r;
}

static int back(struct ctx *c, int r, struct err *e, const char *said)
{
	if (r == ERR_INVALID) {
		c->discard = true;
		said = arena_strdup(c->arena, e->text);
	} else if (r < 0) {
		return r;
	}
	flash(c, said);
	return res_redirect(c, arena_strf(c->arena, "/controls/%.*s", STR_ARG(c->args[0])));
}

int do_control_none(struct ctx *c, struct err *e)
{
	struct str part = req_field(c, "part"), reason = str_trim(req_field(c, "reason")),
	                  until = str_trim(req_field(c, "until"));
	int r = control_declare_none(c->office->db, c->args[0], part, reason, until, c->world.now, c->actor.person, e);
	if (r >= 0)
		r = control_event(c, "control.none", part, until, reason, e);
	return back(c, r, e, _("The decision is recorded: there is none."));
}

int do_control_some(struct ctx *c, struct err *e)
{
	int r = control_declaration_withdraw(c->office->db, c->args[0], c->world.now, c->actor.person, e);
	if (r >= 0)
		r = control_event(c, "control.some", STR_NONE, STR_NONE, STR_NONE, e);
	return back(c, r, e, _("The decision was withdrawn."));
}

int do_control_start(struct ctx *c, struct err *e)
{
	struct str starts_on = str_trim(req_field(c, "starts_on")), reason = str_trim(req_field(c, "reason"));
	int r = control_start_set(c->office->db, c->args[0], starts_on, reason, c->world.now, c->actor.person, e);
	if (r >= 0)
		r = control_event(c, "control.start", STR_NONE, starts_on, reason, e);
	return back(c, r, e, _("The start of the control is recorded."));
}
