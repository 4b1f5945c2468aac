/* One record: fields by head, what can be done now, linked records, duties, checks, history with proofs; printed form; files. */
#include "lib/date.h"
#include "office/form.h"
#include "office/input.h"
#include "office/ledger_page.h"
#include "office/pages.h"

#include <jansson.h>

#include "core/check.h"
#include "core/ledger_sql.h"
#include "office/note.h"
#include "office/setting.h"
#include "office/ui.h"
#include "queries.h"

#define LINKED_ROWS 10
#define HISTORY_STEPS 50

static struct str record_href(struct ctx *c, struct str ledger, struct str id)
{
	return arena_strf(c->arena, "/ledgers/%.*s/%.*s", STR_ARG(ledger), STR_ARG(id));
}

/* The ledger a reference leads to; ids of several ledgers are "ledger:id". */
static struct str ref_ledger(const struct field *f, struct str value, struct str *ret_id)
{
	struct str rest = value, head = str_cut(&rest, ':');
	if (f->type == FT_REF && f->to.n > 1 && rest.n) {
		*ret_id = rest;
		return head;
	}
	*ret_id = value;
	if (f->type == FT_PERSON)
		return STR("persons");
	if (f->type == FT_SECTION)
		return STR("org-units");
	return f->type == FT_REF && f->to.n ? f->to.v[0] : STR_NONE;
}

static int add_link(struct ctx *c, const struct field *f, struct str value, struct tpl_record_heads_facts_links *out, struct err *e)
{
	struct str id, ledger = ref_ledger(f, value, &id);
	struct attachment at;
	int64_t k;
	if (f->type == FT_FILE) {
		if (str_int(value, 1, INT64_MAX, &k) < 0)
			return ERR_NOTFOUND;
		int r = attachment_get(c, k, &at, e);
		if (r == 0)
			*out = (struct tpl_record_heads_facts_links){arena_strf(c->arena, "/attachments/%lld", (long long)k),
			        arena_strf(c->arena, "%.*s (%.*s)", STR_ARG(at.name), STR_ARG(file_size_text(c->arena, at.size)))};
		return r;
	}
	struct str label = value_display(&c->world, c->arena, &c->actor, f, value);
	struct str href = f->type == FT_CLAUSE ? arena_strf(c->arena, "/clauses/%.*s", STR_ARG(value))
	                : f->type == FT_CONTROL ? arena_strf(c->arena, "/controls/%.*s", STR_ARG(value))
	                : f->type == FT_URL ? value : record_href(c, ledger, id);
	*out = (struct tpl_record_heads_facts_links){href, label};
	return 0;
}

static bool is_link(const struct field *f)
{
	return f->type == FT_REF || f->type == FT_PERSON || f->type == FT_SECTION || f->type == FT_FILE || f->type == FT_CLAUSE ||
	       f->type == FT_CONTROL || f->type == FT_URL;
}

/* As value_display; a date with its 和暦, for which lists have no room. */
static struct str long_display(struct ctx *c, const struct field *f, struct str value)
{
	char wareki[DATE_WAREKI];
	struct date d;
	if (f->type != FT_DATE || i18n_lang() != LANG_JA || date_parse(value, &d) < 0)
		return value_display(&c->world, c->arena, &c->actor, f, value);
	date_wareki(d, wareki);
	return arena_strf(c->arena, "%.*s（%s）", STR_ARG(value), wareki);
}

