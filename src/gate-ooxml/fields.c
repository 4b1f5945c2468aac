/* Fields of Word, looked at before the part is written: a field is fldChar begin, its code over any number of
 * runs, fldChar separate,
 * its result, fldChar end; what the code says is known only behind the begin. Dropped: fields whose code is
 * not harmless, those that
 * never end, and all that are nested in the code of a dropped one. */
#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "gate-ooxml/filter.h"

#define FIELDS_MAX 200000u
#define DEEP_MAX 64u

struct open_field {
	size_t begin;                                    /* index of its fldChar */
	size_t separate;                                 /* or 0 */
	struct buf code;
	bool in_code, nested_first;                      /* another field stands where the name should */
};

struct plan {
	const struct filter_in *in;
	XML_Parser x;
	struct fields *out;
	size_t cap;
	struct open_field open[DEEP_MAX];
	unsigned deep;
	bool in_text, failed;
};

static void mark(struct plan *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		p->out->drop[i] = 1;
}

static size_t event(struct plan *p)
{
	struct fields *f = p->out;

	if (f->n == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 256;
		uint8_t *more = cap <= FIELDS_MAX ? realloc(f->drop, cap) : NULL;

		if (!more) {
			p->failed = true;
			XML_StopParser(p->x, XML_FALSE);
			return f->n ? f->n - 1 : 0;
		}
		f->drop = more;
		p->cap = cap;
	}
	f->drop[f->n] = 0;
	return f->n++;
}

static const char *local(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon ? colon + 1 : name;
}

static void ended(struct plan *p, size_t at)
{
	struct open_field *o = &p->open[--p->deep];
	const char *code = "FLD-OTHER";
	bool ok = !o->nested_first && field_ok(buf_view(&o->code), p->in->links, &code);

	/* A code that another field helps to write is known to nobody; where it names what to open, it goes. */
	if (!ok) {
		tally(p->in->tally, code, buf_view(&o->code));
		mark(p, o->begin, o->separate ? o->separate + 1 : at);
		p->out->drop[at] = 1;
	}
	buf_release(&o->code);
}

static void field_char(struct plan *p, const char *kind)
{
	size_t at = event(p);

	if (p->failed)
		return;
	if (!strcmp(kind, "begin") && p->deep < DEEP_MAX) {
		struct open_field *o = &p->open[p->deep];

		if (p->deep && p->open[p->deep - 1].in_code) {
			struct open_field *up = &p->open[p->deep - 1];

			up->nested_first |= !str_trim(buf_view(&up->code)).n;
			buf_puts(&up->code, " \"nested\" ");
		}
		*o = (struct open_field){.begin = at, .in_code = true};
		buf_init(&o->code, 65536);
		p->deep++;
	} else if (!strcmp(kind, "separate") && p->deep && p->open[p->deep - 1].in_code) {
		p->open[p->deep - 1].in_code = false;
		p->open[p->deep - 1].separate = at;
	} else if (!strcmp(kind, "end") && p->deep) {
		ended(p, at);
	} else {
		p->out->drop[at] = 1;
	}
}

static void XMLCALL start(void *arg, const char *name, const char **atts)
{
	struct plan *p = arg;

	if (!strcmp(local(name), "fldChar")) {
		const char *kind = "";

		for (; *atts; atts += 2)
			if (!strcmp(local(atts[0]), "fldCharType"))
				kind = atts[1];
		field_char(p, kind);
	} else if (!strcmp(local(name), "instrText") || !strcmp(local(name), "delInstrText")) {
		size_t at = event(p);

		p->in_text = true;
		if (!p->failed && (!p->deep || !p->open[p->deep - 1].in_code))
			p->out->drop[at] = 1;
	}
}

static void XMLCALL end(void *arg, const char *name)
{
	struct plan *p = arg;

	p->in_text = false;
}

static void XMLCALL text(void *arg, const char *s, int n)
{
	struct plan *p = arg;

	if (p->in_text && p->deep && p->open[p->deep - 1].in_code)
		buf_put(&p->open[p->deep - 1].code, s, (size_t)n);
}

static int chunk(void *arg, const void *s, size_t n)
{
	struct plan *p = arg;

	return XML_Parse(p->x, s, (int)n, XML_FALSE) == XML_STATUS_OK ? 0 : ERR_SYNTAX;
}

static void XMLCALL doctype(void *arg, const char *a, const char *b, const char *c, int d)
{
	struct plan *p = arg;

	XML_StopParser(p->x, XML_FALSE);
}

int fields_plan(const struct filter_in *in, struct fields *ret)
{
	struct plan p = {.in = in, .out = ret, .x = XML_ParserCreate(NULL)};
	int r;

	*ret = (struct fields){0};
	if (!p.x)
		return ERR_NOMEM;
	XML_SetUserData(p.x, &p);
	XML_SetElementHandler(p.x, start, end);
	XML_SetCharacterDataHandler(p.x, text);
	XML_SetStartDoctypeDeclHandler(p.x, doctype);
	r = zip_stream(in->entry, chunk, &p);
	while (p.deep) {
		struct open_field *o = &p.open[--p.deep];

		mark(&p, o->begin, ret->n);
		buf_release(&o->code);
		tally(in->tally, "FLD-OTHER", STR("never ends"));
	}
	XML_ParserFree(p.x);
	return p.failed ? ERR_TOOBIG : r == ERR_SYNTAX ? 0 : r;
}
