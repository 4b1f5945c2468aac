#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"

static char dir[] = "/tmp/sekisho-file-test-XXXXXX";
static int dir_fd = -1;

static int setup(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir_fd < 0;
}

static int teardown(void **state)
{
	struct arena *a = arena_new(1 << 20);
	char **names = NULL;
	size_t n = 0;
	if (dir_list(a, dir, "", &names, &n, NULL))
		n = 0;
	for (size_t i = 0; i < n; i++)
		if (unlinkat(dir_fd, names[i], 0) < 0)
			unlinkat(dir_fd, names[i], AT_REMOVEDIR);
	arena_free(a);
	close(dir_fd);
	return rmdir(dir);
}

static void put(const char *name, size_t n)
{
	char *p = xcalloc(1, n);
	memset(p, 'x', n);
	assert_int_equal(file_write_atomic_at(dir_fd, name, p, n, 0640, NULL), 0);
	free(p);
}

static void test_cap_is_exact(void **state)
{
	static const size_t sizes[] = { 0, 1, 100, 65535, 65536, 65537, 200000 };
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct err e;
		struct buf b;
		put("f", sizes[i]);
		buf_init(&b, 1 << 20);
		assert_int_equal(file_read_at(dir_fd, "f", sizes[i], &b, &e), 0);
		assert_int_equal(b.n, sizes[i]);
		if (sizes[i]) {
			buf_clear(&b);
			assert_int_equal(file_read_at(dir_fd, "f", sizes[i] - 1, &b, &e), ERR_TOOBIG);
			assert_true(str_starts(str_from(e.text), "f: longer than "));
		}
		buf_release(&b);
		/* the buffer's own maximum counts as well */
		buf_init(&b, sizes[i]);
		assert_int_equal(file_read_at(dir_fd, "f", SIZE_MAX, &b, &e), 0);
		buf_release(&b);
		if (sizes[i]) {
			buf_init(&b, sizes[i] - 1);
			assert_int_equal(file_read_at(dir_fd, "f", SIZE_MAX, &b, &e), ERR_TOOBIG);
			buf_release(&b);
		}
	}
}

static void test_reading_appends(void **state)
{
	struct buf b;
	put("f", 3);
	buf_init(&b, 100);
	buf_puts(&b, "ab");
	assert_int_equal(file_read_at(dir_fd, "f", 3, &b, NULL), 0);
	assert_string_equal(buf_z(&b), "abxxx");
	buf_release(&b);
}

static void test_absent_and_refused(void **state)
{
	struct err e;
	struct buf b;
	buf_init(&b, 100);
	assert_int_equal(file_read("/nonexistent/file", 10, &b, &e), ERR_NOTFOUND);
	assert_int_equal(e.code, ERR_NOTFOUND);
	assert_string_equal(e.text, "/nonexistent/file: No such file or directory");
	assert_int_equal(file_read(dir, 10, &b, &e), ERR_SYS);
	buf_release(&b);
}

static void test_pipes_are_read(void **state)
{
	int p[2];
	struct buf b;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(fd_write_all(p[1], "hello", 5), 0);
	close(p[1]);
	buf_init(&b, 100);
	assert_int_equal(fd_read_all(p[0], 5, &b, NULL), 0);
	assert_string_equal(buf_z(&b), "hello");
	close(p[0]);
	assert_int_equal(fd_read_all(p[0], 5, &b, NULL), ERR_SYS);
	buf_release(&b);
}

static void test_writes_replace_whole(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct stat st;
	char **names;
	size_t n;
	mode_t old = umask(077);
	put("whole", 10);
	put("whole", 3);
	umask(old);
	assert_int_equal(fstatat(dir_fd, "whole", &st, 0), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(st.st_mode & 0777, 0640);           /* the mode asked for, whatever the umask */
	struct err e;
	assert_int_equal(mkdirat(dir_fd, "taken", 0700), 0);
	assert_int_equal(file_write_atomic_at(dir_fd, "taken", "x", 1, 0600, &e), ERR_SYS);
	assert_int_equal(file_write_atomic_at(dir_fd, "no/such", "x", 1, 0600, &e), ERR_SYS);
	/* a failed write leaves nothing behind */
	assert_int_equal(dir_list(a, dir, "", &names, &n, &e), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_not_equal(names[i][0], '.');
	arena_free(a);
}

static void test_full_disk_keeps_the_old(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(full >= 0);
	assert_int_equal(fd_write_all(full, "x", 1), ERR_SYS);
	assert_int_equal(errno, ENOSPC);
	close(full);
}

static void test_folders(void **state)
{
	struct err e;
	char path[100];
	snprintf(path, sizeof path, "%s/a/b//c/", dir);
	assert_int_equal(dir_make(path, 0700, &e), 0);
	assert_int_equal(dir_make(path, 0700, &e), 0);
	assert_int_equal(access(path, X_OK), 0);
	snprintf(path, sizeof path, "%s/f", dir);
	put("f", 1);
	assert_int_equal(dir_make(path, 0700, &e), ERR_SYS);
	assert_int_equal(dir_make("", 0700, &e), ERR_TOOBIG);
	assert_int_equal(dir_make("/", 0700, &e), 0);
	static const char *const made[] = { "a/b/c", "a/b", "a" };
	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		assert_int_equal(unlinkat(dir_fd, made[i], AT_REMOVEDIR), 0);
}

static void test_listing_is_sorted(void **state)
{
	struct arena *a = arena_new(1 << 20), *small = arena_new(600);
	struct err e;
	char **names, name[40];
	size_t n;
	for (int i = 99; i >= 0; i--) {
		snprintf(name, sizeof name, "%02d.list", i);
		put(name, 1);
	}
	put("99.lis", 1);
	assert_int_equal(dir_list(a, dir, ".list", &names, &n, &e), 0);
	assert_int_equal(n, 100);
	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof name, "%02zu.list", i);
		assert_string_equal(names[i], name);
	}
	assert_int_equal(dir_list(small, dir, ".list", &names, &n, &e), ERR_NOMEM);
	assert_int_equal(dir_list(a, "/nonexistent", "", &names, &n, &e), ERR_NOTFOUND);
	arena_free(a);
	arena_free(small);
}

static void test_sealed_memory(void **state)
{
	struct buf b;
	int fd = memfd_sealed("t", "hello", 5);
	assert_true(fd >= 0);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 1), -1);
	assert_int_equal(ftruncate(fd, 9), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), -1);
	assert_true(mmap(NULL, 5, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	/* read from the start, and the shared offset stays where it was */
	lseek(fd, 3, SEEK_SET);
	buf_init(&b, 100);
	assert_int_equal(fd_read_all(fd, 5, &b, NULL), 0);
	assert_string_equal(buf_z(&b), "hello");
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 3);
	buf_release(&b);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cap_is_exact),         cmocka_unit_test(test_reading_appends),
		cmocka_unit_test(test_absent_and_refused),   cmocka_unit_test(test_pipes_are_read),
		cmocka_unit_test(test_writes_replace_whole), cmocka_unit_test(test_full_disk_keeps_the_old),
		cmocka_unit_test(test_folders),              cmocka_unit_test(test_listing_is_sorted),
		cmocka_unit_test(test_sealed_memory),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
