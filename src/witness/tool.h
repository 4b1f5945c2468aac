/* Between main.c (arguments, what answers) and tool_ask.c (what asks). */
#ifndef WITNESS_TOOL_H
#define WITNESS_TOOL_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/err.h"

#define PATH_SIZE 4096

enum { YES, NO, USAGE, FAILURE };

struct options {
	const char *args[2], *name, *listen, *policy, *log, *old, *ca;
	size_t n;
	bool json, entries;
};

int tool_usage(FILE *to);
/* Says why; NO when something is not proven, else FAILURE. */
int tool_fail(const struct err *e);
/* The folder of a log: the first argument itself when it holds one, else below it. */
void tool_log_dir(const struct options *o, const char *log, char out[PATH_SIZE]);

int tool_ask(const struct options *o);
int tool_request(const struct options *o);
int tool_take(const struct options *o);

#endif
