/* Writing in the one form the verifier takes. */
#include "gate-ooxml/filter_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void filter_put_text(struct buf *b, const char *s, size_t n, bool attribute)
{
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		const char *as = NULL;

		switch (s[i]) {
		case '&': as = "&amp;"; break;
		case '<': as = "&lt;"; break;
		case '>': as = "&gt;"; break;
		case '\r': as = "&#13;"; break;
		case '"': as = attribute ? "&quot;" : NULL; break;
		case '\t': as = attribute ? "&#9;" : NULL; break;
		case '\n': as = attribute ? "&#10;" : NULL; break;
		default: break;
		}
		if (!as)
			continue;
		buf_put(b, s + from, i - from);
		buf_puts(b, as);
		from = i + 1;
	}
	buf_put(b, s + from, n - from);
}

void filter_put_name(struct buf *b, unsigned name)
{
	const struct ox_name *n = &ox_names[name];

	if (ox_ns[n->ns].prefix[0]) {
		buf_puts(b, ox_ns[n->ns].prefix);
		buf_putc(b, ':');
	}
	buf_put(b, n->local, n->n);
}

bool filter_close_tag(struct filter *f)
{
	for (unsigned i = f->depth; i-- > 0;) {
		struct frame *fr = &f->stack[i];

		if (fr->bare)
			continue;
		if (!fr->open)
			return false;
		buf_putc(f->out, '>');
		fr->open = false;
		return true;
	}
	return false;
}

void filter_put_root(struct filter *f)
{
	struct str rest = str_from(f->in->root->prefixes);

	buf_puts(f->out, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<");
	filter_put_name(f->out, f->in->root->name);
	while (rest.n) {
		struct str p = str_cut(&rest, ' ');

		for (unsigned i = 1; i < ox_n_ns; i++)
			if (str_is(p, ox_ns[i].prefix) || (str_is(p, "x") && !ox_ns[i].prefix[0])) {
				buf_puts(f->out, " xmlns");
				if (ox_ns[i].prefix[0])
					buf_printf(f->out, ":%s", ox_ns[i].prefix);
				buf_printf(f->out, "=\"%s\"", ox_ns[i].uri);
				break;
			}
	}
}

void filter_undo(struct filter *f, const struct frame *fr)
{
	unsigned i = f->depth;

	f->out->n = fr->at;
	f->in->take_back(f->in->arg, fr->given);
	while (i-- > 0)
		if (!f->stack[i].bare) {
			f->stack[i].doomed |= fr->together;
			f->stack[i].open |= fr->first;
			return;
		}
}
