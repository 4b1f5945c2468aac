/* Language pdf: docs/formats/gate-pdf.md. The file has one form; it is read once from the first byte to the last, and every byte is
 * accounted for: literal, number, or stream of a known kind. */
#include "gate-verify/pdf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate-verify/inflate.h"
#include "lib/hash.h"

#define PAGES_MAX 5000u
#define FIRST_PAGE 7u
#define SIDE_MAX 14400
#define UNIT 10000                                   /* of numbers: ten-thousandths */

static const char *const blends[PDF_BLENDS] = {"Normal",     "Multiply",  "Screen",    "Overlay",    "Darken",    "Lighten", "ColorDodge", "ColorBurn",
                                               "HardLight",  "SoftLight", "Difference", "Exclusion", "Hue",       "Saturation", "Color",   "Luminosity"};

bool pdf_no(struct pdf *p, const char *rule)
{
	(void)refuse(p->c, rule, p->i);
	return false;
}

bool pdf_sees(const struct pdf *p, const char *z)
{
	size_t n = strlen(z);

	return p->c->in.n - p->i >= n && !memcmp(p->c->in.p + p->i, z, n);
}

bool pdf_eat(struct pdf *p, const char *z)
{
	if (!pdf_sees(p, z))
		return pdf_no(p, "pdf-form");
	p->i += strlen(z);
	return true;
}

bool pdf_whole(struct pdf *p, uint32_t max, bool zero, uint32_t *ret)
{
	uint64_t v = 0;
	size_t from = p->i;

	while (p->i < p->c->in.n && p->c->in.p[p->i] >= '0' && p->c->in.p[p->i] <= '9' && p->i - from < 10)
		v = v * 10 + (uint64_t)(p->c->in.p[p->i++] - '0');
	if (p->i == from || v > max || (!v && !zero) || (p->i - from > 1 && p->c->in.p[from] == '0'))
		return pdf_no(p, "pdf-number");
	*ret = (uint32_t)v;
	return true;
}

/* --- a cursor --------------------------------------------------------------------------------------------------------------- */

bool pdf_text_word(struct pdf_text *t, const char *z)
{
	size_t n = strlen(z);

	if (t->n - t->i < n || memcmp(t->p + t->i, z, n) != 0)
		return false;
	t->i += n;
	return true;
}

bool pdf_text_number(struct pdf_text *t, unsigned places, int64_t min, int64_t max, int64_t *ret)
{
	static const int64_t tens[] = {UNIT, UNIT / 10, UNIT / 100, UNIT / 1000, 1};
	size_t i = t->i, from;
	bool minus = i < t->n && t->p[i] == '-';
	int64_t v = 0;
	unsigned k = 0;

	from = i += minus;
	while (i < t->n && t->p[i] >= '0' && t->p[i] <= '9' && i - from < 9)
		v = v * 10 + (t->p[i++] - '0');
	if (i == from || (i - from > 1 && t->p[from] == '0'))
		return false;
	v *= UNIT;
	if (i < t->n && t->p[i] == '.') {
		for (i++; i < t->n && t->p[i] >= '0' && t->p[i] <= '9' && k < places; k++)
			v += (t->p[i++] - '0') * tens[k + 1];
		if (!k || t->p[i - 1] == '0')
			return false;
	}
	v = minus ? -v : v;
	if ((minus && !v) || v < min || v > max)
		return false;
	t->i = i;
	*ret = v;
	return true;
}

bool pdf_hex(struct pdf_text *t, unsigned digits, unsigned *ret)
{
	unsigned v = 0;

	for (unsigned k = 0; k < digits; k++, t->i++) {
		char c = t->i < t->n ? t->p[t->i] : 0;
		int d = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

		if (d < 0)
			return false;
		v = v << 4 | (unsigned)d;
	}
	*ret = v;
	return true;
}

/* --- objects ------------------------------------------------------------------------------------------------------------------ */

bool pdf_object(struct pdf *p, uint32_t n)
{
	char z[32];

	if (n >= p->cap) {
		size_t cap = 2 * (size_t)n + 64;
		size_t *at = realloc(p->at, cap * sizeof *at);

		if (!at)
			return pdf_no(p, "memory");
		p->at = at;
		p->cap = cap;
	}
	snprintf(z, sizeof z, "%u 0 obj\n", n);
	p->at[n] = p->i;
	p->n = n + 1;
	return pdf_eat(p, z);
}

static bool reference(struct pdf *p, const char *key, uint32_t n)
{
	char z[64];

	snprintf(z, sizeof z, "%s%u 0 R", key, n);
	return pdf_eat(p, z);
}

bool pdf_stream(struct pdf *p, struct str *ret)
{
	uint32_t n;

	if (!pdf_eat(p, "/Length ") || !pdf_whole(p, UINT32_MAX, false, &n) || !pdf_eat(p, ">>\nstream\n"))
		return false;
	if (n > p->c->in.n - p->i)
		return pdf_no(p, "pdf-stream");
	*ret = str_slice(p->c->in, p->i, n);
	p->i += n;
	return pdf_eat(p, "\nendstream\nendobj\n");
}

