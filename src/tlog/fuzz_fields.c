/* Any message gives fields that lie within it or within scratch, and the same by head and rest as by parse. */
#include "tlog/fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void inside(const struct fields *f, struct str s)
{
	static volatile char sum;

	for (size_t i = 0; s.p && i < s.n; i++)
		sum = (char)(sum ^ s.p[i]);
	if (f->n > FIELDS_MAX || f->scratch_n > FIELDS_SCRATCH)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct fields *f;
	int64_t t;

	if (!f)
		f = fields_new();
	fields_parse(f, str_n(data, n));
	for (size_t i = 0; i < f->n; i++) {
		inside(f, f->list[i].name);
		inside(f, f->list[i].value);
	}
	inside(f, f->message);
	inside(f, f->program);
	inside(f, f->host);
	if (!fields_time(f, 1700000000000000, &t) && t > INT64_MAX / 2)
		__builtin_trap();
	return 0;
}
