#include "gate-ooxml/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define PACKAGE_NS "http://schemas.openxmlformats.org/package/2006/"

struct str placeholder_png(void)
{
	return STR("\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\x00\x01\x08"
	           "\x00\x00\x00\x00\x3a\x7e\x9b\x55\x00\x00\x00\x0d\x49\x44\x41\x54\x78\x9c\x01\x02\x00\xfd\xff\x00\xe0"
	           "\x00\xe2\x00\xe1\xad\x49\x7b\x27\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82");
}

bool picture_type(struct str c, struct str *name)
{
	static const struct { size_t at; struct str magic; const char *name; } known[] = {
		{0, STR_INIT("\xff\xd8\xff"), "picture.jpg"}, {0, STR_INIT("\x89PNG"), "picture.png"}, {0,
		    STR_INIT("GIF8"), "picture.gif"},
		{0, STR_INIT("BM"), "picture.bmp"}, {0, STR_INIT("II*\0"), "picture.tif"}, {0, STR_INIT("MM\0*"),
		    "picture.tif"},
		{8, STR_INIT("WEBP"), "picture.webp"}, {40, STR_INIT(" EMF"), "picture.emf"},
		    {0, STR_INIT("\xd7\xcd\xc6\x9a"), "picture.wmf"}, {0, STR_INIT("\1\0\t\0\0\3"), "picture.wmf"},
	};

	for (unsigned i = 0; i < ARRAY_LEN(known); i++)
		if (c.n > 48 && !memcmp(c.p + known[i].at, known[i].magic.p, known[i].magic.n)) {
			*name = str_from(known[i].name);
			return true;
		}
	if (str_starts(str_trim(str_slice(c, str_starts(c, "\xef\xbb\xbf") ? 3 : 0, c.n)), "<") && str_ends(*name, ".svg")) {
		*name = STR("picture.svg");
		return true;
	}
	return false;
}

static int by_path(const void *a, const void *b)
{
	return str_cmp((*(struct part *const *)a)->path, (*(struct part *const *)b)->path);
}

static void put_text(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '&')
			buf_puts(b, "&amp;");
		else
			buf_putc(b, s.p[i]);
	}
}

static const char *type_of(const struct part *p, char out[160])
{
	struct str all = str_from(p->kind->types), first = str_cut(&all, ' ');

	if (p->type)
		return p->type;
	if (first.p[0] == '=')
		snprintf(out, 160, "%.*s", STR_ARG(str_slice(first, 1, first.n)));
	else
		snprintf(out, 160, TYPE_PREFIX "%.*s", STR_ARG(first));
	return out;
}

static void put_types(struct buf *b, struct part *const *list, unsigned n)
{
	char type[160];

	buf_puts(b, XML_HEAD "<Types xmlns=\"" PACKAGE_NS "content-types\">"
	            "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
	            "<Default Extension=\"xml\" ContentType=\"application/xml\"/>");
	for (unsigned i = 0; i < n; i++)
		buf_printf(b, "<Override PartName=\"/%.*s\" ContentType=\"%s\"/>", STR_ARG(list[i]->path),
		    type_of(list[i], type));
	buf_puts(b, "</Types>");
}

static void put_relations(struct buf *b, const struct part *p)
{
	buf_puts(b, XML_HEAD "<Relationships xmlns=\"" PACKAGE_NS "relationships\">");
	for (unsigned i = 1, n = 0; i <= p->used; i++) {
		const struct relation *r = p->order[i];

		n = i;
		buf_printf(b, "<Relationship Id=\"rId%u\" Type=\"%s%s\" Target=\"", n,
		           !strcmp(r->kind->relation, "diagramDrawing") ? REL_MS07 : REL_PREFIX, r->kind->relation);
		if (r->part)
			buf_printf(b, "/%.*s\"/>", STR_ARG(r->part->path));
		else {
			put_text(b, r->target);
			buf_puts(b, "\" TargetMode=\"External\"/>");
		}
	}
	buf_puts(b, "</Relationships>");
}

/* Each part and its relationships as one entry each, then all by name. */
struct out_entry { struct str name; struct zip_packed packed; };

static int by_name(const void *a, const void *b)
{
	return str_cmp(((const struct out_entry *)a)->name, ((const struct out_entry *)b)->name);
}

static int add(struct out_entry *e, struct str name, struct buf *b)
{
	int r = buf_err(b);

	e->name = name;
	if (!r)
		r = zip_pack(buf_view(b), &e->packed);
	buf_clear(b);
	return r;
}

static struct str rels_name(struct arena *a, struct str path)
{
	size_t i = path.n;

	while (i && path.p[i - 1] != '/')
		i--;
	return arena_strf(a, "%.*s_rels/%.*s.rels", STR_ARG(str_slice(path, 0, i)), STR_ARG(str_slice(path, i,
	    path.n)));
}

int package_write(struct package *pk)
{
	struct arena *a = pk->j->arena;
	struct out_entry *list = arena_array(a, 2 * pk->n_parts + 2, sizeof *list);
	const struct part *main_part;
	struct zip_writer w;
	struct buf b;
	unsigned n = 0;
	int r = 0;

	if (!list)
		return ERR_NOMEM;
	buf_init(&b, 64u << 20);
	main_part = pk->list[0];
	qsort(pk->list, pk->n_parts, sizeof *pk->list, by_path);
	put_types(&b, pk->list, pk->n_parts);
	r = add(&list[n++], STR("[Content_Types].xml"), &b);
	buf_printf(&b, XML_HEAD "<Relationships xmlns=\"" PACKAGE_NS
	    "relationships\"><Relationship Id=\"rId1\" Type=\"" REL_PREFIX
	           "officeDocument\" Target=\"/%.*s\"/>%s</Relationships>", STR_ARG(main_part->path),
	           pk->app ? "<Relationship Id=\"rId2\" Type=\"" REL_PREFIX
	    "extended-properties\" Target=\"/docProps/app.xml\"/>" : "");
	if (!r)
		r = add(&list[n++], STR("_rels/.rels"), &b);
	for (unsigned i = 0; !r && i < pk->n_parts; i++) {
		list[n].name = pk->list[i]->path;
		list[n++].packed = pk->list[i]->packed;
		if (pk->list[i]->used) {
			put_relations(&b, pk->list[i]);
			r = add(&list[n++], rels_name(a, pk->list[i]->path), &b);
		}
	}
	buf_release(&b);
	if (r)
		return r;
	qsort(list, n, sizeof *list, by_name);
	zip_begin(&w, &pk->j->out);
	for (unsigned i = 0; i < n; i++)
		zip_add_packed(&w, list[i].name, &list[i].packed);
	return zip_end(&w);
}

unsigned package_units(const struct package *pk)
{
	unsigned n = pk->counters[kind_named("worksheet") - kinds] + pk->counters[kind_named("chartsheet") - kinds] +
	             pk->counters[kind_named("slide") - kinds];

	return n ? n : 1;
}
