/* A place for a program that is not ours and cannot live in the rebuilders' cell: LibreOffice wants files, processes and Unix sockets.
 * It gets: namespaces of its own (mounts, network, IPC; by a user namespace without root), an empty /tmp of its own, Landlock
 * (libraries and fonts to read, /tmp to write, nothing else), a seccomp list of what it may not do, limits. */
#ifndef GATE_OFFICE_JAIL_H
#define GATE_OFFICE_JAIL_H

#include <stddef.h>

#include "lib/err.h"

#define JAIL_TMP "/tmp"

/* Call once, with one thread. What holds is appended to posture ("uid mnt net landlock seccomp-deny"). ERR_DENIED when it cannot be had. */
int jail_enter(unsigned uid, char *posture, size_t n, struct err *e) MUST_USE;

#endif
