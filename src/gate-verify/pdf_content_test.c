/* What a page's content may be: lines of the language, and what looks like them to a reader that is less strict. */
#include "gate-verify/pdf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static bool judge(const char *z)
{
	struct check c = {.in = str_from(z)};
	struct pdf *p = calloc(1, sizeof *p);
	bool yes;

	p->c = &c;
	p->page = 1;
	p->named = calloc(PDF_PICTURES_MAX, sizeof *p->named);
	p->used = calloc(PDF_PICTURES_MAX, sizeof *p->used);
	p->shown = calloc(PDF_PICTURES_MAX, sizeof *p->shown);
	yes = pdf_content(p, c.in);
	free(p->named);
	free(p->used);
	free(p->shown);
	free(p);
	return yes;
}

static void contents(void **state)
{
	static const struct {
		const char *z;
		bool yes;
	} list[] = {
		{"", true},
		{"0.5 g\n", true},
		{"0 0 1 rg\n0 0 m\n5 5.25 l\nS\n", true},
		{"q\n1 0 0 1 0.1234 0 cm\nQ\n", true},
		{"[3 1.5] 0 d\n", true},
		/* numbers more, glued to the operator: past its bounds and its count */
		{"1 5g\n", false},
		{"1 40000g\n", false},
		{"0 0 1 40000rg\n", false},
		{"1 -40000w\n", false},
		{"0 0 m\n1 2 3l\nS\n", false},
		{"0 0 1 1 9re\nf\n", false},
		{"1 0.5J\n", false},
		/* out of bounds, too many places, not in its place */
		{"1.5 g\n", false},
		{"0.1234 g\n", false},
		{"40001 0 m\nS\n", false},
		{"01 g\n", false},
		{"-0 g\n", false},
		{"1 0 0 1 0 0 cm\n", false},
		{"0 0 l\nS\n", false},
		{"0 0 m\n", false},
		{"q\n", false},
		{"Q\n", false},
		{"0 0 m\n1 g\nS\n", false},
		{"1 g \n", false},
		{" 1 g\n", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(list); i++)
		if (judge(list[i].z) != list[i].yes)
			fail_msg("[%s] should be %s", list[i].z, list[i].yes ? "taken" : "refused");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(contents)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
