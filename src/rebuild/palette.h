/* Up to 256 colours of a picture, numbered as they come. Asked for every sample, so it stands where the compiler can put it in line. */
#ifndef REBUILD_PALETTE_H
#define REBUILD_PALETTE_H

#include <stdint.h>

#define PALETTE_MAX 256u

struct palette {
	uint32_t colour[PALETTE_MAX];                    /* red, green, blue from the highest byte but one down */
	unsigned n;
	uint16_t slot[4096];                             /* by hash, 1 + index */
};

/* The colour's index, or -1 when there are too many. Before the first: all zero. */
static inline int palette_place(struct palette *p, uint32_t c)
{
	for (uint32_t h = c * 2654435761u >> 20;; h = (h + 1) & 4095) {
		if (!p->slot[h]) {
			if (p->n == PALETTE_MAX)
				return -1;
			p->colour[p->n] = c;
			p->slot[h] = (uint16_t)++p->n;
		}
		if (p->colour[p->slot[h] - 1] == c)
			return p->slot[h] - 1;
	}
}

#endif
