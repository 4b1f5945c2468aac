/* The printed form of one record: heads and their fields as words, who decided what when. */
#include "core/ledger_sql.h"
#include "office/ledger_page.h"
#include "office/pages.h"
#include "office/record_page.h"
#include "office/setting.h"

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
		int r = l->forms[i].when.n ? ledger_expr_true(c->world.db, l, l->forms[i].when, rec->id, c->world.today,
		                                              c->world.now, &fits, e) : 0;
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
		.section = value_display(&c->world, c->arena, &c->actor, &(struct field){.type = FT_SECTION},
		                         arena_strf(c->arena, "%lld", (long long)rec.section)),
		.applicant = value_display(&c->world, c->arena, &c->actor, &(struct field){.type = FT_PERSON},
		                           arena_strf(c->arena, "%lld", (long long)rec.applicant)),
		.back = arena_strf(c->arena, "/ledgers/%.*s/%lld", STR_ARG(l->name), (long long)rec.id),
	};
	if ((r = record_personal_note(c, &rec, &note, e)) < 0 || (r = form_title(c, &rec, &p.form_title, e)) < 0 ||
	    (r = record_heads_fill(c, &rec, &d, e)) < 0 || (r = record_steps_fill(c, &rec, &d, e)) < 0)
		return r;
	print_heads(c, &d, &p);
	print_decisions(c, &d, &p);
	page_begin(c, arena_z(c->arena, p.form_title));
	tpl_print_form(&c->page, &p);
	return page_end(c, 200);
}