static struct str cell_display(struct ctx *c, const struct field *f, const struct field *col, const struct cell *cell)
{
	if (!col) { /* the checklist's own columns */
		if (str_is(cell->name, "item")) {
			const struct choice *ch = field_choice(f, cell->text);
			return ch ? label_text(&ch->label) : cell->text;
		}
		if (str_is(cell->name, "answer"))
			return str_from(str_is(cell->text, "yes") ? _("Yes") : str_is(cell->text, "no") ? _("No") : str_is(cell->text, "na") ? _("Does not apply") : "");
		return cell->text;
	}
	if (!col->many)
		return long_display(c, col, cell->text);
	json_error_t je;
	struct buf b;
	json_t *list = cell->text.n ? json_loadb(cell->text.p, cell->text.n, 0, &je) : NULL;
	buf_init(&b, 65536);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *z = json_string_value(json_array_get(list, i));
		if (i)
			buf_puts(&b, i18n_lang() == LANG_JA ? "、" : ", ");
		if (z)
			buf_str(&b, value_display(&c->world, c->arena, &c->actor, col, str_from(z)));
	}
	json_decref(list);
	struct str s = arena_str(c->arena, buf_view(&b));
	buf_release(&b);
	return s;
}

static void fill_rows(struct ctx *c, const struct field *f, const struct value *v, struct tpl_record_heads_facts *fact)
{
	struct tpl_record_heads_facts_rows *rows = arena_array(c->arena, v->n_rows + 1, sizeof(*rows));
	struct tpl_record_heads_facts_columns *cols = arena_array(c->arena, f->n_columns + 8, sizeof(*cols));
	for (size_t i = 0; i < v->n_rows; i++) {
		const struct row *row = &v->rows[i];
		struct tpl_record_heads_facts_rows_cells *cells = arena_array(c->arena, row->n + 1, sizeof(*cells));
		for (size_t k = 0; k < row->n && k < f->n_columns + 8; k++) {
			cells[k] = (struct tpl_record_heads_facts_rows_cells){column_label(f, row->cells[k].name),
			        cell_display(c, f, field_column(f, row->cells[k].name), &row->cells[k])};
			if (i == 0)
				cols[fact->n_columns++] = (struct tpl_record_heads_facts_columns){cells[k].label};
		}
		rows[i] = (struct tpl_record_heads_facts_rows){cells, row->n};
	}
	fact->columns = cols;
	fact->rows = rows;
	fact->n_rows = v->n_rows;
}

static int fill_fact(struct ctx *c, const struct field *f, const struct value *v, struct tpl_record_heads_facts *fact, struct err *e)
{
	fact->label = label_text(&f->label);
	fact->secret = f->secret_set;
	if (f->type == FT_TABLE || f->type == FT_CHECKLIST) {
		fill_rows(c, f, v, fact);
		return 0;
	}
	size_t n = f->many ? v->n_many : v->text.n > 0;
	struct tpl_record_heads_facts_links *links = arena_array(c->arena, n + 1, sizeof(*links));
	struct buf b;
	buf_init(&b, 4u << 20);
	for (size_t i = 0; i < n; i++) {
		struct str value = f->many ? v->many[i] : v->text;
		if (is_link(f)) {
			fact->n_links += add_link(c, f, value, &links[fact->n_links], e) == 0;
			continue;
		}
		if (i)
			buf_puts(&b, i18n_lang() == LANG_JA ? "、" : ", ");
		buf_str(&b, long_display(c, f, value));
	}
	fact->links = links;
	fact->text = arena_str(c->arena, buf_view(&b));
	buf_release(&b);
	return 0;
}

static bool empty(const struct value *v)
{
	return !v || (!v->text.n && !v->n_many && !v->n_rows);
}

static int fill_heads(struct ctx *c, const struct record *rec, struct tpl_record *d, struct err *e)
{
	const struct ledger *l = rec->ledger;
	struct tpl_record_heads *heads = arena_array(c->arena, l->n_heads + 2, sizeof(*heads));
	struct tpl_record_heads_facts *facts = arena_array(c->arena, l->n_fields + 1, sizeof(*facts));
	const struct head *cur = NULL;
	size_t n = 0;
	for (size_t i = 0; i < l->n_fields; i++) {
		const struct field *f = &l->fields[i];
		const struct value *v = values_get(&rec->values, f->name);
		if (empty(v))
			continue;
		if (!d->n_heads || f->head != cur) {
			cur = f->head;
			heads[d->n_heads++] = (struct tpl_record_heads){.label = cur ? label_text(&cur->label) : STR(""), .facts = &facts[n]};
		}
		int r = fill_fact(c, f, v, &facts[n++], e);
		if (r < 0)
			return r;
		heads[d->n_heads - 1].n_facts++;
	}
	d->heads = heads;
	return 0;
}

