#include "tlog/skim.h"

#include <string.h>

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct str from(struct str s, size_t n)
{
	return str_n(s.p + n, s.n - n);
}

/* "<34>": eaten when it is one. */
static void priority(struct str *s, struct skim *ret)
{
	size_t i = 1;
	int v = 0;

	if (s->n < 3 || s->p[0] != '<')
		return;
	for (; i < s->n && i < 4 && digit(s->p[i]); i++)
		v = 10 * v + (s->p[i] - '0');
	if (i == 1 || i == s->n || s->p[i] != '>' || v > 191)
		return;
	ret->severity = v & 7;
	ret->facility = v >> 3;
	*s = from(*s, i + 1);
}

/* The next word and the blank behind it. */
static struct str word(struct str *s)
{
	const char *at = s->n ? memchr(s->p, ' ', s->n) : NULL;
	size_t n = at ? (size_t)(at - s->p) : s->n;
	struct str w = str_n(s->p, n);

	*s = from(*s, at ? n + 1 : n);
	return w;
}

static struct str or_nil(struct str s)
{
	return s.n == 1 && *s.p == '-' ? str_n(s.p, 0) : s;
}

/* TIMESTAMP HOST APP-NAME PROCID MSGID STRUCTURED-DATA MSG; the data is left in the text. */
static void new_form(struct str s, struct skim *ret)
{
	word(&s);
	ret->host = or_nil(word(&s));
	ret->program = or_nil(word(&s));
	word(&s);
	word(&s);
	ret->text = s;
}

/* "Jun 14 15:16:01 ", "Jun  4 …", with a year behind the time, or RFC 3339. 0: no time here. */
static size_t time_length(struct str s)
{
	size_t n;

	if (s.n > 16 && s.p[3] == ' ' && s.p[6] == ' ' && s.p[9] == ':' && s.p[12] == ':' && digit(s.p[5]) && digit(s.p[14])) {
		for (n = 15; n < s.n && n < 22 && (s.p[n] == '.' || digit(s.p[n])); n++)
			;
		if (s.n > n + 6 && s.p[n] == ' ' && s.p[n + 1] == '2' && s.p[n + 2] == '0' && digit(s.p[n + 3]) && digit(s.p[n + 4]) &&
		    (s.p[n + 5] == ' ' || s.p[n + 5] == ':'))
			n += 5;
		n += n < s.n && s.p[n] == ':';
		return n < s.n && s.p[n] == ' ' ? n + 1 : 0;
	}
	if (s.n > 20 && s.p[4] == '-' && s.p[7] == '-' && (s.p[10] == 'T' || s.p[10] == 't') && s.p[13] == ':' && digit(s.p[0])) {
		const char *at = memchr(s.p, ' ', s.n < 40 ? s.n : 40);

		return at ? (size_t)(at - s.p) + 1 : 0;
	}
	return 0;
}

/* A tag ends in a colon or carries the number of its process: "sshd[12]:", "kernel:", "sshd(pam_unix)[3]:". */
static bool is_tag(struct str w)
{
	return w.n > 1 && (w.p[w.n - 1] == ':' || memchr(w.p, '[', w.n));
}

static struct str tag_name(struct str w)
{
	size_t n = 0;

	while (n < w.n && w.p[n] != '[' && w.p[n] != ':' && w.p[n] != '(')
		n++;
	return str_n(w.p, n);
}

void skim(struct str raw, struct skim *ret)
{
	struct str s = raw, w, after;
	size_t n;

	*ret = (struct skim){.severity = SKIM_NONE, .facility = SKIM_NONE, .host = str_n(raw.p, 0), .program = str_n(raw.p, 0),
	                     .text = raw};
	priority(&s, ret);
	ret->text = s;
	if (ret->severity != SKIM_NONE && s.n > 2 && s.p[0] == '1' && s.p[1] == ' ') {
		new_form(from(s, 2), ret);
		return;
	}
	n = time_length(s);
	if (!n && ret->severity == SKIM_NONE)
		return; /* some other form: what stands first means nothing */
	s = from(s, n);
	after = s;
	w = word(&after);
	if (n && !is_tag(w) && w.n) {
		ret->host = w;
		s = after;
		w = word(&after);
	}
	ret->text = s;
	if (is_tag(w) && memchr("[:(", w.p[0], 3) == NULL) {
		ret->program = tag_name(w);
		ret->text = after;
	}
}
