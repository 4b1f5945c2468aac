/* A folder that somebody else may write to is given to a role: not what its links lead to, and not stopped by how deep it is. */
#include "lib/sandbox_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define OTHER 64123u
#define DEEP 40

static char top[64];

static void touch(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static unsigned owner(const char *name)
{
	struct stat st;
	assert_int_equal(lstat(name, &st), 0);
	return st.st_uid;
}

static int make(void **state)
{
	snprintf(top, sizeof top, "/tmp/owner-test-XXXXXX");
	(void)state;
	return mkdtemp(top) && chdir(top) == 0 && mkdir("given", 0755) == 0 ? 0 : -1;
}

static int drop(void **state)
{
	(void)state;
	if (chdir(top) != 0)
		return -1;
	for (int i = 0; i < DEEP && chdir(i ? "d" : "given/d") == 0; i++)
		;
	for (int i = 0; i <= DEEP && chdir("..") == 0; i++)
		(void)rmdir("d");
	if (chdir(top) != 0)
		return -1;
	static const char *const names[] = {"given/file", "given/second", "given/link", "outside", "named-twice"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlink(names[i]);
	(void)rmdir("given");
	return chdir("/") == 0 ? rmdir(top) : -1;
}

static void given(void **state)
{
	struct err e = {0};
	unsigned uid = geteuid() == 0 ? OTHER : (unsigned)geteuid();
	char path[100];
	(void)state;
	if (uid != OTHER && getegid() != geteuid())
		skip();
	touch("given/file");
	touch("outside");
	touch("named-twice");
	assert_int_equal(symlink("../outside", "given/link"), 0);
	assert_int_equal(link("named-twice", "given/second"), 0);
	assert_int_equal(chdir("given"), 0);
	for (int i = 0; i < DEEP; i++)
		assert_true(mkdir("d", 0755) == 0 && chdir("d") == 0);
	assert_int_equal(chdir(top), 0);
	snprintf(path, sizeof path, "%s/given", top);
	if (sandbox_hand_over(path, uid, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(owner("given"), uid);
	assert_int_equal(owner("given/file"), uid);
	assert_int_equal(owner("given/d/d/d"), uid);
	assert_int_equal(owner("outside"), geteuid());
	assert_int_equal(owner("named-twice"), geteuid());
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(given, make, drop)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
