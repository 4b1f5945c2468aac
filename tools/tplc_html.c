/* Follows the HTML of a template character by character, so that it is always known where a hole stands. */
#include "tplc.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool one_of(const char *w, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(w, *list) == 0)
			return true;
	return false;
}

/* An attribute up to and with its opening quote. */
static void attribute(struct gen *g)
{
	static const char *const urls[] = {"href", "src", "action", "formaction", "poster", "cite", "data", "xlink:href",
	                                   NULL};
	static const char *const never[] = {"style", "srcdoc", "srcset", "ping", NULL};
	struct tpl *t = g->t;
	struct place *p = &g->pl;
	size_t at = t->at, n = 0;

	while (isalnum((unsigned char)t->p[t->at]) || strchr("-:_", t->p[t->at]) != NULL) {
		if (!t->p[t->at])
			break;
		if (n + 1 >= NAME_MAX_)
			fault(t, at, "an attribute name this long");
		p->attr[n++] = (char)tolower((unsigned char)t->p[t->at]);
		lit(g, t->p[t->at++]);
	}
	p->attr[n] = 0;
	if (n == 0)
		fault(t, at, "'%c' cannot stand in a tag", t->p[at]);
	if (strncmp(p->attr, "on", 2) == 0 || one_of(p->attr, never))
		fault(t, at, "attribute %s is not allowed (the pages' security policy forbids it)", p->attr);
	if (t->p[t->at] != '=')
		return;
	lit(g, t->p[t->at++]);
	if (t->p[t->at] != '"' && t->p[t->at] != '\'')
		fault(t, t->at, "attribute values must be quoted");
	p->quote = t->p[t->at];
	lit(g, t->p[t->at++]);
	p->where = W_ATTR;
	p->url = one_of(p->attr, urls);
	p->fixed = p->begun = false;
}

static void tag_open(struct gen *g)
{
	struct tpl *t = g->t;
	struct place *p = &g->pl;
	size_t n = 0, at = t->at;

	lit(g, t->p[t->at++]);
	p->closing = t->p[t->at] == '/';
	if (p->closing || t->p[t->at] == '!')
		lit(g, t->p[t->at++]);
	if (t->p[t->at] == '{')
		fault(t, t->at, "no hole in a tag name");
	if (t->p[t->at] == '-')
		fault(t, at, "write comments as {# … #}");
	while (isalnum((unsigned char)t->p[t->at]) && n + 1 < NAME_MAX_) {
		p->tag[n++] = (char)tolower((unsigned char)t->p[t->at]);
		lit(g, t->p[t->at++]);
	}
	p->tag[n] = 0;
	if (n == 0)
		fault(t, at, "write &lt; for a < in text");
	p->where = W_TAG;
}

static void tag_close(struct gen *g)
{
	static const char *const rcdata[] = {"textarea", "title", NULL}, *const raw[] = {"script", "style", NULL};
	struct place *p = &g->pl;

	lit(g, g->t->p[g->t->at++]);
	g->left = 'T';
	p->where = W_TEXT;
	if (strcmp(p->tag, "pre") == 0)
		p->pre = !p->closing;
	if (p->closing)
		return;
	if (one_of(p->tag, rcdata))
		p->where = W_RCDATA;
	else if (one_of(p->tag, raw))
		p->where = W_RAW;
	/* HTML drops a line end that comes first in these; give it one to drop, so that the value keeps its own. */
	if (strcmp(p->tag, "textarea") == 0 || strcmp(p->tag, "pre") == 0)
		lit(g, '\n');
}

/* A run of white space in text: one blank, or nothing where it holds a line break beside a tag or directive. */
static void white(struct gen *g)
{
	static const char *const words[] = {"{if ", "{for ", "{elif ", "{else}", "{end}", "{#", NULL};
	struct tpl *t = g->t;
	bool nl = false, beside;

	for (; t->p[t->at] && isspace((unsigned char)t->p[t->at]); t->at++)
		nl = nl || t->p[t->at] == '\n';
	beside = g->left != 'X' || t->p[t->at] == '<' || !t->p[t->at];
	for (const char *const *w = words; *w; w++)
		beside = beside || starts(t, *w);
	if (!nl || !beside)
		lit(g, ' ');
}

static void text_char(struct gen *g)
{
	struct tpl *t = g->t;
	struct place *p = &g->pl;
	char c = t->p[t->at];

	if (p->where == W_RCDATA || p->where == W_RAW) {
		size_t n = strlen(p->tag);
		if (c == '<' && t->p[t->at + 1] == '/' && strncasecmp(t->p + t->at + 2, p->tag, n) == 0) {
			tag_open(g);
			return;
		}
	} else if (p->where == W_TEXT) {
		if (c == '<') {
			tag_open(g);
			return;
		}
		if (isspace((unsigned char)c) && !p->pre) {
			white(g);
			return;
		}
		g->left = 'X';
	} else if (p->where == W_ATTR) {
		if (c == p->quote) {
			p->where = W_TAG;
			p->quote = 0;
		} else {
			if (p->url && !p->begun && strchr("/?#", c))
				p->fixed = true;
			if (p->url && !p->begun && c == '/' && t->p[t->at + 1] == '/')
				fault(t, t->at, "%s starts with //", p->attr);
			p->begun = true;
		}
	}
	lit(g, c);
	t->at++;
}

void body(struct gen *g)
{
	struct tpl *t = g->t;
	struct place *p = &g->pl;

	g->left = 'C';
	while (t->p[t->at]) {
		char c = t->p[t->at];

		if (c == '{' && t->p[t->at + 1] == '{') {
			t->at++;
			text_char(g);
		} else if (c == '{' && p->where == W_RAW) {
			fault(t, t->at, "no hole in <%s>; write {{ for a brace", p->tag);
		} else if (c == '{') {
			directive(g);
		} else if (p->where != W_TAG) {
			text_char(g);
		} else if (c == '>') {
			tag_close(g);
		} else if (isspace((unsigned char)c)) {
			skip_ws(t);
			if (t->p[t->at] != '>')
				lit(g, ' ');
		} else if (c == '/') {
			lit(g, t->p[t->at++]);
		} else {
			attribute(g);
		}
	}
	if (g->depth > 0)
		fault(t, g->blocks[g->depth - 1].at, "no {end} for this");
	if (p->where != W_TEXT)
		fault(t, t->at, "the template ends inside <%s>", p->tag);
	flush(g);
}
