/* One definition: the top level of the file. */
#include "core/ledger_parse.h"

#include "lib/hash.h"

#define TREE_BYTES (64u << 20)

static int own_reads(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct ledger *l = whole;

	if (n->kind != YAML_MAP || n->n > LIST_MAX)
		return parse_fail(p, n, "reads: a map of controls is expected here");
	l->reads = arena_array(p->a, n->n ? n->n : 1, sizeof *l->reads);
	if (!l->reads)
		return err_set(p->e, ERR_NOMEM, "%s: too large", p->file);
	for (size_t i = 0; i < n->n; i++) {
		struct reads *r = &l->reads[i];
		int rc = parse_text(p, n->keys[i], &r->control);

		r->at = parse_place(n->keys[i]);
		if (rc || (rc = parse_texts(p, n->items[i], &r->what)))
			return rc;
	}
	l->n_reads = n->n;
	return 0;
}

static int see_word(struct parse *p, const struct yaml_node *n, struct ledger *l)
{
	static const struct {
		const char *word;
		unsigned bit;
	} words[] = { { "own", SEE_OWN }, { "section", SEE_SECTION }, { "dept", SEE_DEPT }, { "all", SEE_ALL } };
	static const struct key keys[] = {
		{ "roles", KEY_WHO, offsetof(struct ledger, see_roles), true, NULL },
	};

	if (n->kind == YAML_MAP)
		return parse_map(p, n, "see", keys, ARRAY_LEN(keys), l);
	for (size_t i = 0; n->kind == YAML_SCALAR && i < ARRAY_LEN(words); i++)
		if (str_is(n->text, words[i].word)) {
			l->see |= words[i].bit;
			return 0;
		}
	return parse_fail(p, n, "see: own, section, dept, all or {roles: [...]}");
}

static int own_see(struct parse *p, const struct yaml_node *n, void *whole)
{
	int rc = 0;

	if (n->kind != YAML_LIST)
		return see_word(p, n, whole);
	for (size_t i = 0; i < n->n && !rc; i++)
		rc = see_word(p, n->items[i], whole);
	return rc;
}

static int own_existence(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct ledger *l = whole;

	l->restricted = n->kind == YAML_SCALAR && str_is(n->text, "restricted");
	if (!l->restricted && !(n->kind == YAML_SCALAR && str_is(n->text, "open")))
		return parse_fail(p, n, "existence: open or restricted");
	return 0;
}

struct review {
	struct str every;
	struct who_list by;
};

static int own_review(struct parse *p, const struct yaml_node *n, void *whole)
{
	static const struct key keys[] = {
		{ "every", KEY_TEXT, offsetof(struct review, every), true, NULL },
		{ "by", KEY_WHO, offsetof(struct review, by), true, NULL },
	};
	struct ledger *l = whole;
	struct review r = { STR_NONE, { NULL, 0 } };
	int rc = parse_map(p, n, "review", keys, ARRAY_LEN(keys), &r);

	if (rc)
		return rc;
	if (r.by.n != 1)
		return parse_fail(p, n, "review: one 'by'");
	l->review_every = r.every;
	l->review_by = r.by.v[0];
	return 0;
}

static int own_unique(struct parse *p, const struct yaml_node *n, void *whole)
{
	struct ledger *l = whole;

	if (n->kind != YAML_LIST || n->n > LIST_MAX)
		return parse_fail(p, n, "unique: a list of lists of fields is expected here");
	l->unique = arena_array(p->a, n->n ? n->n : 1, sizeof *l->unique);
	if (!l->unique)
		return err_set(p->e, ERR_NOMEM, "%s: too large", p->file);
	for (size_t i = 0; i < n->n; i++) {
		int rc;

		if (n->items[i]->kind != YAML_LIST)
			return parse_fail(p, n->items[i], "unique: a list of fields is expected here");
		if ((rc = parse_texts(p, n->items[i], &l->unique[i])))
			return rc;
		for (size_t k = 0; k < l->unique[i].n; k++) {
			const struct field *f = ledger_field(l, l->unique[i].v[k]);

			if (!f || field_is_child(f) || f->computed.n)
				return parse_fail(p, n->items[i]->items[k], "unique: no single field '%.*s'",
				                  STR_ARG(l->unique[i].v[k]));
		}
	}
	l->n_unique = n->n;
	return 0;
}

