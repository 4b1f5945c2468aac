/* What the database itself refuses, whoever writes. Messages begin with a word the record engine can tell apart:
 * separation, state, note, kept, choice, reference, rule N (in the definition's order). */
#include "core/ledger_ddl.h"
#include "core/ledger_expr.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/org.h"

struct trigger {
	const struct ledger *l;
	const struct ledgers *all;
	struct buf *out;
	bool open;                                       /* a SELECT CASE has begun */
	bool any;                                        /* the trigger has something to say */
	size_t start;
};

/* A trigger is a list of conditions, each with what it says: SELECT CASE WHEN … THEN RAISE(…) … END. */
static void begin(struct trigger *t, const char *name, const char *when, struct str table)
{
	t->start = t->out->n;
	t->any = false;
	buf_printf(t->out, "CREATE TRIGGER \"%.*s_%s\" %s ON \"%.*s\" BEGIN\n", STR_ARG(table), name, when, STR_ARG(table));
	t->open = false;
}

static void cond(struct trigger *t)
{
	buf_puts(t->out, t->open ? "\n\tWHEN " : "SELECT CASE\n\tWHEN ");
	t->open = t->any = true;
}

static void raise(struct trigger *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void raise(struct trigger *t, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_puts(t->out, " THEN RAISE(ABORT, ");
	put_text(t->out, str_from(text));
	buf_putc(t->out, ')');
}

/* Ends the list, so that the next condition is looked at only when all of this one passed. */
static void finish_case(struct trigger *t)
{
	if (t->open)
		buf_puts(t->out, " END;\n");
	t->open = false;
}

static void finish(struct trigger *t)
{
	finish_case(t);
	buf_puts(t->out, "END;\n");
	if (!t->any)
		t->out->n = t->start;                    /* nothing to refuse: no trigger */
}

static void put_list(struct buf *out, const struct str *v, size_t n)
{
	buf_putc(out, '(');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_puts(out, ", ");
		put_text(out, v[i]);
	}
	buf_putc(out, ')');
}

static void put_states(struct trigger *t, bool (*which)(const struct state *))
{
	size_t n = 0;

	buf_putc(t->out, '(');
	for (size_t i = 0; i < t->l->n_states; i++)
		if (which(&t->l->states[i])) {
			buf_puts(t->out, n++ ? ", " : "");
			put_text(t->out, t->l->states[i].name);
		}
	buf_putc(t->out, ')');
}

static bool starts(const struct state *s)
{
	return s->start;
}


/* ---- values: codes of choices, kinds of references ---- */

static void choice_check(struct trigger *t, const struct field *f, struct str column, bool update)
{
	if (!f->n_of && f->type != FT_ROLE)
		return;
	cond(t);
	if (update)
		buf_printf(t->out, "NEW.\"%.*s\" IS NOT OLD.\"%.*s\" AND ", STR_ARG(column), STR_ARG(column));
	buf_printf(t->out, "NEW.\"%.*s\" NOT IN (", STR_ARG(column));
	if (f->type == FT_ROLE) {
#define ROLE_SQL(id, code) "'" code "',"
		buf_puts(t->out, ROLE_LIST(ROLE_SQL) "''");
#undef ROLE_SQL
	}
	for (size_t i = 0; i < f->n_of; i++) {
		buf_puts(t->out, i ? ", " : "");
		put_text(t->out, f->of[i].code);
	}
	buf_putc(t->out, ')');
	raise(t, "choice: %.*s: no such code", STR_ARG(f->name));
}

static void kind_check(struct trigger *t, const struct field *f, struct str column)
{
	struct str c = column;

	if (!field_has_kind(f))
		return;
	cond(t);
	buf_printf(t->out, "(NEW.\"%.*s\" IS NULL) <> (NEW.\"%.*s_kind\" IS NULL)", STR_ARG(c), STR_ARG(c));
	raise(t, "reference: %.*s: a record and its ledger go together", STR_ARG(f->name));
	cond(t);
	buf_printf(t->out, "NEW.\"%.*s\" IS NOT NULL AND NOT CASE NEW.\"%.*s_kind\"", STR_ARG(c), STR_ARG(c));
	for (size_t i = 0; i < f->to.n; i++) {
		const struct ledger *to = ledgers_get(t->all, f->to.v[i]);

		if (!to)
			continue;
		buf_puts(t->out, " WHEN ");
		put_text(t->out, to->name);
		buf_printf(t->out, " THEN EXISTS (SELECT 1 FROM \"%.*s\" WHERE id = NEW.\"%.*s\")", STR_ARG(to->table), STR_ARG(c));
	}
	buf_puts(t->out, " ELSE 0 END");
	raise(t, "reference: %.*s: no such record", STR_ARG(f->name));
}

