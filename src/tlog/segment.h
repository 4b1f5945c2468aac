/* A segment file: seg/<first index, 20 digits>. Zstandard frames, one per block, between skippable frames of ours, so that
 * `zstd -dc` gives the messages back, a line each, without this program. An open segment ends after its last block; a sealed one
 * ends with a footer and a seek table in the zstd seekable format. docs/formats/vault.md has it byte by byte. */
#ifndef TLOG_SEGMENT_H
#define TLOG_SEGMENT_H

#include <sys/types.h>

#include "lib/arena.h"
#include "tlog/block.h"
#include "tlog/source.h"

#define SEGMENT_UNIT 65536u                          /* entries of a full level-1 tile; a segment holds a multiple */
#define SEGMENT_UNITS_MAX 256u
#define SEGMENT_NAME 21                              /* 20 digits and NUL */
#define PACKED_MAX (BLOCK_BYTES_MAX + BLOCK_BYTES_MAX / 128 + 1024)

struct seg_block {
	uint64_t first;
	uint32_t count;
	uint32_t packed, raw, crc;                       /* bytes of its frames (packer.h), of its bundles, CRC-32C of the frames */
	uint32_t heads, text;                            /* bytes of the frame with the envelopes (0: none), of the other one's content */
	uint64_t meta_at, at;                            /* offsets of its metadata and of the frames */
	int64_t time_min, time_max;
	uint8_t bundle[BLOCK_BUNDLES][MERKLE_LEN];       /* level-1 hashes: count / BUNDLE of them */
	struct str sources;                              /* encoded: sources that have entries here, as of its end */
};

struct segment {
	int fd;
	uint64_t first, capacity, end;                   /* entries [first, end) are there, at most capacity */
	int64_t created_ns;
	struct seg_block *blocks;
	size_t n, cap;
	off_t bytes;                                     /* end of the last whole block */
	off_t file_bytes, reserved;                      /* reserved: space taken beyond the end, while it is written to */
	bool sealed;                                     /* footer and seek table are there, whole and right */
	struct str sources;                              /* encoded: all sources as of first */
	struct arena *arena;
};

void segment_name(uint64_t first, char out[SEGMENT_NAME]);
/* The index in a file name, or ERR_SYNTAX. */
int segment_name_parse(const char *name, uint64_t *ret_first) MUST_USE;

/* Opens and reads all frames but the blocks' contents. Stops without error at the first frame that is not whole: `bytes`
 * and `end` say what is good. ERR_CORRUPT when the header is not, or is another log's. */
int segment_open(int dirfd, uint64_t first, const uint8_t origin_hash[SHA256_LEN], bool writable, struct segment **ret,
                 struct err *e) MUST_USE;
void segment_free(struct segment *s);
/* Only its descriptor, when the header is that of this segment; -1 otherwise. */
int segment_peek(int dirfd, uint64_t first, const uint8_t origin_hash[SHA256_LEN], int64_t created_ns);

/* A new file with its header, not yet synced. snapshot: sources as of first, encoded. */
int segment_create(int dirfd, uint64_t first, uint64_t capacity, const uint8_t origin_hash[SHA256_LEN],
                   int64_t created_ns, struct str snapshot, struct segment **ret, struct err *e) MUST_USE;
/* Compresses and writes a full block behind the last one, not yet synced. */
int segment_append(struct segment *s, const struct block *b, struct str sources, struct err *e) MUST_USE;
/* The same for a block some of whose entries are redacted: with the times it had before. */
int segment_append_as(struct segment *s, const struct block *b, struct str sources, int64_t time_min, int64_t time_max,
                      struct err *e) MUST_USE;
/* Writes the segment anew with the leaf hash in the place of entry index, and puts the file in its place in one step. s is as it
 * was before: open the segment again. */
int segment_redact(int dirfd, const struct segment *s, const uint8_t origin_hash[SHA256_LEN], uint64_t index,
                   struct err *e) MUST_USE;
/* Gives back the space reserved beyond the end. */
void segment_trim(struct segment *s);
/* Cuts the file to the blocks that end at or before index; ERR_RANGE when no block ends there. */
int segment_cut(struct segment *s, uint64_t index, struct err *e) MUST_USE;
/* Footer and seek table behind a full segment, synced. */
int segment_seal(struct segment *s, struct err *e) MUST_USE;

/* The block that holds index, or NULL. */
const struct seg_block *segment_find(const struct segment *s, uint64_t index);
/* Reads, checks the CRC and unpacks a block, without its hashes (block_hash). */
int segment_load(const struct segment *s, const struct seg_block *sb, struct block *out, struct err *e) MUST_USE;
/* The same with all its hashes. */
int segment_read(const struct segment *s, const struct seg_block *sb, struct block *out, struct err *e) MUST_USE;

/* Opens a sealed segment and reads, by its seek table, only the block that holds index: blocks has that one. ERR_NOTFOUND when the
 * table does not lead there; then segment_open does. */
int segment_open_at(int dirfd, uint64_t first, const uint8_t origin_hash[SHA256_LEN], uint64_t index, struct segment **ret) MUST_USE;

/* segment.c, for segment_at.c */
struct segment *segment_new(uint64_t first);
void segment_add(struct segment *s, const struct seg_block *sb);
/* The content of the skippable frame at `at`, in the segment's arena. ERR_CORRUPT: no whole frame of ours there. */
int segment_frame(struct segment *s, off_t at, struct str *ret) MUST_USE;

/* segment_format.c: encoding, shared by writing and reading */
#define SKIP_MAGIC 0x184d2a50u
#define SEEK_MAGIC 0x184d2a5eu
#define SEEK_FOOTER_MAGIC 0x8f92eab1u
#define SKIP_HEAD 8u
#define META_MAX (16u << 20)

void put_le32(struct buf *b, uint32_t v);
uint32_t get_le32(const uint8_t *p);
/* Appends a skippable frame holding the payload and its CRC. */
void frame_put(struct buf *b, struct str payload);
/* Checks tag and CRC of a skippable frame's content; *ret reads what lies between. */
int frame_check(struct str content, const char *tag, struct cur *ret) MUST_USE;
void header_put(struct buf *b, const struct segment *s, const uint8_t origin_hash[SHA256_LEN]);
int header_get(struct str content, const uint8_t origin_hash[SHA256_LEN], struct segment *s) MUST_USE;
void meta_put(struct buf *b, const struct seg_block *sb);
int meta_get(struct str content, struct seg_block *ret) MUST_USE;
/* Footer and seek table of a full segment as they must stand in the file. */
int closing_put(struct buf *b, const struct segment *s) MUST_USE;

#endif