/* --- actions --------------------------------------------------------------------------------------------------------------------- */

static bool simple_input(const struct field *f)
{
	return f->type != FT_TABLE && f->type != FT_CHECKLIST && f->type != FT_FILE && !is_link(f) && !f->many;
}

static bool action_needs(const struct action *a, struct str field)
{
	for (size_t i = 0; i < a->needs.n; i++)
		if (str_eq(a->needs.v[i], field))
			return true;
	return false;
}

static int fill_action(struct ctx *c, const struct record *rec, const struct action *a, struct tpl_record_actions *out, struct err *e)
{
	const struct ledger *l = rec->ledger;
	struct str id = arena_strf(c->arena, "%lld", (long long)rec->id);
	out->name = a->name;
	out->label = action_label(l, a);
	out->danger = action_is_refusal(a);
	out->action = arena_strf(c->arena, "%.*s/act/%.*s", STR_ARG(record_href(c, l->name, id)), STR_ARG(a->name));
	out->note_required = action_needs_note(a);
	out->note_label = a->by.n || a->two_of.n ? str_from(out->note_required ? _("Reason") : _("Remark")) : STR("");
	struct form_item *items;
	int r = record_form(&c->world, c->arena, &c->actor, l, rec, a, NULL, &items, e);
	if (r < 0)
		return r;
	struct tpl_input *v = arena_array(c->arena, l->n_fields + 1, sizeof(*v));
	for (size_t i = 0; i < l->n_fields; i++) {
		if (!items[i].shown || !items[i].editable || (out->danger && !action_needs(a, l->fields[i].name)))
			continue; /* a refusal asks for what it needs and no more */
		if (!simple_input(&l->fields[i])) {
			out->form = arena_strf(c->arena, "%.*s/edit?action=%.*s", STR_ARG(record_href(c, l->name, id)), STR_ARG(a->name));
			return 0;
		}
		if ((r = input_fill(c, l, &items[i], NULL, &v[out->n_inputs], e)) < 0)
			return r;
		v[out->n_inputs].scope = arena_strf(c->arena, "%.*s-", STR_ARG(a->name));
		v[out->n_inputs++].steers = false; /* no form to show again here */
	}
	out->inputs = v;
	return 0;
}

static bool from_state(const struct action *a, struct str state)
{
	for (size_t i = 0; i < a->from.n; i++)
		if (str_eq(a->from.v[i], state))
			return true;
	return false;
}

static int fill_actions(struct ctx *c, const struct record *rec, struct tpl_record *d, struct err *e)
{
	const struct ledger *l = rec->ledger;
	struct tpl_record_actions *can = arena_array(c->arena, l->n_actions + 1, sizeof(*can));
	struct tpl_record_cannot *cannot = arena_array(c->arena, l->n_actions + 1, sizeof(*cannot));
	for (size_t i = 0; i < l->n_actions; i++) {
		const struct action *a = &l->actions[i];
		struct err why = {0};
		if (a->automatic.n || !from_state(a, rec->state))
			continue;
		if (!record_may_act(&c->world, c->arena, &c->actor, rec, a, &why)) {
			cannot[d->n_cannot++] = (struct tpl_record_cannot){action_label(l, a), arena_str(c->arena, str_from(why.text))};
			continue;
		}
		int r = fill_action(c, rec, a, &can[d->n_actions++], e);
		if (r < 0)
			return r;
	}
	d->actions = can;
	d->cannot = cannot;
	return 0;
}

/* --- around the record ----------------------------------------------------------------------------------------------------------- */

