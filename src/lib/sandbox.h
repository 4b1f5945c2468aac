/* Locks a process in: uid, private mount namespace (as root), Landlock, seccomp (kill), rlimits, no_new_privs, not dumpable.
 * Profiles are tables (src/lib/sandbox_profiles.c). Everything outside (files, iconv, time zone) is opened before. */
#ifndef LIB_SANDBOX_H
#define LIB_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

struct sandbox_profile {
	const char *name;                                /* "front", "office", … also the user of the role */
	unsigned uid_offset;                             /* added to SANDBOX_UID_BASE when started as root */
	bool writes_files;                               /* may write below the given folders */
	const int *syscalls;                             /* allow-list, ended by -1 */
	unsigned long memory_max;                        /* RLIMIT_AS bytes; 0 none */
	unsigned long file_max;                          /* RLIMIT_FSIZE bytes */
	unsigned files_max;                              /* RLIMIT_NOFILE */
	unsigned procs_max;                              /* RLIMIT_NPROC (threads); 0: no new ones */
};

#define SANDBOX_UID_BASE 61184                       /* systemd's dynamic range begins here; SEKISHO_UID_BASE overrides */

extern const struct sandbox_profile sandbox_front, sandbox_office, sandbox_auth, sandbox_vault, sandbox_keys;

/* dirs: folders (absolute) that stay reachable, read-write when profile->writes_files. As root they are handed to
 * the role's uid and bound where they are seen below /run/sekisho-NNN, whose path comes back in ret_dirs[i]. */
int sandbox_enter(const struct sandbox_profile *p, const char *const *dirs, size_t n, char (*ret_dirs)[256],
                  struct err *e) MUST_USE;
/* What holds: "uid landlock=4 seccomp" for logs, doctor and the ready line. */
const char *sandbox_posture(void);
/* Tries what must be impossible (open /etc/passwd, socket, exec, ptrace, kill); the first that works is in *e. */
int sandbox_self_test(struct err *e) MUST_USE;

#endif
