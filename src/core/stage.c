#include "core/stage.h"

#define STATES_MAX 64

static bool listed(const struct str_list *list, struct str name)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->v[i], name))
			return true;
	return false;
}

static size_t state_at(const struct ledger *l, struct str name)
{
	const struct state *st = ledger_state(l, name);
	return st ? (size_t)(st - l->states) : STATES_MAX;
}

/* One more step along (or against) the actions, never through `not_through`; true when something was reached. */
static bool spread(const struct ledger *l, const struct action *not_through, bool back, bool reached[STATES_MAX])
{
	bool more = false;
	for (size_t k = 0; k < l->n_actions; k++) {
		const struct action *act = l->actions + k;
		if (not_through == act)
			continue;
		size_t to = act->to.n ? state_at(l, act->to) : STATES_MAX;
		if (to >= STATES_MAX)
			continue;
		for (size_t i = 0; i < act->from.n; i++) {
			size_t from = state_at(l, act->from.v[i]), a = back ? to : from, b = back ? from : to;
			if (from >= STATES_MAX || !reached[a] || reached[b])
				continue;
			reached[b] = more = true;
		}
	}
	return more;
}

enum when { UNRELATED, AHEAD, PAST };

/* Ahead: from a start the state is reached without the action, and the action still lies before it. Past: it follows
 * the action. */
static enum when when_of(const struct ledger *l, const struct action *act, struct str state)
{
	bool from_start[STATES_MAX] = {false}, to_action[STATES_MAX] = {false}, after[STATES_MAX] = {false};
	size_t at = state_at(l, state), to = act->to.n ? state_at(l, act->to) : STATES_MAX;
	if (l->n_states > STATES_MAX || at >= l->n_states)
		return UNRELATED;
	for (size_t i = 0; i < l->n_states; i++) {
		from_start[i] = l->states[i].start;
		to_action[i] = listed(&act->from, l->states[i].name);
		after[i] = act->to.n ? i == to : to_action[i];
	}
	while (spread(l, act, false, from_start))
		;
	while (spread(l, act, true, to_action))
		;
	if (from_start[at] && to_action[at])
		return AHEAD;
	while (spread(l, NULL, false, after))
		;
	return after[at] ? PAST : UNRELATED;
}

const struct action *stage_action(const struct ledger *l, const struct field *f)
{
	struct str name = f->stage.n ? f->stage : f->head ? f->head->stage : STR_NONE;
	return name.n ? ledger_action(l, name) : NULL;
}

static bool asked_for(const struct ledger *l, const struct field *f)
{
	for (size_t i = 0; i < l->n_actions; i++)
		if (listed(&l->actions[i].needs, f->name))
			return true;
	return false;
}

/* A head in which nothing is demanded from the start and some action asks for something: what that action is about. */
static bool head_asked_for(const struct ledger *l, const struct head *h)
{
	bool any = false;
	for (size_t i = 0; h && i < l->n_fields; i++) {
		const struct field *f = &l->fields[i];
		if (f->head != h || f->computed.n)
			continue;
		if (f->required)
			return false;
		any |= asked_for(l, f);
	}
	return any;
}

bool stage_to_come(const struct ledger *l, const struct field *f, struct str state, const struct action *act)
{
	const struct action *stage = stage_action(l, f);
	return stage && stage != act && (!state.n || when_of(l, stage, state) == AHEAD);
}

/* Does the action ask for the field, or for another of a head that is all about it? */
static bool asks(const struct ledger *l, const struct action *act, const struct field *f, bool of_head)
{
	bool any = listed(&act->needs, f->name);
	for (size_t k = 0; of_head && !any && k < l->n_fields; k++)
		any = l->fields[k].head == f->head && listed(&act->needs, l->fields[k].name);
	return any;
}

bool stage_open(const struct ledger *l, const struct field *f, struct str state, const struct action *act)
{
	bool of_head, ahead = false;
	if (stage_action(l, f))
		return !stage_to_come(l, f, state, act);
	if (f->required || f->computed.n || !((of_head = head_asked_for(l, f->head)) || asked_for(l, f)))
		return true;
	for (size_t i = 0; i < l->n_actions; i++) {
		const struct action *a = &l->actions[i];
		if (!asks(l, a, f, of_head))
			continue;
		enum when w = state.n ? when_of(l, a, state) : AHEAD;
		if (a == act || w == PAST)
			return true;
		ahead |= w == AHEAD;
	}
	return !ahead;
}

bool stage_default_waits(const struct ledger *l, const struct field *f)
{
	return (str_is(f->def, "now") || str_is(f->def, "today")) && !stage_open(l, f, STR_NONE, NULL);
}
