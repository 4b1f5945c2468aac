#include "core/ledger_parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/org.h"

struct place parse_place(const struct yaml_node *n)
{
	return (struct place){ n->line, n->col };
}

static int fail_v(struct parse *p, struct place at, const char *fmt, va_list ap)
{
	char text[ERR_TEXT_MAX];

	vsnprintf(text, sizeof text, fmt, ap);
	return err_at(p->e, ERR_SYNTAX, p->file, at.line, at.col, "%s", text);
}

int parse_fail(struct parse *p, const struct yaml_node *n, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = fail_v(p, parse_place(n), fmt, ap);
	va_end(ap);
	return rc;
}

int parse_fail_at(struct parse *p, struct place at, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = fail_v(p, at, fmt, ap);
	va_end(ap);
	return rc;
}

#define WORD_MAX 40

/* Edits between two short words (Levenshtein), one row at a time. */
static size_t distance(struct str a, struct str b)
{
	size_t row[WORD_MAX + 1];

	if (a.n > WORD_MAX || b.n > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t best = diagonal + (a.p[i - 1] != b.p[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b.n];
}

const char *parse_nearest(struct str word, const char *const *names, size_t n)
{
	const char *best = NULL;
	size_t least = word.n / 3 + 1;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(word, str_from(names[i]));

		if (d <= least && (!best || d < least)) {
			best = names[i];
			least = d;
		}
	}
	return best;
}

static int unknown_key(struct parse *p, const struct yaml_node *k, const char *what, const struct key *keys,
                       size_t n_keys)
{
	const char *names[64], *near;
	size_t n = n_keys < ARRAY_LEN(names) ? n_keys : ARRAY_LEN(names);

	for (size_t i = 0; i < n; i++)
		names[i] = keys[i].name;
	near = parse_nearest(k->text, names, n);
	return parse_fail(p, k, "%s: unknown key '%.*s'%s%s%s", what, STR_ARG(k->text), near ? ", did you mean '" : "",
	                  near ? near : "", near ? "'?" : "");
}

int parse_text(struct parse *p, const struct yaml_node *n, struct str *ret)
{
	if (n->kind != YAML_SCALAR)
		return parse_fail(p, n, "a text is expected here");
	if (n->text.n == 0)
		return parse_fail(p, n, "empty text");
	*ret = arena_str(p->a, n->text);
	return ret->p ? 0 : err_set(p->e, ERR_NOMEM, "%s: too large", p->file);
}

int parse_texts(struct parse *p, const struct yaml_node *n, struct str_list *ret)
{
	size_t count = n->kind == YAML_LIST ? n->n : 1;
	struct str *v;

	if (n->kind == YAML_MAP)
		return parse_fail(p, n, "a text or a list of texts is expected here");
	if (count > LIST_MAX)
		return parse_fail(p, n, "more than %d entries", LIST_MAX);
	v = arena_array(p->a, count ? count : 1, sizeof *v);
	if (!v)
		return err_set(p->e, ERR_NOMEM, "%s: too large", p->file);
	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *item = n->kind == YAML_LIST ? n->items[i] : n;
		int rc = parse_text(p, item, &v[i]);

		if (rc)
			return rc;
		for (size_t k = 0; k < i; k++)
			if (str_eq(v[k], v[i]))
				return parse_fail(p, item, "'%.*s' is given twice", STR_ARG(v[i]));
	}
	*ret = (struct str_list){ v, count };
	return 0;
}

int parse_name(struct parse *p, const struct yaml_node *n, bool field, struct str *ret)
{
	int rc = parse_text(p, n, ret);

	if (rc)
		return rc;
	for (size_t i = 0; i < ret->n; i++) {
		char c = ret->p[i];

		if (!((c >= 'a' && c <= 'z') || (i && c >= '0' && c <= '9') || (i && c == (field ? '_' : '-'))))
			return parse_fail(p, n, "'%.*s' is no name: lower case letters, digits and %s", STR_ARG(*ret),
			                  field ? "_" : "-");
	}
	return ret->n <= WORD_MAX ? 0 : parse_fail(p, n, "a name has at most %d letters", WORD_MAX);
}

int parse_label(struct parse *p, const struct yaml_node *n, struct label *ret)
{
	static const struct key keys[] = {
		{ "ja", KEY_TEXT, offsetof(struct label, ja), true, NULL },
		{ "en", KEY_TEXT, offsetof(struct label, en), true, NULL },
	};

	return parse_map(p, n, "label", keys, ARRAY_LEN(keys), ret);
}

static struct field *parse_known(struct parse *p, struct str name)
{
	for (size_t i = 0; i < p->n_known; i++)
		if (str_eq(p->known[i].name, name))
			return &p->known[i];
	return NULL;
}

bool parse_is_role(struct str code)
{
#define CODE(id, text) text,
	static const char *const codes[] = { ROLE_LIST(CODE) };
#undef CODE

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (str_is(code, codes[i]))
			return true;
	return false;
}

