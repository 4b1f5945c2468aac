#include "rebuild/zip.h"

#include <stdlib.h>
#include <string.h>

#define LOCAL 0x04034b50u
#define CENTRAL 0x02014b50u
#define END 0x06054b50u
#define DESCRIPTOR 0x08074b50u
#define LOCAL_BYTES 30u
#define CENTRAL_BYTES 46u
#define END_BYTES 22u

#define FLAG_ENCRYPTED 0x0001u
#define FLAG_DESCRIPTOR 0x0008u
#define FLAG_UTF8 0x0800u
#define FLAGS_KNOWN (FLAG_ENCRYPTED | 0x0006u | FLAG_DESCRIPTOR | FLAG_UTF8)

#define UNIX_LINK 0xa000u
#define UNIX_TYPE 0xf000u

struct reading {
	struct arena *a;
	struct str s;
	const char *code;
	struct str where;
};

struct place {                                       /* where an entry lies */
	uint64_t at, end;
	size_t i;
};

static unsigned le16(struct str s, uint64_t at)
{
	const unsigned char *p = (const unsigned char *)s.p + at;

	return (unsigned)(p[0] | p[1] << 8);
}

static uint32_t le32(struct str s, uint64_t at)
{
	return le16(s, at) | (uint32_t)le16(s, at + 2) << 16;
}

static int refuse(struct reading *rd, const char *code, struct str where)
{
	rd->code = code;
	rd->where = where;
	return ERR_SYNTAX;
}

/* The end record is the last thing in the file. Some readers look for the last signature, some for the first behind the directory: both
 * must find the same (in the bytes of an entry, say of a document inside, it is only bytes). */
static int find_end(struct reading *rd, uint64_t *ret)
{
	uint64_t n = rd->s.n, from = n > END_BYTES + 65535u ? n - END_BYTES - 65535u : 0, at, cd;

	if (n < END_BYTES)
		return refuse(rd, "PARSE", STR_NONE);
	for (at = n - END_BYTES + 1; at-- > from;)
		if (le32(rd->s, at) == END)
			break;
	if (at == UINT64_MAX || at + 1 == from)
		return refuse(rd, "PARSE", STR_NONE);
	if (at + END_BYTES + le16(rd->s, at + 20) != n)
		return refuse(rd, "ZIP-TRAILING", STR_NONE);
	cd = le32(rd->s, at + 16);
	for (uint64_t i = cd < at ? cd : 0; i < at; i++)
		if (le32(rd->s, i) == END)
			return refuse(rd, "ZIP-END", STR_NONE);
	*ret = at;
	return 0;
}

static bool name_ok(struct str name)
{
	struct str rest = name;

	if (!name.n || name.n > ZIP_NAME_MAX || name.p[0] == '/' || memchr(name.p, 0, name.n) ||
	    (name.n > 1 && name.p[1] == ':'))
		return false;
	while (rest.n) {
		struct str part = str_cut(&rest, '/');

		if (str_is(part, "..") || str_is(part, ".") || (!part.n && rest.n))
			return false;
	}
	return true;
}

/* Backslashes are a separator to some, and the second byte of a character to others: only CP932 may hold them. */
static bool backslash(const struct zip_entry *en)
{
	for (size_t i = 0; i < en->name.n; i++) {
		unsigned char c = (unsigned char)en->name.p[i];

		if (!en->utf8 && ((c >= 0x81 && c <= 0x9f) || (c >= 0xe0 && c <= 0xfc)))
			i++;
		else if (c == '\\')
			return true;
	}
	return false;
}

