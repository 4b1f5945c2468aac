/* A small HTTP/1.1 server for what is public and signed: no TLS, no cookies, one request after the other on one thread. */
#ifndef WITNESS_HTTP_H
#define WITNESS_HTTP_H

#include "lib/buf.h"

#define HTTP_ANSWER_MAX (17u << 20)                  /* a bundle of 256 entries of 65,535 bytes */

struct http_reply {
	unsigned status;
	const char *type, *cache;                        /* static texts; cache: Cache-Control, NULL none */
	struct buf body;
};

/* body: of a POST. Fills ret, which is cleared and 404 before. */
typedef void http_answer_fn(void *arg, struct str method, struct str path, struct str body, struct http_reply *ret);

/* ADDRESS:PORT or [ADDRESS]:PORT; the descriptor, or a negative code. */
int http_listen(const char *where, struct err *e) MUST_USE;
/* Before the sandbox. body_max: of a request. Takes the descriptor over. */
int http_start(int fd, size_t body_max, http_answer_fn *fn, void *arg, struct err *e) MUST_USE;
/* Answers until SIGTERM or SIGINT. */
void http_run(void);

#endif
