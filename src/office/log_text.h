/* How log entries are shown: times, severities, messages with what was searched for marked. */
#ifndef OFFICE_LOG_TEXT_H
#define OFFICE_LOG_TEXT_H

#include "office/logs.h"
#include "tpl.h"

#define LOG_TEXT_SHOWN 2000u                         /* bytes of a message in a list */

/* "2026-11-20 09:30:12" in the zone. */
struct str log_time(struct arena *a, int64_t ns);
/* The same for a form: "2026-11-20T09:30:12". */
struct str log_time_input(struct arena *a, int64_t ns);
/* In words; "" for SKIM_NONE. */
const char *log_severity(int severity);
/* Bytes as text: CP932 is read as such, what is no text becomes escapes. At most max bytes. */
struct str log_message(struct arena *a, struct str raw, size_t max);
/* The message in pieces, those that fit the query marked. q may be NULL. */
void log_parts(struct arena *a, const struct query *q, struct str text, const struct tpl_logs_rows_parts **ret, size_t *ret_n);
struct str log_label(struct arena *a, struct str log);

#endif
