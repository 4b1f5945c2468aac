/* Typed values of several texts or rows: many, table, checklist. */
#include <jansson.h>

#include "core/engine.h"
#include "lib/i18n.h"
#include "lib/json.h"

static struct str joined_path(struct job *j, struct str field, size_t row, struct str column)
{
	return arena_strf(j->a, "%.*s.%zu.%.*s", STR_ARG(field), row, STR_ARG(column));
}

static int check_many(struct job *j, const struct field *f, const struct value *typed, const struct value *before,
                      struct value *ret)
{
	int bad = 0;
	if (typed->n_many > MANY_MAX) {
		fault_add(j, f->name, _("At most %d entries"), MANY_MAX);
		return ERR_INVALID;
	}
	ret->many = arena_array(j->a, typed->n_many ? typed->n_many : 1, sizeof *ret->many);
	if (!ret->many)
		return err_set(j->e, ERR_NOMEM, "record");
	for (size_t i = 0; i < typed->n_many; i++) {
		struct str was = STR_NONE, got;
		for (size_t k = 0; before && k < before->n_many && !was.p; k++)
			if (str_eq(exact_to_text(j->a, f->type, before->many[k]), typed->many[i]))
				was = before->many[k];
		if (check_text(j, f, f->name, typed->many[i], was, &got) < 0)
			bad = ERR_INVALID;
		bool twice = !got.n;
		for (size_t k = 0; k < ret->n_many && !twice; k++)
			twice = str_eq(ret->many[k], got);
		if (!twice)
			ret->many[ret->n_many++] = got;
	}
	ret->present = ret->n_many > 0;
	return bad;
}

