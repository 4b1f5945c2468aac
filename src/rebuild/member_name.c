#include "rebuild/member_name.h"

#include <stdlib.h>
#include <string.h>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

#include "lib/text.h"

#define STEP_MAX 230u                                /* bytes; a step may have 255, and a number or a note's ending may follow */
#define EXT_MAX 20u
#define SLOTS 32768u                                 /* twice what an archive may hold, and folders */

/* --- fit -------------------------------------------------------------------------------------------------------- */

static bool unseen(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || (c >= 0xfff9 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe ||
	       (c >= 0xfdd0 && c <= 0xfdef) || uc_is_property_default_ignorable_code_point(c);
}

static bool blank(uint32_t c)
{
	return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Zs);
}

static bool reserved(struct str step)
{
	static const char *const names[] = {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"};
	struct str stem = str_cut(&step, '.');
	struct str digit;

	while (stem.n && stem.p[stem.n - 1] == ' ')
		stem.n--;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_ieq(stem, str_from(names[i])))
			return true;
	if (!str_ieq(str_slice(stem, 0, 3), STR("com")) && !str_ieq(str_slice(stem, 0, 3), STR("lpt")))
		return false;
	digit = str_slice(stem, 3, stem.n);
	return (digit.n == 1 && digit.p[0] >= '0' && digit.p[0] <= '9') || str_is(digit, "¹") || str_is(digit, "²") || str_is(digit, "³");
}

/* Where the extension begins; its end when there is none. */
static size_t dot(struct str s)
{
	for (size_t i = s.n; i-- > 1;)
		if (s.p[i] == '.')
			return i;
	return s.n;
}

/* Off both ends: dots and blanks. */
static struct str trimmed(struct str s)
{
	uint32_t c;

	for (size_t n; s.n && (n = utf8_next(s, &c)) && (c == '.' || blank(c));)
		s = str_slice(s, n, s.n);
	while (s.n) {
		size_t at = s.n - 1;

		while (at && ((unsigned char)s.p[at] & 0xc0) == 0x80)
			at--;
		if (!utf8_next(str_slice(s, at, s.n), &c) || (c != '.' && !blank(c)))
			break;
		s.n = at;
	}
	return s;
}

/* Cut in its stem, between characters. */
static struct str shortened(struct arena *a, struct str s)
{
	size_t d = dot(s), ext = s.n - d, keep;

	if (s.n <= STEP_MAX)
		return s;
	if (ext > EXT_MAX)
		ext = 0;
	keep = STEP_MAX - ext;
	while (keep && ((unsigned char)s.p[keep] & 0xc0) == 0x80)
		keep--;
	return arena_strf(a, "%.*s%.*s", STR_ARG(trimmed(str_slice(s, 0, keep))), STR_ARG(str_slice(s, s.n - ext, ext)));
}

static struct str fit(struct arena *a, struct str step)
{
	struct buf b;
	struct str s;

	buf_init(&b, 3 * step.n + 8);
	for (size_t i = 0; i < step.n;) {
		uint32_t c;
		size_t n = utf8_next(str_slice(step, i, step.n), &c);

		if (!n)
			break;
		if (c < 0x80 && c && strchr("\\:*?\"<>|", (int)c))
			buf_putc(&b, '_');
		else if (!unseen(c))
			buf_put(&b, step.p + i, n);
		i += n;
	}
	s = shortened(a, arena_str(a, trimmed(buf_view(&b))));
	buf_release(&b);
	if (!s.n)
		return STR("_");
	return reserved(s) ? arena_strf(a, "_%.*s", STR_ARG(s)) : s;
}

struct str member_name(struct arena *a, struct str path)
{
	struct buf b;
	struct str ret, rest = path;

	buf_init(&b, 4 * path.n + 1024);
	while (rest.p) {
		struct str step = str_cut(&rest, '/');

		if (b.n)
			buf_putc(&b, '/');
		buf_str(&b, fit(a, step));
	}
	ret = arena_str(a, buf_view(&b));
	buf_release(&b);
	return ret;
}

/* --- unique ----------------------------------------------------------------------------------------------------- */

struct slot { struct str key; bool folder; };

struct member_names {
	struct arena *a;
	struct slot slots[SLOTS];
	unsigned n;
};

struct member_names *member_names_new(struct arena *a)
{
	struct member_names *m = ARENA_NEW(a, struct member_names);

	if (m)
		m->a = a;
	return m;
}

/* As people and careless programs compare it. */
static struct str key_of(struct arena *a, struct str s)
{
	struct str ret = arena_str(a, s);

	for (int turn = 0; turn < 4; turn++) {           /* a decomposition may have capitals */
		size_t n;
		uint8_t *f = u8_casefold((const uint8_t *)ret.p, ret.n, NULL, UNINORM_NFKD, NULL, &n);
		bool same = f && n == ret.n && !memcmp(f, ret.p, n);

		if (f && !same)
			ret = arena_str(a, str_n(f, n));
		free(f);
		if (same)
			break;
	}
	return ret;
}

static struct slot *slot_of(struct member_names *m, struct str key)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < key.n; i++)
		h = (h ^ (unsigned char)key.p[i]) * 16777619u;
	for (h %= SLOTS; m->slots[h].key.p && !str_eq(m->slots[h].key, key); h = (h + 1) % SLOTS)
		;
	return &m->slots[h];
}

static struct str numbered(struct arena *a, struct str s, unsigned n)
{
	size_t d = dot(s);

	return n < 2 ? s : arena_strf(a, "%.*s (%u)%.*s", STR_ARG(str_slice(s, 0, d)), n, STR_ARG(str_slice(s, d, s.n)));
}

struct str member_unique(struct member_names *m, struct str path)
{
	struct str given = STR(""), rest = path;

	while (rest.p) {
		struct str step = str_cut(&rest, '/');
		bool folder = rest.p != NULL;

		for (unsigned n = 1;; n++) {
			struct str one = numbered(m->a, step, n);
			struct str whole = given.n ? arena_strf(m->a, "%.*s/%.*s", STR_ARG(given), STR_ARG(one)) : arena_str(m->a, one);
			struct slot *s = slot_of(m, key_of(m->a, whole));

			if (s->key.p && !(folder && s->folder) && n < SLOTS)
				continue;
			if (!s->key.p && m->n < SLOTS / 2) {
				*s = (struct slot){key_of(m->a, whole), folder};
				m->n++;
			}
			given = whole;
			break;
		}
	}
	return given;
}
