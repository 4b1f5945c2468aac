/* What is written is read back; names, sizes and damage at every place of a small archive. */
#include "cli/archive_int.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/file.h"

static char dir[] = "/tmp/archive-test-XXXXXX";

static int fd_of(const void *p, size_t n)
{
	int fd = memfd_create("t", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, p, n), 0);
	return fd;
}

static int make(void)
{
	struct err e;
	static char big[3000];
	int out = memfd_create("archive", MFD_CLOEXEC), a = fd_of("hello", 5), b = fd_of(big, sizeof big), c = fd_of("", 0);
	struct archive *x = archive_new(out);
	assert_int_equal(archive_add(x, "a", a, &e), 0);
	assert_int_equal(archive_add(x, "sub/b", b, &e), 0);
	struct archive_mark m = archive_here(x);
	assert_int_equal(archive_add(x, "dropped", a, &e), 0);
	assert_int_equal(archive_back(x, m, &e), 0);
	archive_index(x);
	assert_true(archive_has(x, "sub/b"));
	assert_false(archive_has(x, "dropped"));
	assert_int_equal(archive_add(x, "sub/deep/c", c, &e), 0);
	archive_fact(x, "made", "today");
	assert_int_equal(archive_end(x, &e), 0);
	archive_free(x);
	close(a);
	close(b);
	close(c);
	return out;
}

/* Into a fresh folder; its files are removed again. */
static int unpack(int fd, struct buf *facts, struct err *e)
{
	static const char *const files[] = {"a", "sub/b", "sub/deep/c"}, *const folders[] = {"sub/deep", "sub"};
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(at >= 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	int r = archive_unpack(fd, at, facts, e);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		unlinkat(at, files[i], 0);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		unlinkat(at, folders[i], AT_REMOVEDIR);
	close(at);
	return r;
}

static void written_is_read(void **state)
{
	struct buf facts;
	struct err e = {0};
	int fd = make();
	buf_init(&facts, 65536);
	assert_int_equal(unpack(fd, &facts, &e), 0);
	assert_true(str_is(archive_fact_of(&facts, "made"), "today"));
	assert_null(archive_fact_of(&facts, "other").p);
	buf_release(&facts);
	close(fd);
}

/* Every byte of it counts but for the padding, which holds nothing. */
static void damage_is_found(void **state)
{
	struct stat st;
	int fd = make();
	unsigned lived = 0;
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t i = 0; i < st.st_size; i += 53) {
		struct buf facts;
		struct err e = {0};
		unsigned char c, bad;
		buf_init(&facts, 65536);
		assert_int_equal(pread(fd, &c, 1, i), 1);
		bad = c ^ 0x20;
		assert_int_equal(pwrite(fd, &bad, 1, i), 1);
		lived += unpack(fd, &facts, &e) == 0 && c != 0;
		assert_int_equal(pwrite(fd, &c, 1, i), 1);
		buf_release(&facts);
	}
	assert_int_equal(lived, 0);
	for (off_t n = st.st_size - 1025; n > 0; n -= 613) {
		struct buf facts;
		struct err e = {0};
		buf_init(&facts, 65536);
		assert_int_equal(ftruncate(fd, n), 0);
		assert_true(unpack(fd, &facts, &e) != 0);
		buf_release(&facts);
	}
	close(fd);
}

static void names(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} table[] = {
		{"a", true}, {"office/blobs/aa/0f", true}, {"vault/tile/1/x001/234", true}, {"a.b-c_d+e", true}, {"", false}, {"/a", false},
		{"a/", false}, {"a//b", false}, {"..", false}, {"a/../b", false}, {".a", false}, {"a/.b", false}, {"a b", false}, {"a\nb", false},
		{"a\\b", false}, {"\xe3\x81\x82", false},
	};
	char longest[ARCHIVE_NAME_MAX + 2];
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (archive_name_ok(str_from(table[i].name)) != table[i].ok)
			fail_msg("%s", table[i].name);
	memset(longest, 'a', sizeof longest);
	assert_true(archive_name_ok(str_n(longest, ARCHIVE_NAME_MAX)));
	assert_false(archive_name_ok(str_n(longest, ARCHIVE_NAME_MAX + 1)));
}

static int setup(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(written_is_read), cmocka_unit_test(damage_is_found),
	                                   cmocka_unit_test(names)};
	return cmocka_run_group_tests(tests, setup, teardown);
}
