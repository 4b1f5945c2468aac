#include "gate-office/locked.h"

#include <string.h>

#include "lib/buf.h"
#include "rebuild/cfb.h"
#include "rebuild/zip.h"

#define STREAM_MAX (256u << 20)
#define RECORDS_MAX 64                               /* of a workbook, before which it would have said so */
#define MANIFEST_MAX (4u << 20)

static unsigned u16(struct str s, size_t at)
{
	return at + 2 <= s.n ? (unsigned char)s.p[at] | (unsigned)(unsigned char)s.p[at + 1] << 8 : 0;
}

/* FilePass ([MS-XLS] 2.4.117) among the first records. */
static bool file_pass(struct str s)
{
	size_t at = 0;

	for (int i = 0; i < RECORDS_MAX && at + 4 <= s.n; i++) {
		if (u16(s, at) == 0x2f)
			return true;
		at += 4 + u16(s, at + 2);
	}
	return false;
}

/* fEncrypted of the FIB ([MS-DOC] 2.5.2); the token of the current user ([MS-PPT] 2.3.2). */
static bool says_so(const char *format, struct str s)
{
	if (!strcmp(format, "doc"))
		return (u16(s, 10) & 0x0100) != 0;
	if (!strcmp(format, "ppt"))
		return u16(s, 12) == 0xc4df && u16(s, 14) == 0xf3d1;
	return file_pass(s);
}

static bool compound(struct arena *a, const char *format, struct str in)
{
	static const struct { const char *format, *stream; } where[] = {
		{"doc", "WordDocument"}, {"xls", "Workbook"}, {"xls", "Book"}, {"ppt", "Current User"}};
	struct cfb c;
	bool yes = false;

	if (cfb_open(&c, a, in))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(where) && !yes; i++) {
		struct buf b;

		if (strcmp(where[i].format, format) != 0)
			continue;
		buf_init(&b, STREAM_MAX);
		yes = !cfb_read(&c, where[i].stream, &b) && says_so(format, buf_view(&b));
		buf_release(&b);
	}
	return yes;
}

/* OpenDocument says it in its list of parts (part 2, 3.4). */
static bool open_document(struct arena *a, struct str in)
{
	const struct zip_entry *en;
	const char *code;
	struct str where;
	struct zip z;
	struct buf b;
	bool yes;

	if (zip_open(a, in, &z, &code, &where) || !(en = zip_find(&z, "META-INF/manifest.xml")))
		return false;
	buf_init(&b, MANIFEST_MAX);
	yes = !zip_read(en, &b) && memmem(b.p, b.n, "encryption-data", 15);
	buf_release(&b);
	return yes;
}

bool locked(struct arena *a, const char *format, struct str in)
{
	return str_starts(in, "PK") ? open_document(a, in) : compound(a, format, in);
}
