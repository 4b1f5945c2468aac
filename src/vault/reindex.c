/* The index is derived: what a crash, an older version or a redaction left without one gets it again while the vault runs, in steps
 * that nobody waits for. */
#include "vault/vault.h"

#include <stdlib.h>

#include "lib/log.h"

#define STEP_BLOCKS 16                               /* about 20 ms */

static bool is_whole(const struct tlog *s, uint64_t first)
{
	struct index_zone *z;
	struct index_file f;
	size_t n;

	if (index_open(s->dir, first, &f))
		return false;
	z = index_whole(&f, s->capacity, &n);
	index_close(&f);
	free(z);
	return z != NULL;
}

bool vault_index_step(struct vault *v)
{
	struct tlog *s = v->log;

	for (size_t i = 0; i < s->n_segs; i++) {
		uint64_t first = s->segs[i];
		struct segment *seg;
		struct err e = {0};
		size_t made = 0;

		if (first < v->index_known || (s->live && first == s->live->first) || first >= s->open->first)
			continue;
		if (!is_whole(s, first)) {
			if (!v->mender)
				v->mender = indexer_new(s->dir);
			if (tlog_segment(s, first, &seg, &e) || !seg->sealed || indexer_mend(v->mender, seg, false, STEP_BLOCKS, &made, &e))
				log_warn("vault.index", "segment=%llu text=\"%s\"", (unsigned long long)first, e.text); /* searches read it whole */
			else if (made == STEP_BLOCKS)
				return false;
			else
				log_info("vault.index", "segment=%llu made again", (unsigned long long)first);
		}
		v->index_known = first + 1;
		return false;
	}
	indexer_free(v->mender);
	v->mender = NULL;
	return true;
}
