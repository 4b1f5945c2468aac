/* Everything an insider with write access to the folder may try; the audit with the trusted key must see each. */
#include "vault/fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "tlog/io.h"

static void copy(const char *from, const char *to)
{
	const char *const rm[] = {"rm", "-rf", to, NULL}, *const cp[] = {"cp", "-r", from, to, NULL};

	assert_int_equal(run(rm), 0);
	assert_int_equal(run(cp), 0);
}

static void flip(const char *path, off_t at, int bit)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char c = 0;

	assert_true(fd >= 0 && !io_read(fd, &c, 1, at));
	c ^= (char)(1 << bit);
	assert_true(!io_write(fd, &c, 1, at));
	close(fd);
}

/* Flips one bit every `step` bytes of a file, and in each of its first and last `edge` bytes. */
static unsigned flips(const struct fixture *f, const char *name, off_t step, off_t edge)
{
	char path[256];
	struct stat st;
	unsigned n = 0;

	snprintf(path, sizeof path, "%s/%s", f->path, name);
	assert_int_equal(stat(path, &st), 0);
	for (off_t at = 0, last = st.st_size - edge; at < st.st_size;
	     at = at < edge || at >= last ? at + 1 : at + step < last ? at + step : last) {
		int bit = (int)(at * 7 % 8);

		flip(path, at, bit);
		if (fixture_good(f, false))
			fail_msg("%s: bit %d of byte %lld flipped and not seen", name, bit, (long long)at);
		flip(path, at, bit);
		n++;
	}
	return n;
}

static void every_file_bit_by_bit(void **state)
{
	static const struct {
		const char *name;
		off_t step, edge;
	} files[] = {{"log", 1, 0},      {"vkey", 1, 0},  {"checkpoint", 1, 0},
	             {"last-signed", 1, 0}, {"tail", 97, 120}, {"seg/00000000000000000000", 331, 420}};
	struct fixture f;
	unsigned n = 0;

	fixture_init(&f);
	fixture_fill(&f, 4500, 500);
	assert_true(fixture_good(&f, true));
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		n += flips(&f, files[i].name, files[i].step, files[i].edge);
	assert_true(fixture_good(&f, true));
	print_message("%u flips seen\n", n);
	fixture_release(&f);
}

static void sealed_segment_and_tile(void **state)
{
	struct fixture f;

	fixture_init(&f);
	fixture_fill(&f, 68000, 20000);
	assert_true(fixture_good(&f, true));
	flips(&f, "seg/00000000000000000000", 150001, 12);
	flips(&f, "tile/1/000", 1024, 4);
	assert_true(fixture_good(&f, true));
	fixture_release(&f);
}

static void missing_and_empty(void **state)
{
	static const char *const names[] = {"log", "vkey", "checkpoint", "last-signed", "tail", "tile/1/000",
	                                    "seg/00000000000000000000", "seg/00000000000000065536"};
	char path[256], away[256];
	struct fixture f;

	fixture_init(&f);
	fixture_fill(&f, 68000, 68000);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof path, "%s/%s", f.path, names[i]);
		snprintf(away, sizeof away, "%s/away", f.root);
		assert_int_equal(rename(path, away), 0);
		/* the trusted key replaces the folder's own */
		if (strcmp(names[i], "vkey") != 0)
			assert_false(fixture_good(&f, false));
		close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
		if (strcmp(names[i], "vkey") != 0)
			assert_false(fixture_good(&f, false));
		assert_int_equal(rename(away, path), 0);
	}
	assert_true(fixture_good(&f, true));
	snprintf(f.path, sizeof f.path, "%s/nowhere", f.root);
	assert_false(fixture_good(&f, false));
	fixture_release(&f);
}

