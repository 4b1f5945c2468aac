/* The boxes in which Excel shows comments: an old drawing beside the comments, made from where they stand and
 * nothing else. */
#ifndef GATE_OOXML_NOTES_H
#define GATE_OOXML_NOTES_H

#include "gate-ooxml/package.h"

/* The drawing number n for the comments of the sheet. ERR_NOTFOUND: it has none. */
int notes_put(struct package *pk, const struct part *sheet, unsigned n, struct buf *out) MUST_USE;
/* Does the part name a worksheet with comments? */
bool notes_has(const struct part *sheet);

#endif
