/* What the head of a log line says of itself, without reading the rest: severity and facility (RFC 5424 and 3164 priority), host,
 * program. Never fails: what is not there stays empty. Fields of the text behind it are fields.h's business. */
#ifndef TLOG_SKIM_H
#define TLOG_SKIM_H

#include "lib/str.h"

#define SKIM_NONE (-1)

struct skim {
	int severity, facility;                          /* 0–7, 0–23, or SKIM_NONE */
	struct str host, program;                        /* views into the line; empty when it has none */
	struct str text;                                 /* what follows the head */
};

void skim(struct str raw, struct skim *ret);

#endif
