/* Kinds of parts: what a relationship of that type leads to, where it stands in the output, what it is there, and
 * from which kinds
 * it may be reached. "+kind": the relationship alone makes the connection, no attribute names it. */
#ifndef GATE_OOXML_KINDS_H
#define GATE_OOXML_KINDS_H

#include <stdbool.h>

#include "lib/str.h"

struct kind {
	const char *name;                                /* as in gate/ooxml/rebuild.tsv */
	const char *relation;                            /* last step of the relationship type */
	const char *types;                               /* content types taken, without what all begin with; the first is written */
	const char *path;                                /* %u: a number from 1 */
	const char *from;
};
extern const struct kind kinds[];
extern const unsigned n_kinds;

#define TYPE_PREFIX "application/vnd.openxmlformats-officedocument."
#define REL_PREFIX "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
#define REL_STRICT "http://purl.oclc.org/ooxml/officeDocument/relationships/"
#define REL_MS07 "http://schemas.microsoft.com/office/2007/relationships/"

const struct kind *kind_named(const char *name);
/* The kind a relationship of that type leads to from a part of kind from (NULL: the package), or NULL.
 * *ret_implicit: no attribute
 * names it. */
const struct kind *kind_from(struct str relation, const struct kind *from, bool *ret_implicit);
/* Does the kind take a content type, "application/…" in full? */
bool kind_takes(const struct kind *k, struct str type);
/* The code under which a relationship that leads to nothing we keep is reported. */
const char *relation_code(struct str relation);

#endif
