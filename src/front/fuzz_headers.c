/* Request targets and header lists: the first line is the target, each further one "name: value". */
#include "front/head.h"

#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void target(struct str t)
{
	struct str query;
	struct buf path;

	buf_init(&path, TARGET_MAX + 1);
	if (head_target(t, &path, &query) == 0) {
		struct str s = buf_view(&path);

		if (s.n == 0 || s.p[0] != '/' || !utf8_valid(s) || memchr(s.p, 0, s.n) || str_has(s, "/../") ||
		    str_has(s, "//") || str_ends(s, "/..") || str_has(s, "\\"))
			abort();
	}
	buf_release(&path);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct header h[HEADERS_MAX + 1];
	struct str rest = str_n(p, n);
	struct head out;
	size_t k = 0;

	target(str_cut(&rest, '\n'));
	while (rest.p && k < HEADERS_MAX + 1) {
		struct str value = str_cut(&rest, '\n');

		h[k].name = str_cut(&value, ':');
		h[k++].value = str_trim(value);
	}
	if (head_check(STR("POST"), h, k, &out) == 0) {
		struct str b = out.type.p ? head_param(out.type, "boundary") : STR_NONE;

		if ((out.chunked && out.length >= 0) || out.length > (int64_t)BODY_MULTIPART_MAX || b.n > n)
			abort();
	}
	return 0;
}
