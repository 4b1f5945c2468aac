/* What the files of the filter share. */
#ifndef GATE_OOXML_FILTER_INSIDE_H
#define GATE_OOXML_FILTER_INSIDE_H

#include <expat.h>

#include "gate-ooxml/filter.h"

#define BINDINGS 256u
#define CACHE 1024u
#define ATTRS_MAX 256u
#define SHARED_MAX 65536u
#define SHEETS_MAX 4096u
/* mc is no namespace of the grammar, but its three elements are understood. */
#define NS_MC 254u

struct frame {
	uint16_t type, name;
	uint8_t text;                                    /* kind of what text it takes */
	bool open;                                       /* its start tag still lacks the > */
	bool bare;                                       /* stands for its parent: its own tags are not written */
	bool object;                                     /* an embedded object: only its picture is looked for */
	bool choosing, chosen;                           /* mc:AlternateContent */
	bool doomed, has, together;                      /* goes at its end; has what it lives from; takes its parent along */
	size_t at;                                       /* where it begins in the output */
	bool first;                                      /* it made its parent's tag a start tag */
	unsigned given;                                  /* numbers of relationships before it */
	int64_t shared;                                  /* of a cell's formula: its group, or -1 */
};

struct binding { struct str prefix; uint8_t ns; unsigned depth; };

struct cached { char *raw; uint16_t name; uint8_t ns; unsigned generation; };

struct filter {
	const struct filter_in *in;
	XML_Parser x;
	struct buf *out;
	struct frame stack[FILTER_DEPTH_MAX + 1];
	unsigned depth, skip;                            /* of elements inside a dropped one */
	struct binding bound[BINDINGS];
	unsigned n_bound, levels;                        /* levels: of all elements, for bindings */
	struct cached cache[CACHE];
	unsigned generation;
	uint16_t emitted[ATTRS_MAX];
	unsigned n_emitted;
	struct buf text;
	struct fields fields;
	size_t field;                                    /* next flag */
	bool field_gone;
	struct { bool dropped, in_code; } field_stack[64];
	unsigned n_fields, silent;                       /* silent: inside the code of a dropped field */
	int16_t sheets[SHEETS_MAX];                      /* a workbook's, as they were: their new index, or -1 */
	unsigned n_sheets, kept_sheets;
	uint8_t *shared_gone;                            /* groups of formulas whose first was dropped, one bit each */
	bool seen_root;
	const char *code;
};

void filter_stop(struct filter *f, const char *code);
unsigned filter_ns(const struct filter *f, struct str prefix);
void filter_bind(struct filter *f, const char *raw, const char *uri);
unsigned filter_resolve(struct filter *f, const char *raw, bool attribute, unsigned *ret_ns);
const char *filter_local(const char *raw);
void filter_put_text(struct buf *b, const char *s, size_t n, bool attribute);
void filter_put_name(struct buf *b, unsigned name);
/* true: it was open. */
bool filter_close_tag(struct filter *f);
void filter_put_root(struct filter *f);
/* The topmost element, already off the stack, leaves no trace. */
void filter_undo(struct filter *f, const struct frame *fr);
/* What only marks or times things is no loss. */
void filter_tally_extension(struct filter *f, const char **atts);
void filter_tally_element(struct filter *f, unsigned ns, const char *local);
/* All of an element; false when it cannot stand. */
bool filter_attributes(struct filter *f, struct frame *fr, const char **atts);
struct frame *filter_parent(struct filter *f);
struct frame *filter_push(struct filter *f);
/* Takes its children as if they stood in its parent. */
void filter_push_bare(struct filter *f);
void filter_compatibility(struct filter *f, const char *local, const char **atts);
/* Counts fields in the order the plan did, wherever they stand. */
void filter_field_event(struct filter *f, const char *local, const char **atts);
bool filter_unwrapped(const struct ox_name *up, unsigned ns, const char *local);
/* Inside an embedded object: true when the element was dealt with. */
bool filter_in_object(struct filter *f, unsigned ns, const char *local, const char **atts);
bool filter_is_object(const char *local, const char **atts);
/* An object of Word whose document did not pass: the picture it showed stays, as one. */
bool filter_becomes_picture(struct filter *f, struct frame *fr);

#endif
