/* One record: fields by head, what can be done now, linked records, duties, checks, history with proofs. */
#include "core/check.h"
#include "office/input.h"
#include "office/ledger_page.h"
#include "office/note.h"
#include "office/pages.h"
#include "office/record_page.h"
#include "office/ui.h"
#include "queries.h"

#define LINKED_ROWS 10

/* --- actions ----------------------------------------------------------------------------------------------------- */

static bool simple_input(const struct field *f)
{
	return f->type != FT_TABLE && f->type != FT_CHECKLIST && f->type != FT_FILE && !field_is_link(f) && !f->many;
}

static bool action_needs(const struct action *a, struct str field)
{
	for (size_t i = 0; i < a->needs.n; i++)
		if (str_eq(a->needs.v[i], field))
			return true;
	return false;
}

static int fill_action(struct ctx *c, const struct record *rec, const struct action *a, struct tpl_record_actions *out,
                       struct err *e)
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
			out->form = arena_strf(c->arena, "%.*s/edit?action=%.*s", STR_ARG(record_href(c, l->name, id)),
			                       STR_ARG(a->name));
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
			cannot[d->n_cannot++] = (struct tpl_record_cannot){action_label(l, a),
			                                                   arena_str(c->arena, str_from(why.text))};
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

/* --- around the record ------------------------------------------------------------------------------------------- */

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
			struct list_query q = {.state = STR_NONE, .sort = STR_NONE, .after = STR_NONE, .limit = LINKED_ROWS,
			                       .n_filters = 1};
			struct str id = f->to.n > 1 ? arena_strf(c->arena, "%.*s:%lld", STR_ARG(rec->ledger->name),
			                                         (long long)rec->id)
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
			v[d->n_linked++] = (struct tpl_record_linked){arena_strf(c->arena, "%.*s (%.*s)", STR_ARG(label),
			                                                         STR_ARG(part)), rows, page.n_rows};
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
			ui_status(c->arena, s < 0 ? ST_UNKNOWN : (enum status)s),
			arena_strf(c->arena, "/controls/%.*s", STR_ARG(control)),
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
		                                              role >= 0 ? str_from(role_label((enum role)role))
		                                              : col_dup(q, 3, c->arena)};
	}
	stmt_done(q);
	d->duties = v;
}

/* --- the page ---------------------------------------------------------------------------------------------------- */

int record_personal_note(struct ctx *c, const struct record *rec, struct str *ret, struct err *e)
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
		.crumbs = ledger_crumbs(c, l, NULL), .record_label = label_text(&l->record), .number = rec.number,
		.title = rec.title, .state = ui_state(c->arena, l, rec.state),
		.seal = !rec.seal.n ? STR("") : rec.seal_broken ? STR("broken") : STR("ok"),
		.seal_text = rec.seal.n && rec.seal_broken
		? str_from(_("A field that was approved has been edited since: the approval no longer counts.")) : STR(""),
		    .edit = record_may_edit_any(c, &rec) ? arena_strf(c->arena, "%.*s/edit", STR_ARG(self)) : STR(""),
		.print = l->n_forms ? arena_strf(c->arena, "%.*s/print", STR_ARG(self)) : STR(""), .csrf = c->session->csrf,
		.version = rec.version,
	};
	if ((r = record_personal_note(c, &rec, &d.personal, e)) < 0 || (r = record_heads_fill(c, &rec, &d, e)) < 0 ||
	    (r = fill_actions(c, &rec, &d, e)) < 0 || (r = fill_linked(c, &rec, &d, e)) < 0 ||
	    (r = record_steps_fill(c, &rec, &d, e)) < 0 || (r = record_overrides_fill(c, &rec, &d, e)) < 0)
		return r;
	fill_findings(c, &rec, &d);
	fill_duties(c, &rec, &d);
	page_begin(c, arena_z(c->arena, rec.title.n ? rec.title : rec.number));
	tpl_record(&c->page, &d);
	return page_end(c, 200);
}
