/* One entry goes, everything else stays as it was: the segment is written anew in a folder beside and takes the old one's place. */
#include "tlog/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "tlog/io.h"

#define BESIDE ".redact"

static int copy_block(const struct segment *s, const struct seg_block *sb, uint64_t index, struct block *b, struct segment *to,
                      struct err *e)
{
	int r = segment_read(s, sb, b, e);

	if (!r && index >= sb->first && index < sb->first + sb->count && (r = block_redact(b, (uint32_t)(index - sb->first))))
		err_set(e, r, "entry %llu cannot be redacted", (unsigned long long)index);
	return r ? r : segment_append_as(to, b, sb->sources, sb->time_min, sb->time_max, e);
}

static int write_beside(int beside, const struct segment *s, const uint8_t *origin_hash, uint64_t index, struct err *e)
{
	struct block *b = block_new();
	struct segment *to = NULL;
	int r = segment_create(beside, s->first, s->capacity, origin_hash, s->created_ns, s->sources, &to, e);

	for (size_t i = 0; !r && i < s->n; i++)
		r = copy_block(s, &s->blocks[i], index, b, to, e);
	segment_trim(to);
	if (!r && s->sealed)
		r = segment_seal(to, e);
	else if (!r && io_sync(to->fd))
		r = err_sys(e, "seg");
	segment_free(to);
	block_free(b);
	return r;
}

int segment_redact(int dirfd, const struct segment *s, const uint8_t origin_hash[SHA256_LEN], uint64_t index, struct err *e)
{
	char name[SEGMENT_NAME];
	int beside, r;

	segment_name(s->first, name);
	if (mkdirat(dirfd, BESIDE, 0750) && errno != EEXIST)
		return err_sys(e, "seg/" BESIDE);
	beside = openat(dirfd, BESIDE, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (beside < 0)
		return err_sys(e, "seg/" BESIDE);
	r = write_beside(beside, s, origin_hash, index, e);
	if (!r && (renameat(beside, name, dirfd, name) || dir_fsync(dirfd)))
		r = err_sys(e, "seg/%s", name);
	if (r)
		unlinkat(beside, name, 0);
	close(beside);
	unlinkat(dirfd, BESIDE, AT_REMOVEDIR);
	return r;
}
