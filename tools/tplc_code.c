/* Holes and directives: names looked up, escaping chosen, C written. */
#include "tplc.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct value {
	char expr[EXPR_MAX], count[EXPR_MAX], type_c[EXPR_MAX];
	enum type type;
	struct field *field, *fields;                    /* fields: of a list's rows or a tpl */
	bool element;
};

static void c_string(FILE *out, const char *p, size_t n)
{
	fputc('"', out);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", out);
		else if (c < 32 || c == '?')
			fprintf(out, "\\%03o", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void indent(struct gen *g)
{
	for (int i = 0; i <= g->depth; i++)
		fputc('\t', g->out);
}

void flush(struct gen *g)
{
	if (g->n_lit == 0)
		return;
	indent(g);
	fputs("html_raw(h, ", g->out);
	c_string(g->out, g->lit, g->n_lit);
	fprintf(g->out, ", %zu);\n", g->n_lit);
	g->n_lit = 0;
}

void lit(struct gen *g, char c)
{
	/* Not inside a UTF-8 sequence: every generated string is text by itself. */
	if (g->n_lit >= TEXT_MAX - 8 && ((unsigned char)c & 0xC0) != 0x80)
		flush(g);
	g->lit[g->n_lit++] = c;
}

void line(struct gen *g, const char *fmt, ...)
{
	va_list ap;

	flush(g);
	indent(g);
	va_start(ap, fmt);
	vfprintf(g->out, fmt, ap);
	va_end(ap);
	fputc('\n', g->out);
}

static struct field *fields_of(struct field *f)
{
	return f->of[0] ? tpl_find(f->of)->fields : f->sub;
}

/* PATH = NAME{.NAME}, the first a loop variable or a field of the template. */
static struct value resolve(struct gen *g, size_t *len)
{
	struct tpl *t = g->t;
	struct value v = {0};
	struct field *in = t->fields;
	char w[NAME_MAX_], pre[EXPR_MAX - 2 * NAME_MAX_] = "f->";
	size_t at = t->at;
	int i;

	if (!word(t, w))
		fault(t, at, "a field name is expected here");
	for (i = g->vars - 1; i >= 0 && strcmp(g->var[i].name, w) != 0; i--)
		;
	if (i >= 0) {
		v.element = true;
		v.field = g->var[i].list;
		v.type = T_TPL;
		v.fields = in = g->var[i].fields;
		snprintf(v.expr, sizeof(v.expr), "v_%s", w);
		snprintf(pre, sizeof(pre), "v_%s->", w);
		if (t->p[t->at] != '.')
			goto out;
		t->at++;
		if (!word(t, w))
			fault(t, t->at, "a field name is expected here");
	}
	for (;;) {
		struct field *f = field_find(in, w);

		if (!f)
			fault(t, at, "there is no field \"%s\" here", w);
		v.field = f;
		v.type = f->type;
		v.element = false;
		v.fields = f->type == T_LIST || f->type == T_TPL ? fields_of(f) : NULL;
		snprintf(v.expr, sizeof(v.expr), "%s%s", pre, w);
		snprintf(v.count, sizeof(v.count), "%sn_%s", pre, w);
		if (t->p[t->at] != '.')
			goto out;
		if (f->type == T_LIST && starts(t, ".count")) {
			t->at += 6;
			v.type = T_INT;
			snprintf(v.expr, sizeof(v.expr), "(int64_t)%.*s", (int)(sizeof(v.expr) - 10), v.count);
			goto out;
		}
		if (f->type != T_TPL)
			fault(t, at, "\"%s\" has no parts", w);
		t->at++;
		if (strlen(v.expr) + 3 > sizeof(pre))
			fault(t, at, "too deep");
		snprintf(pre, sizeof(pre), "%.*s->", (int)(sizeof(pre) - 3), v.expr);
		in = v.fields;
		if (!word(t, w))
			fault(t, t->at, "a field name is expected here");
	}
out:
	*len = t->at - at;
	return v;
}

/* The one place where escaping is chosen. Writes the statement into out. */
static void value_write(struct gen *g, const struct value *v, size_t at, char *out, size_t size)
{
	const struct place *p = &g->pl;
	const char *fn = NULL;

	if (v->type == T_LIST || v->type == T_BOOL)
		fault(g->t, at, "a %s cannot be written; use {if} or {for}", types[v->type].word);
	if (p->where == W_RAW)
		fault(g->t, at, "no hole in <%s>", p->tag);
	if (p->where == W_TAG)
		fault(g->t, at, "a hole here must stand in a quoted attribute");
	if (v->type == T_TPL) {
		if (p->where != W_TEXT)
			fault(g->t, at, "markup cannot stand in an attribute or in <%s>", p->tag);
		if (v->field->of[0])
			snprintf(out, size, "tpl_%s(h, %s);", v->field->of, v->expr);
		else
			fault(g->t, at, "a row cannot be written whole");
		return;
	}
	if (p->where == W_ATTR && p->url) {
		if (v->type == T_URL && !p->begun)
			fn = "html_url";
		else if (!p->fixed)
			fault(g->t, at, "%s starts with a url field or a literal /, ? or #", p->attr);
		else if (v->type == T_INT || v->type == T_NUM)
			fn = "html_int";
		else if (v->type == T_STR)
			fn = "html_component";
		else
			fault(g->t, at, "a %s cannot stand in %s", types[v->type].word, p->attr);
	} else {
		bool attr = p->where == W_ATTR;
		static const char *const in_text[] = {
			[T_STR] = "html_text", [T_TEXT] = "html_lines", [T_INT] = "html_int", [T_NUM] = "html_count",
			[T_DATE] = "html_date", [T_TIME] = "html_instant", [T_URL] = "html_text",
		};
		static const char *const in_attr[] = {
			[T_STR] = "html_attr", [T_TEXT] = "html_attr", [T_INT] = "html_int", [T_NUM] = "html_int",
			[T_DATE] = "html_attr", [T_TIME] = "html_rfc3339", [T_URL] = "html_attr",
		};
		fn = attr ? in_attr[v->type] : in_text[v->type];
		if (p->where == W_RCDATA && v->type == T_TEXT)
			fn = "html_text";
	}
	snprintf(out, size, "%s(h, %s);", fn, v->expr);
}

static void close_brace(struct gen *g)
{
	skip_ws(g->t);
	if (g->t->p[g->t->at] != '}')
		fault(g->t, g->t->at, "} is expected here");
	g->t->at++;
}

/* A quoted string of a directive; \" and \\ inside. */
static size_t quoted(struct tpl *t, char out[TEXT_MAX])
{
	size_t n = 0, at = t->at;

	skip_ws(t);
	if (t->p[t->at] != '"')
		fault(t, t->at, "a \"text\" is expected here");
	for (t->at++; t->p[t->at] != '"'; t->at++) {
		if (t->p[t->at] == '\\' && (t->p[t->at + 1] == '"' || t->p[t->at + 1] == '\\'))
			t->at++;
		if (!t->p[t->at] || t->p[t->at] == '\n')
			fault(t, at, "this text does not end on its line");
		if (n + 1 >= TEXT_MAX)
			fault(t, at, "this text is too long");
		out[n++] = t->p[t->at];
	}
	t->at++;
	out[n] = 0;
	return n;
}

/* The holes of a translated text: an if-chain over their names. */
static void holes(struct gen *g, const char *text, int serial, size_t at)
{
	struct tpl *t = g->t, inner = *t;
	const char *els = "";

	for (const char *p = text; (p = strchr(p, '{')) != NULL; p++) {
		char stmt[EXPR_MAX + 40];
		size_t len;

		inner.p = (char *)(size_t)text;
		inner.n = strlen(text);
		inner.at = (size_t)(p + 1 - text);
		g->t = &inner;
		inner.fields = t->fields;
		struct value v = resolve(g, &len);
		if (inner.p[inner.at] != '}')
			fault(t, at, "a hole in a text is {field}");
		g->t = t;
		value_write(g, &v, at, stmt, sizeof(stmt));
		line(g, "\t%sif (str_is(t%d.hole, \"%.*s\"))", els, serial, (int)len, p + 1);
		line(g, "\t\t%s", stmt);
		els = "else ";
	}
}

/* {t "…"} and {tn count "one" "many"} */
static void translate(struct gen *g, bool plural, size_t at)
{
	char one[TEXT_MAX], many[TEXT_MAX];
	struct tpl *t = g->t;
	struct value n = {0};
	size_t len;

	if (g->pl.where == W_TAG || g->pl.where == W_RAW || (g->pl.where == W_ATTR && g->pl.url))
		fault(t, at, "a text cannot stand here");
	if (plural) {
		skip_ws(t);
		n = resolve(g, &len);
		if (n.type != T_INT && n.type != T_NUM)
			fault(t, at, "{tn} counts an int or num field");
		quoted(t, one);
	}
	size_t n_many = quoted(t, many);
	bool has_holes = strchr(many, '{') != NULL;
	int serial = ++g->serial;

	close_brace(g);
	if (n_many == 0)
		fault(t, at, "an empty text");
	flush(g);
	indent(g);
	if (has_holes)
		fprintf(g->out, "for (struct html_tr t%d = {.rest = str_from(", serial);
	else
		fprintf(g->out, "%s(h, str_from(", g->pl.where == W_ATTR ? "html_attr" : "html_text");
	if (plural) {
		fputs("i18n_plural(", g->out);
		c_string(g->out, one, strlen(one));
		fputs(", ", g->out);
		c_string(g->out, many, n_many);
		fprintf(g->out, ", (unsigned long)%s)", n.expr);
	} else {
		fputs("_(", g->out);
		c_string(g->out, many, n_many);
		fputs(")", g->out);
	}
	if (!has_holes) {
		fputs("));\n", g->out);
		return;
	}
	fprintf(g->out, ")}; html_tr_next(h, &t%d);) {\n", serial);
	holes(g, many, serial, at);
	line(g, "}");
}

/* TERM {and|or TERM}; TERM = [not] PATH [==|!= "text"|number] */
static void condition(struct gen *g, char *out, size_t size)
{
	struct tpl *t = g->t;
	size_t n = 0, len;
	const char *join = NULL;

	for (;;) {
		bool no = false, neq;
		char text[TEXT_MAX];

		skip_ws(t);
		size_t at = t->at;
		if (starts(t, "not ")) {
			no = true;
			t->at += 4;
			skip_ws(t);
		}
		struct value v = resolve(g, &len);
		bool is_text = v.type == T_STR || v.type == T_TEXT || v.type == T_URL || v.type == T_DATE;
		bool is_int = v.type == T_INT || v.type == T_NUM || v.type == T_TIME;
		n += (size_t)snprintf(out + n, size - n, "%s", no ? "!(" : "(");
		skip_ws(t);
		if (starts(t, "==") || starts(t, "!=")) {
			neq = t->p[t->at] == '!';
			t->at += 2;
			skip_ws(t);
			if (is_text) {
				quoted(t, text);
				if (strlen(text) > 60 || strpbrk(text, "\"\\"))
					fault(t, at, "compare with a plain short text");
				n += (size_t)snprintf(out + n, size - n, "%sstr_is(%s, \"%s\"))", neq ? "!" : "", v.expr, text);
			} else if (is_int && isdigit((unsigned char)t->p[t->at])) {
				long k = strtol(t->p + t->at, NULL, 10);
				t->at += strspn(t->p + t->at, "0123456789");
				n += (size_t)snprintf(out + n, size - n, "%s %s %ld)", v.expr, neq ? "!=" : "==", k);
			} else {
				fault(t, at, "a %s cannot be compared so", types[v.type].word);
			}
		} else if (is_text) {
			n += (size_t)snprintf(out + n, size - n, "%s.n > 0)", v.expr);
		} else if (v.type == T_LIST) {
			n += (size_t)snprintf(out + n, size - n, "%s > 0)", v.count);
		} else {
			const char *test = v.type == T_BOOL ? "" : v.type == T_TPL ? " != NULL" : " != 0";
			n += (size_t)snprintf(out + n, size - n, "%s%s)", v.expr, test);
		}
		skip_ws(t);
		const char *now = starts(t, "and ") ? "&&" : starts(t, "or ") ? "||" : NULL;
		if (!now)
			break;
		if (join && strcmp(join, now) != 0)
			fault(t, t->at, "\"and\" and \"or\" do not mix; nest a second {if}");
		join = now;
		t->at += strcspn(t->p + t->at, " ");
		n += (size_t)snprintf(out + n, size - n, " %s ", now);
		if (n + 200 > size)
			fault(t, at, "a condition this long is a job for C");
	}
	close_brace(g);
}

static bool place_same(const struct place *a, const struct place *b)
{
	return a->where == b->where && a->quote == b->quote && a->pre == b->pre &&
	       (a->where == W_TEXT || (a->closing == b->closing && strcmp(a->tag, b->tag) == 0)) &&
	       (a->where != W_ATTR || strcmp(a->attr, b->attr) == 0);
}

/* End of a branch: all branches must leave the HTML at the same place. */
static void branch_end(struct gen *g, struct block *b, size_t at)
{
	if (b->has_after && !place_same(&b->after, &g->pl))
		fault(g->t, at, "the branches of this {if} end at different places of the HTML");
	if (!b->has_after) {
		b->after = g->pl;
	} else {
		b->after.fixed = b->after.fixed && g->pl.fixed;
		b->after.begun = b->after.begun || g->pl.begun;
	}
	b->has_after = true;
}

static struct block *block_push(struct gen *g, char kind, size_t at)
{
	struct block *b;

	if (g->depth + 1 >= DEPTH_MAX)
		fault(g->t, at, "nested too deep");
	b = &g->blocks[g->depth];
	memset(b, 0, sizeof(*b));
	b->kind = kind;
	b->at = at;
	b->before = g->pl;
	return b;
}

static void do_for(struct gen *g, size_t at)
{
	struct tpl *t = g->t;
	struct var *v = &g->var[g->vars];
	char in[NAME_MAX_];
	size_t len;
	int k = ++g->serial;

	skip_ws(t);
	if (g->vars + 1 >= DEPTH_MAX || !word(t, v->name))
		fault(t, t->at, "{for NAME in LIST}");
	if (field_find(t->fields, v->name))
		fault(t, at, "\"%s\" is a field already", v->name);
	for (int i = 0; i < g->vars; i++)
		if (strcmp(g->var[i].name, v->name) == 0)
			fault(t, at, "\"%s\" is in use already", v->name);
	skip_ws(t);
	if (!word(t, in) || strcmp(in, "in") != 0)
		fault(t, t->at, "{for NAME in LIST}");
	skip_ws(t);
	struct value l = resolve(g, &len);
	if (l.type != T_LIST)
		fault(t, at, "{for} runs over a list");
	close_brace(g);
	struct block *b = block_push(g, 'f', at);
	snprintf(b->count, sizeof(b->count), "%s", l.count);
	line(g, "for (size_t i%d = 0; i%d < %s; i%d++) {", k, k, l.count, k);
	g->depth++;
	line(g, "const __typeof__(*%s) *v_%s = &%s[i%d];", l.expr, v->name, l.expr, k);
	line(g, "(void)v_%s;", v->name);
	v->list = l.field;
	v->fields = l.fields;
	g->vars++;
}

static void do_else(struct gen *g, bool elif, size_t at)
{
	struct block *b = g->depth > 0 ? &g->blocks[g->depth - 1] : NULL;
	char cond[4 * EXPR_MAX];

	if (!b || (b->kind != 'i' && (elif || b->kind != 'f')))
		fault(g->t, at, elif ? "{elif} without {if}" : "{else} without {if} or {for}");
	if (b->kind == 'f') {
		if (!place_same(&b->before, &g->pl))
			fault(g->t, at, "this {for} does not end where it began in the HTML");
		g->vars--;
	}
	branch_end(g, b, at);
	flush(g);
	g->pl = b->before;
	if (elif) {
		condition(g, cond, sizeof(cond));
		g->depth--;
		line(g, "} else if (%s) {", cond);
	} else {
		close_brace(g);
		g->depth--;
		if (b->kind == 'f') {
			line(g, "}");
			line(g, "if (%s == 0) {", b->count);
			b->kind = 'e';
		} else {
			line(g, "} else {");
			b->kind = 'E';
		}
	}
	g->depth++;
}

static void do_end(struct gen *g, size_t at)
{
	struct block *b = g->depth > 0 ? &g->blocks[g->depth - 1] : NULL;

	if (!b)
		fault(g->t, at, "{end} without {if} or {for}");
	close_brace(g);
	branch_end(g, b, at);
	if ((b->kind == 'f' || b->kind == 'i') && !place_same(&b->before, &g->pl))
		fault(g->t, at, "this {%s} does not end where it began in the HTML", b->kind == 'f' ? "for" : "if");
	if (b->kind == 'f' || b->kind == 'i') {
		b->after.fixed = b->after.fixed && b->before.fixed;
		b->after.begun = b->after.begun || b->before.begun;
	}
	if (b->kind == 'f')
		g->vars--;
	flush(g);
	g->depth--;
	line(g, "}");
	g->pl = b->after;
}

static void do_include(struct gen *g, size_t at)
{
	struct tpl *t = g->t;
	char name[NAME_MAX_];
	struct tpl *other;

	skip_ws(t);
	if (!word(t, name) || (other = tpl_find(name)) == NULL || other->fields)
		fault(t, at, "{include NAME} names a template without fields");
	if (g->pl.where != W_TEXT)
		fault(t, at, "{include} stands in text only");
	close_brace(g);
	line(g, "tpl_%s(h, NULL);", name);
}

/* At "{". */
void directive(struct gen *g)
{
	struct tpl *t = g->t;
	size_t at = t->at, len;
	char w[NAME_MAX_] = "", cond[4 * EXPR_MAX], stmt[EXPR_MAX + 40];

	if (starts(t, "{#")) {
		skip_comment(t);
		return;
	}
	t->at++;
	size_t name = t->at;
	bool has = word(t, w);
	char after = t->p[t->at];
	bool sp = after == ' ' || after == '\n';
	g->left = 'C';
	if (has && strcmp(w, "if") == 0 && sp) {
		condition(g, cond, sizeof(cond));
		block_push(g, 'i', at);
		line(g, "if (%s) {", cond);
		g->depth++;
	} else if (has && strcmp(w, "for") == 0 && sp) {
		do_for(g, at);
	} else if (has && (strcmp(w, "elif") == 0 || strcmp(w, "else") == 0)) {
		do_else(g, w[2] == 'i', at);
	} else if (has && strcmp(w, "end") == 0) {
		do_end(g, at);
	} else if (has && strcmp(w, "include") == 0 && sp) {
		do_include(g, at);
		g->left = 'X';
	} else if (has && sp && (strcmp(w, "t") == 0 || strcmp(w, "tn") == 0)) {
		translate(g, w[1] == 'n', at);
		g->left = 'X';
		g->pl.begun = true;
	} else {
		t->at = name;
		struct value v = resolve(g, &len);
		close_brace(g);
		value_write(g, &v, at, stmt, sizeof(stmt));
		line(g, "%s", stmt);
		g->left = 'X';
		g->pl.begun = g->pl.fixed = true;
	}
}
