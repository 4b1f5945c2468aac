/* What the database itself refuses, whoever writes. Messages begin with a word the record engine can tell apart:
 * separation, state, note, kept, choice, reference, rule N (in the definition's order). */
#include "core/ledger_trigger.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/ledger_expr.h"
#include "core/org.h"

void trigger_begin(struct trigger *t, const char *name, const char *when, struct str table)
{
	t->start = t->out->n;
	t->any = false;
	buf_printf(t->out, "CREATE TRIGGER \"%.*s_%s\" %s ON \"%.*s\" BEGIN\n", STR_ARG(table), name, when, STR_ARG(table));
	t->open = false;
}

void trigger_when(struct trigger *t)
{
	buf_puts(t->out, t->open ? "\n\tWHEN " : "SELECT CASE\n\tWHEN ");
	t->open = t->any = true;
}

void trigger_raise(struct trigger *t, const char *fmt, ...)
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

void trigger_end_case(struct trigger *t)
{
	if (t->open)
		buf_puts(t->out, " END;\n");
	t->open = false;
}

void trigger_finish(struct trigger *t)
{
	trigger_end_case(t);
	buf_puts(t->out, "END;\n");
	if (!t->any)
		t->out->n = t->start;                    /* nothing to refuse: no trigger */
}

void put_texts(struct buf *out, const struct str *v, size_t n)
{
	buf_putc(out, '(');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_puts(out, ", ");
		put_text(out, v[i]);
	}
	buf_putc(out, ')');
}

static void put_start_states(struct trigger *t)
{
	size_t n = 0;

	buf_putc(t->out, '(');
	for (size_t i = 0; i < t->l->n_states; i++)
		if (t->l->states[i].start) {
			buf_puts(t->out, n++ ? ", " : "");
			put_text(t->out, t->l->states[i].name);
		}
	buf_putc(t->out, ')');
}

/* ---- values: codes of choices, kinds of references ---- */

static void choice_check(struct trigger *t, const struct field *f, struct str column, bool update)
{
	if (!f->n_of && f->type != FT_ROLE)
		return;
	trigger_when(t);
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
	trigger_raise(t, "choice: %.*s: no such code", STR_ARG(f->name));
}

static void kind_check(struct trigger *t, const struct field *f, struct str column)
{
	struct str c = column;

	if (!field_has_kind(f))
		return;
	trigger_when(t);
	buf_printf(t->out, "(NEW.\"%.*s\" IS NULL) <> (NEW.\"%.*s_kind\" IS NULL)", STR_ARG(c), STR_ARG(c));
	trigger_raise(t, "reference: %.*s: a record and its ledger go together", STR_ARG(f->name));
	trigger_when(t);
	buf_printf(t->out, "NEW.\"%.*s\" IS NOT NULL AND NOT CASE NEW.\"%.*s_kind\"", STR_ARG(c), STR_ARG(c));
	for (size_t i = 0; i < f->to.n; i++) {
		const struct ledger *to = ledgers_get(t->all, f->to.v[i]);

		if (!to)
			continue;
		buf_puts(t->out, " WHEN ");
		put_text(t->out, to->name);
		buf_printf(t->out, " THEN EXISTS (SELECT 1 FROM \"%.*s\" WHERE id = NEW.\"%.*s\")", STR_ARG(to->table),
		           STR_ARG(c));
	}
	buf_puts(t->out, " ELSE 0 END");
	trigger_raise(t, "reference: %.*s: no such record", STR_ARG(f->name));
}

static void value_checks(struct trigger *t, const struct field *f, struct str column, bool update)
{
	choice_check(t, f, column, update);
	kind_check(t, f, column);
}

/* ---- the record ---- */

bool texts_have(const struct str_list *list, struct str s)
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
		if (texts_have(&l->actions[i].from, s->name) && texts_have(&l->actions[i].needs, f->name))
			return true;
	return false;
}

static bool guarded(const struct ledger *l, const struct state *s, const struct field *f)
{
	return !field_is_child(f) && !f->computed.n && !open_at_end(l, s, f);
}

