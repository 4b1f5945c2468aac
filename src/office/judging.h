/* Judging the whole board: at once where that is quick, else control by control between requests. While the pieces run, the row of
 * kind 'board' in the table job says so, and every page that shows a status does. */
#ifndef OFFICE_JUDGING_H
#define OFFICE_JUDGING_H

#include "office/office.h"

/* More subjects than this are judged in pieces after a start. */
#define JUDGING_LARGE 20000

/* Everything now, in a transaction of its own; what this process has judged before is built upon (assess_again). Ends the pieces. */
int office_assess(struct office *o, struct err *e) MUST_USE;
/* The same anew from the records alone. */
int office_assess_anew(struct office *o, struct err *e) MUST_USE;
/* A new day, or the first one of this process. */
int judging_day(struct office *o, struct err *e) MUST_USE;
bool judging_pending(void);                          /* pieces wait to be judged */
/* Judges for some time. 1: more is to do. */
int judging_piece(struct office *o, struct err *e) MUST_USE;

/* What of the board is not as of now, for the frame of a page; false: all of it is. */
struct judging_state {
	int64_t as_of;                                   /* when all was judged last; 0 never */
	int64_t done, total;                             /* controls */
	bool failed;                                     /* it ended, and some control could not be judged */
};
bool judging_now(struct db *db, struct judging_state *ret);

#endif
