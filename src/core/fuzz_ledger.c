/* A definition: any bytes give a ledger, whose expressions are then checked by word, or an error with a place or a
 * text. */
#include "core/ledger.h"
#include "core/ledger_expr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(16u << 20);
	struct ledger *l = NULL;
	struct err e = { 0 };
	int r = ledger_parse(a, "f", str_n(data, n), &l, &e);

	if (r && (e.code != r || !e.text[0]))
		__builtin_trap();
	for (size_t i = 0; !r && i < l->n_exprs; i++) {
		struct err why = { 0 };
		struct buf sql;

		buf_init(&sql, 1 << 20);
		if (expr_names_check(NULL, l, l->exprs[i].row, l->exprs[i].text, &why)) {
			if (!why.text[0])
				__builtin_trap();
		} else {
			expr_sql(l->exprs[i].text, true, &sql);
		}
		buf_release(&sql);
	}
	arena_free(a);
	return 0;
}
