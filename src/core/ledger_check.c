/* What the parts of one definition say to each other: names that must exist, states that must be reached. */
#include "core/ledger_parse.h"

#include <regex.h>

#include "lib/date.h"

static bool is_duration(struct str s)
{
	struct duration d;

	return duration_parse(s, &d) == 0 && d.n >= 0;
}

/* "[report_days]": a parameter of the municipality. */
static bool is_parameter(struct str s)
{
	if (s.n < 3 || s.p[0] != '[' || s.p[s.n - 1] != ']')
		return false;
	for (size_t i = 1; i + 1 < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || s.p[i] == '_'))
			return false;
	return true;
}

/* Where the value of a key of the top level stands. */
static struct place top(struct parse *p, const char *key)
{
	const struct yaml_node *n = yaml_get(p->root, key);

	return parse_place(n ? n : p->root);
}

/* ---- fields ---- */

static bool is_number(struct str s)
{
	size_t i = s.n && s.p[0] == '-', digits = 0, dots = 0;

	for (; i < s.n; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9')
			digits++;
		else if (s.p[i] == '.')
			dots++;
		else
			return false;
	return digits && dots <= 1;
}

/* "today+3y", "fiscal-year-end", "effective_from+3y", "now" */
static bool is_date_rule(const struct ledger *l, struct str s)
{
	static const char *const bases[] = { "today", "now", "fiscal-year-end", "created_on" };
	size_t n = 0;
	struct str base;

	while (n < s.n && s.p[n] != '+' && !(s.p[n] == '-' && n + 1 < s.n && s.p[n + 1] >= '0' && s.p[n + 1] <= '9'))
		n++;
	base = str_slice(s, 0, n);
	if (n < s.n && !is_duration(str_slice(s, n + 1, s.n)))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(bases); i++)
		if (str_is(base, bases[i]))
			return true;
	return ledger_field(l, base) != NULL;
}

static int check_limit(struct parse *p, const struct field *f, const char *what, struct str s)
{
	if (!s.n || str_has(s, "(") || is_number(s) || (f->type == FT_DURATION && is_duration(s)) || is_date_rule(p->l, s))
		return 0;
	return parse_fail_at(p, f->at, "%.*s: %s: '%.*s' is no number, date rule or expression", STR_ARG(f->name), what,
	                     STR_ARG(s));
}

/* The child table has columns of its own. */
static int check_column_name(struct parse *p, const struct field *f, const struct field *c)
{
	static const char *const table[] = { "record", "pos", NULL };
	static const char *const checklist[] = { "record", "item", "answer", "note", "who", "at", NULL };

	for (const char *const *name = f->type == FT_TABLE ? table : checklist; *name; name++)
		if (str_is(c->name, *name))
			return parse_fail_at(p, c->at, "%s: every %s has a column of this name", *name, field_type_name(f->type));
	return 0;
}

static int check_field(struct parse *p, const struct field *f, bool column)
{
	int rc;

	if (!column && ledger_system_column(f->name) && !str_is(f->name, "section") && !str_is(f->name, "owner"))
		return parse_fail_at(p, f->at, "%.*s: every ledger has a column of this name", STR_ARG(f->name));
	if (!column && str_is(f->name, "section") && (f->type != FT_SECTION || f->many))
		return parse_fail_at(p, f->at, "section: this field is of type section");
	if (!column && str_is(f->name, "owner") && (f->type != FT_PERSON || f->many))
		return parse_fail_at(p, f->at, "owner: this field is of type person");
	if (str_is(f->name, "today") || str_is(f->name, "now") || str_is(f->name, "receipts"))
		return parse_fail_at(p, f->at, "%.*s: a word of the language", STR_ARG(f->name));
	if ((rc = check_limit(p, f, "min", f->min)) || (rc = check_limit(p, f, "max", f->max)))
		return rc;
	if (f->type == FT_BOOL && f->def.n && !str_is(f->def, "true") && !str_is(f->def, "false"))
		return parse_fail_at(p, f->at, "%.*s: default is true or false", STR_ARG(f->name));
	if (f->type == FT_CHOICE && f->def.n && !field_choice(f, f->def))
		return parse_fail_at(p, f->at, "%.*s: default '%.*s' is not among the codes", STR_ARG(f->name),
		                     STR_ARG(f->def));
	if (f->pattern.n) {
		regex_t re;

		if (regcomp(&re, arena_z(p->a, f->pattern), REG_EXTENDED | REG_NOSUB))
			return parse_fail_at(p, f->at, "%.*s: pattern does not compile", STR_ARG(f->name));
		regfree(&re);
	}
	for (size_t i = 0; i < f->n_columns; i++)
		if ((rc = check_column_name(p, f, &f->columns[i])) || (rc = check_field(p, &f->columns[i], true)))
			return rc;
	return 0;
}

