/* What the small generators share: to give up with a sentence, and to open an output file or give up. */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noreturn, format(printf, 1, 2))) static inline void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static inline FILE *open_out(const char *stem, const char *suffix)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s%s", stem, suffix);
	f = fopen(path, "w");
	if (!f)
		die("%s: %s", path, strerror(errno));
	return f;
}

#endif
