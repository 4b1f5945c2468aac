/* The machine's clock going back. Nothing in the house rests on times for its order (events are numbered), so nothing is refused;
 * but whoever reads times later must know that some of them come twice. */
#ifndef OFFICE_CLOCK_WATCH_H
#define OFFICE_CLOCK_WATCH_H

#include "office/office.h"

/* In the writer, now and then: more than a minute back, since the last look or since the newest event of the store, is an event
 * (clock.back) and a line of the log. */
void clock_watch(struct office *o);

#endif
