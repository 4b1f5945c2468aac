/* Limits by control group (version 2) where one was delegated to us (systemd: Delegate=): each worker of the gate in a group of its
 * own with a maximum of memory and processes, all of them together behind the house in their claim to the processor. Where there
 * is none the workers' own limits (setrlimit) hold alone, and every report says so. */
#ifndef SUPERVISE_CGROUP_H
#define SUPERVISE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"
#include "lib/str.h"

struct cgroups {
	int gate;                                        /* the folder of the workers' groups; -1: none was delegated */
	char why[200];                                   /* then: why not */
};

/* Takes the group we were started in, if it is ours alone and gives us memory, pids and cpu: moves this process into "house" below
 * it and makes "gate". Never an error: without, *c says why. */
void cgroups_open(struct cgroups *c);
void cgroups_close(struct cgroups *c);
/* The word for a report: "cgroup", or "nocgroup". */
const char *cgroups_posture(const struct cgroups *c);

/* The group of a place, anew, with the limits of that program; its folder (close it), -1 where there is none. ERR_SYS when there should be
 * one but none can be had: then that worker must not start. */
int cgroup_make(const struct cgroups *c, size_t place, struct str program, int *ret_dir) MUST_USE;
/* In the child, before anything else: goes into it. */
bool cgroup_join(int dir);
/* Its last process is gone: removes it; true when the kernel ended something in it for want of memory. */
bool cgroup_end(const struct cgroups *c, size_t place);

#endif