/* A `many` column is one cell: a JSON array, or texts separated by ; or line ends. */
static int check_many_cell(struct job *j, const struct field *c, struct str path, struct str typed, struct str *ret)
{
	struct buf out;
	struct jw w;
	int bad = 0;
	size_t n = 0;
	struct field one = *c;
	one.many = false;
	buf_init(&out, 64u << 10);
	jw_init(&w, &out, false);
	jw_array(&w);
	json_t *list = typed.n && typed.p[0] == '[' ? json_loadb(typed.p, typed.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
	struct str rest = list ? STR_NONE : typed;
	for (size_t i = 0; list ? i < json_array_size(list) && i < MANY_MAX : rest.n > 0 && n < MANY_MAX; i++) {
		struct str part, got;
		const json_t *item = list ? json_array_get(list, i) : NULL;
		if (item)
			part = json_is_integer(item) ? arena_strf(j->a, "%lld", (long long)json_integer_value(item))
			                             : str_from(json_string_value(item));
		else {
			size_t end = 0;
			while (end < rest.n && rest.p[end] != ';' && rest.p[end] != '\n')
				end++;
			part = str_trim(str_n(rest.p, end));
			rest = str_slice(rest, end + 1, rest.n);
		}
		if (check_text(j, &one, path, part, STR_NONE, &got) < 0)
			bad = ERR_INVALID;
		else if (got.n) {
			jw_str(&w, got);
			n++;
		}
	}
	jw_end_array(&w);
	json_decref(list);
	*ret = n && buf_err(&out) == 0 ? arena_str(j->a, buf_view(&out)) : STR_NONE;
	buf_release(&out);
	return bad;
}

static struct str cell_before(struct job *j, const struct field *c, const struct value *before, struct str typed)
{
	for (size_t i = 0; before && i < before->n_rows; i++) {
		struct str was = row_cell(&before->rows[i], c->name);
		if (was.n && str_eq(exact_to_text(j->a, c->type, was), typed))
			return was;
	}
	return STR_NONE;
}

/* What a checklist keeps by itself: who answered and when, as long as the answer stays. */
static void checklist_stamp(struct job *j, const struct value *before, struct row *row)
{
	struct str item = row_cell(row, STR("item"));
	struct str who = j->who->person ? arena_strf(j->a, "%lld", (long long)j->who->person) : STR_NONE;
	struct str at = arena_strf(j->a, "@%lld", (long long)j->w->now);
	for (size_t i = 0; before && i < before->n_rows; i++) {
		const struct row *was = &before->rows[i];
		if (str_eq(row_cell(was, STR("item")), item) &&
		    str_eq(row_cell(was, STR("answer")), row_cell(row, STR("answer"))) &&
		    str_eq(row_cell(was, STR("note")), row_cell(row, STR("note")))) {
			who = row_cell(was, STR("who"));
			at = row_cell(was, STR("at"));
		}
	}
	for (size_t i = 0; i < row->n; i++)
		if (str_is(row->cells[i].name, "who"))
			row->cells[i].text = who;
		else if (str_is(row->cells[i].name, "at"))
			row->cells[i].text = at;
}

static bool answer_known(struct str s)
{
	return !s.n || str_is(s, "yes") || str_is(s, "no") || str_is(s, "na");
}

/* The stored row that a typed one goes back to: the one that looks the same to this person, else the one in its
 * place. */
static const struct row *row_before(struct job *j, const struct field *f, const struct value *before,
                                    const struct row *typed, size_t index)
{
	for (size_t i = 0; before && i < before->n_rows; i++) {
		bool same = true;
		for (size_t c = 0; same && c < f->n_columns; c++)
			same = !rights_see_column(j, &f->columns[c]) ||
			       str_eq(exact_to_text(j->a, f->columns[c].type, row_cell(&before->rows[i], f->columns[c].name)),
			              row_cell(typed, f->columns[c].name));
		if (same)
			return &before->rows[i];
	}
	return before && index < before->n_rows ? &before->rows[index] : NULL;
}

/* One row into ret; *ret_any: something stands in it. */
static int check_row(struct job *j, const struct field *f, const struct row *typed, size_t index,
                     const struct value *before, struct row *ret, bool *ret_any)
{
	const struct field *cols[FIELDS_MAX];
	size_t n = rows_columns(f, cols, FIELDS_MAX);
	int bad = 0;
	ret->cells = arena_array(j->a, n, sizeof *ret->cells);
	*ret_any = false;
	if (!ret->cells)
		return err_set(j->e, ERR_NOMEM, "record");
	for (size_t i = 0; i < n; i++) {
		const struct field *c = cols[i];
		struct str text = row_cell(typed, c->name), got = STR_NONE, path = joined_path(j, f->name, index, c->name);
		bool own = f->type == FT_CHECKLIST && (str_is(c->name, "who") || str_is(c->name, "at"));
		if (!own && !rights_see_column(j, c)) {      /* what one does not see stays */
			const struct row *was = row_before(j, f, before, typed, index);
			ret->cells[ret->n++] = (struct cell){c->name, was ? row_cell(was, c->name) : STR_NONE};
			continue;
		}
		int r = own ? 0 : c->many ? check_many_cell(j, c, path, text, &got)
		                          : check_text(j, c, path, text, cell_before(j, c, before, text), &got);
		if (r < 0)
			bad = ERR_INVALID;
		if (f->type == FT_CHECKLIST && str_is(c->name, "answer") && !answer_known(got)) {
			fault_add(j, path, "%s", _("Answer yes, no or not applicable"));
			bad = ERR_INVALID;
		}
		ret->cells[ret->n++] = (struct cell){c->name, got};
		*ret_any |= text.n && !own && !(f->type == FT_CHECKLIST && str_is(c->name, "item"));
	}
	return bad;
}

/* Cells that must not be empty, defaults of columns. */
static int row_complete(struct job *j, const struct field *f, struct row *row, size_t index)
{
	int bad = 0;
	for (size_t i = 0; i < f->n_columns; i++) {
		const struct field *c = &f->columns[i];
		for (size_t k = 0; k < row->n; k++) {
			struct cell *cell = &row->cells[k];
			if (!str_eq(cell->name, c->name) || cell->text.n)
				continue;
			if (c->def.p && !c->when.p)
				cell->text = default_text(j, c);
			if (c->required && !c->when.p && !c->computed.p && !cell->text.n) {
				fault_add(j, joined_path(j, f->name, index, c->name), "%s", _("Please fill this in"));
				bad = ERR_INVALID;
			}
		}
	}
	return bad;
}

static int by_item(const void *x, const void *y)
{
	struct str a = row_cell(x, STR("item")), b = row_cell(y, STR("item"));
	int r = memcmp(a.p ? a.p : "", b.p ? b.p : "", a.n < b.n ? a.n : b.n);
	return r ? r : (a.n > b.n) - (a.n < b.n);
}

static int check_rows(struct job *j, const struct field *f, const struct value *typed, const struct value *before,
                      struct value *ret)
{
	int bad = 0;
	if (typed->n_rows > ROWS_MAX) {
		fault_add(j, f->name, _("At most %d rows"), ROWS_MAX);
		return ERR_INVALID;
	}
	ret->rows = arena_array(j->a, typed->n_rows ? typed->n_rows : 1, sizeof *ret->rows);
	if (!ret->rows)
		return err_set(j->e, ERR_NOMEM, "record");
	for (size_t i = 0; i < typed->n_rows; i++) {
		struct row row = {0};
		bool any;
		if (check_row(j, f, &typed->rows[i], i, before, &row, &any) < 0)
			bad = ERR_INVALID;
		if (!any)
			continue;
		if (f->type == FT_CHECKLIST) {
			struct str item = row_cell(&row, STR("item"));
			if (!item.n || (f->n_of && !field_choice(f, item))) {
				fault_add(j, joined_path(j, f->name, i, STR("item")), "%s", _("There is no such item"));
				bad = ERR_INVALID;
			}
			checklist_stamp(j, before, &row);
		}
		if (row_complete(j, f, &row, i) < 0)
			bad = ERR_INVALID;
		ret->rows[ret->n_rows++] = row;
	}
	if (f->type == FT_CHECKLIST)
		qsort(ret->rows, ret->n_rows, sizeof *ret->rows, by_item);
	ret->present = ret->n_rows > 0;
	return bad;
}

int check_value(struct job *j, const struct field *f, const struct value *typed, const struct value *before,
                struct value *ret)
{
	*ret = (struct value){.field = f->name};
	if (f->type == FT_TABLE || f->type == FT_CHECKLIST)
		return check_rows(j, f, typed, before, ret);
	if (f->many)
		return check_many(j, f, typed, before, ret);
	int r = check_text(j, f, f->name, typed->text, before ? before->text : STR_NONE, &ret->text);
	ret->present = ret->text.n > 0;
	return r;
}