static bool refers_to(const struct field *f, struct str ledger)
{
	for (size_t i = 0; f->type == FT_REF && i < f->to.n; i++)
		if (str_eq(f->to.v[i], ledger))
			return true;
	return false;
}

static int fill_linked(struct ctx *c, const struct record *rec, struct tpl_record *d, struct err *e)
{
	struct tpl_record_linked *v = arena_array(c->arena, 64, sizeof(*v));
	for (size_t i = 0; i < c->world.ledgers->n; i++) {
		const struct ledger *l = c->world.ledgers->v[i];
		if (!ledger_may_list(&c->actor, l))
			continue;
		for (size_t k = 0; k < l->n_fields && d->n_linked < 64; k++) {
			const struct field *f = &l->fields[k];
			if (!refers_to(f, rec->ledger->name) || f->secret_set)
				continue;
			struct list_query q = {.state = STR_NONE, .sort = STR_NONE, .after = STR_NONE, .limit = LINKED_ROWS, .n_filters = 1};
			struct str id = f->to.n > 1 ? arena_strf(c->arena, "%.*s:%lld", STR_ARG(rec->ledger->name), (long long)rec->id)
			                            : arena_strf(c->arena, "%lld", (long long)rec->id);
			q.filters[0] = (struct list_filter){f->name, STR("="), id};
			struct list_page page = {0};
			int r = record_list(&c->world, c->arena, &c->actor, l, &q, &page, e);
			if (r < 0)
				return r;
			if (!page.n_rows)
				continue;
			struct tpl_record_linked_rows *rows = arena_array(c->arena, page.n_rows, sizeof(*rows));
			for (size_t n = 0; n < page.n_rows; n++)
				rows[n] = (struct tpl_record_linked_rows){
					record_href(c, l->name, arena_strf(c->arena, "%lld", (long long)page.rows[n].id)),
					arena_strf(c->arena, "%.*s %.*s", STR_ARG(page.rows[n].number), STR_ARG(page.rows[n].title)),
					ui_state(c->arena, l, page.rows[n].state)};
			struct str label = label_text(&l->label), part = label_text(&f->label);
			v[d->n_linked++] = (struct tpl_record_linked){arena_strf(c->arena, "%.*s (%.*s)", STR_ARG(label), STR_ARG(part)), rows, page.n_rows};
		}
	}
	d->linked = v;
	return 0;
}

static void fill_findings(struct ctx *c, const struct record *rec, struct tpl_record *d)
{
	struct tpl_record_findings *v = arena_array(c->arena, 40, sizeof(*v));
	bool ja = i18n_lang() == LANG_JA;
	struct stmt *q = db_query(c->office->db, Q_FINDINGS_OF_RECORD);
	bind_str(q, 1, rec->ledger->name);
	bind_z(q, 2, arena_printf(c->arena, "%lld", (long long)rec->id));
	while (d->n_findings < 40 && step(q) == 1) {
		struct str control = col_dup(q, 0, c->arena);
		int s = status_parse(col_str(q, 1));
		v[d->n_findings++] = (struct tpl_record_findings){
			ui_status(c->arena, s < 0 ? ST_UNKNOWN : (enum status)s), arena_strf(c->arena, "/controls/%.*s", STR_ARG(control)),
			col_dup(q, ja ? 3 : 4, c->arena), check_reason(c->arena, control, col_dup(q, 2, c->arena))};
	}
	stmt_done(q);
	d->findings = v;
}

