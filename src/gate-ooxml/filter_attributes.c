/* Attributes by the grammar; and under which code a loss is told. */
#include "gate-ooxml/filter_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void filter_tally_extension(struct filter *f, const char **atts)
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

void filter_tally_element(struct filter *f, unsigned ns, const char *local)
{
	const char *code = drop_code(ns, local);

	if (code[0])
		tally(f->in->tally, code, str_from(local));
}

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
	filter_put_name(f->out, name);
	buf_puts(f->out, "=\"");
	filter_put_text(f->out, v.p, v.n, true);
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
	/* A sheet that no menu shows becomes one that is merely hidden. */
	if (str_is(v, "veryHidden") && ox_classes[p->value].kind == ox_ENUM) {
		tally(f->in->tally, "XL-HIDDEN", v);
		v = STR("hidden");
	}
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
	if (!ok && !strcmp(ox_names[p->name].local, "uri"))
		return false;                            /* its element's own loss tells it */
	if (!ok) {
		char sample[80];

		snprintf(sample, sizeof sample, "%s=%.*s", ox_names[p->name].local, STR_ARG(str_slice(v, 0, 50)));
		tally(f->in->tally, code, str_from(sample));
		return false;
	}
	put_attr(f, p->name, v);
	return true;
}

bool filter_attributes(struct filter *f, struct frame *fr, const char **atts)
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
		name = filter_resolve(f, atts[0], true, &ns);
		p = name ? ox_pair_find(t->attr, t->n_attrs, name) : NULL;
		if (!p || repeated(f, name)) {
			/* Marks of editing; and what a relationship's own line of the report tells. */
			if (ns < NS_MC && !strstr(atts[0], "rsid") && strcmp(atts[0], "r:id") != 0 &&
			    strcmp(atts[0], "spid") != 0)
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
