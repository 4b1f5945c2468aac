#include "gate-ooxml/filter.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BINDINGS 256u
#define CACHE 1024u
#define ATTRS_MAX 256u
#define SHARED_MAX 65536u
#define SHEETS_MAX 4096u
#define MC "http://schemas.openxmlformats.org/markup-compatibility/2006"

struct frame {
	uint16_t type, name;
	uint8_t text;                                    /* kind of what text it takes */
	bool open;                                       /* its start tag still lacks the > */
	bool bare;                                       /* stands for its parent: its own tags are not written */
	bool object;                                     /* an embedded object: only its picture is looked for */
	bool choosing, chosen;                           /* mc:AlternateContent */
	bool doomed, has, together;                      /* goes at its end; has what it lives from; its parent goes with it */
	size_t at;                                       /* where it begins in the output */
	bool first;                                      /* it made its parent's tag a start tag */
	unsigned given;                                  /* numbers of relationships before it */
	int64_t shared;                                  /* of a cell's formula: its group, or -1 */
};

struct binding { struct str prefix; uint8_t ns; unsigned depth; };

struct cached { char *raw; uint16_t name; uint8_t ns; unsigned generation; };

struct filter {
	const struct filter_in *in;
	XML_Parser x;
	struct buf *out;
	struct frame stack[FILTER_DEPTH_MAX + 1];
	unsigned depth, skip;                            /* of elements inside a dropped one */
	struct binding bound[BINDINGS];
	unsigned n_bound, levels;                        /* levels: of all elements, for bindings */
	struct cached cache[CACHE];
	unsigned generation;
	uint16_t emitted[ATTRS_MAX];
	unsigned n_emitted;
	struct buf text;
	struct fields fields;
	size_t field;                                    /* next flag */
	bool field_gone;
	struct { bool dropped, in_code; } field_stack[64];
	unsigned n_fields, silent;                       /* silent: inside the code of a dropped field */
	int16_t sheets[SHEETS_MAX];                      /* a workbook's, as they were: their new index, or -1 */
	unsigned n_sheets, kept_sheets;
	uint8_t *shared_gone;                            /* groups of formulas whose first was dropped, one bit each */
	bool seen_root;
	const char *code;
};


void tally(struct tally *t, const char *code, struct str sample)
{
	unsigned i = 0;

	while (i < t->n && strcmp(t->list[i].code, code) != 0)
		i++;
	if (i == FILTER_CODES)
		return;
	if (i == t->n) {
		t->n++;
		t->list[i].code = code;
		t->list[i].n = 0;
		snprintf(t->list[i].sample, sizeof t->list[i].sample, "%.*s", STR_ARG(str_slice(sample, 0, sizeof t->list[i].sample - 1)));
	}
	t->list[i].n++;
}

static void stop(struct filter *f, const char *code)
{
	if (!f->code)
		f->code = code;
	XML_StopParser(f->x, XML_FALSE);
}

/* --- names -------------------------------------------------------------------------------------------------------------- */

static unsigned ns_of(const struct filter *f, struct str prefix)
{
	if (str_is(prefix, "xml"))
		return ox_ns_find(STR("http://www.w3.org/XML/1998/namespace"));
	for (unsigned i = f->n_bound; i-- > 0;)
		if (str_eq(f->bound[i].prefix, prefix))
			return f->bound[i].ns;
	return OX_FOREIGN;
}

/* mc is no namespace of the grammar, but its three elements are understood. */
#define NS_MC 254u

static void bind(struct filter *f, const char *raw, const char *uri)
{
	struct str prefix = raw[5] == ':' ? str_from(raw + 6) : STR("");
	unsigned ns = strcmp(uri, MC) == 0 ? NS_MC : ox_ns_find(str_from(uri));

	if (f->n_bound == BINDINGS) {
		stop(f, "OOXML-LIMIT");
		return;
	}
	prefix = arena_str(f->in->arena, prefix);
	f->bound[f->n_bound++] = (struct binding){prefix.p ? prefix : STR(""), (uint8_t)ns, f->levels};
	f->generation++;
}

