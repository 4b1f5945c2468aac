/* Languages docx, xlsx and pptx: docs/formats/gate-ooxml.md. The grammar is gate/ooxml/accept.tsv, a list of the
 * verifier's own,
 * compiled into arrays by tools/ooxmlc. */
#ifndef GATE_VERIFY_OOXML_H
#define GATE_VERIFY_OOXML_H

#include "gate-verify/verify.h"

enum {
	ov_NONE, ov_TEXT, ov_BOOL, ov_DEC, ov_DATE, ov_HEX, ov_BASE64, ov_LIST, ov_GUID, ov_INT, ov_ENUM, ov_ANY,
	    ov_RID, ov_RIDOPT,
	ov_FORMULA, ov_FIELD, ov_CSS, ov_NAME, ov_VBOOL, ov_LABEL, ov_TOKEN, ov_LANG, ov_PLACE, ov_CELLS
};

struct ov_name { const char *local; uint8_t n, ns; };
struct ov_class { uint8_t kind; uint16_t first, n; int64_t min, max; };
struct ov_pair { uint16_t name, value; uint8_t flag; };
struct ov_type { uint16_t attr, kid, need; uint8_t n_attrs, n_kids, n_needs; uint16_t text; };
struct ov_root { const char *kind; uint16_t name, type; const char *prefixes; };
struct ov_ns { const char *prefix, *uri, *strict; };

extern const struct ov_name ov_names[];
extern const uint16_t ov_hash[];
extern const char *const ov_words[];
extern const struct ov_class ov_classes[];
extern const struct ov_pair ov_pairs[];
extern const uint16_t ov_needs[];
extern const struct ov_type ov_types[];
extern const struct ov_root ov_roots[];
extern const struct ov_ns ov_ns[];
extern const unsigned ov_n_types, ov_n_roots, ov_n_ns;

/* Kinds of parts, by the pattern of their names: # stands for a number from 1. */
struct ov_kind {
	const char *name, *path, *relation, *type;
	const char *from;                                /* kinds it may be reached from; + where no attribute need name it */
};
extern const struct ov_kind ov_kinds[];
extern const unsigned ov_n_kinds;

#define OV_LINKS_MAX 20000u

struct ov_link {                                     /* a relationship; rId(i+1) is the i-th */
	const struct ov_kind *kind;
	size_t part;                                     /* index, or SIZE_MAX for a hyperlink */
	bool used;
};

/* One XML part: root and all below by the grammar, links by their number. Refuses through c; at: of the part. */
bool ov_xml(struct check *c, struct str content, const struct ov_root *root, struct ov_link *links, size_t n_links,
    size_t at);

bool ov_value(const struct ov_class *cl, struct str v);   /* ooxml_values.c */
bool ov_formula(struct str f);
bool ov_field(struct str code);
bool ov_url(struct str url);

/* The drawing number n that belongs to these comments. */
void ov_notes(struct str comments, unsigned n, struct buf *b);

/* Fields of a text that runs over many elements. */
struct ov_fields {
	struct { struct buf code; bool in_code, first_nested; } open[64];
	unsigned deep;
};
bool ov_field_char(struct ov_fields *f, struct str kind);
bool ov_field_code(struct ov_fields *f, struct str text);
bool ov_fields_done(struct ov_fields *f);            /* releases; false when one never ended */

#endif
