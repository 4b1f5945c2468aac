/* What compiled templates (tpl/, tools/tplc.c) write to: escaping is chosen by the compiler from where a hole stands.
 * No HTML in C strings outside this module and the templates. */
#ifndef LIB_HTML_H
#define LIB_HTML_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

struct html {
	struct buf out;
};

#define HTML_MAX (16u << 20)

void html_init(struct html *h, size_t max);
void html_release(struct html *h);

/* Used by generated code */
void html_raw(struct html *h, const char *p, size_t n);
void html_text(struct html *h, struct str s);        /* & < > " ' */
void html_attr(struct html *h, struct str s);        /* the same, and control characters */
/* Only /…, ?…, #…, https:, mailto:, tel:, data:image/png; anything else (//host, javascript:) becomes "#". */
void html_url(struct html *h, struct str s);
void html_component(struct html *h, struct str s);   /* percent-encoded: a path part or query value */
void html_int(struct html *h, int64_t v);
void html_count(struct html *h, int64_t v);          /* 12,345 */
void html_date(struct html *h, struct str iso);      /* 2026-11-20（令和8年11月20日） in ja; as it is in en; "" for "" */
void html_instant(struct html *h, int64_t us);       /* 2026-11-20 09:30; "" for 0 */
void html_rfc3339(struct html *h, int64_t us);       /* for <time datetime>; "" for 0 */
void html_lines(struct html *h, struct str s);       /* text with <br> at line ends */

/* A translated text with {holes}: each call writes the text up to the next hole and names it; false at the end. */
struct html_tr {
	struct str rest, hole;
};
bool html_tr_next(struct html *h, struct html_tr *t);

#endif
