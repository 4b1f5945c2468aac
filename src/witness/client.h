/* One question over HTTP to somebody whose answer is checked by its signatures. What comes back is a stranger's: TLS and HTTP are read in a
 * process that holds the connection and nothing else (sandbox_ask), one for each question. */
#ifndef WITNESS_CLIENT_H
#define WITNESS_CLIENT_H

#include "lib/buf.h"

#define CLIENT_ANSWER_MAX (128u * 1024)
#define CLIENT_SECONDS 15                            /* for the whole of it */

struct client_answer {
	unsigned status;
	struct str type, body;                           /* views into what was received */
};

/* The answer to an HTTP/1.0 question, whole: ERR_PROTO for what is none. */
int client_parse(struct str raw, struct client_answer *ret) MUST_USE;
/* For https: whom to trust instead of the system's certificate authorities. file: PEM; NULL: the system's. */
int client_trust(const char *file, struct err *e) MUST_USE;
/* prefix: http[s]://HOST[:PORT][/PATH]; path: with its slash. body: of a POST, STR_NONE: GET. raw holds what ret looks at. ERR_SYS,
 * ERR_SYNTAX (the URL), ERR_PROTO, ERR_TOOBIG, ERR_DENIED
 * (its certificate). */
int client_ask(struct str prefix, const char *path, struct str body, struct buf *raw, struct client_answer *ret, struct err *e) MUST_USE;

#endif
