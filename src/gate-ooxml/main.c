/* Word, Excel and PowerPoint documents: every part that is kept is written anew by the grammar, every picture
 * drawn anew, the package
 * put together from scratch. docs/formats/gate-ooxml.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate-ooxml/notes.h"
#include "gate-ooxml/package.h"
#include "gate-ooxml/unlock.h"
#include "gate-ooxml/write.h"
#include "lib/text.h"

static const struct { const char *format, *base, *main, *language; } formats[] = {
	{"docx", "word/", "document", "docx"}, {"xlsx", "xl/", "workbook", "xlsx"},
	{"pptx", "ppt/", "presentation", "pptx"},
};

static struct part *part_of(struct package *pk, const struct zip_entry *en, const struct kind *k)
{
	size_t i = (size_t)(en - pk->zip.list);
	struct part *p = pk->of[i];
	bool own = !strncmp(k->path, "word/", 5) || !strncmp(k->path, "xl/", 3) || !strncmp(k->path, "ppt/", 4) ||
	    !strcmp(k->name, "app");

	if (p)
		return p->kind == k && !p->failed ? p : NULL;
	if (!kind_takes(k, pk->types[i]) || pk->n_parts == PARTS_MAX)
		return NULL;
	p = ARENA_NEW(pk->j->arena, struct part);
	if (!p)
		return NULL;
	p->entry = en;
	p->kind = k;
	p->name = en->name;
	p->path = arena_strf(pk->j->arena, k->path, ++pk->counters[k - kinds]);
	if (!own)
		p->path = arena_strf(pk->j->arena, "%s%.*s", pk->base, STR_ARG(p->path));
	pk->of[i] = p;
	pk->list[pk->n_parts++] = p;
	return p;
}

/* A cache of a pivot table may come from a sheet of this workbook only; a table whose cache may not stay goes with
 * it. */
static bool pivot_ok(struct package *pk, const struct zip_entry *en, const struct kind *k)
{
	struct part table = {.kind = k};
	const char *code;
	struct buf b;
	bool ok = true;

	if (en && !strcmp(k->name, "pivotTable")) {
		table.name = en->name;
		if (package_relations(pk, &table, &code))
			return false;
		ok = false;
		for (unsigned i = 0; i < table.n_relations; i++)
			if (table.relations[i].kind && !strcmp(table.relations[i].kind->name, "pivotCache"))
				ok = pivot_ok(pk, package_target(pk, en->name, table.relations[i].target),
				    table.relations[i].kind);
	} else if (en && !strcmp(k->name, "pivotCache")) {
		buf_init(&b, 64u << 20);
		ok = !zip_read(en, &b) && (memmem(b.p, b.n, "type=\"worksheet\"", 16) || memmem(b.p, b.n,
		    "type='worksheet'", 16));
		buf_release(&b);
	}
	return ok;
}

struct asking { struct package *pk; struct part *part; struct tally *tally; };

static bool usable(struct asking *a, struct relation *r)
{
	struct package *pk = a->pk;
	const struct zip_entry *en;
	unsigned before;

	if (r->kind->types[0] == 0) {
		if (pk->links && link_ok(r->target))
			return true;
		tally(a->tally, "OOXML-LINK", r->target);
		return false;
	}
	en = package_target(pk, a->part->name, r->target);
	if (!strcmp(r->kind->name, "vml") && !notes_has(a->part))
		en = NULL;
	if (!pivot_ok(pk, en, r->kind)) {
		tally(a->tally, "XL-PIVOT-EXTERNAL", r->target);
		return false;
	}
	if (en && !strcmp(r->kind->name, "embedded") && !inside_passes(pk, en)) {
		tally(a->tally, "OOXML-EMBED", r->target);
		return false;
	}
	before = pk->n_parts;
	r->part = en ? part_of(pk, en, r->kind) : NULL;
	r->made = pk->n_parts > before;
	if (r->made)
		r->part->sheet = a->part;
	if (!r->part)
		tally(a->tally, !strcmp(r->kind->name, "vml") ? "OOXML-VML" : "OOXML-PART", r->target);
	return r->part != NULL;
}

static unsigned number(struct asking *a, struct relation *r)
{
	if (r->number)
		return r->number;
	if (!usable(a, r))
		return 0;
	r->number = ++a->part->used;
	a->part->order[r->number] = r;
	return r->number;
}

static unsigned relation(void *arg, struct str id, const struct ox_class *wanted)
{
	struct asking *a = arg;

	for (unsigned i = 0; i < a->part->n_relations; i++) {
		struct relation *r = &a->part->relations[i];

		if (!str_eq(r->id, id))
			continue;
		for (unsigned k = 0; r->kind && k < wanted->n; k++)
			if (!strcmp(ox_words[wanted->first + k], r->kind->name))
				return number(a, r);
		return 0;
	}
	return 0;
}

