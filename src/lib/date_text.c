/* Dates and durations as texts: ISO, Japanese eras, what people type. */
#include "lib/date.h"

#include <stdio.h>
#include <string.h>

static const struct era {
	const char *name, *square;                       /* 令和, ㋿ */
	char letter;
	struct date start;
} eras[] = {                                         /* newest first */
	{ "令和", "㋿", 'R', { 2019, 5, 1 } },   { "平成", "㍻", 'H', { 1989, 1, 8 } },
	{ "昭和", "㍼", 'S', { 1926, 12, 25 } }, { "大正", "㍽", 'T', { 1912, 7, 30 } },
	{ "明治", "㍾", 'M', { 1868, 1, 25 } },
};

static const struct era *era_of(struct date d)
{
	for (size_t i = 0; i < ARRAY_LEN(eras); i++)
		if (date_days(d) >= date_days(eras[i].start))
			return &eras[i];
	return NULL;
}

static bool digits(struct str s, size_t least, size_t most, int *ret)
{
	int v = 0;
	if (s.n < least || s.n > most)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (s.p[i] - '0');
	}
	*ret = v;
	return true;
}

static int checked(struct date d, struct date *ret)
{
	if (!date_valid(d))
		return ERR_RANGE;
	*ret = d;
	return 0;
}

int date_parse(struct str s, struct date *ret)
{
	struct date d;
	if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-' || !digits(str_slice(s, 0, 4), 4, 4, &d.year) ||
	    !digits(str_slice(s, 5, 2), 2, 2, &d.month) || !digits(str_slice(s, 8, 2), 2, 2, &d.day))
		return ERR_SYNTAX;
	return checked(d, ret);
}

void date_format(struct date d, char out[DATE_TEXT])
{
	unsigned y = (unsigned)d.year % 10000, m = (unsigned)d.month % 100, day = (unsigned)d.day % 100;
	const unsigned digit[] = {y / 1000, y / 100 % 10, y / 10 % 10, y % 10, 0, m / 10, m % 10, 0, day / 10, day % 10};
	for (size_t i = 0; i < ARRAY_LEN(digit); i++)    /* for millions of rows: snprintf takes ten times as long */
		out[i] = i == 4 || i == 7 ? '-' : (char)('0' + digit[i]);
	out[ARRAY_LEN(digit)] = 0;
}

void date_wareki(struct date d, char out[DATE_WAREKI])
{
	const struct era *e = era_of(d);
	if (!e) {
		date_format(d, out);
		return;
	}
	int year = d.year - e->start.year + 1;
	if (year == 1)
		snprintf(out, DATE_WAREKI, "%s元年%d月%d日", e->name, d.month, d.day);
	else
		snprintf(out, DATE_WAREKI, "%s%d年%d月%d日", e->name, year, d.month, d.day);
}

int date_fiscal_era(int fiscal_year, char *out, size_t size)
{
	struct date may = { fiscal_year, 5, 1 };
	const struct era *e = date_valid(may) ? era_of(may) : NULL;
	if (!e)
		return ERR_RANGE;
	snprintf(out, size, "%c%d", e->letter, fiscal_year - e->start.year + 1);
	return 0;
}

/* What stands for what when people type: everything becomes an era letter, digits and '-'. */
static const struct {
	const char *from;
	char to;                                         /* 0: dropped */
} spellings[] = {
	{ "年", '-' }, { "月", '-' }, { "日", '$' }, { "元", '1' }, { "/", '-' }, { ".", '-' }, { "-", '-' },
	{ "／", '-' }, { "．", '-' }, { "－", '-' }, { "‐", '-' },  { "−", '-' }, { "ー", '-' }, { " ", 0 },
	{ "\t", 0 },   { "　", 0 },
};

/* One letter of the text at s; bytes used, 0 when it has no place in a date. */
static size_t spell(struct str s, char *to)
{
	unsigned char c = (unsigned char)s.p[0];
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) {
		*to = c >= 'a' ? (char)(c - 32) : (char)c;
		return 1;
	}
	for (size_t i = 0; i < ARRAY_LEN(eras); i++) {
		*to = eras[i].letter;
		if (str_starts(s, eras[i].name))
			return strlen(eras[i].name);
		if (str_starts(s, eras[i].square))
			return strlen(eras[i].square);
	}
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
		*to = spellings[i].to;
		if (str_starts(s, spellings[i].from))
			return strlen(spellings[i].from);
	}
	/* Full width: U+FF10 '０' … U+FF5A 'ｚ' are EF BC 90 … EF BD 9A. */
	if (s.n >= 3 && c == 0xef && ((unsigned char)s.p[1] == 0xbc || (unsigned char)s.p[1] == 0xbd)) {
		unsigned char low = (unsigned char)s.p[2];
		int ascii = ((unsigned char)s.p[1] == 0xbc ? 0x20 : 0x60) + (low & 0x3f);
		if (low < 0x80 || low > 0xbf)
			return 0;
		char one = (char)ascii;
		return spell(str_n(&one, 1), to) ? 3 : 0;
	}
	return 0;
}

static int from_era(char letter, struct date d, struct date *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(eras); i++) {
		if (eras[i].letter != letter)
			continue;
		if (d.year < 1 || d.year > 99)
			return ERR_RANGE;
		d.year += eras[i].start.year - 1;
		if (!date_valid(d) || date_days(d) < date_days(eras[i].start))
			return ERR_RANGE;
		*ret = d;
		return 0;
	}
	return ERR_SYNTAX;
}

int date_parse_loose(struct str s, struct date *ret)
{
	char text[24];
	size_t n = 0;
	for (size_t used; s.n; s = str_slice(s, used, s.n)) {
		char to = 0;
		used = spell(s, &to);
		if (!used || n == sizeof text)
			return ERR_SYNTAX;
		if (to)
			text[n++] = to;
	}
	if (n && text[n - 1] == '$')                     /* 日 closes, and stands nowhere else */
		n--;
	struct str t = str_n(text, n);
	struct date d;
	int whole;
	if (digits(t, 8, 8, &whole))
		return checked((struct date){ whole / 10000, whole / 100 % 100, whole % 100 }, ret);
	char letter = n && text[0] >= 'A' ? text[0] : 0;
	if (letter)
		t = str_slice(t, 1, n);
	struct str year = str_cut(&t, '-'), month = str_cut(&t, '-');
	if (!digits(year, letter ? 1 : 4, letter ? 2 : 4, &d.year) || !digits(month, 1, 2, &d.month) ||
	    !digits(t, 1, 2, &d.day))
		return ERR_SYNTAX;
	return letter ? from_era(letter, d, ret) : checked(d, ret);
}

int duration_parse(struct str s, struct duration *ret)
{
	static const struct {
		const char *name;
		enum unit unit;
	} units[] = { { "min", UNIT_MIN }, { "h", UNIT_HOUR },   { "wd", UNIT_WORKDAY }, { "d", UNIT_DAY },
		          { "w", UNIT_WEEK },  { "mo", UNIT_MONTH }, { "y", UNIT_YEAR } };
	size_t n = 0;
	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	for (size_t i = 0; n && i < ARRAY_LEN(units); i++) {
		if (!str_is(str_slice(s, n, s.n), units[i].name))
			continue;
		struct duration d = { .unit = units[i].unit };
		int r = str_int(str_slice(s, 0, n), 0, DURATION_MAX, &d.n);
		if (!r)
			*ret = d;
		return r;
	}
	return ERR_SYNTAX;
}