static void value_checks(struct trigger *t, const struct field *f, struct str column, bool update)
{
	choice_check(t, f, column, update);
	kind_check(t, f, column);
}

/* ---- the record ---- */

static bool in_list(const struct str_list *list, struct str s)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->v[i], s))
			return true;
	return false;
}

/* May this field change while the record is in an end state? Where the state may be edited, or an action from it asks
 * for the field. */
static bool open_at_end(const struct ledger *l, const struct state *s, const struct field *f)
{
	if (s->edit.n)
		return true;
	for (size_t i = 0; i < l->n_actions; i++)
		if (in_list(&l->actions[i].from, s->name) && in_list(&l->actions[i].needs, f->name))
			return true;
	return false;
}

static void end_guard(struct trigger *t, const struct state *s)
{
	const struct ledger *l = t->l;
	const char *const sides[] = { "NEW", "OLD" };
	size_t n = 0;

	for (size_t i = 0; i < l->n_fields; i++)
		n += !field_is_child(&l->fields[i]) && !l->fields[i].computed.n && !open_at_end(l, s, &l->fields[i]);
	if (!n)
		return;
	cond(t);
	buf_puts(t->out, "OLD.state = ");
	put_text(t->out, s->name);
	buf_puts(t->out, " AND ");
	for (size_t side = 0; side < 2; side++) {
		bool first = true;

		buf_puts(t->out, side ? " IS NOT (" : "(");
		for (size_t i = 0; i < l->n_fields; i++) {
			const struct field *f = &l->fields[i];

			if (field_is_child(f) || f->computed.n || open_at_end(l, s, f))
				continue;
			buf_printf(t->out, "%s%s.\"%.*s\"", first ? "" : ", ", sides[side], STR_ARG(f->name));
			first = false;
		}
		buf_putc(t->out, ')');
	}
	raise(t, "kept: a record in the state %.*s does not change", STR_ARG(s->name));
}

static void record_triggers(struct trigger *t)
{
	const struct ledger *l = t->l;
	struct str table = l->table;

	begin(t, "t_insert", "BEFORE INSERT", table);
	cond(t);
	buf_puts(t->out, "NEW.state NOT IN ");
	put_states(t, starts);
	raise(t, "state: a record begins in a start state");
	for (size_t i = 0; i < l->n_fields; i++)
		if (!field_is_child(&l->fields[i]) && !l->fields[i].computed.n)
			value_checks(t, &l->fields[i], l->fields[i].name, false);
	finish(t);

	begin(t, "t_update", "BEFORE UPDATE", table);
	cond(t);
	buf_puts(t->out, "NEW.id <> OLD.id");
	raise(t, "kept: an id does not change");
	cond(t);
	buf_puts(t->out, "NEW.applicant IS NOT OLD.applicant AND OLD.applicant IS NOT NULL AND OLD.state NOT IN ");
	put_states(t, starts);
	raise(t, "separation: the applicant does not change after the start");
	cond(t);
	buf_printf(t->out, "NEW.state IS NOT OLD.state AND NOT EXISTS (SELECT 1 FROM \"%.*s_step\" s WHERE s.id = (SELECT max(id) FROM "
	           "\"%.*s_step\" WHERE record = OLD.id) AND s.from_state = OLD.state AND s.to_state = NEW.state)", STR_ARG(table),
	           STR_ARG(table));
	raise(t, "state: it changes only after its step is written");
	for (size_t i = 0; i < l->n_states; i++)
		if (l->states[i].end)
			end_guard(t, &l->states[i]);
	for (size_t i = 0; i < l->n_fields; i++)
		if (!field_is_child(&l->fields[i]) && !l->fields[i].computed.n)
			value_checks(t, &l->fields[i], l->fields[i].name, true);
	finish(t);

	begin(t, "t_delete", "BEFORE DELETE", table);
	cond(t);
	buf_printf(t->out, "EXISTS (SELECT 1 FROM \"%.*s_step\" WHERE record = OLD.id AND action NOT IN ('create', 'update')) OR "
	           "OLD.state NOT IN ", STR_ARG(table));
	put_states(t, starts);
	raise(t, "kept: a record that has moved on is not deleted");
	finish(t);
}

