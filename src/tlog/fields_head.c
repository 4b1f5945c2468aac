/* The header of a message, as RFC 5424 and 3164 have it and as devices write it: without priority, host or time, with RFC 3339
 * times, with the year behind the time, with Cisco's signs and "%FACILITY-N-NAME:" tags. */
#include "tlog/fields_parts.h"

#include <string.h>

#include "lib/clock.h"
#include "lib/date.h"

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static unsigned two(const char *p)
{
	return digit(p[0]) && digit(p[1]) ? (unsigned)((p[0] - '0') * 10 + p[1] - '0') : 99;
}

/* 1-12 for "Jan" … "Dec", else 0. */
static int month_of(const char *p)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (!memcmp(names + 3 * i, p, 3))
			return i + 1;
	return 0;
}

/* Length of a time at the start of s, 0 when there is none. */
static size_t time_length(struct str s)
{
	size_t i;

	if (s.n >= 19 && digit(s.p[0]) && s.p[4] == '-' && s.p[7] == '-' && s.p[10] == 'T' && s.p[13] == ':') {
		for (i = 19; i < s.n && s.p[i] != ' ' && s.p[i] != ':'; i++)
			;
		return i + 3 <= s.n && s.p[i] == ':' && i > 22 ? i + 3 : i; /* the colon in +09:00 */
	}
	if (s.n < 15 || s.p[3] != ' ' || !month_of(s.p))
		return 0;
	i = 4;
	if (s.p[i] == ' ')
		i++;
	while (i < s.n && i < 6 && digit(s.p[i]))
		i++;
	if (i + 14 <= s.n && s.p[i] == ' ' && digit(s.p[i + 1]) && digit(s.p[i + 4]) && s.p[i + 5] == ' ')
		i += 5; /* the year before the time */
	if (i + 9 > s.n || s.p[i] != ' ' || s.p[i + 3] != ':' || s.p[i + 6] != ':')
		return 0;
	i += 9;
	if (i < s.n && s.p[i] == '.')
		for (i++; i < s.n && digit(s.p[i]); i++)
			;
	if (i + 5 < s.n && s.p[i] == ' ' && digit(s.p[i + 1]) && digit(s.p[i + 2]) && digit(s.p[i + 3]) &&
	    digit(s.p[i + 4]) && s.p[i + 5] == ' ')
		i += 5; /* the year after the time */
	return i;
}

static void pri(struct fields *f, struct str *s)
{
	size_t i = 1;
	int v = 0;

	if (s->n < 3 || s->p[0] != '<')
		return;
	for (; i < s->n && i < 4 && digit(s->p[i]); i++)
		v = v * 10 + s->p[i] - '0';
	if (i == 1 || i >= s->n || s->p[i] != '>' || v > 191)
		return;
	f->pri = v;
	*s = str_slice(*s, i + 1, s->n);
}

static struct str nil(struct str s)
{
	return str_is(s, "-") ? STR_NONE : s;
}

static void rfc5424(struct fields *f, struct str s)
{
	token(&s, ' ');
	f->time = nil(token(&s, ' '));
	f->host = nil(token(&s, ' '));
	f->program = nil(token(&s, ' '));
	f->pid = nil(token(&s, ' '));
	f->msgid = nil(token(&s, ' '));
	if (s.n && s.p[0] == '[') {
		size_t i = 0;
		bool in = false, quoted = false;

		for (; i < s.n && (in || s.p[i] == '['); i++) {
			if (quoted && s.p[i] == '\\')
				i++;
			else if (s.p[i] == '"')
				quoted = !quoted;
			else if (!quoted)
				in = s.p[i] != ']';
		}
		f->structured = str_slice(s, 0, i);
		s = str_slice(s, i, s.n);
	} else {
		token(&s, ' ');
	}
	if (s.n && s.p[0] == ' ')
		s = str_slice(s, 1, s.n);
	f->message = str_starts(s, "\xef\xbb\xbf") ? str_slice(s, 3, s.n) : s;
}

/* "name[123]: ", "name: ", "%ASA-6-302013: "; false when s begins with no tag. */
static bool tag(struct fields *f, struct str s)
{
	size_t i = 0, end;

	while (i < s.n && i < 64 && s.p[i] != ':' && s.p[i] != '[' && s.p[i] != ' ')
		i++;
	if (!i || i == s.n || s.p[i] == ' ' || i == 64)
		return false;
	end = i;
	if (s.p[i] == '[') {
		const char *close = memchr(s.p + i, ']', s.n - i < 32 ? s.n - i : 32);

		if (!close || (size_t)(close - s.p) + 1 >= s.n || close[1] != ':')
			return false;
		f->pid = str_slice(s, i + 1, (size_t)(close - s.p) - i - 1);
		i = (size_t)(close - s.p) + 1;
	} else if (i + 1 < s.n && s.p[i + 1] != ' ') {
		return false; /* an address, a time, a path */
	}
	f->program = str_slice(s, 0, end);
	s = str_slice(s, i + 1, s.n);
	f->message = s.n && s.p[0] == ' ' ? str_slice(s, 1, s.n) : s;
	return true;
}

