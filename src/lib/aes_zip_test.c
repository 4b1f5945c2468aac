/* The archive's bounds and that it is new each time; that others open it is tried end to end (test/e2e/transfer.sh). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/aes_zip.h"
#include "lib/file.h"

static int memory(struct str text)
{
	int fd = memfd_create("t", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.p, text.n), (ssize_t)text.n);
	return fd;
}

static void archive_of(struct str text, struct buf *out)
{
	struct err e;
	int in = memory(text), to = memory(STR(""));
	int64_t size = 0;
	assert_int_equal(aes_zip(STR("a.txt"), in, (int64_t)text.n, STR("pw"), to, &size), 0);
	assert_int_equal(lseek(to, 0, SEEK_SET), 0);
	assert_int_equal(fd_read_all(to, 1u << 20, out, &e), 0);
	assert_int_equal(out->n, size);
	close(in);
	close(to);
}

static void test_archive(void **state)
{
	static char big[200001];
	const struct str texts[] = {STR(""), STR("x"), STR("sixteen bytes..."), STR("seventeen bytes.."), {big, 65536}, {big, 65537}, {big, sizeof(big)}};
	(void)state;
	memset(big, 'q', sizeof(big));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct buf a, b;
		buf_init(&a, 1u << 20);
		buf_init(&b, 1u << 20);
		archive_of(texts[i], &a);
		archive_of(texts[i], &b);
		assert_int_equal(a.n, b.n);
		assert_memory_equal(a.p, "PK\3\4", 4);
		assert_memory_not_equal(a.p, b.p, a.n);  /* another salt */
		if (texts[i].n > 8)
			assert_null(memmem(a.p, a.n, texts[i].p, texts[i].n));
		buf_release(&a);
		buf_release(&b);
	}
}

static void test_refused(void **state)
{
	int in = memory(STR("x")), to = memory(STR(""));
	int64_t size = 7;
	(void)state;
	assert_int_not_equal(aes_zip(STR(""), in, 1, STR("pw"), to, &size), 0);
	assert_int_not_equal(aes_zip(STR("a"), in, 1, STR(""), to, &size), 0);
	assert_int_not_equal(aes_zip(STR("a"), in, 2, STR("pw"), to, &size), 0);     /* shorter than said */
	assert_int_not_equal(aes_zip(STR("a"), in, 0xffffffffll, STR("pw"), to, &size), 0);
	assert_int_equal(size, 7);
	close(in);
	close(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_archive), cmocka_unit_test(test_refused)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
