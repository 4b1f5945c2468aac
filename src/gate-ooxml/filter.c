#include "gate-ooxml/filter_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void refuse_element(struct filter *f, unsigned ns, const char *local)
{
	filter_tally_element(f, ns, local);
	f->skip = 1;
}

static void begin_root(struct filter *f, unsigned name, const char **atts)
{
	struct frame *fr;

	f->seen_root = true;
	if (name != f->in->root->name) {
		filter_stop(f, "OOXML-ROOT");
		return;
	}
	fr = filter_push(f);
	fr->type = f->in->root->type;
	fr->name = (uint16_t)name;
	fr->text = ox_classes[ox_types[fr->type].text].kind;
	filter_put_root(f);
	if (!filter_attributes(f, fr, atts))
		filter_stop(f, "OOXML-ROOT");
	fr->open = true;
}

static void begin(struct filter *f, unsigned ns, unsigned name, const char *local, const char **atts)
{
	struct frame *up = filter_parent(f), *fr;
	const struct ox_pair *p;
	size_t at;
	bool first, kept;

	if (up->object && filter_in_object(f, ns, local, atts))
		return;
	up = filter_parent(f);
	if (filter_unwrapped(&ox_names[up->name], ns, local)) {
		tally(f->in->tally, "OOXML-CUSTOM-XML", str_from(local));
		filter_push_bare(f);
		return;
	}
	p = name && !up->choosing ? ox_pair_find(ox_types[up->type].kid, ox_types[up->type].n_kids, name) : NULL;
	if (!p) {
		refuse_element(f, ns, local);
		return;
	}
	if (f->field_gone || (f->silent && strcmp(local, "rPr") != 0 && !strcmp(ox_names[up->name].local, "r"))) {
		f->skip = 1;
		return;
	}
	at = f->out->n;
	first = filter_close_tag(f);
	fr = filter_push(f);
	if (!fr)
		return;
	fr->at = at;
	fr->first = first;
	fr->type = p->value;
	fr->together = p->flag == OX_FATAL;
	fr->name = (uint16_t)name;
	fr->text = ox_classes[ox_types[fr->type].text].kind;
	buf_putc(f->out, '<');
	filter_put_name(f->out, name);
	kept = filter_attributes(f, fr, atts);
	if (f->in->tabs == TABS_CHANGE && !strcmp(local, "sheet") && f->n_sheets < SHEETS_MAX)
		f->sheets[f->n_sheets++] = (int16_t)(kept ? (int)f->kept_sheets++ : -1);
	if (!kept) {
		f->depth--;
		filter_undo(f, fr);
		f->skip = 1;
		if (!strcmp(local, "ext"))
			filter_tally_extension(f, atts);
		else
			filter_tally_element(f, ns, local);
		return;
	}
	fr->open = true;
	fr->object = filter_is_object(local, atts);
	if (fr->text > ox_TEXT)
		buf_clear(&f->text);
}

static void XMLCALL on_start(void *arg, const char *raw, const char **atts)
{
	struct filter *f = arg;
	const char *local = filter_local(raw);
	unsigned ns, name;

	f->levels++;
	for (const char **a = atts; *a; a += 2)
		if (a[0][0] == 'x' && !strncmp(a[0], "xmlns", 5) && (!a[0][5] || a[0][5] == ':'))
			filter_bind(f, a[0], a[1]);
	if (f->fields.n)
		filter_field_event(f, local, atts);
	if (f->skip) {
		f->skip++;
		if (!strcmp(local, "ext"))
			filter_tally_extension(f, atts);
		return;
	}
	name = filter_resolve(f, raw, false, &ns);
	if (!f->seen_root)
		begin_root(f, name, atts);
	else if (ns == NS_MC)
		filter_compatibility(f, local, atts);
	else
		begin(f, ns, name, local, atts);
}

/* The text of an element whose text is more than words. */
static bool judged(struct filter *f, struct frame *fr)
{
	const char *code = "OOXML-ATTRIBUTE";
	struct str v = buf_view(&f->text);
	bool ok, gone;

	if (fr->text == ox_FORMULA) {
		gone = !v.n && fr->shared >= 0 && fr->shared < SHARED_MAX && f->shared_gone &&
		       (f->shared_gone[fr->shared / 8] >> fr->shared % 8 & 1);
		ok = !gone && formula_ok(v, &code);
		if (!ok && fr->shared >= 0 && fr->shared < SHARED_MAX) {
			if (!f->shared_gone)
				f->shared_gone = xcalloc(1, SHARED_MAX / 8);
			f->shared_gone[fr->shared / 8] |= (uint8_t)(1u << fr->shared % 8);
		}
	} else if (fr->text == ox_FIELD) {
		ok = true;                               /* the plan has judged it */
	} else {
		ok = ox_value_ok(ox_types[fr->type].text, v);
	}
	if (!ok) {
		tally(f->in->tally, code, v);
		return false;
	}
	if (v.n) {
		if (fr->open)
			buf_putc(f->out, '>');
		fr->open = false;
		filter_put_text(f->out, v.p, v.n, false);
	}
	return true;
}

