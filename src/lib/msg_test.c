#include "lib/msg.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int fd_count(void)
{
	int n = 0;
	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void test_all_types_round(void **state)
{
	int p[2], fd, flags;
	assert_int_equal(msg_pair(p), 0);
	struct msg m, got;
	msg_init(&m, 777);
	msg_put_u8(&m, 200);
	msg_put_u32(&m, 0xfedcba98u);
	msg_put_i64(&m, INT64_MIN);
	msg_put_str(&m, STR("関所"));
	msg_put_z(&m, "");
	msg_put_z(&m, NULL);
	msg_put_fd(&m, p[0]);
	assert_int_equal(msg_send(p[0], &m), 0);
	msg_release(&m);
	assert_int_equal(msg_recv(p[1], &got), 0);
	uint8_t a;
	uint32_t b;
	int64_t c;
	struct str s;
	assert_int_equal(got.type, 777);
	assert_int_equal(msg_u8(&got, &a), 0);
	assert_int_equal(msg_u32(&got, &b), 0);
	assert_int_equal(msg_i64(&got, &c), 0);
	assert_true(a == 200 && b == 0xfedcba98u && c == INT64_MIN);
	assert_int_equal(msg_str(&got, 6, &s), 0);
	assert_true(str_is(s, "関所"));
	assert_int_equal(msg_str(&got, 6, &s), 0);
	assert_true(s.p && s.n == 0);
	assert_int_equal(msg_str(&got, 6, &s), 0);
	assert_null(s.p);
	assert_int_equal(msg_end(&got), ERR_PROTO);      /* the descriptor is still there */
	assert_int_equal(msg_fd(&got, &fd), 0);
	assert_int_equal(msg_end(&got), 0);
	flags = fcntl(fd, F_GETFD);
	assert_true(flags & FD_CLOEXEC);
	close(fd);
	msg_release(&got);
	close(p[0]);
	assert_int_equal(msg_recv(p[1], &got), ERR_CLOSED);
	close(p[1]);
}

/* Around the border between inline and memfd, and at the maximum. */
static void test_sizes(void **state)
{
	/* payload = 4 bytes length + n */
	const size_t sizes[] = {0, 1, MSG_INLINE - 5, MSG_INLINE - 4, MSG_INLINE - 3, 1u << 20, MSG_MAX - 4};
	int p[2], before = fd_count();
	assert_int_equal(msg_pair(p), 0);
	char *big = malloc(MSG_MAX);
	memset(big, 'x', MSG_MAX);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct msg m, got;
		struct str s;
		msg_init(&m, 1);
		msg_put_str(&m, str_n(big, sizes[i]));
		msg_put_fd(&m, p[0]);
		assert_int_equal(msg_send(p[0], &m), 0);
		assert_int_equal(msg_send(p[0], &m), 0);     /* may be sent again */
		msg_release(&m);
		for (int k = 0; k < 2; k++) {
			assert_int_equal(msg_recv(p[1], &got), 0);
			assert_int_equal(got.mapped, sizes[i] + 4 > MSG_INLINE);
			assert_int_equal(msg_str(&got, MSG_MAX, &s), 0);
			assert_true(s.n == sizes[i] && memcmp(s.p, big, s.n) == 0);
			msg_release(&got);
		}
	}
	struct msg m;
	msg_init(&m, 1);
	msg_put_str(&m, str_n(big, MSG_MAX - 3));
	assert_int_equal(msg_send(p[0], &m), ERR_TOOBIG);
	msg_release(&m);
	free(big);
	close(p[0]);
	close(p[1]);
	assert_int_equal(fd_count(), before);
}

static void test_fd_limit(void **state)
{
	int p[2], before = fd_count();
	assert_int_equal(msg_pair(p), 0);
	struct msg m, got;
	msg_init(&m, 1);
	for (int i = 0; i < MSG_FDS_MAX; i++)
		msg_put_fd(&m, 0);
	for (int i = 0; i < (int)MSG_INLINE; i++)
		msg_put_u32(&m, 1);                          /* memfd as well: one descriptor more */
	assert_int_equal(msg_send(p[0], &m), 0);
	assert_int_equal(msg_recv(p[1], &got), 0);
	assert_int_equal(got.n_fds, MSG_FDS_MAX);
	msg_release(&got);
	msg_put_fd(&m, 0);
	assert_int_equal(msg_send(p[0], &m), ERR_TOOBIG);
	msg_release(&m);
	close(p[0]);
	close(p[1]);
	assert_int_equal(fd_count(), before);
}

