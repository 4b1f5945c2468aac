/* The caller's side of the control connection: one command to office.writer, its output as it comes, its exit code.
 * Used by `sekisho` and, for the sign-in links at the start, by supervise. */
#ifndef CORE_CONTROL_H
#define CORE_CONTROL_H

#include "lib/err.h"
#include "lib/i18n.h"
#include "lib/str.h"

#define CONTROL_ARGS_MAX 64
#define CONTROL_FILES_MAX 16

struct control_call {
	enum lang lang;
	const char *args[CONTROL_ARGS_MAX];              /* without the data folder: "status", "--json" */
	size_t n_args;
	struct {
		const char *name;
		int fd;                                      /* stays the caller's */
	} files[CONTROL_FILES_MAX];
	size_t n_files;
};

/* Called for each piece of output; to is 1 or 2. */
typedef void control_out(void *arg, int to, struct str bytes);

/* 0 when the command ended (*ret_code is its exit code), ERR_CLOSED when the other side went away, ERR_PROTO,
 * ERR_SYS. */
int control_run(int fd, const struct control_call *c, control_out *out, void *arg, int *ret_code) MUST_USE;
/* Connects to DIR/run/control.sock: the socket, or ERR_NOTFOUND when nobody listens there, ERR_SYS. */
int control_connect(const char *dir) MUST_USE;
/* The address of run/control.sock for a folder however long its path is; run_fd is DIR/run and must stay open. */
struct sockaddr_un;
void control_address(int run_fd, struct sockaddr_un *ret);

#endif