/* Who: a role, a field naming a person or a post, or one of four words. */
static int one_who(struct parse *p, const struct yaml_node *n, struct who *ret)
{
	const struct field *f;
	int rc = parse_text(p, n, &ret->name);

	if (rc)
		return rc;
	if (parse_is_role(ret->name)) {
		ret->kind = WHO_ROLE;
		return 0;
	}
	f = parse_known(p, ret->name);
	if (str_is(ret->name, "applicant"))
		ret->kind = WHO_APPLICANT;
	else if (str_is(ret->name, "delegate"))
		ret->kind = WHO_DELEGATE;
	else if (str_is(ret->name, "owner") && f && f->type == FT_PERSON)
		ret->kind = WHO_OWNER;
	else if (str_is(ret->name, "manager-of-section")) {
		const struct field *section = parse_known(p, STR("section"));

		if (!section || section->type != FT_SECTION)
			return parse_fail(p, n, "manager-of-section: this ledger has no field 'section'");
		ret->kind = WHO_MANAGER_OF_SECTION;
	} else if (f && (f->type == FT_PERSON || f->type == FT_POST))
		ret->kind = WHO_FIELD;
	else
		return parse_fail(p, n, "'%.*s' is no role, word or field of a person or post", STR_ARG(ret->name));
	return 0;
}

int parse_who(struct parse *p, const struct yaml_node *n, struct who_list *ret)
{
	struct str_list texts = { NULL, 0 };
	struct who *v;
	int rc = parse_texts(p, n, &texts);

	if (rc)
		return rc;
	v = arena_array(p->a, texts.n ? texts.n : 1, sizeof *v);
	if (!v)
		return err_set(p->e, ERR_NOMEM, "%s: too large", p->file);
	for (size_t i = 0; i < texts.n; i++)
		if ((rc = one_who(p, n->kind == YAML_LIST ? n->items[i] : n, &v[i])))
			return rc;
	*ret = (struct who_list){ v, texts.n };
	return 0;
}

int parse_expr(struct parse *p, const struct yaml_node *n, struct str on, struct str *ret)
{
	int rc = parse_text(p, n, ret);

	if (rc)
		return rc;
	if (p->l->n_exprs == EXPRS_MAX)
		return parse_fail(p, n, "more than %d expressions", EXPRS_MAX);
	p->l->exprs[p->l->n_exprs++] = (struct expr){ *ret, parse_place(n), on, p->row };
	return 0;
}

static int parse_value(struct parse *p, const struct yaml_node *n, const struct key *k, void *whole)
{
	void *at = (char *)whole + k->off;

	switch (k->kind) {
	case KEY_NAME:
		return parse_name(p, n, false, at);
	case KEY_FIELD_NAME:
		return parse_name(p, n, true, at);
	case KEY_TEXT:
		return parse_text(p, n, at);
	case KEY_TEXTS:
		return parse_texts(p, n, at);
	case KEY_BOOL:
		return yaml_bool(n, at) ? parse_fail(p, n, "true or false is expected here") : 0;
	case KEY_LABEL:
		return parse_label(p, n, at);
	case KEY_EXPR:
		return parse_expr(p, n, STR_NONE, at);
	case KEY_WHO:
		return parse_who(p, n, at);
	case KEY_OWN:
		return k->own(p, n, whole);
	}
	return ERR_SYNTAX;
}

int parse_map(struct parse *p, const struct yaml_node *n, const char *what, const struct key *keys, size_t n_keys,
              void *whole)
{
	if (n->kind != YAML_MAP)
		return parse_fail(p, n, "%s: a map is expected here", what);
	for (size_t i = 0; i < n->n; i++) {
		const struct key *k = NULL;

		for (size_t j = 0; j < n_keys && !k; j++)
			if (str_is(n->keys[i]->text, keys[j].name))
				k = &keys[j];
		if (!k)
			return unknown_key(p, n->keys[i], what, keys, n_keys);
	}
	/* in the order of the table: later keys may lean on earlier ones */
	for (size_t j = 0; j < n_keys; j++) {
		const struct yaml_node *v = yaml_get(n, keys[j].name);
		int rc;

		if (!v && keys[j].required)
			return parse_fail(p, n, "%s: '%s' is missing", what, keys[j].name);
		if (v && (rc = parse_value(p, v, &keys[j], whole)))
			return rc;
	}
	return 0;
}

int parse_items(struct parse *p, const struct yaml_node *n, const char *what, size_t size, size_t max,
                struct yaml_node ***ret_items, void **ret, size_t *ret_n)
{
	size_t count = n->kind == YAML_LIST ? n->n : 1;
	struct yaml_node **items = n->items;

	if (n->kind == YAML_SCALAR)
		return parse_fail(p, n, "%s: a list is expected here", what);
	if (count == 0)
		return parse_fail(p, n, "%s: empty list", what);
	if (count > max)
		return parse_fail(p, n, "%s: more than %zu entries", what, max);
	*ret = arena_array(p->a, count, size);
	if (n->kind == YAML_MAP && (items = arena_array(p->a, 1, sizeof *items))) {
		items[0] = arena_alloc(p->a, sizeof *items[0]);
		if (items[0])
			*items[0] = *n;
	}
	if (!*ret || !items || !items[0])
		return err_set(p->e, ERR_NOMEM, "%s: too large", p->file);
	*ret_items = items;
	*ret_n = count;
	return 0;
}
