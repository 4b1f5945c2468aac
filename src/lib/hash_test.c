#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "lib/hash.h"

/* FIPS 180-4 examples and the lengths around a block. */
static void test_known_answers(void **state)
{
	static const struct {
		const char *text;
		const char *hex;
	} cases[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char hex[SHA256_HEX];
		sha256_hex(cases[i].text, strlen(cases[i].text), hex);
		assert_string_equal(hex, cases[i].hex);
	}
}

static void test_parts_are_as_joined(void **state)
{
	static const char text[] = "The quick brown fox";
	uint8_t whole[SHA256_LEN], parts[SHA256_LEN];
	sha256(text, 19, whole);
	for (size_t at = 0; at <= 19; at++) {
		sha256_parts((struct str[]){ { text, at }, STR_NONE, { text + at, 19 - at } }, 3, parts);
		assert_memory_equal(whole, parts, SHA256_LEN);
	}
	sha256_parts((struct str[]){ { text, 18 } }, 1, parts);
	assert_memory_not_equal(whole, parts, SHA256_LEN);
	/* each length around the blocks, cut in two anywhere, as OpenSSL has it */
	uint8_t long_text[200];
	for (size_t i = 0; i < sizeof long_text; i++)
		long_text[i] = (uint8_t)(i * 7 + 1);
	for (size_t n = 0; n <= sizeof long_text; n++)
		for (size_t at = 0; at <= n; at++) {
			struct str two[] = {{(const char *)long_text, at}, {(const char *)long_text + at, n - at}};
			sha256_parts(two, 2, parts);
			sha256_library(&(struct str){(const char *)long_text, n}, 1, whole);
			assert_memory_equal(parts, whole, SHA256_LEN);
		}
	sha256_parts(NULL, 0, parts);
	sha256("", 0, whole);
	assert_memory_equal(whole, parts, SHA256_LEN);
}

static void test_tokens(void **state)
{
	static const size_t lengths[][2] = { { 0, 0 }, { 1, 2 }, { 2, 3 }, { 3, 4 }, { 16, 22 }, { 32, 43 } };
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		char a[64], b[64];
		memset(a, '#', sizeof a);
		random_token(a, lengths[i][0]);
		assert_int_equal(strlen(a), lengths[i][1]);
		assert_int_equal(a[lengths[i][1] + 1], '#');
		assert_int_equal(strspn(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), lengths[i][1]);
		random_token(b, lengths[i][0]);
		if (lengths[i][0] >= 16)
			assert_string_not_equal(a, b);
	}
}

static void test_equality(void **state)
{
	assert_true(const_time_eq("abc", "abd", 2));
	assert_false(const_time_eq("abc", "abd", 3));
	assert_false(const_time_eq("xbc", "abc", 3));
	assert_true(const_time_eq("a", "b", 0));
}

/* Every length up to several blocks, odd and even numbers of them, and mixed lengths: as one by one. */
static void test_many_are_as_one_by_one(void **state)
{
	static uint8_t bytes[4096], got[600][SHA256_LEN], want[SHA256_LEN];
	struct str in[600];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 131 + (i >> 8));
	for (size_t n = 0; n <= 600; n += n < 5 ? 1 : 119) {
		for (size_t i = 0; i < n; i++)
			in[i] = str_n(bytes + i % 7, n % 2 ? i : i * 2654435761u % 3000);
		sha256_many((uint8_t)n, in, n, got[0]);
		for (size_t i = 0; i < n; i++) {
			sha256_library((struct str[]){ { (char[]){ (char)n }, 1 }, in[i] }, 2, want);
			assert_memory_equal(got[i], want, SHA256_LEN);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_parts_are_as_joined),
		cmocka_unit_test(test_many_are_as_one_by_one),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_equality),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
