/* UTF-8 by itself (text.h), without the libraries that the rest of text needs. */
#include "lib/text.h"

size_t utf8_next(struct str s, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	if (!s.n)
		return 0;
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
	if (!n || n > s.n)
		return 0;
	uint32_t v = n == 1 ? c : c & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		unsigned char next = (unsigned char)s.p[i];
		if ((next & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (next & 0x3f);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*ret = v;
	return n;
}

bool utf8_valid(struct str s)
{
	while (s.n) {
		uint32_t c;
		size_t n = utf8_next(s, &c);
		if (!n || !c)
			return false;
		s.p += n;
		s.n -= n;
	}
	return true;
}

size_t utf8_len(struct str s)
{
	size_t count = 0;
	for (; s.n; count++) {
		uint32_t c;
		size_t n = utf8_next(s, &c);
		s.p += n ? n : 1;
		s.n -= n ? n : 1;
	}
	return count;
}

void utf8_put(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_putc(b, (char)c);
	} else if (c < 0x800) {
		buf_put(b, (char[]){ (char)(0xc0 | c >> 6), (char)(0x80 | (c & 63)) }, 2);
	} else if (c < 0x10000) {
		if (c >= 0xd800 && c <= 0xdfff)
			c = 0xfffd;
		buf_put(b, (char[]){ (char)(0xe0 | c >> 12), (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63)) }, 3);
	} else if (c < 0x110000) {
		buf_put(b,
		        (char[]){ (char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 63)), (char)(0x80 | (c >> 6 & 63)),
		                  (char)(0x80 | (c & 63)) },
		        4);
	} else {
		utf8_put(b, 0xfffd);
	}
}

struct str utf8_cut(struct str s, size_t n)
{
	size_t at = 0;
	for (; n && at < s.n; n--) {
		uint32_t c;
		size_t used = utf8_next(str_slice(s, at, s.n), &c);
		at += used ? used : 1;
	}
	return str_slice(s, 0, at);
}