static void fill_duties(struct ctx *c, const struct record *rec, struct tpl_record *d)
{
	struct tpl_record_duties *v = arena_array(c->arena, 40, sizeof(*v));
	struct stmt *q = db_query(c->office->db, Q_DUTIES_OF_RECORD);
	bind_str(q, 1, rec->ledger->name);
	bind_int(q, 2, rec->id);
	while (d->n_duties < 40 && step(q) == 1) {
		struct str name = col_dup(q, 0, c->arena), due = col_dup(q, 1, c->arena), by = col_dup(q, 2, c->arena);
		struct str label = name;
		for (size_t i = 0; i < rec->ledger->n_duties; i++)
			if (str_eq(rec->ledger->duties[i].name, name))
				label = label_text(&rec->ledger->duties[i].label);
		int role = role_parse(by);
		v[d->n_duties++] = (struct tpl_record_duties){label, due, due.n && str_cmp(due, c->world.today) < 0,
		                                              role >= 0 ? str_from(role_label((enum role)role)) : col_dup(q, 3, c->arena)};
	}
	stmt_done(q);
	d->duties = v;
}

/* --- history ---------------------------------------------------------------------------------------------------------------------- */

static void fill_changes(struct ctx *c, const struct ledger *l, struct str change, struct tpl_record_steps *out)
{
	json_error_t je;
	json_t *list = change.n ? json_loadb(change.p, change.n, 0, &je) : NULL;
	size_t n = json_array_size(list);
	struct tpl_record_steps_changes *v = arena_array(c->arena, n + 1, sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		json_t *o = json_array_get(list, i);
		const char *name = json_string_value(json_object_get(o, "field"));
		const struct field *f = name ? ledger_field(l, str_from(name)) : NULL;
		if (name && !f && strcmp(name, "state") == 0)
			continue; /* shown as the step's own badge */
		v[out->n_changes++] = (struct tpl_record_steps_changes){
			f ? label_text(&f->label) : arena_str(c->arena, str_from(name ? name : "")), change_value(c, f, json_object_get(o, "before")),
			change_value(c, f, json_object_get(o, "after"))};
	}
	out->changes = v;
	json_decref(list);
}

static struct str step_label(const struct ledger *l, struct str action)
{
	const struct action *a = ledger_action(l, action);
	if (a)
		return action_label(l, a);
	return str_is(action, "create") ? str_from(_("Created")) : str_is(action, "update") ? str_from(_("Changed"))
	     : str_is(action, "override") ? str_from(_("A concerned person may decide once: unavoidable"))
	     : str_is(action, "read") ? str_from(_("Read, since it holds personal data")) : action;
}

static int fill_steps(struct ctx *c, const struct record *rec, struct tpl_record *d, struct err *e)
{
	struct step *steps;
	size_t n;
	int r = record_history(&c->world, c->arena, &c->actor, rec, &steps, &n, e);
	if (r < 0)
		return r;
	bool all = str_is(req_param(c, "history"), "all");
	if (!all && n > HISTORY_STEPS) {
		n = HISTORY_STEPS;
		d->older = arena_strf(c->arena, "%.*s?history=all", STR_ARG(c->req->path));
	}
	struct tpl_record_steps *v = arena_array(c->arena, n + 1, sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		const struct step *s = &steps[i];
		v[i] = (struct tpl_record_steps){
			.at = s->at, .who = s->actor_name.n ? s->actor_name : str_from(_("the system")), .on_behalf = s->on_behalf_name,
			.action = step_label(rec->ledger, s->action), .note = s->note, .sealed = s->event_index >= 0, .index = s->event_index,
			.from = s->from_state.n ? ui_state(c->arena, rec->ledger, s->from_state) : NULL,
			.to = s->to_state.n && !str_eq(s->to_state, s->from_state) ? ui_state(c->arena, rec->ledger, s->to_state) : NULL,
			.proof = arena_strf(c->arena, "/events/%lld", (long long)s->event_seq)};
		if (str_is(s->action, "override"))
			v[i].note = s->change; /* the reason, in words */
		else
			fill_changes(c, rec->ledger, s->change, &v[i]);
	}
	d->steps = v;
	d->n_steps = n;
	return 0;
}

