#include "core/gate_name.h"

static const struct {
	const char *language, *extensions;               /* the first one is given to names that have none of them */
} languages[] = {
	{"text", "txt log md"}, {"csv", "csv tsv"}, {"jpeg", "jpg jpeg"}, {"png", "png"}, {"pdf", "pdf"}, {"docx", "docx"},
	{"xlsx", "xlsx"}, {"pptx", "pptx"}, {"zip", "zip"}, {"mail", "eml"},
};

void gate_out_name(struct buf *b, struct str name, struct str language)
{
	struct str stem = name, ext = STR_NONE, rest, first;

	for (size_t i = name.n; i-- > 1;)
		if (name.p[i] == '.') {
			stem = str_slice(name, 0, i);
			ext = str_slice(name, i + 1, name.n);
			break;
		}
	for (size_t i = 0; i < ARRAY_LEN(languages); i++) {
		if (!str_is(language, languages[i].language))
			continue;
		rest = str_from(languages[i].extensions);
		first = str_slice(rest, 0, rest.n);
		first = str_cut(&first, ' ');
		while (rest.n)
			if (str_ieq(str_cut(&rest, ' '), ext)) {
				buf_str(b, name);
				return;
			}
		buf_str(b, stem);
		buf_putc(b, '.');
		buf_str(b, first);
		return;
	}
	buf_str(b, name);
}
