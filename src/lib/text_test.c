#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "lib/db.h"
#include "lib/text.h"

static void test_utf8(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		bool valid;
		size_t len;
	} cases[] = {
		{ "", 0, true, 0 },
		{ "a\x7f", 2, true, 2 },
		{ "\0", 1, false, 1 },
		{ "\xc2\x80", 2, true, 1 },
		{ "\xc1\xbf", 2, false, 2 },                     /* overlong */
		{ "\xc0\x80", 2, false, 2 },
		{ "\xdf\xbf", 2, true, 1 },
		{ "\xe0\x9f\xbf", 3, false, 3 },
		{ "\xe0\xa0\x80", 3, true, 1 },
		{ "\xed\x9f\xbf", 3, true, 1 },
		{ "\xed\xa0\x80", 3, false, 3 },                 /* surrogates */
		{ "\xed\xbf\xbf", 3, false, 3 },
		{ "\xee\x80\x80", 3, true, 1 },
		{ "\xf0\x8f\xbf\xbf", 4, false, 4 },
		{ "\xf0\x90\x80\x80", 4, true, 1 },
		{ "\xf4\x8f\xbf\xbf", 4, true, 1 },
		{ "\xf4\x90\x80\x80", 4, false, 4 },             /* beyond U+10FFFF */
		{ "\xf5\x80\x80\x80", 4, false, 4 },
		{ "\x80", 1, false, 1 },
		{ "\xe3\x81", 2, false, 2 },                     /* cut short */
		{ "\xe3\x81\x82\xe3", 4, false, 2 },
		{ "\xe3\x41\x82", 3, false, 3 },
		{ "\xff", 1, false, 1 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str s = str_n(cases[i].bytes, cases[i].n);
		if (utf8_valid(s) != cases[i].valid || utf8_len(s) != cases[i].len)
			fail_msg("case %zu", i);
	}
}

static void test_utf8_round_trip(void **state)
{
	for (uint32_t c = 0; c <= 0x110000; c++) {
		struct buf b;
		uint32_t back = 0;
		buf_init(&b, 4);
		utf8_put(&b, c);
		size_t n = utf8_next(buf_view(&b), &back);
		bool surrogate = (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff;
		if (n != b.n || back != (surrogate ? 0xfffd : c))
			fail_msg("U+%04x", (unsigned)c);
		buf_release(&b);
	}
}

static void test_utf8_cut(void **state)
{
	assert_true(str_is(utf8_cut(STR("情報資産"), 2), "情報"));
	assert_true(str_is(utf8_cut(STR("情報資産"), 4), "情報資産"));
	assert_true(str_is(utf8_cut(STR("情報資産"), 9), "情報資産"));
	assert_true(str_is(utf8_cut(STR("情報資産"), 0), ""));
	assert_true(str_is(utf8_cut(STR("\xff\xff\xff"), 2), "\xff\xff"));
}

static void test_cp932(void **state)
{
	static const struct {
		const char *cp932, *utf8;
	} pairs[] = {
		{ "", "" },
		{ "abc\\~", "abc\\~" },
		{ "\x8f\xee\x95\xf1", "情報" },
		{ "\xb6\xc5", "ｶﾅ" },
		{ "\x87\x40\xfb\xfc", "①髙" },                  /* NEC and IBM characters */
		{ "\x81\x60\x81\x7c", "～－" },                  /* as Windows reads them */
		{ "\x83\x5c\x95\x5c", "ソ表" },                  /* second byte 0x5C */
	};
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct buf b;
		size_t lost = 9;
		buf_init(&b, 100);
		assert_int_equal(cp932_to_utf8(str_from(pairs[i].cp932), &b), 0);
		assert_string_equal(buf_z(&b), pairs[i].utf8);
		buf_clear(&b);
		assert_int_equal(utf8_to_cp932(str_from(pairs[i].utf8), &b, &lost), 0);
		assert_string_equal(buf_z(&b), pairs[i].cp932);
		assert_int_equal(lost, 0);
		buf_release(&b);
	}
	static const char *const bad[] = { "\x8f", "a\x8f", "\x80", "\xa0", "\xfd", "\x81\x20", "\xff" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct buf b;
		buf_init(&b, 100);
		assert_int_equal(cp932_to_utf8(str_from(bad[i]), &b), ERR_SYNTAX);
		buf_release(&b);
	}
	struct buf b;
	buf_init(&b, 100);
	assert_int_equal(cp932_to_utf8(str_n("a\0", 2), &b), ERR_SYNTAX);
	buf_release(&b);
}