static void note_child(struct filter *f, unsigned name)
{
	for (unsigned i = f->depth; i-- > 0;) {
		struct frame *fr = &f->stack[i];
		const struct ox_type *t = &ox_types[fr->type];

		if (fr->bare)
			continue;
		for (unsigned k = 0; k < t->n_needs; k++)
			fr->has |= ox_needs[t->need + k] == name;
		return;
	}
}

static void finish(struct filter *f)
{
	struct frame *fr = &f->stack[f->depth - 1];
	const struct ox_type *t = &ox_types[fr->type];
	bool stays = true;

	f->depth--;
	if (fr->bare)
		return;
	if (fr->text > ox_TEXT)
		stays = judged(f, fr);
	if (((t->n_needs && !fr->has && !filter_becomes_picture(f, fr)) || fr->doomed) && f->depth)
		stays = false;
	if (!stays) {
		filter_undo(f, fr);
		return;
	}
	if (fr->open) {
		buf_puts(f->out, "/>");
	} else {
		buf_puts(f->out, "</");
		filter_put_name(f->out, fr->name);
		buf_putc(f->out, '>');
	}
	note_child(f, fr->name);
}

static void XMLCALL on_end(void *arg, const char *raw)
{
	struct filter *f = arg;

	if (f->skip)
		f->skip--;
	else if (f->depth)
		finish(f);
	while (f->n_bound && f->bound[f->n_bound - 1].depth == f->levels) {
		f->n_bound--;
		f->generation++;
	}
	f->levels--;
}

static void XMLCALL on_text(void *arg, const char *s, int n)
{
	struct filter *f = arg;
	struct frame *fr = filter_parent(f);

	if (f->skip || !fr || fr->bare || fr->text == ox_NONE)
		return;
	if (fr->text > ox_TEXT) {
		buf_put(&f->text, s, (size_t)n);
		return;
	}
	filter_close_tag(f);
	filter_put_text(f->out, s, (size_t)n, false);
}

static void XMLCALL on_doctype(void *arg, const char *a, const char *b, const char *c, int d)
{
	filter_stop(arg, "XML-DTD");
}

static void XMLCALL on_pi(void *arg, const char *target, const char *data)
{
	struct filter *f = arg;

	tally(f->in->tally, "XML-PI", str_from(target));
}

static int on_chunk(void *arg, const void *s, size_t n)
{
	struct filter *f = arg;

	if (XML_Parse(f->x, s, (int)n, XML_FALSE) != XML_STATUS_OK)
		return ERR_SYNTAX;
	return buf_err(f->out);
}

int filter_part(const struct filter_in *in, struct buf *out, const char **ret_code)
{
	struct filter *f = xcalloc(1, sizeof *f);
	int r = 0;

	*ret_code = "XML-SYNTAX";
	f->in = in;
	f->out = out;
	f->generation = 1;
	f->x = XML_ParserCreate(NULL);
	buf_init(&f->text, 1u << 20);
	if (strncmp(ox_ns[ox_names[in->root->name].ns].prefix, "w", 2) == 0)
		r = fields_plan(in, &f->fields);
	if (!r) {
		XML_SetUserData(f->x, f);
		XML_SetElementHandler(f->x, on_start, on_end);
		XML_SetCharacterDataHandler(f->x, on_text);
		XML_SetStartDoctypeDeclHandler(f->x, on_doctype);
		XML_SetProcessingInstructionHandler(f->x, on_pi);
		r = zip_stream(in->entry, on_chunk, f);
		if (!r && XML_Parse(f->x, "", 0, XML_TRUE) != XML_STATUS_OK)
			r = ERR_SYNTAX;
	}
	if (f->code)
		*ret_code = f->code;
	for (unsigned i = 0; i < CACHE; i++)
		free(f->cache[i].raw);
	free(f->fields.drop);
	free(f->shared_gone);
	buf_release(&f->text);
	XML_ParserFree(f->x);
	free(f);
	return r;
}
