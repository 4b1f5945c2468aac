/* Actions: who may take them now, what they demand, what they do. */
#include "core/engine.h"
#include "core/stage.h"
#include "core/ledger_expr.h"
#include "lib/i18n.h"
#include "lib/json.h"

static bool list_has(const struct str_list *l, struct str s)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i], s))
			return true;
	return false;
}

/* --- rows of other ledgers that refer to this record ------------------------------------------------------------- */

/* Is there a row of t->ledger whose field `via` (or table.column) refers to record id and for which `where` holds? */
static int row_exists(struct job *j, int64_t id, const struct row_test *t, bool *ret)
{
	const struct ledger *other = ledgers_get(j->w->ledgers, t->ledger);
	struct str column = t->via, table = str_cut(&column, '.');
	const struct field *f = other ? ledger_field(other, table) : NULL, *c = f && column.p ? field_column(f, column) : f;
	struct buf sql;
	*ret = false;
	if (!c)
		return err_set(j->e, ERR_INVALID, "%.*s.%.*s", STR_ARG(t->ledger), STR_ARG(t->via));
	const char *kind = c->type == FT_REF && c->to.n > 1 ? "_kind" : NULL;
	buf_init(&sql, SQL_TEXT_MAX);
	if (f->many || column.p) {
		const char *name = column.p ? arena_z(j->a, column) : "value";
		buf_printf(&sql, "SELECT record FROM \"%.*s__%.*s\" WHERE \"%s\" = ?1", STR_ARG(other->table), STR_ARG(f->name),
		           name);
		if (kind)
			buf_printf(&sql, " AND \"%s_kind\" = ?2", name);
	} else {
		buf_printf(&sql, "SELECT id FROM \"%.*s\" WHERE \"%.*s\" = ?1", STR_ARG(other->table), STR_ARG(f->name));
		if (kind)
			buf_printf(&sql, " AND \"%.*s_kind\" = ?2", STR_ARG(f->name));
	}
	struct stmt *s = buf_err(&sql) == 0 ? db_sql(j->w->db, buf_z(&sql)) : NULL;
	buf_release(&sql);
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_int(s, 1, id);
	if (kind)
		bind_str(s, 2, j->l->name);
	int64_t ids[1000];
	size_t n = 0;
	while (n < ARRAY_LEN(ids) && step(s) == 1)
		ids[n++] = col_int(s, 0);
	stmt_done(s);
	for (size_t i = 0; i < n && !*ret; i++) {
		struct job t2 = {.w = j->w, .a = j->a, .who = j->who, .l = other, .e = j->e};
		struct record r = {0};
		enum truth ok = TRUTH_FALSE;
		int err = record_load(&t2, ids[i], &r);
		if (err == 0)
			err = expr_judge(&t2, &r, &t->where, 1, &ok);
		if (err < 0)
			return err;
		*ret = ok == TRUTH_TRUE;
	}
	return 0;
}

int row_tests(struct job *j, const struct record *r, const struct row_test *tests, size_t n, bool wanted)
{
	for (size_t i = 0; i < n; i++) {
		enum truth applies = TRUTH_TRUE;
		bool found;
		int err = expr_judge(j, r, &tests[i].when, 1, &applies);
		if (err < 0)
			return err;
		if (applies != TRUTH_TRUE)
			continue;
		err = row_exists(j, r->id, &tests[i], &found);
		if (err < 0)
			return err;
		const struct ledger *other = ledgers_get(j->w->ledgers, tests[i].ledger);
		if (found != wanted)
			return err_set(j->e, ERR_DENIED, wanted ? _("A matching record is needed first: %.*s")
			                                        : _("Not while this is open: %.*s"),
			                                        STR_ARG(label_text(&other->label)));
	}
	return 0;
}

/* --- two approvers ----------------------------------------------------------------------------------------------- */

static unsigned slots(struct job *j, const struct record *r, const struct action *act, struct grant *ret)
{
	unsigned bits = 0;
	for (size_t i = 0; i < act->two_of.n && i < 8; i++) {
		struct grant g = rights_match(j, r, &(struct who_list){&act->two_of.v[i], 1}, &act->not_);
		if (g.ok && !bits)
			*ret = g;
		bits |= g.ok ? 1u << i : 0;
	}
	return bits;
}

