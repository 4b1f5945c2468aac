/* The fields of a record as a person reads them: under their heads, with links, dates with their 和暦, tables and
 * checklists. */
#include <jansson.h>

#include "lib/date.h"
#include "office/form.h"
#include "office/input.h"
#include "office/ledger_page.h"
#include "office/record_page.h"

struct str record_href(struct ctx *c, struct str ledger, struct str id)
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

static int add_link(struct ctx *c, const struct field *f, struct str value, struct tpl_record_heads_facts_links *out,
                    struct err *e)
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

bool field_is_link(const struct field *f)
{
	return f->type == FT_REF || f->type == FT_PERSON || f->type == FT_SECTION || f->type == FT_FILE ||
	       f->type == FT_CLAUSE || f->type == FT_CONTROL || f->type == FT_URL;
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
			return str_from(str_is(cell->text, "yes") ? _("Yes") : str_is(cell->text, "no") ? _("No")
			                : str_is(cell->text, "na") ? _("Does not apply") : "");
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

static int fill_fact(struct ctx *c, const struct field *f, const struct value *v, struct tpl_record_heads_facts *fact,
                     struct err *e)
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
		if (field_is_link(f)) {
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

int record_heads_fill(struct ctx *c, const struct record *rec, struct tpl_record *d, struct err *e)
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
			heads[d->n_heads++] = (struct tpl_record_heads){.label = cur ? label_text(&cur->label) : STR(""),
			                                                .facts = &facts[n]};
		}
		int r = fill_fact(c, f, v, &facts[n++], e);
		if (r < 0)
			return r;
		heads[d->n_heads - 1].n_facts++;
	}
	d->heads = heads;
	return 0;
}
