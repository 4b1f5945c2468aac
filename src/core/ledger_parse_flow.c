/* States, actions and duties of a definition. */
#include "core/ledger_parse.h"

static int own_state_write(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct state *s = whole;

	s->has_write = true;
	return parse_who(p, n, &s->write);
}

static int own_state_see(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct state *s = whole;

	s->has_see = true;
	return parse_texts(p, n, &s->see);
}

int parse_states(struct parse *p, const struct yaml_node *n, void *ledger)
{
	static const struct key keys[] = {
		{ "label", KEY_LABEL, offsetof(struct state, label), true, NULL },
		{ "start", KEY_BOOL, offsetof(struct state, start), false, NULL },
		{ "live", KEY_BOOL, offsetof(struct state, live), false, NULL },
		{ "end", KEY_BOOL, offsetof(struct state, end), false, NULL },
		{ "edit", KEY_WHO, offsetof(struct state, edit), false, NULL },
		{ "write", KEY_OWN, 0, false, own_state_write },
		{ "tell", KEY_WHO, offsetof(struct state, tell), false, NULL },
		{ "see", KEY_OWN, 0, false, own_state_see },
		{ "when", KEY_EXPR, offsetof(struct state, when), false, NULL },
	};
	struct ledger *l = ledger;

	if (n->kind != YAML_MAP || n->n == 0)
		return parse_fail(p, n, "states: a map of states is expected here");
	if (n->n > CHOICES_MAX)
		return parse_fail(p, n, "states: more than %d", CHOICES_MAX);
	l->states = arena_array(p->a, n->n, sizeof *l->states);
	if (!l->states)
		return err_set(p->e, ERR_NOMEM, "%s: too large", p->file);
	l->n_states = n->n;
	for (size_t i = 0; i < n->n; i++) {
		struct state *s = &l->states[i];
		int rc = parse_name(p, n->keys[i], false, &s->name);

		s->at = parse_place(n->keys[i]);
		if (rc || (rc = parse_map(p, n->items[i], "state", keys, ARRAY_LEN(keys), s)))
			return rc;
	}
	return 0;
}

static int row_tests(struct parse *p, const struct yaml_node *n, const char *what, struct row_test **ret, size_t *ret_n)
{
	static const struct key keys[] = {
		{ "ledger", KEY_NAME, offsetof(struct row_test, ledger), true, NULL },
		{ "via", KEY_TEXT, offsetof(struct row_test, via), true, NULL },
		{ "where", KEY_TEXT, offsetof(struct row_test, where), false, NULL },
		{ "when", KEY_EXPR, offsetof(struct row_test, when), false, NULL },
	};
	struct yaml_node **items;
	void *v;
	int rc = parse_items(p, n, what, sizeof **ret, 20, &items, &v, ret_n);

	if (rc)
		return rc;
	*ret = v;
	for (size_t i = 0; i < *ret_n; i++) {
		struct row_test *t = &(*ret)[i];

		t->at = parse_place(items[i]);
		if ((rc = parse_map(p, items[i], what, keys, ARRAY_LEN(keys), t)))
			return rc;
		/* `where` speaks of the other ledger's row */
		if (t->where.n && (rc = parse_expr(p, yaml_get(items[i], "where"), t->ledger, &t->where)))
			return rc;
	}
	return 0;
}

static int own_blocked_by(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct action *act = whole;

	return row_tests(p, n, "blocked-by", &act->blocked_by, &act->n_blocked_by);
}

static int own_needs_row(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct action *act = whole;

	return row_tests(p, n, "needs-row", &act->needs_row, &act->n_needs_row);
}

static int own_seal(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct action *act = whole;

	if (!yaml_bool(n, &act->seal_all))
		return 0;
	return parse_texts(p, n, &act->seal);
}

