/* A tolerant reading of tags as WHATWG HTML 13.2 tokenises them; what comes out is only characters, so a tag misread is text misplaced,
 * never code. */
#include "rebuild/html.h"

#include <stdio.h>
#include <string.h>

#include "lib/text.h"

#define TAG_MAX 32
#define HREF_SHOWN 300

struct walk {
	struct str s;
	size_t i;
	struct buf *out;
	struct html_seen *seen;
	unsigned newlines;                               /* at the end of out */
	bool space, pre;
	struct str href;                                 /* of the link that is open */
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool starts(struct str s, size_t at, const char *z)
{
	for (; *z; z++, at++)
		if (at >= s.n || lower(s.p[at]) != *z)
			return false;
	return true;
}

static void newline(struct walk *w, unsigned most)
{
	while (w->newlines < most && w->out->n) {
		buf_putc(w->out, '\n');
		w->newlines++;
	}
	w->space = false;
}

static void put(struct walk *w, uint32_t c)
{
	if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
		if (w->pre && c == '\n') {
			buf_putc(w->out, '\n');
			w->newlines++;
		} else {
			w->space = true;
		}
		return;
	}
	if (c < 0x20 || c == 0x7f)
		return;
	if (w->space && !w->newlines && w->out->n)
		buf_putc(w->out, ' ');
	w->space = false;
	w->newlines = 0;
	utf8_put(w->out, c);
}

/* The reference at s.p[i] ('&'): bytes used, 0 when it is none. */
static size_t reference(struct str s, size_t i, uint32_t *ret)
{
	static const struct { const char *name; uint32_t c; } names[] = {
		{"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}, {"apos;", '\''}, {"nbsp;", ' '}, {"copy;", 0xa9}, {"reg;", 0xae},
		{"yen;", 0xa5}, {"middot;", 0xb7}, {"hellip;", 0x2026}, {"mdash;", 0x2014}, {"ndash;", 0x2013}, {"times;", 0xd7},
		{"rarr;", 0x2192}, {"larr;", 0x2190}, {"bull;", 0x2022}};
	uint32_t v = 0;
	size_t k = i + 2;
	bool hex;

	if (i + 1 < s.n && s.p[i + 1] == '#') {
		hex = k < s.n && lower(s.p[k]) == 'x';
		k += hex;
		for (size_t from = k; k < s.n && k < from + 8; k++) {
			int d = hex ? hex_digit(s.p[k]) : s.p[k] >= '0' && s.p[k] <= '9' ? s.p[k] - '0' : -1;

			if (d < 0)
				break;
			v = v * (hex ? 16 : 10) + (uint32_t)d;
		}
		*ret = !v || v > 0x10ffff || (v >= 0xd800 && v < 0xe000) ? 0xfffd : v;
		return k - i + (k < s.n && s.p[k] == ';');
	}
	for (size_t n = 0; n < ARRAY_LEN(names); n++)
		if (starts(s, i + 1, names[n].name)) {
			*ret = names[n].c;
			return 1 + strlen(names[n].name);
		}
	return 0;
}

/* The value of an attribute within a tag's bytes, or STR_NONE. */
static struct str attribute(struct str tag, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 1; i + n < tag.n; i++) {
		size_t k = i + n, from;
		char quote;

		if (!strchr(" \t\n\r\f\"'/", tag.p[i - 1]) || !starts(tag, i, name))
			continue;
		while (k < tag.n && strchr(" \t\n\r\f", tag.p[k]))
			k++;
		if (k >= tag.n || tag.p[k++] != '=')
			continue;
		while (k < tag.n && strchr(" \t\n\r\f", tag.p[k]))
			k++;
		quote = k < tag.n && (tag.p[k] == '"' || tag.p[k] == '\'') ? tag.p[k++] : 0;
		from = k;
		while (k < tag.n && (quote ? tag.p[k] != quote : !strchr(" \t\n\r\f>", tag.p[k])))
			k++;
		return str_slice(tag, from, k - from);
	}
	return STR_NONE;
}

/* Text inside these is not for reading: up to their end tag. */
static void skip_content(struct walk *w, const char *name)
{
	char end[TAG_MAX + 3];

	snprintf(end, sizeof end, "</%s", name);
	while (w->i < w->s.n && !starts(w->s, w->i, end))
		w->i++;
}

