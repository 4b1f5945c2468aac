/* A watched folder whose other side is hostile, or only in a hurry. */
#include "watch/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char top[64];
static struct folder f;

static void put(const char *name, const char *text, int mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static int make(void **state)
{
	struct err e = {0};
	(void)state;
	snprintf(top, sizeof top, "/tmp/folder-test-XXXXXX");
	if (!mkdtemp(top) || chdir(top) != 0)
		return -1;
	put("watch.conf", "token = skt_x\ndirection = in\npurpose = p\n", 0600);
	return folder_read(&f, top, &e) == 0 && folder_open(&f, top, &e) == 0 ? 0 : -1;
}

static int unmake(const char *path, const struct stat *st, int flag, struct FTW *where)
{
	(void)st;
	(void)flag;
	(void)where;
	return remove(path);
}

/* Names that end so. */
static unsigned count(const char *folder, const char *end)
{
	DIR *d = opendir(folder);
	unsigned n = 0;
	assert_non_null(d);
	for (struct dirent *x; (x = readdir(d));)
		n += str_ends(str_from(x->d_name), end);
	closedir(d);
	return n;
}

static int drop(void **state)
{
	(void)state;
	close(f.in);
	close(f.out);
	close(f.done);
	close(f.held);
	return chdir("/") == 0 ? nftw(top, unmake, 8, FTW_DEPTH | FTW_PHYS) : -1;
}

/* The kernel's word is good for one file, not for the next of the same name, which may be half written. */
static void half_written(void **state)
{
	struct err e = {0};
	(void)state;
	put("in/a.csv", "whole", 0640);
	folder_scan(&f);
	assert_int_equal(f.n, 0);                        /* just written, and nobody said it is complete */
	folder_told(&f, STR("a.csv"));
	folder_scan(&f);
	assert_int_equal(f.n, 1);
	f.items[0].id = 1;
	assert_int_equal(folder_end(&f, &f.items[0], true, STR("{}"), &e), 0);
	assert_int_equal(access("done/1-a.csv", F_OK), 0);
	put("in/a.csv", "ha", 0640);
	folder_scan(&f);
	assert_int_equal(f.n, 0);
	folder_told(&f, STR("a.csv"));
	folder_scan(&f);
	assert_int_equal(f.n, 1);
}

static void second_name(void **state)
{
	struct err e = {0};
	int64_t size;
	(void)state;
	assert_int_equal(link("watch.conf", "in/notes.txt"), 0);
	folder_told(&f, STR("notes.txt"));
	folder_scan(&f);
	assert_int_equal(f.n, 0);
	put("in/b.txt", "b", 0640);
	folder_told(&f, STR("b.txt"));
	folder_scan(&f);
	assert_int_equal(f.n, 1);
	assert_int_equal(link("in/b.txt", "in/c.txt"), 0);
	assert_int_equal(folder_file(&f, &f.items[0], &size), -1);
	assert_int_equal(folder_end(&f, &f.items[0], false, STR("{}"), &e), 0);
}

/* A pipe under the name that what comes out is written to must not hold everybody up. */
static void pipe_in_out(void **state)
{
	struct err e = {0};
	struct item it = {.name = "a.csv", .id = 7};
	char text[8] = "";
	int fd = open("from", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	(void)state;
	assert_true(fd >= 0 && write(fd, "clean", 5) == 5);
	assert_int_equal(mkfifo("out/.part", 0666), 0);
	alarm(10);
	assert_int_equal(folder_put_out(&f, &it, STR("a.csv"), fd, 5, STR("{}"), &e), 0);
	alarm(0);
	close(fd);
	fd = open("out/a.csv", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	assert_true(fd >= 0 && read(fd, text, 7) == 5 && strcmp(text, "clean") == 0);
	close(fd);
}

/* What was refused before it had a number does not replace what was refused under the same name before. */
static void refused_twice(void **state)
{
	struct err e = {0};
	(void)state;
	for (int i = 0; i < 2; i++) {
		put("in/a.csv", i ? "second" : "first one", 0640);
		folder_told(&f, STR("a.csv"));
		folder_scan(&f);
		assert_int_equal(f.n, 1);
		assert_int_equal(folder_end(&f, &f.items[0], false, STR("{}"), &e), 0);
	}
	assert_int_equal(count("held", "-a.csv"), 2);
	assert_int_equal(count("held", "-a.csv.report.json"), 2);
}

static void settings_by_a_link(void **state)
{
	struct folder other;
	struct err e = {0};
	(void)state;
	assert_int_equal(rename("watch.conf", "elsewhere"), 0);
	assert_int_equal(symlink("elsewhere", "watch.conf"), 0);
	assert_int_equal(folder_read(&other, top, &e), ERR_NOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(half_written, make, drop), cmocka_unit_test_setup_teardown(second_name, make, drop),
		cmocka_unit_test_setup_teardown(pipe_in_out, make, drop), cmocka_unit_test_setup_teardown(refused_twice, make, drop),
		cmocka_unit_test_setup_teardown(settings_by_a_link, make, drop)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
