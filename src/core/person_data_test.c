/* What names persons is found, what only looks like it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/person_data.h"

static void test_check_digit(void **state)
{
	(void)state;
	/* sums worked out by hand: 1..11 → 123456789018; all zeros end in 0 */
	assert_true(my_number_valid("123456789018"));
	assert_true(my_number_valid("000000000000"));
	for (int last = '0'; last <= '9'; last++) {
		char text[13] = "12345678901x";
		text[11] = (char)last;
		assert_int_equal(my_number_valid(text), last == '8');
	}
}

static void test_text(void **state)
{
	static const struct {
		const char *text;
		bool tags;
		int64_t my, resident, contacts;
	} t[] = {
		{"", false, 0, 0, 0},
		{"番号 123456789018 です", false, 1, 0, 0},
		{"1234-5678-9018", false, 1, 0, 0},
		{"1234 5678 9018\n123456789018", false, 2, 0, 0},
		{"123456789017", false, 0, 0, 0},
		{"1234567890180", false, 0, 0, 0},
		{"１２３４５６７８９０１８", false, 1, 0, 0},
		{"\x82\x50\x82\x51\x82\x52\x82\x53\x82\x54\x82\x55\x82\x56\x82\x57\x82\x58\x82\x4f\x82\x50\x82\x57", false, 1, 0, 0},
		{"12345678901", false, 0, 1, 0},
		{"09012345678", false, 0, 0, 1},
		{"03-1234-5678 に電話\n03-1234-5679", false, 0, 0, 2},
		{"a@example.jp b@example.jp\nc@example.jp\n@", false, 0, 0, 2},
		{"2026-11-20 10:00, 1,234,567", false, 0, 0, 0},
		{"<w:t>1234</w:t><w:t>56789018</w:t>", true, 1, 0, 0},
		{"<c><v>123456</v></c><c><v>789018</v></c>", true, 0, 0, 0},
		{"<row r=\"123456789018\">", true, 0, 0, 0},
		{"<w:p>03-1234-5678</w:p><w:p>x@example.jp</w:p>", true, 0, 0, 2},
		{"<", true, 0, 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct person_data d = {0};
		person_data_scan(str_from(t[i].text), t[i].tags, &d);
		if (d.my_numbers != t[i].my || d.resident_codes != t[i].resident || d.contacts != t[i].contacts)
			fail_msg("%s: %d %d %d", t[i].text, (int)d.my_numbers, (int)d.resident_codes, (int)d.contacts);
	}
}

/* An archive with one stored member, as the gate writes it. */
static size_t archive(char *out, const char *name, const char *text, size_t text_n)
{
	size_t name_n = strlen(name), local = 30 + name_n + text_n;
	unsigned char h[46] = {'P', 'K', 3, 4};
	memset(out, 0, 30);
	h[18] = h[22] = (unsigned char)text_n;
	h[19] = h[23] = (unsigned char)(text_n >> 8);
	h[26] = (unsigned char)name_n;
	memcpy(out, h, 30);
	memcpy(out + 30, name, name_n);
	memcpy(out + 30 + name_n, text, text_n);
	unsigned char c[46] = {'P', 'K', 1, 2};
	c[20] = c[24] = (unsigned char)text_n;
	c[21] = c[25] = (unsigned char)(text_n >> 8);
	c[28] = (unsigned char)name_n;
	memcpy(out + local, c, 46);
	memcpy(out + local + 46, name, name_n);
	unsigned char e[22] = {'P', 'K', 5, 6, 0, 0, 0, 0, 1, 0, 1, 0, (unsigned char)(46 + name_n), 0, 0, 0, (unsigned char)local, (unsigned char)(local >> 8)};
	memcpy(out + local + 46 + name_n, e, 22);
	return local + 46 + name_n + 22;
}

static void test_file(void **state)
{
	struct person_data d;
	char one[2000], two[4000];
	(void)state;
	assert_int_equal(person_data_file(STR("csv"), STR("123456789018"), STR(""), &d), PERSON_SEEN);
	assert_int_equal(d.my_numbers, 1);
	assert_int_equal(person_data_file(STR("pdf"), STR("123456789018"), STR(""), &d), PERSON_UNSEEN);
	assert_int_equal(person_data_file(STR("pdf"), STR("%PDF"), STR("番号 123456789018\n"), &d), PERSON_SEEN);
	assert_int_equal(d.my_numbers, 1);
	assert_int_equal(person_data_file(STR("xlsx"), STR("PK"), STR(""), &d), PERSON_UNSEEN);
	assert_int_equal(d.my_numbers, 0);
	size_t n = archive(one, "a.txt", "123456789018", 12);
	assert_int_equal(person_data_file(STR("zip"), str_n(one, n), STR(""), &d), PERSON_SEEN);
	assert_int_equal(d.my_numbers, 1);
	n = archive(two, "b.zip", one, n);
	assert_int_equal(person_data_file(STR("zip"), str_n(two, n), STR(""), &d), PERSON_SEEN);
	assert_int_equal(d.my_numbers, 1);
	n = archive(one, "a.png", "123456789018", 12);
	assert_int_equal(person_data_file(STR("zip"), str_n(one, n), STR(""), &d), PERSON_UNSEEN);
	assert_int_equal(d.my_numbers, 0);
	n = archive(one, "a.pdf", "drawing", 7);
	assert_int_equal(person_data_file(STR("zip"), str_n(one, n), STR(""), &d), PERSON_UNSEEN);
	assert_int_equal(person_data_file(STR("zip"), str_n(one, n), STR("123456789018"), &d), PERSON_SEEN);
	assert_int_equal(d.my_numbers, 1);
	n = archive(one, "word/document.xml", "<w:t>1234</w:t><w:t>56789018</w:t>", 34);
	assert_int_equal(person_data_file(STR("docx"), str_n(one, n), STR(""), &d), PERSON_SEEN);
	assert_int_equal(d.my_numbers, 1);
	for (size_t cut = 0; cut < n; cut++)             /* whatever is missing, nothing is read beyond it */
		(void)person_data_file(STR("docx"), str_n(one, cut), STR(""), &d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_check_digit), cmocka_unit_test(test_text), cmocka_unit_test(test_file)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
