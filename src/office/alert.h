/* What detect finds becomes a row of the ledger alerts (a task with a due time), and what people decided about rules goes back: which are on
 * (log-sources, field rules; "-ID" turns one off) and what is kept quiet until when (alerts in state quiet). */
#ifndef OFFICE_ALERT_H
#define OFFICE_ALERT_H

#include "office/hours.h"
#include "office/office.h"

/* A message of detect, to the writer. An alert it told before is acknowledged again and not taken twice. */
int alert_message(struct office *o, int fd, struct msg *m) MUST_USE;
/* Tells detect what was decided, when it differs from what it was told last; fd -1: it is gone. */
void alert_decisions(struct office *o, int fd, bool anew);
/* When somebody must have looked at it: what is critical after `minutes` of time in which somebody works (office hours, shifts of the
 * duty roster) from `at` (µs); all else by noon of the next working day (today's, when it is before the day begins), or by the end of the
 * shift it falls into when that is sooner. */
int64_t alert_due(const struct office_hours *h, bool critical, int64_t minutes, int64_t at);

#endif
