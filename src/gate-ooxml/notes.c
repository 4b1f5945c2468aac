#include "gate-ooxml/notes.h"

#include <expat.h>
#include <string.h>

#define NOTES_MAX 65536u

struct notes {
	XML_Parser x;
	struct buf *out;
	unsigned n, id;
};

static const struct relation *comments(const struct part *sheet)
{
	for (unsigned i = 0; i < sheet->n_relations; i++)
		if (sheet->relations[i].kind && !strcmp(sheet->relations[i].kind->name, "xcomments"))
			return &sheet->relations[i];
	return NULL;
}

bool notes_has(const struct part *sheet)
{
	return comments(sheet) != NULL;
}

/* "BC12" as column and row from 0. */
static bool cell(const char *ref, unsigned *col, unsigned *row)
{
	unsigned c = 0, r = 0, letters = 0, digits = 0;

	for (; *ref >= 'A' && *ref <= 'Z' && letters < 4; letters++)
		c = c * 26 + (unsigned)(*ref++ - 'A' + 1);
	for (; *ref >= '0' && *ref <= '9' && digits < 8; digits++)
		r = r * 10 + (unsigned)(*ref++ - '0');
	*col = c - 1;
	*row = r - 1;
	return letters && letters < 4 && digits && digits < 8 && !*ref && c && r;
}

static void XMLCALL start(void *arg, const char *raw, const char **atts)
{
	struct notes *nt = arg;
	const char *colon = strchr(raw, ':');
	unsigned c, r;

	if (strcmp(colon ? colon + 1 : raw, "comment") != 0 || nt->n == NOTES_MAX)
		return;
	while (*atts && strcmp(*atts, "ref") != 0)
		atts += 2;
	if (!*atts || !cell(atts[1], &c, &r))
		return;
	buf_printf(nt->out,
	    "<v:shape id=\"_x0000_s%u\" type=\"#_x0000_t202\" style=\"position:absolute;margin-left:59.25pt;margin-top:1.5pt;width:108pt;"
	           "height:59.25pt;z-index:%u;visibility:hidden\" fillcolor=\"#ffffe1\" o:insetmode=\"auto\"><v:fill color2=\"#ffffe1\"/>"
	           "<v:shadow on=\"t\" color=\"black\" obscured=\"t\"/><v:path o:connecttype=\"none\"/><v:textbox style=\"mso-direction-alt:auto\"/>"
	           "<x:ClientData ObjectType=\"Note\"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>%u, 15, %u, 2, %u, 15, %u, 1</x:Anchor>"
	           "<x:AutoFill>False</x:AutoFill><x:Row>%u</x:Row><x:Column>%u</x:Column></x:ClientData></v:shape>",
	           nt->id + nt->n + 1, nt->n + 1, c + 1, r, c + 3, r + 4, r, c);
	nt->n++;
}

static void XMLCALL end(void *arg, const char *raw)
{
}

static void XMLCALL doctype(void *arg, const char *a, const char *b, const char *c, int d)
{
	struct notes *nt = arg;

	XML_StopParser(nt->x, XML_FALSE);
}

static int chunk(void *arg, const void *p, size_t n)
{
	struct notes *nt = arg;

	return XML_Parse(nt->x, p, (int)n, XML_FALSE) == XML_STATUS_OK ? buf_err(nt->out) : ERR_SYNTAX;
}

int notes_put(struct package *pk, const struct part *sheet, unsigned n, struct buf *out)
{
	const struct relation *rel = comments(sheet);
	const struct zip_entry *en = rel ? package_target(pk, sheet->name, rel->target) : NULL;
	struct notes nt = {.out = out, .id = n * 1024};
	int r;

	if (!en)
		return ERR_NOTFOUND;
	buf_printf(out,
	    "<xml xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\" "
	           "xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><o:shapelayout v:ext=\"edit\"><o:idmap v:ext=\"edit\" data=\"%u\"/></o:shapelayout>"
	           "<v:shapetype id=\"_x0000_t202\" coordsize=\"21600,21600\" o:spt=\"202\" path=\"m,l,21600r21600,l21600,xe\"><v:stroke joinstyle=\"miter\"/>"
	           "<v:path gradientshapeok=\"t\" o:connecttype=\"rect\"/></v:shapetype>", n);
	nt.x = XML_ParserCreate(NULL);
	XML_SetUserData(nt.x, &nt);
	XML_SetElementHandler(nt.x, start, end);
	XML_SetStartDoctypeDeclHandler(nt.x, doctype);
	r = zip_stream(en, chunk, &nt);
	XML_ParserFree(nt.x);
	buf_puts(out, "</xml>");
	return r ? r : buf_err(out);
}