/* Who gave the first approval since the record was last edited or moved; 0 nobody. Where the state stays as it is,
 * approvals come in pairs: only an odd one waits for its second. */
static int first_approver(struct job *j, const struct record *r, const struct action *act, int64_t *ret)
{
	struct buf sql;
	unsigned n = 0;
	int64_t last = 0;
	*ret = 0;
	buf_init(&sql, SQL_TEXT_MAX);
	buf_printf(&sql, "SELECT action, actor FROM \"%.*s_step\" WHERE record = ?1 AND id > coalesce((SELECT max(id) FROM \"%.*s_step\""
	           " WHERE record = ?1 AND (action = 'update' OR from_state IS NOT to_state)), 0) ORDER BY id DESC", STR_ARG(j->l->table),
	           STR_ARG(j->l->table));
	struct stmt *s = buf_err(&sql) == 0 ? db_sql(j->w->db, buf_z(&sql)) : NULL;
	buf_release(&sql);
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_int(s, 1, r->id);
	while (step(s) == 1)
		if (str_eq(col_str(s, 0), act->name) && !n++)
			last = col_int(s, 1);
	stmt_done(s);
	*ret = n % 2 ? last : 0;
	return 0;
}

static int permit_two(struct job *j, const struct record *r, const struct action *act, struct permit *ret)
{
	int64_t first;
	struct actor other;
	struct grant ignored;
	unsigned mine = slots(j, r, act, &ret->grant);
	int err = first_approver(j, r, act, &first);
	if (err < 0)
		return err;
	if (!mine)
		return err_set(j->e, ERR_DENIED, "%s", _("This is for others to decide"));
	ret->first = !first;
	if (!first || j->who->admin)
		return 0;
	if (first == j->who->person)
		return err_set(j->e, ERR_DENIED, "%s", _("Your approval is recorded; a second person has to approve as well"));
	err = actor_load(j->w->db, j->a, first, j->w->today, &other, NULL);
	if (err < 0) {
		ret->first = true;                           /* he has left meanwhile: two approvers are needed anew */
		return 0;
	}
	struct job jo = *j;
	jo.who = &other;
	unsigned theirs = slots(&jo, r, act, &ignored);
	for (unsigned i = 0; i < act->two_of.n; i++)
		for (unsigned k = 0; k < act->two_of.n; k++)
			if (i != k && (mine & (1u << i)) && (theirs & (1u << k)))
				return 0;
	return err_set(j->e, ERR_DENIED, "%s", _("The second approval has to come from the other role"));
}

/* --- permits ----------------------------------------------------------------------------------------------------- */

/* Does its condition speak of what the action itself asks for? Then it is judged with that filled in. */
static bool when_follows(const struct action *act)
{
	for (size_t i = 0; act->when.p && i < act->needs.n; i++)
		if (expr_mentions(act->when, act->needs.v[i]))
			return true;
	return false;
}

static int when_holds(struct job *j, const struct record *r, const struct action *act)
{
	enum truth holds;
	int err = expr_judge(j, r, &act->when, 1, &holds);
	if (err < 0)
		return err;
	return holds == TRUTH_TRUE ? 0 : err_set(j->e, ERR_WRONG_STATE, "%s", _("The conditions for this are not met"));
}

int act_permit(struct job *j, const struct record *r, const struct action *act, struct permit *ret)
{
	*ret = (struct permit){0};
	if (!list_has(&act->from, r->state))
		return err_set(j->e, ERR_WRONG_STATE, "%s", _("This is not possible in the present state"));
	if (act->automatic.p && !act->by.n && !act->two_of.n)
		return err_set(j->e, ERR_DENIED, "%s", _("The system does this by itself"));
	if (act->two_of.n) {
		int err = permit_two(j, r, act, ret);
		if (err < 0)
			return err;
	} else {
		ret->grant = rights_match(j, r, &act->by, overridden(j, r, act) ? NULL : &act->not_);
		if (!ret->grant.ok)
			return err_set(j->e, ERR_DENIED, "%s", rights_match(j, r, &act->by, NULL).ok
			               ? _("Whoever applied or is concerned may not decide on it")
			               : _("This is for others to decide"));
	}
	int err = when_follows(act) ? 0 : when_holds(j, r, act);
	if (err < 0)
		return err;
	err = row_tests(j, r, act->blocked_by, act->n_blocked_by, false);
	return err < 0 ? err : row_tests(j, r, act->needs_row, act->n_needs_row, true);
}