/* Reading is strict: too long, too short, trailing, type confusion. */
static void test_strict_reading(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		int parse, str, end;
	} rows[] = {
		{"", 0, ERR_PROTO, 0, 0},
		{"\0\1\0", 3, ERR_PROTO, 0, 0},
		{"\0\1\0\0", 4, 0, ERR_PROTO, ERR_PROTO},
		{"\0\1\0\0\0\0\0\2ab", 10, 0, 0, 0},
		{"\0\1\0\0\0\0\0\2abc", 11, 0, 0, ERR_PROTO},
		{"\0\1\0\0\0\0\0\3ab", 10, 0, ERR_PROTO, ERR_PROTO},
		{"\0\1\0\0\0\0\0\5abcde", 13, 0, ERR_PROTO, ERR_PROTO}, /* above the reader's max of 4 */
		{"\0\1\0\0\xff\xff\xff\xfe", 8, 0, ERR_PROTO, ERR_PROTO},
		{"\0\1\0\1\0\0\0\0", 8, ERR_PROTO, 0, 0},            /* says a descriptor, brings none */
		{"\0\1\x80\0", 4, ERR_PROTO, 0, 0},
		{"\0\1\x7f\xff", 4, ERR_PROTO, 0, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct msg m;
		struct str s;
		assert_int_equal(msg_parse(&m, rows[i].bytes, rows[i].n, NULL, 0), rows[i].parse);
		if (rows[i].parse != 0)
			continue;
		assert_int_equal(msg_str(&m, 4, &s), rows[i].str);
		assert_int_equal(msg_end(&m), rows[i].end);
		msg_release(&m);
	}
}

static int send_raw(int sock, const void *p, size_t n, const int *fds, size_t n_fds)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(64 * sizeof(int))] = {0};
	struct iovec iov = {(void *)(uintptr_t)p, n};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	if (n_fds) {
		h.msg_control = control;
		h.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
	}
	return sendmsg(sock, &h, 0) >= 0 ? 0 : -errno;
}

