/* Multipart bodies: the first byte says in what pieces the rest arrives; the result must not depend on it. */
#include "front/multipart.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct seen {
	size_t parts, open, bytes, names;
};

static int begin(void *arg, const struct multipart_part *p)
{
	struct seen *s = arg;

	if (s->open || p->name.n == 0 || p->name.n > FIELD_NAME_MAX || p->file_name.n > FILE_NAME_MAX ||
	    p->media_type.n > MEDIA_TYPE_MAX || memchr(p->file_name.n ? p->file_name.p : "", '/', p->file_name.n))
		abort();
	for (size_t i = 0; i < p->name.n; i++)
		s->names += (unsigned char)p->name.p[i];
	for (size_t i = 0; i < p->file_name.n; i++)
		s->names += (unsigned char)p->file_name.p[i];
	s->open = 1;
	s->parts++;
	return 0;
}

static int data(void *arg, struct str bytes)
{
	struct seen *s = arg;

	if (!s->open)
		abort();
	s->bytes += bytes.n;
	return 0;
}

static int end(void *arg)
{
	struct seen *s = arg;

	if (!s->open)
		abort();
	s->open = 0;
	return 0;
}

static int parse(struct str body, size_t step, struct seen *s)
{
	static const struct multipart_sink sink = {begin, data, end};
	static struct multipart m;
	int r = multipart_init(&m, STR("multipart/form-data; boundary=XX"), &sink, s);

	for (size_t i = 0; i < body.n && r == 0; i += step)
		r = multipart_feed(&m, str_slice(body, i, step));
	return r ? r : multipart_finish(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct seen whole = {0}, pieces = {0};

	if (n < 1)
		return 0;
	int a = parse(str_n(p + 1, n - 1), n, &whole), b = parse(str_n(p + 1, n - 1), 1 + p[0] % 32, &pieces);
	if (a != b)
		abort();
	if (a == 0 && (whole.open || whole.parts != pieces.parts || whole.bytes != pieces.bytes ||
	               whole.names != pieces.names))
		abort();
	return 0;
}
