/* The vault's writes fail or the machine stops at every single system call in turn. Afterwards nothing that was acknowledged
 * is gone, the log opens, and the audit finds nothing.
 *
 * The calls are met by functions of the same name here, which this program's linker prefers to libc's. STOP ends the process
 * before call n; HALF lets half of a write happen first; NO_SPACE and IO_ERROR fail from call n on; POWER also takes back what
 * was not synced: each write, truncation, new name and removal, by lot, the newest first. */
#include "vault/fixture.h"
#include "vault/retain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum mode { NONE, STOP, HALF, POWER, NO_SPACE, IO_ERROR, MODES };

#define UNDO_MAX 4096
#define STOPPED 99

/* One thing done and not yet synced. */
struct undo {
	enum { WRITE, CUT, RENAME, CREATE, REMOVE } what;
	int fd;                                          /* of the file, or of the directory */
	ino_t file;                                      /* synced by fsync of this inode */
	off_t at, size;
	void *old;
	size_t n;
	char name[64], from[64];
	int kept;                                        /* RENAME, REMOVE: the file that was there, or -1 */
};

static enum mode mode;
static long countdown = -1, calls;
static unsigned lot;
static struct undo undos[UNDO_MAX];
static size_t n_undos;
static bool off = true;

static unsigned draw(void)
{
	return lot = lot * 1103515245u + 12345u, lot >> 16;
}

static void copy_into(int dir, const char *name, int from)
{
	int to = (int)syscall(SYS_openat, dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	char b[65536];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(from, b, sizeof b, at)) > 0) {
		if (syscall(SYS_pwrite64, to, b, n, at) != n)
			_exit(98);
		at += n;
	}
	syscall(SYS_close, to);
}

static void take_back(const struct undo *u)
{
	switch (u->what) {
	case WRITE:
		if (u->n && syscall(SYS_pwrite64, u->fd, u->old, u->n, u->at) < 0)
			_exit(98);
		if (syscall(SYS_ftruncate, u->fd, u->size))
			_exit(98);
		break;
	case CUT:
		if (syscall(SYS_ftruncate, u->fd, u->size) || syscall(SYS_pwrite64, u->fd, u->old, u->n, u->at) < 0)
			_exit(98);
		break;
	case RENAME:
		syscall(SYS_renameat2, u->fd, u->name, u->fd, u->from, 0);
		if (u->kept >= 0)
			copy_into(u->fd, u->name, u->kept);
		break;
	case CREATE:
		syscall(SYS_unlinkat, u->fd, u->name, 0);
		break;
	case REMOVE:
		copy_into(u->fd, u->name, u->kept);
		break;
	}
}

static void stop(void)
{
	while (mode == POWER && n_undos--)
		if (draw() % 3)
			take_back(&undos[n_undos]);
	_exit(STOPPED);
}

/* Counts a call; true when it must fail (errno is set). */
static bool due(void)
{
	if (off)
		return false;
	calls++;
	if (countdown < 0 || calls <= countdown)
		return false;
	if (mode == NO_SPACE || mode == IO_ERROR) {
		errno = mode == NO_SPACE ? ENOSPC : EIO;
		return true;
	}
	if (mode != HALF)
		stop();
	return false;
}

static struct undo *note(int what, int fd)
{
	struct stat st;
	struct undo *u;

	if (off || mode != POWER)
		return NULL;
	if (n_undos == UNDO_MAX || fstat(fd, &st))
		_exit(97);
	u = &undos[n_undos++];
	*u = (struct undo){.what = what, .fd = fcntl(fd, F_DUPFD_CLOEXEC, 100), .file = st.st_ino, .size = st.st_size, .kept = -1};
	return u;
}

static void keep_bytes(struct undo *u, int fd, off_t at, size_t n)
{
	ssize_t got;

	u->old = malloc(n + 1);
	u->at = at;
	got = pread(fd, u->old, n, at);
	u->n = got > 0 ? (size_t)got : 0;
}

