/* One block of a sealed segment, found by the seek table at its end: a few reads instead of one for every block. */
#include "tlog/segment.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tlog/io.h"

#define END_BYTES 9u                                 /* frames, descriptor, magic */
#define ENTRY_BYTES 8u
#define FRAMES_MAX (2u * SEGMENT_UNIT / BUNDLE * SEGMENT_UNITS_MAX + 2u)

/* Where the metadata of block k stands: behind the header and the k pairs before it. */
static int find_meta(const struct segment *s, uint64_t k, off_t *ret)
{
	uint8_t end[END_BYTES], *table;
	uint32_t frames;
	off_t at = 0;
	int r;

	if (s->file_bytes < (off_t)END_BYTES || io_read(s->fd, end, sizeof end, s->file_bytes - (off_t)END_BYTES) ||
	    get_le32(end + 5) != SEEK_FOOTER_MAGIC)
		return ERR_NOTFOUND;
	frames = get_le32(end);
	/* only where all blocks have their usual number of entries does the number of one follow from an index */
	if (frames > FRAMES_MAX || frames != 2 * (s->capacity / BLOCK_ENTRIES) + 2 ||
	    s->file_bytes < (off_t)frames * (off_t)ENTRY_BYTES + (off_t)END_BYTES)
		return ERR_NOTFOUND;
	table = malloc(frames * ENTRY_BYTES);
	if (!table)
		return ERR_NOMEM;
	r = io_read(s->fd, table, frames * ENTRY_BYTES, s->file_bytes - (off_t)(frames * ENTRY_BYTES + END_BYTES));
	for (uint64_t i = 0; !r && i < 1 + 2 * k; i++)
		at += (off_t)get_le32(table + i * ENTRY_BYTES);
	free(table);
	*ret = at;
	return r ? ERR_NOTFOUND : 0;
}

static int read_one(struct segment *s, const uint8_t *origin_hash, uint64_t index)
{
	struct seg_block sb;
	struct str content;
	uint64_t k;
	off_t at;

	if (segment_frame(s, 0, &content) || header_get(content, origin_hash, s) || index < s->first || index >= s->first + s->capacity)
		return ERR_NOTFOUND;
	k = (index - s->first) / BLOCK_ENTRIES;
	if (find_meta(s, k, &at) || segment_frame(s, at, &content) || meta_get(content, &sb) || sb.first != s->first + k * BLOCK_ENTRIES ||
	    sb.count != BLOCK_ENTRIES)
		return ERR_NOTFOUND;
	sb.meta_at = (uint64_t)at;
	sb.at = sb.meta_at + SKIP_HEAD + content.n;
	if (sb.packed > (uint64_t)s->file_bytes - sb.at)
		return ERR_NOTFOUND;
	segment_add(s, &sb);
	return 0;
}

int segment_open_at(int dirfd, uint64_t first, const uint8_t origin_hash[SHA256_LEN], uint64_t index, struct segment **ret)
{
	struct segment *s = segment_new(first);
	char name[SEGMENT_NAME];
	struct stat st;
	int r = ERR_NOTFOUND;

	segment_name(first, name);
	s->fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (s->fd >= 0 && !fstat(s->fd, &st)) {
		s->file_bytes = st.st_size;
		r = read_one(s, origin_hash, index);
	}
	if (r)
		segment_free(s);
	else
		*ret = s;
	return r;
}
