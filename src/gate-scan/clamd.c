#include "gate-scan/clamd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/file.h"

#define CHUNK 65536u

/* Until NUL. How long that may take is the broker's business: it ends us. */
static bool read_answer(int sock, char out[CLAMD_ANSWER_MAX])
{
	size_t n = 0;

	while (n < CLAMD_ANSWER_MAX) {
		ssize_t k = read(sock, out + n, CLAMD_ANSWER_MAX - n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		n += (size_t)k;
		if (memchr(out, 0, n))
			return out[n - 1] == 0 && strlen(out) == n - 1; /* one answer to one question */
	}
	return false;
}

static bool say(int sock, const char *command)
{
	return !fd_write_all(sock, command, strlen(command) + 1);
}

static bool send_fd(int sock, int fd)
{
	char none = 0, space[CMSG_SPACE(sizeof fd)];
	struct iovec v = {&none, 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	return sendmsg(sock, &m, MSG_NOSIGNAL) == 1;
}

static bool digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/* "2: rest" of a session; the whole when there is no number in front. */
static struct str after_number(struct str answer)
{
	struct str rest = answer, number = str_cut(&rest, ':');

	return digits(number) && rest.n > 1 && *rest.p == ' ' ? str_slice(rest, 1, rest.n) : answer;
}

struct str clamd_verdict(struct str answer)
{
	struct str rest = after_number(answer), name = str_cut(&rest, ':');
	bool fd = str_starts(name, "fd[") && str_ends(name, "]") && digits(str_slice(name, 3, name.n - 4));

	return (fd || str_is(name, "stream")) && rest.n > 1 && *rest.p == ' ' ? str_slice(rest, 1, rest.n) : STR("");
}

static bool take_verdict(int sock, char out[CLAMD_ANSWER_MAX])
{
	char answer[CLAMD_ANSWER_MAX];
	struct str v;

	if (!read_answer(sock, answer))
		return false;
	v = clamd_verdict(str_from(answer));
	if (!v.n)
		v = after_number(str_from(answer));      /* in its own words: shown, never taken as clean */
	memcpy(out, v.p, v.n);
	out[v.n] = 0;
	return true;
}

bool clamd_version(int sock, char out[CLAMD_ANSWER_MAX])
{
	char answer[CLAMD_ANSWER_MAX];
	struct str v;

	if (!say(sock, "zIDSESSION") || !say(sock, "zVERSION") || !read_answer(sock, answer))
		return false;
	v = after_number(str_from(answer));
	memcpy(out, v.p, v.n);
	out[v.n] = 0;
	return true;
}

bool clamd_descriptor(int sock, int fd, char out[CLAMD_ANSWER_MAX])
{
	return say(sock, "zFILDES") && send_fd(sock, fd) && take_verdict(sock, out);
}

bool clamd_stream(int sock, int fd, char out[CLAMD_ANSWER_MAX])
{
	char some[sizeof(uint32_t) + CHUNK];
	uint32_t length;
	off_t at = 0;
	ssize_t k;

	if (!say(sock, "zINSTREAM"))
		return false;
	while ((k = pread(fd, some + sizeof length, CHUNK, at)) > 0) {
		length = htonl((uint32_t)k);
		memcpy(some, &length, sizeof length);
		if (fd_write_all(sock, some, sizeof length + (size_t)k))
			return take_verdict(sock, out);  /* its limit of a stream: it says so before it closes */
		at += k;
	}
	length = 0;
	return k == 0 && !fd_write_all(sock, &length, sizeof length) && take_verdict(sock, out);
}