static void synced(int fd)
{
	struct stat st;
	size_t kept = 0;

	if (off || fstat(fd, &st))
		return;
	for (size_t i = 0; i < n_undos; i++)
		if (undos[i].file != st.st_ino)
			undos[kept++] = undos[i];
		else
			syscall(SYS_close, undos[i].fd);
	n_undos = kept;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	struct undo *u;

	if (due())
		return -1;
	if (!off && mode == HALF && countdown >= 0 && calls > countdown) {
		syscall(SYS_pwrite64, fd, p, n / 2, at);
		stop();
	}
	u = note(WRITE, fd);
	if (u)
		keep_bytes(u, fd, at, n);
	return syscall(SYS_pwrite64, fd, p, n, at);
}

ssize_t write(int fd, const void *p, size_t n)
{
	if (off || fd <= 2)
		return syscall(SYS_write, fd, p, n);
	off_t at = lseek(fd, 0, SEEK_CUR);
	ssize_t done = pwrite(fd, p, n, at);

	if (done > 0)
		lseek(fd, at + done, SEEK_SET);
	return done;
}

int ftruncate(int fd, off_t n)
{
	struct undo *u;

	if (due())
		return -1;
	if (!off && mode == HALF && countdown >= 0 && calls > countdown)
		stop();
	u = note(CUT, fd);
	if (u)
		keep_bytes(u, fd, n < u->size ? n : u->size, n < u->size ? (size_t)(u->size - n) : 0);
	return (int)syscall(SYS_ftruncate, fd, n);
}

int fallocate(int fd, int how, off_t from, off_t n)
{
	if (due())
		return -1;
	struct undo *u = note(CUT, fd);

	if (u)
		keep_bytes(u, fd, u->size, 0);
	return (int)syscall(SYS_fallocate, fd, how, from, n);
}

int fsync(int fd)
{
	if (due())
		return -1;
	if (!off && mode == HALF && countdown >= 0 && calls > countdown)
		stop();
	synced(fd);
	return 0; /* the file system itself need not be waited for */
}

int fdatasync(int fd)
{
	return fsync(fd);
}

int renameat(int olddir, const char *old, int newdir, const char *new)
{
	struct undo *u;

	if (due())
		return -1;
	if (!off && mode == HALF && countdown >= 0 && calls > countdown)
		stop();
	u = note(RENAME, newdir);
	if (u) {
		snprintf(u->from, sizeof u->from, "%s", old);
		snprintf(u->name, sizeof u->name, "%s", new);
		u->kept = (int)syscall(SYS_openat, newdir, new, O_RDONLY | O_CLOEXEC);
	}
	return (int)syscall(SYS_renameat2, olddir, old, newdir, new, 0);
}

int linkat(int olddir, const char *old, int newdir, const char *new, int flags)
{
	struct undo *u;

	if (due())
		return -1;
	if (!off && mode == HALF && countdown >= 0 && calls > countdown)
		stop();
	u = note(CREATE, newdir);
	if (u)
		snprintf(u->name, sizeof u->name, "%s", new);
	return (int)syscall(SYS_linkat, olddir, old, newdir, new, flags);
}

int unlinkat(int dir, const char *name, int flags)
{
	int kept;

	if (off)
		return (int)syscall(SYS_unlinkat, dir, name, flags);
	kept = (int)syscall(SYS_openat, dir, name, O_RDONLY | O_CLOEXEC);
	if (kept < 0)
		return -1;
	if (due())
		return -1;
	struct undo *u = note(REMOVE, dir);

	if (u) {
		snprintf(u->name, sizeof u->name, "%s", name);
		u->kept = kept;
	} else {
		syscall(SYS_close, kept);
	}
	return (int)syscall(SYS_unlinkat, dir, name, flags);
}

/* --- what is done meanwhile, and what must hold afterwards --------------------------------------------------------- */

struct told {
	uint64_t acked;                                  /* the last number whose entry was signed for */
	long calls;
};

#define BATCHES 8
#define BATCH 5

