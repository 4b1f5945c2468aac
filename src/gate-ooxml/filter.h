/* One XML part of the document written anew: what the grammar has is kept, in our own form; everything else is
 * dropped and
 * counted. Streams: expat in, one buffer out. */
#ifndef GATE_OOXML_FILTER_H
#define GATE_OOXML_FILTER_H

#include "gate-ooxml/schema.h"
#include "lib/arena.h"
#include "lib/buf.h"
#include "rebuild/zip.h"

#define FILTER_DEPTH_MAX 256u
#define FILTER_CODES 48u

/* What was dropped in a part, by code. */
struct tally {
	struct { const char *code; int64_t n; char sample[80]; } list[FILTER_CODES];
	unsigned n;
};
void tally(struct tally *t, const char *code, struct str sample);

struct filter_in {
	const struct zip_entry *entry;
	const struct ox_root *root;
	struct arena *arena;                             /* short-lived; may be cleared after */
	struct tally *tally;
	enum { TABS_AS_THEY_ARE, TABS_CHANGE } tabs;     /* a workbook: sheets may be dropped, positions follow */
	bool links;                                      /* policy: links to the outside are kept */
	/* The new number of a relationship that is of one of class's kinds, or 0. May queue parts. */
	unsigned (*relation)(void *arg, struct str id, const struct ox_class *kinds);
	/* How many numbers were given; and: all above that many are taken back, their element did not stay. */
	unsigned (*given)(void *arg);
	void (*take_back)(void *arg, unsigned given);
	void *arg;
};
/* Appends the part to out. 0; ERR_SYNTAX with *ret_code: not XML we take; ERR_CORRUPT: the packed bytes are. */
int filter_part(const struct filter_in *in, struct buf *out, const char **ret_code) MUST_USE;

/* Formulas of cells: only functions of a list, nothing that leaves the workbook. */
bool formula_ok(struct str f, const char **ret_code);
/* Field codes of Word; links: whether HYPERLINK may lead outside. */
bool field_ok(struct str code, bool links, const char **ret_code);
/* http, https and mailto, in characters no program takes for anything else. */
bool link_ok(struct str url);

/* Which fields of a part go: one flag per fldChar and instrText in the order of the text. */
struct fields {
	uint8_t *drop;
	size_t n;
};
int fields_plan(const struct filter_in *in, struct fields *ret) MUST_USE;

#endif
