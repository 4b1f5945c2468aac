/* CSV and TSV: any bytes are read to an end, and what was read is written and read again the same. */
#include "lib/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(16u << 20);
	struct buf decoded, again;
	struct str *cells, *back;
	size_t n_cells, n_back;
	bool cp932;
	buf_init(&decoded, 1 << 20);
	buf_init(&again, 8u << 20);
	struct csv *c = NULL;
	if (n && csv_decode(str_n(data + 1, n - 1), &decoded, &cp932, NULL) == 0)
		c = csv_open(buf_view(&decoded), data[0] % 2 ? ',' : '\t');
	for (int rows = 0; c && rows < 1000 && csv_row(c, a, &cells, &n_cells, NULL) == 1; rows++) {
		buf_clear(&again);
		buf_puts(&again, "\n");                          /* so that a cell's own mark is no file's mark */
		for (size_t i = 0; i < n_cells; i++)
			csv_cell(&again, cells[i], i == 0, true);
		struct csv *r = csv_open(buf_view(&again), ',');
		if (csv_row(r, a, &back, &n_back, NULL) != 1 || n_back != n_cells)
			__builtin_trap();
		for (size_t i = 0; i < n_cells; i++)
			if (!str_eq(csv_undefuse(back[i]), cells[i]))
				__builtin_trap();
		csv_close(r);
		arena_clear(a);
	}
	csv_close(c);
	buf_release(&decoded);
	buf_release(&again);
	arena_free(a);
	return 0;
}
