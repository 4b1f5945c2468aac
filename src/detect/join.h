/* auditd writes one event as several records (SYSCALL, EXECVE, CWD, PATH …) that bear one time and number: `msg=audit(TIME:NUMBER)`. Rules
 * judge them as one message: the first record as it came, behind it ` type=X …` of each further one. Records wait here until EOE, or
 * JOIN_WAIT_NS after the first, or until there is no room; what comes later begins a message of its own. Which records: those the
 * kernel writes beside others; what user space writes (USER_LOGIN …) stands alone and does not wait.
 *
 * What waits is part of detect's state: after a crash it waits again. */
#ifndef DETECT_JOIN_H
#define DETECT_JOIN_H

#include "detect/engine.h"
#include "lib/buf.h"

#define JOINS_MAX 512u                               /* events that wait */
#define JOIN_RECORDS 32u                             /* of one event */
#define JOIN_TEXT (16u << 10)                        /* bytes of one event, as put together */
#define JOIN_WAIT_NS 2000000000LL

struct joins;
/* An event: its message (index and time of its first record) and where all its records stand. All are views until the call ends. */
typedef void joins_judge_fn(void *arg, const struct message *m, const uint64_t *index, size_t n);

struct joins *joins_new(joins_judge_fn *judge, void *arg);
void joins_free(struct joins *j);
/* True: it is a record that waits here for others and need not be judged alone. */
bool joins_take(struct joins *j, const struct message *m);
/* Judges what need not wait longer: newest_ns is the time of reception of the newest message. all: everything. */
void joins_flush(struct joins *j, int64_t newest_ns, bool all);
size_t joins_waiting(const struct joins *j);
void joins_save(const struct joins *j, struct buf *out);
/* ERR_CORRUPT. */
int joins_load(struct joins *j, struct cur *in) MUST_USE;

#endif