static bool guarded_alike(const struct ledger *l, const struct state *a, const struct state *b)
{
	for (size_t i = 0; i < l->n_fields; i++)
		if (guarded(l, a, &l->fields[i]) != guarded(l, b, &l->fields[i]))
			return false;
	return true;
}

static void put_guarded(struct trigger *t, const struct state *s, const char *side)
{
	const struct ledger *l = t->l;
	const char *between = "(";

	for (size_t i = 0; i < l->n_fields; i++)
		if (guarded(l, s, &l->fields[i])) {
			buf_printf(t->out, "%s%s.\"%.*s\"", between, side, STR_ARG(l->fields[i].name));
			between = ", ";
		}
	buf_putc(t->out, ')');
}

/* What stays as it is in state `at` and in every other end state that keeps the same fields: the first of them
 * speaks for all. */
static void end_guard(struct trigger *t, size_t at)
{
	const struct ledger *l = t->l;
	const struct state *s = &l->states[at];
	size_t n = 0;

	for (size_t i = 0; i < l->n_fields; i++)
		n += guarded(l, s, &l->fields[i]);
	for (size_t i = 0; i < at; i++)
		if (l->states[i].end && guarded_alike(l, s, &l->states[i]))
			return;
	if (!n)
		return;
	trigger_when(t);
	buf_puts(t->out, "OLD.state IN (");
	put_text(t->out, s->name);
	for (size_t i = at + 1; i < l->n_states; i++)
		if (l->states[i].end && guarded_alike(l, s, &l->states[i])) {
			buf_puts(t->out, ", ");
			put_text(t->out, l->states[i].name);
		}
	buf_puts(t->out, ") AND ");
	put_guarded(t, s, "NEW");
	buf_puts(t->out, " IS NOT ");
	put_guarded(t, s, "OLD");
	trigger_raise(t, "kept: a record in an end state does not change");
}

static void record_triggers(struct trigger *t)
{
	const struct ledger *l = t->l;
	struct str table = l->table;

	trigger_begin(t, "t_insert", "BEFORE INSERT", table);
	trigger_when(t);
	buf_puts(t->out, "NEW.state NOT IN ");
	put_start_states(t);
	trigger_raise(t, "state: a record begins in a start state");
	for (size_t i = 0; i < l->n_fields; i++)
		if (!field_is_child(&l->fields[i]) && !l->fields[i].computed.n)
			value_checks(t, &l->fields[i], l->fields[i].name, false);
	trigger_finish(t);

	trigger_begin(t, "t_update", "BEFORE UPDATE", table);
	trigger_when(t);
	buf_puts(t->out, "NEW.id <> OLD.id");
	trigger_raise(t, "kept: an id does not change");
	trigger_when(t);
	buf_puts(t->out, "NEW.applicant IS NOT OLD.applicant AND OLD.applicant IS NOT NULL AND OLD.state NOT IN ");
	put_start_states(t);
	trigger_raise(t, "separation: the applicant does not change after the start");
	trigger_when(t);
	buf_printf(t->out, "NEW.state IS NOT OLD.state AND NOT EXISTS (SELECT 1 FROM \"%.*s_step\" s WHERE s.id = (SELECT max(id) FROM "
	           "\"%.*s_step\" WHERE record = OLD.id) AND s.from_state = OLD.state AND s.to_state = NEW.state)", STR_ARG(table),
	           STR_ARG(table));
	trigger_raise(t, "state: it changes only after its step is written");
	for (size_t i = 0; i < l->n_states; i++)
		if (l->states[i].end)
			end_guard(t, i);
	for (size_t i = 0; i < l->n_fields; i++)
		if (!field_is_child(&l->fields[i]) && !l->fields[i].computed.n)
			value_checks(t, &l->fields[i], l->fields[i].name, true);
	trigger_finish(t);

	trigger_begin(t, "t_delete", "BEFORE DELETE", table);
	trigger_when(t);
	buf_printf(t->out, "(EXISTS (SELECT 1 FROM \"%.*s_step\" WHERE record = OLD.id AND action NOT IN ('create', 'update')) OR "
	           "OLD.state NOT IN ", STR_ARG(table));
	put_start_states(t);
	/* An import that is taken back takes along what it brought, as long as that is untouched. */
	buf_puts(t->out, ") AND NOT EXISTS (SELECT 1 FROM import_row i JOIN import m ON m.id = i.import WHERE i.record = OLD.id AND i.created = 1 "
	         "AND i.version = OLD.version AND m.undone_at IS NOT NULL AND m.ledger = ");
	put_text(t->out, t->l->name);
	buf_putc(t->out, ')');
	trigger_raise(t, "kept: a record that has moved on is not deleted");
	trigger_finish(t);
}

