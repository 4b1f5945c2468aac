#include "vault/fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <zstd.h>

#include "lib/file.h"
#include "tlog/crc.h"
#include "tlog/packer.h"

/* The seek table as any reader of the zstd seekable format walks it: sizes add up, each frame unpacks by itself. */
static void seek_table(void **state)
{
	struct fixture f;
	struct buf file, plain;
	char path[160];
	const uint8_t *p, *entry;
	uint32_t frames, size, blocks = 0;
	size_t at = 0;

	fixture_init(&f);
	fixture_fill(&f, 65536, 65536);
	snprintf(path, sizeof path, "%s/seg/00000000000000000000", f.path);
	buf_init(&file, 64 << 20);
	buf_init(&plain, BLOCK_BYTES_MAX);
	assert_int_equal(file_read(path, 64 << 20, &file, NULL), 0);
	p = (const uint8_t *)file.p;
	assert_int_equal(get_le32(p + file.n - 4), SEEK_FOOTER_MAGIC);
	assert_int_equal(p[file.n - 5], 0);
	frames = get_le32(p + file.n - 9);
	size = frames * 8 + 9;
	entry = p + file.n - size;
	assert_int_equal(get_le32(entry - 4), size);
	assert_int_equal(get_le32(entry - 8), SEEK_MAGIC);
	for (uint32_t i = 0; i < frames; i++, entry += 8) {
		uint32_t packed = get_le32(entry), raw = get_le32(entry + 4);

		if (raw) {
			void *room;

			buf_clear(&plain);
			room = buf_room(&plain, raw);
			assert_non_null(room);
			assert_int_equal(ZSTD_findFrameCompressedSize(p + at, packed), packed);
			assert_int_equal(ZSTD_decompress(room, raw, p + at, packed), raw);
			blocks++;
		} else {
			uint32_t skip = 0; /* metadata and envelopes of a block go together */

			while (skip < packed) {
				assert_int_equal(get_le32(p + at + skip), SKIP_MAGIC);
				skip += get_le32(p + at + skip + 4) + SKIP_HEAD;
			}
			assert_int_equal(skip, packed);
		}
		at += packed;
	}
	assert_int_equal(at, file.n - size - 8);
	assert_int_equal(blocks, 32);
	buf_release(&file);
	buf_release(&plain);
	fixture_release(&f);
}

/* --- blocks as they were written before there were envelopes apart (SVB1) --- */

static void put_older_block(struct buf *file, struct seg_block *sb, const struct block *b)
{
	size_t bound = ZSTD_compressBound(b->raw.n), n;
	void *packed = malloc(bound);
	struct buf p;

	n = ZSTD_compress(packed, bound, b->raw.p, b->raw.n, 1);
	assert_false(ZSTD_isError(n));
	sb->packed = (uint32_t)n;
	sb->crc = crc32c(0, packed, n);
	sb->heads = 0;
	sb->text = sb->raw = (uint32_t)b->raw.n;
	buf_init(&p, META_MAX);
	buf_puts(&p, "SVB1");
	buf_u64(&p, sb->first);
	buf_u32(&p, sb->count);
	buf_u64(&p, (uint64_t)sb->time_min);
	buf_u64(&p, (uint64_t)sb->time_max);
	buf_u32(&p, sb->packed);
	buf_u32(&p, sb->raw);
	buf_u32(&p, sb->crc);
	buf_put(&p, sb->bundle, sb->count / BUNDLE * MERKLE_LEN);
	buf_str(&p, sb->sources);
	sb->meta_at = file->n;
	frame_put(file, buf_view(&p));
	sb->at = file->n;
	buf_put(file, packed, n);
	buf_release(&p);
	free(packed);
}

/* Writes a segment anew in the older form, or every second block of it. */
static void make_older(const struct fixture *f, uint64_t first, bool all)
{
	struct block *b = block_new();
	struct segment *s, *to;
	struct tlog *log;
	struct buf file;
	char name[SEGMENT_NAME];

	assert_int_equal(tlog_open(f->path, &log, NULL), 0);
	assert_int_equal(tlog_segment(log, first, &s, NULL), 0);
	to = segment_new(first);
	to->capacity = s->capacity;
	to->created_ns = s->created_ns;
	to->sources = s->sources;
	buf_init(&file, 64 << 20);
	header_put(&file, to, log->origin_hash);
	for (size_t i = 0; i < s->n; i++) {
		struct seg_block sb = s->blocks[i];

		assert_int_equal(segment_read(s, &s->blocks[i], b, NULL), 0);
		if (all || i % 2) {
			put_older_block(&file, &sb, b);
		} else {
			struct packer *packer = packer_new();
			struct str frames;

			assert_int_equal(packer_pack(packer, b, &frames, &sb.heads, &sb.text), 0);
			sb.meta_at = file.n;
			meta_put(&file, &sb);
			sb.at = file.n;
			buf_str(&file, frames);
			packer_free(packer);
		}
		segment_add(to, &sb);
	}
	if (s->sealed)
		assert_int_equal(closing_put(&file, to), 0);
	segment_name(first, name);
	assert_int_equal(file_write_atomic_at(log->seg_dir, name, file.p, file.n, 0640, NULL), 0);
	buf_release(&file);
	segment_free(to);
	tlog_free(log);
	block_free(b);
}

