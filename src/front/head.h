/* What may stand before a request's body: target, header list, content type. Pure functions over bytes; the first
 * refusal wins and is an HTTP status. RFC 9110, RFC 9112. */
#ifndef FRONT_HEAD_H
#define FRONT_HEAD_H

#include <stdbool.h>

#include "core/proto.h"
#include "front/limits.h"
#include "lib/buf.h"

struct header {
	struct str name, value;
};

/* What the headers say about the body. */
struct head {
	enum body_kind kind;
	int64_t length;                                  /* Content-Length; -1: none */
	bool chunked;
	struct str type;                                 /* media type with its parameters */
	size_t max;                                      /* limit of this kind */
};

/* 0, or the status to answer: 405 for a method that HTTP knows and we do not serve, 501 for others. */
int head_method(struct str method);

/* Decodes a request target in origin form. The decoded path is appended to *path, *ret_query points into target
 * (as sent, without "?"). 400 for anything but an absolute, plain path: bad percent, %00, control bytes, "." or ".."
 * segments, empty segments, backslash, invalid UTF-8; 414 when too long. */
int head_target(struct str target, struct buf *path, struct str *ret_query);

/* The one function over the header list. 0 or the status to answer. */
int head_check(struct str method, const struct header *h, size_t n, struct head *ret);

/* True for the headers that office gets to see. */
bool head_passes(struct str name);

/* Value of a parameter of a header like  multipart/form-data; boundary="x" ; STR_NONE when there is none. */
struct str head_param(struct str value, const char *name);

#endif