static void rfc3164(struct fields *f, struct str s, size_t time_n)
{
	struct str rest;

	f->time = str_slice(s, 0, time_n);
	s = str_slice(s, time_n, s.n);
	while (s.n && (s.p[0] == ' ' || s.p[0] == ':'))
		s = str_slice(s, 1, s.n);
	f->message = s;
	if (tag(f, s))
		return; /* no host */
	rest = s;
	f->host = token(&rest, ' ');
	if (!rest.p) {
		f->host = STR_NONE;
		return;
	}
	f->message = rest;
	if (rest.n && rest.p[0] == ':' && rest.n > 1)
		rest = str_slice(rest, 2, rest.n); /* Cisco: "host : %TAG" */
	tag(f, rest);
}

static const struct {
	const char *program;
	enum form form;
	bool start;                                      /* the program's name begins so */
} by_program[] = {
    {"sshd", FORM_SSHD, true}, {"sudo", FORM_SUDO, false}, {"su", FORM_LOGIN, false}, {"login", FORM_LOGIN, false},
    {"systemd-logind", FORM_LOGIN, false}, {"CRON", FORM_LOGIN, false}, {"crond", FORM_LOGIN, false}, {"cron", FORM_LOGIN, false},
    {"vsftpd", FORM_LOGIN, false}, {"openvpn", FORM_LOGIN, false}, {"charon", FORM_LOGIN, false},
    {"audit", FORM_AUDIT, true}, {"audisp", FORM_AUDIT, true}, {"postfix/", FORM_MAIL, true}, {"sendmail", FORM_MAIL, true},
    {"named", FORM_DNS, false}, {"unbound", FORM_DNS, false}, {"(squid", FORM_PROXY, true}, {"squid", FORM_PROXY, true},
};

/* fields_forms rests on what each of these forms needs. */
static enum form form_of(struct fields *f)
{
	struct str m = f->message, p = f->program;

	if (m.n && (m.p[0] == '{' || str_starts(m, "@cee:")))
		return str_has(m, "\"EventID\"") || str_has(m, "\"event_id\"") ? FORM_WINDOWS : FORM_JSON;
	for (size_t i = 0; p.n && i < ARRAY_LEN(by_program); i++)
		if (p.p[0] == by_program[i].program[0] &&
		    (by_program[i].start ? str_starts(p, by_program[i].program) : str_is(p, by_program[i].program)))
			return by_program[i].form;
	if (str_starts(m, "type=") && str_has(str_slice(m, 0, 200), "msg=audit("))
		return FORM_AUDIT;
	if (str_is(p, "kernel") || !p.n)
		if (str_has(str_slice(m, 0, 160), "IN=") && str_has(m, " SRC="))
			return FORM_FIREWALL;
	if (m.n && m.p[0] == '[' && str_has(str_slice(m, 0, 80), "] ["))
		return FORM_WEB_ERROR;
	if (m.n && m.n > 20 && str_has(str_slice(m, 0, 400), "] \"") && fields_combined(f, m, true))
		return f->form;
	if (!p.n && m.n > 14 && digit(m.p[0]) && m.p[10] == '.' && fields_squid(f, m, true))
		return FORM_PROXY;
	if (!p.n && (str_starts(m, "date=") || str_starts(m, "devname=") || str_starts(m, "logid=")))
		return FORM_PAIRS;
	return FORM_TEXT;
}

static const struct form_mark marks[] = {
    {FORM_AUDIT, "audi"},       {FORM_SUDO, "sudo"},       {FORM_FIREWALL, " SRC="},   {FORM_PAIRS, "date="},
    {FORM_PAIRS, "devname="},   {FORM_PAIRS, "logid="},    {FORM_PROXY, "squid"},      {FORM_PROXY, " TCP_"},
    {FORM_PROXY, " UDP_"},      {FORM_PROXY, " NONE"},     {FORM_PROXY, " TAG_"},      {FORM_PROXY, "\"CONNECT "},
    {FORM_PROXY, " http://"},   {FORM_PROXY, " https://"}, {FORM_JSON, "{"},           {FORM_WINDOWS, "{"},
};

const struct form_mark *form_marks(size_t *ret_n)
{
	*ret_n = ARRAY_LEN(marks);
	return marks;
}

/* Forms that come without any header, whose first bytes would look like one. */
static bool bare(struct str s)
{
	return !s.n || s.p[0] == '{' || s.p[0] == '[' || str_starts(s, "type=") || str_starts(s, "date=") || str_starts(s, "@cee:");
}

