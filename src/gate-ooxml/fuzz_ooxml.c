/* XML parts as strangers send them: the first byte chooses the kind. Whatever comes, what is written is taken
 * again, and comes out the same. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "gate-ooxml/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct ids { char list[64][64]; unsigned n; };

/* Every relationship leads somewhere: numbers in the order they are asked for. */
static unsigned relation(void *arg, struct str id, const struct ox_class *kinds)
{
	struct ids *ids = arg;

	for (unsigned i = 0; i < ids->n; i++)
		if (str_is(id, ids->list[i]))
			return i + 1;
	if (ids->n == 64 || id.n >= 64)
		return 0;
	memcpy(ids->list[ids->n], id.p, id.n);
	ids->list[ids->n][id.n] = 0;
	return ++ids->n;
}

static unsigned given(void *arg)
{
	return ((struct ids *)arg)->n;
}

static void take_back(void *arg, unsigned n)
{
	((struct ids *)arg)->n = n;
}

static int once(const struct ox_root *root, struct str in, struct buf *out)
{
	struct ids ids = {.n = 0};
	struct tally t = {.n = 0};
	struct zip_entry en = {.packed = in, .size = in.n, .crc = (uint32_t)crc32(0, (const Bytef *)in.p, (uInt)in.n)};
	struct filter_in f = {.entry = &en, .root = root, .arena = arena_new(16u << 20), .tally = &t, .links = true,
	    .tabs = TABS_CHANGE,
	                      .relation = relation, .given = given, .take_back = take_back, .arg = &ids};
	const char *code = NULL;
	int r = filter_part(&f, out, &code);

	if (r && !code)
		abort();
	arena_free(f.arena);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct ox_root *root;
	struct buf one, two;

	if (!n)
		return 0;
	root = &ox_roots[p[0] % ox_n_roots];
	buf_init(&one, 16u << 20);
	buf_init(&two, 16u << 20);
	if (!once(root, str_n(p + 1, n - 1), &one) && (once(root, buf_view(&one), &two) || !str_eq(buf_view(&one),
	    buf_view(&two))))
		abort();
	buf_release(&one);
	buf_release(&two);
	return 0;
}
