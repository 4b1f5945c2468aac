/* Where an element stands: compatibility branches, fields, embedded objects, elements that make place for their
 * content. */
#include "gate-ooxml/filter_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct frame *filter_parent(struct filter *f)
{
	return f->depth ? &f->stack[f->depth - 1] : NULL;
}

struct frame *filter_push(struct filter *f)
{
	if (f->depth == FILTER_DEPTH_MAX) {
		filter_stop(f, "OOXML-LIMIT");
		return NULL;
	}
	f->stack[f->depth] = (struct frame){.at = f->out->n, .shared = -1, .given = f->in->given(f->in->arg)};
	return &f->stack[f->depth++];
}

void filter_push_bare(struct filter *f)
{
	struct frame *up = filter_parent(f), *fr = filter_push(f);

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
			if (p.n && (filter_ns(f, p) >= NS_MC || str_is(p, "v")))
				all = false;
		}
		return all;
	}
	return false;
}

void filter_compatibility(struct filter *f, const char *local, const char **atts)
{
	struct frame *up = filter_parent(f);
	bool take = false;

	if (!up) {
		f->skip = 1;
		return;
	}
	if (!strcmp(local, "AlternateContent")) {
		filter_push_bare(f);
		if (filter_parent(f) != up)
			filter_parent(f)->choosing = true;
		return;
	}
	if (up->choosing && !up->chosen)
		take = !strcmp(local, "Choice") ? understood(f, atts) : !strcmp(local, "Fallback");
	if (!take) {
		f->skip = 1;
		return;
	}
	up->chosen = true;
	filter_push_bare(f);
}

void filter_field_event(struct filter *f, const char *local, const char **atts)
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

bool filter_unwrapped(const struct ox_name *up, unsigned ns, const char *local)
{
	return ns < NS_MC && !strcmp(ox_ns[ns].prefix, "w") && (!strcmp(local, "smartTag") || !strcmp(local,
	    "customXml"));
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
	filter_undo(f, &frame);
	for (f->depth = k; k-- > i;) {
		f->stack[k].bare = true;
		f->stack[k].object = false;
		f->stack[k].type = f->stack[i - 1].type;
		f->stack[k].name = f->stack[i - 1].name;
	}
}

/* Does the object hold a document that passes the gate? Asked without keeping the relationship: the element itself will. */
static bool holds_document(struct filter *f, unsigned ns, const char *local, const char **atts)
{
	const struct ox_type *up = &ox_types[filter_parent(f)->type];
	unsigned name = ox_name_find(ns, str_from(local)), given = f->in->given(f->in->arg), n = 0, essential = 0, good = 0;
	const struct ox_pair *p = name ? ox_pair_find(up->kid, up->n_kids, name) : NULL;
	const struct ox_type *t = p ? &ox_types[p->value] : NULL;

	for (unsigned i = 0; t && i < t->n_attrs; i++)
		essential += ox_pairs[t->attr + i].flag == OX_ESSENTIAL;
	for (; t && *atts; atts += 2) {
		unsigned attr_ns, attr = filter_resolve(f, atts[0], true, &attr_ns);

		p = attr ? ox_pair_find(t->attr, t->n_attrs, attr) : NULL;
		if (!p || p->flag != OX_ESSENTIAL)
			continue;
		if (ox_classes[p->value].kind == ox_RID)
			n = f->in->relation(f->in->arg, str_from(atts[1]), &ox_classes[p->value]);
		good += ox_classes[p->value].kind == ox_RID ? n > 0 : ox_value_ok(p->value, str_from(atts[1]));
	}
	f->in->take_back(f->in->arg, given);
	return t && essential == good;
}

bool filter_in_object(struct filter *f, unsigned ns, const char *local, const char **atts)
{
	if (!strcmp(local, "oleObj") && holds_document(f, ns, local, atts))
		return false;
	if (!strcmp(local, "oleObj")) {
		tally(f->in->tally, "OOXML-OLE", str_from(local));
		filter_push_bare(f);
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

bool filter_becomes_picture(struct filter *f, struct frame *fr)
{
	static const char was[] = "<w:object", is[] = "<w:pict>";
	const struct ox_name *n = &ox_names[fr->name];
	char *from, *end, *stop = f->out->p + f->out->n;

	if (strcmp(n->local, "object") != 0 || strcmp(ox_ns[n->ns].prefix, "w") != 0 || buf_err(f->out))
		return false;
	tally(f->in->tally, "OOXML-OLE", STR("object"));
	from = f->out->p + fr->at + fr->first;
	end = fr->open || fr->doomed ? NULL : memchr(from, '>', (size_t)(stop - from));
	if (!end || strncmp(from, was, sizeof was - 1) != 0)
		return false;
	memcpy(from, is, sizeof is - 1);
	memmove(from + sizeof is - 1, end + 1, (size_t)(stop - end - 1));
	f->out->n -= (size_t)(end + 1 - from) - (sizeof is - 1);
	fr->name = (uint16_t)ox_name_find(n->ns, STR("pict"));
	return true;
}

bool filter_is_object(const char *local, const char **atts)
{
	for (; !strcmp(local, "graphicData") && *atts; atts += 2)
		if (!strcmp(atts[0], "uri"))
			return str_ends(str_from(atts[1]), "/ole");
	return false;
}