/* ---- child tables ---- */

static bool closed_at_end(const struct ledger *l, const struct field *f)
{
	for (size_t i = 0; i < l->n_states; i++)
		if (l->states[i].end && !open_at_end(l, &l->states[i], f))
			return true;
	return false;
}

static void child_guard(struct trigger *t, const struct field *f, const char *row)
{
	const struct ledger *l = t->l;
	bool first = true;

	if (!closed_at_end(l, f))
		return;
	cond(t);
	buf_printf(t->out, "(SELECT state FROM \"%.*s\" WHERE id = %s.record) IN (", STR_ARG(l->table), row);
	for (size_t i = 0; i < l->n_states; i++)
		if (l->states[i].end && !open_at_end(l, &l->states[i], f)) {
			buf_puts(t->out, first ? "" : ", ");
			put_text(t->out, l->states[i].name);
			first = false;
		}
	buf_putc(t->out, ')');
	raise(t, "kept: %.*s of an ended record does not change", STR_ARG(f->name));
}

static void child_values(struct trigger *t, const struct field *f, bool update)
{
	if (f->many)
		value_checks(t, f, STR("value"), update);
	else if (f->type == FT_CHECKLIST)
		value_checks(t, f, STR("item"), update);
	for (size_t i = 0; i < f->n_columns; i++)
		if (!f->columns[i].many)
			value_checks(t, &f->columns[i], f->columns[i].name, update);
}

static void child_triggers(struct trigger *t, struct arena *a, const struct field *f)
{
	struct str table = arena_strf(a, "%.*s__%.*s", STR_ARG(t->l->table), STR_ARG(f->name));

	begin(t, "t_insert", "BEFORE INSERT", table);
	child_guard(t, f, "NEW");
	child_values(t, f, false);
	finish(t);
	begin(t, "t_update", "BEFORE UPDATE", table);
	child_guard(t, f, "OLD");
	child_guard(t, f, "NEW");
	child_values(t, f, true);
	finish(t);
	begin(t, "t_delete", "BEFORE DELETE", table);
	child_guard(t, f, "OLD");
	finish(t);
}

/* ---- rules ---- */

/* SELECT CASE (which rule fails) WHEN 1 THEN RAISE … : the rules chosen, on the rows of `from`. */
static void put_rules(struct trigger *t, bool plain, bool of_state, const char *from, const char *id)
{
	const struct ledger *l = t->l;
	size_t n = 0;

	for (size_t i = 0; i < l->n_rules; i++) {
		if (expr_is_plain(l, l->rules[i].that) != plain || (of_state && !expr_mentions(l->rules[i].that, STR("state"))))
			continue;
		buf_puts(t->out, n++ ? " WHEN NOT (" : "SELECT CASE (SELECT CASE WHEN NOT (");
		expr_sql(l->rules[i].that, false, t->out);
		buf_printf(t->out, ") THEN %zu", i + 1);
	}
	if (!n)
		return;
	t->any = true;
	buf_printf(t->out, " END FROM (SELECT *, today_() AS today, now_() AS now FROM \"%.*s%s\" WHERE id = %s))", STR_ARG(l->table), from, id);
	for (size_t i = 0; i < l->n_rules; i++) {
		if (expr_is_plain(l, l->rules[i].that) != plain || (of_state && !expr_mentions(l->rules[i].that, STR("state"))))
			continue;
		buf_printf(t->out, "\n\tWHEN %zu", i + 1);
		raise(t, "rule %zu: %.*s", i + 1, STR_ARG(l->rules[i].say.en));
	}
	buf_puts(t->out, " END;\n");
}

/* Rules on the row's own columns hold at every change of one of them; rules that look at lists or computed fields hold when
 * the change is complete, that is when its step is written (and when the state moves, where they speak of it). */
