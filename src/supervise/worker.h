/* Workers of the gate (src/gate-*): started here for a role that may start nothing itself, each with nothing but its pair. */
#ifndef SUPERVISE_WORKER_H
#define SUPERVISE_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#define WORKERS_MAX 24                               /* all at once: two gates, five deep, and some to spare */
#define WORKER_PROGRAMS "gate-"                      /* how the name of a program must begin */
#define WORKER_SCANNER "gate-scan"                   /* the one that is given connections to clamd */
#define SCANNER_CONNECTIONS 2
#define WORKER_SECONDS_MAX 4000

struct super;

struct worker {
	pid_t pid;                                       /* 0: free */
	int role;                                        /* who asked for it; -1: nobody any more */
	int64_t id;
	bool ended, asked;                               /* it is gone; its end was asked for and is not yet told */
	int status;
	struct rusage use;
};

struct workers {
	struct worker list[WORKERS_MAX];
	int64_t last_id;
};

/* A new channel for a role that was just started; what an earlier life of it left running is ended. Returns the role's end (the
 * caller closes it), -1. */
int workers_channel(struct super *s, int role);
/* The role is gone. */
void workers_drop(struct super *s, int role);
/* A process ended that is no role: true when it was a worker. */
bool workers_reap(struct super *s, pid_t pid, int status, const struct rusage *use);

#endif
