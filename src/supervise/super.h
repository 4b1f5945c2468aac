/* The life of the processes: start, hand out pairs, bring back what dies, stop in order. */
#ifndef SUPERVISE_SUPER_H
#define SUPERVISE_SUPER_H

#include "lib/loop.h"
#include "supervise/cgroup.h"
#include "supervise/door.h"
#include "supervise/role.h"
#include "supervise/worker.h"

#ifdef SEKISHO_ATTACK                                /* attempts end in death by design (core/attack.h) */
#define DEATHS_PER_MINUTE 100000
#define LOST_PER_MINUTE 100000
#else
#define DEATHS_PER_MINUTE 10                         /* more than this and the house gives up */
#define LOST_PER_MINUTE 30                           /* pairs lost though nobody died: more, and who reports is ended */
#endif
#define START_LIMIT_S 1800                           /* a start that takes longer is ended and tried anew; above any migration */
#define STOP_RANK_MS 1600                            /* × STOP_RANKS < 10 s */

struct super;
struct super_watch {
	struct super *s;
	int role, fd;                                    /* fd: of the channel for workers */
};

struct super {
	struct house house;
	struct super_watch watches[ROLES_MAX], worker_watches[ROLES_MAX];
	struct workers workers;
	struct cgroups cgroups;
	struct loop *loop;
	const char *libexec, *dir, *share;               /* absolute */
	int listen_fd, net_fd;                           /* -1: no front; none on the Internet side */
	unsigned start_limit_s;
	struct doors doors;                              /* of collect; none: no collect */
	/* All are up for the first time; url is front's or NULL. */
	void (*ready)(struct super *s, const char *url);
	void (*up)(struct super *s);                     /* another process is up; may be NULL */
	void (*note)(struct super *s, const char *line);
	bool ready_said, stopping;
	unsigned stop_rank;
	int stop_timer;
	int exit_code;
	char url[256], net_url[256];
};

void super_start(struct super *s);
/* Asks all to stop, rank by rank; the loop ends when the last is gone. */
void super_stop(struct super *s, int exit_code);
/* SIGCHLD came. */
void super_reap(struct super *s);
/* Hands an accepted control connection (and fd's ownership) to the writer; closed when there is none now. */
void super_control(struct super *s, int fd, uint32_t uid);
bool super_all_up(const struct super *s);

#endif
