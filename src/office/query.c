/* Links with parameters (query.h); encoding after RFC 3986 §2.1. */
#include "office/query.h"

#define LINK_MAX 16384

void link_init(struct link *l, struct str path)
{
	buf_init(&l->b, LINK_MAX);
	buf_str(&l->b, path);
	l->any = false;
}

static void encoded(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
		             c == '_' || c == '.' || c == '~';
		if (plain)
			buf_putc(b, (char)c);
		else
			buf_printf(b, "%%%02X", c);
	}
}

void link_put(struct link *l, const char *name, struct str value)
{
	if (!value.n)
		return;
	buf_putc(&l->b, l->any ? '&' : '?');
	buf_puts(&l->b, name);
	buf_putc(&l->b, '=');
	encoded(&l->b, value);
	l->any = true;
}

struct str link_done(struct link *l, struct arena *a)
{
	struct str s = buf_err(&l->b) ? STR("/") : arena_str(a, buf_view(&l->b));
	buf_release(&l->b);
	return s;
}
