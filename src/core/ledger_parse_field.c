/* Fields of a definition: heads, types, choices, checklists, tables. */
#include "core/ledger_parse.h"

#include <string.h>

static const char *const TYPE_NAMES[FT_COUNT_] = {
	[FT_TEXT] = "text", [FT_LONGTEXT] = "longtext", [FT_INTEGER] = "integer", [FT_DECIMAL] = "decimal",
	[FT_MONEY] = "money", [FT_BOOL] = "bool", [FT_DATE] = "date", [FT_DATETIME] = "datetime",
	[FT_DURATION] = "duration", [FT_CHOICE] = "choice", [FT_PERSON] = "person", [FT_SECTION] = "section",
	[FT_POST] = "post", [FT_ROLE] = "role", [FT_CLAUSE] = "clause", [FT_CONTROL] = "control", [FT_REF] = "ref",
	[FT_FILE] = "file", [FT_URL] = "url", [FT_EMAIL] = "email", [FT_PHONE] = "phone", [FT_IP] = "ip",
	[FT_CIDR] = "cidr", [FT_MAC] = "mac", [FT_PORT] = "port", [FT_HASH] = "hash",
	[FT_CLASSIFICATION] = "classification", [FT_ZONE] = "zone", [FT_FISCAL_YEAR] = "fiscal-year",
	[FT_CHECKLIST] = "checklist", [FT_TABLE] = "table",
};

const char *field_type_name(enum field_type t)
{
	return TYPE_NAMES[t];
}

static int own_type(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct field *f = whole;
	const char *near;

	for (int t = 0; t < FT_COUNT_; t++)
		if (n->kind == YAML_SCALAR && str_is(n->text, TYPE_NAMES[t])) {
			f->type = (enum field_type)t;
			return 0;
		}
	if (n->kind != YAML_SCALAR)
		return parse_fail(p, n, "a type is expected here");
	near = parse_nearest(n->text, TYPE_NAMES, FT_COUNT_);
	return parse_fail(p, n, "unknown type '%.*s'%s%s%s", STR_ARG(n->text), near ? ", did you mean '" : "",
	                  near ? near : "", near ? "'?" : "");
}

/* What is the same in every language, such as CVE-2026-00000, is written once. */
static int own_placeholder(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct field *f = whole;
	int rc;

	if (n->kind != YAML_SCALAR)
		return parse_label(p, n, &f->placeholder);
	rc = parse_text(p, n, &f->placeholder.ja);
	for (size_t i = 0; !rc && i < f->placeholder.ja.n; i++)
		if ((unsigned char)f->placeholder.ja.p[i] >= 0x80)
			return parse_fail(p, n, "placeholder: words are given in both languages, {ja: …, en: …}");
	f->placeholder.en = f->placeholder.ja;
	return rc;
}

static int own_clause(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct choice *c = whole;
	struct str_list list = { NULL, 0 };
	int rc = parse_texts(p, n, &list);

	c->clauses = list.v;
	c->n_clauses = list.n;
	return rc;
}

static int codes(struct parse *p, const struct yaml_node *n, struct choice **ret, size_t *ret_n)
{
	static const struct key keys[] = {
		{ "code", KEY_TEXT, offsetof(struct choice, code), true, NULL },
		{ "ja", KEY_TEXT, offsetof(struct choice, label.ja), true, NULL },
		{ "en", KEY_TEXT, offsetof(struct choice, label.en), true, NULL },
		{ "clause", KEY_OWN, 0, false, own_clause },
		{ "clauses", KEY_OWN, 0, false, own_clause },
	};
	struct yaml_node **items;
	void *v;
	int rc = parse_items(p, n, "of", sizeof **ret, CHOICES_MAX, &items, &v, ret_n);

	if (rc)
		return rc;
	*ret = v;
	for (size_t i = 0; i < *ret_n; i++) {
		if ((rc = parse_map(p, items[i], "code", keys, ARRAY_LEN(keys), &(*ret)[i])))
			return rc;
		for (size_t k = 0; k < i; k++)
			if (str_eq((*ret)[k].code, (*ret)[i].code))
				return parse_fail(p, items[i], "code '%.*s' is given twice", STR_ARG((*ret)[i].code));
	}
	return 0;
}

static int own_of(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct field *f = whole;

	return codes(p, n, &f->of, &f->n_of);
}

static int own_secret(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct field *f = whole;

	f->secret_set = true;
	return parse_who(p, n, &f->secret);
}

/* min and max: a number, a date rule or an expression. */
static int limit(struct parse *p, const struct yaml_node *n, struct str *ret)
{
	if (n->kind == YAML_SCALAR && str_has(n->text, "("))
		return parse_expr(p, n, STR_NONE, ret);
	return parse_text(p, n, ret);
}

