/* Spools: where front puts the files of a large hand-over, so that they pass through nobody's memory. They stand in transfers/ under
 * names of their own, enciphered with keys that only this process's memory holds: what a crash leaves there nobody can read, and the
 * next start removes it. What is handed over becomes the original of its record by a change of name. Writer only. */
#ifndef OFFICE_SPOOL_H
#define OFFICE_SPOOL_H

#include "office/transfer.h"

/* Answers the question of front; ERR_BUSY when too many are open. */
int spool_open(struct ctx *c, struct err *e) MUST_USE;
struct spool_group;
/* RESP_SPOOL. */
void spool_answer(struct msg *m, const struct request *r, struct spool_group *g);
bool spool_used(const struct request *r);
/* The spooled upload becomes RECORD.in. ERR_PROTO when it is none of ours or not what front says. */
int spool_take(struct office *o, const struct upload *u, int64_t record, struct sealed *ret, struct err *e) MUST_USE;
/* Removes what this request did not take. */
void spool_forget(struct office *o, const struct request *r);
/* Tells a front how much a hand-over may have in all. */
void spool_tell(struct office *o, int fd);
/* By the minute: gives up what nobody wrote to for long. */
void spool_tick(struct office *o);

#endif
