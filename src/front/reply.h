/* What goes back to the browser. Every response, whoever made it, gets the security headers here and nowhere else. */
#ifndef FRONT_REPLY_H
#define FRONT_REPLY_H

#include <microhttpd.h>

#include "front/peers.h"

/* Prepares the error pages in both languages and the static files. Before the sandbox. */
int reply_open(struct err *e) MUST_USE;
void reply_close(void);

/* Takes the answer's bytes over (no copy). The page `path` may run our own script if it is the
 * one that has one. NULL when memory is out: the answer is then still the caller's. */
struct MHD_Response *reply_from_answer(struct answer *a, struct str path);
/* The prepared page for a status, never freed by the caller; `accept_language` chooses. */
struct MHD_Response *reply_error(unsigned status, const char *accept_language);
/* The file under "/static/HASH/NAME", or NULL. */
struct MHD_Response *reply_static(struct str path);
/* 304 for a static file the browser has. */
struct MHD_Response *reply_unchanged(void);

#endif