static int personal_note(struct ctx *c, const struct record *rec, struct str *ret, struct err *e)
{
	struct buf b;
	if (!rec->personal.n)
		return 0;
	buf_init(&b, 4000);
	for (size_t i = 0; i < rec->personal.n; i++) {
		if (i)
			buf_puts(&b, ",");
		buf_str(&b, rec->personal.v[i]);
	}
	int r = note_personal_read(c, rec->ledger->name, rec->id, buf_view(&b), e);
	buf_release(&b);
	*ret = str_from(_("This page holds personal data: that you read it is recorded."));
	return r;
}

int page_record(struct ctx *c, struct err *e)
{
	struct ledger *l;
	struct record rec;
	int r = need_record(c, &l, &rec, e);
	if (r < 0)
		return r;
	struct str self = arena_strf(c->arena, "/ledgers/%.*s/%lld", STR_ARG(l->name), (long long)rec.id);
	struct tpl_record d = {
		.crumbs = ledger_crumbs(c, l, NULL), .record_label = label_text(&l->record), .number = rec.number, .title = rec.title,
		.state = ui_state(c->arena, l, rec.state), .seal = !rec.seal.n ? STR("") : rec.seal_broken ? STR("broken") : STR("ok"),
		.seal_text = rec.seal.n && rec.seal_broken ? str_from(_("A field that was approved has been edited since: the approval no longer counts.")) : STR(""),
		.edit = record_may_edit_any(c, &rec) ? arena_strf(c->arena, "%.*s/edit", STR_ARG(self)) : STR(""),
		.print = l->n_forms ? arena_strf(c->arena, "%.*s/print", STR_ARG(self)) : STR(""), .csrf = c->session->csrf, .version = rec.version,
	};
	if ((r = personal_note(c, &rec, &d.personal, e)) < 0 || (r = fill_heads(c, &rec, &d, e)) < 0 || (r = fill_actions(c, &rec, &d, e)) < 0 ||
	    (r = fill_linked(c, &rec, &d, e)) < 0 || (r = fill_steps(c, &rec, &d, e)) < 0 ||
	    (r = record_overrides_fill(c, &rec, &d, e)) < 0)
		return r;
	fill_findings(c, &rec, &d);
	fill_duties(c, &rec, &d);
	page_begin(c, arena_z(c->arena, rec.title.n ? rec.title : rec.number));
	tpl_record(&c->page, &d);
	return page_end(c, 200);
}

static struct str fact_words(struct ctx *c, const struct tpl_record_heads_facts *f)
{
	struct buf b;
	buf_init(&b, 1u << 20);
	buf_str(&b, f->text);
	for (size_t i = 0; i < f->n_links; i++) {
		if (b.n)
			buf_putc(&b, '\n');
		buf_str(&b, f->links[i].label);
	}
	for (size_t i = 0; i < f->n_rows; i++) {
		if (b.n)
			buf_putc(&b, '\n');
		for (size_t k = 0; k < f->rows[i].n_cells; k++) {
			const struct tpl_record_heads_facts_rows_cells *cell = &f->rows[i].cells[k];
			if (cell->text.n)
				buf_printf(&b, "%s%.*s: %.*s", k ? " / " : "", STR_ARG(cell->label), STR_ARG(cell->text));
		}
	}
	struct str s = arena_str(c->arena, buf_view(&b));
	buf_release(&b);
	return s;
}

static void print_heads(struct ctx *c, const struct tpl_record *d, struct tpl_print_form *p)
{
	struct tpl_print_form_heads *v = arena_array(c->arena, d->n_heads + 1, sizeof(*v));
	for (size_t i = 0; i < d->n_heads; i++) {
		const struct tpl_record_heads *h = &d->heads[i];
		struct tpl_print_form_heads_rows *rows = arena_array(c->arena, h->n_facts + 1, sizeof(*rows));
		for (size_t k = 0; k < h->n_facts; k++)
			rows[k] = (struct tpl_print_form_heads_rows){h->facts[k].label, fact_words(c, &h->facts[k])};
		v[i] = (struct tpl_print_form_heads){h->label, rows, h->n_facts};
	}
	p->heads = v;
	p->n_heads = d->n_heads;
}