static void test_cp932_lacks(void **state)
{
	static const struct {
		const char *utf8, *cp932;
		size_t lost;
	} cases[] = { { "a😀b𠮷", "a\x81\xac"
		                        "b\x81\xac",
		            2 },
		          { "〜−", "\x81\x60\x81\x7c", 0 }, /* the other dash and tilde have the same place */
		          { "é", "\x81\xac", 1 },
		          { "\xff\xe3", "\x81\xac\x81\xac", 2 } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b;
		size_t lost = 9;
		buf_init(&b, 100);
		assert_int_equal(utf8_to_cp932(str_from(cases[i].utf8), &b, &lost), 0);
		assert_string_equal(buf_z(&b), cases[i].cp932);
		assert_int_equal(lost, cases[i].lost);
		buf_release(&b);
	}
}

/* Longer than the conversion's own chunk, and a full output. */
static void test_cp932_long(void **state)
{
	struct buf in, out, back;
	size_t lost;
	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 20);
	buf_init(&back, 1 << 20);
	for (int i = 0; i < 20000; i++)
		buf_puts(&in, i % 3 ? "情" : "a");
	assert_int_equal(utf8_to_cp932(buf_view(&in), &out, &lost), 0);
	assert_int_equal(cp932_to_utf8(buf_view(&out), &back), 0);
	assert_true(str_eq(buf_view(&in), buf_view(&back)));
	struct buf small;
	buf_init(&small, back.n - 1);
	assert_int_equal(cp932_to_utf8(buf_view(&out), &small), ERR_NOMEM);
	buf_release(&small);
	buf_init(&small, out.n - 1);
	assert_int_equal(utf8_to_cp932(buf_view(&in), &small, &lost), ERR_NOMEM);
	buf_release(&small);
	buf_release(&in);
	buf_release(&out);
	buf_release(&back);
}

static void assert_made(int (*fn)(struct str, struct buf *), const char *in, const char *want)
{
	struct buf b;
	buf_init(&b, 1000);
	assert_int_equal(fn(str_from(in), &b), 0);
	assert_string_equal(buf_z(&b), want);
	buf_release(&b);
}

static void test_fold(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ " \t\r\n", "" },
		{ "　", "" },
		{ "ABC xyz", "abc xyz" },
		{ "  a \n\t b  ", "a b" },
		{ "ＶＰＮ１２", "vpn12" },
		{ "カタカナ", "かたかな" },
		{ "ｶﾞｷﾞ　ﾃｽﾄ", "がぎ てすと" },
		{ "サーバー", "さーばー" },
		{ "ァヶヽヾ・ー", "ぁゖゝゞ・ー" },
		{ "AZaz09 \x7f", "azaz09 \x7f" },
		{ "ＡＺ", "az" },
		{ "ヴヷ", "ゔわ\xe3\x82\x99" },
		{ "か\xe3\x82\x99", "が" },                       /* decomposed, as some systems name files */
		{ "㍿①㈱", "株式会社1(株)" },
		{ "Å Å", "å å" },
		{ "髙𠮷", "髙𠮷" },
		{ "a\xc2\xa0\xe2\x80\x83z", "a z" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_made(text_fold, cases[i][0], cases[i][1]);
		assert_made(text_fold, cases[i][1], cases[i][1]);
	}
	struct buf b;
	buf_init(&b, 1000);
	assert_int_equal(text_fold(STR("a\xff"), &b), ERR_SYNTAX);
	assert_int_equal(text_fold(STR("a\0b"), &b), ERR_SYNTAX);
	buf_release(&b);
	buf_init(&b, 2);
	assert_int_equal(text_fold(STR("abc"), &b), ERR_NOMEM);
	buf_release(&b);
}

