#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"

static void test_memory_is_zeroed_aligned_apart(void **state)
{
	enum { COUNT = 400 };
	struct arena *a = arena_new(64u << 20);
	unsigned char *p[COUNT];
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < COUNT; i++) {
			size_t n = i * i % 70001;                    /* small ones, and larger than any block */
			p[i] = arena_alloc(a, n);
			assert_non_null(p[i]);
			assert_int_equal((uintptr_t)p[i] % alignof(max_align_t), 0);
			for (size_t k = 0; k < n; k++)
				assert_int_equal(p[i][k], 0);
			memset(p[i], (int)(i & 0xff), n);
		}
		for (size_t i = 0; i < COUNT; i++)
			for (size_t k = 0; k < i * i % 70001; k++)
				assert_int_equal(p[i][k], i & 0xff);
		arena_clear(a);
	}
	arena_free(a);
	arena_free(NULL);
}

static void test_cap_is_exact(void **state)
{
	size_t unit = alignof(max_align_t);
	struct arena *a = arena_new(100 * unit);
	assert_null(arena_alloc(a, 100 * unit + 1));
	assert_non_null(arena_alloc(a, 99 * unit + 1));
	assert_null(arena_alloc(a, 1));
	assert_null(arena_strdup(a, "x"));
	assert_null(arena_str(a, STR("x")).p);
	assert_null(arena_printf(a, "x"));
	arena_clear(a);
	for (int i = 0; i < 100; i++)
		assert_non_null(arena_alloc(a, 0));              /* each its own place */
	assert_null(arena_alloc(a, 0));
	arena_free(a);
}

static void test_overflow(void **state)
{
	struct arena *a = arena_new(SIZE_MAX);
	assert_null(arena_array(a, SIZE_MAX / 2, 3));
	assert_null(arena_array(a, SIZE_MAX, SIZE_MAX));
	assert_null(arena_alloc(a, SIZE_MAX));
	assert_null(arena_str(a, str_n("x", SIZE_MAX)).p);
	assert_non_null(arena_array(a, 0, 8));
	arena_free(a);
}

static void test_copies(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct str s = arena_str(a, STR("a\0b"));
	assert_int_equal(s.n, 3);
	assert_memory_equal(s.p, "a\0b", 4);
	assert_null(arena_str(a, STR_NONE).p);
	assert_null(arena_strdup(a, NULL));
	assert_string_equal(arena_z(a, STR_NONE), "");
	assert_string_equal(arena_z(a, str_n("abc", 2)), "ab");
	assert_non_null(arena_str(a, STR("")).p);
	assert_string_equal(arena_printf(a, "%s-%d", "x", 5), "x-5");
	struct str f = arena_strf(a, "%0300d", 1);
	assert_int_equal(f.n, 300);
	assert_int_equal(f.p[300], 0);
	arena_free(a);
	char *z = xstrdup("q");
	assert_string_equal(z, "q");
	free(z);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_is_zeroed_aligned_apart),
		cmocka_unit_test(test_cap_is_exact),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_copies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
