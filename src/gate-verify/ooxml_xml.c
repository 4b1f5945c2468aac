/* XML in the one form the gate writes, read against the grammar in one pass: docs/formats/gate-ooxml.md, "XML". */
#include <stdio.h>
#include <string.h>

#include "gate-verify/ooxml.h"

#define DEEP_MAX 256u
#define ATTRS_MAX 256u
#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define HASH 16384u

struct level { uint16_t type, name; bool has; };

struct xml {
	struct check *c;
	struct str s;
	size_t i, at;                                    /* at: of the part in the candidate */
	struct level stack[DEEP_MAX];
	unsigned deep;
	struct ov_link *links;
	size_t n_links;
	struct buf plain;                                /* a value without its references */
	struct ov_fields fields;
};

static bool no(struct xml *x, const char *rule)
{
	return refuse(x->c, rule, x->at);
}

static unsigned lookup(unsigned ns, struct str local)
{
	uint32_t h = 2166136261u ^ ns;

	for (size_t i = 0; i < local.n; i++)
		h = (h ^ (unsigned char)local.p[i]) * 16777619u;
	h ^= h >> 15;
	for (unsigned slot; (slot = ov_hash[h % HASH]) != 0; h++)
		if (ov_names[slot - 1].ns == ns && ov_names[slot - 1].n == local.n &&
		    !memcmp(ov_names[slot - 1].local, local.p, local.n))
			return slot - 1;
	return 0;
}

/* A name as it stands there: its number, 0 when the grammar has none. Without a prefix an attribute is in no
 * namespace, an element
 * in the one that is written without. */
static unsigned number_of(struct str raw, bool attribute)
{
	unsigned ns = 0;
	size_t colon = 0;

	while (colon < raw.n && raw.p[colon] != ':')
		colon++;
	if (colon == raw.n && attribute)
		return lookup(0, raw);
	for (ns = 1; ns < ov_n_ns; ns++)
		if (colon == raw.n ? !ov_ns[ns].prefix[0] : str_eq(str_slice(raw, 0, colon),
		    str_from(ov_ns[ns].prefix)))
			return lookup(ns, colon == raw.n ? raw : str_slice(raw, colon + 1, raw.n));
	return 0;
}

