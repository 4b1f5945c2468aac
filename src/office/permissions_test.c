/* docs/permissions.md is what the route table and the definitions say. With --write: writes it; --tsv: one line per
 * cell on standard output. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/file.h"
#include "office/permissions.h"

static void generate(struct buf *out)
{
	struct ledgers *all;
	struct err e = {0};
	buf_init(out, 8u << 20);
	if (ledgers_load("ledgers", NULL, &all, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(permissions_markdown(all, out), 0);
	ledgers_free(all);
}

static void document_is_current(void **state)
{
	struct buf want, have;
	struct err e = {0};
	(void)state;
	generate(&want);
	buf_init(&have, 8u << 20);
	assert_int_equal(file_read("docs/permissions.md", 8u << 20, &have, &e), 0);
	if (!str_eq(buf_view(&want), buf_view(&have)))
		fail_msg("docs/permissions.md is not current: make permissions");
	buf_release(&want);
	buf_release(&have);
}

/* Every route that changes something is closed to those who are not signed in, but for signing in itself and the
 * language. */
static void writes_need_sign_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_routes; i++) {
		bool signing = strncmp(routes[i].path, "/sign-in", 8) == 0 || strncmp(routes[i].path, "/link/", 6) == 0 ||
		               strcmp(routes[i].path, "/language") == 0;
		if (strcmp(routes[i].method, "GET") != 0 && (routes[i].flags & R_PUBLIC) && !signing)
			fail_msg("%s %s is open", routes[i].method, routes[i].path);
	}
}

static int tsv(void)
{
	struct ledgers *all = NULL;
	struct err e = {0};
	struct buf b;
	buf_init(&b, 64u << 20);
	int r = ledgers_load("ledgers", NULL, &all, &e);
	if (r == 0)
		r = permissions_tsv(all, &b);
	if (r == 0 && fwrite(b.p, 1, b.n, stdout) != b.n)
		r = ERR_SYS;
	buf_release(&b);
	ledgers_free(all);
	return r < 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--tsv") == 0)
		return tsv();
	if (argc == 2 && strcmp(argv[1], "--write") == 0) {
		struct buf b;
		struct err e = {0};
		generate(&b);
		int dir = open("docs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		int r = dir < 0 ? ERR_SYS : file_write_atomic_at(dir, "permissions.md", b.p, b.n, 0644, &e);
		if (r < 0)
			fprintf(stderr, "docs/permissions.md: %s\n", e.text);
		if (dir >= 0)
			close(dir);
		buf_release(&b);
		return r < 0;
	}
	const struct CMUnitTest tests[] = {cmocka_unit_test(document_is_current), cmocka_unit_test(writes_need_sign_in)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
