/* Language pdf: docs/formats/gate-pdf.md. The file has one form; it is read once from the first byte to the last, and every byte is
 * accounted for: literal, number, or stream of a known kind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate-verify/inflate.h"
#include "gate-verify/verify.h"
#include "lib/hash.h"

#define PAGES_MAX 5000u
#define FIRST_PAGE 7u
#define SIDE_MAX 1440000u                            /* hundredths of a point */
#define PIXELS_MAX (40u << 20)
#define CONTENT_MAX (64u << 20)
#define PAGE_PIXELS_SIDE_MAX 30000u

struct pdf {
	struct check *c;
	size_t i;
	uint32_t pages, n;                               /* objects, with 0 */
	size_t *at;
};

static bool no(struct pdf *p, const char *rule)
{
	(void)refuse(p->c, rule, p->i);
	return false;
}

static bool eat(struct pdf *p, const char *z)
{
	size_t n = strlen(z);

	if (p->c->in.n - p->i < n || memcmp(p->c->in.p + p->i, z, n) != 0)
		return no(p, "pdf-form");
	p->i += n;
	return true;
}

static bool sees(const struct pdf *p, const char *z)
{
	size_t n = strlen(z);

	return p->c->in.n - p->i >= n && !memcmp(p->c->in.p + p->i, z, n);
}

/* Decimal without leading zeros, from 1 to max (from 0 when zero is allowed). */
static bool whole(struct pdf *p, uint32_t max, bool zero, uint32_t *ret)
{
	uint64_t v = 0;
	size_t from = p->i;

	while (p->i < p->c->in.n && p->c->in.p[p->i] >= '0' && p->c->in.p[p->i] <= '9' && p->i - from < 10)
		v = v * 10 + (uint64_t)(p->c->in.p[p->i++] - '0');
	if (p->i == from || v > max || (!v && !zero) || (p->i - from > 1 && p->c->in.p[from] == '0'))
		return no(p, "pdf-number");
	*ret = (uint32_t)v;
	return true;
}

/* Hundredths: digits, at most two places, no trailing zero; a sign when it is allowed. */
static bool hundredths(const char *z, size_t n, bool sign, size_t *used, int64_t *ret)
{
	size_t i = 0, from;
	int64_t v = 0;
	bool minus = sign && n && z[0] == '-';

	i += minus;
	from = i;
	while (i < n && z[i] >= '0' && z[i] <= '9' && i - from < 9)
		v = v * 10 + (z[i++] - '0');
	if (i == from || (i - from > 1 && z[from] == '0'))
		return false;
	v *= 100;
	if (i + 1 < n && z[i] == '.') {
		if (z[i + 1] < '0' || z[i + 1] > '9')
			return false;
		v += (z[i + 1] - '0') * 10;
		i += 2;
		if (i < n && z[i] >= '1' && z[i] <= '9')
			v += z[i++] - '0';
		else if (z[i - 1] == '0')
			return false;
		if (i < n && z[i] >= '0' && z[i] <= '9')
			return false;
	}
	if (minus && !v)
		return false;
	*used = i;
	*ret = minus ? -v : v;
	return true;
}

static bool point(struct pdf *p, uint32_t max, int64_t *ret)
{
	size_t k;

	if (!hundredths(p->c->in.p + p->i, p->c->in.n - p->i, false, &k, ret) || *ret < 100 || *ret > max)
		return no(p, "pdf-number");
	p->i += k;
	return true;
}

static bool object(struct pdf *p, uint32_t n)
{
	char z[32];

	snprintf(z, sizeof z, "%u 0 obj\n", n);
	p->at[n] = p->i;
	return eat(p, z);
}

static bool reference(struct pdf *p, const char *key, uint32_t n)
{
	char z[64];

	snprintf(z, sizeof z, "%s%u 0 R", key, n);
	return eat(p, z);
}

/* "/Length n>>\nstream\n", n bytes, "\nendstream\nendobj\n". */
static bool stream(struct pdf *p, struct str *ret)
{
	uint32_t n;

	if (!eat(p, "/Length ") || !whole(p, UINT32_MAX, false, &n) || !eat(p, ">>\nstream\n"))
		return false;
	if (n > p->c->in.n - p->i)
		return no(p, "pdf-stream");
	*ret = str_slice(p->c->in, p->i, n);
	p->i += n;
	return eat(p, "\nendstream\nendobj\n");
}