int ledger_check_fields(struct parse *p)
{
	const struct ledger *l = p->l;

	for (size_t i = 0; i < l->n_fields; i++) {
		const struct field *f = &l->fields[i];
		struct str rest = f->items_from, base;
		int rc = check_field(p, f, false);

		if (rc)
			return rc;
		for (size_t k = 0; k < l->n_heads; k++)
			if (str_eq(l->heads[k].name, f->name))
				return parse_fail_at(p, f->at, "a head and a field are both called %.*s", STR_ARG(f->name));
		for (size_t k = 0; k < l->n_fields; k++)
			if (f->was.n && str_eq(l->fields[k].name, f->was))
				return parse_fail_at(p, f->at, "%.*s: was '%.*s', which is still a field", STR_ARG(f->name),
				                     STR_ARG(f->was));
		struct str stage = f->stage.n ? f->stage : f->head ? f->head->stage : STR_NONE;
		if (stage.n && !ledger_action(l, stage))
			return parse_fail_at(p, f->at, "%.*s: stage '%.*s' is no action", STR_ARG(f->name), STR_ARG(stage));
		if (!rest.n)
			continue;
		base = str_cut(&rest, '.');
		if (!rest.n || (!str_is(base, "clauses") && (!ledger_field(l, base) || ledger_field(l, base)->type != FT_REF)))
			return parse_fail_at(p, f->at, "%.*s: items-from is ref.field or clauses.set", STR_ARG(f->name));
	}
	return 0;
}

/* ---- states and actions ---- */

static bool has_text(const struct str_list *list, struct str s)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->v[i], s))
			return true;
	return false;
}

static bool starts(struct str name, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (str_starts(name, *prefixes))
			return true;
	return false;
}

static int check_action_states(struct parse *p, const struct action *act)
{
	const struct ledger *l = p->l;

	for (size_t i = 0; i < act->from.n; i++) {
		const struct state *s = ledger_state(l, act->from.v[i]);

		if (!s)
			return parse_fail_at(p, act->at, "action %.*s: no state '%.*s'", STR_ARG(act->name),
			                     STR_ARG(act->from.v[i]));
		if (s->end && act->to.n && !str_has(act->name, "reopen"))
			return parse_fail_at(p, act->at, "action %.*s leaves the end state '%.*s'", STR_ARG(act->name),
			                     STR_ARG(s->name));
	}
	if (act->to.n && !ledger_state(l, act->to))
		return parse_fail_at(p, act->at, "action %.*s: no state '%.*s'", STR_ARG(act->name), STR_ARG(act->to));
	return 0;
}

static int check_action(struct parse *p, const struct action *act)
{
	static const char *const refusals[] = { "refuse", "send-back", "decline", "cut", "suspend", NULL };
	static const char *const permits[] = { "approve", "permit", NULL };
	const struct ledger *l = p->l;
	int rc = check_action_states(p, act);

	if (rc)
		return rc;
	if ((act->by.n > 0) + (act->two_of.n > 0) + (act->automatic.n > 0) != 1)
		return parse_fail_at(p, act->at, "action %.*s: exactly one of by, two-of and auto", STR_ARG(act->name));
	if (act->two_of.n == 1)
		return parse_fail_at(p, act->at, "action %.*s: two-of names two", STR_ARG(act->name));
	if (str_is(act->name, "create") || str_is(act->name, "update"))
		return parse_fail_at(p, act->at, "action %.*s: a word of the step log", STR_ARG(act->name));
	for (size_t i = 0; i < act->needs.n; i++) {
		const struct field *f = ledger_field(l, act->needs.v[i]);

		if (!str_is(act->needs.v[i], "note") && (!f || f->computed.n))
			return parse_fail_at(p, act->at, "action %.*s: needs '%.*s', which is no field", STR_ARG(act->name),
			                     STR_ARG(act->needs.v[i]));
	}
	for (size_t i = 0; i < act->seal.n; i++) {
		bool found = ledger_field(l, act->seal.v[i]) != NULL;

		for (size_t k = 0; k < l->n_heads; k++)
			found |= str_eq(l->heads[k].name, act->seal.v[i]);
		if (!found)
			return parse_fail_at(p, act->at, "action %.*s: seals '%.*s', which is no field or head", STR_ARG(act->name),
			                     STR_ARG(act->seal.v[i]));
	}
	for (size_t i = 0; i < act->not_.n; i++)
		if (act->not_.v[i].kind != WHO_APPLICANT && act->not_.v[i].kind != WHO_OWNER &&
		    act->not_.v[i].kind != WHO_FIELD)
			return parse_fail_at(p, act->at, "action %.*s: 'not' names persons of the record, not '%.*s'",
			                     STR_ARG(act->name), STR_ARG(act->not_.v[i].name));
	if (starts(act->name, refusals) && !act->automatic.n && !act->needs.n)
		return parse_fail_at(p, act->at, "action %.*s: a refusal or stop needs a reason", STR_ARG(act->name));
	for (size_t i = 0; i < act->by.n; i++)
		if (starts(act->name, permits) && act->by.v[i].kind == WHO_APPLICANT)
			return parse_fail_at(p, act->at, "action %.*s: the applicant approves", STR_ARG(act->name));
	return 0;
}

