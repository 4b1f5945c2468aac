/* multipart/form-data (RFC 7578 over RFC 2046), as a stream and strictly: no preamble, no epilogue, no nesting, no
 * transfer encodings. Keeps no content: what parts hold goes to the sink as it comes. */
#ifndef FRONT_MULTIPART_H
#define FRONT_MULTIPART_H

#include <stdbool.h>

#include "front/limits.h"
#include "lib/err.h"
#include "lib/str.h"

struct multipart_part {
	struct str name, file_name, media_type;          /* file_name.p NULL: a plain field; valid during the call */
};

/* Each returns 0 or a negative code, which ends the parse. */
struct multipart_sink {
	int (*begin)(void *arg, const struct multipart_part *p);
	int (*data)(void *arg, struct str bytes);
	int (*end)(void *arg);
};

enum multipart_state {
	MP_START, MP_AFTER_DELIM, MP_LINE_END, MP_HEAD, MP_DATA, MP_CLOSE, MP_CLOSE_CR, MP_CLOSE_LF, MP_DONE, MP_FAILED
};

struct multipart {
	enum multipart_state state;
	char delim[BOUNDARY_MAX + 5];                    /* CR LF - - boundary */
	size_t delim_n, matched;
	char head[PART_HEAD_MAX];
	size_t head_n;
	size_t parts;
	const struct multipart_sink *sink;
	void *arg;
};

/* content_type is the whole header value. ERR_SYNTAX without a fit boundary. */
int multipart_init(struct multipart *m, struct str content_type, const struct multipart_sink *sink, void *arg) MUST_USE;
/* ERR_SYNTAX, ERR_TOOBIG (a limit), or what the sink said; every later call then fails too. */
int multipart_feed(struct multipart *m, struct str bytes) MUST_USE;
/* 0 only when the closing boundary was seen; ERR_SHORT otherwise. */
int multipart_finish(struct multipart *m) MUST_USE;

#endif
