/* CSV and TSV reading and writing (RFC 4180; quotes, embedded newlines). Rows are views into an arena. */
#ifndef LIB_CSV_H
#define LIB_CSV_H

#include "lib/arena.h"
#include "lib/buf.h"

#define CSV_COLUMNS_MAX 400
#define CSV_CELL_MAX (1u << 20)
#define CSV_ROWS_MAX 2000000

struct csv;

/* Line ends: CRLF, LF or CR; empty lines between rows are skipped (a row of one empty cell is written as ""). A quote
 * inside a cell that does not begin with one is itself. text must stay valid while reading. sep: ',' or '\t'; a TSV
 * has no quoting. A UTF-8 mark at the start is skipped. */
struct csv *csv_open(struct str text, char sep);
void csv_close(struct csv *c);
/* Next row: 1 row (cells valid until arena a is freed), 0 end, negative on error with e->line set. */
int csv_row(struct csv *c, struct arena *a, struct str **ret_cells, size_t *ret_n, struct err *e) MUST_USE;
int csv_line(const struct csv *c);                   /* line where the last row began */
/* Makes UTF-8 of what a person uploads: UTF-8 (with or without mark) as it is, else CP932; into out. */
int csv_decode(struct str in, struct buf *out, bool *ret_was_cp932, struct err *e) MUST_USE;

/* Writing: cells that could act as a formula in a spreadsheet (= + - @ TAB CR first) get a leading apostrophe when
 * `defuse` is set; csv reading with the same flag takes it off again, so that a round trip changes nothing. */
void csv_cell(struct buf *out, struct str cell, bool first, bool defuse);
void csv_end_row(struct buf *out);
struct str csv_undefuse(struct str cell);

#endif
