#include "core/person_data.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lib/arena.h"

#define MEMBER_MAX (64u << 20)                           /* of one member, unpacked */
#define MEMBERS_MAX 2000u

/* 番号法施行令 8 条の検査用数字 */
bool my_number_valid(const char digits[12])
{
	int sum = 0;
	for (int n = 1; n <= 11; n++)
		sum += (digits[11 - n] - '0') * (n <= 6 ? n + 1 : n - 5);
	int rest = sum % 11;
	return digits[11] - '0' == (rest <= 1 ? 0 : 11 - rest);
}

/* One character as it concerns us: a digit '0'–'9', an ASCII sign, or 0 for anything else. *n: its bytes. */
static char sign_at(struct str s, size_t at, size_t *n)
{
	const unsigned char *p = (const unsigned char *)s.p + at;
	size_t left = s.n - at;
	*n = 1;
	if (p[0] < 0x80)
		return (char)p[0];
	if (left >= 3 && p[0] == 0xef && p[1] == 0xbc && p[2] >= 0x90 && p[2] <= 0x99) {
		*n = 3;                                  /* full width, UTF-8 */
		return (char)('0' + p[2] - 0x90);
	}
	if (left >= 3 && p[0] == 0xef && p[1] == 0xbc && p[2] == 0x8d) {
		*n = 3;
		return '-';
	}
	if (left >= 2 && p[0] == 0x82 && p[1] >= 0x4f && p[1] <= 0x58) {
		*n = 2;                                  /* full width, CP932 */
		return (char)('0' + p[1] - 0x4f);
	}
	if (left >= 2 && p[0] == 0xa3 && p[1] >= 0xb0 && p[1] <= 0xb9) {
		*n = 2;                                  /* full width, EUC-JP */
		return (char)('0' + p[1] - 0xb0);
	}
	return (char)1;
}

struct look {
	struct person_data *found;
	char run[16];                                    /* digits in a row, blanks and hyphens between groups left out */
	size_t n, groups, first;
	bool gap, contact, at_sign;                      /* of this line */
	size_t word;                                     /* characters of the word so far */
};

static void run_end(struct look *k)
{
	bool phone = k->n >= 10 && k->n <= 11 && k->run[0] == '0';
	if (k->n == 12 && my_number_valid(k->run))
		k->found->my_numbers++;
	else if (k->n == 11 && k->run[0] != '0' && k->groups == 1)
		k->found->resident_codes++;
	k->contact |= phone;
	k->n = k->groups = 0;
	k->gap = false;
}

static void line_end(struct look *k)
{
	run_end(k);
	k->found->contacts += k->contact;
	k->contact = k->at_sign = false;
	k->word = 0;
}

static void take(struct look *k, char ch)
{
	if (ch >= '0' && ch <= '9') {
		if (!k->n || k->gap)
			k->groups++;
		k->gap = false;
		if (k->n < sizeof(k->run))
			k->run[k->n++] = ch;
	} else if (k->n && !k->gap && (ch == '-' || ch == ' ')) {
		k->gap = true;                           /* 1234-5678-9012 */
	} else {
		run_end(k);
	}
	bool wordy = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '.' || ch == '_' || ch == '-';
	if (ch == '@' && k->word) {
		k->at_sign = true;
		k->word = 0;
	} else if (wordy) {
		k->contact |= k->at_sign && ch == '.' && k->word;
		k->word++;
	} else {
		k->at_sign = false;
		k->word = 0;
	}
	if (ch == '\n' || ch == '\r')
		line_end(k);
}

/* Runs of text are cut wherever the writer liked; paragraphs, rows, cells and breaks end what stands together. */
static bool tag_ends_line(struct str tag)
{
	static const char *const ends[] = {"/w:p", "/row", "/a:p", "w:br", "/si", "/w:tr"};
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (str_starts(tag, ends[i]))
			return true;
	return false;
}

void person_data_scan(struct str text, bool tags, struct person_data *ret)
{
	struct look k = {.found = ret};
	for (size_t at = 0, n; at < text.n; at += n) {
		if (tags && text.p[at] == '<') {
			const char *end = memchr(text.p + at, '>', text.n - at);
			n = end ? (size_t)(end - text.p) - at + 1 : text.n - at;
			struct str tag = str_n(text.p + at + 1, n > 1 ? n - 1 : 0);
			if (tag_ends_line(tag))
				line_end(&k);
			else if (str_starts(tag, "/c>") || str_starts(tag, "/w:tc") || str_starts(tag, "/v>"))
				take(&k, ';');
			continue;
		}
		take(&k, sign_at(text, at, &n));
	}
	line_end(&k);
}

/* --- the members of an archive the gate itself has written ------------------------------------------------------------ */

static uint32_t le(struct str s, size_t at, unsigned bytes)
{
	uint32_t v = 0;
	for (unsigned i = 0; i < bytes && at + i < s.n; i++)
		v |= (uint32_t)(unsigned char)s.p[at + i] << (8 * i);
	return v;
}