/* Every state is reached, and every one that neither ends nor is in force has a way out. */
static int check_ways(struct parse *p)
{
	const struct ledger *l = p->l;
	size_t n_start = 0;

	for (size_t i = 0; i < l->n_states; i++)
		n_start += l->states[i].start;
	if (!n_start)
		return parse_fail_at(p, l->states[0].at, "no start state");
	for (size_t i = 0; i < l->n_states; i++) {
		const struct state *s = &l->states[i];
		bool reached = s->start, out = s->end || s->live;

		if (s->start && n_start > 1 && !s->when.n)
			return parse_fail_at(p, s->at, "state %.*s: several start states need 'when'", STR_ARG(s->name));
		for (size_t k = 0; k < l->n_actions; k++) {
			const struct action *act = &l->actions[k];
			bool here = has_text(&act->from, s->name);

			reached |= str_eq(act->to, s->name) && (!here || act->from.n > 1);
			out |= here && act->to.n && !str_eq(act->to, s->name);
		}
		if (!reached)
			return parse_fail_at(p, s->at, "state %.*s is never reached", STR_ARG(s->name));
		if (!out)
			return parse_fail_at(p, s->at, "state %.*s has no way out", STR_ARG(s->name));
	}
	return 0;
}

/* ---- duties and the rest ---- */

/* "due_on" or "notices.sent_at": a field, or a column of a table. */
static const struct field *dotted(const struct ledger *l, struct str name)
{
	struct str rest = name, head = str_cut(&rest, '.');
	const struct field *f = ledger_field(l, head);

	return f && rest.p ? field_column(f, rest) : f;
}

static bool is_cycle(const struct ledger *l, struct str s)
{
	const struct field *f = ledger_field(l, s);

	return is_duration(s) || is_parameter(s) || (f && f->type == FT_DURATION);
}

static int check_duty(struct parse *p, const struct duty_def *d)
{
	const struct ledger *l = p->l;
	const struct str cycles[] = { d->every, d->within, d->notice };
	const struct field *due = d->due.n ? dotted(l, d->due) : NULL;

	if ((d->every.n > 0) + (d->within.n > 0) + (d->due.n > 0) != 1)
		return parse_fail_at(p, d->at, "duty %.*s: exactly one of every, within and due", STR_ARG(d->name));
	for (size_t i = 0; i < ARRAY_LEN(cycles); i++)
		if (cycles[i].n && !is_cycle(l, cycles[i]))
			return parse_fail_at(p, d->at, "duty %.*s: '%.*s' is no duration, [parameter] or duration field",
			                     STR_ARG(d->name), STR_ARG(cycles[i]));
	if (d->within.n && !str_is(d->after, "created") && !ledger_action(l, d->after) && !dotted(l, d->after))
		return parse_fail_at(p, d->at, "duty %.*s: after '%.*s', which is no action or field", STR_ARG(d->name),
		                     STR_ARG(d->after));
	if (d->due.n && (!due || (due->type != FT_DATE && due->type != FT_DATETIME)))
		return parse_fail_at(p, d->at, "duty %.*s: due '%.*s', which is no date", STR_ARG(d->name), STR_ARG(d->due));
	for (size_t i = 0; i < d->while_.n; i++)
		if (!ledger_state(l, d->while_.v[i]))
			return parse_fail_at(p, d->at, "duty %.*s: no state '%.*s'", STR_ARG(d->name), STR_ARG(d->while_.v[i]));
	if (d->done.n && !ledger_action(l, d->done) && !dotted(l, d->done))
		return parse_fail_at(p, d->at, "duty %.*s: done '%.*s', which is no action or field", STR_ARG(d->name),
		                     STR_ARG(d->done));
	return 0;
}

