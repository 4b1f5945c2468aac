/* Template compiler: tpl/NAME.html -> struct tpl_NAME and tpl_NAME(), see docs/architecture.md §7.
 *
 *   tplc -o PREFIX FILE…      writes PREFIX.c and PREFIX.h; faults as FILE:LINE:COL on standard error, exit 1
 *
 * It follows the HTML around each hole (text, tag, quoted attribute, text-only element) and picks the escaping from
 * that and from the field's type, so that nobody who writes a template can forget it. What cannot be made safe does not
 * compile. Stands alone: it is built before the library. */
#include "tplc.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const struct type_word types[T_COUNT_] = {
	[T_STR] = {"str", "struct str"}, [T_TEXT] = {"text", "struct str"}, [T_INT] = {"int", "int64_t"},
	[T_NUM] = {"num", "int64_t"}, [T_BOOL] = {"bool", "bool"}, [T_DATE] = {"date", "struct str"},
	[T_TIME] = {"time", "int64_t"}, [T_URL] = {"url", "struct str"},
	[T_LIST] = {"list", NULL}, [T_TPL] = {"tpl", NULL},
};

static struct tpl *tpls;
static size_t n_tpls;

struct tpl *tpl_find(const char *name)
{
	for (size_t i = 0; i < n_tpls; i++)
		if (strcmp(tpls[i].name, name) == 0)
			return &tpls[i];
	return NULL;
}

/* --- faults, memory, reading ------------------------------------------------------------------------------- */

void fault(const struct tpl *t, size_t at, const char *fmt, ...)
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

void *must(void *p)
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

bool starts(const struct tpl *t, const char *what)
{
	return strncmp(t->p + t->at, what, strlen(what)) == 0;
}

void skip_ws(struct tpl *t)
{
	while (t->p[t->at] && isspace((unsigned char)t->p[t->at]))
		t->at++;
}

/* Past one "{# … #}". */
void skip_comment(struct tpl *t)
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

bool word(struct tpl *t, char out[NAME_MAX_])
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