int parse_actions(struct parse *p, const struct yaml_node *n, void *ledger)
{
	static const struct key keys[] = {
		{ "name", KEY_NAME, offsetof(struct action, name), true, NULL },
		{ "label", KEY_LABEL, offsetof(struct action, label), false, NULL },
		{ "from", KEY_TEXTS, offsetof(struct action, from), true, NULL },
		{ "to", KEY_NAME, offsetof(struct action, to), false, NULL },
		{ "by", KEY_WHO, offsetof(struct action, by), false, NULL },
		{ "not", KEY_WHO, offsetof(struct action, not_), false, NULL },
		{ "two-of", KEY_WHO, offsetof(struct action, two_of), false, NULL },
		{ "needs", KEY_TEXTS, offsetof(struct action, needs), false, NULL },
		{ "seal", KEY_OWN, 0, false, own_seal },
		{ "auto", KEY_EXPR, offsetof(struct action, automatic), false, NULL },
		{ "when", KEY_EXPR, offsetof(struct action, when), false, NULL },
		{ "tell", KEY_WHO, offsetof(struct action, tell), false, NULL },
		{ "blocked-by", KEY_OWN, 0, false, own_blocked_by },
		{ "needs-row", KEY_OWN, 0, false, own_needs_row },
	};
	struct ledger *l = ledger;
	struct yaml_node **items;
	void *v;
	int rc = parse_items(p, n, "actions", sizeof *l->actions, CHOICES_MAX, &items, &v, &l->n_actions);

	if (rc)
		return rc;
	l->actions = v;
	for (size_t i = 0; i < l->n_actions; i++) {
		l->actions[i].at = parse_place(items[i]);
		if ((rc = parse_map(p, items[i], "action", keys, ARRAY_LEN(keys), &l->actions[i])))
			return rc;
		for (size_t k = 0; k < i; k++)
			if (str_eq(l->actions[k].name, l->actions[i].name))
				return parse_fail(p, items[i], "action '%.*s' is given twice", STR_ARG(l->actions[i].name));
	}
	return 0;
}

static int own_done_row(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct duty_def *d = whole;
	size_t count;
	int rc = row_tests(p, n, "done-row", &d->done_row, &count);

	if (!rc && count != 1)
		return parse_fail(p, n, "done-row: one condition");
	return rc;
}

int parse_duties(struct parse *p, const struct yaml_node *n, void *ledger)
{
	static const struct key keys[] = {
		{ "name", KEY_NAME, offsetof(struct duty_def, name), true, NULL },
		{ "label", KEY_LABEL, offsetof(struct duty_def, label), true, NULL },
		{ "by", KEY_WHO, offsetof(struct duty_def, by), true, NULL },
		{ "every", KEY_TEXT, offsetof(struct duty_def, every), false, NULL },
		{ "within", KEY_TEXT, offsetof(struct duty_def, within), false, NULL },
		{ "after", KEY_TEXT, offsetof(struct duty_def, after), false, NULL },
		{ "due", KEY_TEXT, offsetof(struct duty_def, due), false, NULL },
		{ "notice", KEY_TEXT, offsetof(struct duty_def, notice), false, NULL },
		{ "when", KEY_EXPR, offsetof(struct duty_def, when), false, NULL },
		{ "while", KEY_TEXTS, offsetof(struct duty_def, while_), false, NULL },
		{ "done", KEY_TEXT, offsetof(struct duty_def, done), false, NULL },
		{ "done-row", KEY_OWN, 0, false, own_done_row },
	};
	struct ledger *l = ledger;
	struct yaml_node **items;
	void *v;
	int rc = parse_items(p, n, "duties", sizeof *l->duties, CHOICES_MAX, &items, &v, &l->n_duties);

	if (rc)
		return rc;
	l->duties = v;
	for (size_t i = 0; i < l->n_duties; i++) {
		l->duties[i].at = parse_place(items[i]);
		if ((rc = parse_map(p, items[i], "duty", keys, ARRAY_LEN(keys), &l->duties[i])))
			return rc;
		for (size_t k = 0; k < i; k++)
			if (str_eq(l->duties[k].name, l->duties[i].name))
				return parse_fail(p, items[i], "duty '%.*s' is given twice", STR_ARG(l->duties[i].name));
	}
	return 0;
}
