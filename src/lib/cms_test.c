/* What is no certificate is refused in words; that others open what is locked is tried end to end (test/e2e/transfer_cms.sh). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/cms.h"

static void test_refused(void **state)
{
	static char long_text[30000];
	const char *const texts[] = {"", "x", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	                             "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", long_text};
	(void)state;
	memset(long_text, 'A', sizeof(long_text) - 1);
	int in = memfd_create("t", MFD_CLOEXEC), out = memfd_create("t", MFD_CLOEXEC);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct err e = {0};
		char hex[65] = "";
		int64_t size = 7;
		assert_int_equal(cms_certificate(str_from(texts[i]), 0, hex, &e), ERR_SYNTAX);
		assert_true(e.text[0]);
		assert_int_not_equal(cms_lock(str_from(texts[i]), in, 0, out, &size, &e), 0);
		assert_int_equal(size, 7);
	}
	close(in);
	close(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_refused)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
