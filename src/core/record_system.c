/* What the system itself does to records: opens them for somebody, and takes the actions a definition gives to it (`auto`). */
#include "core/engine.h"
#include "lib/i18n.h"

int record_open(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l, const char *engine, const struct values *in,
                int64_t *ret_id, struct faults *faults, struct err *e)
{
	struct actor as = *who;
	struct job j = {.w = w, .a = a, .who = &as, .l = l, .faults = faults, .e = e};
	for (size_t i = 0; i < l->opened_by.n; i++)
		if (str_is(l->opened_by.v[i], engine)) {
			as.admin = true;                 /* the definition's word instead of the person's rights */
			return record_insert(&j, in, NULL, ret_id);
		}
	return err_set(e, ERR_DENIED, "%s", _("You may not create this"));
}

static bool from_here(const struct action *act, struct str state)
{
	for (size_t i = 0; i < act->from.n; i++)
		if (str_eq(act->from.v[i], state))
			return true;
	return false;
}

int record_auto(struct world *w, struct arena *a, const struct ledger *l, int64_t id, const char *action, const struct values *in,
                struct str note, struct err *e)
{
	static const struct actor system = {0};
	static const struct permit permit = {.grant = {.ok = true}};
	struct faults faults = {0};
	struct job j = {.w = w, .a = a, .who = &system, .l = l, .faults = &faults, .e = e};
	const struct action *act = ledger_action(l, str_from(action));
	struct record r;
	int err = record_load(&j, id, &r);
	if (err < 0)
		return err;
	if (!act || !act->automatic.p)
		return err_set(e, ERR_DENIED, "%s is not for the system to do", action);
	if (!from_here(act, r.state))
		return err_set(e, ERR_WRONG_STATE, "%s: not from state %.*s", action, STR_ARG(r.state));
	j.rec = &r;
	if (mark(&j) < 0)
		return ERR_DB;
	err = mark_end(&j, store_refusal(&j, act_take(&j, &r, act, &permit, in, note)));
	if (err == ERR_INVALID && faults.n)
		return err_set(e, err, "%s: %.*s: %.*s", action, STR_ARG(faults.v[0].field), STR_ARG(faults.v[0].text));
	return err;
}