/* Entries of others between those of the office, as batches bring them: not numbered, taken in one piece. */
static int add_run(struct vault *v)
{
	struct entry en = {.transport = ENTRY_TCP, .time_ns = 1, .source = STR("gw"), .peer = STR("192.0.2.1"), .raw = STR("a line")};
	struct buf one, run;
	uint64_t first;
	int r;

	buf_init(&one, ENTRY_MAX);
	buf_init(&run, ENTRY_MAX);
	r = entry_put(&one, &en);
	for (unsigned i = 0; i < 3; i++) {
		buf_u16(&run, (uint16_t)one.n);
		buf_str(&run, buf_view(&one));
	}
	if (!r)
		r = vault_append_run(v, buf_view(&run), 3, 1u << ENTRY_TCP, &first, NULL);
	buf_release(&one);
	buf_release(&run);
	return r;
}

/* What an administrator does, told in `acked` as numbers of acts that were done. */
static int act(struct fixture *f, struct vault *v, unsigned n)
{
	struct retain a[] = {{.kind = RETAIN_POLICY, .days = 30},
	                     {.kind = RETAIN_HOLD, .id = STR("h"), .from = 5, .to = 9},
	                     {.kind = RETAIN_REDACT, .from = 70000},
	                     {.kind = RETAIN_RELEASE, .id = STR("h")},
	                     {.kind = RETAIN_PRUNE, .now_ns = clock_true() * 1000}};
	int r;

	a[n].by = STR("test");
	a[n].reason = STR("test");
	r = retain_note(v, &a[n], NULL);
	if (r)
		return r == ERR_EXISTS || r == ERR_NOTFOUND ? 0 : r; /* done before the crash, but not told */
	if (vault_commit(v, NULL) || fixture_sign(f, v))
		return ERR_SYS;
	return retain_do(v, &a[n], NULL);
}

#define ACTS 5

/* In a child process: opens the log, appends and signs; tells what it acknowledged in shared memory. */
static void work(struct fixture *f, struct told *told, enum mode m, long n, unsigned seed, bool acts)
{
	struct vault_repair repair;
	struct vault *v;
	uint64_t at;

	mode = m;
	countdown = n;
	calls = 0;
	lot = seed;
	n_undos = 0;
	off = false;
	if (vault_open(f->path, &v, &repair, NULL))
		_exit(1);
	for (unsigned b = 0; acts && b < ACTS; b++)
		if (act(f, v, b))
			_exit(1);
	for (unsigned b = 0; b < BATCHES; b++) {
		if (add_run(v))
			_exit(1);
		for (unsigned i = 0; i < BATCH; i++)
			if (fixture_append(v, &at))
				_exit(1);
		if (vault_commit(v, NULL) || fixture_sign(f, v))
			_exit(1);
		told->acked = vault_source(v, STR("office"))->seq;
	}
	vault_close(v);
	off = true;
	told->calls = calls;
	_exit(0);
}

static int run_child(struct fixture *f, struct told *told, enum mode m, long n, unsigned seed, bool acts)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		work(f, told, m, n, seed, acts);
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void copy(const char *from, const char *to)
{
	const char *const rm[] = {"rm", "-rf", to, NULL}, *const cp[] = {"cp", "-r", from, to, NULL};

	assert_int_equal(run(rm), 0);
	assert_int_equal(run(cp), 0);
}

/* The log opens, has what was acknowledged where it was, goes on, and the audit finds nothing before and after. */
static void judge(struct fixture *f, const struct told *told, uint64_t first, const char *when)
{
	struct vault_repair repair;
	struct vault *v;
	struct err e = {0};
	uint64_t at;

	if (!fixture_good(f, true))
		fail_msg("%s: the audit fails on what the crash left", when);
	if (vault_open(f->path, &v, &repair, &e))
		fail_msg("%s: %s", when, e.text);
	for (uint64_t seq = first; seq <= told->acked; seq++) {
		uint8_t hash[SHA256_LEN];

		fixture_hash(seq, hash);
		if (vault_find(v, STR("office"), seq, hash, &at, &e))
			fail_msg("%s: acknowledged entry %llu: %s", when, (unsigned long long)seq, e.text);
		assert_true(at < vault_signed_size(v));
	}
	assert_int_equal(fixture_append(v, &at), 0);
	assert_true(!vault_commit(v, NULL) && !fixture_sign(f, v));
	vault_close(v);
	if (!fixture_good(f, true))
		fail_msg("%s: the audit fails after going on", when);
}

