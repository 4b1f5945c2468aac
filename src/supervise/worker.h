/* Workers of the gate (src/gate-*): started here for a role that may start nothing itself, each with nothing but its pair. */
#ifndef SUPERVISE_WORKER_H
#define SUPERVISE_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "supervise/role.h"

#define WORKERS_EACH 12                              /* places of one role: five deep, a scan, and some to spare */
#define WORKERS_MAX (GATES_MAX * WORKERS_EACH)
#define WORKER_PROGRAMS "gate-"                      /* how the name of a program must begin */
#define WORKER_SCANNER "gate-scan"                   /* the one that is given connections to clamd */
#define SCANNER_CONNECTIONS 2
#define WORKER_SECONDS_MAX 4000                      /* of processor time; wall time: worker_clock() in worker.c */
#define WORKER_LIFE_S 14400                          /* whatever a role says */

struct super;

struct worker {
	pid_t pid;                                       /* 0: free */
	int role;                                        /* who asked for it; -1: nobody any more */
	int64_t id;
	int64_t born, lived;                             /* µs: when it began; how long it was the youngest of its role */
	unsigned seconds;                                /* as asked for */
	bool ended, asked;                               /* it is gone; its end was asked for and is not yet told */
	bool starved;                                    /* ended by the kernel for the memory it wanted */
	int status;
	struct rusage use;
};

struct workers {
	struct worker list[WORKERS_MAX];
	int64_t last_id, ticked;                         /* µs: when the clock was looked at */
	int timer;                                       /* 0: nobody lives */
};

/* A new channel for a role that was just started; what an earlier life of it left running is ended. Returns the role's end (the
 * caller closes it), -1. */
int workers_channel(struct super *s, int role);
/* The role is gone. */
void workers_drop(struct super *s, int role);
/* A process ended that is no role: true when it was a worker. */
bool workers_reap(struct super *s, pid_t pid, int status, const struct rusage *use);

#endif
