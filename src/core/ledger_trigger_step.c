/* Steps: who may take them, from where to where, and what they need. Since a state changes only after its step, what is
 * refused here cannot be had by writing the state. */
#include "core/ledger_trigger.h"

/* No recorded way round for this actor, or it is already used up. */
static void put_no_override(struct trigger *t)
{
	buf_puts(t->out, "NOT EXISTS (SELECT 1 FROM override o WHERE o.ledger = ");
	put_text(t->out, t->l->name);
	buf_printf(t->out, " AND o.record = NEW.record AND o.action = NEW.action AND o.actor = NEW.actor AND NOT EXISTS (SELECT 1 FROM "
	           "\"%.*s_step\" u WHERE u.record = NEW.record AND u.action = o.action AND u.actor = o.actor AND u.at >= o.at))",
	           STR_ARG(t->l->table));
}

/* The persons one `not` stands for, as a SELECT of ids that ends in its WHERE; returns the column it selects. */
static struct str put_persons(struct trigger *t, const struct who *w)
{
	const struct ledger *l = t->l;
	const struct field *f = w->kind == WHO_FIELD ? ledger_field(l, w->name) : NULL;
	struct str column = w->kind == WHO_APPLICANT ? STR("applicant") : w->kind == WHO_OWNER ? STR("owner") : w->name;

	if (f && f->many) {
		column = STR("value");
		buf_printf(t->out, "SELECT value FROM \"%.*s__%.*s\" WHERE record = NEW.record", STR_ARG(l->table),
		           STR_ARG(f->name));
	} else if (f && f->type == FT_POST) {
		buf_printf(t->out, "SELECT p.id FROM persons p JOIN \"%.*s\" b ON p.post = b.\"%.*s\" WHERE b.id = NEW.record",
		           STR_ARG(l->table), STR_ARG(column));
		column = STR("p.id");
	} else {
		buf_printf(t->out, "SELECT \"%.*s\" FROM \"%.*s\" WHERE id = NEW.record", STR_ARG(column), STR_ARG(l->table));
	}
	return column;
}

static void separation(struct trigger *t, const struct action *act)
{
	for (size_t i = 0; i < act->not_.n; i++) {
		trigger_when(t);
		buf_puts(t->out, "NEW.action = ");
		put_text(t->out, act->name);
		buf_puts(t->out, " AND EXISTS (");
		struct str column = put_persons(t, &act->not_.v[i]);
		buf_printf(t->out, " AND %.*s IN (NEW.actor, NEW.on_behalf))", STR_ARG(column));
		trigger_raise(t, "separation: %.*s: not by %.*s", STR_ARG(act->name), STR_ARG(act->not_.v[i].name));
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
	trigger_when(t);
	buf_puts(t->out, "NEW.action = ");
	put_text(t->out, act->name);
	buf_puts(t->out, " AND ");
	put_open_steps(t);
	buf_puts(t->out, " AND (s.actor IN (NEW.actor, NEW.on_behalf) OR s.on_behalf IN (NEW.actor, NEW.on_behalf)))");
	trigger_raise(t, "separation: %.*s needs two different persons", STR_ARG(act->name));
	trigger_when(t);
	buf_puts(t->out, "NEW.action = ");
	put_text(t->out, act->name);
	buf_puts(t->out, " AND NEW.to_state IS NOT NEW.from_state AND NOT ");
	put_open_steps(t);
	buf_putc(t->out, ')');
	trigger_raise(t, "separation: %.*s needs two persons", STR_ARG(act->name));
}

static void action_conditions(struct trigger *t, const struct action *act)
{
	bool judged = act->not_.n || act->two_of.n || act->seal.n || act->seal_all;

	trigger_when(t);
	buf_puts(t->out, "NEW.action = ");
	put_text(t->out, act->name);
	buf_puts(t->out, " AND NOT (NEW.from_state IN ");
	put_texts(t->out, act->from.v, act->from.n);
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
	trigger_raise(t, "state: %.*s does not lead there", STR_ARG(act->name));
	if (act->automatic.n || judged) {
		trigger_when(t);
		buf_puts(t->out, "NEW.action = ");
		put_text(t->out, act->name);
		buf_puts(t->out, act->automatic.n ? " AND NEW.actor IS NOT NULL" : " AND NEW.actor IS NULL");
		trigger_raise(t, "separation: %.*s is %s", STR_ARG(act->name),
		              act->automatic.n ? "taken by the system" : "taken by a person");
	}
	if (texts_have(&act->needs, STR("note"))) {
		trigger_when(t);
		buf_puts(t->out, "NEW.action = ");
		put_text(t->out, act->name);
		buf_puts(t->out, " AND trim(coalesce(NEW.note, '')) = ''");
		trigger_raise(t, "note: %.*s needs a reason", STR_ARG(act->name));
	}
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
		buf_printf(t->out,
		           "SELECT r.\"%.*s\" FROM \"%.*s\" b JOIN \"%.*s\" r ON r.id = b.\"%.*s\" WHERE b.id = NEW.record",
		           STR_ARG(rest), STR_ARG(l->table), STR_ARG(to->table), STR_ARG(name));
	else if (f && f->many)
		buf_printf(t->out, "SELECT value FROM \"%.*s__%.*s\" WHERE record = NEW.record", STR_ARG(l->table),
		           STR_ARG(name));
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
		buf_printf(t->out, "SELECT \"%.*s\" FROM \"%.*s__%.*s\" WHERE record = NEW.record", STR_ARG(rest),
		           STR_ARG(l->table), STR_ARG(table));
		if (x->unless.n)
			buf_printf(t->out, " AND \"%.*s\" IS NULL", STR_ARG(x->unless));
	} else {
		struct who w = { WHO_FIELD, x->who };

		(void)put_persons(t, &w);
	}
}

