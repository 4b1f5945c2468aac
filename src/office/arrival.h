/* The office and collect: who is which source (ledger log-sources) goes there, what arrived of each comes back into the table
 * log_arrival, which checks and pages read. */
#ifndef OFFICE_ARRIVAL_H
#define OFFICE_ARRIVAL_H

#include "lib/msg.h"
#include "office/office.h"

/* collect came (its pair) or went (-1): it is told the sources. */
void arrival_peer(struct office *o, int fd);
/* Tells them again when they changed. */
void arrival_tick(struct office *o);
/* COLLECT_STATE. ERR_PROTO. */
int arrival_message(struct office *o, struct msg *m) MUST_USE;

#endif