static const struct ov_pair *pair(unsigned first, unsigned n, unsigned name)
{
	for (unsigned lo = first, hi = first + n; lo < hi;) {
		unsigned mid = lo + (hi - lo) / 2;

		if (ov_pairs[mid].name == name)
			return &ov_pairs[mid];
		if (ov_pairs[mid].name > name)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' || c == '_' ||
	    c == '-' || c == '.';
}

static struct str read_name(struct xml *x)
{
	size_t from = x->i;

	while (x->i < x->s.n && name_char(x->s.p[x->i]))
		x->i++;
	return str_slice(x->s, from, x->i - from);
}

static bool expect(struct xml *x, const char *z)
{
	size_t n = strlen(z);

	if (x->s.n - x->i < n || memcmp(x->s.p + x->i, z, n) != 0)
		return no(x, "xml-form");
	x->i += n;
	return true;
}

/* Bytes of one character outside ASCII that XML 1.0 has: well-formed UTF-8, no surrogates, not U+FFFE, U+FFFF. 0:
 * none. */
static size_t wide(struct str s, size_t i)
{
	const unsigned char *p = (const unsigned char *)s.p + i;
	size_t left = s.n - i;

	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		return left >= 2 && (p[1] & 0xc0) == 0x80 ? 2 : 0;
	if (p[0] >= 0xe0 && p[0] <= 0xef) {
		if (left < 3 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80 || (p[0] == 0xe0 && p[1] < 0xa0) ||
		    (p[0] == 0xed && p[1] > 0x9f) ||
		    (p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe))
			return 0;
		return 3;
	}
	if (p[0] >= 0xf0 && p[0] <= 0xf4 && left >= 4 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80 &&
	    (p[3] & 0xc0) == 0x80 &&
	    !(p[0] == 0xf0 && p[1] < 0x90) && !(p[0] == 0xf4 && p[1] > 0x8f))
		return 4;
	return 0;
}

/* Characters up to the end sign; references resolved into plain when there are any. */
static bool characters(struct xml *x, char until, struct str *ret)
{
	static const struct { const char *ref; char is; bool in_text; } refs[] = {
		{"&amp;", '&', true}, {"&lt;", '<', true}, {"&gt;", '>', true}, {"&#13;", '\r', true}, {"&quot;", '"',
		    false}, {"&#9;", '\t', false},
		{"&#10;", '\n', false},
	};
	size_t from = x->i, start = from;
	bool refd = false;

	buf_clear(&x->plain);
	while (x->i < x->s.n && x->s.p[x->i] != until) {
		unsigned char c = (unsigned char)x->s.p[x->i];
		size_t n = 1;

		if (c == '&') {
			unsigned k = 0;

			while (k < ARRAY_LEN(refs) && !((until == '"' || refs[k].in_text) &&
			    x->s.n - x->i >= strlen(refs[k].ref) &&
			                                !memcmp(x->s.p + x->i, refs[k].ref, strlen(refs[k].ref))))
				k++;
			if (k == ARRAY_LEN(refs))
				return no(x, "xml-reference");
			buf_put(&x->plain, x->s.p + from, x->i - from);
			buf_putc(&x->plain, refs[k].is);
			n = strlen(refs[k].ref);
			from = x->i + n;
			refd = true;
		} else if (c == '<' || c == '>' || (c < 0x20 && !(until == '<' && (c == '\t' || c == '\n')))) {
			return no(x, "xml-character");
		} else if (c >= 0x80) {
			n = wide(x->s, x->i);
			if (!n)
				return no(x, "xml-character");
		}
		x->i += n;
	}
	if (x->i >= x->s.n)
		return no(x, "xml-form");
	if (refd) {
		buf_put(&x->plain, x->s.p + from, x->i - from);
		if (buf_err(&x->plain))
			return no(x, "memory");
		*ret = buf_view(&x->plain);
	} else {
		*ret = str_slice(x->s, start, x->i - start);
	}
	return true;
}

/* rIdN: N is a relationship of this part, of a kind this attribute may lead to. */
static bool link(struct xml *x, const struct ov_class *cl, struct str v)
{
	int64_t n;

	if (!v.n && cl->kind == ov_RIDOPT)
		return true;
	if (!str_starts(v, "rId") || str_int(str_slice(v, 3, v.n), 1, (int64_t)x->n_links, &n) || v.p[3] == '0' ||
	    v.p[3] == '+')
		return no(x, "ooxml-link");
	x->links[n - 1].used = true;
	for (unsigned i = 0; i < cl->n; i++)
		if (!strcmp(ov_words[cl->first + i], x->links[n - 1].kind->name))
			return true;
	return no(x, "ooxml-link");
}

static bool attribute_value(struct xml *x, const struct ov_pair *p, struct str v)
{
	const struct ov_class *cl = &ov_classes[p->value];

	if (cl->kind == ov_RID || cl->kind == ov_RIDOPT)
		return link(x, cl, v);
	if (!ov_value(cl, v))
		return no(x, cl->kind == ov_FORMULA ? "ooxml-formula" : cl->kind == ov_FIELD ? "ooxml-field" :
		    "ooxml-value");
	return true;
}

/* Blank-led attributes up to the end of the tag, each once; those the element lives from must be there. */
static bool attributes(struct xml *x, const struct ov_type *t, struct str element)
{
	uint16_t seen[ATTRS_MAX];
	unsigned n = 0, essential = 0;
	bool field_char = str_is(element, "w:fldChar"), kind_said = false;

	for (unsigned i = 0; i < t->n_attrs; i++)
		essential += ov_pairs[t->attr + i].flag == 1;
	while (x->i < x->s.n && x->s.p[x->i] == ' ') {
		struct str name, v = STR_NONE;
		const struct ov_pair *p;
		unsigned id;

		x->i++;
		name = read_name(x);
		id = number_of(name, true);
		p = id ? pair(t->attr, t->n_attrs, id) : NULL;
		if (!p || n == ATTRS_MAX)
			return no(x, "ooxml-attribute");
		for (unsigned i = 0; i < n; i++)
			if (seen[i] == id)
				return no(x, "xml-attribute-twice");
		seen[n++] = (uint16_t)id;
		if (!expect(x, "=\"") || !characters(x, '"', &v) || !attribute_value(x, p, v) || !expect(x, "\""))
			return false;
		essential -= p->flag == 1;
		if (field_char && str_is(name, "w:fldCharType")) {
			kind_said = true;
			if (!ov_field_char(&x->fields, v))
				return no(x, "ooxml-field");
		}
	}
	if (field_char && !kind_said)
		return no(x, "ooxml-field");
	return !essential || no(x, "ooxml-missing");
}

static void had(struct level *up, unsigned name)
{
	const struct ov_type *t = &ov_types[up->type];

	for (unsigned i = 0; i < t->n_needs; i++)
		up->has |= ov_needs[t->need + i] == name;
}

/* Behind "<name": attributes and the end of the tag. *ret_open: it has content. */
static bool rest_of_tag(struct xml *x, struct str name, bool *ret_open)
{
	const struct ov_type *t = &ov_types[x->stack[x->deep - 1].type];

	if (!attributes(x, t, name))
		return false;
	*ret_open = x->i < x->s.n && x->s.p[x->i] == '>';
	if (!expect(x, *ret_open ? ">" : "/>"))
		return false;
	if (*ret_open && x->i + 1 < x->s.n && x->s.p[x->i] == '<' && x->s.p[x->i + 1] == '/')
		return no(x, "xml-form");
	return true;
}

static bool leave(struct xml *x)
{
	struct level *l = &x->stack[--x->deep];

	if (ov_types[l->type].n_needs && !l->has && x->deep)
		return no(x, "ooxml-empty");
	if (x->deep)
		had(&x->stack[x->deep - 1], l->name);
	return true;
}

static bool enter(struct xml *x)
{
	struct level *up = &x->stack[x->deep - 1];
	struct str name;
	const struct ov_pair *p;
	unsigned id;
	bool open;

	x->i++;
	name = read_name(x);
	id = name.n ? number_of(name, false) : 0;
	p = id ? pair(ov_types[up->type].kid, ov_types[up->type].n_kids, id) : NULL;
	if (!p)
		return no(x, "ooxml-element");
	if (x->deep == DEEP_MAX)
		return no(x, "xml-depth");
	x->stack[x->deep++] = (struct level){p->value, (uint16_t)id, false};
	if (!rest_of_tag(x, name, &open))
		return false;
	if (open)
		return true;
	/* Nothing in it: an empty value must be one the class has, where it is more than words. */
	unsigned kind = ov_classes[ov_types[p->value].text].kind;
	if (kind > ov_TEXT && kind != ov_FORMULA && kind != ov_FIELD &&
	    !ov_value(&ov_classes[ov_types[p->value].text], STR("")))
		return no(x, "ooxml-value");
	return leave(x);
}

static bool close_tag(struct xml *x)
{
	const struct ov_name *n = &ov_names[x->stack[x->deep - 1].name];

	x->i += 2;
	if (ov_ns[n->ns].prefix[0] && (!expect(x, ov_ns[n->ns].prefix) || !expect(x, ":")))
		return false;
	return expect(x, n->local) && expect(x, ">") && leave(x);
}

static bool words(struct xml *x)
{
	struct level *l = &x->stack[x->deep - 1];
	const struct ov_class *cl = &ov_classes[ov_types[l->type].text];
	bool whole = x->s.p[x->i - 1] == '>';
	struct str v = STR_NONE;

	if (!characters(x, '<', &v))
		return false;
	if (cl->kind == ov_NONE)
		return no(x, "ooxml-text");
	if (cl->kind == ov_FIELD)
		return ov_field_code(&x->fields, v) || no(x, "ooxml-field");
	if (cl->kind == ov_TEXT)
		return true;
	return (whole && ov_value(cl, v)) || no(x, cl->kind == ov_FORMULA ? "ooxml-formula" : "ooxml-value");
}

static bool root(struct xml *x, const struct ov_root *r, bool *ret_open)
{
	struct str rest = str_from(r->prefixes);
	const struct ov_name *n = &ov_names[r->name];
	char open[80];

	snprintf(open, sizeof open, "<%s%s%s", ov_ns[n->ns].prefix, ov_ns[n->ns].prefix[0] ? ":" : "", n->local);
	if (!expect(x, HEAD) || !expect(x, open))
		return false;
	while (rest.n) {
		struct str p = str_cut(&rest, ' ');
		unsigned i = 1;
		char said[160];

		while (i < ov_n_ns && !str_is(p, ov_ns[i].prefix[0] ? ov_ns[i].prefix : "x"))
			i++;
		snprintf(said, sizeof said, " xmlns%s%s=\"%s\"", ov_ns[i].prefix[0] ? ":" : "", ov_ns[i].prefix,
		    ov_ns[i].uri);
		if (!expect(x, said))
			return false;
	}
	x->stack[x->deep++] = (struct level){r->type, r->name, false};
	return rest_of_tag(x, str_from(open + 1), ret_open);
}

bool ov_xml(struct check *c, struct str content, const struct ov_root *r, struct ov_link *links, size_t n_links,
    size_t at)
{
	struct xml x = {.c = c, .s = content, .at = at, .links = links, .n_links = n_links};
	bool ok, open = false;

	buf_init(&x.plain, 64u << 20);
	ok = root(&x, r, &open);
	if (ok && !open)
		x.deep = 0;
	while (ok && x.deep) {
		if (x.i >= x.s.n)
			ok = no(&x, "xml-form");
		else if (x.s.p[x.i] != '<')
			ok = words(&x);
		else if (x.i + 1 < x.s.n && x.s.p[x.i + 1] == '/')
			ok = close_tag(&x);
		else
			ok = enter(&x);
	}
	if (ok && x.i != x.s.n)
		ok = no(&x, "xml-form");
	if (!ov_fields_done(&x.fields) && ok)
		ok = no(&x, "ooxml-field");
	buf_release(&x.plain);
	return ok;
}
