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

bool filter_in_object(struct filter *f, const char *local)
{
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

bool filter_is_object(const char *local, const char **atts)
{
	for (; !strcmp(local, "graphicData") && *atts; atts += 2)
		if (!strcmp(atts[0], "uri"))
			return str_ends(str_from(atts[1]), "/ole");
	return false;
}
