/* What the history of a record says of one field, in words: as it was before and after a change. */
#include "office/ledger_page.h"

#include <jansson.h>

struct str column_label(const struct field *f, struct str name)
{
	const struct field *col = field_column(f, name);
	if (col)
		return label_text(&col->label);
	return str_from(str_is(name, "item") ? _("Item") : str_is(name, "answer") ? _("Answer") : str_is(name, "note")
	                ? _("Note") : "");
}

static struct str cell_words(struct ctx *c, const struct field *f, const char *name, json_t *v)
{
	const struct field *col = field_column(f, str_from(name));
	const char *z = json_string_value(v);
	if (col || !z)
		return change_value(c, col, v);
	const struct choice *ch = strcmp(name, "item") == 0 ? field_choice(f, str_from(z)) : NULL;
	if (ch)
		return label_text(&ch->label);
	if (strcmp(name, "answer") == 0)
		return str_from(strcmp(z, "yes") == 0 ? _("Yes") : strcmp(z, "no") == 0 ? _("No") : _("Does not apply"));
	return arena_str(c->arena, str_from(z));
}

/* Rows of a table or checklist, one a line: "Kind: paper / Quantity: 1". Empty cells are left out. */
static struct str rows_words(struct ctx *c, const struct field *f, json_t *rows)
{
	struct buf b;
	size_t i;
	json_t *row, *cell;
	const char *name;
	buf_init(&b, 1u << 20);
	json_array_foreach(rows, i, row) {
		bool first = true;
		json_object_foreach(row, name, cell) {
			struct str text = cell_words(c, f, name, cell), label = column_label(f, str_from(name));
			if (!text.n)
				continue;
			buf_puts(&b, !first ? " / " : b.n ? "\n" : "");
			buf_printf(&b, "%.*s%s%.*s", STR_ARG(label), label.n ? ": " : "", STR_ARG(text));
			first = false;
		}
	}
	struct str s = arena_str(c->arena, buf_view(&b));
	buf_release(&b);
	return s;
}

struct str change_value(struct ctx *c, const struct field *f, struct json_t *v)
{
	if (!v || json_is_null(v))
		return STR("");
	if (json_is_string(v)) {
		struct str s = arena_str(c->arena, str_n(json_string_value(v), json_string_length(v)));
		return f && f->type != FT_TABLE && f->type != FT_CHECKLIST ? value_display(&c->world, c->arena, &c->actor, f, s)
		       : s;
	}
	if (json_is_array(v) && f && (f->type == FT_TABLE || f->type == FT_CHECKLIST))
		return rows_words(c, f, v);
	if (json_is_array(v) && f && f->type != FT_TABLE && f->type != FT_CHECKLIST) {
		struct buf b;
		buf_init(&b, 1u << 20);
		for (size_t i = 0; i < json_array_size(v); i++) {
			if (i)
				buf_puts(&b, i18n_lang() == LANG_JA ? "、" : ", ");
			buf_str(&b, change_value(c, f, json_array_get(v, i)));
		}
		struct str s = arena_str(c->arena, buf_view(&b));
		buf_release(&b);
		return s;
	}
	char *z = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	struct str s = arena_str(c->arena, str_from(z));
	free(z);
	return s;
}

/* The `before` of this field in one change (JSON of record_log); false when the change did not touch it. */
static bool before_in(struct ctx *c, const struct field *f, struct str change, struct str *ret)
{
	json_error_t je;
	json_t *list = change.n ? json_loadb(change.p, change.n, 0, &je) : NULL, *item;
	size_t i;
	bool found = false;
	json_array_foreach(list, i, item) {
		const char *name = json_string_value(json_object_get(item, "field"));
		json_t *before = json_object_get(item, "before");
		if (!name || !str_is(f->name, name))
			continue;
		found = true;
		*ret = f->type == FT_TABLE || f->type == FT_CHECKLIST
		       ? arena_strf(c->arena, _("%zu rows"), json_array_size(before))
		                                                      : change_value(c, f, before);
	}
	json_decref(list);
	return found;
}

struct str value_at_version(struct ctx *c, const struct field *f, const struct step *steps, size_t n, int64_t version,
                            struct str now)
{
	for (size_t i = 0; i < n && steps[i].version > version; i++)
		before_in(c, f, steps[i].change, &now);
	return now;
}