/* Swaps and copies: whole pieces, each right in itself, in the wrong place. */
static void pieces_in_wrong_places(void **state)
{
	static const char *const pairs[][2] = {
	    {"seg/00000000000000000000", "seg/00000000000000065536"}, {"tile/1/000", "tile/1/001"}};
	struct fixture f;

	fixture_init(&f);
	fixture_fill(&f, 140000, 140000);
	assert_true(fixture_good(&f, true));
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		char a[256], b[256], away[256];

		snprintf(a, sizeof a, "%s/%s", f.path, pairs[i][0]);
		snprintf(b, sizeof b, "%s/%s", f.path, pairs[i][1]);
		snprintf(away, sizeof away, "%s/away", f.root);
		assert_true(!rename(a, away) && !rename(b, a) && !rename(away, b));
		assert_false(fixture_good(&f, false));
		assert_true(!rename(a, away) && !rename(b, a) && !rename(away, b));
		assert_true(fixture_good(&f, true));
		copy(b, away);
		copy(a, b); /* one of them twice */
		assert_false(fixture_good(&f, false));
		copy(away, b);
	}
	assert_true(fixture_good(&f, true));
	fixture_release(&f);
}

enum edit { SAME, CHANGE, SWAP, DELETE, INSERT, RESEQUENCE, EDITS };

/* A clever insider: the tail written anew with right lengths and checksums, but other entries. */
static void edit_tail(struct fixture *f, enum edit edit)
{
	struct tail t = {.fd = -1};
	struct block *out = block_new();
	struct tlog *s;

	assert_int_equal(tlog_open(f->path, &s, NULL), 0);
	block_reset(out, s->open->first);
	for (uint32_t i = 0; i < s->open->count; i++) {
		struct str bytes = block_entry(s->open, i);
		struct buf b;
		struct entry en;

		if (edit == DELETE && i == 3)
			continue;
		if (edit == SWAP && (i == 3 || i == 4))
			bytes = block_entry(s->open, 7 - i);
		assert_int_equal(entry_parse(bytes, &en), 0);
		if (edit == CHANGE && i == 3)
			en.peer = STR("office.writes");
		if (edit == RESEQUENCE && i == 3)
			en.time_ns++;
		buf_init(&b, ENTRY_MAX);
		assert_int_equal(entry_put(&b, &en), 0);
		assert_int_equal(block_add(out, buf_view(&b)), 0);
		if (edit == INSERT && i == 3)
			assert_int_equal(block_add(out, buf_view(&b)), 0);
		buf_release(&b);
	}
	assert_int_equal(tail_replace(&t, s->dir, s->origin_hash, out, NULL), 0);
	tail_close(&t);
	block_free(out);
	tlog_free(s);
}

static void entries_edited_with_right_checksums(void **state)
{
	char whole[256];
	struct fixture f;

	fixture_init(&f);
	fixture_fill(&f, 2100, 100);
	snprintf(whole, sizeof whole, "%s/whole", f.root);
	copy(f.path, whole);
	for (enum edit e = SAME; e < EDITS; e++) {
		struct vault_repair repair;
		struct vault *v;

		copy(whole, f.path);
		edit_tail(&f, e);
		assert_int_equal(fixture_good(&f, false), e == SAME);
		/* nor does the vault itself go on from there */
		assert_int_equal(vault_open(f.path, &v, &repair, NULL), e == SAME ? 0 : ERR_CORRUPT);
		if (e == SAME)
			vault_close(v);
	}
	fixture_release(&f);
}

/* Cut back to an older, whole state and continued: the audit in itself cannot know, who holds a later checkpoint can. */
static void truncated_then_continued(void **state)
{
	struct verify_options o = {.n_known = 1};
	struct verify_report r;
	struct buf later;
	struct fixture f;
	struct vault *v;
	char old[256];
	uint64_t at;

	fixture_init(&f);
	fixture_fill(&f, 100, 10);
	snprintf(old, sizeof old, "%s/old", f.root);
	copy(f.path, old);
	v = fixture_open(&f);
	for (int i = 0; i < 10; i++)
		assert_int_equal(fixture_append(v, &at), 0);
	assert_true(!vault_commit(v, NULL) && !fixture_sign(&f, v));
	buf_init(&later, NOTE_MAX);
	buf_str(&later, buf_view(&vault_log(v)->last_signed));
	vault_close(v);
	o.vkey = buf_view(&f.vkey);
	o.known[0] = buf_view(&later);
	verify_folder(f.path, &o, &r);
	assert_true(verify_ok(&r));
	verify_release(&r);
	copy(old, f.path);
	verify_folder(f.path, &o, &r);
	assert_false(verify_ok(&r));
	verify_release(&r);
	/* a stolen key signs another continuation */
	v = fixture_open(&f);
	for (int i = 0; i < 30; i++)
		assert_int_equal(i % 3 ? fixture_append(v, &at) : vault_append_own(v, "heartbeat", "", &at, NULL), 0);
	assert_true(!vault_commit(v, NULL) && !fixture_sign(&f, v));
	vault_close(v);
	assert_true(fixture_good(&f, true));
	verify_folder(f.path, &o, &r);
	assert_false(verify_ok(&r));
	verify_release(&r);
	buf_release(&later);
	fixture_release(&f);
}