/* Holes of number and title. */
static int check_holes(struct parse *p, const char *what, struct str s)
{
	static const char *const words[] = { "fy", "fy_era", "seq", "number", "created_on" };
	const struct ledger *l = p->l;

	for (size_t i = 0; i < s.n; i++) {
		struct str rest = str_slice(s, i + 1, s.n), hole, name;
		bool known = false;

		if (s.p[i] != '{')
			continue;
		hole = str_cut(&rest, '}');
		if (!rest.p)
			return parse_fail_at(p, top(p, what), "%s: a { without }", what);
		name = str_cut(&hole, ':');
		for (size_t k = 0; k < ARRAY_LEN(words); k++)
			known |= str_is(name, words[k]);
		if (!known && !ledger_field(l, name))
			return parse_fail_at(p, top(p, what), "%s: no field '%.*s'", what, STR_ARG(name));
	}
	return 0;
}

static int check_apart(struct parse *p, const struct apart *x)
{
	const struct ledger *l = p->l;
	const struct field *who = dotted(l, x->who);
	struct str rest = x->who, table = str_cut(&rest, '.');

	if (!str_is(x->who, "actor") && (!who || who->type != FT_PERSON))
		return parse_fail_at(p, x->at, "apart: who '%.*s' is neither actor nor a person", STR_ARG(x->who));
	for (size_t i = 0; i < x->from.n; i++) {
		struct str part = x->from.v[i], ref = str_cut(&part, '.');
		const struct field *f = ledger_field(l, ref);

		/* "systems.section": the section of what a ref to one ledger names */
		if (!f || (part.p ? f->type != FT_REF || f->to.n != 1 || !str_is(part, "section") : f->type != FT_SECTION))
			return parse_fail_at(p, x->at, "apart: from '%.*s' is no section", STR_ARG(x->from.v[i]));
	}
	if (x->unless.n && (!rest.p || !field_column(ledger_field(l, table), x->unless)))
		return parse_fail_at(p, x->at, "apart: unless '%.*s' is no column beside who", STR_ARG(x->unless));
	for (size_t i = 0; i < x->actions.n; i++)
		if (!ledger_action(l, x->actions.v[i]))
			return parse_fail_at(p, x->at, "apart: no action '%.*s'", STR_ARG(x->actions.v[i]));
	return 0;
}

static int check_readers(struct parse *p)
{
	const struct ledger *l = p->l;
	int64_t years;

	for (size_t i = 0; i < l->readers.n; i++) {
		const struct field *f = ledger_field(l, l->readers.v[i]);

		if (!f || (f->type != FT_PERSON && f->type != FT_SECTION && f->type != FT_ROLE && f->type != FT_POST))
			return parse_fail_at(p, top(p, "readers"), "readers: '%.*s' names nobody", STR_ARG(l->readers.v[i]));
	}
	if (!is_cycle(l, l->review_every))
		return parse_fail_at(p, top(p, "review"), "review: '%.*s' is no duration", STR_ARG(l->review_every));
	if (!str_is(l->retain, "permanent") &&
	    (!str_ends(l->retain, "y") || str_int(str_slice(l->retain, 0, l->retain.n - 1), 1, 100, &years)))
		return parse_fail_at(p, top(p, "retain"), "retain: '%.*s' is no number of years", STR_ARG(l->retain));
	for (size_t i = 0; i < l->n_reads; i++)
		if (!has_text(&l->controls, l->reads[i].control))
			return parse_fail_at(p, l->reads[i].at, "reads: '%.*s' is not among the controls",
			                     STR_ARG(l->reads[i].control));
	return 0;
}

int ledger_check(struct parse *p)
{
	const struct ledger *l = p->l;
	int rc;

	if ((rc = check_holes(p, "number", l->number)) || (rc = check_holes(p, "title", l->title)) ||
	    (rc = check_readers(p)))
		return rc;
	for (size_t i = 0; i < l->n_actions; i++)
		if ((rc = check_action(p, &l->actions[i])))
			return rc;
	if ((rc = check_ways(p)))
		return rc;
	for (size_t i = 0; i < l->n_duties; i++)
		if ((rc = check_duty(p, &l->duties[i])))
			return rc;
	for (size_t i = 0; i < l->n_apart; i++)
		if ((rc = check_apart(p, &l->apart[i])))
			return rc;
	return 0;
}