static int central(struct reading *rd, uint64_t *at, uint64_t end, struct zip_entry *en, struct place *pl)
{
	uint64_t p = *at;
	unsigned name_n, extra_n, comment_n, made;

	if (p + CENTRAL_BYTES > end || le32(rd->s, p) != CENTRAL)
		return refuse(rd, "ZIP-CENTRAL", STR_NONE);
	name_n = le16(rd->s, p + 28);
	extra_n = le16(rd->s, p + 30);
	comment_n = le16(rd->s, p + 32);
	if (p + CENTRAL_BYTES + name_n + extra_n + comment_n > end)
		return refuse(rd, "ZIP-CENTRAL", STR_NONE);
	made = le16(rd->s, p + 4) >> 8;
	en->flags = (uint16_t)le16(rd->s, p + 8);
	en->method = (uint16_t)le16(rd->s, p + 10);
	en->time = (uint16_t)le16(rd->s, p + 12);
	en->crc = le32(rd->s, p + 16);
	en->packed.n = le32(rd->s, p + 20);
	en->size = le32(rd->s, p + 24);
	en->name = str_slice(rd->s, p + CENTRAL_BYTES, name_n);
	en->extra = str_slice(rd->s, p + CENTRAL_BYTES + name_n, extra_n);
	en->folder = name_n && en->name.p[name_n - 1] == '/';
	en->encrypted = en->flags & FLAG_ENCRYPTED;
	en->utf8 = en->flags & FLAG_UTF8;
	pl->at = le32(rd->s, p + 42);
	*at = p + CENTRAL_BYTES + name_n + extra_n + comment_n;
	if (le16(rd->s, p + 34) || en->packed.n == UINT32_MAX || en->size == UINT32_MAX || pl->at == UINT32_MAX)
		return refuse(rd, "ZIP-64", en->name);
	if (en->flags & ~FLAGS_KNOWN ||
	    (en->method != ZIP_STORED && en->method != ZIP_DEFLATED && !(en->method == ZIP_AES && en->encrypted)))
		return refuse(rd, "ZIP-METHOD", en->name);
	if (made == 3 && (le32(rd->s, p + 38) >> 16 & UNIX_TYPE) == UNIX_LINK)
		return refuse(rd, "ZIP-LINK", en->name);
	if (!name_ok(en->name) || backslash(en))
		return refuse(rd, "ZIP-NAME", en->name);
	if (en->folder && en->size)
		return refuse(rd, "ZIP-HEADER", en->name);
	if (en->method == ZIP_STORED && !en->encrypted && en->size != en->packed.n)
		return refuse(rd, "ZIP-HEADER", en->name);
	if (en->size > ZIP_RATIO_FROM && en->size / ZIP_RATIO_MAX > en->packed.n)
		return refuse(rd, "ZIP-BOMB", en->name);
	return 0;
}

/* Behind the data, when the header was written before its size was known: with or without its signature, never with
 * other values. Returns its length, 0 when it is wrong. */
static unsigned descriptor(const struct reading *rd, uint64_t at, uint64_t end, const struct zip_entry *en)
{
	for (unsigned skip = 0; skip <= 4; skip += 4)
		if (at + skip + 12 <= end && (!skip || le32(rd->s, at) == DESCRIPTOR) && le32(rd->s, at + skip) == en->crc &&
		    le32(rd->s, at + skip + 4) == en->packed.n && le32(rd->s, at + skip + 8) == en->size)
			return skip + 12;
	return 0;
}

/* The local header must be the central one's twin. */
static int local(struct reading *rd, uint64_t end, struct zip_entry *en, struct place *pl)
{
	uint64_t p = pl->at, data;
	bool later = en->flags & FLAG_DESCRIPTOR;
	unsigned n;

	if (p + LOCAL_BYTES > end || le32(rd->s, p) != LOCAL)
		return refuse(rd, "ZIP-HEADER", en->name);
	data = p + LOCAL_BYTES + le16(rd->s, p + 26) + le16(rd->s, p + 28);
	if (data + en->packed.n > end || le16(rd->s, p + 6) != en->flags || le16(rd->s, p + 8) != en->method ||
	    !str_eq(str_slice(rd->s, p + LOCAL_BYTES, le16(rd->s, p + 26)), en->name))
		return refuse(rd, "ZIP-HEADER", en->name);
	for (unsigned i = 0; i < 3; i++) {               /* CRC, packed, unpacked */
		uint32_t said = le32(rd->s, p + 14 + 4 * i), want = i == 0 ? en->crc : i == 1 ? (uint32_t)en->packed.n : (uint32_t)en->size;

		if (said != want && !(later && !said))
			return refuse(rd, "ZIP-HEADER", en->name);
	}
	en->packed.p = rd->s.p + data;
	pl->end = data + en->packed.n;
	if (!later)
		return 0;
	n = descriptor(rd, pl->end, end, en);
	pl->end += n;
	return n ? 0 : refuse(rd, "ZIP-HEADER", en->name);
}

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static int by_name(const void *a, const void *b)
{
	struct str x = (*(const struct zip_entry *const *)a)->name, y = (*(const struct zip_entry *const *)b)->name;
	size_t n = x.n < y.n ? x.n : y.n;

	for (size_t i = 0; i < n; i++) {
		int c = x.p[i] >= 'A' && x.p[i] <= 'Z' ? x.p[i] + 32 : x.p[i], d = y.p[i] >= 'A' && y.p[i] <= 'Z' ? y.p[i] + 32 : y.p[i];

		if (c != d)
			return c < d ? -1 : 1;
	}
	return x.n < y.n ? -1 : x.n > y.n;
}

