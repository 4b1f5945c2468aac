#include "office/ui.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Is the module at (x, y) dark? */
static bool dark(const struct tpl_qr *qr, int64_t x, int64_t y)
{
	for (size_t i = 0; i < qr->n_bars; i++)
		if (qr->bars[i].y == y && x >= qr->bars[i].x && x < qr->bars[i].x + qr->bars[i].w)
			return true;
	return false;
}

/* The three finder patterns (ISO/IEC 18004) stand in their corners, four modules inside the quiet zone. */
static void test_qr_finders(void **state)
{
	static const char *const finder[7] = {"#######", "#     #", "# ### #", "# ### #", "# ### #", "#     #", "#######"};
	struct arena *a = arena_new(1u << 20);
	const struct tpl_qr *qr = ui_qr(a, STR("otpauth://totp/Sekisho:10023?secret=JBSWY3DPEHPK3PXP"), "code");

	assert_non_null(qr);
	int64_t far = qr->side - 4 - 7;
	const int64_t corner[3][2] = {{4, 4}, {far, 4}, {4, far}};
	for (size_t c = 0; c < 3; c++)
		for (int y = 0; y < 7; y++)
			for (int x = 0; x < 7; x++)
				assert_int_equal(dark(qr, corner[c][0] + x, corner[c][1] + y), finder[y][x] == '#');
	for (size_t i = 0; i < qr->n_bars; i++) {
		assert_true(qr->bars[i].x >= 4 && qr->bars[i].x + qr->bars[i].w <= qr->side - 4);
		assert_true(qr->bars[i].y >= 4 && qr->bars[i].y < qr->side - 4);
	}
	arena_free(a);
}

static void test_qr_bounds(void **state)
{
	static char text[1002];
	struct arena *a = arena_new(4u << 20);

	memset(text, 'x', sizeof(text));
	assert_non_null(ui_qr(a, str_n(text, 1000), "code"));
	assert_null(ui_qr(a, str_n(text, 1001), "code"));
	arena_free(a);
}

static void test_state_tone(void **state)
{
	struct state states[] = {
		{.name = STR("draft"), .start = true, .label = {STR("作成中"), STR("Draft")}},
		{.name = STR("submitted"), .label = {STR("申請中"), STR("Submitted")}},
		{.name = STR("approved"), .live = true, .label = {STR("許可"), STR("Approved")}},
		{.name = STR("closed"), .end = true, .label = {STR("終了"), STR("Closed")}},
	};
	static const char *const tones[] = {"", "wait", "live", "end"};
	struct ledger l = {.states = states, .n_states = ARRAY_LEN(states)};
	struct arena *a = arena_new(1u << 16);

	i18n_set(LANG_JA);
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		const struct tpl_state *s = ui_state(a, &l, states[i].name);
		assert_true(str_is(s->tone, tones[i]));
		assert_true(str_eq(s->label, states[i].label.ja));
	}
	assert_true(str_is(ui_state(a, &l, STR("gone"))->tone, "bad"));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_qr_finders), cmocka_unit_test(test_qr_bounds), cmocka_unit_test(test_state_tone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