static bool to_unicode(struct pdf *p)
{
	struct buf b;
	struct str got;
	bool ok;

	buf_init(&b, 65536);
	buf_puts(&b, "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /SekishoText def\n/CMapType 2 def\n"
	             "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n");
	for (unsigned i = 0; i < 256; i++)
		buf_printf(&b, "%s<%02X00> <%02XFF> <%02X00>\n%s", i % 64 ? "" : "64 beginbfrange\n", i, i, i, i % 64 == 63 ? "endbfrange\n" : "");
	buf_puts(&b, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
	ok = object(p, 6) && eat(p, "<<") && stream(p, &got) && (str_eq(got, buf_view(&b)) || no(p, "pdf-font"));
	buf_release(&b);
	return ok;
}

static bool begin(struct pdf *p)
{
	if (!eat(p, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"))
		return false;
	/* The number of pages stands behind their list: counted first, read again below. */
	while (p->pages < PAGES_MAX) {
		char z[32];
		int n = snprintf(z, sizeof z, "%s%u 0 R", p->pages ? " " : "", FIRST_PAGE + 3 * p->pages);
		static const char kids[] = "1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[";
		size_t at = p->pages ? p->i : p->i + sizeof kids - 1;

		if (!p->pages && !sees(p, kids))
			return no(p, "pdf-form");
		if (p->c->in.n < at + (size_t)n || memcmp(p->c->in.p + at, z, (size_t)n) != 0)
			break;
		p->i = at + (size_t)n;
		p->pages++;
	}
	if (!p->pages)
		return no(p, "pdf-pages");
	p->n = FIRST_PAGE + 3 * p->pages;
	p->at = arena_array(p->c->arena, p->n, sizeof *p->at);
	if (!p->at)
		return refuse(p->c, "memory", 0);
	p->at[1] = 15;
	p->at[2] = 15 + strlen("1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n");
	{
		char z[40];

		snprintf(z, sizeof z, "]/Count %u>>\nendobj\n", p->pages);
		if (!eat(p, z))
			return false;
	}
	return object(p, 3) &&
	       eat(p, "<</Type/Font/Subtype/Type0/BaseFont/SekishoText/Encoding/Identity-H/DescendantFonts[4 0 R]/ToUnicode 6 0 R>>\nendobj\n") &&
	       object(p, 4) &&
	       eat(p, "<</Type/Font/Subtype/CIDFontType2/BaseFont/SekishoText/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
	              "/FontDescriptor 5 0 R/DW 500>>\nendobj\n") &&
	       object(p, 5) &&
	       eat(p, "<</Type/FontDescriptor/FontName/SekishoText/Flags 4/FontBBox[0 0 500 1000]/ItalicAngle 0/Ascent 880/Descent -120"
	              "/CapHeight 700/StemV 80>>\nendobj\n") &&
	       to_unicode(p);
}

/* --- a page's content ------------------------------------------------------------------------------------------------------ */

struct text {
	const char *p;
	size_t n, i;
};

static bool word(struct text *t, const char *z)
{
	size_t n = strlen(z);

	if (t->n - t->i < n || memcmp(t->p + t->i, z, n) != 0)
		return false;
	t->i += n;
	return true;
}

static bool value(struct text *t, bool sign, int64_t min, int64_t max)
{
	size_t k;
	int64_t v;

	if (!hundredths(t->p + t->i, t->n - t->i, sign, &k, &v) || v < min || v > max)
		return false;
	t->i += k;
	return true;
}

/* Codes of four hexadecimal digits, none of them a control or half of a pair. */
static bool codes(struct text *t)
{
	unsigned n = 0;

	for (; t->n - t->i >= 4 && t->p[t->i] != '>'; t->i += 4, n++) {
		unsigned v = 0;

		for (int k = 0; k < 4; k++) {
			char c = t->p[t->i + (size_t)k];
			int d = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

			if (d < 0)
				return false;
			v = v << 4 | (unsigned)d;
		}
		if (v < 0x20 || (v >= 0x7f && v < 0xa0) || (v >= 0xd800 && v < 0xe000))
			return false;
	}
	return n > 0 && n <= 500;
}

static bool content(struct pdf *p, struct str packed, int64_t w, int64_t h)
{
	uint8_t *raw = malloc(CONTENT_MAX);
	struct text t = {.p = (const char *)raw};
	bool ok = raw && inflate_zlib(packed, raw, CONTENT_MAX, &t.n);

	ok = ok && word(&t, "q\n") && value(&t, false, w, w) && word(&t, " 0 0 ") && value(&t, false, h, h) && word(&t, " 0 0 cm\n/I Do\nQ\n");
	if (ok && t.i < t.n) {
		ok = word(&t, "BT\n3 Tr\n");
		while (ok && !word(&t, "ET\n"))
			ok = word(&t, "/F ") && value(&t, false, 100, 200000) && word(&t, " Tf ") && value(&t, false, 100, 999900) && word(&t, " Tz 1 0 0 1 ") &&
			     value(&t, true, -2000000, 2000000) && word(&t, " ") && value(&t, true, -2000000, 2000000) && word(&t, " Tm <") && codes(&t) &&
			     word(&t, "> Tj\n");
	}
	ok = ok && t.i == t.n;
	free(raw);
	return ok || no(p, "pdf-content");
}

/* --- a page's picture -------------------------------------------------------------------------------------------------------- */

static bool palette(struct pdf *p, uint32_t *ret_max)
{
	if (!whole(p, 255, true, ret_max) || !eat(p, "<"))
		return false;
	for (uint32_t i = 0; i < (*ret_max + 1) * 6; i++, p->i++)
		if (p->i >= p->c->in.n || !((p->c->in.p[p->i] >= '0' && p->c->in.p[p->i] <= '9') || (p->c->in.p[p->i] >= 'A' && p->c->in.p[p->i] <= 'F')))
			return no(p, "pdf-image");
	return eat(p, ">]/BitsPerComponent 8/Filter/FlateDecode");
}

static bool samples(struct pdf *p, struct str packed, uint32_t w, uint32_t h, uint32_t colours)
{
	size_t row = colours ? w : (w + 1) / 2, n = row * h, got = 0;
	uint8_t *raw = malloc(n);
	bool ok = raw && inflate_zlib(packed, raw, n, &got) && got == n;

	for (size_t i = 0; ok && colours && i < n; i++)
		ok = raw[i] < colours;
	free(raw);
	return ok || no(p, "pdf-image");
}

/* The picture inside must be in language jpeg, and of the size and colours the dictionary says. */
static bool photo(struct pdf *p, struct str jpeg, uint32_t w, uint32_t h, bool grey)
{
	struct check inner = {.in = jpeg, .arena = p->c->arena};
	size_t frame = grey ? 20 + 69 : 20 + 2 * 69;
	const uint8_t *s = (const uint8_t *)jpeg.p;

	if (!verify_jpeg(&inner))
		return refuse(p->c, inner.rule ? inner.rule : "pdf-image", p->i);
	return (jpeg.n > frame + 9 && s[frame] == 0xff && s[frame + 1] == 0xc0 && (uint32_t)(s[frame + 5] << 8 | s[frame + 6]) == h &&
	        (uint32_t)(s[frame + 7] << 8 | s[frame + 8]) == w) ||
	       no(p, "pdf-image");
}

static bool image(struct pdf *p, uint32_t n)
{
	uint32_t w, h, most;
	struct str data;
	bool grey;

	if (!object(p, n) || !eat(p, "<</Type/XObject/Subtype/Image/Width ") || !whole(p, PAGE_PIXELS_SIDE_MAX, false, &w) || !eat(p, "/Height ") ||
	    !whole(p, PAGE_PIXELS_SIDE_MAX, false, &h))
		return false;
	if ((uint64_t)w * h > PIXELS_MAX)
		return no(p, "image-size");
	if (sees(p, "/ColorSpace[/Indexed/DeviceRGB "))
		return eat(p, "/ColorSpace[/Indexed/DeviceRGB ") && palette(p, &most) && stream(p, &data) && samples(p, data, w, h, most + 1);
	if (sees(p, "/ColorSpace/DeviceGray/BitsPerComponent 4"))
		return eat(p, "/ColorSpace/DeviceGray/BitsPerComponent 4/Filter/FlateDecode") && stream(p, &data) && samples(p, data, w, h, 0);
	grey = sees(p, "/ColorSpace/DeviceGray");
	return eat(p, grey ? "/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode" : "/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode") &&
	       stream(p, &data) && photo(p, data, w, h, grey);
}

static bool page(struct pdf *p, uint32_t i)
{
	uint32_t n = FIRST_PAGE + 3 * i;
	struct str data;
	int64_t w, h;

	return object(p, n) && eat(p, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 ") && point(p, SIDE_MAX, &w) && eat(p, " ") && point(p, SIDE_MAX, &h) &&
	       reference(p, "]/Contents ", n + 1) && reference(p, "/Resources<</XObject<</I ", n + 2) && eat(p, ">>/Font<</F 3 0 R>>>>>>\nendobj\n") &&
	       object(p, n + 1) && eat(p, "<</Filter/FlateDecode") && stream(p, &data) && content(p, data, w, h) && image(p, n + 2);
}

static bool end(struct pdf *p)
{
	uint8_t id[SHA256_LEN];
	char z[160], hex[33];
	size_t at = p->i;

	snprintf(z, sizeof z, "xref\n0 %u\n0000000000 65535 f \n", p->n);
	if (!eat(p, z))
		return false;
	for (uint32_t i = 1; i < p->n; i++) {
		snprintf(z, sizeof z, "%010zu 00000 n \n", p->at[i]);
		if (!eat(p, z))
			return no(p, "pdf-xref");
	}
	sha256(p->c->in.p, at, id);
	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	snprintf(z, sizeof z, "trailer\n<</Size %u/Root 1 0 R/ID[<%s><%s>]>>\nstartxref\n%zu\n%%%%EOF\n", p->n, hex, hex, at);
	return eat(p, z) && (p->i == p->c->in.n || no(p, "pdf-end"));
}

bool verify_pdf(struct check *c)
{
	struct pdf p = {.c = c};

	if (!begin(&p))
		return false;
	for (uint32_t i = 0; i < p.pages; i++)
		if (!page(&p, i))
			return false;
	return end(&p);
}