static unsigned resolve(struct filter *f, const char *raw, bool attribute, unsigned *ret_ns)
{
	uint32_t h = 5381;
	const char *p;
	struct cached *c;
	struct str name, prefix = STR("");

	for (p = raw; *p; p++)
		h = h * 33 ^ (unsigned char)*p;
	c = &f->cache[(h ^ h >> 12 ^ (attribute ? 77u : 0u)) % CACHE];
	if (c->raw && c->generation == f->generation * 2 + attribute && !strcmp(c->raw, raw)) {
		*ret_ns = c->ns;
		return c->name;
	}
	name = str_n(raw, (size_t)(p - raw));
	if (memchr(name.p, ':', name.n))
		prefix = str_cut(&name, ':');
	*ret_ns = attribute && !prefix.n ? OX_NS_NONE : ns_of(f, prefix);
	c->name = (uint16_t)(*ret_ns >= NS_MC ? 0 : ox_name_find(*ret_ns, name));
	c->ns = (uint8_t)*ret_ns;
	c->generation = f->generation * 2 + attribute;
	free(c->raw);
	c->raw = strdup(raw);
	return c->name;
}

/* --- writing ------------------------------------------------------------------------------------------------------------ */

static void put_escaped(struct buf *b, const char *s, size_t n, bool attribute)
{
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		const char *as = NULL;

		switch (s[i]) {
		case '&': as = "&amp;"; break;
		case '<': as = "&lt;"; break;
		case '>': as = "&gt;"; break;
		case '\r': as = "&#13;"; break;
		case '"': as = attribute ? "&quot;" : NULL; break;
		case '\t': as = attribute ? "&#9;" : NULL; break;
		case '\n': as = attribute ? "&#10;" : NULL; break;
		default: break;
		}
		if (!as)
			continue;
		buf_put(b, s + from, i - from);
		buf_puts(b, as);
		from = i + 1;
	}
	buf_put(b, s + from, n - from);
}

static void put_name(struct buf *b, unsigned name)
{
	const struct ox_name *n = &ox_names[name];

	if (ox_ns[n->ns].prefix[0]) {
		buf_puts(b, ox_ns[n->ns].prefix);
		buf_putc(b, ':');
	}
	buf_put(b, n->local, n->n);
}

/* true: it was open. */
static bool close_tag(struct filter *f)
{
	for (unsigned i = f->depth; i-- > 0;) {
		struct frame *fr = &f->stack[i];

		if (fr->bare)
			continue;
		if (!fr->open)
			return false;
		buf_putc(f->out, '>');
		fr->open = false;
		return true;
	}
	return false;
}