/* "https" becomes "hxxps", so that no reader's program makes a link of it. */
static void show_address(struct walk *w)
{
	struct str a = str_slice(w->href, 0, HREF_SHOWN);

	if (!a.n || *a.p == '#')
		return;
	w->seen->links++;
	put(w, ' ');
	put(w, '<');
	for (size_t i = 0; i < a.n;) {
		uint32_t c;
		size_t k = utf8_next(str_slice(a, i, a.n), &c);

		if (!k)
			break;
		put(w, i < 4 && starts(a, 0, "http") && (i == 1 || i == 2) ? 'x' : c <= ' ' ? '_' : c);
		i += k;
	}
	put(w, '>');
}

static void tag_done(struct walk *w, const char *name, bool end, struct str tag)
{
	static const char *const blocks[] = {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre",
	                                     "section", "article", "header", "footer", "dl", "form", "hr"};
	static const char *const lines[] = {"br", "tr", "li", "dt", "dd", "title"};
	static const char *const dropped[] = {"script", "style", "head", "noscript", "template", "svg", "math", "iframe", "object"};
	struct str style = attribute(tag, "style");

	for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
		if (!strcmp(name, blocks[i]))
			newline(w, 2);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (!strcmp(name, lines[i]))
			newline(w, w->newlines + (strcmp(name, "br") == 0 && !end) > 1 ? 2 : 1);
	if (!strcmp(name, "li") && !end) {
		put(w, 0x30fb);
	} else if (!strcmp(name, "td") || !strcmp(name, "th")) {
		if (end)
			put(w, ' ');
	} else if (!strcmp(name, "img")) {
		w->seen->images++;
		for (struct str alt = attribute(tag, "alt"); alt.n;) {
			uint32_t c;
			size_t k = utf8_next(alt, &c);

			if (!k)
				break;
			put(w, c);
			alt = str_slice(alt, k, alt.n);
		}
	} else if (!strcmp(name, "a")) {
		if (end)
			show_address(w);
		w->href = end ? STR_NONE : attribute(tag, "href");
	} else if (!strcmp(name, "pre")) {
		w->pre = !end;
	} else if (!strcmp(name, "form") && !end) {
		w->seen->forms++;
	}
	if (!end && style.n && (str_has(style, "display:none") || str_has(style, "display: none") || str_has(style, "font-size:0")))
		w->seen->hidden++;
	for (size_t i = 0; !end && i < ARRAY_LEN(dropped); i++)
		if (!strcmp(name, dropped[i])) {
			w->seen->scripts += !strcmp(name, "script") || !strcmp(name, "iframe") || !strcmp(name, "object");
			skip_content(w, name);
		}
}

/* From '<': a tag, a comment, a declaration; or a character like any other. */
static void markup(struct walk *w)
{
	struct str s = w->s;
	size_t from = w->i, k = w->i + 1, n = 0;
	bool end = k < s.n && s.p[k] == '/';
	char name[TAG_MAX], quote = 0;

	if (starts(s, from, "<!--")) {
		const char *stop = memmem(s.p + from + 4, s.n - from - 4, "-->", 3);

		w->i = stop ? (size_t)(stop - s.p) + 3 : s.n;
		return;
	}
	k += end;
	if (k >= s.n || !((lower(s.p[k]) >= 'a' && lower(s.p[k]) <= 'z') || s.p[k] == '!' || s.p[k] == '?')) {
		put(w, '<');
		w->i++;
		return;
	}
	while (k < s.n && n < TAG_MAX - 1 && !strchr(" \t\n\r\f/>", s.p[k]))
		name[n++] = lower(s.p[k++]);
	name[n] = 0;
	for (; k < s.n && (quote || s.p[k] != '>'); k++)
		if (quote ? s.p[k] == quote : s.p[k] == '"' || s.p[k] == '\'')
			quote = quote ? 0 : s.p[k];
	w->i = k < s.n ? k + 1 : s.n;
	if (name[0] != '!' && name[0] != '?')
		tag_done(w, name, end, str_slice(s, from, w->i - from));
}

int html_to_text(struct str html, struct buf *out, struct html_seen *ret)
{
	struct walk w = {.s = html, .out = out, .seen = ret};

	while (w.i < html.n) {
		uint32_t c;
		size_t k;

		if (html.p[w.i] == '<') {
			markup(&w);
			continue;
		}
		k = html.p[w.i] == '&' ? reference(html, w.i, &c) : 0;
		if (!k)
			k = utf8_next(str_slice(html, w.i, html.n), &c);
		put(&w, k ? c : 0xfffd);
		w.i += k ? k : 1;
	}
	newline(&w, 1);
	return buf_err(out);
}
