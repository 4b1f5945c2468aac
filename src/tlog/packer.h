/* Blocks as they stand in a segment: a skippable frame with the envelopes, then the Zstandard frame with the text of the messages
 * (pack.h); or, as older versions wrote them, one frame with the entry bundles themselves. */
#ifndef TLOG_PACKER_H
#define TLOG_PACKER_H

#include "tlog/block.h"

/* Tables and buffers, too big to make anew for every block. One at a time may use it. */
struct packer;
struct packer *packer_new(void);
void packer_free(struct packer *p);

/* The frames of a block; *ret_frames is valid until the next call. *ret_heads: bytes of the one with the envelopes, *ret_text: of the
 * other one's content. */
int packer_pack(struct packer *p, const struct block *b, struct str *ret_frames, uint32_t *ret_heads, uint32_t *ret_text) MUST_USE;

struct packer_text {
	struct str text;                                 /* the messages; or the bundles, when heads is 0 */
	uint32_t heads;
};
/* Unpacks the text alone: what is sought stands there or nowhere. raw: bytes of the bundles, which are never less. The frames must stay
 * as long as packer_bundles may be called; the text is valid until the next call of any of these. */
int packer_text(struct packer *p, struct str frames, uint32_t raw, struct packer_text *ret) MUST_USE;
/* The bundles, `raw` bytes of `count` entries, of what packer_text just unpacked: appended to `to`. */
int packer_bundles(struct packer *p, uint32_t count, uint32_t raw, struct buf *to) MUST_USE;

#endif
