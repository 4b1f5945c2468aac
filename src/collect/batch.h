/* What goes to the vault: entries gathered per log into LOG_APPEND messages of up to 1 MiB or some milliseconds, kept until the vault
 * has acknowledged them and sent again when the vault was started anew. So no entry is lost here as long as this process lives, and
 * some may be in the log twice after the vault died. */
#ifndef COLLECT_BATCH_H
#define COLLECT_BATCH_H

#include "lib/loop.h"
#include "lib/msg.h"

#define BATCH_BYTES (1u << 20)
#define BATCH_MS 20                                  /* how long an entry waits for others */
#define BATCH_HURRY_MS 2                             /* when a sender waits for its acknowledgement */
/* Of senders that get no acknowledgement no more is read ahead than the vault signs within about this time, for a crash loses it: a
 * window grows while batches come back sooner and shrinks when they take longer than one and a half times of it. */
#define BATCH_AHEAD_MS 100
#define BATCH_AHEAD_MIN (4u << 20)
#define BATCH_UNACKED_MAX (64u << 20)                /* bytes; beyond it nothing is read */
#define BATCH_OUT_MAX 128u                           /* batches under way; more would fill the socket to the vault */
#define BATCH_LOGS_MAX 32u
#define BATCH_LOG_NAME_MAX 32u

struct batches;

/* How far the vault is behind. What a sender cannot know to be lost is better left with the sender than read ahead: a crash loses it. */
enum pressure {
	PRESSURE_NONE,
	PRESSURE_BEHIND,                                 /* read only what is acknowledged, or dropped when it is not read */
	PRESSURE_FULL,                                   /* read nothing */
};

struct batch_events {
	void (*acked)(void *arg);                        /* batches_done may answer differently now */
	void (*pressure)(void *arg, enum pressure p);
	void (*lost)(void *arg);                         /* the vault does not take anything: give its socket up */
};

struct batches *batches_new(struct loop *l, const struct batch_events *on, void *arg);
void batches_free(struct batches *b);
/* The socket of vault, or -1. Everything not acknowledged is sent again. */
void batches_vault(struct batches *b, int fd);
/* LOG_ACK of the vault. ERR_PROTO. */
int batches_ack(struct batches *b, struct msg *m) MUST_USE;

/* The number of a log, made known here when it is new; 0 is "standard", also for a name that is none or one too many. */
unsigned batches_log(struct batches *b, struct str name);
/* Where an entry of n bytes (its 16-bit length included) goes; it counts from now on. Always there: a batch grows a little beyond
 * BATCH_BYTES, and who reads stops when told that all is full. */
unsigned char *batches_room(struct batches *b, unsigned log, size_t n);
/* When batches up to this number are acknowledged, so is the last entry put in. */
int64_t batches_last(const struct batches *b);
/* Everything in batches up to this number is acknowledged. */
bool batches_done(const struct batches *b, int64_t number);
/* Somebody waits for what was put in. */
void batches_hurry(struct batches *b);
/* Sends what is open. */
void batches_flush(struct batches *b);
bool batches_empty(const struct batches *b);
size_t batches_unacked(const struct batches *b);     /* bytes */

#endif
