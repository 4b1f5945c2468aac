#include "auth/totp.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/clock.h"

static const struct str rfc_secret = {"12345678901234567890", 20};

/* RFC 6238, appendix B, SHA-1. */
static void rfc6238(void **state)
{
	static const struct {
		int64_t seconds;
		const char *code;
	} t[] = {{59, "94287082"}, {1111111109, "07081804"}, {1111111111, "14050471"},
	         {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}};
	char out[9];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(totp_code(rfc_secret, t[i].seconds / TOTP_STEP_SECONDS, 8, out), 0);
		assert_string_equal(out, t[i].code);
	}
}

static void window(void **state)
{
	static const struct {
		int64_t now;
		bool fits;
	} t[] = {{1111111109 - 60, false}, {1111111109 - 30, true}, {1111111109, true}, {1111111109 + 30, true},
	         {1111111109 + 60, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		int64_t step = totp_step_of(rfc_secret, t[i].now * SECOND_US, STR("081804"));

		assert_int_equal(step, t[i].fits ? 1111111109 / 30 : ERR_NOTFOUND);
	}
	assert_int_equal(totp_step_of(rfc_secret, 1111111109 * SECOND_US, STR("81804")), ERR_NOTFOUND);
	assert_int_equal(totp_step_of(rfc_secret, 1111111109 * SECOND_US, STR("0818040")), ERR_NOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rfc6238), cmocka_unit_test(window)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