bool pdf_unpack(struct pdf *p, struct str packed, const char *rule, struct str *ret)
{
	size_t n;

	if (!inflate_zlib(packed, p->room, PDF_CONTENT_MAX, &n))
		return pdf_no(p, rule);
	*ret = str_n(p->room, n);
	return true;
}

static bool text_font(struct pdf *p)
{
	struct buf b;
	struct str got;
	bool ok;

	if (!pdf_object(p, 3) ||
	    !pdf_eat(p, "<</Type/Font/Subtype/Type0/BaseFont/SekishoText/Encoding/Identity-H/DescendantFonts[4 0 R]/ToUnicode 6 0 R>>\nendobj\n") ||
	    !pdf_object(p, 4) ||
	    !pdf_eat(p, "<</Type/Font/Subtype/CIDFontType2/BaseFont/SekishoText/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
	                "/FontDescriptor 5 0 R/DW 500>>\nendobj\n") ||
	    !pdf_object(p, 5) ||
	    !pdf_eat(p, "<</Type/FontDescriptor/FontName/SekishoText/Flags 4/FontBBox[0 0 500 1000]/ItalicAngle 0/Ascent 880/Descent -120"
	                "/CapHeight 700/StemV 80>>\nendobj\n"))
		return false;
	buf_init(&b, 65536);
	buf_puts(&b, "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /SekishoText def\n/CMapType 2 def\n"
	             "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n");
	for (unsigned i = 0; i < 256; i++)
		buf_printf(&b, "%s<%02X00> <%02XFF> <%02X00>\n%s", i % 64 ? "" : "64 beginbfrange\n", i, i, i, i % 64 == 63 ? "endbfrange\n" : "");
	buf_puts(&b, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
	ok = pdf_object(p, 6) && pdf_eat(p, "<<") && pdf_stream(p, &got) && (str_eq(got, buf_view(&b)) || pdf_no(p, "pdf-font"));
	buf_release(&b);
	return ok;
}

static bool begin(struct pdf *p)
{
	char z[40];

	if (!pdf_eat(p, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n") || !pdf_object(p, 1) || !pdf_eat(p, "<</Type/Catalog/Pages 2 0 R>>\nendobj\n") ||
	    !pdf_object(p, 2) || !pdf_eat(p, "<</Type/Pages/Kids["))
		return false;
	for (; p->pages < PAGES_MAX; p->pages++) {
		snprintf(z, sizeof z, "%s%u 0 R", p->pages ? " " : "", FIRST_PAGE + 2 * p->pages);
		if (!pdf_sees(p, z))
			break;
		p->i += strlen(z);
	}
	if (!p->pages)
		return pdf_no(p, "pdf-pages");
	p->first_picture = FIRST_PAGE + 2 * p->pages;
	snprintf(z, sizeof z, "]/Count %u>>\nendobj\n", p->pages);
	return pdf_eat(p, z) && text_font(p);
}

/* --- pages ---------------------------------------------------------------------------------------------------------------------- */

static bool side(struct pdf *p)
{
	struct pdf_text t = {p->c->in.p, p->c->in.n, p->i};
	int64_t v;

	if (!pdf_text_number(&t, 2, UNIT, (int64_t)SIDE_MAX * UNIT, &v))
		return pdf_no(p, "pdf-number");
	p->i = t.i;
	return true;
}

/* /XObject<</I0 20 0 R/I3 23 0 R>>: ascending, each the object of its number. */
static bool name_pictures(struct pdf *p)
{
	uint32_t k, next = 0;

	if (!pdf_sees(p, "/XObject<<"))
		return true;
	p->i += strlen("/XObject<<");
	do {
		if (!pdf_eat(p, "/I") || !pdf_whole(p, PDF_PICTURES_MAX - 1, true, &k) || !reference(p, " ", p->first_picture + k))
			return false;
		if (k < next)
			return pdf_no(p, "pdf-resource");
		next = k + 1;
		p->named[k] = p->page;
		p->n_pictures = next > p->n_pictures ? next : p->n_pictures;
	} while (!pdf_sees(p, ">>"));
	return pdf_eat(p, ">>");
}

static bool name_font(struct pdf *p, uint32_t *next)
{
	uint32_t k, object;

	if (!pdf_eat(p, "/T") || !pdf_whole(p, PDF_FONTS_MAX - 1, true, &k) || !pdf_eat(p, " ") || !pdf_whole(p, UINT32_MAX, false, &object) ||
	    !pdf_eat(p, " 0 R"))
		return false;
	if (k < *next || (p->font_object[k] && p->font_object[k] != object))
		return pdf_no(p, "pdf-resource");
	*next = k + 1;
	p->fonts.named[k] = true;
	p->font_object[k] = object;
	p->n_fonts = *next > p->n_fonts ? *next : p->n_fonts;
	return true;
}

static bool name_fonts(struct pdf *p)
{
	uint32_t next = 0;

	if (!pdf_sees(p, "/Font<<"))
		return true;
	p->i += strlen("/Font<<");
	if (pdf_sees(p, "/F ")) {
		p->text_named = true;
		if (!pdf_eat(p, "/F 3 0 R"))
			return false;
	}
	while (!pdf_sees(p, ">>"))
		if (!name_font(p, &next))
			return false;
	return (next || p->text_named || pdf_no(p, "pdf-form")) && pdf_eat(p, ">>");
}

/* /ExtGState<</A50<</CA 0.5/ca 0.5>>/B1<</BM/Multiply>>>>: what a name is follows from it. */
static bool name_states(struct pdf *p)
{
	bool any = false;
	char z[96];

	if (!pdf_sees(p, "/ExtGState<<"))
		return true;
	p->i += strlen("/ExtGState<<");
	for (unsigned a = 1; a <= PDF_ALPHAS; a++) {
		char v[8];

		snprintf(v, sizeof v, a == 100 ? "1" : a % 10 ? "0.%02u" : "0.%u", a % 10 ? a : a / 10);
		snprintf(z, sizeof z, "/A%u<</CA %s/ca %s>>", a, v, v);
		p->alphas.named[a] = pdf_sees(p, z);
		any |= p->alphas.named[a];
		p->i += p->alphas.named[a] ? strlen(z) : 0;
	}
	for (unsigned b = 0; b < PDF_BLENDS; b++) {
		snprintf(z, sizeof z, "/B%u<</BM/%s>>", b, blends[b]);
		p->blends.named[b] = pdf_sees(p, z);
		any |= p->blends.named[b];
		p->i += p->blends.named[b] ? strlen(z) : 0;
	}
	return (any || pdf_no(p, "pdf-form")) && pdf_eat(p, ">>");
}

/* Used is named, named is used. */
static bool agree(struct pdf *p)
{
	for (uint32_t k = 0; k < p->n_pictures; k++)
		if ((p->named[k] == p->page) != (p->used[k] == p->page))
			return pdf_no(p, "pdf-resource");
	for (unsigned k = 0; k < PDF_FONTS_MAX; k++)
		if (p->fonts.named[k] != p->fonts.used[k] || p->alphas.named[k] != p->alphas.used[k] || p->blends.named[k] != p->blends.used[k])
			return pdf_no(p, "pdf-resource");
	return p->text_named == p->text_used || pdf_no(p, "pdf-resource");
}

static bool page(struct pdf *p, uint32_t i)
{
	uint32_t n = FIRST_PAGE + 2 * i;
	struct str data;

	p->page = i + 1;
	p->text_named = p->text_used = false;
	memset(&p->fonts, 0, sizeof p->fonts);
	memset(&p->alphas, 0, sizeof p->alphas);
	memset(&p->blends, 0, sizeof p->blends);
	return pdf_object(p, n) && pdf_eat(p, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 ") && side(p) && pdf_eat(p, " ") && side(p) &&
	       reference(p, "]/Contents ", n + 1) && pdf_eat(p, "/Resources<<") && name_pictures(p) && name_fonts(p) && name_states(p) &&
	       pdf_eat(p, ">>>>\nendobj\n") && pdf_object(p, n + 1) && pdf_eat(p, "<</Filter/FlateDecode") && pdf_stream(p, &data) &&
	       pdf_unpack(p, data, "pdf-content", &data) && pdf_content(p, data) && agree(p);
}

/* --- the whole --------------------------------------------------------------------------------------------------------------------- */

static bool end(struct pdf *p)
{
	uint8_t id[SHA256_LEN];
	char z[160], hex[33];
	size_t at = p->i;

	snprintf(z, sizeof z, "xref\n0 %u\n0000000000 65535 f \n", p->n);
	if (!pdf_eat(p, z))
		return false;
	for (uint32_t i = 1; i < p->n; i++) {
		snprintf(z, sizeof z, "%010zu 00000 n \n", p->at[i]);
		if (!pdf_sees(p, z))
			return pdf_no(p, "pdf-xref");
		p->i += strlen(z);
	}
	sha256(p->c->in.p, at, id);
	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	snprintf(z, sizeof z, "trailer\n<</Size %u/Root 1 0 R/ID[<%s><%s>]>>\nstartxref\n%zu\n%%%%EOF\n", p->n, hex, hex, at);
	return pdf_eat(p, z) && (p->i == p->c->in.n || pdf_no(p, "pdf-end"));
}

bool verify_pdf(struct check *c)
{
	struct pdf *p = arena_alloc(c->arena, sizeof *p);
	bool ok;

	if (!p)
		return refuse(c, "memory", 0);
	p->c = c;
	p->named = calloc(PDF_PICTURES_MAX, sizeof *p->named);
	p->used = calloc(PDF_PICTURES_MAX, sizeof *p->used);
	p->shown = calloc(PDF_PICTURES_MAX, sizeof *p->shown);
	p->room = malloc(PDF_CONTENT_MAX);
	ok = p->named && p->used && p->shown && p->room ? begin(p) : pdf_no(p, "memory");
	for (uint32_t i = 0; ok && i < p->pages; i++)
		ok = page(p, i);
	ok = ok && pdf_pictures(p) && pdf_fonts(p) && end(p);
	free(p->named);
	free(p->used);
	free(p->shown);
	free(p->room);
	free(p->at);
	return ok;
}