/* Two names that some system takes for one. */
static int no_twins(struct reading *rd, const struct zip *z)
{
	const struct zip_entry **sorted = arena_array(rd->a, z->n + 1, sizeof *sorted);

	if (!sorted)
		return refuse(rd, "LIMIT-MEMORY", STR_NONE);
	for (size_t i = 0; i < z->n; i++)
		sorted[i] = &z->list[i];
	qsort(sorted, z->n, sizeof *sorted, by_name);
	for (size_t i = 1; i < z->n; i++)
		if (by_name(&sorted[i - 1], &sorted[i]) == 0)
			return refuse(rd, "ZIP-DUP", sorted[i]->name);
	return 0;
}

/* One after the other from the first byte to the central directory: nothing hidden between, nothing twice. */
static int in_line(struct reading *rd, struct zip *z, struct place *places, uint64_t cd)
{
	struct zip_entry *ordered = arena_array(rd->a, z->n + 1, sizeof *ordered);
	uint64_t at = 0, total = 0;

	if (!ordered)
		return refuse(rd, "LIMIT-MEMORY", STR_NONE);
	qsort(places, z->n, sizeof *places, by_place);
	for (size_t i = 0; i < z->n; i++) {
		struct zip_entry *en = &z->list[places[i].i];

		if (places[i].at != at)
			return refuse(rd, places[i].at < at ? "ZIP-OVERLAP" : "ZIP-HIDDEN", en->name);
		at = places[i].end;
		total += en->size;
		if (total > ZIP_TOTAL_MAX)
			return refuse(rd, "ZIP-BOMB", en->name);
		ordered[i] = *en;
	}
	if (at != cd)
		return refuse(rd, "ZIP-HIDDEN", STR_NONE);
	z->list = ordered;
	return 0;
}

static int read_all(struct reading *rd, struct zip *z)
{
	struct place *places;
	uint64_t end, cd, at;
	int r = find_end(rd, &end);

	if (r)
		return r;
	z->n = le16(rd->s, end + 10);
	cd = le32(rd->s, end + 16);
	if (z->n == 0xffff || cd == UINT32_MAX || le32(rd->s, end + 12) == UINT32_MAX)
		return refuse(rd, "ZIP-64", STR_NONE);
	if (le16(rd->s, end + 4) || le16(rd->s, end + 6) || le16(rd->s, end + 8) != z->n || cd + le32(rd->s, end + 12) != end)
		return refuse(rd, "ZIP-CENTRAL", STR_NONE);
	if (z->n > ZIP_ENTRIES_MAX)
		return refuse(rd, "ZIP-BOMB", STR_NONE);
	z->list = arena_array(rd->a, z->n + 1, sizeof *z->list);
	places = arena_array(rd->a, z->n + 1, sizeof *places);
	if (!z->list || !places)
		return refuse(rd, "LIMIT-MEMORY", STR_NONE);
	at = cd;
	for (size_t i = 0; !r && i < z->n; i++) {
		places[i].i = i;
		r = central(rd, &at, end, &z->list[i], &places[i]);
		if (!r)
			r = local(rd, cd, &z->list[i], &places[i]);
	}
	if (!r && at != end)
		r = refuse(rd, "ZIP-CENTRAL", STR_NONE);
	if (!r)
		r = no_twins(rd, z);
	return r ? r : in_line(rd, z, places, cd);
}

int zip_open(struct arena *a, struct str bytes, struct zip *ret, const char **ret_code, struct str *ret_where)
{
	struct reading rd = {.a = a, .s = bytes};
	int r = read_all(&rd, ret);

	*ret_code = rd.code;
	*ret_where = rd.where;
	return r;
}

const struct zip_entry *zip_find(const struct zip *z, const char *name)
{
	for (size_t i = 0; i < z->n; i++)
		if (str_is(z->list[i].name, name))
			return &z->list[i];
	return NULL;
}
