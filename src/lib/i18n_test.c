#include "lib/i18n.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/err.h"

/* A catalogue made by hand: header, "New" and the plural "{n} row". */
static const char strings[] = "\0New\0{n} row\0{n} rows\0Language: ja\n\0新規\0{n} 件\0";
#define AT_NEW 1
#define AT_ROW 5
#define AT_HEAD 22
#define AT_NEW_JA 36
#define AT_ROW_JA 43

static size_t mo_make(unsigned char *out, uint32_t magic, uint32_t spoil_off)
{
	enum { STRINGS = 28 + 6 * 8 };
	uint32_t head[7 + 12] = {
		magic, 0, 3, 28, 52, 0, 0,
		0, STRINGS, 3, STRINGS + AT_NEW, 16, STRINGS + AT_ROW,
		13, STRINGS + AT_HEAD, 6, STRINGS + AT_NEW_JA, 7, STRINGS + AT_ROW_JA + spoil_off,
	};

	memcpy(out, head, sizeof(head));
	memcpy(out + STRINGS, strings, sizeof(strings));
	return STRINGS + sizeof(strings) - 1; /* the text's own NULs are all there */
}

static void test_lookup(void **state)
{
	static unsigned char mo[400];
	size_t n = mo_make(mo, 0x950412de, 0);

	assert_string_equal(strings + AT_NEW_JA, "新規");
	assert_string_equal(strings + AT_ROW_JA, "{n} 件");
	assert_int_equal(i18n_open(mo, n), 0);
	i18n_set(LANG_JA);
	assert_string_equal(i18n_text("New"), "新規");
	assert_string_equal(i18n_text("Old"), "Old");
	assert_string_equal(i18n_text(""), "");
	assert_string_equal(i18n_plural("{n} row", "{n} rows", 1), "{n} 件");
	assert_string_equal(i18n_plural("{n} row", "{n} rows", 2), "{n} 件");
	assert_string_equal(i18n_plural("a", "b", 2), "b");
	i18n_set(LANG_EN);
	assert_int_equal(i18n_lang(), LANG_EN);
	assert_string_equal(i18n_text("New"), "New");
	assert_string_equal(i18n_plural("{n} row", "{n} rows", 1), "{n} row");
	assert_string_equal(i18n_plural("{n} row", "{n} rows", 0), "{n} rows");
}

/* Bytes that are no catalogue are refused, and words fall back to their ids. */
static void test_broken(void **state)
{
	static unsigned char mo[400];
	size_t n = mo_make(mo, 0x950412de, 0);

	for (size_t cut = 0; cut + 1 < n; cut++)             /* the last byte is one NUL more than needed */
		assert_int_equal(i18n_open(mo, cut), ERR_SYNTAX);
	n = mo_make(mo, 0x12345678, 0);
	assert_int_equal(i18n_open(mo, n), ERR_SYNTAX);
	n = mo_make(mo, 0x950412de, 100000);
	assert_int_equal(i18n_open(mo, n), ERR_SYNTAX);
	n = mo_make(mo, 0x950412de, UINT32_MAX / 2);
	assert_int_equal(i18n_open(mo, n), ERR_SYNTAX);
	n = mo_make(mo, 0x950412de, (uint32_t)-1);        /* length no longer ends at the NUL */
	assert_int_equal(i18n_open(mo, n), ERR_SYNTAX);
	i18n_set(LANG_JA);
	assert_string_equal(i18n_text("New"), "New");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lookup), cmocka_unit_test(test_broken)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