static unsigned given(void *arg)
{
	return ((struct asking *)arg)->part->used;
}

/* Parts are queued in the order their relationships are numbered: the newest go first. */
static void take_back(void *arg, unsigned n)
{
	struct asking *a = arg;
	struct package *pk = a->pk;

	for (; a->part->used > n; a->part->used--) {
		struct relation *r = a->part->order[a->part->used];

		if (r->made) {
			struct part *p = pk->list[--pk->n_parts];

			pk->counters[p->kind - kinds]--;
			pk->of[p->entry - pk->zip.list] = NULL;
		}
		r->number = 0;
		r->made = false;
		r->part = NULL;
	}
}

/* Connections no attribute names; and what is not carried over is told once per code. */
static void implicit(struct asking *a)
{
	for (unsigned i = 0; i < a->part->n_relations; i++) {
		struct relation *r = &a->part->relations[i];

		if (r->kind && r->implicit) {
			unsigned n = number(a, r);
			(void)n;
		} else if (r->kind && !r->number && !strcmp(r->kind->name, "embedded")) {
			const struct zip_entry *en = package_target(a->pk, a->part->name, r->target);

			if (!en || !a->pk->inside[en - a->pk->zip.list].asked)
				tally(a->tally, "OOXML-EMBED", r->target);
		} else if (!r->kind) {
			const char *code = r->external && !str_is(r->type, "hyperlink") &&
			    !strcmp(relation_code(r->type), "OOXML-PART") ?
			                   "OOXML-EXTERNAL" : relation_code(r->type);

			if (code[0])
				tally(a->tally, code, r->target);
		}
	}
}

static void report(struct package *pk, const struct part *p, const struct tally *t)
{
	if (p == pk->app) {
		if (t->n)
			job_removed(pk->j, arena_z(pk->j->arena, p->name), "OOXML-META", 1);
		return;
	}
	for (unsigned i = 0; i < t->n; i++)
		job_part(pk->j, p->name, t->list[i].code, GATE_REMOVED, t->list[i].n, 0, str_from(t->list[i].sample));
}

/* Does the entry already hold these bytes? */
static bool holds(const struct zip_entry *en, struct str bytes)
{
	struct buf b;
	bool same;

	buf_init(&b, 64u << 20);
	same = en->size == bytes.n && !zip_read(en, &b) && str_eq(buf_view(&b), bytes);
	buf_release(&b);
	return same;
}

static unsigned part_number(struct str path)
{
	unsigned n = 0;

	for (size_t i = 0; i < path.n; i++)
		n = path.p[i] >= '0' && path.p[i] <= '9' ? n * 10 + (unsigned)(path.p[i] - '0') : n;
	return n;
}

static bool loses_sheets(const struct part *p)
{
	for (unsigned i = 0; i < p->n_relations; i++) {
		const char *code = p->relations[i].kind ? "" : relation_code(p->relations[i].type);

		if (!strcmp(code, "XL-XLM") || !strcmp(code, "XL-DIALOG"))
			return true;
	}
	return false;
}

static int one(struct package *pk, struct part *p)
{
	struct tally *t = xcalloc(1, sizeof *t);
	struct asking a = {pk, p, t};
	struct filter_in in = {.entry = p->entry, .root = ox_root_find(p->kind->name), .arena = pk->j->arena,
	    .tally = t,
	                       .links = pk->links, .relation = relation, .given = given,
	                       .take_back = take_back, .arg = &a, .tabs = !strcmp(p->kind->name, "workbook")
	    ? TABS_CHANGE : TABS_AS_THEY_ARE};
	const char *code = NULL;
	struct buf out;
	int r;

	if (!strcmp(p->kind->name, "vml")) {
		buf_init(&out, ZIP_TOTAL_MAX);
		r = notes_put(pk, p->sheet, part_number(p->path), &out);
		if (!r && !holds(p->entry, buf_view(&out)))
			job_part(pk->j, p->name, "OOXML-VML", GATE_REBUILT, 1, 0, STR_NONE);
		if (!r)
			r = zip_pack(buf_view(&out), &p->packed);
		buf_release(&out);
		free(t);
		return r;
	}
	if (!in.root) {
		if (!strcmp(p->kind->name, "embedded"))
			inside_document(pk, p);
		else
			inside_picture(pk, p);
		free(t);
		return 0;
	}
	buf_init(&out, ZIP_TOTAL_MAX);
	r = package_relations(pk, p, &code);
	/* Positions stay what they are where no sheet goes. */
	if (in.tabs == TABS_CHANGE && !loses_sheets(p))
		in.tabs = TABS_AS_THEY_ARE;
	if (!r)
		r = filter_part(&in, &out, &code);
	if (!r) {
		implicit(&a);
		r = zip_pack(buf_view(&out), &p->packed);
		p->there = !r;
	} else if (r == ERR_SYNTAX) {
		r = job_fail(pk->j, !strcmp(code, "XML-DTD") ? GATE_BLOCKED : GATE_HELD, code, arena_z(pk->j->arena,
		    p->name));
	} else if (r == ERR_CORRUPT) {
		r = job_fail(pk->j, GATE_BLOCKED, "ZIP-DATA", arena_z(pk->j->arena, p->name));
	}
	report(pk, p, t);
	buf_release(&out);
	free(t);
	return r;
}

