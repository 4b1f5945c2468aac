/* What follows when a folder was put back from a backup, or its log got a new origin. */
#ifndef OFFICE_RESTORED_H
#define OFFICE_RESTORED_H

#include "office/office.h"

#define RESTORED_MARK "restored"                         /* in the office's folder: "why …", "made …" lines, written by the command */
#define RESTORED_MISSING "missing"                       /* events of the log that the store lacks: INDEX SEQUENCE BASE64, by sequence */

/* A store at rest is whole. */
int office_check(const char *dir, struct err *e) MUST_USE;
/* The writer, before anything of this start becomes an event. Without a mark nothing happens. With one: the events that
 * only the log has are taken over (their chain must end where the log's does), those that the log lost are to be sent
 * again, and an event `store.restored` tells of it. ERR_CONFLICT: store and log are not of one house. */
int restored_settle(struct office *o, struct err *e) MUST_USE;

#endif
