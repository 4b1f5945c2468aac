#include "tlog/fold.h"

#include <string.h>

#include "lib/text.h"
#include "tlog/find.h"

/* U+3001–3003 to U+303F (signs), kana without combining marks, U+4E00–9FFF: none of them decomposes. */
static bool plain_char(const uint8_t *p)
{
	unsigned c = (p[0] & 15u) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);

	return (c >= 0x3001 && c <= 0x3035) || (c >= 0x3041 && c <= 0x3096) || c == 0x309d || c == 0x309e ||
	       (c >= 0x30a1 && c <= 0x30f6) || c == 0x30fb || c == 0x30fc || c == 0x30fd || c == 0x30fe || (c >= 0x4e00 && c <= 0x9fff);
}

bool fold_is_plain(struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p, *end = p + s.n;

	while (p < end) {
		if (*p < 0x80) {
			p++;
			continue;
		}
		if (end - p < 3 || *p < 0xe3 || *p > 0xe9 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80 || !plain_char(p))
			return false;
		p += 3;
	}
	return true;
}

void fold_plain(struct str s, char *out)
{
	const uint8_t *p = (const uint8_t *)s.p, *end = p + s.n;

	for (; p < end; p++, out++) {
		unsigned c;

		if (*p < 0x80) {
			*out = (char)lower((char)*p);
			continue;
		}
		c = (p[0] & 15u) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
		if ((c >= 0x30a1 && c <= 0x30f6) || c == 0x30fd || c == 0x30fe)
			c -= 0x60;
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		p += 2;
		out += 2;
	}
}

static void ascii_only(struct str raw, struct buf *out)
{
	for (size_t i = 0; i < raw.n; i++)
		buf_putc(out, (uint8_t)raw.p[i] < 0x80 ? (char)lower(raw.p[i]) : ' ');
}

void fold(struct str raw, struct buf *out)
{
	size_t before = out->n;
	struct buf utf8;
	char *room;

	if (fold_is_plain(raw)) {
		room = buf_room(out, raw.n);
		if (room) {
			fold_plain(raw, room);
			buf_grew(out, raw.n);
		}
		return;
	}
	if (!text_fold(raw, out))
		return;
	out->n = before;
	buf_init(&utf8, FOLD_MAX);
	if (cp932_to_utf8(raw, &utf8) || text_fold(buf_view(&utf8), out)) {
		out->n = before;
		ascii_only(raw, out);
	}
	buf_release(&utf8);
}
