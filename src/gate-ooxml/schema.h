/* The grammar the rebuilder keeps to: gate/ooxml/rebuild.tsv, compiled by tools/ooxmlc. A type says which
 * attributes and which
 * elements may stand in an element, each with its value class or type; what is in no table is dropped. */
#ifndef GATE_OOXML_SCHEMA_H
#define GATE_OOXML_SCHEMA_H

#include <stdint.h>

#include "lib/str.h"

enum {
	ox_NONE, ox_TEXT, ox_BOOL, ox_DEC, ox_DATE, ox_HEX, ox_BASE64, ox_LIST, ox_GUID, ox_INT, ox_ENUM, ox_ANY,
	    ox_RID, ox_RIDOPT,
	ox_FORMULA, ox_FIELD, ox_CSS, ox_NAME, ox_VBOOL, ox_LABEL, ox_TOKEN, ox_LANG, ox_PLACE, ox_CELLS
};
enum { OX_ESSENTIAL = 1, OX_FATAL = 2 };             /* the element goes when it is missing; when its value is bad */

struct ox_name { const char *local; uint8_t n, ns; };
struct ox_class { uint8_t kind; uint16_t first, n; int64_t min, max; };
struct ox_pair { uint16_t name, value; uint8_t flag; };
struct ox_type { uint16_t attr, kid, need; uint8_t n_attrs, n_kids, n_needs; uint16_t text; };
struct ox_root { const char *kind; uint16_t name, type; const char *prefixes; };
struct ox_ns { const char *prefix, *uri, *strict; };

extern const struct ox_name ox_names[];
extern const uint16_t ox_hash[];
extern const char *const ox_words[];
extern const struct ox_class ox_classes[];
extern const struct ox_pair ox_pairs[];
extern const uint16_t ox_needs[];
extern const struct ox_type ox_types[];
extern const struct ox_root ox_roots[];
extern const struct ox_ns ox_ns[];
extern const unsigned ox_n_types, ox_n_roots, ox_n_ns;

#define OX_HASH 16384u
#define OX_NS_NONE 0u                                /* attributes without a prefix; foreign namespaces are OX_FOREIGN */
#define OX_FOREIGN 255u

unsigned ox_ns_find(struct str uri);                 /* index, or OX_FOREIGN */
unsigned ox_name_find(unsigned ns, struct str local); /* index, or 0 */
/* The pair of that name in a row of n sorted by it, or NULL. */
const struct ox_pair *ox_pair_find(unsigned first, unsigned n, unsigned name);
const struct ox_root *ox_root_find(const char *kind);
/* Is the value of that class? Relationship ids, formulas and field codes are judged elsewhere: true here. */
bool ox_value_ok(unsigned class, struct str v);

#endif