static void rule_triggers(struct trigger *t)
{
	const struct ledger *l = t->l;
	struct buf columns;

	buf_init(&columns, 1 << 16);
	buf_puts(&columns, "AFTER UPDATE OF state");
	for (size_t i = 0; i < l->n_fields; i++)
		for (size_t k = 0; k < l->n_rules; k++)
			if (!l->fields[i].computed.n && !field_is_child(&l->fields[i]) && expr_is_plain(l, l->rules[k].that) &&
			    expr_mentions(l->rules[k].that, l->fields[i].name)) {
				buf_printf(&columns, ", \"%.*s\"", STR_ARG(l->fields[i].name));
				break;
			}
	begin(t, "t_rules_insert", "AFTER INSERT", l->table);
	put_rules(t, true, false, "", "NEW.id");
	finish(t);
	begin(t, "t_rules_update", buf_z(&columns), l->table);
	put_rules(t, true, false, "", "NEW.id");
	finish(t);
	begin(t, "t_rules_state", "AFTER UPDATE OF state", l->table);
	put_rules(t, false, true, "_v", "NEW.id");
	finish(t);
	buf_release(&columns);
}

/* ---- steps ---- */

/* No recorded way round for this actor, or it is already used up. */
static void put_no_override(struct trigger *t, struct str action)
{
	buf_puts(t->out, " AND NOT EXISTS (SELECT 1 FROM override o WHERE o.ledger = ");
	put_text(t->out, t->l->name);
	buf_puts(t->out, " AND o.record = NEW.record AND o.action = ");
	if (action.p)
		put_text(t->out, action);
	else
		buf_puts(t->out, "NEW.action");
	buf_printf(t->out, " AND o.actor = NEW.actor AND NOT EXISTS (SELECT 1 FROM \"%.*s_step\" u WHERE u.record = NEW.record AND "
	           "u.action = o.action AND u.actor = o.actor AND u.at >= o.at))", STR_ARG(t->l->table));
}

/* The persons one `not` stands for, as a SELECT of ids. */
static void put_persons(struct trigger *t, const struct who *w)
{
	const struct ledger *l = t->l;
	const struct field *f = w->kind == WHO_FIELD ? ledger_field(l, w->name) : NULL;
	struct str column = w->kind == WHO_APPLICANT ? STR("applicant") : w->kind == WHO_OWNER ? STR("owner") : w->name;

	if (f && f->many)
		buf_printf(t->out, "SELECT value FROM \"%.*s__%.*s\" WHERE record = NEW.record", STR_ARG(l->table), STR_ARG(f->name));
	else if (f && f->type == FT_POST)
		buf_printf(t->out, "SELECT p.id FROM persons p, \"%.*s\" b WHERE b.id = NEW.record AND p.post = b.\"%.*s\"", STR_ARG(l->table),
		           STR_ARG(column));
	else
		buf_printf(t->out, "SELECT \"%.*s\" FROM \"%.*s\" WHERE id = NEW.record", STR_ARG(column), STR_ARG(l->table));
}

static void separation(struct trigger *t, const struct action *act)
{
	for (size_t i = 0; i < act->not_.n; i++) {
		for (int side = 0; side < 2; side++) {
			cond(t);
			buf_puts(t->out, "NEW.action = ");
			put_text(t->out, act->name);
			buf_printf(t->out, " AND %s IN (", side ? "NEW.on_behalf" : "NEW.actor");
			put_persons(t, &act->not_.v[i]);
			buf_putc(t->out, ')');
			put_no_override(t, act->name);
			raise(t, "separation: %.*s: not by %.*s", STR_ARG(act->name), STR_ARG(act->not_.v[i].name));
		}
	}
}

/* Steps of the same action since the record last moved or was edited: the approvals that still count. */
static void put_open_steps(struct trigger *t)
{
	buf_printf(t->out, "EXISTS (SELECT 1 FROM \"%.*s_step\" s WHERE s.record = NEW.record AND s.action = NEW.action AND s.id > "
	           "coalesce((SELECT max(id) FROM \"%.*s_step\" WHERE record = NEW.record AND (action = 'update' OR from_state IS NOT "
	           "to_state)), 0)", STR_ARG(t->l->table), STR_ARG(t->l->table));
}