/* What a hostile peer may put on the wire: refused, and no descriptor stays open. */
static void test_hostile_wire(void **state)
{
	static char over[4 + MSG_INLINE + 1] = {0, 1, 0, 0};
	int p[2], unsealed, half, empty, before = fd_count(), many[64];
	assert_int_equal(msg_pair(p), 0);
	unsealed = memfd_create("u", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	half = memfd_create("h", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	empty = memfd_create("e", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(unsealed, 4096), 0);
	assert_int_equal(ftruncate(half, 4096), 0);
	assert_int_equal(fcntl(half, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	assert_int_equal(fcntl(empty, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
	for (int i = 0; i < 64; i++)
		many[i] = 0;
	const struct {
		const void *p;
		size_t n;
		const int *fds;
		size_t n_fds;
	} rows[] = {
		{over, sizeof over, NULL, 0},
		{"\0\1\0\0", 4, many, 1},
		{"\0\1\0\2", 4, many, 1},
		{"\0\1\0\x40", 4, many, 64},
		{"\0\1\0\x14", 4, many, 22},
		{"\0", 1, many, 3},
		{"\0\1\x80\0", 4, &unsealed, 1},
		{"\0\1\x80\0", 4, &half, 1},
		{"\0\1\x80\0", 4, &empty, 1},
		{"\0\1\x80\0x", 5, &empty, 1},
		{"\0\1\x80\0", 4, many, 1},                  /* not a memfd at all */
		{"\0\1\x80\1", 4, many, 2},
	};
	int open_now = fd_count();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct msg m;
		assert_int_equal(send_raw(p[0], rows[i].p, rows[i].n, rows[i].fds, rows[i].n_fds), 0);
		assert_int_equal(msg_recv(p[1], &m), ERR_PROTO);
		assert_int_equal(fd_count(), open_now);
	}
	close(unsealed);
	close(half);
	close(empty);
	close(p[0]);
	close(p[1]);
	assert_int_equal(fd_count(), before);
}

static void test_call_and_timeout(void **state)
{
	int p[2];
	assert_int_equal(msg_pair(p), 0);
	struct msg m, got;
	msg_init(&m, 5);
	assert_int_equal(msg_call(p[0], &m, 30, &got), ERR_BUSY);
	assert_int_equal(msg_send(p[1], &m), 0);
	assert_int_equal(msg_call(p[0], &m, 1000, &got), 0);
	assert_int_equal(got.type, 5);
	msg_release(&got);
	assert_int_equal(msg_recv_now(p[0], &got), ERR_BUSY);    /* a blocking socket: msg_recv would stand here */
	assert_int_equal(msg_send(p[1], &m), 0);
	assert_int_equal(msg_recv_now(p[0], &got), 0);
	assert_int_equal(got.type, 5);
	msg_release(&got);
	assert_int_equal(fcntl(p[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(msg_recv(p[0], &got), ERR_BUSY);
	close(p[1]);
	assert_int_equal(msg_send(p[0], &m), ERR_CLOSED);
	msg_release(&m);
	close(p[0]);
}

/* A message handed on: what it says stays, in whatever it came; what is none, or could still change, is refused. */
static void test_handed_on(void **state)
{
	static const uint32_t counts[] = {0, 1, 100, MSG_INLINE / 4, MSG_INLINE / 4 + 1, 200000};
	int before = fd_count(), p[2], unsealed = memfd_create("u", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct msg m, got, on, inner;

	assert_int_equal(msg_pair(p), 0);
	assert_int_equal(ftruncate(unsealed, 4096), 0);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		uint32_t v = 0;
		int64_t first;

		msg_init(&m, 77);
		for (uint32_t k = 0; k < counts[i]; k++)
			msg_put_u32(&m, k);
		assert_int_equal(msg_send(p[0], &m), 0);
		msg_release(&m);
		assert_int_equal(msg_recv(p[1], &got), 0);
		msg_init(&on, 78);
		msg_put_i64(&on, 5);
		msg_put_message(&on, &got);
		msg_release(&got);
		assert_int_equal(msg_send(p[0], &on), 0);
		msg_release(&on);
		assert_int_equal(msg_recv(p[1], &got), 0);
		assert_int_equal(got.type, 78);
		assert_int_equal(msg_i64(&got, &first), 0);
		assert_int_equal(msg_message(&got, &inner), 0);
		assert_int_equal(msg_end(&got), 0);
		msg_release(&got);
		assert_int_equal(inner.type, 77);
		for (uint32_t k = 0; k < counts[i]; k++)
			assert_true(!msg_u32(&inner, &v) && v == k);
		assert_int_equal(msg_end(&inner), 0);
		msg_release(&inner);
	}
	for (unsigned kind = 0; kind < 4; kind++) { /* a bad type, form, descriptor; none at all */
		msg_init(&m, 78);
		msg_put_u32(&m, kind == 0 ? 65536 : 77);
		msg_put_u8(&m, kind == 1 ? 2 : 1);
		if (kind == 2)
			msg_put_fd(&m, unsealed);
		assert_int_equal(msg_send(p[0], &m), 0);
		msg_release(&m);
		assert_int_equal(msg_recv(p[1], &got), 0);
		assert_int_equal(msg_message(&got, &inner), ERR_PROTO);
		msg_release(&got);
	}
	close(unsealed);
	close(p[0]);
	close(p[1]);
	assert_int_equal(fd_count(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_types_round), cmocka_unit_test(test_sizes),        cmocka_unit_test(test_fd_limit),
		cmocka_unit_test(test_strict_reading),  cmocka_unit_test(test_hostile_wire),
		cmocka_unit_test(test_call_and_timeout), cmocka_unit_test(test_handed_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
