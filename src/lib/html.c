#include "lib/html.h"

#include "lib/date.h"
#include "lib/i18n.h"

void html_init(struct html *h, size_t max)
{
	buf_init(&h->out, max);
}

void html_release(struct html *h)
{
	buf_release(&h->out);
}

void html_raw(struct html *h, const char *p, size_t n)
{
	buf_put(&h->out, p, n);
}

/* Both text and attribute use the full set, so a value is safe in either. */
static const char *entity(unsigned char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static void escape(struct html *h, struct str s, bool attr)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		const char *e = entity(c);
		bool control = c < 32 && (attr || (c != '\n' && c != '\t'));

		if (!e && !control && c != 127)
			continue;
		buf_put(&h->out, s.p + from, i - from);
		from = i + 1;
		if (e)
			buf_puts(&h->out, e);
		else if (attr && (c == '\n' || c == '\t'))
			buf_printf(&h->out, "&#%d;", c);
	}
	if (s.n > from)
		buf_put(&h->out, s.p + from, s.n - from);
}

void html_text(struct html *h, struct str s)
{
	escape(h, s, false);
}

void html_attr(struct html *h, struct str s)
{
	escape(h, s, true);
}

static bool url_allowed(struct str s)
{
	static const char *const schemes[] = {"https:", "mailto:", "tel:", "data:image/png;base64,"};

	if (s.n == 0)
		return true;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == '\\' || s.p[i] == 127)
			return false;
	if (s.p[0] == '/')
		return s.n == 1 || s.p[1] != '/';
	if (s.p[0] == '?' || s.p[0] == '#')
		return true;
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (str_starts(s, schemes[i]))
			return true;
	return false;
}

void html_url(struct html *h, struct str s)
{
	html_attr(h, url_allowed(s) ? s : STR("#"));
}

void html_component(struct html *h, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
		    c == '_' || c == '~')
			buf_putc(&h->out, (char)c);
		else
			buf_printf(&h->out, "%%%02X", c);
	}
}

void html_int(struct html *h, int64_t v)
{
	buf_printf(&h->out, "%lld", (long long)v);
}

void html_count(struct html *h, int64_t v)
{
	char digits[32];
	int n = snprintf(digits, sizeof(digits), "%lld", (long long)v), start = v < 0;

	for (int i = 0; i < n; i++) {
		if (i > start && (n - i) % 3 == 0)
			buf_putc(&h->out, ',');
		buf_putc(&h->out, digits[i]);
	}
}

void html_date(struct html *h, struct str iso)
{
	char wareki[DATE_WAREKI];
	struct date d;

	html_text(h, iso);
	if (i18n_lang() != LANG_JA || date_parse(iso, &d) != 0)
		return;
	date_wareki(d, wareki);
	html_text(h, STR("（"));
	html_text(h, str_from(wareki));
	html_text(h, STR("）"));
}

void html_instant(struct html *h, int64_t us)
{
	char out[40];

	if (us == 0)
		return;
	instant_format(us, out, sizeof(out));
	html_text(h, str_from(out));
}

void html_rfc3339(struct html *h, int64_t us)
{
	char out[40];

	if (us == 0)
		return;
	instant_rfc3339(us, out, sizeof(out));
	html_attr(h, str_from(out));
}

void html_lines(struct html *h, struct str s)
{
	while (s.n > 0) {
		const char *nl = memchr(s.p, '\n', s.n);
		size_t n = nl ? (size_t)(nl - s.p) : s.n;

		html_text(h, (struct str){s.p, n});
		if (nl) {
			html_raw(h, "<br>", 4);
			n++;
		}
		s.p += n;
		s.n -= n;
	}
}

bool html_tr_next(struct html *h, struct html_tr *t)
{
	const char *open = t->rest.n > 0 ? memchr(t->rest.p, '{', t->rest.n) : NULL;
	size_t before = open ? (size_t)(open - t->rest.p) : t->rest.n;
	const char *close = open ? memchr(open, '}', t->rest.n - before) : NULL;

	if (!close)
		before = t->rest.n;
	html_attr(h, (struct str){t->rest.p, before});
	if (!close) {
		t->rest = STR_NONE;
		return false;
	}
	t->hole = (struct str){open + 1, (size_t)(close - open - 1)};
	t->rest = (struct str){close + 1, t->rest.n - (size_t)(close + 1 - t->rest.p)};
	return true;
}
