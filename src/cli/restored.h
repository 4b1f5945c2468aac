/* What the office must know at its first start after its folder, or its log, was replaced (src/office/restored.h). */
#ifndef CLI_RESTORED_H
#define CLI_RESTORED_H

#include "cli/capture.h"

struct restored {
	const struct place *place;
	const char *dir;
	int at;                                          /* dir, open */
	const char *why;                                 /* "restore", "new-origin" */
	struct str made, text;                           /* when the backup was made; a remark; both may be STR_NONE */
	/* last event of the store, entries of the log, as the backup says */
	int64_t store_last, log_size;
};

/* report: of `vault verify --json`. Lists the office's events in the log after store_last on stdout and leaves them
 * for the office. */
int restored_missing(const struct restored *m, struct str report, struct err *e) MUST_USE;
/* A file of a folder of the data folder, there whole or not at all. */
int restored_write(int at, const char *folder, const char *name, const struct buf *b, struct err *e) MUST_USE;
int restored_mark(const struct restored *m, struct err *e) MUST_USE;
/* Starts the house once, so that the office settles and the event is sealed. */
int restored_start(const struct restored *m, struct err *e) MUST_USE;

#endif
