/* The condition of a rule: names of searches, "and", "or", "not", parentheses, "1 of x*", "all of them". not binds closest, then and. */
#include "detect/sigma.h"

#include <string.h>

#define DEPTH_MAX 32

struct reader {
	struct arena *a;
	const char *file;
	const struct yaml_node *at;
	const struct search *all;
	size_t n;
	struct str s;
	size_t i, word_at;
	struct str word;                                 /* the one that is next; .p NULL at the end */
	int depth;
	struct err *e;
};

static int fault(const struct reader *r, const char *text, struct str what)
{
	return err_at(r->e, ERR_SYNTAX, r->file, r->at->line, r->at->col + (r->at->quoted ? 1 : 0) + (int)r->word_at,
	              "condition: %s%s%.*s%s", text, what.p ? " '" : "", STR_ARG(what), what.p ? "'" : "");
}

static void next(struct reader *r)
{
	size_t from;

	while (r->i < r->s.n && (r->s.p[r->i] == ' ' || r->s.p[r->i] == '\n' || r->s.p[r->i] == '\t'))
		r->i++;
	from = r->word_at = r->i;
	if (r->i < r->s.n && strchr("()|", r->s.p[r->i]))
		r->i++;
	else
		while (r->i < r->s.n && !strchr(" \n\t()|", r->s.p[r->i]))
			r->i++;
	r->word = r->i > from ? str_slice(r->s, from, r->i - from) : STR_NONE;
}

static bool word_is(const struct reader *r, const char *z)
{
	return r->word.p && str_ieq(r->word, str_from(z));
}

static bool fits(struct str name, struct str pattern)
{
	size_t i = 0, k = 0, star = SIZE_MAX, from = 0;

	while (i < name.n) {
		if (k < pattern.n && pattern.p[k] == '*') {
			star = k++;
			from = i;
		} else if (k < pattern.n && pattern.p[k] == name.p[i]) {
			i++;
			k++;
		} else if (star != SIZE_MAX) {
			k = star + 1;
			i = ++from;
		} else {
			return false;
		}
	}
	while (k < pattern.n && pattern.p[k] == '*')
		k++;
	return k == pattern.n;
}

static int named(struct reader *r, struct node **ret)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eq(r->all[i].name, r->word)) {
			*ret = r->all[i].node;
			next(r);
			return 0;
		}
	return fault(r, "no search of the name", r->word);
}

/* "1 of", "all of", "any of", "3 of": r->word is the pattern. least 0: all. */
static int several(struct reader *r, int64_t least, struct node **ret)
{
	bool them = word_is(r, "them");
	struct node *node = sigma_node(r->a, NODE_OR, r->n);

	if (!node)
		return fault(r, "the rules are too long", STR_NONE);
	if (!r->word.p || strchr("()|", r->word.p[0]))
		return fault(r, "'of' needs a name or 'them'", STR_NONE);
	node->n = 0;
	for (size_t i = 0; i < r->n; i++)
		if (them ? r->all[i].name.p[0] != '_' : fits(r->all[i].name, r->word))
			node->kids[node->n++] = r->all[i].node;
	if (!node->n)
		return fault(r, "nothing fits", r->word);
	if ((size_t)least > node->n)
		return fault(r, "fewer searches than asked for fit", r->word);
	if (!least)
		node->op = NODE_AND;
	if (least > 1) {
		node->op = NODE_COUNT;
		node->least = (unsigned)least;
	}
	next(r);
	*ret = node;
	return 0;
}

static int either(struct reader *r, struct node **ret);

static int primary(struct reader *r, struct node **ret)
{
	int64_t least = 0;
	size_t i = r->i, at = r->word_at;
	struct str word = r->word;
	int code;

	if (!r->word.p)
		return fault(r, "ends too early", STR_NONE);
	if (word_is(r, "(")) {
		next(r);
		if (++r->depth > DEPTH_MAX)
			return fault(r, "too deep", STR_NONE);
		code = either(r, ret);
		r->depth--;
		if (code)
			return code;
		if (!word_is(r, ")"))
			return fault(r, "a parenthesis is not closed", STR_NONE);
		next(r);
		return 0;
	}
	if (word_is(r, "all") || word_is(r, "any") || !str_int(r->word, 1, 1000, &least)) {
		if (word_is(r, "any"))
			least = 1;
		next(r);
		if (word_is(r, "of")) {
			next(r);
			return several(r, least, ret);
		}
		r->i = i;
		r->word_at = at;
		r->word = word;
	}
	return named(r, ret);
}

static int negated(struct reader *r, struct node **ret)
{
	unsigned nots = 0;
	int code;

	while (word_is(r, "not")) {
		nots++;
		next(r);
	}
	code = primary(r, ret);
	if (!code && nots % 2) {
		struct node *node = sigma_node(r->a, NODE_NOT, 1);

		if (!node)
			return fault(r, "the rules are too long", STR_NONE);
		node->kids[0] = *ret;
		*ret = node;
	}
	return code;
}

static int chain(struct reader *r, const char *word, enum node_op op, int (*part)(struct reader *, struct node **), struct node **ret)
{
	int code = part(r, ret);

	while (!code && word_is(r, word)) {
		struct node *node = sigma_node(r->a, op, 2);

		if (!node)
			return fault(r, "the rules are too long", STR_NONE);
		next(r);
		node->kids[0] = *ret;
		code = part(r, &node->kids[1]);
		*ret = node;
	}
	return code;
}

static int both(struct reader *r, struct node **ret)
{
	return chain(r, "and", NODE_AND, negated, ret);
}

static int either(struct reader *r, struct node **ret)
{
	return chain(r, "or", NODE_OR, both, ret);
}

int sigma_condition(struct arena *a, const char *file, const struct yaml_node *text, const struct search *all, size_t n,
                    struct node **ret, struct err *e)
{
	struct reader r = {.a = a, .file = file, .at = text, .all = all, .n = n, .s = text->text, .e = e};
	int code;

	next(&r);
	code = either(&r, ret);
	if (!code && r.word.p)
		code = word_is(&r, "|") ? fault(&r, "aggregation by '|' is gone from Sigma: write a correlation", STR_NONE)
		                        : fault(&r, "does not belong here:", r.word);
	return code;
}
