#include "collect/frame.h"

#include <string.h>

#define DIGITS_MAX 9

enum start { START_LINE, START_COUNTED, START_UNKNOWN };

/* How a message beginning at p is framed. *skip: bytes of the count and its blank. */
static enum start look(const char *p, size_t n, bool end, uint64_t *count, size_t *skip)
{
	size_t i = 0;
	uint64_t v = 0;
	if (n == 0)
		return end ? START_LINE : START_UNKNOWN;
	if (p[0] < '1' || p[0] > '9')
		return START_LINE;
	for (; i < n && i <= DIGITS_MAX && p[i] >= '0' && p[i] <= '9'; i++)
		v = 10 * v + (uint64_t)(p[i] - '0');
	if (i > DIGITS_MAX)
		return START_LINE;
	if (i + 1 >= n && (i == n || p[i] == ' '))
		return end ? START_LINE : START_UNKNOWN;
	if (p[i] != ' ' || p[i + 1] != '<')
		return START_LINE;
	*count = v;
	*skip = i + 1;
	return START_COUNTED;
}

/* A piece of n bytes; last: with it the message ends. */
static bool give(struct framer *f, const char *p, size_t n, size_t eat, bool last, size_t *pos, struct piece *ret)
{
	ret->raw = str_n(p + *pos, n);
	ret->flags = (uint16_t)((f->inside ? ENTRY_CONTINUED : 0) | (last ? 0 : ENTRY_MORE));
	f->inside = !last;
	*pos += eat;
	return true;
}

static bool torn(struct framer *f, const char *p, size_t n, size_t *pos, struct piece *ret)
{
	if (*pos == n && !f->inside && !f->left)
		return false;
	f->left = 0;
	f->counted = false;
	give(f, p, n - *pos, n - *pos, true, pos, ret);
	ret->flags |= ENTRY_TORN;
	return true;
}

static bool next_counted(struct framer *f, const char *p, size_t n, size_t *pos, bool end, struct piece *ret)
{
	size_t have = n - *pos, want = f->left < ENTRY_RAW_MAX ? (size_t)f->left : ENTRY_RAW_MAX;
	if (have < want)
		return end && torn(f, p, n, pos, ret);
	f->left -= want;
	f->counted = f->left > 0;
	f->after_counted = !f->counted;
	return give(f, p, want, want, !f->counted, pos, ret);
}

static bool next_line(struct framer *f, const char *p, size_t n, size_t *pos, bool end, struct piece *ret)
{
	size_t have = n - *pos, window = have < FRAME_REST_MAX ? have : FRAME_REST_MAX;
	const char *lf = window ? memchr(p + *pos, '\n', window) : NULL;
	if (lf) {
		size_t k = (size_t)(lf - p) - *pos;
		return give(f, p, k, k + 1, true, pos, ret);
	}
	if (have > ENTRY_RAW_MAX)
		return give(f, p, ENTRY_RAW_MAX, ENTRY_RAW_MAX, false, pos, ret);
	return end && torn(f, p, n, pos, ret);
}

bool framer_next(struct framer *f, const char *p, size_t n, size_t *pos, bool end, struct piece *ret)
{
	size_t skip = 0;
	if (f->counted)
		return next_counted(f, p, n, pos, end, ret);
	if (f->inside || f->lines)
		return next_line(f, p, n, pos, end, ret);
	if (f->after_counted && *pos < n) {              /* some senders end counted messages with a line end besides */
		f->after_counted = false;
		*pos += p[*pos] == '\n';
	}
	switch (look(p + *pos, n - *pos, end, &f->left, &skip)) {
	case START_UNKNOWN:
		return false;
	case START_LINE:
		return next_line(f, p, n, pos, end, ret);
	case START_COUNTED:
		break;
	}
	f->counted = true;
	*pos += skip;
	return next_counted(f, p, n, pos, end, ret);
}

bool piece_next(struct str whole, size_t *at, struct piece *ret)
{
	size_t left = whole.n - *at;
	if (*at > whole.n || (*at && !left))
		return false;
	size_t k = left < ENTRY_RAW_MAX ? left : ENTRY_RAW_MAX;
	ret->raw = str_n(whole.p + *at, k);
	ret->flags = (uint16_t)((*at ? ENTRY_CONTINUED : 0) | (k < left ? ENTRY_MORE : 0));
	*at += k ? k : 1;
	return true;
}
