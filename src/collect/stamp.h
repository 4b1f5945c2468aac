/* How far a source's clock is from ours: the time in one of its messages now and then, against the time of reception. */
#ifndef COLLECT_STAMP_H
#define COLLECT_STAMP_H

#include "collect/source.h"

/* Before the sandbox: memory and the time zone. */
void stamp_open(void);
void stamp_close(void);
/* Looks at the first line of bytes unless it looked at this source within the last seconds, and notes now_ns as the time of the
 * last reception. */
void stamp_source(struct source *s, struct str bytes, int64_t now_ns);

#endif
