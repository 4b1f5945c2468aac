#include "gate-verify/fold.h"

#include <string.h>

size_t fold_next(struct str s, size_t at, uint32_t *ret)
{
	const unsigned char *p = (const unsigned char *)s.p + at;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4, left = s.n - at;

	n = n < left ? n : left;
	*ret = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++)
		*ret = *ret << 6 | (p[i] & 0x3fu);
	return n;
}

static const struct fold_row *row_of(uint32_t c)
{
	size_t lo = 0, hi = fold_n_rows;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (fold_rows[mid].c == c)
			return &fold_rows[mid];
		if (fold_rows[mid].c < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static unsigned class_of(uint32_t c)
{
	size_t lo = 0, hi = fold_n_marks;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (fold_marks[mid].c == c)
			return fold_marks[mid].class;
		if (fold_marks[mid].c < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return 0;
}

bool fold_hidden(uint32_t c)
{
	const struct fold_row *r = c >= 0x80 ? row_of(c) : NULL;

	return (r && !r->n) || c == 0x2028 || c == 0x2029 || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0x80 && c < 0xa0) ||
	       (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

/* Marks behind one letter in the order of their classes, those of one class as they stand (UAX 15, D109). */
static void order_marks(struct folded *f)
{
	for (size_t i = 1; i < f->n; i++) {
		uint32_t c = f->c[i];
		unsigned class = class_of(c);
		size_t k = i;

		for (; class && k && class_of(f->c[k - 1]) > class; k--)
			f->c[k] = f->c[k - 1];
		f->c[k] = c;
	}
}

bool fold_name(struct arena *a, struct str name, struct folded *ret)
{
	size_t room = 1;
	uint32_t c;

	for (size_t at = 0; at < name.n;) {
		const struct fold_row *r;

		at += fold_next(name, at, &c);
		r = row_of(c);
		room += r ? r->n : 3;
	}
	*ret = (struct folded){arena_array(a, room, sizeof *ret->c), 0};
	if (!ret->c)
		return false;
	for (size_t at = 0; at < name.n;) {
		const struct fold_row *r;

		at += fold_next(name, at, &c);
		r = row_of(c);
		if (r) {
			memcpy(ret->c + ret->n, fold_pool + r->at, r->n * sizeof *ret->c);
			ret->n += r->n;
		} else if (c >= 0xac00 && c <= 0xd7a3) { /* Hangul: Unicode 3.12 */
			uint32_t s = c - 0xac00;

			ret->c[ret->n++] = 0x1100 + s / 588;
			ret->c[ret->n++] = 0x1161 + s % 588 / 28;
			if (s % 28)
				ret->c[ret->n++] = 0x11a7 + s % 28;
		} else {
			ret->c[ret->n++] = c;
		}
	}
	order_marks(ret);
	return true;
}

int fold_cmp(const struct folded *a, const struct folded *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		uint32_t x = a->c[i] == '/' ? 0 : a->c[i], y = b->c[i] == '/' ? 0 : b->c[i];

		if (x != y)
			return x < y ? -1 : 1;
	}
	return a->n < b->n ? -1 : a->n > b->n;
}