/* --- taking an action -------------------------------------------------------------------------------------------- */

/* Fields an action may fill in: those it needs, and those of a head meant for this person as far as the action's own
 * seal covers them or no seal does. */
static void action_fields(struct job *j, const struct record *r, const struct action *act, bool *allowed)
{
	for (size_t i = 0; i < j->l->n_fields; i++) {
		const struct field *f = &j->l->fields[i];
		allowed[i] = (list_has(&act->needs, f->name) || (f->required && stage_action(j->l, f) == act)) &&
		             field_is_stored(f);
		if (act->automatic.p)                    /* nobody but the system takes it */
			allowed[i] = field_is_stored(f);
		if (allowed[i] || !f->head || !f->head->has_edit || !rights_edit_field(j, r, f))
			continue;
		bool sealed = false;
		for (size_t k = 0; k < j->l->n_actions; k++)
			sealed |= seal_covers(j->l, &j->l->actions[k], f);
		allowed[i] = !sealed || seal_covers(j->l, act, f);
	}
}

bool *action_allowed(struct job *j, const struct record *r, const struct action *act)
{
	bool *allowed = arena_array(j->a, j->l->n_fields + 1, sizeof *allowed);
	if (allowed)
		action_fields(j, r, act, allowed);
	return allowed;
}

static int needs_met(struct job *j, const struct record *r, const struct action *act, const bool *shown,
                     struct str note)
{
	int bad = 0;
	for (size_t i = 0; i < act->needs.n; i++) {
		const struct field *f = ledger_field(j->l, act->needs.v[i]);
		bool empty = f ? shown[field_index(j->l, f)] && value_empty(&r->all[field_index(j->l, f)]) : !str_trim(note).n;
		if (!empty)
			continue;
		fault_add(j, act->needs.v[i], "%s", f ? _("Please fill this in") : _("Please give the reason"));
		bad = ERR_INVALID;
	}
	for (size_t i = 0; i < j->l->n_fields; i++) {    /* and what is demanded from this stage on */
		const struct field *f = &j->l->fields[i];
		if (!f->required || stage_action(j->l, f) != act || list_has(&act->needs, f->name) || !shown[i] ||
		    !value_empty(&r->all[i]))
			continue;
		fault_add(j, f->name, "%s", _("Please fill this in"));
		bad = ERR_INVALID;
	}
	return bad;
}

void stage_defaults(struct job *j, struct record *r, const struct action *act)
{
	for (size_t i = 0; i < j->l->n_fields; i++) {
		const struct field *f = &j->l->fields[i];
		if (!(list_has(&act->needs, f->name) || stage_action(j->l, f) == act) || !stage_default_waits(j->l, f) ||
		    !value_empty(&r->all[i]))
			continue;
		r->all[i].text = default_text(j, f);
		r->all[i].present = r->all[i].text.n > 0;
	}
}

static struct str matter_json(struct job *j, struct str matter)
{
	struct buf b;
	struct jw w;
	buf_init(&b, SQL_TEXT_MAX);
	jw_init(&w, &b, false);
	jw_array(&w);
	jw_object(&w);
	jw_kstr(&w, "field", STR("acts"));
	jw_kstr(&w, "before", STR_NONE);
	jw_kstr(&w, "after", matter);
	jw_end_object(&w);
	jw_end_array(&w);
	struct str out = arena_str(j->a, buf_view(&b));
	buf_release(&b);
	return out;
}

