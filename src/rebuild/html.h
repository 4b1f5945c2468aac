/* HTML to the text a reader would see: no scripts, styles, forms or pictures; links as their text with the address behind it in a
 * form that nothing makes clickable. */
#ifndef REBUILD_HTML_H
#define REBUILD_HTML_H

#include "lib/buf.h"

struct html_seen {
	int64_t scripts, links, images, forms, hidden;
};

/* UTF-8 in, UTF-8 appended. ERR_NOMEM. */
int html_to_text(struct str html, struct buf *out, struct html_seen *ret) MUST_USE;

#endif