static int own_min(struct parse *p, const struct yaml_node *n, void *whole)
{
	return limit(p, n, &((struct field *)whole)->min);
}

static int own_max(struct parse *p, const struct yaml_node *n, void *whole)
{
	return limit(p, n, &((struct field *)whole)->max);
}

static int own_where(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct field *f = whole;
	const struct field *row = p->row;
	int rc = f->to.n ? 0 : parse_fail(p, n, "'where' limits what a ref may name");

	p->row = NULL;
	for (size_t i = 0; i < f->to.n && !rc; i++)
		rc = parse_expr(p, n, f->to.v[i], &f->where);
	p->row = row;
	return rc;
}

static int own_axis(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct field *f = whole;
	int rc = parse_text(p, n, &f->axis);

	if (!rc && !str_is(f->axis, "c") && !str_is(f->axis, "i") && !str_is(f->axis, "a"))
		return parse_fail(p, n, "axis is c, i or a");
	return rc;
}

static int own_columns(struct parse *p, const struct yaml_node *n, void *whole);

static int own_stage(struct parse *p, const struct yaml_node *n, void *whole)
{
	return p->row ? parse_fail(p, n, "a column has the stage of its table")
	       : parse_text(p, n, &((struct field *)whole)->stage);
}

static const struct key FIELD_KEYS[] = {
	{ "name", KEY_FIELD_NAME, offsetof(struct field, name), true, NULL },
	{ "type", KEY_OWN, 0, true, own_type },
	{ "label", KEY_LABEL, offsetof(struct field, label), true, NULL },
	{ "required", KEY_BOOL, offsetof(struct field, required), false, NULL },
	{ "unique", KEY_BOOL, offsetof(struct field, unique), false, NULL },
	{ "many", KEY_BOOL, offsetof(struct field, many), false, NULL },
	{ "personal", KEY_BOOL, offsetof(struct field, personal), false, NULL },
	{ "secret", KEY_OWN, 0, false, own_secret },
	{ "help", KEY_LABEL, offsetof(struct field, help), false, NULL },
	{ "placeholder", KEY_OWN, 0, false, own_placeholder },
	{ "pattern", KEY_TEXT, offsetof(struct field, pattern), false, NULL },
	{ "min", KEY_OWN, 0, false, own_min },
	{ "max", KEY_OWN, 0, false, own_max },
	{ "default", KEY_TEXT, offsetof(struct field, def), false, NULL },
	{ "to", KEY_TEXTS, offsetof(struct field, to), false, NULL },
	{ "where", KEY_OWN, 0, false, own_where },
	{ "axis", KEY_OWN, 0, false, own_axis },
	{ "stage", KEY_OWN, 0, false, own_stage },
	{ "was", KEY_FIELD_NAME, offsetof(struct field, was), false, NULL },
	{ "of", KEY_OWN, 0, false, own_of },
	{ "items", KEY_OWN, 0, false, own_of },
	{ "items-from", KEY_TEXT, offsetof(struct field, items_from), false, NULL },
	{ "columns", KEY_OWN, 0, false, own_columns },
	{ "computed", KEY_EXPR, offsetof(struct field, computed), false, NULL },
	{ "when", KEY_EXPR, offsetof(struct field, when), false, NULL },
};

/* What the keys of one field say to each other. */
static int field_fits(struct parse *p, const struct yaml_node *n, const struct field *f)
{
	enum field_type t = f->type;

	if ((t == FT_CHOICE) != (yaml_get(n, "of") != NULL))
		return parse_fail(p, n, "%.*s: 'of' and the type choice go together", STR_ARG(f->name));
	if ((t == FT_REF) != (f->to.n > 0))
		return parse_fail(p, n, "%.*s: 'to' and the type ref go together", STR_ARG(f->name));
	if ((t == FT_CLASSIFICATION) != (f->axis.n > 0))
		return parse_fail(p, n, "%.*s: 'axis' and the type classification go together", STR_ARG(f->name));
	if ((t == FT_CHECKLIST) != ((yaml_get(n, "items") != NULL) != (f->items_from.n > 0)))
		return parse_fail(p, n, "%.*s: a checklist has 'items' or 'items-from'", STR_ARG(f->name));
	if (t == FT_TABLE ? f->n_columns == 0 : f->n_columns && t != FT_CHECKLIST)
		return parse_fail(p, n, "%.*s: 'columns' belong to a table or a checklist", STR_ARG(f->name));
	if (f->many && (t == FT_TABLE || t == FT_CHECKLIST))
		return parse_fail(p, n, "%.*s: a %s is many by itself", STR_ARG(f->name), TYPE_NAMES[t]);
	return 0;
}

