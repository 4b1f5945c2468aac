/* What the files of tool.h share. */
#ifndef DETECT_TOOL_PARTS_H
#define DETECT_TOOL_PARTS_H

#include "core/words.h"
#include "detect/correlate.h"
#include "detect/join.h"

enum { TOOL_YES, TOOL_NO, TOOL_USAGE, TOOL_FAILURE };

struct tool {
	struct rules rules;
	bool json, figures, by_default, timed;                       /* timed: some rule counts over time */
	struct fields *head;
	int64_t last_time;
	const char *source;
	const char *paths[64];
	size_t n_paths;
	struct correlator *correlator;
	struct engine *engine;                                       /* of `rules run`, with records of auditd that wait for others */
	struct joins *joins;
	int64_t newest;
	struct buf out;
};

/* All paths; how many faults were told. */
size_t tool_load(struct tool *t);
int tool_fail(const struct err *e);
/* tool_test_logs.c */
int tool_test(struct tool *t);

#endif
