/* Where each numbering source stands: its last number, that entry's hash and index. From this the vault refuses gaps and
 * forks. Kept in memory, written as differences beside each block, rebuilt at start from the last segment and the tail. */
#ifndef TLOG_SOURCE_H
#define TLOG_SOURCE_H

#include "tlog/entry.h"

#define SOURCES_MAX 65536u

struct source {
	char name[ENTRY_NAME_MAX + 1];
	uint8_t name_n;
	uint64_t seq, index;
	uint8_t hash[SHA256_LEN];                        /* SHA-256 of the raw bytes of the last entry */
};

/* Sorted by name. Zeroed is empty. */
struct sources {
	struct source **list;
	size_t n, cap;
};

void sources_release(struct sources *s);
/* NULL when it never appended; valid until the next change. */
const struct source *sources_find(const struct sources *s, struct str name);
/* Takes the entry at index into account when it is chained: ERR_CONFLICT when it does not follow its source's last. */
int sources_follow(struct sources *s, const struct entry *en, uint64_t index) MUST_USE;
/* Appends u32 count and those whose last entry lies at or after `from`. */
void sources_put(const struct sources *s, uint64_t from, struct buf *b);
/* Reads what sources_put wrote into s; ERR_CORRUPT. */
int sources_get(struct sources *s, struct cur *c) MUST_USE;

#endif
