/* Starts one program: fork, its pair on descriptor 3, a clean environment, exec. */
#ifndef SUPERVISE_SPAWN_H
#define SUPERVISE_SPAWN_H

#include "supervise/super.h"

/* Sets r->sup; returns the pid, or -1 with errno. */
pid_t spawn_role(struct super *s, struct role *r);

#endif
