/* The package as it leaves: content types, relationships, parts in the order of their names. */
#ifndef GATE_OOXML_WRITE_H
#define GATE_OOXML_WRITE_H

#include "gate-ooxml/package.h"

int package_write(struct package *pk) MUST_USE;
unsigned package_units(const struct package *pk);    /* sheets, slides; 1 for a text */
/* One grey point, as our picture writer makes it: what stands where a picture could not come along. */
struct str placeholder_png(void);
/* Is it a picture the gate can draw anew? *name gets the extension of what it is. */
bool picture_type(struct str content, struct str *name);

#endif
