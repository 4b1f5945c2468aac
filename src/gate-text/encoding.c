/* Structure: UTF-8 RFC 3629; CP932 as Windows-31J (JIS X 0201, X 0208 and its extensions); EUC-JP with JIS X 0201 kana and
 * JIS X 0212; ISO-2022-JP RFC 1468 with kana (ESC ( I). */
#include "gate-text/encoding.h"

#include <string.h>

#include "lib/text.h"

static unsigned at(struct str s, size_t i)
{
	return i < s.n ? (unsigned char)s.p[i] : 0x100;
}

static size_t next_cp932(struct str s)
{
	unsigned a = at(s, 0), b = at(s, 1);

	if (a < 0x80 || (a >= 0xa1 && a <= 0xdf))
		return 1;
	return ((a >= 0x81 && a <= 0x9f) || (a >= 0xe0 && a <= 0xfc)) && b >= 0x40 && b <= 0xfc && b != 0x7f ? 2 : 0;
}

static size_t next_euc(struct str s)
{
	unsigned a = at(s, 0), b = at(s, 1), c = at(s, 2);

	if (a < 0x80)
		return 1;
	if (a == 0x8e)
		return b >= 0xa1 && b <= 0xdf ? 2 : 0;
	if (a == 0x8f)
		return b >= 0xa1 && b <= 0xfe && c >= 0xa1 && c <= 0xfe ? 3 : 0;
	return a >= 0xa1 && a <= 0xfe && b >= 0xa1 && b <= 0xfe ? 2 : 0;
}

static size_t next_jis(struct str s, bool *kanji)
{
	static const struct { const char *esc; bool kanji; } sets[] = {
		{"\x1b(B", false}, {"\x1b(J", false}, {"\x1b(I", false}, {"\x1b$@", true}, {"\x1b$B", true}};
	unsigned a = at(s, 0), b = at(s, 1);

	for (size_t i = 0; i < ARRAY_LEN(sets); i++)
		if (str_starts(s, sets[i].esc)) {
			*kanji = sets[i].kanji;
			return 3;
		}
	if (a >= 0x80 || a == 0x1b)
		return 0;
	if (!*kanji || a == '\n' || a == '\r')
		return 1;
	return a >= 0x21 && a <= 0x7e && b >= 0x21 && b <= 0x7e ? 2 : 0;
}

size_t encoding_next(enum encoding e, struct str s, bool *kanji)
{
	uint32_t c;

	switch (e) {
	case ENC_UTF8:
	case ENC_UTF8_BOM: return utf8_next(s, &c);
	case ENC_CP932: return s.n ? next_cp932(s) : 0;
	case ENC_EUC_JP: return s.n ? next_euc(s) : 0;
	case ENC_ISO_2022_JP: return s.n ? next_jis(s, kanji) : 0;
	default: return 0;
	}
}

/* Characters of the whole text, or 0 when it is not in this encoding. */
static size_t count(enum encoding e, struct str s)
{
	bool kanji = false;
	size_t n = 0;

	for (size_t i = 0; i < s.n; n++) {
		size_t k = encoding_next(e, str_slice(s, i, s.n), &kanji);

		if (!k)
			return 0;
		i += k;
	}
	return kanji ? 0 : n;
}

static bool seven_bit(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (at(s, i) >= 0x80)
			return false;
	return true;
}

enum encoding encoding_of(struct str s)
{
	size_t sjis, euc;

	if (at(s, 0) == 0xff && at(s, 1) == 0xfe)
		return s.n % 2 ? ENC_NONE : ENC_UTF16LE;
	if (at(s, 0) == 0xfe && at(s, 1) == 0xff)
		return s.n % 2 ? ENC_NONE : ENC_UTF16BE;
	if (str_starts(s, "\xef\xbb\xbf"))
		return utf8_valid(s) ? ENC_UTF8_BOM : ENC_NONE;
	if (seven_bit(s))
		return memchr(s.p, 0x1b, s.n) ? (count(ENC_ISO_2022_JP, s) ? ENC_ISO_2022_JP : ENC_NONE) : ENC_UTF8;
	if (count(ENC_UTF8, s))
		return ENC_UTF8;
	/* Kana of half width make a text that is in both: what reads as fewer characters is the right one. */
	sjis = count(ENC_CP932, s);
	euc = count(ENC_EUC_JP, s);
	if (sjis && euc)
		return sjis == euc ? ENC_NONE : sjis < euc ? ENC_CP932 : ENC_EUC_JP;
	return sjis ? ENC_CP932 : euc ? ENC_EUC_JP : ENC_NONE;
}

const char *encoding_name(enum encoding e)
{
	static const char *const names[] = {"", "UTF-8", "UTF-8 (BOM)", "CP932", "EUC-JP", "ISO-2022-JP", "UTF-16LE", "UTF-16BE"};

	return names[e];
}