static void test_fold_limit(void **state)
{
	struct buf in, out;
	buf_init(&in, TEXT_MAX + 1);
	buf_init(&out, TEXT_MAX + 1);
	memset(buf_room(&in, TEXT_MAX + 1), 'x', TEXT_MAX + 1);
	buf_grew(&in, TEXT_MAX);
	assert_int_equal(text_fold(buf_view(&in), &out), 0);
	buf_grew(&in, 1);
	buf_clear(&out);
	assert_int_equal(text_fold(buf_view(&in), &out), ERR_TOOBIG);
	buf_release(&in);
	buf_release(&out);
}

static void test_bigrams_and_queries(void **state)
{
	static const char *const cases[][3] = {
		{ "", "", "" },
		{ "・、!", "", "" },
		{ "情報資産VPN", "情報 報資 資産 産 vpn", "\"情報 報資 資産 産 vpn\"" },
		{ "港", "港", "\"港\" *" },
		{ "情報", "情報 報", "\"情報\"" },
		{ "第3条の2", "第 3 条の の 2", "\"第 3 条の の 2\"" },
		{ "第3条", "第 3 条", "\"第 3 条\" *" },
		{ "EXC-R8-001", "exc r8 001", "\"exc r8 001\"" },
		{ "漁港　ＶＰＮ", "漁港 港 vpn", "\"漁港\" \"vpn\"" },
		{ "\"x\" OR (y)* NOT", "x or y not", "\"x\" \"or\" \"y\" \"not\"" },
		{ "サーバー", "さー ーば ばー ー", "\"さー ーば ばー\"" },
		{ "AZ/az/09", "az az 09", "\"az az 09\"" },
		{ "港vpn", "港 vpn", "\"港 vpn\"" },
		{ "人々", "人々 々", "\"人々\"" },
		{ "𠮷野", "𠮷野 野", "\"𠮷野\"" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_made(text_bigrams, cases[i][0], cases[i][1]);
		assert_made(text_fts_query, cases[i][0], cases[i][2]);
	}
}

/* A letter twice: in scripts without blanks a bigram and its last letter, elsewhere one word. */
static void test_scripts(void **state)
{
	static const uint32_t without_blanks[] = { 0x3005, 0x3007, 0x3041, 0x3096,  0x309d,  0x30fc,  0x31f0, 0x31ff, 0x3400,
		                                       0x4dbf, 0x4e00, 0x9ffc, 0xac00, 0xd7a3, 0xfa0e, 0x20000, 0x20bb7, 0x30000 };
	static const uint32_t with_blanks[] = { '0', '9', 'a', 'z', 0xe9, 0x3b1, 0x431, 0xe01, 0x3105, 0x312f, 0x10330 };
	for (size_t i = 0; i < ARRAY_LEN(without_blanks) + ARRAY_LEN(with_blanks); i++) {
		bool cjk = i < ARRAY_LEN(without_blanks);
		uint32_t c = cjk ? without_blanks[i] : with_blanks[i - ARRAY_LEN(without_blanks)];
		struct buf in, want, got;
		buf_init(&in, 100);
		buf_init(&want, 100);
		buf_init(&got, 100);
		utf8_put(&in, c);
		utf8_put(&in, c);
		buf_str(&want, buf_view(&in));
		if (cjk) {
			buf_putc(&want, ' ');
			utf8_put(&want, c);
		}
		assert_int_equal(text_bigrams(buf_view(&in), &got), 0);
		if (!str_eq(buf_view(&got), buf_view(&want)))
			fail_msg("U+%04X: %s", (unsigned)c, buf_z(&got));
		buf_release(&in);
		buf_release(&want);
		buf_release(&got);
	}
}

static void test_query_words_are_bounded(void **state)
{
	struct buf in, out;
	buf_init(&in, 1000);
	buf_init(&out, 1000);
	for (int i = 0; i < FTS_WORDS_MAX; i++)
		buf_puts(&in, "a ");
	assert_int_equal(text_fts_query(buf_view(&in), &out), 0);
	buf_puts(&in, " - ");                                /* no word */
	assert_int_equal(text_fts_query(buf_view(&in), &out), 0);
	buf_puts(&in, "b");
	assert_int_equal(text_fts_query(buf_view(&in), &out), ERR_TOOBIG);
	buf_release(&in);
	buf_release(&out);
}

/* The real index finds what people mean. */
static void test_search_in_sqlite(void **state)
{
	static const char *const texts[] = { "情報資産台帳", "漁港のカメラ", "ＶＰＮ接続の例外措置", "サーバ室 第3条の2",
		                                 "Résumé of the VPN" };
	static const struct {
		const char *typed;
		unsigned found;                                  /* bit per text */
	} cases[] = {
		{ "資産", 1 },      { "情報資産", 1 },  { "産資", 0 },       { "情報 台帳", 1 }, { "情報 漁港", 0 },
		{ "港", 2 },        { "漁", 2 },        { "カメラ", 2 },     { "ｶﾒﾗ", 2 },       { "かめら", 2 },
		{ "vpn", 4 | 16 },  { "VPN接続", 4 },   { "接続 VPN", 4 },   { "VPN例外", 0 },   { "例外", 4 },
		{ "第3条", 8 },     { "第３条の２", 8 }, { "3条", 8 },       { "第4条", 0 },     { "サーバ室", 8 },
		{ "帳", 1 },        { "室", 8 },        { "resume", 16 },    { "vp", 0 },        { "\"資産\" OR 港", 0 },
	};
	struct err e;
	struct db *db = NULL;
	assert_int_equal(db_open(":memory:", DB_CREATE, &db, &e), 0);
	assert_int_equal(db_exec(db, "CREATE VIRTUAL TABLE f USING fts5(t, content='')", &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf b;
		struct stmt *s = db_sql(db, "INSERT INTO f(rowid, t) VALUES(?1, ?2)");
		buf_init(&b, 1000);
		assert_int_equal(text_bigrams(str_from(texts[i]), &b), 0);
		bind_int(s, 1, (int64_t)i);
		bind_str(s, 2, buf_view(&b));
		assert_int_equal(run(s, &e), 0);
		buf_release(&b);
	}
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b;
		struct stmt *s = db_sql(db, "SELECT rowid FROM f WHERE f MATCH ?1");
		unsigned found = 0;
		int r;
		buf_init(&b, 1000);
		assert_int_equal(text_fts_query(str_from(cases[i].typed), &b), 0);
		bind_str(s, 1, buf_view(&b));
		while ((r = step(s)) == 1)
			found |= 1u << col_int(s, 0);
		if (r || found != cases[i].found)
			fail_msg("%s as %s: %u %s", cases[i].typed, buf_z(&b), found, r ? db_error(db) : "");
		buf_release(&b);
	}
	db_close(db);
}

static void test_clean(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },           { "a", "a" },         { "a\r\nb", "a\nb" },     { "a \t　\r\n b　\n\n \n", "a\n b" },
		{ "\n\na", "\n\na" }, { "a\n\nb", "a\n\nb" }, { "　字下げ", "　字下げ" }, { "a\tb", "a\tb" },
		{ " ", "" },          { "\r\n", "" },       { "a\xc2\xa0", "a\xc2\xa0" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_made(text_clean, cases[i][0], cases[i][1]);
	static const char *const bad[] = { "a\rb", "\r", "a\x01", "\x1f", "\x7f", "\xc2\x80", "\xc2\x9f", "\xff",
		                               "a\xe3\x81" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct buf b;
		buf_init(&b, 100);
		assert_int_equal(text_clean(str_from(bad[i]), &b), ERR_SYNTAX);
		buf_release(&b);
	}
	struct buf b;
	buf_init(&b, 4);
	buf_puts(&b, "\n ");                                 /* what stood before stays as it is */
	assert_int_equal(text_clean(STR(" \n"), &b), 0);
	assert_string_equal(buf_z(&b), "\n ");
	assert_int_equal(text_clean(STR("\0"), &b), ERR_SYNTAX);
	assert_int_equal(text_clean(STR("abc"), &b), ERR_NOMEM);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_utf8_round_trip),
		cmocka_unit_test(test_utf8_cut),
		cmocka_unit_test(test_cp932),
		cmocka_unit_test(test_cp932_lacks),
		cmocka_unit_test(test_cp932_long),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_fold_limit),
		cmocka_unit_test(test_bigrams_and_queries),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_query_words_are_bounded),
		cmocka_unit_test(test_search_in_sqlite),
		cmocka_unit_test(test_clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
