/* XML parts of candidates, without the archive around them (its sums would keep a fuzzer out): the first byte
 * chooses the kind. A no has
 * its rule, and the same comes out twice. */
#include <stdlib.h>

#include "gate-verify/ooxml.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool judge(struct str in, const struct ov_root *root, const char **ret_rule)
{
	struct check c = {.in = in, .arena = arena_new(VERIFY_ARENA_MAX)};
	struct ov_link links[4];
	bool yes;

	for (unsigned i = 0; i < ARRAY_LEN(links); i++)
		links[i] = (struct ov_link){&ov_kinds[(i * 11 + 5) % ov_n_kinds], SIZE_MAX, false};
	yes = ov_xml(&c, in, root, links, ARRAY_LEN(links), 0);
	*ret_rule = c.rule;
	arena_free(c.arena);
	return yes;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct ov_root *root;
	const char *one, *two;
	bool yes;

	if (!n)
		return 0;
	root = &ov_roots[p[0] % ov_n_roots];
	yes = judge(str_n(p + 1, n - 1), root, &one);
	if (yes != judge(str_n(p + 1, n - 1), root, &two) || yes != !one || one != two)
		abort();
	return 0;
}
