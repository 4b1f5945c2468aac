#include "lib/csv.h"

#include <stdlib.h>
#include <string.h>

#include "lib/i18n.h"
#include "lib/text.h"

struct csv {
	struct str text;
	size_t at;
	char sep;
	int line, row_line;
	size_t rows;
	struct buf cell;
	struct str cells[CSV_COLUMNS_MAX];
};

struct csv *csv_open(struct str text, char sep)
{
	struct csv *c = xcalloc(1, sizeof *c);
	c->text = text;
	c->sep = sep;
	c->line = 1;
	if (str_starts(text, "\xef\xbb\xbf"))
		c->at = 3;
	buf_init(&c->cell, CSV_CELL_MAX);
	return c;
}

void csv_close(struct csv *c)
{
	if (!c)
		return;
	buf_release(&c->cell);
	free(c);
}

int csv_line(const struct csv *c)
{
	return c->row_line;
}

static int peek(const struct csv *c)
{
	return c->at < c->text.n ? (unsigned char)c->text.p[c->at] : -1;
}

/* Eats a line end (CRLF, LF, or CR alone) at the cursor. */
static bool line_end(struct csv *c)
{
	int ch = peek(c);
	if (ch != '\n' && ch != '\r')
		return false;
	c->at++;
	if (ch == '\r' && peek(c) == '\n')
		c->at++;
	c->line++;
	return true;
}

static int bad(struct csv *c, struct err *e, int code, int line, const char *what)
{
	return err_at(e, code, "", line, 0, "%s", what);
}

/* The inside of a quoted cell, cursor after the opening quote; ends after the closing one. */
static int quoted_cell(struct csv *c, struct err *e)
{
	int begun = c->line;
	for (;;) {
		int ch = peek(c);
		if (ch < 0)
			return bad(c, e, ERR_SHORT, begun, "a quoted cell does not end");
		size_t from = c->at;
		if (ch == '"') {
			c->at++;
			if (peek(c) != '"')
				return 0;
			from = c->at++;
		} else if (!line_end(c)) {
			c->at++;
		}
		if (ch == 0)
			return bad(c, e, ERR_SYNTAX, c->line, "a NUL byte");
		buf_put(&c->cell, c->text.p + from, c->at - from);
		if (c->cell.failed)
			return bad(c, e, ERR_TOOBIG, begun, "a cell is too long");
	}
}

static int plain_cell(struct csv *c, struct err *e)
{
	size_t from = c->at;
	int ch;
	while ((ch = peek(c)) >= 0 && ch != (unsigned char)c->sep && ch != '\n' && ch != '\r') {
		if (ch == 0)
			return bad(c, e, ERR_SYNTAX, c->line, "a NUL byte");
		c->at++;
	}
	buf_put(&c->cell, c->text.p + from, c->at - from);
	return c->cell.failed ? bad(c, e, ERR_TOOBIG, c->line, "a cell is too long") : 0;
}

static int one_cell(struct csv *c, struct arena *a, struct str *ret, struct err *e)
{
	int r;
	buf_clear(&c->cell);
	if (c->sep != '\t' && peek(c) == '"') {
		c->at++;
		r = quoted_cell(c, e);
		int ch = peek(c);
		if (!r && ch >= 0 && ch != (unsigned char)c->sep && ch != '\n' && ch != '\r')
			r = bad(c, e, ERR_SYNTAX, c->line, "text after a closing quote");
	} else {
		r = plain_cell(c, e);
	}
	if (r)
		return r;
	*ret = arena_str(a, buf_view(&c->cell));
	return ret->p ? 0 : bad(c, e, ERR_NOMEM, c->row_line, "the table is too large");
}

int csv_row(struct csv *c, struct arena *a, struct str **ret_cells, size_t *ret_n, struct err *e)
{
	size_t n = 0;
	while (line_end(c))
		;                                            /* empty lines between rows */
	if (peek(c) < 0)
		return 0;
	c->row_line = c->line;
	if (++c->rows > CSV_ROWS_MAX)
		return bad(c, e, ERR_TOOBIG, c->line, "too many rows");
	for (;;) {
		if (n == CSV_COLUMNS_MAX)
			return bad(c, e, ERR_TOOBIG, c->line, "too many columns");
		int r = one_cell(c, a, &c->cells[n++], e);
		if (r)
			return r;
		if (peek(c) != (unsigned char)c->sep)
			break;
		c->at++;
	}
	(void)line_end(c);
	struct str *cells = arena_array(a, n, sizeof *cells);
	if (!cells)
		return bad(c, e, ERR_NOMEM, c->row_line, "the table is too large");
	memcpy(cells, c->cells, n * sizeof *cells);
	*ret_cells = cells;
	*ret_n = n;
	return 1;
}

int csv_decode(struct str in, struct buf *out, bool *ret_was_cp932, struct err *e)
{
	bool marked = str_starts(in, "\xef\xbb\xbf");
	if (marked)
		in = str_slice(in, 3, in.n);
	bool utf8 = utf8_valid(in);
	if (!utf8 && marked)
		return err_set(e, ERR_SYNTAX, _("the file says it is UTF-8 but is not"));
	size_t start = out->n;
	int r = 0;
	if (utf8)
		buf_str(out, in);
	else
		r = cp932_to_utf8(in, out);
	if (!r)
		r = buf_err(out);
	if (r == ERR_SYNTAX) {
		int line = 1;
		struct str done = str_slice(buf_view(out), start, SIZE_MAX);
		for (size_t i = 0; i < done.n; i++)
			line += done.p[i] == '\n';
		return err_at(e, r, "", line, 0, _("the file is neither UTF-8 nor Shift_JIS (CP932)"));
	}
	if (r)
		return err_set(e, r, r == ERR_SYS ? _("the CP932 tables are missing") : _("the file is too large"));
	*ret_was_cp932 = !utf8;
	return 0;
}

/* Apostrophes, then a character a spreadsheet takes as the start of a formula. */
static bool formula(struct str cell)
{
	size_t i = 0;
	while (i < cell.n && cell.p[i] == '\'')
		i++;
	return i < cell.n && cell.p[i] != 0 && strchr("=+-@\t\r", cell.p[i]);
}

void csv_cell(struct buf *out, struct str cell, bool first, bool defuse)
{
	bool quote = (first && !cell.n) || (cell.n && (cell.p[0] == ' ' || cell.p[cell.n - 1] == ' '));
	for (size_t i = 0; i < cell.n && !quote; i++)
		quote = cell.p[i] == '"' || cell.p[i] == ',' || cell.p[i] == '\n' || cell.p[i] == '\r' || cell.p[i] == '\t';
	if (!first)
		buf_putc(out, ',');
	if (quote)
		buf_putc(out, '"');
	if (defuse && formula(cell))
		buf_putc(out, '\'');
	for (size_t i = 0; i < cell.n; i++) {
		if (cell.p[i] == '"')
			buf_putc(out, '"');
		buf_putc(out, cell.p[i]);
	}
	if (quote)
		buf_putc(out, '"');
}

void csv_end_row(struct buf *out)
{
	buf_puts(out, "\r\n");
}

struct str csv_undefuse(struct str cell)
{
	return cell.n && cell.p[0] == '\'' && formula(cell) ? str_slice(cell, 1, cell.n) : cell;
}