static int own_feeds(struct parse *p, const struct yaml_node *n, void *whole)
{
	static const struct key keys[] = {
		{ "feed", KEY_NAME, offsetof(struct feed, feed), true, NULL },
		{ "key", KEY_TEXTS, offsetof(struct feed, key), true, NULL },
	};
	struct ledger *l = whole;
	struct yaml_node **items;
	void *v;
	int rc = parse_items(p, n, "fed_by", sizeof *l->feeds, 50, &items, &v, &l->n_feeds);

	if (rc)
		return rc;
	l->feeds = v;
	for (size_t i = 0; i < l->n_feeds; i++) {
		if ((rc = parse_map(p, items[i], "fed_by", keys, ARRAY_LEN(keys), &l->feeds[i])))
			return rc;
		for (size_t k = 0; k < l->feeds[i].key.n; k++)
			if (!ledger_field(l, l->feeds[i].key.v[k]))
				return parse_fail(p, yaml_get(items[i], "key"), "fed_by: no field '%.*s'",
				                  STR_ARG(l->feeds[i].key.v[k]));
	}
	return 0;
}

static int own_apart(struct parse *p, const struct yaml_node *n, void *whole)
{
	static const struct key keys[] = {
		{ "who", KEY_TEXT, offsetof(struct apart, who), true, NULL },
		{ "from", KEY_TEXTS, offsetof(struct apart, from), true, NULL },
		{ "unless", KEY_TEXT, offsetof(struct apart, unless), false, NULL },
		{ "actions", KEY_TEXTS, offsetof(struct apart, actions), false, NULL },
	};
	struct ledger *l = whole;
	struct yaml_node **items;
	void *v;
	int rc = parse_items(p, n, "apart", sizeof *l->apart, 20, &items, &v, &l->n_apart);

	if (rc)
		return rc;
	l->apart = v;
	for (size_t i = 0; i < l->n_apart && !rc; i++) {
		l->apart[i].at = parse_place(items[i]);
		rc = parse_map(p, items[i], "apart", keys, ARRAY_LEN(keys), &l->apart[i]);
	}
	return rc;
}

static int own_rules(struct parse *p, const struct yaml_node *n, void *whole)
{
	static const struct key keys[] = {
		{ "that", KEY_EXPR, offsetof(struct rule, that), true, NULL },
		{ "say", KEY_LABEL, offsetof(struct rule, say), true, NULL },
	};
	struct ledger *l = whole;
	struct yaml_node **items;
	void *v;
	int rc = parse_items(p, n, "rules", sizeof *l->rules, CHOICES_MAX, &items, &v, &l->n_rules);

	if (rc)
		return rc;
	l->rules = v;
	for (size_t i = 0; i < l->n_rules && !rc; i++) {
		l->rules[i].at = parse_place(items[i]);
		rc = parse_map(p, items[i], "rule", keys, ARRAY_LEN(keys), &l->rules[i]);
	}
	return rc;
}

static int own_form(struct parse *p, const struct yaml_node *n, void *whole)
{
	static const struct key keys[] = {
		{ "title", KEY_LABEL, offsetof(struct form, title), true, NULL },
		{ "style", KEY_NAME, offsetof(struct form, style), true, NULL },
		{ "when", KEY_EXPR, offsetof(struct form, when), false, NULL },
		{ "list", KEY_BOOL, offsetof(struct form, list), false, NULL },
	};
	struct ledger *l = whole;
	struct yaml_node **items;
	void *v;
	int rc = parse_items(p, n, "form", sizeof *l->forms, 50, &items, &v, &l->n_forms);

	if (rc)
		return rc;
	l->forms = v;
	for (size_t i = 0; i < l->n_forms && !rc; i++)
		rc = parse_map(p, items[i], "form", keys, ARRAY_LEN(keys), &l->forms[i]);
	return rc;
}

