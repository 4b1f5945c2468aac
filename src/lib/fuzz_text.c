/* Text: folding and cleaning change nothing the second time; CP932 comes back; a query is one FTS5 takes. */
#include "lib/db.h"
#include "lib/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int (*const fns[])(struct str, struct buf *) = { text_fold, text_clean, text_bigrams, text_fts_query };
	static struct db *db;
	struct str in = str_n(data, n);
	struct buf one[5], two;
	size_t lost = 0;
	if (!db && (db_open(":memory:", DB_CREATE, &db, NULL) || db_exec(db, "CREATE VIRTUAL TABLE f USING fts5(t)", NULL)))
		__builtin_trap();
	buf_init(&two, 32u << 20);
	for (int i = 0; i < 4; i++) {
		buf_init(&one[i], 32u << 20);
		buf_clear(&two);
		if (fns[i](in, &one[i]) == 0 && i < 2 &&
		    (fns[i](buf_view(&one[i]), &two) || !str_eq(buf_view(&one[i]), buf_view(&two))))
			__builtin_trap();
	}
	struct stmt *s = db_sql(db, "SELECT count(*) FROM f WHERE f MATCH ?1");
	bind_str(s, 1, buf_view(&one[3]));
	if (utf8_valid(in) && one[3].n && step(s) != 1)
		__builtin_trap();
	stmt_done(s);
	buf_init(&one[4], 32u << 20);
	buf_clear(&two);
	if (cp932_to_utf8(in, &one[4]) == 0 && (utf8_to_cp932(buf_view(&one[4]), &two, &lost) || lost))
		__builtin_trap();
	for (int i = 0; i < 5; i++)
		buf_release(&one[i]);
	buf_release(&two);
	return 0;
}
