/* Template compiler: tpl/NAME.html -> struct tpl_NAME and tpl_NAME(), see docs/architecture.md §7.
 *
 *   tplc -o PREFIX FILE…      writes PREFIX.c and PREFIX.h; faults as FILE:LINE:COL on standard error, exit 1
 *
 * It follows the HTML around each hole (text, tag, quoted attribute, text-only element) and picks the escaping from
 * that and from the field's type, so that nobody who writes a template can forget it. What cannot be made safe does not
 * compile. Stands alone: it is built before the library. */
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_ 48
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz_0123456789"
#define EXPR_MAX 400
#define DEPTH_MAX 40
#define TEXT_MAX 4000

enum type { T_STR, T_TEXT, T_INT, T_NUM, T_BOOL, T_DATE, T_TIME, T_URL, T_HTML, T_LIST, T_TPL };

static const struct {
	const char *word, *c;
} types[] = {
	[T_STR] = {"str", "struct str"}, [T_TEXT] = {"text", "struct str"}, [T_INT] = {"int", "int64_t"},
	[T_NUM] = {"num", "int64_t"}, [T_BOOL] = {"bool", "bool"}, [T_DATE] = {"date", "struct str"},
	[T_TIME] = {"time", "int64_t"}, [T_URL] = {"url", "struct str"}, [T_HTML] = {"html", "struct safe_html"},
	[T_LIST] = {"list", NULL}, [T_TPL] = {"tpl", NULL},
};

struct field {
	char name[NAME_MAX_], of[NAME_MAX_];             /* of: template whose struct this is; "" for an own one */
	char note[200];
	enum type type;
	struct field *sub, *next;
};

struct tpl {
	const char *file;
	char name[NAME_MAX_];
	char *p;                                         /* NUL-terminated text */
	size_t n, at;
	struct field *fields;
};

static struct tpl *tpls;
static size_t n_tpls;

/* --- faults, memory, reading ------------------------------------------------------------------------------- */