static bool unpack(struct str in, unsigned method, size_t size, char *out)
{
	z_stream z = {0};
	if (method == 0) {
		if (in.n != size)
			return false;
		memcpy(out, in.p, size);
		return true;
	}
	if (method != 8 || inflateInit2(&z, -15) != Z_OK)
		return false;
	z.next_in = (unsigned char *)(uintptr_t)in.p;
	z.avail_in = (unsigned)in.n;
	z.next_out = (unsigned char *)out;
	z.avail_out = (unsigned)size;
	int r = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return r == Z_STREAM_END && z.avail_out == 0;
}

static bool ends(struct str s, const char *end)
{
	size_t n = strlen(end);
	return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

#define DEPTH_MAX 5                                      /* archives in archives; the gate itself goes four deep */

static enum person_seen file(struct str language, struct str bytes, bool text, unsigned depth, struct person_data *ret);

/* The kind of a member by its name, as the gate names what it delivers; "" none that can be looked into. */
static struct str language_of(struct str name, bool office)
{
	static const struct {
		const char *end, *language;
	} kinds[] = {{".txt", "text"}, {".csv", "csv"}, {".tsv", "csv"}, {".eml", "mail"}, {".html", "text"}, {".htm", "text"}, {".docx", "docx"},
	             {".xlsx", "xlsx"}, {".pptx", "pptx"}, {".zip", "zip"}, {".pdf", "pdf"}};
	if (office)
		return ends(name, ".xml") ? STR("xml") : ends(name, ".docx") || ends(name, ".xlsx") || ends(name, ".pptx") ? str_slice(name, name.n - 4, name.n) : STR("");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (ends(name, kinds[i].end))
			return str_from(kinds[i].language);
	return STR("");
}

struct scan {
	bool office, text;                               /* parts of a document; else files of an archive */
	unsigned depth;
	size_t seen, unseen;
	struct person_data *found;
};

static bool member(struct scan *s, struct str zip, size_t at)
{
	size_t packed = le(zip, at + 20, 4), size = le(zip, at + 24, 4), local = le(zip, at + 42, 4);
	struct str name = str_n(zip.p + at + 46, le(zip, at + 28, 2)), language = language_of(name, s->office);
	if (local + 30 > zip.n || size > MEMBER_MAX)
		return false;
	size_t data = local + 30 + le(zip, local + 26, 2) + le(zip, local + 28, 2);
	if (!size || ends(name, "/") || (s->office && !language.n))      /* pictures of a document are seen by nobody */
		return true;
	if (!language.n) {
		s->unseen++;
		return true;
	}
	if (data > zip.n || packed > zip.n - data)
		return false;
	char *mem = xmalloc(size);
	bool ok = unpack(str_n(zip.p + data, packed), le(zip, at + 10, 2), size, mem);
	if (ok && str_is(language, "xml")) {
		person_data_scan(str_n(mem, size), true, s->found);
		s->seen++;
	} else if (ok) {
		enum person_seen got = file(language, str_n(mem, size), s->text, s->depth + 1, s->found);
		s->seen += got != PERSON_UNSEEN;
		s->unseen += got != PERSON_SEEN;
	}
	free(mem);
	return ok;
}

static enum person_seen scan_zip(struct str zip, bool office, bool text, unsigned depth, struct person_data *ret)
{
	struct scan s = {.office = office, .text = text, .depth = depth, .found = ret};
	if (depth > DEPTH_MAX || zip.n < 22 || le(zip, zip.n - 22, 4) != 0x06054b50)
		return PERSON_UNSEEN;
	uint32_t members = le(zip, zip.n - 12, 2);
	size_t at = le(zip, zip.n - 6, 4);
	for (uint32_t i = 0; i < members; i++) {
		if (i == MEMBERS_MAX || at + 46 > zip.n || le(zip, at, 4) != 0x02014b50 || at + 46 + le(zip, at + 28, 2) > zip.n || !member(&s, zip, at))
			return PERSON_UNSEEN;
		at += 46 + le(zip, at + 28, 2) + le(zip, at + 30, 2) + le(zip, at + 32, 2);
	}
	return s.unseen ? s.seen ? PERSON_PARTLY : PERSON_UNSEEN : PERSON_SEEN;
}

static enum person_seen file(struct str language, struct str bytes, bool text, unsigned depth, struct person_data *ret)
{
	if (str_is(language, "text") || str_is(language, "csv") || str_is(language, "mail")) {
		person_data_scan(bytes, false, ret);
		return PERSON_SEEN;
	}
	if (str_is(language, "docx") || str_is(language, "xlsx") || str_is(language, "pptx"))
		return scan_zip(bytes, true, text, depth, ret);
	if (str_is(language, "zip"))
		return scan_zip(bytes, false, text, depth, ret);
	return text && str_is(language, "pdf") ? PERSON_SEEN : PERSON_UNSEEN;    /* by the workers' text */
}

enum person_seen person_data_file(struct str language, struct str bytes, struct str text, struct person_data *ret)
{
	*ret = (struct person_data){0};
	person_data_scan(text, false, ret);
	return file(language, bytes, text.n > 0, 0, ret);
}
