#include "auth/weak.h"

#include <string.h>

#include "auth/romaji.h"
#include "lib/date.h"
#include "lib/text.h"

#define GUESS_LEAST 3                                    /* shorter ones would forbid everything */
#define CJK_LEAST 2
#define DIGITS_LEAST 4
#define TEXT_MAX_ 4096

/* Folded, without blanks and the signs people put between digits. */
static void plain(struct str in, struct buf *out)
{
	struct buf folded;

	buf_init(&folded, TEXT_MAX_);
	if (text_fold(in, &folded) == 0)
		for (size_t i = 0; i < folded.n; i++)
			if (!strchr(" -/.()_", folded.p[i]) || !folded.p[i])
				buf_putc(out, folded.p[i]);
	buf_release(&folded);
}

static void variant(struct buf *out, struct str s)
{
	if (s.n == 0)
		return;
	buf_str(out, s);
	buf_putc(out, 0);
}

static size_t digits_of(struct str in, char *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n && n < cap; i++)
		if (in.p[i] >= '0' && in.p[i] <= '9')
			out[n++] = in.p[i];
	return n;
}

/* ISO dates as people write birthdays. The eras are those of living persons. */
static void date_variants(struct str iso, struct buf *out)
{
	static const struct {
		const char *letter;
		int first;
	} eras[] = {{"t", 1912}, {"s", 1926}, {"h", 1989}, {"r", 2019}};
	struct str rest = iso, y = str_cut(&rest, '-'), m = str_cut(&rest, '-'), d = rest;
	int64_t year, month, day;

	if (y.n != 4 || m.n != 2 || d.n != 2 || str_int(y, 1000, 9999, &year) || str_int(m, 1, 12, &month) ||
	    str_int(d, 1, 31, &day))
		return;
	buf_printf(out, "%04d%02d%02d%c", (int)year, (int)month, (int)day, 0);
	buf_printf(out, "%02d%02d%02d%c", (int)year % 100, (int)month, (int)day, 0);
	buf_printf(out, "%02d%02d%04d%c", (int)day, (int)month, (int)year, 0);
	buf_printf(out, "%02d%02d%c", (int)month, (int)day, 0);
	for (size_t i = 0; i < ARRAY_LEN(eras); i++)
		if (year >= eras[i].first && year < eras[i].first + 64)
			buf_printf(out, "%s%02d%02d%02d%c", eras[i].letter, (int)year - eras[i].first + 1, (int)month, (int)day, 0);
}

/* Appends what a person might type for a guess, each ended by a NUL: the folded text, its digits alone, Latin readings
 * of kana, and for a date its usual shapes (19850403, 850403, 0403, 3apr…, s600403). */
static void weak_variants(struct str guess, struct buf *out)
{
	char digits[32];
	struct buf p;
	size_t n;

	buf_init(&p, TEXT_MAX_);
	plain(guess, &p);
	if (buf_err(&p) == 0) {
		variant(out, buf_view(&p));
		n = digits_of(buf_view(&p), digits, sizeof(digits));
		if (n >= DIGITS_LEAST && n < p.n)
			variant(out, str_n(digits, n));
		if (n >= 9)                              /* the last four of a telephone number */
			variant(out, str_n(digits + n - 4, 4));
		romaji(buf_view(&p), ROMAJI_HEPBURN, out);
		romaji(buf_view(&p), ROMAJI_KUNREI, out);
	}
	date_variants(guess, out);
	buf_release(&p);
}

static bool worth(struct str v)
{
	bool digits = true;

	for (size_t i = 0; i < v.n; i++)
		digits = digits && v.p[i] >= '0' && v.p[i] <= '9';
	return utf8_len(v) >= (digits ? DIGITS_LEAST : v.n && (unsigned char)v.p[0] >= 0xe3 ? CJK_LEAST : GUESS_LEAST);
}

static bool contains(struct str hay, struct str needle)
{
	return memmem(hay.p, hay.n, needle.p, needle.n) != NULL;
}

static bool own_data(struct str password, struct str guess)
{
	struct str rest, one;
	struct buf v;
	bool hit = false;

	buf_init(&v, TEXT_MAX_ * 4);
	weak_variants(guess, &v);
	rest = buf_view(&v);
	while (rest.p && rest.n && !hit) {
		one = str_cut(&rest, 0);
		hit = worth(one) && contains(password, one);
	}
	buf_release(&v);
	return hit;
}

/* A family or given name alone is a guess too: "鈴木 一郎" is three. */
static bool own_data_parts(struct str password, struct str guess)
{
	struct str rest = guess;

	if (own_data(password, guess))
		return true;
	while (rest.p) {
		size_t i = 0;

		while (i < rest.n && rest.p[i] != ' ' && rest.p[i] != '@' &&
		       !(rest.n - i >= 3 && memcmp(rest.p + i, "\xe3\x80\x80", 3) == 0))
			i++;
		if (i < rest.n && own_data(password, str_slice(rest, 0, i)))
			return true;
		if (i >= rest.n)
			return rest.n < guess.n && rest.n && own_data(password, rest);
		i += rest.p[i] == ' ' || rest.p[i] == '@' ? 1 : 3;
		rest = str_slice(rest, i, rest.n - i);
	}
	return false;
}

const char *weak_why(struct str password, int64_t min_length, const struct str *guesses, size_t n)
{
	const char *why = NULL;
	struct buf p;

	if (!utf8_valid(password) || (int64_t)utf8_len(password) < min_length)
		return "short";
	buf_init(&p, TEXT_MAX_);
	plain(password, &p);
	if (buf_err(&p) || weak_common(buf_view(&p)))
		why = "common";
	for (size_t i = 0; i < n && !why; i++)
		if (guesses[i].n && own_data_parts(buf_view(&p), guesses[i]))
			why = "own-data";
	buf_release(&p);
	return why;
}
