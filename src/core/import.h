/* Inside of the CSV import: what its two files share. */
#ifndef CORE_IMPORT_H
#define CORE_IMPORT_H

#include "core/engine.h"
#include "core/ledger_csv.h"
#include "lib/csv.h"

enum { COL_NUMBER = -1, COL_STATE = -2, COL_APPLICANT = -3, COL_CREATED_ON = -4, COL_NONE = -5 };

struct import {
	struct job j;                                    /* its arena is emptied after each row */
	struct arena *a;                                 /* of the caller: faults */
	int columns[CSV_COLUMNS_MAX];                    /* field index, or one of COL_… */
	size_t n_columns;
	struct import_result *out;
	struct faults faults;
	const struct pace *pace;                         /* NULL: all in one piece */
	bool keep;                                       /* else it is tried only: pace hears of it and commits nothing */
	int64_t told;                                    /* rows when it was last told */
	int line;
	/* the row names a record of its own ledger that is not there yet */
	bool waits;
};

struct line {
	struct str *cells;
	size_t n;
	int line;
};

/* A row as values to create or change a record with; given: the system columns. */
struct typed_row {
	struct values values;
	struct record given;
};

/* Cells to values; what cannot be read becomes a fault. */
void import_row_values(struct import *im, const struct line *row, struct typed_row *ret);

#endif