/* A deputy's act is put before his superior afterwards (後閲). */
static int act_on_behalf(struct job *j, const struct record *r, const struct action *act, const struct grant *g)
{
	struct stmt *s = db_sql(j->w->db, "INSERT INTO role_assignments__acts(record, pos, acted_at, matter)"
	                                  " VALUES (?1, (SELECT coalesce(max(pos) + 1, 0) FROM role_assignments__acts WHERE record = ?1), ?2, ?3)");
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	struct str label = act->label.ja.n ? act->label.ja : act->name;
	struct str matter = arena_strf(j->a, "%.*s %.*s %.*s", STR_ARG(j->l->label.ja), STR_ARG(r->number), STR_ARG(label));
	bind_int(s, 1, g->assignment);
	bind_int(s, 2, j->w->now);
	bind_str(s, 3, matter);
	int err = run(s, j->e);
	s = err < 0 ? NULL : db_sql(j->w->db, "UPDATE role_assignments SET version = version + 1, updated_at = ?2, updated_by = ?3 WHERE id = ?1"
	                                      " RETURNING version");
	if (!s)
		return err < 0 ? err : err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_int(s, 1, g->assignment);
	bind_int(s, 2, j->w->now);
	bind_int(s, 3, j->who->person);
	struct record row = {.id = g->assignment};
	if (step(s) == 1)
		row.version = col_int(s, 0);
	stmt_done(s);
	struct job roles = *j;
	roles.l = ledgers_get(j->w->ledgers, STR("role-assignments"));
	if (!roles.l)
		return 0;
	err = record_event(&roles, &row, "record.act-on-behalf", g->on_behalf, matter_json(j, matter), NULL);
	return err < 0 ? err : duty_follow(&roles, g->assignment);
}

static int set_seal(struct job *j, struct record *r, const struct action *act, struct step_row *row)
{
	char hash[65];
	if (act->seal.n || act->seal_all) {
		int err = seal_hash(j, r, act, hash);
		if (err < 0)
			return err;
		row->seal = r->seal = arena_str(j->a, str_from(hash));
		r->sealed_by = act->name;
		r->seal_broken = false;
	} else if (act->to.p && !str_eq(row->from_state, r->state) && ledger_state(j->l, r->state)->start) {
		r->seal = r->sealed_by = STR_NONE;           /* taken back: to be decided anew */
		r->seal_broken = false;
	}
	return 0;
}

int act_take(struct job *j, struct record *before, const struct action *act, const struct permit *p,
             const struct values *in, struct str note)
{
	struct record r = *before;
	struct str change = STR_NONE;
	size_t n;
	bool shown[FIELDS_MAX] = {0}, *allowed = action_allowed(j, before, act);
	r.all = arena_array(j->a, j->l->n_fields + 1, sizeof *r.all);
	if (!r.all || !allowed)
		return err_set(j->e, ERR_NOMEM, "record");
	memcpy(r.all, before->all, j->l->n_fields * sizeof *r.all);
	if (j->who->person)                              /* the system fills nothing in */
		stage_defaults(j, &r, act);
	int err = record_merge(j, &r, in, allowed);
	if (err == 0 && when_follows(act))
		err = when_holds(j, &r, act);
	if (err == 0 && (act->to.p && !p->first))
		r.state = act->to;
	int judged = expr_apply_when(j, &r, shown);
	if (judged == 0 && needs_met(j, &r, act, shown, note) < 0)
		judged = ERR_INVALID;
	if (judged == 0)
		judged = record_judge(j, &r, NULL);
	if (err < 0 || judged < 0)
		return err < 0 ? err : judged == ERR_INVALID ? err_set(j->e, judged, "%s", _("Please correct what is marked"))
		       : judged;
	struct step_row row = {.action = act->name, .note = str_trim(note).n ? str_trim(note) : STR_NONE,
	                       .from_state = before->state,
		.to_state = r.state, .on_behalf = p->grant.on_behalf};
	r.version++;
	r.updated_at = j->w->now;
	r.updated_by = j->who->person;
	if (!p->first)
		err = set_seal(j, &r, act, &row);
	if (err == 0)
		err = change_json(j, before, &r, &change, &n);
	r.title = title_make(j, &r);
	if (err == 0)
		err = store_update(j, before, &r);
	if (err >= 0)
		err = store_step(j, r.id, &row);
	if (err >= 0 && !str_eq(before->state, r.state))
		err = store_state(j, r.id, r.state);
	if (err >= 0 && p->grant.on_behalf)
		err = act_on_behalf(j, &r, act, &p->grant);
	if (err >= 0)
		err = record_event(j, &r, arena_printf(j->a, "record.%.*s", STR_ARG(act->name)), p->grant.on_behalf, change,
		                   NULL);
	if (err >= 0)
		err = notice_taken(j, r.id);
	if (err >= 0 && !p->first)
		err = notice_tell(j, &r, &act->tell, act->name);
	if (err >= 0 && !p->first)
		err = notice_applicant(j, &r, act, !str_eq(before->state, r.state));
	return err < 0 ? err : record_after(j, &r);
}
