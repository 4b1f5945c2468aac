/* The running vault: takes entries of its peers, persists, has the trees signed by keys, publishes, acknowledges.
 *
 * It keeps several logs: its own (vault/, the office's events), committed as soon as what waits in a peer's socket is taken, and
 * those of others (vault/logs/NAME/), which collect fills in batches and which are committed together at a cadence, so that one
 * wait for the disk serves many entries. Each log is in one of three states:
 *
 *   open     entries are taken
 *   closed   the disk failed; the folder is tried again, and who sent sends again
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
#define SERVE_LOGS_MAX 32u                           /* the own one included */
#define SERVE_LOG_NAME 33                            /* [a-z][a-z0-9-]{0,31} and NUL */
#define SERVE_COMMIT_MS 40                           /* a batch waits at most this long for its commit */
#define SERVE_BATCHES_MAX 512u                       /* batches that wait for a signature */
#define SERVE_FEED_MAX (32u << 20)                   /* bytes kept for detect: what comes on top it reads in the log */
#define SERVE_STANDARD "standard"

enum serve_state { SERVE_OPEN, SERVE_CLOSED, SERVE_REFUSED };

struct serve_log {
	struct serve *serve;
	char name[SERVE_LOG_NAME];                       /* "" for the own one */
	char path[600];
	struct vault *vault;                             /* NULL when closed, or refused at opening */
	enum serve_state state;
	char why[ERR_TEXT_MAX];                          /* for closed and refused */
	int64_t reopen_ms, signed_at;
	uint64_t idle_since;                             /* size at the last heartbeat */
	int64_t kept_day;                                /* UTC day whose first checkpoint was kept (retain.h) */
	int64_t used, oldest_at, looked_at;              /* bytes on the disk; its first entry, µs UTC; when that was looked at (clock_mono) */
};

struct serve_answer {
	const char *peer;                                /* the child_peer's own name */
	int64_t seq, index;
	int code;                                        /* 0: acknowledge once index is signed; else refuse */
};

/* A LOG_APPEND that waits for its LOG_ACK. */
struct serve_batch {
	const char *peer;
	int64_t id;
	struct serve_log *log;                           /* NULL: no such log */
	uint64_t first, end;
	int code;                                        /* 0: acknowledge once the log is signed up to end */
	struct msg kept;                                 /* the message, as long as detect is to have its entries */
	struct str entries;                              /* in it; none when not kept */
	uint32_t n;
};

struct serve_alarm {
	char kind[24], source[ENTRY_NAME_MAX + 1];
	int64_t seq, at, repeated;                       /* µs UTC of the last one; how often it was kept quiet since */
};

struct serve {
	struct child *child;
	char path[512];
	struct serve_log *own;                           /* logs[0] */
	struct serve_log logs[SERVE_LOGS_MAX];
	size_t n_logs;
	struct serve_answer *waiting;
	size_t n_waiting;
	bool resend[CHILD_PEERS_MAX];                    /* peers whose entries were dropped with the closed own log */
	struct serve_batch *batches;                     /* in the order they came */
	struct serve_batch *feed;                        /* acknowledged, for detect */
	size_t n_batches, n_feed, kept_bytes;
	int64_t committed_at, commit_took;               /* µs, clock_mono: of the last one of all logs */
	bool hurry_set;
	int64_t dirty_since;                             /* µs, clock_mono: the first entry not yet committed came; 0 none */
	bool commit_set, retry_set;
	int64_t heartbeat_ms;
	struct serve_alarm alarms[SERVE_ALARMS];
	size_t n_alarms;
};

extern const struct child_handlers serve_handlers;

/* Opens the folders, gets the keys' names from keys, notes the start. Never fails: what is wrong becomes the state. */
void serve_start(struct serve *s);
void serve_stop(struct serve *s);

/* --- serve.c */
/* Commits and signs the own log and answers what is due. */
void serve_settle(struct serve *s);
/* The same for all logs. */
void serve_settle_all(struct serve *s);
/* True when a message can be sent without waiting. */
bool serve_room(int fd);
/* Settles soon: a socket had no room. */
void serve_retry(struct serve *s);

/* --- serve_log.c: a log and its states */
void serve_open(struct serve_log *l);
/* Commits and signs. */
void serve_commit(struct serve_log *l);
void serve_own(struct serve_log *l, const char *type, const char *detail);
void serve_failed(struct serve_log *l, const struct err *e);
void serve_refuse_all(struct serve_log *l, const struct err *e);
/* Opens the own log and those that are there. */
void serve_open_all(struct serve *s);
/* The log of that name, made when there is none yet; NULL when it cannot be. */
struct serve_log *serve_find(struct serve *s, struct str name);

/* --- serve_answer.c: answers to VAULT_APPEND */
int serve_answer_later(struct serve *s, const char *peer, int64_t seq, int64_t index, int code) MUST_USE;
void serve_send_answers(struct serve *s);
/* Their reader is gone, or: what was not signed is lost and will be sent again. */
void serve_forget_answers(struct serve *s, const char *peer);
void serve_lose_answers(struct serve *s);
/* Who sent what the closed log lost gets a new pair: it begins after what the log has. */
void serve_call_back(struct serve *s);

/* --- serve_batch.c: LOG_APPEND, LOG_ACK, LOG_FEED */
int serve_on_batch(struct serve *s, const char *peer, struct msg *m) MUST_USE;
int serve_on_hurry(struct serve *s, const char *peer, struct msg *m) MUST_USE;
void serve_send_acks(struct serve *s);
void serve_forget_batches(struct serve *s, const char *peer);
/* Batches of a log that closed or refuses: answered with code. */
void serve_lose_batches(struct serve *s, const struct serve_log *l, int code);

/* --- serve_retain.c: VAULT_RETAIN */
int serve_on_retain(struct serve *s, const char *peer, int fd, struct msg *m) MUST_USE;

/* --- serve_space.c */
/* Looks at used and oldest_at, unless it did just now. */
void serve_space(struct serve_log *l);
bool serve_disk(const struct serve *s, int64_t *ret_free, int64_t *ret_total);

/* --- serve_alarm.c */
/* Writes an alarm entry (committed by the next serve_settle), unless the same was written just now. */
void serve_alarm(struct serve *s, const char *kind, struct str source, int64_t seq);
/* Takes the alarms among the last SERVE_RECALL entries up again. */
void serve_recall(struct serve *s);
void serve_status(struct serve *s, struct buf *json);

#endif
