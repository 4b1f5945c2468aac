/* The drawing beside the comments of a sheet must be exactly the one that their cells give:
 * docs/formats/gate-ooxml.md, "Comments". */
#include <stdio.h>
#include <string.h>

#include "gate-verify/ooxml.h"

static bool cell_of(struct str ref, unsigned *col, unsigned *row)
{
	size_t i = 0;
	unsigned c = 0, r = 0;

	while (i < ref.n && ref.p[i] >= 'A' && ref.p[i] <= 'Z')
		c = i > 2 ? 1u << 20 : c * 26 + (unsigned)(ref.p[i] - 'A' + 1), i++;
	size_t digits = i;
	while (i < ref.n && ref.p[i] >= '0' && ref.p[i] <= '9')
		r = i - digits > 6 ? 1u << 30 : r * 10 + (unsigned)(ref.p[i] - '0'), i++;
	*col = c - 1;
	*row = r - 1;
	return c && r && c < 1u << 20 && r < 1u << 30 && digits <= 3 && i == ref.n;
}

static void one(struct buf *b, unsigned id, unsigned z, unsigned c, unsigned r)
{
	buf_printf(b,
	    "<v:shape id=\"_x0000_s%u\" type=\"#_x0000_t202\" style=\"position:absolute;margin-left:59.25pt;margin-top:1.5pt;width:108pt;height:59.25pt;"
	              "z-index:%u;visibility:hidden\" fillcolor=\"#ffffe1\" o:insetmode=\"auto\">", id, z);
	buf_puts(b,
	    "<v:fill color2=\"#ffffe1\"/><v:shadow on=\"t\" color=\"black\" obscured=\"t\"/><v:path o:connecttype=\"none\"/>"
	            "<v:textbox style=\"mso-direction-alt:auto\"/><x:ClientData ObjectType=\"Note\"><x:MoveWithCells/><x:SizeWithCells/>");
	buf_printf(b,
	    "<x:Anchor>%u, 15, %u, 2, %u, 15, %u, 1</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>%u</x:Row><x:Column>%u</x:Column>", c + 1, r,
	           c + 3, r + 4, r, c);
	buf_puts(b, "</x:ClientData></v:shape>");
}

void ov_notes(struct str comments, unsigned n, struct buf *b)
{
	unsigned count = 0, c, r;

	buf_puts(b,
	    "<xml xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\" "
	            "xmlns:x=\"urn:schemas-microsoft-com:office:excel\">");
	buf_printf(b, "<o:shapelayout v:ext=\"edit\"><o:idmap v:ext=\"edit\" data=\"%u\"/></o:shapelayout>", n);
	buf_puts(b,
	    "<v:shapetype id=\"_x0000_t202\" coordsize=\"21600,21600\" o:spt=\"202\" path=\"m,l,21600r21600,l21600,xe\">"
	            "<v:stroke joinstyle=\"miter\"/><v:path gradientshapeok=\"t\" o:connecttype=\"rect\"/></v:shapetype>");
	for (size_t i = 0; i + 9 < comments.n && count < 65536; i++) {
		struct str tag, ref;

		if (memcmp(comments.p + i, "<comment ", 9) != 0)
			continue;
		tag = str_slice(comments, i, comments.n);
		tag = str_cut(&tag, '>');
		for (size_t k = 0; k + 6 < tag.n; k++)
			if (!memcmp(tag.p + k, " ref=\"", 6)) {
				ref = str_slice(tag, k + 6, tag.n);
				ref = str_cut(&ref, '"');
				if (cell_of(ref, &c, &r)) {
					count++;
					one(b, n * 1024 + count, count, c, r);
				}
				break;
			}
	}
	buf_puts(b, "</xml>");
}