/* From a log of `size` entries, so that the work crosses what lies behind it. */
static void every_call_of(struct fixture *f, uint64_t seq, bool acts, enum mode from, enum mode to, long step)
{
	static const char *const names[] = {"none", "stop", "half", "power", "no space", "I/O error"};
	struct told *told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned runs = 0, stopped = 0;
	char base[128], when[80];

	snprintf(base, sizeof base, "%s/base", f->root);
	copy(f->path, base);
	assert_int_equal(run_child(f, told, NONE, -1, 0, acts), 0);
	assert_int_equal(told->acked, seq + BATCHES * BATCH);
	long all = told->calls;

	assert_true(all > BATCHES * 6);
	for (enum mode m = from; m <= to; m++) {
		for (long n = 0; n < all; n += step) {
			copy(base, f->path);
			*told = (struct told){.acked = seq};
			int code = run_child(f, told, m, n, (unsigned)(n * 31 + m), acts);

			snprintf(when, sizeof when, "%s at call %ld of %ld", names[m], n, all);
			if (code == 98 || code == 97)
				fail_msg("%s: the test itself failed", when);
			stopped += code != 0;
			judge(f, told, seq > 3 ? seq - 3 : 1, when);
			runs++;
		}
	}
	print_message("%u runs, %u stopped\n", runs, stopped);
	assert_true(stopped > runs * 8 / 10);
	munmap(told, sizeof *told);
}

static void every_call(uint64_t size, enum mode from, enum mode to, long step)
{
	struct fixture f;

	fixture_init(&f);
	fixture_fill(&f, size, size);
	every_call_of(&f, size, false, from, to, step);
	fixture_release(&f);
}

static void in_the_open_block(void **state)
{
	every_call(50, STOP, IO_ERROR, 1);
}

static void across_a_block(void **state)
{
	every_call(BLOCK_ENTRIES - 12, STOP, IO_ERROR, 3);
}

static void across_a_segment(void **state)
{
	every_call(SEGMENT_UNIT - 12, STOP, POWER, 5);
}

/* Policy, hold, redaction in a segment, release, pruning: from a log whose entries are two months old. */
static void while_entries_are_removed(void **state)
{
	struct entry en = {.transport = ENTRY_TCP, .source = STR("gw"), .peer = STR("192.0.2.1"), .raw = STR("an old line")};
	struct fixture f;
	struct vault *v;
	struct buf one, run;
	uint64_t at;

	fixture_init(&f);
	assert_int_equal(vault_create(f.path, STR(ORIGIN), 1, NULL), 0);
	v = fixture_open(&f);
	buf_init(&one, ENTRY_MAX);
	buf_init(&run, 32 << 20);
	en.time_ns = (clock_true() - 60 * 86400 * SECOND_US) * 1000;
	assert_int_equal(entry_put(&one, &en), 0);
	for (unsigned i = 0; i < 2 * SEGMENT_UNIT + 100; i++) {
		buf_u16(&run, (uint16_t)one.n);
		buf_str(&run, buf_view(&one));
	}
	assert_int_equal(vault_append_run(v, buf_view(&run), 2 * SEGMENT_UNIT + 100, 1u << ENTRY_TCP, &at, NULL), 0);
	assert_int_equal(vault_commit(v, NULL), 0);
	assert_int_equal(fixture_sign(&f, v), 0);
	assert_int_equal(retain_keep(v, NULL), 0);
	vault_close(v);
	buf_release(&one);
	buf_release(&run);
	every_call_of(&f, 0, true, STOP, POWER, 7);
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_the_open_block),
	    cmocka_unit_test(across_a_block),
	    cmocka_unit_test(across_a_segment),
	    cmocka_unit_test(while_entries_are_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
