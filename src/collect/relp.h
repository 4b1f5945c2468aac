/* The server's side of RELP ("reliable event logging protocol", rsyslog's): frames
 *     TXNR SP COMMAND SP LENGTH [SP DATA] LF
 * each answered with "TXNR rsp LENGTH DATA". We answer a message when the vault has acknowledged it, and only then: that is why the
 * protocol is spoken here and not by librelp, which answers as soon as its callback returns, and listens by itself. */
#ifndef COLLECT_RELP_H
#define COLLECT_RELP_H

#include "collect/frame.h"
#include "lib/buf.h"

#define RELP_COMMAND_MAX 32u
#define RELP_OTHER_MAX 4096u                         /* data of commands that are no message */
#define RELP_TXNR_MAX 999999999u
#define RELP_REST_MAX (FRAME_REST_MAX + 80u)

enum relp_what {
	RELP_NEED,                                       /* more bytes */
	RELP_PIECE,                                      /* a piece of a message; with done, its last one */
	RELP_OPEN, RELP_CLOSE,
	RELP_BAD,                                        /* this peer does not speak the protocol: end it */
};

struct relp {
	bool opened, in_data, inside;
	uint32_t txnr;                                   /* of the frame at hand, or the last one */
	uint64_t left;
};

struct relp_event {
	enum relp_what what;
	struct piece piece;
	bool done;                                       /* the message is whole: its number may be acknowledged */
	uint32_t txnr;
	struct str data;                                 /* of RELP_OPEN: its offers */
};

/* The next event of p[*pos, n); with RELP_NEED the rest (at most RELP_REST_MAX bytes) must be seen again with more behind it. */
enum relp_what relp_next(struct relp *r, const char *p, size_t n, size_t *pos, struct relp_event *ret);
/* Numbers follow each other and begin again with 1. */
uint32_t relp_after(uint32_t txnr);
void relp_put_open(struct buf *out, uint32_t txnr);
/* Acknowledges count messages from first on. */
void relp_put_ok(struct buf *out, uint32_t first, uint32_t count);
void relp_put_close(struct buf *out, uint32_t txnr);

#endif
