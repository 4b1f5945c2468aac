/* Candidates from a rebuilder that is taken over: the first byte chooses the language. Whatever comes, a verdict comes back, the
 * same one twice, and a no has its rule. */
#include <stdlib.h>
#include <string.h>

#include "gate-verify/inflate.h"
#include "gate-verify/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool judge(struct str in, const struct language *l, struct check *c)
{
	bool yes;

	*c = (struct check){.in = in, .arena = arena_new(VERIFY_ARENA_MAX)};
	yes = l->verify(c);
	arena_free(c->arena);
	return yes;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct check one, two;
	struct str in;
	bool yes;

	if (!n)
		return 0;
	in = str_n(p + 1, n - 1);
	yes = judge(in, &languages[p[0] % n_languages], &one);
	if (yes != judge(in, &languages[p[0] % n_languages], &two) || (yes && one.rule) || (!yes && !one.rule) || one.at > in.n)
		abort();
	return 0;
}