static void two_of(struct trigger *t, const struct action *act)
{
	if (!act->two_of.n)
		return;
	cond(t);
	buf_puts(t->out, "NEW.action = ");
	put_text(t->out, act->name);
	buf_puts(t->out, " AND ");
	put_open_steps(t);
	buf_puts(t->out, " AND (s.actor IN (NEW.actor, NEW.on_behalf) OR s.on_behalf IN (NEW.actor, NEW.on_behalf)))");
	raise(t, "separation: %.*s needs two different persons", STR_ARG(act->name));
	cond(t);
	buf_puts(t->out, "NEW.action = ");
	put_text(t->out, act->name);
	buf_puts(t->out, " AND NEW.to_state IS NOT NEW.from_state AND NOT ");
	put_open_steps(t);
	buf_putc(t->out, ')');
	raise(t, "separation: %.*s needs two persons", STR_ARG(act->name));
}

static void action_conditions(struct trigger *t, const struct action *act)
{
	bool judged = act->not_.n || act->two_of.n || act->seal.n || act->seal_all;

	cond(t);
	buf_puts(t->out, "NEW.action = ");
	put_text(t->out, act->name);
	buf_puts(t->out, " AND NOT (NEW.from_state IN ");
	put_list(t->out, act->from.v, act->from.n);
	buf_puts(t->out, " AND NEW.to_state IS ");
	if (act->to.n && act->two_of.n) {                /* the first of two leaves the record where it is */
		buf_puts(t->out, "NOT NULL AND NEW.to_state IN (NEW.from_state, ");
		put_text(t->out, act->to);
		buf_putc(t->out, ')');
	} else if (act->to.n) {
		put_text(t->out, act->to);
	} else {
		buf_puts(t->out, "NEW.from_state");
	}
	buf_putc(t->out, ')');
	raise(t, "state: %.*s does not lead there", STR_ARG(act->name));
	if (act->automatic.n || judged) {
		cond(t);
		buf_puts(t->out, "NEW.action = ");
		put_text(t->out, act->name);
		buf_puts(t->out, act->automatic.n ? " AND NEW.actor IS NOT NULL" : " AND NEW.actor IS NULL");
		raise(t, "separation: %.*s is %s", STR_ARG(act->name), act->automatic.n ? "taken by the system" : "taken by a person");
	}
	if (in_list(&act->needs, STR("note"))) {
		cond(t);
		buf_puts(t->out, "NEW.action = ");
		put_text(t->out, act->name);
		buf_puts(t->out, " AND trim(coalesce(NEW.note, '')) = ''");
		raise(t, "note: %.*s needs a reason", STR_ARG(act->name));
	}
	separation(t, act);
	two_of(t, act);
}

/* The sections of `from`: a section field, or ref.section of what it refers to. */
static void put_sections(struct trigger *t, struct str from)
{
	const struct ledger *l = t->l;
	struct str rest = from, name = str_cut(&rest, '.');
	const struct field *f = ledger_field(l, name);
	const struct ledger *to = rest.p && f ? ledgers_get(t->all, f->to.v[0]) : NULL;

	if (to && f->many)
		buf_printf(t->out, "SELECT r.\"%.*s\" FROM \"%.*s__%.*s\" c JOIN \"%.*s\" r ON r.id = c.value WHERE c.record = NEW.record",
		           STR_ARG(rest), STR_ARG(l->table), STR_ARG(name), STR_ARG(to->table));
	else if (to)
		buf_printf(t->out, "SELECT r.\"%.*s\" FROM \"%.*s\" b JOIN \"%.*s\" r ON r.id = b.\"%.*s\" WHERE b.id = NEW.record", STR_ARG(rest),
		           STR_ARG(l->table), STR_ARG(to->table), STR_ARG(name));
	else if (f && f->many)
		buf_printf(t->out, "SELECT value FROM \"%.*s__%.*s\" WHERE record = NEW.record", STR_ARG(l->table), STR_ARG(name));
	else
		buf_printf(t->out, "SELECT \"%.*s\" FROM \"%.*s\" WHERE id = NEW.record", STR_ARG(name), STR_ARG(l->table));
}