/* Fields come first: all that follows names them. */
static const struct key LEDGER_KEYS[] = {
	{ "ledger", KEY_NAME, offsetof(struct ledger, name), true, NULL },
	{ "fields", KEY_OWN, 0, true, parse_fields },
	{ "label", KEY_LABEL, offsetof(struct ledger, label), true, NULL },
	{ "record", KEY_LABEL, offsetof(struct ledger, record), true, NULL },
	{ "purpose", KEY_LABEL, offsetof(struct ledger, purpose), true, NULL },
	{ "number", KEY_TEXT, offsetof(struct ledger, number), true, NULL },
	{ "title", KEY_TEXT, offsetof(struct ledger, title), true, NULL },
	{ "clauses", KEY_TEXTS, offsetof(struct ledger, clauses), true, NULL },
	{ "controls", KEY_TEXTS, offsetof(struct ledger, controls), true, NULL },
	{ "reads", KEY_OWN, 0, false, own_reads },
	{ "see", KEY_OWN, 0, true, own_see },
	{ "readers", KEY_TEXTS, offsetof(struct ledger, readers), false, NULL },
	{ "existence", KEY_OWN, 0, true, own_existence },
	{ "write", KEY_WHO, offsetof(struct ledger, write), true, NULL },
	{ "review", KEY_OWN, 0, true, own_review },
	{ "retain", KEY_TEXT, offsetof(struct ledger, retain), true, NULL },
	{ "unique", KEY_OWN, 0, false, own_unique },
	{ "fed_by", KEY_OWN, 0, false, own_feeds },
	{ "opened-by", KEY_TEXTS, offsetof(struct ledger, opened_by), false, NULL },
	{ "states", KEY_OWN, 0, true, parse_states },
	{ "actions", KEY_OWN, 0, true, parse_actions },
	{ "duties", KEY_OWN, 0, false, parse_duties },
	{ "rules", KEY_OWN, 0, false, own_rules },
	{ "apart", KEY_OWN, 0, false, own_apart },
	{ "form", KEY_OWN, 0, false, own_form },
};

static int take_ledger(struct parse *p, struct arena *tree, struct str yaml, const struct yaml_node *root)
{
	int rc;
	p->root = root;
	p->l = arena_alloc(p->a, sizeof *p->l);
	if (p->l)
		p->l->exprs = arena_array(tree, EXPRS_MAX, sizeof *p->l->exprs);
	if (!p->file || !p->l || !p->l->exprs)
		return err_set(p->e, ERR_NOMEM, "too large");
	p->l->file = p->file;
	p->l->source = arena_str(p->a, yaml);
	sha256_hex(yaml.p, yaml.n, p->l->sha256);
	if ((rc = parse_map(p, root, "ledger", LEDGER_KEYS, ARRAY_LEN(LEDGER_KEYS), p->l)))
		return rc;
	p->l->table = ledger_table_name(p->a, p->l->name);
	if (!(rc = ledger_check_fields(p)) && !(rc = ledger_check(p)))
		rc = ledger_check_seals(p);
	if (rc)
		return rc;
	const void *all = p->l->exprs;
	p->l->exprs = arena_array(p->a, p->l->n_exprs + 1, sizeof *p->l->exprs);
	if (!p->l->exprs)
		return err_set(p->e, ERR_NOMEM, "too large");
	memcpy(p->l->exprs, all, p->l->n_exprs * sizeof *p->l->exprs);
	return 0;
}

/* The tree is ten times as large as what is kept of it, and every process of the office holds the definitions. */
int ledger_parse(struct arena *a, const char *file, struct str yaml, struct ledger **ret, struct err *e)
{
	struct parse p = { .a = a, .file = arena_strdup(a, file), .e = e };
	struct arena *tree = arena_new(TREE_BYTES);
	struct yaml_node *root;
	int rc = yaml_parse_apart(tree, a, file, yaml, &root, e);

	if (!rc)
		rc = take_ledger(&p, tree, yaml, root);
	arena_free(tree);
	if (!rc)
		*ret = p.l;
	return rc;
}