void fields_head(struct fields *f, struct str raw)
{
	struct str s = raw;
	size_t n;

	f->raw = raw;
	f->pri = -1;
	f->n = 0;
	f->cut = f->decoded = false;
	f->scratch_n = 0;
	f->time = f->host = f->program = f->pid = f->msgid = f->structured = STR_NONE;
	pri(f, &s);
	if (f->pri >= 0 && s.n > 2 && s.p[0] == '1' && s.p[1] == ' ') {
		rfc5424(f, s);
	} else {
		if (s.n && (s.p[0] == '*' || s.p[0] == '.') && time_length(str_slice(s, 1, s.n)))
			s = str_slice(s, 1, s.n); /* Cisco: not synchronised */
		n = time_length(s);
		f->message = s;
		if (n)
			rfc3164(f, s, n);
		else if (f->pri >= 0 && !bare(s))
			tag(f, s);
	}
	if (!f->message.p)
		f->message = str_slice(s, s.n, 0);
	f->form = form_of(f);
}

static int zone_at(struct str z, int64_t *minutes)
{
	size_t colon = z.n == 6 && z.p[3] == ':' ? 4 : 3;

	if (z.n == 1 && z.p[0] == 'Z') {
		*minutes = 0;
		return 0;
	}
	if (z.n < colon + 2 || (z.p[0] != '+' && z.p[0] != '-') || two(z.p + 1) > 23 || two(z.p + colon) > 59)
		return ERR_SYNTAX;
	*minutes = (int64_t)two(z.p + 1) * 60 + two(z.p + colon);
	if (z.p[0] == '-')
		*minutes = -*minutes;
	return 0;
}

static int time_rfc3339(struct str t, int64_t *ret)
{
	struct date d;
	int64_t minutes, us = 0, scale = 100000;
	size_t i = 19;

	if (t.n < 19 || date_parse(str_slice(t, 0, 10), &d) || two(t.p + 11) > 23 || two(t.p + 14) > 59 || two(t.p + 17) > 60)
		return ERR_SYNTAX;
	if (i < t.n && (t.p[i] == '.' || t.p[i] == ','))
		for (i++; i < t.n && digit(t.p[i]); i++, scale /= 10)
			us += (t.p[i] - '0') * scale;
	*ret = date_days(d) * DAY_US + ((int64_t)two(t.p + 11) * 3600 + two(t.p + 14) * 60 + two(t.p + 17)) * SECOND_US + us;
	if (i == t.n) {
		*ret = date_to_instant(d, (int)two(t.p + 11), (int)two(t.p + 14)) + (int64_t)two(t.p + 17) * SECOND_US + us;
		return 0;
	}
	if (zone_at(str_slice(t, i, t.n), &minutes))
		return ERR_SYNTAX;
	*ret -= minutes * 60 * SECOND_US;
	return 0;
}

static int64_t far(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

static int time_rfc3164(struct str t, int64_t received, int64_t *ret)
{
	struct date d = {.month = month_of(t.p)}, now = date_of_instant(received);
	size_t i = 4;
	int64_t year = 0, best = INT64_MAX;
	const char *at;

	if (t.p[i] == ' ')
		i++;
	for (; i < t.n && i < 6 && digit(t.p[i]); i++)
		d.day = d.day * 10 + t.p[i] - '0';
	if (i + 14 <= t.n && all_digits(str_slice(t, i + 1, 4))) {
		if (str_int(str_slice(t, i + 1, 4), 1970, 9999, &year))
			return ERR_SYNTAX;
		i += 5;
	} else if (t.n >= i + 14 && digit(t.p[t.n - 4]) && t.p[t.n - 5] == ' ') {
		if (str_int(str_slice(t, t.n - 4, 4), 1970, 9999, &year))
			return ERR_SYNTAX;
	}
	if (i + 9 > t.n)
		return ERR_SYNTAX;
	at = t.p + i + 1;
	if (two(at) > 23 || two(at + 3) > 59 || two(at + 6) > 60)
		return ERR_SYNTAX;
	for (d.year = year ? (int)year : now.year - 1; d.year <= (year ? (int)year : now.year + 1); d.year++) {
		int64_t us;

		if (!date_valid(d))
			continue;
		us = date_to_instant(d, (int)two(at), (int)two(at + 3)) + (int64_t)two(at + 6) * SECOND_US;
		if (best == INT64_MAX || far(us, received) < far(best, received))
			best = us;
	}
	*ret = best;
	return best == INT64_MAX ? ERR_SYNTAX : 0;
}

int fields_time(const struct fields *f, int64_t received, int64_t *ret)
{
	if (!f->time.n)
		return ERR_NOTFOUND;
	if (digit(f->time.p[0]))
		return time_rfc3339(f->time, ret);
	if (f->time.n < 15)
		return ERR_SYNTAX;
	return time_rfc3164(f->time, received, ret);
}
