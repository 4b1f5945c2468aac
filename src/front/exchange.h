/* One HTTP request from its first line to the last byte of its response. */
#ifndef FRONT_EXCHANGE_H
#define FRONT_EXCHANGE_H

#include <microhttpd.h>

#include "front/body.h"
#include "front/peers.h"

enum exchange_state {
	EX_IDLE,                                         /* between requests */
	EX_LINE,                                         /* request line read, header on its way */
	EX_BODY,                                         /* header good, body on its way (or none) */
	EX_SPOOL,                                        /* the office is asked where a large body goes */
	EX_SPOOLED,                                      /* it has answered */
	EX_WAITING,                                      /* with the office */
	EX_ANSWERED,                                     /* the office's answer is here, or none will come */
	EX_SENDING,                                      /* response handed to the library */
};

struct exchange {
	enum exchange_state state;
	struct MHD_Connection *mhd;
	unsigned status;                                 /* refusal of the target; 0: fine */
	struct buf target;                               /* as sent */
	struct buf path;                                 /* decoded */
	struct str query;                                /* in target */
	struct header headers[HEADERS_MAX];              /* in the library's memory, good until the response is queued */
	size_t n_headers;
	struct body body;
	int64_t body_since;                              /* clock_mono */
	bool wants_spool, refused;                       /* refused: call holds the office's answer, the body is only read away */
	struct call call;
};

void exchange_init(struct exchange *x);
/* Forgets the request; ready for the next. */
void exchange_clear(struct exchange *x);
void exchange_release(struct exchange *x);
/* The request line is read; the exchange is clear. */
void exchange_line(struct exchange *x, struct str target);
/* Header complete: collects and judges it. 0 or the status to answer. */
int exchange_head(struct exchange *x, struct str method, struct str version);
/* The question where the files of a large body go, into x->call. As exchange_request. */
int exchange_ask_spool(struct exchange *x, const char *address);
/* Its answer is there: takes it in. */
void exchange_spooled(struct exchange *x);
/* Builds REQ into x->call. 0, or the status to answer when it cannot be sent. */
int exchange_request(struct exchange *x, struct str method, const char *address);

#endif
