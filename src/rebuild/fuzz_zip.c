/* Archives as strangers send them: what zip_open accepts unpacks to what it said, and what is written from it is read back the same. */
#include <stdlib.h>

#include "rebuild/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void again(struct arena *a, const struct zip *z)
{
	struct zip_writer w;
	struct buf out, one;
	const char *code;
	struct str where;
	struct zip back;

	buf_init(&out, 64u << 20);
	buf_init(&one, 32u << 20);
	zip_begin(&w, &out);
	for (size_t i = 0; i < z->n; i++) {
		buf_clear(&one);
		if (!z->list[i].folder && z->list[i].size < 1u << 20 && !zip_read(&z->list[i], &one)) {
			if (one.n != z->list[i].size)
				abort();
			zip_add(&w, z->list[i].name, buf_view(&one));
		}
	}
	if (!zip_end(&w) && w.n && zip_open(a, buf_view(&out), &back, &code, &where)) {
		/* Written as UTF-8, a CP932 name may hold what is a backslash or nothing there. */
		if (!str_is(str_from(code), "ZIP-NAME"))
			abort();
	}
	buf_release(&out);
	buf_release(&one);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new(64u << 20);
	struct zip z = {0};
	const char *code = NULL;
	struct str where;

	if (!zip_open(a, str_n(p, n), &z, &code, &where))
		again(a, &z);
	else if (!code)
		abort();
	arena_free(a);
	return 0;
}