static void put_apart_persons(struct trigger *t, const struct apart *x)
{
	const struct ledger *l = t->l;
	struct str rest = x->who, table = str_cut(&rest, '.');

	if (str_is(x->who, "actor")) {
		buf_puts(t->out, "NEW.actor, NEW.on_behalf");
	} else if (rest.p) {
		buf_printf(t->out, "SELECT \"%.*s\" FROM \"%.*s__%.*s\" WHERE record = NEW.record", STR_ARG(rest), STR_ARG(l->table),
		           STR_ARG(table));
		if (x->unless.n)
			buf_printf(t->out, " AND \"%.*s\" IS NULL", STR_ARG(x->unless));
	} else {
		struct who w = { WHO_FIELD, x->who };

		put_persons(t, &w);
	}
}

static void apart(struct trigger *t, const struct apart *x)
{
	if (!ledgers_get(t->all, STR("persons")) || !ledgers_get(t->all, STR("org-units")))
		return;
	for (size_t i = 0; i < x->from.n; i++) {
		cond(t);
		if (x->actions.n) {
			buf_puts(t->out, "NEW.action IN ");
			put_list(t->out, x->actions.v, x->actions.n);
			buf_puts(t->out, " AND ");
		}
		buf_puts(t->out, "EXISTS (SELECT 1 FROM persons p JOIN org_units_above_v a ON a.unit = p.section WHERE p.id IN (");
		put_apart_persons(t, x);
		buf_puts(t->out, ") AND a.above IN (");
		put_sections(t, x->from.v[i]);
		buf_puts(t->out, "))");
		put_no_override(t, STR_NONE);
		raise(t, "separation: %.*s belongs to %.*s", STR_ARG(x->who), STR_ARG(x->from.v[i]));
	}
}

static void step_insert(struct trigger *t, struct str step)
{
	const struct ledger *l = t->l;

	begin(t, "t_insert", "BEFORE INSERT", step);
	cond(t);
	buf_printf(t->out, "NOT EXISTS (SELECT 1 FROM \"%.*s\" WHERE id = NEW.record)", STR_ARG(l->table));
	raise(t, "reference: no such record");
	cond(t);
	buf_printf(t->out, "NEW.action = 'create' AND EXISTS (SELECT 1 FROM \"%.*s\" WHERE record = NEW.record)", STR_ARG(step));
	raise(t, "state: a record is created once");
	cond(t);
	buf_puts(t->out, "NEW.action NOT IN ('create'");
	for (size_t i = 0; i < l->n_actions; i++) {
		buf_puts(t->out, ", ");
		put_text(t->out, l->actions[i].name);
	}
	buf_puts(t->out, ") AND NEW.from_state IS NOT NEW.to_state");
	raise(t, "state: no such action");
	cond(t);
	buf_printf(t->out, "NEW.from_state IS NOT NULL AND NEW.from_state IS NOT (SELECT state FROM \"%.*s\" WHERE id = NEW.record)",
	           STR_ARG(l->table));
	raise(t, "state: the record is elsewhere by now");
	finish_case(t);
	for (size_t i = 0; i < l->n_actions; i++)
		action_conditions(t, &l->actions[i]);
	for (size_t i = 0; i < l->n_apart; i++)
		apart(t, &l->apart[i]);
	finish_case(t);
	put_rules(t, false, false, "_v", "NEW.record");
	finish(t);
}

void ledger_sql_triggers(const struct ledger *l, const struct ledgers *all, struct buf *out)
{
	struct trigger t = { .l = l, .all = all, .out = out };
	struct arena *a = arena_new(1 << 20);
	struct str step = arena_strf(a, "%.*s_step", STR_ARG(l->table));

	record_triggers(&t);
	for (size_t i = 0; i < l->n_fields; i++)
		if (field_is_child(&l->fields[i]))
			child_triggers(&t, a, &l->fields[i]);
	rule_triggers(&t);
	step_insert(&t, step);
	begin(&t, "t_update", "BEFORE UPDATE", step);
	t.any = true;
	buf_puts(out, "SELECT RAISE(ABORT, 'kept: steps do not change');\n");
	finish(&t);
	begin(&t, "t_delete", "BEFORE DELETE", step);
	t.any = true;
	buf_puts(out, "SELECT RAISE(ABORT, 'kept: steps are not deleted');\n");
	finish(&t);
	arena_free(a);
}
