/* The files of the jail: a tree of its own with what LibreOffice needs, and nothing of the machine or the house beside it. */
#ifndef GATE_OFFICE_TREE_H
#define GATE_OFFICE_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

/* All there is in it, for the mounts and for Landlock. */
struct jail_place {
	const char *path;
	bool write, run;
};
extern const struct jail_place jail_places[];
extern const size_t n_jail_places;

/* In namespaces of mounts and processes of one's own, while one still may: makes the tree and goes into it. */
int tree_enter(struct err *e) MUST_USE;

#endif
