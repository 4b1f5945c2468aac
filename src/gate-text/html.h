/* HTML to the text a reader would see: no scripts, styles, forms or pictures; links as their text with the address behind it in a
 * form that nothing makes clickable. */
#ifndef GATE_TEXT_HTML_H
#define GATE_TEXT_HTML_H

#include "rebuild/worker.h"

/* Language text, UTF-8. For format "html". */
int html_rebuild(struct job *j) MUST_USE;
/* The same for a piece of UTF-8 at hand (a mail's body): appends. ERR_NOMEM. */
struct html_seen {
	int64_t scripts, links, images, forms, hidden;
};
int html_to_text(struct str html, struct buf *out, struct html_seen *ret) MUST_USE;

#endif