static void data_rolled_back_alone(void **state)
{
	char old[256], path[300], to[300];
	struct vault_repair repair;
	struct fixture f;
	struct vault *v;
	uint64_t at;

	fixture_init(&f);
	fixture_fill(&f, 100, 10);
	snprintf(old, sizeof old, "%s/old", f.root);
	copy(f.path, old);
	v = fixture_open(&f);
	assert_int_equal(fixture_append(v, &at), 0);
	assert_true(!vault_commit(v, NULL) && !fixture_sign(&f, v));
	vault_close(v);
	snprintf(path, sizeof path, "%s/tail", old);
	snprintf(to, sizeof to, "%s/tail", f.path);
	copy(path, to);
	assert_false(fixture_good(&f, false));
	assert_int_equal(vault_open(f.path, &v, &repair, NULL), ERR_CORRUPT);
	/* the signed file too, but not the published one: the audit wants the larger */
	snprintf(path, sizeof path, "%s/last-signed", old);
	snprintf(to, sizeof to, "%s/last-signed", f.path);
	copy(path, to);
	assert_false(fixture_good(&f, false));
	fixture_release(&f);
}

static void wrong_key(void **state)
{
	struct fixture f, other;
	struct vault *v;
	char path[256];
	uint64_t at;

	fixture_init(&f);
	fixture_init(&other);
	fixture_fill(&f, 100, 10);
	/* the folder's own key and both signatures replaced: in itself right, for the trusted key not */
	snprintf(path, sizeof path, "%s/vkey", f.path);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof path, "%s/last-signed", f.path);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof path, "%s/checkpoint", f.path);
	assert_int_equal(unlink(path), 0);
	snprintf(other.path, sizeof other.path, "%s", f.path);
	v = fixture_open(&other);
	assert_int_equal(fixture_append(v, &at), 0);
	assert_true(!vault_commit(v, NULL) && !fixture_sign(&other, v));
	vault_close(v);
	assert_true(fixture_good(&other, true));
	assert_false(fixture_good(&f, false));
	fixture_release(&other);
	fixture_release(&f);
}

/* No false alarm: read again and again while the vault writes across blocks and a segment's end. */
static void no_alarm_while_it_grows(void **state)
{
	struct fixture f;
	pid_t pid;
	int status, audits = 0;

	fixture_init(&f);
	fixture_fill(&f, 64000, 64000);
	pid = fork();
	if (!pid) {
		struct vault *v = fixture_open(&f);
		uint64_t at;

		for (unsigned i = 0; i < 3000; i++) {
			if (fixture_append(v, &at) || (i % 3 == 0 && (vault_commit(v, NULL) || fixture_sign(&f, v))))
				_exit(1);
		}
		vault_close(v);
		_exit(0);
	}
	while (!waitpid(pid, &status, WNOHANG)) {
		assert_true(fixture_good(&f, true));
		audits++;
	}
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	assert_true(audits > 3);
	print_message("%d audits meanwhile\n", audits);
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_file_bit_by_bit),    cmocka_unit_test(sealed_segment_and_tile),
	    cmocka_unit_test(missing_and_empty),        cmocka_unit_test(pieces_in_wrong_places),
	    cmocka_unit_test(entries_edited_with_right_checksums),
	    cmocka_unit_test(truncated_then_continued), cmocka_unit_test(data_rolled_back_alone),
	    cmocka_unit_test(wrong_key),                cmocka_unit_test(no_alarm_while_it_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
