#include "lib/i18n.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/err.h"

/* GNU .mo: magic, revision, count, offset of the table of ids (sorted), offset of the table of texts; a table row is
 * length and offset, the text ends in NUL. An id with a plural is "one NUL many", found by its first part. */
#define MO_MAGIC 0x950412deu

static struct {
	const unsigned char *p;
	uint32_t count, ids, texts;
} mo;

static _Thread_local enum lang lang = LANG_JA;

static uint32_t u32(size_t at)
{
	uint32_t v;

	memcpy(&v, mo.p + at, sizeof(v));
	return v;
}

static bool table_fits(size_t n, uint32_t at, uint32_t count)
{
	if (at > n || (uint64_t)count * 8 > n - at)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t len = u32(at + 8 * i), off = u32(at + 8 * i + 4);

		if (off >= n || len >= n - off || mo.p[off + len] != 0)
			return false;
	}
	return true;
}

int i18n_open(const void *bytes, size_t n)
{
	if (n < 28)
		return ERR_SYNTAX;
	mo.p = bytes;
	mo.count = u32(8);
	mo.ids = u32(12);
	mo.texts = u32(16);
	if (u32(0) != MO_MAGIC || !table_fits(n, mo.ids, mo.count) || !table_fits(n, mo.texts, mo.count)) {
		memset(&mo, 0, sizeof(mo));
		return ERR_SYNTAX;
	}
	return 0;
}

void i18n_set(enum lang l)
{
	lang = l;
}

enum lang i18n_lang(void)
{
	return lang;
}

/* NULL when there is none. */
static const char *japanese(const char *msgid)
{
	uint32_t lo = 0, hi = mo.count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c = strcmp(msgid, (const char *)mo.p + u32(mo.ids + 8 * mid + 4));

		if (c == 0)
			return (const char *)mo.p + u32(mo.texts + 8 * mid + 4);
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

const char *i18n_text(const char *msgid)
{
	const char *t;

	/* The empty id is the catalogue's own header. */
	if (lang != LANG_JA || !*msgid)
		return msgid;
	t = japanese(msgid);
	return t && *t ? t : msgid;
}

const char *i18n_plural(const char *one, const char *many, unsigned long n)
{
	const char *t = lang == LANG_JA ? japanese(one) : NULL;

	if (t && *t)
		return t;
	return n == 1 ? one : many;
}
