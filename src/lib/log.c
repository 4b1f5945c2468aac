#include "lib/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/date.h"

#define LINE_MAX_LOG 2048

static const char *program = "?";
static enum log_level least = LOG_INFO_;
static const char *const level_names[] = { "debug", "info", "warn", "error" };

void log_open(const char *name)
{
	program = name;
}

void log_level_set(enum log_level level)
{
	least = level;
}

/* One write per line: lines of several processes on one stderr do not mix. */
static void log_line(enum log_level level, const char *event, const char *fmt, va_list ap)
{
	if (level < least)
		return;
	int saved = errno;
	char line[LINE_MAX_LOG];
	int64_t now = clock_true(), day = now / DAY_US, ms = now % DAY_US / 1000;
	struct date d = date_from_days(day);
	int n = snprintf(line, sizeof line, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ %s %s %s ", d.year, d.month, d.day,
	                 (int)(ms / 3600000), (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), (int)(ms % 1000), program,
	                 level_names[level], event);
	size_t at = n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
	n = vsnprintf(line + at, sizeof line - at, fmt, ap);
	size_t end = n < 0 ? at : at + (size_t)n < sizeof line ? at + (size_t)n : sizeof line - 1;
	/* A value with a line end must not look like a line of its own. */
	for (size_t i = at; i < end; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	if (end == at && at > 0)
		end--;
	line[end++] = '\n';
	if (write(STDERR_FILENO, line, end) < 0)
		errno = 0;                                   /* nowhere left to say it */
	errno = saved;
}

#define LOG_FN(name, level) \
	void name(const char *event, const char *fmt, ...) \
	{ \
		va_list ap; \
		va_start(ap, fmt); \
		log_line(level, event, fmt, ap); \
		va_end(ap); \
	}

LOG_FN(log_debug, LOG_DEBUG_)
LOG_FN(log_info, LOG_INFO_)
LOG_FN(log_warn, LOG_WARN_)
LOG_FN(log_error, LOG_ERROR_)

void log_fatal(const char *event, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	log_line(LOG_ERROR_, event, fmt, ap);
	va_end(ap);
	_exit(3);
}
