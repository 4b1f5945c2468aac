/* What a member of an archive, or an attachment, is called in what the gate makes: a path that every system takes for the same one file.
 * Links libunistring. */
#ifndef REBUILD_MEMBER_NAME_H
#define REBUILD_MEMBER_NAME_H

#include <stdbool.h>

#include "lib/arena.h"

/* The path (UTF-8), each step made fit: nothing unseen, nothing Windows reserves, no dots or blanks at its ends, not too long. Lives in a. */
struct str member_name(struct arena *a, struct str path);

/* Names given so far. */
struct member_names;
struct member_names *member_names_new(struct arena *a);
/* The path, or one with a number in its last step when another that was given folds to the same or is its folder; folders alike. */
struct str member_unique(struct member_names *m, struct str path);

#endif
