/* A place for a program that is not ours and cannot live in the rebuilders' cell: LibreOffice wants files, processes and Unix sockets.
 * It gets: namespaces of its own (processes, mounts, network, IPC; by a user namespace without root), a root in which only libraries,
 * fonts, an empty /tmp and a /proc of its own processes are, Landlock over the same, a seccomp list of what it may not do, limits. */
#ifndef GATE_OFFICE_JAIL_H
#define GATE_OFFICE_JAIL_H

#include <stddef.h>

#include "lib/err.h"

#define JAIL_TMP "/tmp"

/* Call once, with one thread. Returns in a child, the first process of the jail; the caller stays outside, ends as the child does, and
 * takes the jail with it when it is ended. What holds is appended to posture ("uid mnt net pid landlock seccomp-deny"). ERR_DENIED when it cannot be had. */
int jail_enter(unsigned uid, char *posture, size_t n, struct err *e) MUST_USE;

#endif
