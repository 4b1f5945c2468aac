/* Locks a process in: uid, private mount and network namespace (as root), Landlock, seccomp (kill), rlimits,
 * no_new_privs, not dumpable. Profiles are tables (src/lib/sandbox_profiles.c). Everything outside (files, iconv, time
 * zone, what OpenSSL loads at first use) is opened before. There is no switch to run without; a kernel without Landlock
 * is accepted only as root, where uid and namespace hold. */
#ifndef LIB_SANDBOX_H
#define LIB_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

struct sandbox_profile {
	const char *name;                                /* "front", "office", … also the user of the role */
	unsigned uid_offset;                             /* added to SANDBOX_UID_BASE when started as root */
	unsigned reads_of;                               /* uid offset of the role whose files it may read, by its group; 0 none */
	bool writes_files;                               /* may write below the given folders */
	bool same_paths;                                 /* as root, folders are seen where they lie, not at /run/sekisho/N */
	const int *syscalls;                             /* allow-list beside what all may, ended by -1 */
	unsigned long memory_max;                        /* RLIMIT_AS bytes; 0 none */
	unsigned long file_max;                          /* RLIMIT_FSIZE bytes; messages need at least MSG_MAX */
	unsigned files_max;                              /* RLIMIT_NOFILE */
	unsigned threads_max;                            /* RLIMIT_NPROC; 0: no threads. Processes never */
};

#define SANDBOX_UID_BASE 61184                       /* systemd's dynamic range begins here; SEKISHO_UID_BASE overrides */
#define SANDBOX_UID_FRONT_NET 10                     /* offset of the front on the Internet side */
#define SANDBOX_UID_GATES 32                         /* + N: of gate.N */
#define SANDBOX_UID_JAIL 25                          /* of LibreOffice's jail (src/gate-office) */
#define SANDBOX_UID_WORKERS 64                       /* + SANDBOX_UIDS_WORKER × place: the house's workers, whose own offsets count */
#define SANDBOX_UIDS_WORKER 8                        /* from SANDBOX_UID_WORKER_FIRST on */
#define SANDBOX_UID_WORKER_FIRST 20
#define SANDBOX_DIRS_MAX 8

extern const struct sandbox_profile sandbox_front, sandbox_office, sandbox_auth, sandbox_vault, sandbox_keys,
    sandbox_collect, sandbox_watch, sandbox_search, sandbox_detect, sandbox_witness, sandbox_serve, sandbox_ask,
                                    sandbox_gate, sandbox_gate_verify, sandbox_gate_broker, sandbox_gate_pdf, sandbox_gate_scan;

/* dirs: folders (absolute) that stay reachable, read-write when profile->writes_files, read-only with a prefix "ro:".
 * As root those to be written are handed to the role's uid (a chown of what is below) and each is seen at
 * /run/sekisho/N and nothing else; where it is seen comes back in ret_dirs[i] (may be NULL when n is 0). Call it with
 * one thread only: later threads inherit everything. Must not be undone and not be called twice. */
int sandbox_enter(const struct sandbox_profile *p, const char *const *dirs, size_t n, char (*ret_dirs)[256],
                  struct err *e) MUST_USE;
/* What holds: "uid mnt net landlock=4 seccomp" as root, "landlock=4 seccomp" without, "nocaps landlock=4 seccomp" as
 * root of a container that may not mount; "open" before sandbox_enter. */
const char *sandbox_posture(void);
/* In forked children (call it outside any sandbox): enters the profile and tries what must be impossible (open
 * /etc/passwd, socket, exec, fork, ptrace, kill, …); the first that works is in *e. */
int sandbox_self_test(const struct sandbox_profile *p, struct err *e) MUST_USE;

#endif
