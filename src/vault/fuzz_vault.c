/* What the vault reads from its folder, as a stranger may have left it there. The first byte chooses the piece; where a checksum
 * would stop everything it is made right. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tlog/crc.h"
#include "tlog/io.h"
#include "tlog/retention.h"
#include "tlog/segment.h"
#include "tlog/tail.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const uint8_t origin[SHA256_LEN];

/* There is one encoding of an entry: what parses is what would be written. */
static void entry(struct str in)
{
	struct entry en;
	struct buf b;

	if (entry_parse(in, &en) || entry_redacted(in))
		return;
	buf_init(&b, ENTRY_MAX);
	if (entry_put(&b, &en) || !str_eq(buf_view(&b), in))
		abort();
	buf_release(&b);
}

static void frame(struct str in, int (*get)(struct str))
{
	struct buf b;

	buf_init(&b, META_MAX);
	buf_str(&b, in);
	buf_u32(&b, crc32c(0, in.p, in.n));
	(void)!get(buf_view(&b));
	buf_release(&b);
}

static int header(struct str content)
{
	struct segment s = {0};

	return header_get(content, origin, &s);
}

static int meta(struct str content)
{
	struct sources all = {0};
	struct seg_block sb;
	int r = meta_get(content, &sb);

	if (!r) {
		struct cur c = cur_init(sb.sources.p, sb.sources.n);

		r = sources_get(&all, &c);
	}
	sources_release(&all);
	return r;
}

static char folder[] = "/dev/shm/sekisho-fuzz.XXXXXX";

static void remove_folder(void)
{
	rmdir(folder);
}

static int open_folder(void)
{
	if (!mkdtemp(folder) || atexit(remove_folder))
		abort();
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void whole_segment(struct str in, struct block *b)
{
	static int dir = -1;
	char name[SEGMENT_NAME];
	struct segment *s;
	int fd;

	if (dir < 0)
		dir = open_folder();
	segment_name(0, name);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || io_write(fd, in.p, in.n, 0))
		abort();
	if (!segment_open(dir, 0, origin, false, &s, NULL)) {
		for (size_t i = 0; i < s->n; i++)
			(void)!segment_read(s, &s->blocks[i], b, NULL);
		segment_free(s);
	}
	close(fd);
	unlinkat(dir, name, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct block *b;
	struct str in = str_n(p + 1, n - 1);
	struct retention keep;
	size_t left;

	if (!n)
		return 0;
	if (!b)
		b = block_new();
	switch (p[0] % 7) {
	case 0: entry(in); break;
	case 1: frame(in, header); break;
	case 2: frame(in, meta); break;
	case 3: (void)!block_load(b, 0, n > 1 ? p[1] : 0, in); break;
	case 4: (void)!tail_parse(in, origin, b, &left); break;
	case 5: whole_segment(in, b); break;
	case 6: (void)!retention_parse(in, &keep); break;
	}
	return 0;
}
