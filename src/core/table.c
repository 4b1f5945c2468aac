#include "core/table.h"

#include <stdarg.h>

#include "lib/file.h"

int table_open(struct table *t, struct arena *a, const char *path, const char *const *columns, struct err *e)
{
	int rc;

	*t = (struct table){.arena = a, .file = path};
	buf_init(&t->text, TABLE_BYTES_MAX);
	rc = file_read(path, TABLE_BYTES_MAX, &t->text, e);
	if (rc)
		return rc;
	t->csv = csv_open(buf_view(&t->text), '\t');
	rc = csv_row(t->csv, a, &t->names, &t->n_names, e);
	if (rc <= 0)
		return rc ? rc : err_at(e, ERR_SHORT, path, 1, 0, "no column names");
	for (; *columns; columns++) {
		size_t i = 0;

		while (i < t->n_names && !str_is(t->names[i], *columns))
			i++;
		if (i == t->n_names)
			return err_at(e, ERR_SYNTAX, path, 1, 0, "column '%s' is missing", *columns);
	}
	return 0;
}

int table_next(struct table *t, struct err *e)
{
	int rc = csv_row(t->csv, t->arena, &t->cells, &t->n_cells, e);

	if (rc == 1 && t->n_cells != t->n_names)
		return table_fail(t, e, "%zu cells where the head has %zu columns", t->n_cells, t->n_names);
	if (rc < 0 && e)
		return err_at(e, rc, t->file, csv_line(t->csv), 0, "not a table row");
	return rc;
}

struct str table_get(const struct table *t, const char *column)
{
	for (size_t i = 0; i < t->n_names && i < t->n_cells; i++)
		if (str_is(t->names[i], column))
			return t->cells[i].n ? t->cells[i] : STR_NONE;
	return STR_NONE;
}

int table_fail(const struct table *t, struct err *e, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return err_at(e, ERR_SYNTAX, t->file, csv_line(t->csv), 0, "%s", text);
}

void table_close(struct table *t)
{
	csv_close(t->csv);
	buf_release(&t->text);
	t->csv = NULL;
}