__attribute__((noreturn, format(printf, 3, 4))) static void fault(const struct tpl *t, size_t at, const char *fmt, ...)
{
	int line = 1, col = 1;
	va_list ap;

	for (size_t i = 0; i < at && i < t->n; i++) {
		if (t->p[i] == '\n') {
			line++;
			col = 1;
		} else if (((unsigned char)t->p[i] & 0xC0) != 0x80) {
			col++;
		}
	}
	fprintf(stderr, "%s:%d:%d: ", t->file, line, col);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static void *must(void *p)
{
	if (!p) {
		perror("tplc");
		exit(1);
	}
	return p;
}

static void tpl_read(struct tpl *t, const char *path)
{
	const char *base = strrchr(path, '/');
	FILE *f = must(fopen(path, "rb"));
	size_t len;

	base = base ? base + 1 : path;
	len = strcspn(base, ".");
	if (len == 0 || len >= NAME_MAX_ || strcmp(base + len, ".html") != 0 || strspn(base, NAME_CHARS) < len) {
		fprintf(stderr, "tplc: %s: a template is called NAME.html, NAME of a-z 0-9 _\n", path);
		exit(1);
	}
	memcpy(t->name, base, len);
	t->file = path;
	t->p = must(malloc(1u << 20));
	t->n = fread(t->p, 1, (1u << 20) - 1, f);
	if (!feof(f)) {
		fprintf(stderr, "tplc: %s: longer than 1 MiB\n", path);
		exit(1);
	}
	fclose(f);
	t->p[t->n] = 0;
	if (strlen(t->p) != t->n)
		fault(t, strlen(t->p), "a NUL byte");
}

static bool starts(const struct tpl *t, const char *what)
{
	return strncmp(t->p + t->at, what, strlen(what)) == 0;
}

static void skip_ws(struct tpl *t)
{
	while (t->p[t->at] && isspace((unsigned char)t->p[t->at]))
		t->at++;
}

/* Past one "{# … #}". */
static void skip_comment(struct tpl *t)
{
	char *end = strstr(t->p + t->at, "#}");

	if (!end)
		fault(t, t->at, "this comment does not end");
	t->at = (size_t)(end + 2 - t->p);
}

static void skip_comments(struct tpl *t)
{
	for (skip_ws(t); starts(t, "{#"); skip_ws(t))
		skip_comment(t);
}

/* A word [a-z_][a-z0-9_]* into out; false when there is none. */
static bool word(struct tpl *t, char out[NAME_MAX_])
{
	size_t n = strspn(t->p + t->at, NAME_CHARS);

	if (n == 0 || isdigit((unsigned char)t->p[t->at]))
		return false;
	if (n >= NAME_MAX_)
		fault(t, t->at, "a name longer than %d characters", NAME_MAX_ - 1);
	memcpy(out, t->p + t->at, n);
	out[n] = 0;
	t->at += n;
	return true;
}

/* --- fields ------------------------------------------------------------------------------------------------- */

static bool is_c_word(const char *w)
{
	static const char *const reserved[] = {
		"auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
		"float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed",
		"sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while", "bool",
		"true", "false", "not", "and", "or", "in", "asm", "errno", "stdin", "stdout", "stderr", "unix", "linux",
	};

	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (strcmp(w, reserved[i]) == 0)
			return true;
	return false;
}

static struct field *field_find(struct field *list, const char *name)
{
	for (; list; list = list->next)
		if (strcmp(list->name, name) == 0)
			return list;
	return NULL;
}

/* White space and "# …" remarks; the remark on the line of `last` becomes its note in the header. */
static void skip_remarks(struct tpl *t, struct field *last)
{
	for (;;) {
		bool same_line = true;

		while (t->p[t->at] && isspace((unsigned char)t->p[t->at])) {
			if (t->p[t->at] == '\n')
				same_line = false;
			t->at++;
		}
		if (t->p[t->at] != '#')
			return;
		size_t n = strcspn(t->p + t->at, "\n");
		if (last && same_line && !last->note[0])
			snprintf(last->note, sizeof(last->note), "%.*s", (int)(n - 1), t->p + t->at + 1);
		t->at += n;
	}
}

static struct field *fields_parse(struct tpl *t, const char *until)
{
	struct field *head = NULL, **tail = &head, *last = NULL;
	char w[NAME_MAX_];

	for (;;) {
		skip_remarks(t, last);
		if (starts(t, until)) {
			t->at += strlen(until);
			return head;
		}
		size_t at = t->at;
		struct field *f = must(calloc(1, sizeof(*f)));
		size_t ty = 0;

		if (!word(t, w))
			fault(t, at, "a field type is expected here, or %s", until);
		while (ty < sizeof(types) / sizeof(*types) && strcmp(types[ty].word, w) != 0)
			ty++;
		if (ty == sizeof(types) / sizeof(*types))
			fault(t, at, "unknown field type \"%s\"", w);
		f->type = (enum type)ty;
		skip_ws(t);
		at = t->at;
		if (!word(t, f->name))
			fault(t, at, "a field name is expected here");
		if (is_c_word(f->name) || field_find(head, f->name))
			fault(t, at, "field name \"%s\" is %s", f->name, is_c_word(f->name) ? "a reserved word" : "used twice");
		*tail = last = f;
		tail = &f->next;
		if (f->type != T_LIST && f->type != T_TPL)
			continue;
		while (t->p[t->at] == ' ')
			t->at++;
		if (f->type == T_LIST && t->p[t->at] == '{' && !starts(t, "{end}")) {
			t->at++;
			f->sub = fields_parse(t, "}");
			if (!f->sub)
				fault(t, at, "list \"%s\" has no fields", f->name);
		} else if (word(t, w) && strcmp(w, "of") == 0) {
			skip_ws(t);
			if (!word(t, f->of))
				fault(t, t->at, "the name of a template is expected here");
		} else {
			fault(t, t->at, "\"%s %s\" needs %sof TEMPLATE", types[f->type].word, f->name,
			      f->type == T_LIST ? "{ fields } or " : "");
		}
	}
}

static struct tpl *tpl_find(const char *name)
{
	for (size_t i = 0; i < n_tpls; i++)
		if (strcmp(tpls[i].name, name) == 0)
			return &tpls[i];
	return NULL;
}

static void fields_check(struct tpl *t, struct field *f)
{
	for (struct field *all = f; f; f = f->next) {
		if (strncmp(f->name, "n_", 2) == 0 && field_find(all, f->name + 2))
			fault(t, 0, "\"%s\" is made for the list \"%s\"; in the template it is {%s.count}", f->name, f->name + 2, f->name + 2);
		if (f->of[0] && !tpl_find(f->of))
			fault(t, 0, "field \"%s\" is of template \"%s\", which does not exist", f->name, f->of);
		fields_check(t, f->sub);
	}
}

static void fields_header(FILE *out, const char *prefix, struct field *f)
{
	char sub[EXPR_MAX];

	for (struct field *i = f; i; i = i->next) {
		if (!i->sub)
			continue;
		snprintf(sub, sizeof(sub), "%s_%s", prefix, i->name);
		fields_header(out, sub, i->sub);
	}
	fprintf(out, "struct %s {\n", prefix);
	for (; f; f = f->next) {
		if (f->type == T_LIST || f->type == T_TPL) {
			if (f->of[0])
				fprintf(out, "\tconst struct tpl_%s *%s;", f->of, f->name);
			else
				fprintf(out, "\tconst struct %s_%s *%s;", prefix, f->name, f->name);
			if (f->type == T_LIST)
				fprintf(out, "\n\tsize_t n_%s;", f->name);
		} else {
			fprintf(out, "\t%s %s;", types[f->type].c, f->name);
		}
		fprintf(out, f->note[0] ? " /*%s */\n" : "%s\n", f->note);
	}
	fprintf(out, "};\n");
}

/* --- the body ----------------------------------------------------------------------------------------------- */

enum where { W_TEXT, W_TAG, W_ATTR, W_RCDATA, W_RAW };

/* Where in the HTML we are. RCDATA: textarea, title (no tags inside); RAW: script, style (no holes either). */
struct place {
	enum where where;
	char tag[NAME_MAX_], attr[NAME_MAX_], quote;
	bool closing, pre;
	bool url, fixed, begun;                          /* url attribute; its scheme can no longer change; not empty */
};

struct var {                                         /* a loop variable */
	char name[NAME_MAX_];
	struct field *list;
	struct field *fields;
};

struct block {
	char kind;                                       /* 'i' if, 'f' for, 'e' after else of a for, 'E' after else of an if */
	size_t at;
	struct place before, after;                      /* after: of the first branch */
	bool has_after;
	char count[EXPR_MAX];                            /* of a for */
};

struct gen {
	struct tpl *t;
	FILE *out;
	char lit[TEXT_MAX];
	size_t n_lit;
	struct place pl;
	struct block blocks[DEPTH_MAX];
	int depth, vars, serial;
	struct var var[DEPTH_MAX];
	char left;                                       /* what the output ends with: 'T' tag, 'C' directive, 'X' text */
};

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

static void flush(struct gen *g)
{
	if (g->n_lit == 0)
		return;
	indent(g);
	fputs("html_raw(h, ", g->out);
	c_string(g->out, g->lit, g->n_lit);
	fprintf(g->out, ", %zu);\n", g->n_lit);
	g->n_lit = 0;
}

static void lit(struct gen *g, char c)
{
	/* Not inside a UTF-8 sequence: every generated string is text by itself. */
	if (g->n_lit >= TEXT_MAX - 8 && ((unsigned char)c & 0xC0) != 0x80)
		flush(g);
	g->lit[g->n_lit++] = c;
}

static void line(struct gen *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void line(struct gen *g, const char *fmt, ...)
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
	if (v->type == T_TPL || v->type == T_HTML) {
		if (p->where != W_TEXT)
			fault(g->t, at, "markup cannot stand in an attribute or in <%s>", p->tag);
		if (v->type == T_HTML)
			snprintf(out, size, "html_safe(h, %s);", v->expr);
		else if (v->field->of[0])
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
		} else if (is_text || v.type == T_HTML) {
			n += (size_t)snprintf(out + n, size - n, "%s%s.n > 0)", v.expr, v.type == T_HTML ? ".s" : "");
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
	       (a->where == W_TEXT || (a->closing == b->closing && strcmp(a->tag, b->tag) == 0)) && (a->where != W_ATTR || strcmp(a->attr, b->attr) == 0);
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
static void directive(struct gen *g)
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

static bool one_of(const char *w, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(w, *list) == 0)
			return true;
	return false;
}

/* An attribute up to and with its opening quote. */
static void attribute(struct gen *g)
{
	static const char *const urls[] = {"href", "src", "action", "formaction", "poster", "cite", "data", "xlink:href",
	                                   NULL};
	static const char *const never[] = {"style", "srcdoc", "srcset", "ping", NULL};
	struct tpl *t = g->t;
	struct place *p = &g->pl;
	size_t at = t->at, n = 0;

	while (isalnum((unsigned char)t->p[t->at]) || strchr("-:_", t->p[t->at]) != NULL) {
		if (!t->p[t->at])
			break;
		if (n + 1 >= NAME_MAX_)
			fault(t, at, "an attribute name this long");
		p->attr[n++] = (char)tolower((unsigned char)t->p[t->at]);
		lit(g, t->p[t->at++]);
	}
	p->attr[n] = 0;
	if (n == 0)
		fault(t, at, "'%c' cannot stand in a tag", t->p[at]);
	if (strncmp(p->attr, "on", 2) == 0 || one_of(p->attr, never))
		fault(t, at, "attribute %s is not allowed (the pages' security policy forbids it)", p->attr);
	if (t->p[t->at] != '=')
		return;
	lit(g, t->p[t->at++]);
	if (t->p[t->at] != '"' && t->p[t->at] != '\'')
		fault(t, t->at, "attribute values must be quoted");
	p->quote = t->p[t->at];
	lit(g, t->p[t->at++]);
	p->where = W_ATTR;
	p->url = one_of(p->attr, urls);
	p->fixed = p->begun = false;
}

static void tag_open(struct gen *g)
{
	struct tpl *t = g->t;
	struct place *p = &g->pl;
	size_t n = 0, at = t->at;

	lit(g, t->p[t->at++]);
	p->closing = t->p[t->at] == '/';
	if (p->closing || t->p[t->at] == '!')
		lit(g, t->p[t->at++]);
	if (t->p[t->at] == '{')
		fault(t, t->at, "no hole in a tag name");
	if (t->p[t->at] == '-')
		fault(t, at, "write comments as {# … #}");
	while (isalnum((unsigned char)t->p[t->at]) && n + 1 < NAME_MAX_) {
		p->tag[n++] = (char)tolower((unsigned char)t->p[t->at]);
		lit(g, t->p[t->at++]);
	}
	p->tag[n] = 0;
	if (n == 0)
		fault(t, at, "write &lt; for a < in text");
	p->where = W_TAG;
}

static void tag_close(struct gen *g)
{
	static const char *const rcdata[] = {"textarea", "title", NULL}, *const raw[] = {"script", "style", NULL};
	struct place *p = &g->pl;

	lit(g, g->t->p[g->t->at++]);
	g->left = 'T';
	p->where = W_TEXT;
	if (strcmp(p->tag, "pre") == 0)
		p->pre = !p->closing;
	if (p->closing)
		return;
	if (one_of(p->tag, rcdata))
		p->where = W_RCDATA;
	else if (one_of(p->tag, raw))
		p->where = W_RAW;
	/* HTML drops a line end that comes first in these; give it one to drop, so that the value keeps its own. */
	if (strcmp(p->tag, "textarea") == 0 || strcmp(p->tag, "pre") == 0)
		lit(g, '\n');
}

/* A run of white space in text: one blank, or nothing where it holds a line break beside a tag or directive. */
static void white(struct gen *g)
{
	static const char *const words[] = {"{if ", "{for ", "{elif ", "{else}", "{end}", "{#", NULL};
	struct tpl *t = g->t;
	bool nl = false, beside;

	for (; t->p[t->at] && isspace((unsigned char)t->p[t->at]); t->at++)
		nl = nl || t->p[t->at] == '\n';
	beside = g->left != 'X' || t->p[t->at] == '<' || !t->p[t->at];
	for (const char *const *w = words; *w; w++)
		beside = beside || starts(t, *w);
	if (!nl || !beside)
		lit(g, ' ');
}

static void text_char(struct gen *g)
{
	struct tpl *t = g->t;
	struct place *p = &g->pl;
	char c = t->p[t->at];

	if (p->where == W_RCDATA || p->where == W_RAW) {
		size_t n = strlen(p->tag);
		if (c == '<' && t->p[t->at + 1] == '/' && strncasecmp(t->p + t->at + 2, p->tag, n) == 0) {
			tag_open(g);
			return;
		}
	} else if (p->where == W_TEXT) {
		if (c == '<') {
			tag_open(g);
			return;
		}
		if (isspace((unsigned char)c) && !p->pre) {
			white(g);
			return;
		}
		g->left = 'X';
	} else if (p->where == W_ATTR) {
		if (c == p->quote) {
			p->where = W_TAG;
			p->quote = 0;
		} else {
			if (p->url && !p->begun && strchr("/?#", c))
				p->fixed = true;
			if (p->url && !p->begun && c == '/' && t->p[t->at + 1] == '/')
				fault(t, t->at, "%s starts with //", p->attr);
			p->begun = true;
		}
	}
	lit(g, c);
	t->at++;
}

static void body(struct gen *g)
{
	struct tpl *t = g->t;
	struct place *p = &g->pl;

	g->left = 'C';
	while (t->p[t->at]) {
		char c = t->p[t->at];

		if (c == '{' && t->p[t->at + 1] == '{') {
			t->at++;
			text_char(g);
		} else if (c == '{' && p->where == W_RAW) {
			fault(t, t->at, "no hole in <%s>; write {{ for a brace", p->tag);
		} else if (c == '{') {
			directive(g);
		} else if (p->where != W_TAG) {
			text_char(g);
		} else if (c == '>') {
			tag_close(g);
		} else if (isspace((unsigned char)c)) {
			skip_ws(t);
			if (t->p[t->at] != '>')
				lit(g, ' ');
		} else if (c == '/') {
			lit(g, t->p[t->at++]);
		} else {
			attribute(g);
		}
	}
	if (g->depth > 0)
		fault(t, g->blocks[g->depth - 1].at, "no {end} for this");
	if (p->where != W_TEXT)
		fault(t, t->at, "the template ends inside <%s>", p->tag);
	flush(g);
}

/* --- files -------------------------------------------------------------------------------------------------- */

static FILE *out_open(const char *prefix, const char *suffix)
{
	char path[1000];

	snprintf(path, sizeof(path), "%s%s", prefix, suffix);
	return must(fopen(path, "w"));
}

int main(int argc, char **argv)
{
	FILE *h, *c;
	char name[2 * NAME_MAX_];

	if (argc < 3 || strcmp(argv[1], "-o") != 0) {
		fputs("usage: tplc -o PREFIX FILE...\n", stderr);
		return 2;
	}
	n_tpls = (size_t)argc - 3;
	tpls = must(calloc(n_tpls + 1, sizeof(*tpls)));
	for (size_t i = 0; i < n_tpls; i++) {
		tpl_read(&tpls[i], argv[i + 3]);
		skip_comments(&tpls[i]);
		if (starts(&tpls[i], "{fields}")) {
			tpls[i].at += 8;
			tpls[i].fields = fields_parse(&tpls[i], "{end}");
		}
	}
	h = out_open(argv[2], ".h");
	c = out_open(argv[2], ".c");
	fputs("/* Made by tools/tplc.c from tpl/. */\n#ifndef GEN_TPL_H\n#define GEN_TPL_H\n\n#include \"lib/html.h\"\n", h);
	fputs("/* Made by tools/tplc.c from tpl/. */\n#include \"tpl.h\"\n\n#include \"lib/i18n.h\"\n", c);
	for (size_t i = 0; i < n_tpls; i++)
		fprintf(h, "struct tpl_%s;\n", tpls[i].name);
	for (size_t i = 0; i < n_tpls; i++) {
		struct tpl *t = &tpls[i];
		struct gen *g = must(calloc(1, sizeof(*g)));

		fields_check(t, t->fields);
		fprintf(h, "\n/* %s */\n", t->file);
		snprintf(name, sizeof(name), "tpl_%s", t->name);
		if (t->fields)
			fields_header(h, name, t->fields);
		fprintf(h, "void %s(struct html *h, const struct %s *f);\n", name, name);
		fprintf(c, "\nvoid %s(struct html *h, const struct %s *f)\n{\n", name, name);
		fputs(t->fields ? "\tif (!f)\n\t\treturn;\n" : "\t(void)f;\n", c);
		g->t = t;
		g->out = c;
		body(g);
		fputs("}\n", c);
		free(g);
	}
	fputs("\n#endif\n", h);
	if (fclose(h) != 0 || fclose(c) != 0) {
		perror("tplc");
		return 1;
	}
	return 0;
}