static int one_field(struct parse *p, const struct yaml_node *n, struct field *f)
{
	int rc;

	f->at = parse_place(n);
	rc = parse_map(p, n, p->row ? "column" : "field", FIELD_KEYS, ARRAY_LEN(FIELD_KEYS), f);
	if (!rc)
		rc = field_fits(p, n, f);
	return rc;
}

static int own_columns(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct field *f = whole;
	struct yaml_node **items;
	void *v;
	int rc;

	if (p->row)
		return parse_fail(p, n, "a column cannot have columns");
	if ((rc = parse_items(p, n, "columns", sizeof *f->columns, FIELDS_MAX, &items, &v, &f->n_columns)))
		return rc;
	f->columns = v;
	p->row = f;
	for (size_t i = 0; i < f->n_columns && !rc; i++) {
		rc = one_field(p, items[i], &f->columns[i]);
		for (size_t k = 0; k < i && !rc; k++)
			if (str_eq(f->columns[k].name, f->columns[i].name))
				rc = parse_fail(p, items[i], "column '%.*s' is given twice", STR_ARG(f->columns[i].name));
		if (!rc && (f->columns[i].type == FT_TABLE || f->columns[i].type == FT_CHECKLIST))
			rc = parse_fail(p, items[i], "a column cannot be a %s", TYPE_NAMES[f->columns[i].type]);
	}
	p->row = NULL;
	return rc;
}

static int own_edit(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct head *h = whole;

	h->has_edit = true;
	return parse_who(p, n, &h->edit);
}

static const struct key HEAD_KEYS[] = {
	{ "head", KEY_TEXT, offsetof(struct head, name), true, NULL },
	{ "label", KEY_LABEL, offsetof(struct head, label), true, NULL },
	{ "when", KEY_EXPR, offsetof(struct head, when), false, NULL },
	{ "stage", KEY_TEXT, offsetof(struct head, stage), false, NULL },
	{ "edit", KEY_OWN, 0, false, own_edit },
};

/* Names and types first: a `secret` or `edit` may name a field that stands further down. */
static int scan_names(struct parse *p, struct yaml_node **items, size_t n)
{
	p->known = arena_array(p->a, n, sizeof *p->known);
	if (!p->known)
		return err_set(p->e, ERR_NOMEM, "%s: too large", p->file);
	for (size_t i = 0; i < n; i++) {
		const struct yaml_node *name = yaml_get(items[i], "name"), *type = yaml_get(items[i], "type");
		struct field *f = &p->known[p->n_known];
		int rc;

		if (items[i]->kind != YAML_MAP)
			return parse_fail(p, items[i], "a field is a map");
		if (!name || !type)
			continue;                        /* a head, or reported by the table of keys */
		if ((rc = parse_name(p, name, true, &f->name)) || (rc = own_type(p, type, f)))
			return rc;
		p->n_known++;
	}
	return 0;
}

int parse_fields(struct parse *p, const struct yaml_node *n, void *ledger)
{
	struct ledger *l = ledger;
	struct yaml_node **items;
	size_t count;
	void *v;
	int rc = parse_items(p, n, "fields", sizeof *l->fields, FIELDS_MAX, &items, &v, &count);

	if (rc || (rc = scan_names(p, items, count)))
		return rc;
	l->fields = v;
	l->heads = arena_array(p->a, count, sizeof *l->heads);
	if (!l->heads)
		return err_set(p->e, ERR_NOMEM, "%s: too large", p->file);
	for (size_t i = 0; i < count; i++) {
		if (yaml_get(items[i], "head")) {
			p->head = &l->heads[l->n_heads];
			rc = parse_map(p, items[i], "head", HEAD_KEYS, ARRAY_LEN(HEAD_KEYS), p->head);
			for (size_t k = 0; k < l->n_heads && !rc; k++)
				if (str_eq(l->heads[k].name, p->head->name))
					rc = parse_fail(p, items[i], "head '%.*s' is given twice", STR_ARG(p->head->name));
			l->n_heads++;
		} else {
			struct field *f = &l->fields[l->n_fields];

			f->head = p->head;
			rc = one_field(p, items[i], f);
			for (size_t k = 0; k < l->n_fields && !rc; k++)
				if (str_eq(l->fields[k].name, f->name))
					rc = parse_fail(p, items[i], "field '%.*s' is given twice", STR_ARG(f->name));
			l->n_fields++;
		}
		if (rc)
			return rc;
	}
	return 0;
}