static void print_decisions(struct ctx *c, const struct tpl_record *d, struct tpl_print_form *p)
{
	struct tpl_print_form_decisions *v = arena_array(c->arena, d->n_steps + 1, sizeof(*v));
	for (size_t i = d->n_steps; i > 0; i--) {
		const struct tpl_record_steps *s = &d->steps[i - 1];
		if (s->to)
			v[p->n_decisions++] = (struct tpl_print_form_decisions){s->action, s->who, s->on_behalf, s->at, s->note};
	}
	p->decisions = v;
}

/* The form whose `when` holds; the first without one otherwise. */
static int form_title(struct ctx *c, const struct record *rec, struct str *ret, struct err *e)
{
	const struct ledger *l = rec->ledger;
	*ret = label_text(&l->record);
	for (size_t i = 0; i < l->n_forms; i++) {
		bool fits = true;
		if (l->forms[i].list)
			continue;
		int r = l->forms[i].when.n ? ledger_expr_true(c->world.db, l, l->forms[i].when, rec->id, c->world.today, c->world.now, &fits, e) : 0;
		if (r < 0)
			return r;
		if (fits) {
			*ret = label_text(&l->forms[i].title);
			return 0;
		}
	}
	return 0;
}

int page_record_print(struct ctx *c, struct err *e)
{
	struct ledger *l;
	struct record rec;
	struct str note = STR("");
	int r = need_record(c, &l, &rec, e);
	if (r < 0)
		return r;
	struct tpl_record d = {0};
	struct tpl_print_form p = {
		.city = setting_text(c->office->db, c->arena, "city_name"), .number = rec.number, .date = rec.created_on,
		.state = label_text(&ledger_state(l, rec.state)->label), .seal = rec.seal, .seal_broken = rec.seal_broken,
		.section = value_display(&c->world, c->arena, &c->actor, &(struct field){.type = FT_SECTION}, arena_strf(c->arena, "%lld", (long long)rec.section)),
		.applicant = value_display(&c->world, c->arena, &c->actor, &(struct field){.type = FT_PERSON}, arena_strf(c->arena, "%lld", (long long)rec.applicant)),
		.back = arena_strf(c->arena, "/ledgers/%.*s/%lld", STR_ARG(l->name), (long long)rec.id),
	};
	if ((r = personal_note(c, &rec, &note, e)) < 0 || (r = form_title(c, &rec, &p.form_title, e)) < 0 || (r = fill_heads(c, &rec, &d, e)) < 0 ||
	    (r = fill_steps(c, &rec, &d, e)) < 0)
		return r;
	print_heads(c, &d, &p);
	print_decisions(c, &d, &p);
	page_begin(c, arena_z(c->arena, p.form_title));
	tpl_print_form(&c->page, &p);
	return page_end(c, 200);
}

int page_attachment(struct ctx *c, struct err *e)
{
	struct attachment at;
	struct record rec;
	int64_t id;
	if (str_int(c->args[0], 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such file."));
	int r = attachment_get(c, id, &at, e);
	if (r < 0)
		return r;
	const struct ledger *l = at.ledger.n ? ledgers_get(c->world.ledgers, at.ledger) : NULL;
	bool own_upload = !at.ledger.n && at.created_by == c->actor.person;
	bool seen = l && record_get(&c->world, c->arena, &c->actor, l, at.record, &rec, e) == 0 && values_get(&rec.values, at.field);
	if (!own_upload && !seen)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such file."));
	struct buf b;
	buf_init(&b, RESPONSE_BODY_MAX);
	r = attachment_bytes(c, &at, &b, e);
	if (r == 0 && (r = note_personal_read(c, at.ledger, at.record, arena_strf(c->arena, "attachment %lld", (long long)id), e)) == 0)
		r = res_file(c, "application/octet-stream", at.name, buf_view(&b));
	buf_release(&b);
	return r;
}
