#define LIB_ERR_C
#include "lib/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
	[-ERR_NONE] = "no error",
	[-ERR_NOMEM] = "out of memory or over a cap",
	[-ERR_SYS] = "system call failed",
	[-ERR_SYNTAX] = "does not parse",
	[-ERR_TOOBIG] = "too big",
	[-ERR_SHORT] = "ends too early",
	[-ERR_RANGE] = "out of range",
	[-ERR_NOTFOUND] = "not found",
	[-ERR_EXISTS] = "exists already",
	[-ERR_DENIED] = "not permitted",
	[-ERR_CONFLICT] = "changed by somebody else",
	[-ERR_WRONG_STATE] = "not possible in this state",
	[-ERR_INVALID] = "fields not acceptable",
	[-ERR_PROTO] = "protocol violated",
	[-ERR_CLOSED] = "peer is gone",
	[-ERR_BUSY] = "busy",
	[-ERR_CORRUPT] = "stored data does not verify",
	[-ERR_DB] = "database error",
	[-ERR_VERSION] = "made by a newer version",
	[-ERR_ANONYMOUS] = "nobody known asks",
};

const char *err_text(int code)
{
	if (code > 0 || code <= -(int)ARRAY_LEN(names))
		return "unknown error";
	return names[-code];
}

static void err_fill(struct err *e, int code, const char *file, int line, int col, const char *fmt, va_list ap)
{
	e->code = code;
	e->line = line;
	e->col = col;
	snprintf(e->file, sizeof e->file, "%s", file ? file : "");
	vsnprintf(e->text, sizeof e->text, fmt, ap);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	if (e) {
		va_list ap;
		va_start(ap, fmt);
		err_fill(e, code, NULL, 0, 0, fmt, ap);
		va_end(ap);
	}
	return code;
}

int err_at(struct err *e, int code, const char *file, int line, int col, const char *fmt, ...)
{
	if (e) {
		va_list ap;
		va_start(ap, fmt);
		err_fill(e, code, file, line, col, fmt, ap);
		va_end(ap);
	}
	return code;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	if (e) {
		va_list ap;
		va_start(ap, fmt);
		err_fill(e, ERR_SYS, NULL, 0, 0, fmt, ap);
		va_end(ap);
		size_t n = strlen(e->text);
		/* The name, not strerror: strerror opens catalogues, which a locked-in process may not. */
		const char *d = strerrordesc_np(saved);
		snprintf(e->text + n, sizeof e->text - n, ": %s", d ? d : "unknown error");
	}
	errno = saved;
	return ERR_SYS;
}

const char *err_format(const struct err *e, char *out, unsigned long size)
{
	char place[32] = "";
	if (e->line && e->col)
		snprintf(place, sizeof place, "%d:%d: ", e->line, e->col);
	else if (e->line)
		snprintf(place, sizeof place, "%d: ", e->line);
	snprintf(out, size, "%s%s%s%s", e->file, !e->file[0] ? "" : e->line ? ":" : ": ", place, e->text);
	return out;
}
