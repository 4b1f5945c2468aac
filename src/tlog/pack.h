/* A block as it is packed: its messages as text, each with a line feed behind it, and apart from them what repeats from entry to entry,
 * the envelopes. Half of what an entry has around its message would otherwise be packed, unpacked and searched with it.
 * docs/formats/vault.md, "Block", has it byte by byte. */
#ifndef TLOG_PACK_H
#define TLOG_PACK_H

#include "tlog/block.h"

/* What both need of memory: too much to get anew for every block. One at a time. */
struct pack;
struct pack *pack_new(void);
void pack_free(struct pack *p);
/* Appends the messages of the block to text and its envelopes to heads. */
int pack_split(struct pack *p, const struct block *b, struct buf *text, struct buf *heads) MUST_USE;
/* Appends the entry bundles that pack_split took apart: exactly count entries of all the text, else ERR_CORRUPT. They are not
 * looked into. */
int pack_join(struct pack *p, struct str text, struct str heads, uint32_t count, struct buf *bundles) MUST_USE;

#endif
