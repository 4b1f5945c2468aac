#include "front/form.h"

#include <string.h>

#include "lib/buf.h"
#include "lib/text.h"

bool field_text_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
			return false;
	}
	return utf8_valid(s);
}

static int decode(struct str in, size_t max, struct arena *a, struct str *ret)
{
	char *out = arena_alloc(a, in.n + 1);
	size_t n = 0;

	if (!out)
		return ERR_TOOBIG;
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == '+')
			c = ' ';
		else if (c == '%') {
			int hi = in.n - i > 2 ? hex_digit(in.p[i + 1]) : -1;
			int lo = in.n - i > 2 ? hex_digit(in.p[i + 2]) : -1;

			if (hi < 0 || lo < 0)
				return ERR_SYNTAX;
			c = (char)(hi << 4 | lo);
			i += 2;
		}
		out[n++] = c;
	}
	*ret = str_n(out, n);
	if (n > max)
		return ERR_TOOBIG;
	return field_text_ok(*ret) ? 0 : ERR_SYNTAX;
}

static size_t count_pairs(struct str body)
{
	size_t n = 1;

	for (size_t i = 0; i < body.n; i++)
		n += body.p[i] == '&';
	return n;
}

int form_parse(struct str body, struct arena *a, struct field **ret, size_t *ret_n)
{
	struct str rest = body, name, value;
	struct field *f;
	size_t n = 0;
	int r;

	if (body.n == 0) {
		*ret = NULL;
		*ret_n = 0;
		return 0;
	}
	if (count_pairs(body) > FIELDS_MAX)
		return ERR_TOOBIG;
	f = arena_array(a, count_pairs(body), sizeof(*f));
	if (!f)
		return ERR_TOOBIG;
	while (rest.p) {
		value = str_cut(&rest, '&');
		name = str_cut(&value, '=');
		if (name.n == 0)
			return ERR_SYNTAX;
		r = decode(name, FIELD_NAME_MAX, a, &f[n].name);
		if (r == 0)
			r = decode(value, FIELD_VALUE_MAX, a, &f[n].value);
		if (r)
			return r;
		n++;
	}
	*ret = f;
	*ret_n = n;
	return 0;
}