/* A log of the version before, sealed and open segments, is proven, read, found by its seek table and goes on. */
static void older_blocks(void **state)
{
	for (int all = 0; all < 2; all++) {
		struct fixture f;
		struct segment *seg;
		struct vault *v;
		struct str bytes;
		struct entry en;
		uint64_t at;

		fixture_init(&f);
		fixture_fill(&f, 70000, 10000);
		make_older(&f, 0, all);
		make_older(&f, 65536, true);
		assert_true(fixture_good(&f, true));
		v = fixture_open(&f);
		for (uint64_t i = 0; i < 70000; i += 997) {
			char want[128];

			assert_int_equal(tlog_entry(vault_log(v), i, &bytes, NULL), 0);
			assert_int_equal(entry_parse(bytes, &en), 0);
			snprintf(want, sizeof want, "{\"seq\":%llu,", (unsigned long long)i + 1);
			assert_true(str_starts(en.raw, want));
		}
		assert_int_equal(segment_open_at(vault_log(v)->seg_dir, 0, vault_log(v)->origin_hash, 4096 * 3 + 5, &seg), 0);
		assert_int_equal(seg->blocks[0].heads != 0, !all);
		segment_free(seg);
		for (unsigned i = 0; i < 3000; i++)
			assert_int_equal(fixture_append(v, &at), 0);
		assert_true(!vault_commit(v, NULL) && !fixture_sign(&f, v));
		vault_close(v);
		assert_true(fixture_good(&f, true));
		fixture_release(&f);
	}
}

static void names_of_files(void **state)
{
	static const struct {
		unsigned level;
		uint64_t n;
		const char *want;
	} t[] = {{1, 0, "tile/1/000"}, {2, 999, "tile/2/999"}, {1, 1000, "tile/1/x001/000"}, {3, 1234067, "tile/3/x001/x234/067"}};
	char name[SEGMENT_NAME], path[TILE_PATH_MAX];
	uint64_t first;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		tile_path(t[i].level, t[i].n, path);
		assert_string_equal(path, t[i].want);
	}
	segment_name(131072, name);
	assert_string_equal(name, "00000000000000131072");
	assert_int_equal(segment_name_parse(name, &first), 0);
	assert_int_equal(first, 131072);
	assert_int_not_equal(segment_name_parse("00000000000000131073", &first), 0);
	assert_int_not_equal(segment_name_parse("0", &first), 0);
	assert_int_not_equal(segment_name_parse(".0000000000000131072", &first), 0);
}

/* Any cut of the tail leaves the entries before it; any byte of rot too, never other ones. */
static void torn_tail(void **state)
{
	struct block *whole = block_new(), *b = block_new();
	struct fixture f;
	struct tlog *s;
	struct buf file;
	char path[160];
	size_t left;

	fixture_init(&f);
	fixture_fill(&f, 20, 7);
	snprintf(path, sizeof path, "%s/tail", f.path);
	buf_init(&file, TAIL_BYTES_MAX);
	assert_int_equal(file_read(path, TAIL_BYTES_MAX, &file, NULL), 0);
	assert_int_equal(tlog_open(f.path, &s, NULL), 0);
	assert_int_equal(tail_parse(buf_view(&file), s->origin_hash, whole, &left), 0);
	assert_int_equal(whole->count, 20);
	assert_int_equal(left, 0);
	for (size_t n = 0; n < file.n; n++) {
		int r = tail_parse(str_n(file.p, n), s->origin_hash, b, &left);

		assert_int_equal(r, n < 52 ? ERR_CORRUPT : 0);
		assert_true(r || b->count < 20);
		for (uint32_t i = 0; !r && i < b->count; i++)
			assert_memory_equal(b->leaf[i], whole->leaf[i], MERKLE_LEN);
	}
	for (size_t n = 0; n < file.n; n++) {
		file.p[n] ^= 0x10;
		if (!tail_parse(buf_view(&file), s->origin_hash, b, &left)) {
			assert_true(b->count < 20 && left);
			for (uint32_t i = 0; i < b->count; i++)
				assert_memory_equal(b->leaf[i], whole->leaf[i], MERKLE_LEN);
		}
		file.p[n] ^= 0x10;
	}
	tlog_free(s);
	block_free(b);
	block_free(whole);
	buf_release(&file);
	fixture_release(&f);
}

/* What is cut at opening is told by an entry of the log. */
static void cut_is_logged(void **state)
{
	struct vault_repair repair;
	struct fixture f;
	struct vault *v;
	struct str bytes;
	struct entry en;
	char path[160];
	uint64_t at;
	int fd;

	fixture_init(&f);
	fixture_fill(&f, 20, 7);
	snprintf(path, sizeof path, "%s/tail", f.path);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "\0\0\0\x50half a record", 17), 17);
	close(fd);
	assert_true(fixture_good(&f, true)); /* beyond what was signed: an unfinished write */
	assert_int_equal(vault_open(f.path, &v, &repair, NULL), 0);
	assert_true(repair.cut);
	assert_int_equal(repair.torn_bytes, 17);
	assert_int_equal(tlog_entry(vault_log(v), 20, &bytes, NULL), 0);
	assert_int_equal(entry_parse(bytes, &en), 0);
	assert_true(str_is(en.source, VAULT_OWN));
	assert_true(str_is(en.raw, "{\"type\":\"cut\",\"bytes\":17,\"entries\":0,\"size\":20}"));
	assert_int_equal(vault_set_key(v, buf_view(&f.vkey), NULL), 0);
	assert_int_equal(fixture_append(v, &at), 0);
	assert_int_equal(at, 21);
	assert_true(!vault_commit(v, NULL) && !fixture_sign(&f, v));
	vault_close(v);
	assert_true(fixture_good(&f, true));
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(seek_table), cmocka_unit_test(names_of_files),
	    cmocka_unit_test(torn_tail),  cmocka_unit_test(cut_is_logged), cmocka_unit_test(older_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
