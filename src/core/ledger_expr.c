#include "core/ledger_expr.h"

#include <string.h>

#include "core/ledger_parse.h"

const struct expr_function expr_functions[] = {
	{ "answered", 1 }, { "passed", 1 }, { "rows_in", 1 }, { "level", 1 }, { "day", 1 }, { "has", 2 }, { "ticked", 2 },
	{ "highest", 2 }, { "floor_c", 4 }, { "minutes", 1 },
	{ "coalesce", -1 }, { "ifnull", 2 }, { "nullif", 2 }, { "iif", 3 }, { "max", -1 }, { "min", -1 }, { "abs", 1 },
	{ "round", -1 }, { "length", 1 }, { "lower", 1 }, { "upper", 1 }, { "trim", 1 }, { "substr", -1 }, { "instr", 2 },
	{ NULL, 0 },
};

static const char *const WORDS[] = {
	"and", "or", "not", "is", "null", "in", "between", "case", "when", "then", "else", "end", "cast", "as", "integer",
	"real", "text", "like", "true", "false", NULL,
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t sign_length(struct str s)
{
	static const char *const two[] = { "<>", "<=", ">=", "!=", "||", "==" };

	for (size_t i = 0; i < ARRAY_LEN(two); i++)
		if (str_starts(s, two[i]))
			return 2;
	return strchr("=<>+-*/%(),", s.p[0]) ? 1 : 0;
}

int expr_token(struct str *rest, struct token *ret)
{
	struct str s = *rest;
	size_t n = 0;

	while (s.n && (*s.p == ' ' || *s.p == '\n' || *s.p == '\t' || *s.p == '\r'))
		s = str_slice(s, 1, s.n);
	if (!s.n) {
		*rest = s;
		*ret = (struct token){ TOKEN_END, STR_NONE };
		return 0;
	}
	if (is_letter(*s.p)) {
		while (n < s.n && (is_letter(s.p[n]) || is_digit(s.p[n])))
			n++;
		*ret = (struct token){ TOKEN_NAME, str_slice(s, 0, n) };
	} else if (is_digit(*s.p)) {
		while (n < s.n && (is_digit(s.p[n]) || s.p[n] == '.'))
			n++;
		if (n < s.n && is_letter(s.p[n]))
			return ERR_SYNTAX;
		*ret = (struct token){ TOKEN_NUMBER, str_slice(s, 0, n) };
	} else if (*s.p == '\'') {
		for (n = 1; n < s.n && (s.p[n] != '\'' || (n + 1 < s.n && s.p[n + 1] == '\'')); n++)
			n += s.p[n] == '\'';
		if (n >= s.n)
			return ERR_SYNTAX;
		*ret = (struct token){ TOKEN_STRING, str_slice(s, 1, n - 1) };
		n++;
	} else if (str_starts(s, "--") || str_starts(s, "/*") || !(n = sign_length(s))) {
		return ERR_SYNTAX;
	} else {
		*ret = (struct token){ TOKEN_SIGN, str_slice(s, 0, n) };
	}
	*rest = str_slice(s, n, s.n);
	return 0;
}

static bool token_is(const struct token *t, const char *text)
{
	return (t->kind == TOKEN_SIGN || t->kind == TOKEN_NAME) && str_ieq(t->text, str_from(text));
}

static bool is_word(struct str s)
{
	for (const char *const *w = WORDS; *w; w++)
		if (str_ieq(s, str_from(*w)))
			return true;
	return false;
}

/* ---- checking ---- */

#define TOKENS_MAX 400

struct check {
	const struct ledgers *all;
	const struct ledger *l;
	const struct field *row;
	struct token t[TOKENS_MAX];
	size_t n;
	struct err *e;
};

static const struct field *name_field(const struct check *c, struct str name)
{
	const struct field *f = c->row ? field_column(c->row, name) : NULL;

	return f ? f : ledger_field(c->l, name);
}

static bool is_column(const struct check *c, struct str name)
{
	const struct field *f;
	struct str stem;

	if (name_field(c, name) || ledger_system_column(name) || str_is(name, "today") || str_is(name, "now"))
		return true;
	if (!str_ends(name, "_kind"))
		return false;
	stem = str_slice(name, 0, name.n - 5);
	f = name_field(c, stem);
	return f && f->type == FT_REF && f->to.n > 1;
}

static int no_column(struct check *c, struct str name)
{
	const char *names[FIELDS_MAX], *near;
	char z[FIELDS_MAX][48];
	size_t n = 0;

	for (size_t i = 0; i < c->l->n_fields && n < FIELDS_MAX; i++) {
		snprintf(z[n], sizeof z[n], "%.*s", STR_ARG(c->l->fields[i].name));
		names[n] = z[n];
		n++;
	}
	near = parse_nearest(name, names, n);
	return err_set(c->e, ERR_SYNTAX, "no column '%.*s'%s%s%s", STR_ARG(name), near ? ", did you mean '" : "",
	               near ? near : "", near ? "'?" : "");
}

/* A code, role or state written as text. */
static int check_literal(struct check *c, struct str column, struct str text)
{
	const struct field *f = name_field(c, column);
	bool known = true;

	if (str_is(column, "state") && !f)
		known = ledger_state(c->l, text) != NULL;
	else if (f && f->n_of)
		known = field_choice(f, text) != NULL;
	else if (f && f->type == FT_ROLE)
		known = parse_is_role(text);
	return known ? 0 : err_set(c->e, ERR_SYNTAX, "%.*s has no '%.*s'", STR_ARG(column), STR_ARG(text));
}

/* name = 'x', name <> 'x', name is [not] 'x', name [not] in ('x', …) */
static int check_comparison(struct check *c, size_t i)
{
	struct str column = c->t[i].text;
	size_t k = i + 1;
	int rc = 0;

	if (k < c->n && token_is(&c->t[k], "is"))
		k++;
	else if (k < c->n && (token_is(&c->t[k], "=") || token_is(&c->t[k], "<>") || token_is(&c->t[k], "!=")))
		return k + 1 < c->n && c->t[k + 1].kind == TOKEN_STRING ? check_literal(c, column, c->t[k + 1].text) : 0;
	if (k < c->n && token_is(&c->t[k], "not"))
		k++;
	if (k < c->n && k > i + 1 && c->t[k].kind == TOKEN_STRING)
		return check_literal(c, column, c->t[k].text);
	if (k + 1 >= c->n || !token_is(&c->t[k], "in") || !token_is(&c->t[k + 1], "("))
		return 0;
	for (k += 2; k < c->n && !token_is(&c->t[k], ")") && !rc; k++)
		if (c->t[k].kind == TOKEN_STRING)
			rc = check_literal(c, column, c->t[k].text);
	return rc;
}

static int check_highest(struct check *c, size_t i)
{
	const struct field *f;
	struct str y;

	if (i + 5 >= c->n || c->t[i + 2].kind != TOKEN_NAME || !token_is(&c->t[i + 3], ",") ||
	    c->t[i + 4].kind != TOKEN_STRING || !token_is(&c->t[i + 5], ")"))
		return err_set(c->e, ERR_SYNTAX, "highest(ref or table, 'field')");
	f = ledger_field(c->l, c->t[i + 2].text);
	y = c->t[i + 4].text;
	if (f && f->type == FT_TABLE && field_column(f, y))
		return 0;
	for (size_t k = 0; f && f->type == FT_REF && k < f->to.n; k++) {
		const struct ledger *to = c->all ? ledgers_get(c->all, f->to.v[k]) : NULL;

		if (!c->all || (to && ledger_field(to, y)))
			return 0;
	}
	return err_set(c->e, ERR_SYNTAX, "highest: no '%.*s' in '%.*s'", STR_ARG(y), STR_ARG(c->t[i + 2].text));
}

/* The first argument of a function of the language is of the kind it works on. */
static int check_argument(struct check *c, size_t i)
{
	struct str fn = c->t[i].text;
	const struct field *f = i + 2 < c->n && c->t[i + 2].kind == TOKEN_NAME ? name_field(c, c->t[i + 2].text) : NULL;
	bool checklist = str_is(fn, "answered") || str_is(fn, "passed") || str_is(fn, "ticked");

	if (checklist && (!f || f->type != FT_CHECKLIST))
		return err_set(c->e, ERR_SYNTAX, "%.*s works on a checklist", STR_ARG(fn));
	if (str_is(fn, "rows_in") && (!f || !field_is_child(f)))
		return err_set(c->e, ERR_SYNTAX, "rows_in works on a table, a checklist or a field that is many");
	if (str_is(fn, "has") && (!f || !f->many))
		return err_set(c->e, ERR_SYNTAX, "has works on a field that is many");
	if (f && (str_is(fn, "has") || str_is(fn, "ticked")) && i + 4 < c->n && c->t[i + 4].kind == TOKEN_STRING)
		return check_literal(c, f->name, c->t[i + 4].text);
	return 0;
}

static int check_call(struct check *c, size_t i)
{
	int depth = 0, args = 1;

	for (const struct expr_function *fn = expr_functions; fn->name; fn++) {
		if (!str_is(c->t[i].text, fn->name))
			continue;
		if (str_is(c->t[i].text, "highest"))
			return check_highest(c, i);
		for (size_t k = i + 1; k < c->n; k++) {
			depth += token_is(&c->t[k], "(") - token_is(&c->t[k], ")");
			args += depth == 1 && token_is(&c->t[k], ",");
			if (!depth)
				break;
		}
		if (fn->n_args >= 0 && args != fn->n_args)
			return err_set(c->e, ERR_SYNTAX, "%s takes %d", fn->name, fn->n_args);
		return check_argument(c, i);
	}
	return err_set(c->e, ERR_SYNTAX, "no function '%.*s'", STR_ARG(c->t[i].text));
}

int expr_names_check(const struct ledgers *all, const struct ledger *l, const struct field *row, struct str expr,
                     struct err *e)
{
	struct check c = { .all = all, .l = l, .row = row, .e = e };
	struct str rest = expr;
	int rc = 0;

	do {
		if (c.n == TOKENS_MAX)
			return err_set(e, ERR_TOOBIG, "an expression has at most %d words", TOKENS_MAX);
		if (expr_token(&rest, &c.t[c.n]))
			return err_set(e, ERR_SYNTAX, "no expression: %.*s", STR_ARG(expr));
	} while (c.t[c.n++].kind != TOKEN_END);
	for (size_t i = 0; i < c.n && !rc; i++) {
		if (c.t[i].kind != TOKEN_NAME)
			continue;
		if (i + 1 < c.n && token_is(&c.t[i + 1], "(") && !is_word(c.t[i].text))
			rc = check_call(&c, i);
		else if (is_column(&c, c.t[i].text))
			rc = check_comparison(&c, i);
		else if (!is_word(c.t[i].text))
			rc = no_column(&c, c.t[i].text);
	}
	return rc;
}

/* ---- rewriting ---- */

void expr_sql(struct str expr, bool timeless, struct buf *out)
{
	struct str rest = expr, ahead;
	struct token t, paren, x, comma, y, end;

	while (!expr_token(&rest, &t) && t.kind != TOKEN_END) {
		buf_putc(out, ' ');
		ahead = rest;
		if (t.kind == TOKEN_STRING)
			buf_printf(out, "'%.*s'", STR_ARG(t.text));
		else if (token_is(&t, "highest") && !expr_token(&ahead, &paren) && token_is(&paren, "(") &&
		         !expr_token(&ahead, &x) && !expr_token(&ahead, &comma) && !expr_token(&ahead, &y) &&
		         !expr_token(&ahead, &end)) {
			buf_printf(out, "highest__%.*s__%.*s", STR_ARG(x.text), STR_ARG(y.text));
			rest = ahead;
		} else if (timeless && t.kind == TOKEN_NAME && (str_is(t.text, "today") || str_is(t.text, "now")))
			buf_printf(out, "%.*s_()", STR_ARG(t.text));
		else
			buf_str(out, t.text);
	}
}

bool expr_is_plain(const struct ledger *l, struct str expr)
{
	struct str rest = expr;
	struct token t;

	while (!expr_token(&rest, &t) && t.kind != TOKEN_END) {
		const struct field *f = t.kind == TOKEN_NAME ? ledger_field(l, t.text) : NULL;

		if ((f && (field_is_child(f) || f->computed.n)) || token_is(&t, "highest"))
			return false;
	}
	return true;
}

bool expr_mentions(struct str expr, struct str name)
{
	struct str rest = expr;
	struct token t;

	while (!expr_token(&rest, &t) && t.kind != TOKEN_END)
		if (t.kind == TOKEN_NAME && str_eq(t.text, name))
			return true;
	return false;
}

/* The n-th highest() of an expression, or false. */
static bool nth_highest(struct str expr, size_t n, struct str *x, struct str *y)
{
	struct str rest = expr;
	struct token t, u;

	while (!expr_token(&rest, &t) && t.kind != TOKEN_END) {
		if (!token_is(&t, "highest") || n--)
			continue;
		if (expr_token(&rest, &u) || expr_token(&rest, &t) || expr_token(&rest, &u) || expr_token(&rest, &u))
			return false;
		*x = t.text;
		*y = u.text;
		return true;
	}
	return false;
}

void expr_each_highest(const struct ledger *l, void (*f)(void *arg, struct str x, struct str y), void *arg)
{
	struct str seen[64][2];
	size_t n_seen = 0;
	struct str x, y;

	for (size_t i = 0; i < l->n_exprs; i++) {
		if (l->exprs[i].on.p)
			continue;
		for (size_t n = 0; nth_highest(l->exprs[i].text, n, &x, &y); n++) {
			bool known = n_seen == ARRAY_LEN(seen);

			for (size_t k = 0; k < n_seen; k++)
				known |= str_eq(seen[k][0], x) && str_eq(seen[k][1], y);
			if (known)
				continue;
			seen[n_seen][0] = x;
			seen[n_seen++][1] = y;
			f(arg, x, y);
		}
	}
}