static int open_main(struct package *pk, const char *want, const char **ret_code)
{
	struct part *package = ARENA_NEW(pk->j->arena, struct part);
	struct tally *t = xcalloc(1, sizeof *t);
	int r;

	package->kind = &pk->root;
	package->name = STR("");
	r = package_relations(pk, package, ret_code);
	for (unsigned i = 0; !r && i < package->n_relations; i++) {
		struct relation *rel = &package->relations[i];

		if (!pk->n_parts && rel->known && !rel->external && str_is(rel->type, "officeDocument")) {
			const struct zip_entry *en = package_target(pk, STR(""), rel->target);

			if (en)
				part_of(pk, en, kind_named(want));
		} else if (!rel->kind && relation_code(rel->type)[0]) {
			tally(t, relation_code(rel->type), rel->target);
		}
	}
	for (unsigned i = 0; !r && pk->n_parts && !pk->app && i < package->n_relations; i++) {
		const struct relation *rel = &package->relations[i];
		const struct zip_entry *en = rel->kind ? package_target(pk, STR(""), rel->target) : NULL;

		if (en && !strcmp(rel->kind->name, "app"))
			pk->app = part_of(pk, en, rel->kind);
	}
	report(pk, package, t);
	free(t);
	if (!r && !pk->n_parts) {
		*ret_code = "TYPE-MISMATCH";
		r = ERR_SYNTAX;
	}
	return r;
}

/* A document with a password: opened, it takes the place of what came. */
static int opened(struct job *j)
{
	struct str password = job_policy(j, "password");
	struct buf clear;
	int r;

	if (!unlock_is(j->in))
		return job_fail(j, GATE_BLOCKED, "TYPE-MISMATCH", NULL);
	buf_init(&clear, GATE_INPUT_MAX);
	r = unlock(j->arena, j->in, password, &clear);
	if (r == ERR_DENIED)
		return job_fail(j, GATE_HELD, password.n ? "ENC-WRONG" : "ENC-PASSWORD", NULL);
	if (r == ERR_VERSION)
		return job_fail(j, GATE_HELD, "ENC-OFFICE", NULL);
	if (r)
		return r == ERR_NOMEM ? r : job_fail(j, GATE_HELD, "PARSE", NULL);
	job_part(j, STR_NONE, "ENC-OPENED", GATE_REMOVED, 1, 0, STR_NONE);
	j->in = buf_view(&clear);                        /* lives as long as the process */
	return 0;
}

static int rebuild(struct job *j)
{
	struct package *pk = xcalloc(1, sizeof *pk);
	const char *code = "PARSE";
	struct str where = STR_NONE, links = job_policy(j, "links");
	unsigned f = 0;
	int r;

	while (f < ARRAY_LEN(formats) && !str_is(j->format, formats[f].format))
		f++;
	if (f == ARRAY_LEN(formats))
		return job_fail(j, GATE_HELD, "NO-REBUILD", NULL);
	*pk = (struct package){.j = j, .base = formats[f].base, .links = !str_is(links, "drop"),
	                       .root = {.name = formats[f].format}};
	if (str_starts(j->in, "\xd0\xcf\x11\xe0") && (r = opened(j)) != 0)
		return r;
	r = zip_open(j->arena, j->in, &pk->zip, &code, &where);
	if (r)
		return job_fail(j, strcmp(code, "PARSE") != 0 ? GATE_BLOCKED : GATE_HELD, code, where.p
		    ? arena_z(j->arena, where) : NULL);
	r = package_types(pk, &code);
	if (!r)
		r = open_main(pk, formats[f].main, &code);
	if (r == ERR_SYNTAX)
		return job_fail(j, !strcmp(code, "PARSE") ? GATE_HELD : GATE_BLOCKED, code, NULL);
	for (unsigned i = 0; !r && i < pk->n_parts; i++) {
		r = one(pk, pk->list[i]);
		job_progress(j, i + 1, pk->n_parts);
	}
	if (r)
		return r;
	j->language = formats[f].language;
	j->units = package_units(pk);
	return package_write(pk);
}

int main(int argc, char **argv)
{
	return worker_run(argc, argv, &(struct worker){.rebuild = rebuild});
}
