/* What names persons is found, what only looks like it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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

static void test_file(void **state)
{
	struct person_data d;
	(void)state;
	assert_true(person_data_file(STR("csv"), STR("123456789018"), &d));
	assert_int_equal(d.my_numbers, 1);
	assert_false(person_data_file(STR("pdf"), STR("123456789018"), &d));
	assert_false(person_data_file(STR("xlsx"), STR("PK"), &d));
	assert_int_equal(d.my_numbers, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_check_digit), cmocka_unit_test(test_text), cmocka_unit_test(test_file)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
