/* The audit of the logs by the house itself: asked for at the hour and after the days of the settings (once at the first start),
 * done by the process "audit" (vault/audit.h); its outcome is an event (vault.audit), a row of log_audit for each log, and
 * measurements that the check log.intact judges. */
#ifndef OFFICE_AUDIT_H
#define OFFICE_AUDIT_H

#include "lib/msg.h"
#include "office/office.h"

void audit_peer(struct office *o);                   /* it came or went: what was asked is asked again */
/* Asks when it is time. */
void audit_tick(struct office *o);
/* AUDIT_DONE. ERR_PROTO. */
int audit_message(struct office *o, struct msg *m) MUST_USE;
/* Whether an audit is due: local hour and day of `now` beside those of the last one (0: never). */
bool audit_due(int64_t now, int64_t last, int64_t hour, int64_t days);

#endif
