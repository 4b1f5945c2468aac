/* What a transaction changed: rows seen by SQLite's update hook, judged before the commit so that findings and records
 * never disagree. */
#ifndef OFFICE_CHANGE_H
#define OFFICE_CHANGE_H

#include "office/office.h"

/* More rows than this in one transaction are judged whole, after it. */
#define CHANGES_MAX 1000

void change_watch(struct office *o);                 /* once, on the writing connection */
void change_clear(void);                             /* at the start of a transaction, and when it rolls back */
/* Judges what changed. *ret_all: too much changed, judge everything in a transaction of its own. */
int change_assess(struct world *w, struct checks *checks, bool *ret_all, struct err *e) MUST_USE;
/* Whether the ledger of log sources was touched since this was asked last: who takes logs in and judges them is told at once. */
bool change_of_sources(void);
void change_touch_sources(void);                     /* something beside it that they are told of */

#endif
