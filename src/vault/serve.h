/* The running vault: takes entries of its peers, persists, has the tree signed by keys, publishes, acknowledges. What waits in a
 * peer's socket is committed together. One of three states:
 *
 *   open     entries are taken
 *   closed   the disk failed; the folder is tried again, nothing is answered meanwhile, and peers then send again
 *   refused  the log does not hold what was signed (rollback, lost disk, damage): nothing is taken, nothing signed */
#ifndef VAULT_SERVE_H
#define VAULT_SERVE_H

#include "core/child.h"
#include "vault/vault.h"

#define SERVE_BATCH 512u                             /* messages of one peer before its answers are due */
#define SERVE_WAITING_MAX 65536u                     /* answers that wait for a signature or for room in a socket */
#define SERVE_ALARMS 32u                             /* the newest ones, kept for VAULT_STATE */
#define SERVE_RECALL 100000u                         /* entries looked through for them at start */
#define SERVE_ALARM_QUIET_US (600 * SECOND_US)       /* the same alarm about the same source is not repeated sooner */

enum serve_state { SERVE_OPEN, SERVE_CLOSED, SERVE_REFUSED };

struct serve_answer {
	const char *peer;                                /* the child_peer's own name */
	int64_t seq, index;
	int code;                                        /* 0: acknowledge once index is signed; else refuse */
};

struct serve_alarm {
	char kind[24], source[ENTRY_NAME_MAX + 1];
	int64_t seq, at, repeated;                       /* µs UTC of the last one; how often it was kept quiet since */
};

struct serve {
	struct child *child;
	char path[512];
	struct vault *vault;                             /* NULL when closed, or refused at opening */
	enum serve_state state;
	char why[ERR_TEXT_MAX];                          /* for closed and refused */
	struct serve_answer *waiting;
	size_t n_waiting;
	bool resend[CHILD_PEERS_MAX];                    /* peers whose entries were dropped with the closed log */
	int64_t reopen_ms, signed_at;
	uint64_t idle_since;                             /* size at the last heartbeat */
	int64_t heartbeat_ms;
	bool retry_set;
	struct serve_alarm alarms[SERVE_ALARMS];
	size_t n_alarms;
};

extern const struct child_handlers serve_handlers;

/* Opens the folder, gets the key's name from keys, notes the start. Never fails: what is wrong becomes the state. */
void serve_start(struct serve *s);
void serve_stop(struct serve *s);

/* --- serve_log.c: the log and its states */
void serve_open(struct serve *s);
/* Commits, signs, publishes and answers what is due. */
void serve_settle(struct serve *s);
void serve_failed(struct serve *s, const struct err *e);
void serve_refuse_all(struct serve *s, const struct err *e);
void serve_heartbeat(void *serve);

/* --- serve_alarm.c */
/* Writes an alarm entry (committed by the next serve_settle), unless the same was written just now. */
void serve_alarm(struct serve *s, const char *kind, struct str source, int64_t seq);
/* Takes the alarms among the last SERVE_RECALL entries up again. */
void serve_recall(struct serve *s);
void serve_status(struct serve *s, struct buf *json);

#endif
