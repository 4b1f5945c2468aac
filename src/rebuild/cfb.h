/* Compound files ([MS-CFB]): the streams of one by their names. Every number in it is a stranger's: sectors are looked up within the
 * file, chains end after as many steps as the file has sectors. */
#ifndef REBUILD_CFB_H
#define REBUILD_CFB_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/buf.h"

struct cfb {
	struct str bytes;
	uint32_t *fat, *mini;                            /* next sector of each */
	uint32_t n_fat, n_mini, dir, root, cutoff;       /* dir: first sector of the directory; root: of the small sectors */
	unsigned shift, mini_shift;
};

/* 0, ERR_SYNTAX or ERR_NOMEM. Allocates in a; bytes must outlive it. */
int cfb_open(struct cfb *c, struct arena *a, struct str bytes) MUST_USE;
/* Appends the stream of that name (ASCII), in whatever storage: 0, ERR_NOTFOUND, ERR_SYNTAX, or what the buffer says. */
int cfb_read(const struct cfb *c, const char *name, struct buf *out) MUST_USE;

#endif