/* ---- child tables ---- */

static bool closed_at_end(const struct ledger *l, const struct field *f)
{
	for (size_t i = 0; i < l->n_states; i++)
		if (l->states[i].end && !open_at_end(l, &l->states[i], f))
			return true;
	return false;
}

/* rows: "NEW.record", or both where a row could move to another record. */
static void child_guard(struct trigger *t, const struct field *f, const char *rows)
{
	const struct ledger *l = t->l;
	bool first = true;

	if (!closed_at_end(l, f))
		return;
	trigger_when(t);
	buf_printf(t->out, "EXISTS (SELECT 1 FROM \"%.*s\" WHERE id IN (%s) AND state IN (", STR_ARG(l->table), rows);
	for (size_t i = 0; i < l->n_states; i++)
		if (l->states[i].end && !open_at_end(l, &l->states[i], f)) {
			buf_puts(t->out, first ? "" : ", ");
			put_text(t->out, l->states[i].name);
			first = false;
		}
	buf_puts(t->out, "))");
	trigger_raise(t, "kept: %.*s of an ended record does not change", STR_ARG(f->name));
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

	trigger_begin(t, "t_insert", "BEFORE INSERT", table);
	child_guard(t, f, "NEW.record");
	child_values(t, f, false);
	trigger_finish(t);
	trigger_begin(t, "t_update", "BEFORE UPDATE", table);
	child_guard(t, f, "OLD.record, NEW.record");
	child_values(t, f, true);
	trigger_finish(t);
	trigger_begin(t, "t_delete", "BEFORE DELETE", table);
	child_guard(t, f, "OLD.record");
	trigger_finish(t);
}

/* ---- rules ---- */

/* SELECT CASE (which rule fails) WHEN 1 THEN RAISE … : the rules chosen, on the rows of `from`. */
void trigger_rules(struct trigger *t, bool plain, bool of_state, const char *from, const char *id)
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
	buf_printf(t->out, " END FROM (SELECT *, today_() AS today, now_() AS now FROM \"%.*s%s\" WHERE id = %s))",
	           STR_ARG(l->table), from, id);
	for (size_t i = 0; i < l->n_rules; i++) {
		if (expr_is_plain(l, l->rules[i].that) != plain || (of_state && !expr_mentions(l->rules[i].that, STR("state"))))
			continue;
		buf_printf(t->out, "\n\tWHEN %zu", i + 1);
		trigger_raise(t, "rule %zu: %.*s", i + 1, STR_ARG(l->rules[i].say.en));
	}
	buf_puts(t->out, " END;\n");
}

/* Rules on the row's own columns hold at every change of one of them; rules that look at lists or computed fields hold
 * when the change is complete, that is when its step is written (and when the state moves, where they speak of it). */
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
	trigger_begin(t, "t_rules_insert", "AFTER INSERT", l->table);
	trigger_rules(t, true, false, "", "NEW.id");
	trigger_finish(t);
	trigger_begin(t, "t_rules_update", buf_z(&columns), l->table);
	trigger_rules(t, true, false, "", "NEW.id");
	trigger_finish(t);
	trigger_begin(t, "t_rules_state", "AFTER UPDATE OF state", l->table);
	trigger_rules(t, false, true, "_v", "NEW.id");
	trigger_finish(t);
	buf_release(&columns);
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
	trigger_steps(&t, step);
	arena_free(a);
}
