/* The archive's bounds and that it is new each time; that others open it is tried end to end (test/e2e/transfer.sh). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/aes_zip.h"

static void test_archive(void **state)
{
	struct buf a, b;
	struct str name = STR("a.txt"), text = STR("seventeen bytes..");
	(void)state;
	buf_init(&a, 4096);
	buf_init(&b, 4096);
	assert_int_equal(aes_zip(name, text, STR("pw"), &a), 0);
	assert_int_equal(aes_zip(name, text, STR("pw"), &b), 0);
	assert_int_equal(a.n, b.n);
	assert_true(a.n <= text.n + 2 * name.n + AES_ZIP_MORE);
	assert_memory_equal(a.p, "PK\3\4", 4);
	assert_memory_not_equal(a.p, b.p, a.n);          /* another salt */
	assert_null(memmem(a.p, a.n, text.p, text.n));
	buf_release(&a);
	buf_release(&b);
}

static void test_refused(void **state)
{
	struct buf b;
	(void)state;
	buf_init(&b, 100);
	assert_int_not_equal(aes_zip(STR(""), STR("x"), STR("pw"), &b), 0);
	assert_int_not_equal(aes_zip(STR("a"), STR("x"), STR(""), &b), 0);
	assert_int_not_equal(aes_zip(STR("a"), STR("x"), STR("pw"), &b), 0); /* no room */
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_archive), cmocka_unit_test(test_refused)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
