/* Contents of pages and outlines of glyphs, without the packing around them (it would keep a fuzzer out): the first byte chooses. A no has
 * its rule, the same comes out twice, and a yes holds no operator but those of the list. */
#include <stdlib.h>
#include <string.h>

#include "gate-verify/pdf.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct pdf *state(struct check *c, struct pdf *p)
{
	static uint32_t named[PDF_PICTURES_MAX], used[PDF_PICTURES_MAX];
	static bool shown[PDF_PICTURES_MAX];

	*p = (struct pdf){.c = c, .page = 1, .named = named, .used = used, .shown = shown};
	return p;
}

static bool judge(struct str in, bool glyph, struct check *c)
{
	static const int64_t box[4] = {-320000000, -320000000, 320000000, 320000000};
	static struct pdf p;

	*c = (struct check){.in = in};
	return glyph ? pdf_outline(state(c, &p), in, 5000000, box) : pdf_content(state(c, &p), in);
}

/* Words that begin with a letter, outside strings and names. */
static void only_known(struct str s)
{
	static const char *const known[] = {"q", "Q", "cm", "g", "G", "rg", "RG", "w", "M", "J", "j", "d", "gs", "Do", "m", "l", "c", "re", "h", "f", "f*", "S",
	                                    "W", "W*", "n", "BT", "ET", "Tf", "Tm", "TJ", "Tj", "Tr", "Tz", "d1"};

	for (size_t i = 0, to; i < s.n; i = to + 1) {
		bool found = false;

		for (to = i; to < s.n && !strchr(" \n<>[]", s.p[to]);)
			to++;
		if (to == i || strchr("/-.0123456789", s.p[i]) || (i && s.p[i - 1] == '<'))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(known); k++)
			found |= to - i == strlen(known[k]) && !memcmp(s.p + i, known[k], to - i);
		if (!found)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct check one, two;
	struct str in;
	bool yes, glyph;

	if (!n)
		return 0;
	in = str_n(p + 1, n - 1);
	glyph = p[0] & 1;
	yes = judge(in, glyph, &one);
	if (yes != judge(in, glyph, &two) || yes != !one.rule || one.rule != two.rule)
		abort();
	if (yes)
		only_known(in);
	return 0;
}
