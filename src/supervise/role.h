/* Which processes there are, in which order they start and stop, and who may talk to whom: the tables of the house. */
#ifndef SUPERVISE_ROLE_H
#define SUPERVISE_ROLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/child.h"

#define READERS_MAX 64
#define GATES_MAX 8
#define ROLES_MAX (READERS_MAX + GATES_MAX + 13)
#define PAIRS_MAX (4 * READERS_MAX + GATES_MAX + 24)
#define STOP_RANKS 6

enum role_state {
	ROLE_DOWN,                                       /* not started, or dead and waiting for its back-off */
	ROLE_STARTING,
	ROLE_UP,                                         /* has said READY */
	ROLE_GONE,                                       /* ended while we stop */
};

struct role {
	char name[CHILD_NAME_MAX];
	const char *program;
	int after;                                       /* starts when that role is up; -1: at once */
	unsigned stop_rank;                              /* 0 is asked to stop first */
	enum role_state state;
	bool was_up, says_no;                            /* says_no: ended by itself before it was ever up */
	pid_t pid;
	int sup;                                         /* our end of its descriptor 3; -1 */
	int start_timer;                                 /* while it starts; 0 */
	int64_t deaths[16], lost[32];                    /* when (µs), rings */
	unsigned n_deaths, n_lost;
	char posture[96];
};

/* Two roles and the ends nobody has been given yet. */
struct pair {
	int role[2], waiting[2];
	unsigned generation, reported;                   /* from 1; the last one that was reported lost */
};

struct house {
	struct role roles[ROLES_MAX];
	struct pair pairs[PAIRS_MAX];
	size_t n_roles, n_pairs;
};

struct house_options {
	bool front, oneshot, collect;                    /* oneshot: the writer alone, for one command */
	unsigned readers, gates;
	bool watch;                                      /* folders of other systems */
	bool front_net;                                  /* a second front on the Internet side */
};

void house_init(struct house *h, const struct house_options *o);
int house_find(const struct house *h, const char *name);   /* index or -1 */

#endif
