#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/stage.h"

static struct ledgers *all;

static int load(void **state)
{
	struct err e = {0};
	(void)state;
	return ledgers_load("ledgers", NULL, &all, &e);
}

static int unload(void **state)
{
	(void)state;
	ledgers_free(all);
	return 0;
}

static const struct {
	const char *ledger, *field, *state, *action;     /* state "": a new record */
	bool open, to_come;
} CASES[] = {
	/* a named stage */
	{"incidents", "situation", "reported", "", true, false},
	{"incidents", "type", "", "", false, true},
	{"incidents", "type", "reported", "", false, true},
	{"incidents", "type", "reported", "receive", true, false},
	{"incidents", "type", "received", "", true, false},
	{"incidents", "type", "handling", "", true, false},
	{"incidents", "type", "no-incident", "", true, false},
	{"incidents", "systems", "reported", "", false, true},
	{"incidents", "systems", "requested", "", true, false},     /* a stop is never received */
	{"incidents", "systems", "noted", "", true, false},
	{"incidents", "personal_data", "reported", "", false, true},
	/* derived from `needs`: of a field, of a head that is all about it */
	{"incidents", "severity", "", "", false, false},
	{"incidents", "severity", "received", "", false, false},
	{"incidents", "severity", "received", "take-up", true, false},
	{"incidents", "severity", "handling", "", true, false},
	{"incidents", "ciso_absent", "received", "", false, false},
	{"incidents", "timeline", "handling", "", true, false},
	{"incidents", "stop_target", "requested", "", true, false}, /* demanded from the start */
	{"incidents", "decided_at", "requested", "", false, false},
	{"incidents", "decided_at", "requested", "decide-stop", true, false},
	{"incidents", "cause", "noted", "", false, false},
	{"exceptions", "subject", "", "", true, false},
	{"exceptions", "evidence", "", "", true, false},
	{"exceptions", "conditions", "", "", false, false},
	{"exceptions", "conditions", "draft", "", false, false},
	{"exceptions", "review_note", "approved", "keep", true, false},
	{"carry-outs", "returned_at", "", "", false, false},
	{"carry-outs", "out_at", "", "", false, false},
	{"carry-outs", "way", "", "", true, false},
};

static void stages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		const struct ledger *l = ledgers_get(all, str_from(CASES[i].ledger));
		const struct field *f = l ? ledger_field(l, str_from(CASES[i].field)) : NULL;
		const struct action *act = *CASES[i].action ? ledger_action(l, str_from(CASES[i].action)) : NULL;
		assert_non_null(f);
		assert_true(!*CASES[i].action || act);
		bool open = stage_open(l, f, str_from(CASES[i].state), act),
		            to_come = stage_to_come(l, f, str_from(CASES[i].state), act);
		if (open != CASES[i].open || to_come != CASES[i].to_come)
			print_error("%s.%s in '%s' %s: open %d, to come %d\n", CASES[i].ledger, CASES[i].field, CASES[i].state,
			            CASES[i].action, open, to_come);
		assert_int_equal(open, CASES[i].open);
		assert_int_equal(to_come, CASES[i].to_come);
	}
}

/* What creation demands is on the form of a new record, in every ledger. */
static void nothing_demanded_is_hidden(void **state)
{
	size_t hidden = 0;
	(void)state;
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->v[i]->n_fields; k++) {
			const struct ledger *l = all->v[i];
			const struct field *f = &l->fields[k];
			bool open = stage_open(l, f, STR_NONE, NULL);
			hidden += !open;
			assert_true(open || !f->required || stage_to_come(l, f, STR_NONE, NULL));
			assert_true(open || !stage_action(l, f) || stage_open(l, f, STR_NONE, stage_action(l, f)));
		}
	assert_true(hidden > 100);
}

/* The moment of an action is not that of the report. */
static void defaults_wait(void **state)
{
	const struct ledger *l = ledgers_get(all, STR("incidents"));
	(void)state;
	assert_true(stage_default_waits(l, ledger_field(l, STR("received_at"))));
	assert_true(stage_default_waits(l, ledger_field(l, STR("decided_at"))));
	assert_false(stage_default_waits(l, ledger_field(l, STR("noticed_at"))));
	assert_false(stage_default_waits(l, ledger_field(l, STR("source"))));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(stages), cmocka_unit_test(nothing_demanded_is_hidden),
	                                   cmocka_unit_test(defaults_wait)};
	return cmocka_run_group_tests(tests, load, unload);
}
