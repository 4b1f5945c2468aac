/* A tab-separated table with named columns, as the folders standards/ and rules of it are kept. */
#ifndef CORE_TABLE_H
#define CORE_TABLE_H

#include "lib/arena.h"
#include "lib/csv.h"

#define TABLE_BYTES_MAX (16u << 20)

struct table {
	struct arena *arena;                             /* holds the text and the rows until it is freed */
	struct csv *csv;
	struct buf text;
	const char *file;                                /* as shown in errors */
	struct str *names, *cells;
	size_t n_names, n_cells;
};

/* Reads path whole and its first row as column names; every name of `columns` (NULL-terminated) must be there. Errors
 * carry file and line. Always pair with table_close. */
int table_open(struct table *t, struct arena *a, const char *path, const char *const *columns, struct err *e) MUST_USE;
/* 1 row, 0 end, negative on error. */
int table_next(struct table *t, struct err *e) MUST_USE;
/* The cell of a column in the row at hand; STR_NONE when empty or absent. */
struct str table_get(const struct table *t, const char *column);
/* Fails with file and line of the row at hand. */
int table_fail(const struct table *t, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void table_close(struct table *t);

#endif
