/* The office processes as front sees them: which one gets a request, what is on its way, what came back. Requests are
 * handed in on the poll thread, answers arrive on the reply thread. Reading requests go to the reader with the least in
 * hand, all others to the writer; a reader may pass one on (REQ_RETRY). What a lost reader had in hand goes to another
 * one, once; what a lost writer had in hand may have been done and ends without answer. */
#ifndef FRONT_PEERS_H
#define FRONT_PEERS_H

#include <stdbool.h>

#include "front/head.h"
#include "front/limits.h"
#include "front/spool.h"
#include "lib/loop.h"
#include "lib/msg.h"

struct peer;

struct answer {
	struct msg m;                                    /* owns the bytes; initialised when status is not 0 */
	unsigned status;                                 /* 0: none came (process gone, time over) */
	struct header headers[RESPONSE_HEADERS_MAX];
	size_t n_headers;
	struct str body;
	int file;                                        /* -1; else what stands for the body, of this size; owned */
	int64_t file_size;
	struct spool_target *spools;                     /* NULL; else FILES_MAX of them, owned: the answer to SPOOL */
};

/* One request on its way. The owner fills the first part and must keep it until done was called. */
struct call {
	struct msg req;                                  /* REQ, its id first; released by the owner */
	int64_t id;
	bool reads;
	bool again;                                      /* went to a second reader after the first was lost */
	void (*done)(struct call *c);                    /* on the reply thread, without any lock; look at answer */

	struct answer answer;
	int64_t asked_at;                                /* clock_mono */
	struct peer *at;
	struct call *next;
};

int64_t call_id(void);                                   /* the next request id */

/* Told on the reply thread when a peer hung up or (broke) said what makes no sense. */
typedef void peers_lost(const char *name, bool broke);

void peers_init(struct loop *l, peers_lost *lost);
/* A new socket for "office.writer" or "office.reader.N" (a duplicate is kept: the poll thread may be writing to it when
 * the caller closes his); replaces an older one, whose requests end without answer. fd -1: it is gone. ERR_NOTFOUND:
 * no process that front asks. */
int peers_set(const char *name, int fd) MUST_USE;
/* 0: done will be called. ERR_CLOSED: nobody is there, done will not be called. */
int peers_submit(struct call *c) MUST_USE;
/* Bytes that a hand-over of files may have in all; 0 while the office has not said. */
int64_t peers_limit(void);
/* Frees what an answer owns. */
void answer_release(struct answer *a);
/* Ends requests that wait too long. */
void peers_tick(int64_t now);
/* Ends all, every request without an answer; the loop may be gone already. */
void peers_close(void);

#endif
