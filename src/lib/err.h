/* Error codes of the whole project and the fixed-size error that a person reads.
 * A function with more than one way to fail returns 0 or one of these negative codes. Library code never logs:
 * whoever handles the error logs it once (lib/log.h). */
#ifndef LIB_ERR_H
#define LIB_ERR_H

#include <stdarg.h>

enum err_code {
	ERR_NONE = 0,
	ERR_NOMEM = -1,     /* a cap was reached or memory ran out */
	ERR_SYS = -2,       /* a system call failed; errno says why */
	ERR_SYNTAX = -3,    /* input does not parse */
	ERR_TOOBIG = -4,    /* input exceeds a named limit */
	ERR_SHORT = -5,     /* input ends too early */
	ERR_RANGE = -6,     /* a value lies outside its range */
	ERR_NOTFOUND = -7,
	ERR_EXISTS = -8,
	ERR_DENIED = -9,    /* not permitted */
	ERR_CONFLICT = -10, /* somebody else changed it meanwhile */
	ERR_WRONG_STATE = -11, /* not possible in this state; OpenSSL owns the name ERR_STATE */
	ERR_INVALID = -12,  /* fields are not acceptable; details beside */
	ERR_PROTO = -13,    /* a peer broke the protocol */
	ERR_CLOSED = -14,   /* the peer is gone */
	ERR_BUSY = -15,     /* try again later */
	ERR_CORRUPT = -16,  /* stored data does not verify */
	ERR_DB = -17,       /* SQLite said no; sqlite text beside */
	ERR_VERSION = -18,  /* made by a newer version */
	ERR_ANONYMOUS = -19, /* nobody known asks */
};

/* A short English name ("not found"), for logs. */
const char *err_text(int code);

#define ERR_TEXT_MAX 400

/* What went wrong, where. `line` and `col` are 1-based, 0 when there is no place. */
struct err {
	int code;
	int line, col;
	char file[128];
	char text[ERR_TEXT_MAX];
};

/* Fills *e (e may be NULL) with code and a formatted text, clears the place; returns code. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same with a place. */
int err_at(struct err *e, int code, const char *file, int line, int col, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* Appends ": strerror(errno)" to a formatted text; returns ERR_SYS. */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "file:line:col: text" (parts that are absent left out) into a static-size caller buffer. */
const char *err_format(const struct err *e, char *out, unsigned long size);

/* The analyzer cannot look into err.c: tell it that what comes back is the code that went in. */
#if defined(__clang_analyzer__) && !defined(LIB_ERR_C)
#define err_set(e, code, ...) (err_set((e), (code), __VA_ARGS__), (code))
#define err_at(e, code, ...) (err_at((e), (code), __VA_ARGS__), (code))
#define err_sys(...) (err_sys(__VA_ARGS__), ERR_SYS)
#endif

#define MUST_USE __attribute__((warn_unused_result))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
