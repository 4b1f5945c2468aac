/* The pieces sandbox_enter is made of; nobody else calls them. */
#ifndef LIB_SANDBOX_PARTS_H
#define LIB_SANDBOX_PARTS_H

#include "lib/sandbox.h"
#include "lib/str.h"

struct sandbox_dir {
	char path[256];
	bool write;
};

/* Gives a folder and all below it to uid (never through a link); what has it already costs one stat each. */
int sandbox_hand_over(const char *path, unsigned uid, struct err *e) MUST_USE;
/* *ret_abi: the version in force, 0 when the kernel has none. */
int sandbox_landlock(const struct sandbox_dir *dirs, size_t n, int *ret_abi, struct err *e) MUST_USE;
int sandbox_seccomp(const struct sandbox_profile *p, struct err *e) MUST_USE;

#endif
