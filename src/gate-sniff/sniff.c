#include "gate-sniff/sniff.h"

#include <string.h>

#define EXECUTABLE "TYPE-EXECUTABLE"
#define TEXT_LOOK 65536u                             /* bytes looked at to tell a script or a text */

struct signature {
	size_t at;
	struct str bytes;
	const char *type, *code;
};

#define SIG(at, bytes, type, code) {at, STR_INIT(bytes), type, code}
static const struct signature signatures[] = {
	SIG(0, "MZ", "pe", EXECUTABLE),
	SIG(0, "\x7f" "ELF", "elf", EXECUTABLE),
	SIG(0, "\xfe\xed\xfa\xce", "mach-o", EXECUTABLE),
	SIG(0, "\xfe\xed\xfa\xcf", "mach-o", EXECUTABLE),
	SIG(0, "\xcf\xfa\xed\xfe", "mach-o", EXECUTABLE),
	SIG(0, "\xca\xfe\xba\xbe", "java-class", EXECUTABLE),
	SIG(0, "L\0\0\0\x01\x14\x02\0", "lnk", EXECUTABLE),
	SIG(0, "ITSF", "chm", EXECUTABLE),
	SIG(0, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "onenote", EXECUTABLE),
	SIG(0, "vhdxfile", "vhdx", EXECUTABLE),
	SIG(0, "conectix", "vhd", EXECUTABLE),
	SIG(0, "MSCF", "cab", EXECUTABLE),
	SIG(0x8001, "CD001", "iso", EXECUTABLE),
	SIG(0, "#!", "script", EXECUTABLE),
	SIG(0, "PK\3\4", "zip", ""),
	SIG(0, "PK\5\6", "zip", ""),
	SIG(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "cfb", ""),
	SIG(0, "%PDF-", "pdf", ""),
	SIG(0, "{\\rtf", "rtf", ""),
	SIG(0, "\xff\xd8\xff", "jpeg", ""),
	SIG(0, "\x89PNG\r\n\x1a\n", "png", ""),
	SIG(0, "GIF87a", "gif", ""),
	SIG(0, "GIF89a", "gif", ""),
	SIG(0, "BM", "bmp", ""),
	SIG(8, "WEBP", "webp", ""),
	SIG(0, "II*\0", "tiff", ""),
	SIG(0, "MM\0*", "tiff", ""),
	SIG(40, " EMF", "emf", ""),
	SIG(0, "\xd7\xcd\xc6\x9a", "wmf", ""),
	SIG(0, "\1\0\t\0\0\3", "wmf", ""),
	SIG(0, "\1\0\t\0\0\1", "wmf", ""),
	SIG(4, "ftypheic", "heic", ""),
	SIG(4, "ftypmif1", "heic", ""),
	SIG(4, "ftyp", "mp4", ""),
	SIG(0, "7z\xbc\xaf\x27\x1c", "7z", ""),
	SIG(0, "Rar!\x1a\7", "rar", ""),
	SIG(2, "-lh", "lzh", ""),
	SIG(0, "\x1f\x8b", "gzip", ""),
	SIG(0, "JwwData.", "jww", ""),
	SIG(0, "ISO-10303-21", "p21", ""),
	SIG(257, "ustar", "tar", ""),
};

/* Text of some kind: no NUL but in UTF-16, few control characters. */
static bool looks_like_text(struct str s)
{
	size_t n = s.n < TEXT_LOOK ? s.n : TEXT_LOOK, odd = 0;

	if (str_starts(s, "\xff\xfe") || str_starts(s, "\xfe\xff"))
		return s.n % 2 == 0;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (!c)
			return false;
		odd += (c < 0x20 && !strchr("\t\n\r\f\x1b\x1a", c)) || c == 0x7f;
	}
	return odd * 100 <= n;
}

static bool begins(struct str s, const char *z)
{
	struct str t = str_trim(str_slice(s, 0, TEXT_LOOK));

	if (str_starts(t, "\xef\xbb\xbf"))
		t = str_trim(str_slice(t, 3, t.n));
	return t.n >= strlen(z) && str_ieq(str_slice(t, 0, strlen(z)), str_from(z));
}

struct sniffed sniff(struct str s)
{
	for (size_t i = 0; i < ARRAY_LEN(signatures); i++) {
		const struct signature *g = &signatures[i];

		if (s.n >= g->at + g->bytes.n && !memcmp(s.p + g->at, g->bytes.p, g->bytes.n))
			return (struct sniffed){g->type, g->code};
	}
	if (!looks_like_text(s))
		return (struct sniffed){"unknown", ""};
	if (begins(s, "<!doctype html") || begins(s, "<html"))
		return (struct sniffed){"html", ""};
	if (begins(s, "<?xml") || begins(s, "<svg"))
		return (struct sniffed){"xml", ""};
	return (struct sniffed){"text", ""};
}