static void put_root(struct filter *f)
{
	struct str rest = str_from(f->in->root->prefixes);

	buf_puts(f->out, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<");
	put_name(f->out, f->in->root->name);
	while (rest.n) {
		struct str p = str_cut(&rest, ' ');

		for (unsigned i = 1; i < ox_n_ns; i++)
			if (str_is(p, ox_ns[i].prefix) || (str_is(p, "x") && !ox_ns[i].prefix[0])) {
				buf_puts(f->out, " xmlns");
				if (ox_ns[i].prefix[0])
					buf_printf(f->out, ":%s", ox_ns[i].prefix);
				buf_printf(f->out, "=\"%s\"", ox_ns[i].uri);
				break;
			}
	}
}

static const char *drop_code(unsigned ns, const char *local)
{
	static const struct { const char *local, *code; } known[] = {
#include "gate-ooxml/dropped.h"
	};

	for (unsigned i = 0; i < ARRAY_LEN(known); i++)
		if (!strcmp(known[i].local, local))
			return known[i].code;
	return ns >= NS_MC ? "OOXML-EXT" : "OOXML-ELEMENT";
}

/* --- attributes --------------------------------------------------------------------------------------------------------- */

static bool repeated(struct filter *f, unsigned name)
{
	for (unsigned i = 0; i < f->n_emitted; i++)
		if (f->emitted[i] == name)
			return true;
	if (f->n_emitted == ATTRS_MAX)
		return true;
	f->emitted[f->n_emitted++] = (uint16_t)name;
	return false;
}

static void put_attr(struct filter *f, unsigned name, struct str v)
{
	buf_putc(f->out, ' ');
	put_name(f->out, name);
	buf_puts(f->out, "=\"");
	put_escaped(f->out, v.p, v.n, true);
	buf_putc(f->out, '"');
}

/* What names a sheet by its position follows the sheets that are left. false: that sheet is gone. */
static bool renumbered(struct filter *f, const struct ox_pair *p, struct str *v, char out[16])
{
	const char *local = ox_names[p->name].local;
	int64_t i;

	if (ox_names[p->name].ns != OX_NS_NONE || f->in->tabs == TABS_AS_THEY_ARE)
		return true;
	if (!strcmp(local, "activeTab") || !strcmp(local, "firstSheet"))
		return false;
	if (strcmp(local, "localSheetId") != 0)
		return true;
	if (str_int(*v, 0, SHEETS_MAX - 1, &i) || i >= f->n_sheets || f->sheets[i] < 0)
		return false;
	snprintf(out, 16, "%d", f->sheets[i]);
	*v = str_from(out);
	return true;
}

/* One attribute that the grammar has: 1 written, 0 not, because its value is bad. */
static bool typed(struct filter *f, const struct ox_pair *p, struct str v)
{
	const struct ox_class *c = &ox_classes[p->value];
	const char *code = "OOXML-ATTRIBUTE";
	char id[16];
	bool ok = true;

	if (!renumbered(f, p, &v, id))
		return false;
	if (c->kind == ox_RID || c->kind == ox_RIDOPT) {
		unsigned n = v.n ? f->in->relation(f->in->arg, v, c) : 0;

		if (!n && (v.n || c->kind == ox_RID))
			return false;
		if (n) {
			snprintf(id, sizeof id, "rId%u", n);
			v = str_from(id);
		}
	} else if (c->kind == ox_FORMULA) {
		ok = formula_ok(v, &code);
	} else if (c->kind == ox_FIELD) {
		ok = field_ok(v, f->in->links, &code);
	} else {
		ok = ox_value_ok(p->value, v);
	}
	if (!ok) {
		char sample[80];

		snprintf(sample, sizeof sample, "%s=%.*s", ox_names[p->name].local, STR_ARG(str_slice(v, 0, 50)));
		tally(f->in->tally, code, str_from(sample));
		return false;
	}
	put_attr(f, p->name, v);
	return true;
}

/* All of an element; false when it cannot stand. */
static bool attributes(struct filter *f, struct frame *fr, const char **atts)
{
	const struct ox_type *t = &ox_types[fr->type];
	unsigned essential = 0, got = 0;

	for (unsigned i = 0; i < t->n_attrs; i++)
		essential += ox_pairs[t->attr + i].flag == OX_ESSENTIAL;
	f->n_emitted = 0;
	for (; *atts; atts += 2) {
		unsigned ns, name;
		const struct ox_pair *p;

		if (!strncmp(atts[0], "xmlns", 5) && (!atts[0][5] || atts[0][5] == ':'))
			continue;
		name = resolve(f, atts[0], true, &ns);
		p = name ? ox_pair_find(t->attr, t->n_attrs, name) : NULL;
		if (!p || repeated(f, name)) {
			if (ns < NS_MC && !strstr(atts[0], "rsid"))
				tally(f->in->tally, "OOXML-ATTRIBUTE", str_from(atts[0]));
			continue;
		}
		if (typed(f, p, str_from(atts[1]))) {
			got += p->flag == OX_ESSENTIAL;
			if (ox_classes[p->value].kind == ox_INT && !strcmp(ox_names[name].local, "si"))
				fr->shared = strtol(atts[1], NULL, 10);
		} else if (p->flag) {
			return false;
		}
	}
	return got == essential;
}

/* --- elements ----------------------------------------------------------------------------------------------------------- */

static struct frame *parent(struct filter *f)
{
	return f->depth ? &f->stack[f->depth - 1] : NULL;
}

static struct frame *push(struct filter *f)
{
	if (f->depth == FILTER_DEPTH_MAX) {
		stop(f, "OOXML-LIMIT");
		return NULL;
	}
	f->stack[f->depth] = (struct frame){.at = f->out->n, .shared = -1, .given = f->in->given(f->in->arg)};
	return &f->stack[f->depth++];
}

/* Takes its children as if they stood in its parent. */
static void push_bare(struct filter *f)
{
	struct frame *up = parent(f), *fr = push(f);

	if (fr) {
		fr->bare = true;
		fr->type = up->type;
		fr->name = up->name;
		fr->object = up->object;
	}
}

/* A choice is understood when all namespaces it requires are the grammar's. */
static bool understood(struct filter *f, const char **atts)
{
	for (; *atts; atts += 2) {
		struct str rest = str_from(atts[1]);
		bool all = rest.n > 0;

		if (strcmp(atts[0], "Requires") != 0)
			continue;
		while (rest.n) {
			struct str p = str_cut(&rest, ' ');

			/* "v" stands for programs that show old drawings only: the other branch holds the picture. */
			if (p.n && (ns_of(f, p) >= NS_MC || str_is(p, "v")))
				all = false;
		}
		return all;
	}
	return false;
}

static void compatibility(struct filter *f, const char *local, const char **atts)
{
	struct frame *up = parent(f);
	bool take = false;

	if (!up) {
		f->skip = 1;
		return;
	}
	if (!strcmp(local, "AlternateContent")) {
		push_bare(f);
		if (parent(f) != up)
			parent(f)->choosing = true;
		return;
	}
	if (up->choosing && !up->chosen)
		take = !strcmp(local, "Choice") ? understood(f, atts) : !strcmp(local, "Fallback");
	if (!take) {
		f->skip = 1;
		return;
	}
	up->chosen = true;
	push_bare(f);
}

/* Counts fields in the order the plan did, wherever they stand. */
static void field_event(struct filter *f, const char *local, const char **atts)
{
	const char *kind = "";
	bool is_char = !strcmp(local, "fldChar");

	f->field_gone = false;
	if (!is_char && strcmp(local, "instrText") != 0 && strcmp(local, "delInstrText") != 0)
		return;
	f->field_gone = f->field >= f->fields.n || f->fields.drop[f->field];
	f->field++;
	for (; is_char && *atts; atts += 2)
		if (strstr(atts[0], "fldCharType"))
			kind = atts[1];
	if (!strcmp(kind, "begin") && f->n_fields < ARRAY_LEN(f->field_stack)) {
		f->field_stack[f->n_fields].dropped = f->field_gone;
		f->field_stack[f->n_fields++].in_code = true;
		f->silent += f->field_gone;
	} else if (f->n_fields && (!strcmp(kind, "separate") || !strcmp(kind, "end"))) {
		if (f->field_stack[f->n_fields - 1].in_code && f->field_stack[f->n_fields - 1].dropped)
			f->silent--;
		f->field_stack[f->n_fields - 1].in_code = false;
		if (kind[0] == 'e')
			f->n_fields--;
	}
}

static const char *after_colon(const char *raw)
{
	const char *c = strchr(raw, ':');

	return c ? c + 1 : raw;
}

/* What only marks or times things is no loss. */
static void tally_extension(struct filter *f, const char **atts)
{
	static const char *const quiet[] = {
#include "gate-ooxml/quiet.h"
	};

	for (; *atts; atts += 2) {
		bool known = false;

		if (strcmp(atts[0], "uri") != 0)
			continue;
		for (unsigned i = 0; i < ARRAY_LEN(quiet); i++)
			known |= str_ieq(str_from(atts[1]), str_from(quiet[i]));
		if (!known)
			tally(f->in->tally, "OOXML-EXT", str_from(atts[1]));
	}
}

static void tally_element(struct filter *f, unsigned ns, const char *local)
{
	const char *code = drop_code(ns, local);

	if (code[0])
		tally(f->in->tally, code, str_from(local));
}

static void refuse_element(struct filter *f, unsigned ns, const char *local)
{
	tally_element(f, ns, local);
	f->skip = 1;
}

static void begin_root(struct filter *f, unsigned name, const char **atts)
{
	struct frame *fr;

	f->seen_root = true;
	if (name != f->in->root->name) {
		stop(f, "OOXML-ROOT");
		return;
	}
	fr = push(f);
	fr->type = f->in->root->type;
	fr->name = (uint16_t)name;
	fr->text = ox_classes[ox_types[fr->type].text].kind;
	put_root(f);
	if (!attributes(f, fr, atts))
		stop(f, "OOXML-ROOT");
	fr->open = true;
}

/* The topmost element, already off the stack, leaves no trace. */
static void undo(struct filter *f, const struct frame *fr)
{
	unsigned i = f->depth;

	f->out->n = fr->at;
	f->in->take_back(f->in->arg, fr->given);
	while (i-- > 0)
		if (!f->stack[i].bare) {
			f->stack[i].doomed |= fr->together;
			f->stack[i].open |= fr->first;
			return;
		}
}

static bool unwrapped(const struct ox_name *up, unsigned ns, const char *local)
{
	return ns < NS_MC && !strcmp(ox_ns[ns].prefix, "w") && (!strcmp(local, "smartTag") || !strcmp(local, "customXml"));
}

/* The picture an embedded object shows takes the place of the frame the object is in. */
static void hoist(struct filter *f)
{
	unsigned i = f->depth, k;
	struct frame frame;

	while (i-- > 0 && (f->stack[i].bare || strcmp(ox_names[f->stack[i].name].local, "graphicFrame") != 0))
		;
	if (i == 0 || i >= f->depth)
		return;
	frame = f->stack[i];
	k = f->depth;
	f->depth = i;
	undo(f, &frame);
	for (f->depth = k; k-- > i;) {
		f->stack[k].bare = true;
		f->stack[k].object = false;
		f->stack[k].type = f->stack[i - 1].type;
		f->stack[k].name = f->stack[i - 1].name;
	}
}

/* Inside an embedded object: true when the element was dealt with. */
static bool in_object(struct filter *f, const char *local)
{
	if (!strcmp(local, "oleObj")) {
		tally(f->in->tally, "OOXML-OLE", str_from(local));
		push_bare(f);
		if (f->depth)
			f->stack[f->depth - 1].object = true;
		return true;
	}
	if (!strcmp(local, "pic")) {
		hoist(f);
		return false;
	}
	f->skip = 1;
	return true;
}

static bool is_object(const char *local, const char **atts)
{
	for (; !strcmp(local, "graphicData") && *atts; atts += 2)
		if (!strcmp(atts[0], "uri"))
			return str_ends(str_from(atts[1]), "/ole");
	return false;
}

static void begin(struct filter *f, unsigned ns, unsigned name, const char *local, const char **atts)
{
	struct frame *up = parent(f), *fr;
	const struct ox_pair *p;
	size_t at;
	bool first, kept;

	if (up->object && in_object(f, local))
		return;
	if (is_object(local, atts)) {
		push_bare(f);
		if (parent(f) != up)
			parent(f)->object = true;
		return;
	}
	up = parent(f);
	if (unwrapped(&ox_names[up->name], ns, local)) {
		tally(f->in->tally, "OOXML-CUSTOM-XML", str_from(local));
		push_bare(f);
		return;
	}
	if (!strcmp(local, "object") && ns < NS_MC && !strcmp(ox_ns[ns].prefix, "w")) {
		static const char *const none[] = {NULL};

		tally(f->in->tally, "OOXML-OLE", str_from(local));
		name = ox_name_find(ns, STR("pict"));
		atts = (const char **)(uintptr_t)none;
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
	first = close_tag(f);
	fr = push(f);
	if (!fr)
		return;
	fr->at = at;
	fr->first = first;
	fr->type = p->value;
	fr->together = p->flag == OX_FATAL;
	fr->name = (uint16_t)name;
	fr->text = ox_classes[ox_types[fr->type].text].kind;
	buf_putc(f->out, '<');
	put_name(f->out, name);
	kept = attributes(f, fr, atts);
	if (f->in->tabs == TABS_CHANGE && !strcmp(local, "sheet") && f->n_sheets < SHEETS_MAX)
		f->sheets[f->n_sheets++] = (int16_t)(kept ? (int)f->kept_sheets++ : -1);
	if (!kept) {
		f->depth--;
		undo(f, fr);
		f->skip = 1;
		if (!strcmp(local, "ext"))
			tally_extension(f, atts);
		else
			tally_element(f, ns, local);
		return;
	}
	fr->open = true;
	if (fr->text > ox_TEXT)
		buf_clear(&f->text);
}

static void XMLCALL on_start(void *arg, const char *raw, const char **atts)
{
	struct filter *f = arg;
	const char *local = after_colon(raw);
	unsigned ns, name;

	f->levels++;
	for (const char **a = atts; *a; a += 2)
		if (a[0][0] == 'x' && !strncmp(a[0], "xmlns", 5) && (!a[0][5] || a[0][5] == ':'))
			bind(f, a[0], a[1]);
	if (f->fields.n)
		field_event(f, local, atts);
	if (f->skip) {
		f->skip++;
		if (!strcmp(local, "ext"))
			tally_extension(f, atts);
		return;
	}
	name = resolve(f, raw, false, &ns);
	if (!f->seen_root)
		begin_root(f, name, atts);
	else if (ns == NS_MC)
		compatibility(f, local, atts);
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
		put_escaped(f->out, v.p, v.n, false);
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
	if (((t->n_needs && !fr->has) || fr->doomed) && f->depth)
		stays = false;
	if (!stays) {
		undo(f, fr);
		return;
	}
	if (fr->open) {
		buf_puts(f->out, "/>");
	} else {
		buf_puts(f->out, "</");
		put_name(f->out, fr->name);
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
	struct frame *fr = parent(f);

	if (f->skip || !fr || fr->bare || fr->text == ox_NONE)
		return;
	if (fr->text > ox_TEXT) {
		buf_put(&f->text, s, (size_t)n);
		return;
	}
	close_tag(f);
	put_escaped(f->out, s, (size_t)n, false);
}

static void XMLCALL on_doctype(void *arg, const char *a, const char *b, const char *c, int d)
{
	stop(arg, "XML-DTD");
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
