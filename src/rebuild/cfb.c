#include "rebuild/cfb.h"

#include <string.h>

#define HEAD 512u
#define IN_HEAD 109u                                 /* sectors of the table that the head itself names */
#define LAST 0xfffffffau                             /* and above: no sector */
#define ENTRY 128u
#define CUTOFF 4096u                                 /* streams shorter than this lie in small sectors */
#define STREAM 2
#define ROOT 5

static uint32_t u32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static unsigned u16(const char *p)
{
	return (unsigned char)p[0] | (unsigned)(unsigned char)p[1] << 8;
}

/* The sector as it lies in the file; NULL beyond its end. The last one may be short: then it is none. */
static const char *sector(const struct cfb *c, uint32_t s)
{
	uint64_t at = ((uint64_t)s + 1) << c->shift;

	return at + (1u << c->shift) <= c->bytes.n ? c->bytes.p + at : NULL;
}

/* The table of sectors: a list of them in the head, continued in sectors of which each names the next. */
static int read_fat(struct cfb *c, struct arena *a, uint32_t n)
{
	uint32_t per = 1u << (c->shift - 2), more = u32(c->bytes.p + 68), max = (uint32_t)(c->bytes.n >> c->shift);
	const char *list = c->bytes.p + 76, *end = list + (size_t)4 * IN_HEAD;

	if (n > max)
		return ERR_SYNTAX;
	c->fat = arena_array(a, (size_t)n * per + 1, sizeof *c->fat);
	if (!c->fat)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < n; i++) {
		const char *s;

		if (list == end) {
			s = sector(c, more);
			if (!s)
				return ERR_SYNTAX;
			list = s;
			end = s + (1u << c->shift) - 4;
			more = u32(end);
		}
		s = sector(c, u32(list));
		if (!s)
			return ERR_SYNTAX;
		for (uint32_t k = 0; k < per; k++)
			c->fat[c->n_fat++] = u32(s + (size_t)4 * k);
		list += 4;
	}
	return 0;
}

static int read_mini(struct cfb *c, struct arena *a)
{
	uint32_t per = 1u << (c->shift - 2), s = u32(c->bytes.p + 60), n = u32(c->bytes.p + 64);

	if (n > c->n_fat)
		return ERR_SYNTAX;
	c->mini = arena_array(a, (size_t)n * per + 1, sizeof *c->mini);
	if (!c->mini)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < n; i++) {
		const char *p = s < c->n_fat ? sector(c, s) : NULL;

		if (!p)
			return ERR_SYNTAX;
		for (uint32_t k = 0; k < per; k++)
			c->mini[c->n_mini++] = u32(p + (size_t)4 * k);
		s = c->fat[s];
	}
	return 0;
}

/* Where a small sector lies in the stream of them. */
static const char *mini_sector(const struct cfb *c, uint32_t s)
{
	uint64_t at = (uint64_t)s << c->mini_shift;
	uint32_t big = c->root;

	for (uint64_t i = at >> c->shift; i; i--) {
		if (big >= c->n_fat || i > c->n_fat)
			return NULL;
		big = c->fat[big];
	}
	const char *p = big < c->n_fat ? sector(c, big) : NULL;

	return p ? p + (at & ((1u << c->shift) - 1)) : NULL;
}

/* Bytes of a chain of sectors, small ones or not, at most so many. */
static int chain(const struct cfb *c, bool mini, uint32_t s, uint64_t size, struct buf *out)
{
	const uint32_t *next = mini ? c->mini : c->fat, most = mini ? c->n_mini : c->n_fat;
	uint64_t whole = 1u << (mini ? c->mini_shift : c->shift);

	for (uint32_t steps = 0; size; steps++) {
		const char *p = s >= most || steps > most ? NULL : mini ? mini_sector(c, s) : sector(c, s);
		uint64_t n = size < whole ? size : whole;

		if (!p)
			return ERR_SYNTAX;
		buf_put(out, p, (size_t)n);
		if (buf_err(out))
			return buf_err(out);
		size -= n;
		s = next[s];
	}
	return 0;
}

int cfb_open(struct cfb *c, struct arena *a, struct str bytes)
{
	int r;

	*c = (struct cfb){.bytes = bytes};
	if (bytes.n < 2 * HEAD || memcmp(bytes.p, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) != 0 || bytes.n > UINT32_MAX)
		return ERR_SYNTAX;
	c->shift = u16(bytes.p + 30);
	c->mini_shift = u16(bytes.p + 32);
	c->dir = u32(bytes.p + 48);
	c->cutoff = u32(bytes.p + 56);
	if ((c->shift != 9 && c->shift != 12) || c->mini_shift != 6 || c->cutoff != CUTOFF)
		return ERR_SYNTAX;
	r = read_fat(c, a, u32(bytes.p + 44));
	if (!r)
		r = read_mini(c, a);
	/* The first entry of the directory is the root, whose own stream holds the small sectors. */
	const char *root = r || c->dir >= c->n_fat ? NULL : sector(c, c->dir);

	if (!r && (!root || root[66] != ROOT))
		r = ERR_SYNTAX;
	if (!r)
		c->root = u32(root + 116);
	return r;
}

static bool named(const char *entry, const char *name)
{
	size_t n = strlen(name);

	if (u16(entry + 64) != 2 * (n + 1))
		return false;
	for (size_t i = 0; i < n; i++)
		if (entry[2 * i] != name[i] || entry[2 * i + 1])
			return false;
	return true;
}

int cfb_read(const struct cfb *c, const char *name, struct buf *out)
{
	uint32_t s = c->dir;

	if (strlen(name) > 31)
		return ERR_NOTFOUND;
	for (uint32_t steps = 0; s < LAST && steps <= c->n_fat; steps++) {
		const char *p = s < c->n_fat ? sector(c, s) : NULL;

		if (!p)
			return ERR_SYNTAX;
		for (const char *e = p; e < p + (1u << c->shift); e += ENTRY) {
			uint64_t size = u32(e + 120);

			if (e[66] != STREAM || !named(e, name))
				continue;
			if (size > c->bytes.n)
				return ERR_SYNTAX;
			return chain(c, size < c->cutoff, u32(e + 116), size, out);
		}
		s = c->fat[s];
	}
	return ERR_NOTFOUND;
}
