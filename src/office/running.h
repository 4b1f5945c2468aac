/* Whether the detection rules run: how far detect has judged beside how far each log has grown, asked every minute; how many rules it
 * has and cannot use; and once a day an event of the house itself (detect.planted) that the rule sk-planted must find and bring back.
 * Rows of measurement, which log.rules-running judges. */
#ifndef OFFICE_RUNNING_H
#define OFFICE_RUNNING_H

#include "lib/msg.h"
#include "office/office.h"

#define RUNNING_RULE "sk-planted"

/* detect: its pair, or -1. */
void running_tick(struct office *o, int detect);
/* DETECT_STATE. ERR_PROTO. */
int running_message(struct office *o, struct msg *m) MUST_USE;
/* What was planted came back as an alert. */
void running_found(struct office *o);

#endif
