/* OSCAL 1.2 out: a standard as a catalog that validates against NIST's JSON schema. Chapters are groups, clauses are
 * controls (children nested), what OSCAL has no word for are props in our own namespace. */
#ifndef CORE_OSCAL_H
#define CORE_OSCAL_H

#include "lib/buf.h"
#include "lib/db.h"

#define OSCAL_VERSION "1.2.1"
#define OSCAL_NS "urn:sekisho:oscal"

/* ERR_NOTFOUND when no such standard is loaded. The same store gives the same bytes. */
int oscal_catalog(struct db *db, struct str standard, struct buf *out, struct err *e) MUST_USE;

#endif
