/* Forms: whatever is taken is clean text within the limits and never more than was sent. */
#include "front/form.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new(1 << 20);
	struct field *f;
	size_t count, bytes = 0;

	if (form_parse(str_n(p, n), a, &f, &count) == 0) {
		for (size_t i = 0; i < count; i++) {
			if (f[i].name.n == 0 || f[i].name.n > FIELD_NAME_MAX || f[i].value.n > FIELD_VALUE_MAX ||
			    !field_text_ok(f[i].name) || !field_text_ok(f[i].value))
				abort();
			bytes += f[i].name.n + f[i].value.n;
		}
		if (bytes > n || count > FIELDS_MAX)
			abort();
	}
	arena_free(a);
	return 0;
}
