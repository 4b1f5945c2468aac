/* sqlc: SQL files into C.
 *
 *   sqlc -o build/gen/queries sql/schema.sql sql/queries-record.sql …
 *
 * A file with "-- name: person_by_id" lines is a list of named statements: each becomes an entry of queries[] and an
 * enumerator Q_PERSON_BY_ID. A file without any such line is a script: sql/schema.sql becomes sql_schema[]. Comment
 * lines and indentation are dropped from named statements, so that they read well in a trace. */
#include <ctype.h>
#include <stdbool.h>

#include "tool.h"

#define NAME_MAX_ 80
#define QUERIES_MAX 4096

static char names[QUERIES_MAX][NAME_MAX_];
static size_t n_names;

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text;
	long n = 0;

	if (!f || fseek(f, 0, SEEK_END) || (n = ftell(f)) < 0 || fseek(f, 0, SEEK_SET))
		die("%s: %s", path, strerror(errno));
	text = malloc((size_t)n + 1);
	if (!text || fread(text, 1, (size_t)n, f) != (size_t)n)
		die("%s: cannot read", path);
	text[n] = 0;
	fclose(f);
	return text;
}

/* One source line as a C string literal with its line end. */
static void put_line(FILE *out, const char *p, size_t n)
{
	fputs("\n\t\"", out);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == '"' || c == '\\' || c == '?')
			fprintf(out, "\\%c", c);
		else if (c == '\t')
			fputs("\\t", out);
		else if (c >= 0x20 && c != 0x7f)
			fputc(c, out);
		else if (c != '\r')
			die("control byte 0x%02x", c);
	}
	fputs("\\n\"", out);
}

static void add_name(const char *path, int line, const char *p, size_t n)
{
	if (n == 0 || n >= NAME_MAX_ || n_names == QUERIES_MAX)
		die("%s:%d: bad or too many names", path, line);
	for (size_t i = 0; i < n; i++)
		if (!islower((unsigned char)p[i]) && !isdigit((unsigned char)p[i]) && p[i] != '_')
			die("%s:%d: a name is lower case with _: %.*s", path, line, (int)n, p);
	memcpy(names[n_names], p, n);
	names[n_names][n] = 0;
	for (size_t i = 0; i < n_names; i++)
		if (!strcmp(names[i], names[n_names]))
			die("%s:%d: %s is named twice", path, line, names[i]);
	n_names++;
}

#define MARK "-- name:"

static void named_file(FILE *out, const char *path, const char *text)
{
	int line = 0;
	bool open = false, empty = true;

	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");
		const char *q = p, *end = p + n;

		line++;
		while (q < end && (*q == ' ' || *q == '\t'))
			q++;
		if (!strncmp(q, MARK, sizeof MARK - 1)) {
			if (open && empty)
				die("%s:%d: %s has no statement", path, line, names[n_names - 1]);
			q += sizeof MARK - 1;
			while (q < end && *q == ' ')
				q++;
			while (end > q && (end[-1] == ' ' || end[-1] == '\r'))
				end--;
			add_name(path, line, q, (size_t)(end - q));
			fprintf(out, "%s\n\t{ \"%s\",", open ? " }," : "", names[n_names - 1]);
			open = empty = true;
		} else if (q < end && strncmp(q, "--", 2)) {
			if (!open)
				die("%s:%d: SQL before the first name", path, line);
			put_line(out, q, (size_t)(end - q));
			empty = false;
		}
		p += n + (p[n] == '\n');
	}
	if (empty)
		die("%s: the last name has no statement", path);
	fputs(" },", out);
}

/* "sql/schema.sql" -> "schema" */
static void stem_of(const char *path, char *out, size_t size)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	size_t n = strcspn(base, ".");

	if (n + 1 > size)
		die("%s: name too long", path);
	for (size_t i = 0; i < n; i++)
		out[i] = isalnum((unsigned char)base[i]) ? base[i] : '_';
	out[n] = 0;
}

static void script_file(FILE *c, FILE *h, const char *path, const char *text)
{
	char stem[NAME_MAX_];

	stem_of(path, stem, sizeof stem);
	fprintf(h, "extern const char sql_%s[];\n", stem);
	fprintf(c, "\nconst char sql_%s[] =", stem);
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");

		put_line(c, p, n);
		p += n + (p[n] == '\n');
	}
	fputs("\n\t\"\";\n", c);
}

int main(int argc, char **argv)
{
	FILE *c, *h;

	if (argc < 3 || strcmp(argv[1], "-o"))
		die("usage: sqlc -o STEM FILE...");
	c = open_out(argv[2], ".c");
	h = open_out(argv[2], ".h");
	fputs("/* Made by tools/sqlc from sql/. */\n#ifndef GEN_QUERIES_H\n#define GEN_QUERIES_H\n\n#include \"lib/db.h\"\n\n", h);
	fputs("/* Made by tools/sqlc from sql/. */\n#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n#include \"queries.h\"\n", c);
	for (int i = 3; i < argc; i++) {
		char *text = slurp(argv[i]);

		if (!strstr(text, MARK))
			script_file(c, h, argv[i], text);
		free(text);
	}
	fputs("\nconst struct db_query queries[] = {", c);
	for (int i = 3; i < argc; i++) {
		char *text = slurp(argv[i]);

		if (strstr(text, MARK))
			named_file(c, argv[i], text);
		free(text);
	}
	fputs("\n\t{ NULL, NULL }\n};\n", c);
	fputs("\nextern const struct db_query queries[];\n\nenum {", h);
	for (size_t i = 0; i < n_names; i++) {
		fputs("\n\tQ_", h);
		for (const char *p = names[i]; *p; p++)
			fputc(toupper((unsigned char)*p), h);
		fputc(',', h);
	}
	fputs("\n\tN_QUERIES\n};\n\n#endif\n", h);
	if (fclose(c) || fclose(h))
		die("write failed");
	return 0;
}
