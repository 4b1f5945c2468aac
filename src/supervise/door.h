/* The doors of collect (core/intake.h): sockets and followed files. They stay open here while collect comes and goes, so that what
 * the kernel holds in them outlives it. A followed file that was renamed away and made anew is handed over as it appears. */
#ifndef SUPERVISE_DOOR_H
#define SUPERVISE_DOOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/child.h"
#include "core/intake.h"

#define DOOR_BEFORE 4

struct door {
	char name[CHILD_NAME_MAX];                       /* "listen.udp.0", as collect is told */
	char where[256];
	enum intake_kind kind;
	int fd;                                          /* -1: the file is not there yet */
	int before[DOOR_BEFORE];                         /* files that had the name before, newest first (at the start: WHERE.1, …), or -1 */
	dev_t dev;
	ino_t ino;
};

struct doors {
	struct door list[INTAKE_MAX];
	size_t n;
	bool watch;                                      /* a line `watch = PATH` (src/watch) */
	char net[128];                                   /* `transfer-listen = ADDR:PORT`: the front on the Internet side; "" none */
};

/* Adds one; ERR_SYNTAX for what is none, ERR_RANGE for too many. */
int doors_add(struct doors *d, struct str given, struct err *e) MUST_USE;
/* Adds the lines `intake = …` of DIR/sekisho.conf; a line `clamd = PATH` becomes SEKISHO_CLAMD. */
int doors_read(struct doors *d, const char *dir, struct err *e) MUST_USE;
/* Opens all and leaves what they are in the environment for collect, and in run_fd/intake for people ("udp 127.0.0.1:514" a line,
 * with the ports the kernel chose). A file that is not there yet is no error. */
int doors_open(struct doors *d, int run_fd, struct err *e) MUST_USE;
/* The name under which collect is given door->before[i]. */
void door_before_name(const struct door *d, int i, char out[CHILD_NAME_MAX]);
/* Looks whether a followed file is another one now; true: door->fd is new. */
bool door_renewed(struct door *d);
/* Socket files go. */
void doors_close(struct doors *d, int run_fd);

#endif
