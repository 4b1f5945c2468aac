#include "vault/fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "lib/text.h"
#include "tlog/search.h"

#define ENTRIES (SEGMENT_UNIT + 3000)                /* a full segment, one more begun, a tail */

static uint64_t found(const struct fixture *f, const char *text, bool scan, struct search_result *ret)
{
	struct search_ask ask = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .before = UINT64_MAX, .limit = 100000, .scan = scan};
	struct arena *a = arena_new(1 << 20);
	struct query *q;
	struct tlog *t;
	struct err e;

	assert_int_equal(query_parse(a, str_from(text), 0, &q, &e), 0);
	ask.query = q;
	assert_int_equal(tlog_open(f->path, &t, &e), 0);
	assert_int_equal(search_log(t, &ask, ret, &e), 0);
	tlog_free(t);
	arena_free(a);
	return ret->matched;
}

/* The same entries with and without the index; *ret_read: blocks read with it. */
static uint64_t both(const struct fixture *f, const char *text, uint64_t *ret_read, uint64_t *ret_unindexed)
{
	struct search_result with, without;
	uint64_t n = found(f, text, false, &with);

	assert_int_equal(found(f, text, true, &without), n);
	assert_int_equal(with.n, without.n);
	for (size_t i = 0; i < with.n; i++)
		assert_int_equal(with.hits[i].index, without.hits[i].index);
	assert_int_equal(with.damaged, 0);
	*ret_read = with.blocks_read;
	*ret_unindexed = with.unindexed;
	search_result_release(&with);
	search_result_release(&without);
	return n;
}

static void made_again(void **state)
{
	uint64_t read, unindexed, steps = 0;
	struct fixture f;
	struct vault *v;
	char path[200];
	struct stat st;

	assert_int_equal(text_open(), 0);
	fixture_init(&f);
	fixture_fill(&f, ENTRIES, 10000);
	assert_int_equal(both(&f, "notthere", &read, &unindexed), 0);
	assert_int_equal(unindexed, 0);
	assert_true(read < 6);
	/* lost as a whole, and torn */
	snprintf(path, sizeof path, "%s/idx/00000000000000000000", f.path);
	assert_int_equal(stat(path, &st), 0);
	for (int torn = 0; torn < 2; torn++) {
		assert_int_equal(torn ? truncate(path, st.st_size / 2) : unlink(path), 0);
		assert_int_equal(both(&f, "notthere", &read, &unindexed), 0);
		assert_true(unindexed > 10 && read > 10);
		v = fixture_open(&f);
		while (!vault_index_step(v))
			assert_true(++steps < 100);
		vault_close(v);
		assert_int_equal(both(&f, "notthere", &read, &unindexed), 0);
		assert_int_equal(unindexed, 0);
		assert_true(read < 6);
	}
	assert_true(fixture_good(&f, true));
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(made_again)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
