/* A seal may not cover what a later action fills in without sealing it anew: every record would then show a broken
 * seal. */
#include "core/ledger_parse.h"

struct seals {
	struct parse *p;
	const struct ledger *l;
	bool (*reach)[CHOICES_MAX];                      /* reach[a][b]: state b can follow state a */
	bool again[CHOICES_MAX];                         /* from here the record is sealed anew */
	bool first[CHOICES_MAX];                         /* where it stands once sealed */
	bool seen[CHOICES_MAX];
};

static bool has(const struct str_list *list, struct str s)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->v[i], s))
			return true;
	return false;
}

static bool covers(const struct ledger *l, const struct action *act, struct str name)
{
	const struct field *f = ledger_field(l, name);

	return f && (act->seal_all || has(&act->seal, name) || (f->head && has(&act->seal, f->head->name)));
}

static void reach_states(struct seals *s)
{
	const struct ledger *l = s->l;

	for (size_t i = 0; i < l->n_states; i++)
		s->reach[i][i] = true;
	for (size_t i = 0; i < l->n_actions; i++)
		for (size_t k = 0; k < l->actions[i].from.n && l->actions[i].to.n; k++)
			s->reach[ledger_state(l, l->actions[i].from.v[k]) - l->states][ledger_state(l,
			        l->actions[i].to) - l->states] = true;
	for (size_t via = 0; via < l->n_states; via++)
		for (size_t a = 0; a < l->n_states; a++)
			for (size_t b = 0; b < l->n_states && s->reach[a][via]; b++)
				s->reach[a][b] |= s->reach[via][b];
}

/* From state i on: what the next actions fill in, and whither they lead. */
static int follow(struct seals *s, const struct action *sealing, size_t i)
{
	const struct ledger *l = s->l;
	int rc = 0;

	if (s->seen[i] || (s->again[i] && !s->first[i]))
		return 0;
	s->seen[i] = true;
	for (size_t k = 0; k < l->n_actions && !rc; k++) {
		const struct action *b = &l->actions[k];
		size_t to = b->to.n ? (size_t)(ledger_state(l, b->to) - l->states) : i;

		if (b == sealing || !has(&b->from, l->states[i].name) || (b->to.n && s->again[to] && !s->first[to]))
			continue;
		for (size_t n = 0; n < b->needs.n; n++)
			if (covers(l, sealing, b->needs.v[n]) && !covers(l, b, b->needs.v[n]))
				return parse_fail_at(s->p, sealing->at,
				                     "action %.*s: its seal covers %.*s, which '%.*s' fills in later", STR_ARG(sealing->name), STR_ARG(b->needs.v[n]), STR_ARG(b->name));
		rc = follow(s, sealing, to);
	}
	return rc;
}

static int check_seal(struct seals *s, const struct action *act)
{
	const struct ledger *l = s->l;
	const struct state *to = act->to.n ? ledger_state(l, act->to) : NULL;

	if (act->seal_all && to && !to->end && to->edit.n)
		return parse_fail_at(s->p, act->at,
		                     "action %.*s: seals everything, but its state may be edited; name the fields", STR_ARG(act->name));
	for (size_t i = 0; i < l->n_states; i++) {
		s->again[i] = s->seen[i] = false;
		s->first[i] = to ? to == &l->states[i] : has(&act->from, l->states[i].name);
		for (size_t k = 0; k < act->from.n; k++)
			s->again[i] |= s->reach[i][ledger_state(l, act->from.v[k]) - l->states];
	}
	for (size_t i = 0; i < l->n_states; i++) {
		int rc = s->first[i] ? follow(s, act, i) : 0;

		if (rc)
			return rc;
	}
	return 0;
}

int ledger_check_seals(struct parse *p)
{
	struct seals s = { .p = p, .l = p->l, .reach = xcalloc(CHOICES_MAX, sizeof *s.reach) };
	int rc = 0;

	reach_states(&s);
	for (size_t i = 0; i < p->l->n_actions && !rc; i++)
		if (p->l->actions[i].seal_all || p->l->actions[i].seal.n)
			rc = check_seal(&s, &p->l->actions[i]);
	free(s.reach);
	return rc;
}
