#include "vault/fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <zstd.h>

#include "lib/file.h"

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
			assert_int_equal(get_le32(p + at), SKIP_MAGIC);
			assert_int_equal(get_le32(p + at + 4) + SKIP_HEAD, packed);
		}
		at += packed;
	}
	assert_int_equal(at, file.n - size - 8);
	assert_int_equal(blocks, 32);
	buf_release(&file);
	buf_release(&plain);
	fixture_release(&f);
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
	    cmocka_unit_test(torn_tail),  cmocka_unit_test(cut_is_logged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
