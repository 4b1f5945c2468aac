/* The one door to the data: a connection to the office that runs on a folder, or to one started for this command. */
#ifndef CLI_HOUSE_H
#define CLI_HOUSE_H

#include <sys/types.h>

#include "cli/place.h"
#include "core/control.h"

struct house_door {
	int fd;                                          /* the connection */
	int lock;                                        /* -1, or held while our own house runs */
	pid_t supervise;                                 /* 0, or our own */
};

int door_open(struct house_door *d, const struct place *p, const char *dir, struct err *e) MUST_USE;
/* Stops what door_open started. */
void door_close(struct house_door *d);
/* One command through a door of its own; output goes to stdout and stderr. Returns its exit code, EXIT_FAILED when the
 * house went away meanwhile. */
int door_call(const struct place *p, const char *dir, const struct control_call *call, control_out *out, void *arg);

#endif