static void apart(struct trigger *t, const struct apart *x)
{
	if (!ledgers_get(t->all, STR("persons")) || !ledgers_get(t->all, STR("org-units")))
		return;
	for (size_t i = 0; i < x->from.n; i++) {
		trigger_when(t);
		if (x->actions.n) {
			buf_puts(t->out, "NEW.action IN ");
			put_texts(t->out, x->actions.v, x->actions.n);
			buf_puts(t->out, " AND ");
		}
		buf_puts(t->out,
		         "EXISTS (SELECT 1 FROM persons p JOIN org_units_above_v a ON a.unit = p.section WHERE p.id IN (");
		put_apart_persons(t, x);
		buf_puts(t->out, ") AND a.above IN (");
		put_sections(t, x->from.v[i]);
		buf_puts(t->out, "))");
		trigger_raise(t, "separation: %.*s belongs to %.*s", STR_ARG(x->who), STR_ARG(x->from.v[i]));
	}
}

static void step_insert(struct trigger *t, struct str step)
{
	const struct ledger *l = t->l;

	trigger_begin(t, "t_insert", "BEFORE INSERT", step);
	trigger_when(t);
	buf_printf(t->out, "NOT EXISTS (SELECT 1 FROM \"%.*s\" WHERE id = NEW.record)", STR_ARG(l->table));
	trigger_raise(t, "reference: no such record");
	trigger_when(t);
	buf_printf(t->out, "NEW.action = 'create' AND EXISTS (SELECT 1 FROM \"%.*s\" WHERE record = NEW.record)",
	           STR_ARG(step));
	trigger_raise(t, "state: a record is created once");
	trigger_when(t);
	buf_puts(t->out, "NEW.action NOT IN ('create'");
	for (size_t i = 0; i < l->n_actions; i++) {
		buf_puts(t->out, ", ");
		put_text(t->out, l->actions[i].name);
	}
	buf_puts(t->out, ") AND NEW.from_state IS NOT NEW.to_state");
	trigger_raise(t, "state: no such action");
	trigger_when(t);
	buf_printf(t->out, "NEW.from_state IS NOT NULL AND NEW.from_state IS NOT (SELECT state FROM \"%.*s\" WHERE id = NEW.record)",
	           STR_ARG(l->table));
	trigger_raise(t, "state: the record is elsewhere by now");
	trigger_end_case(t);
	for (size_t i = 0; i < l->n_actions; i++)
		action_conditions(t, &l->actions[i]);
	trigger_end_case(t);
	/* All that an override can lift stands together: every connection holds every trigger in memory. */
	for (size_t i = 0; i < l->n_actions; i++)
		separation(t, &l->actions[i]);
	for (size_t i = 0; i < l->n_apart; i++)
		apart(t, &l->apart[i]);
	if (t->open) {
		buf_puts(t->out, " END WHERE ");
		put_no_override(t);
		buf_puts(t->out, ";\n");
		t->open = false;
	}
	trigger_rules(t, false, false, "_v", "NEW.record");
	trigger_finish(t);
}

void trigger_steps(struct trigger *t, struct str step)
{
	step_insert(t, step);
	trigger_begin(t, "t_update", "BEFORE UPDATE", step);
	t->any = true;
	buf_puts(t->out, "SELECT RAISE(ABORT, 'kept: steps do not change');\n");
	trigger_finish(t);
	trigger_begin(t, "t_delete", "BEFORE DELETE", step);
	t->any = true;
	buf_puts(t->out, "SELECT RAISE(ABORT, 'kept: steps are not deleted');\n");
	trigger_finish(t);
}
