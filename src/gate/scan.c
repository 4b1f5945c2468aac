/* clamd over its socket: the file itself is handed over (FILDES), the answer is one short line. Anything but exactly
 * "fd[N]: OK" or "stream: OK" is not clean; silence holds the file. A scan is evidence, never what lets a file through. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gate/gate.h"
#include "lib/clock.h"
#include "lib/log.h"

#define ANSWER_MAX 1024
#define ANSWER_SECONDS 60

static int connect_to(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd;

	if ((size_t)snprintf(a.sun_path, sizeof a.sun_path, "%s", path) >= sizeof a.sun_path)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* What it says until NUL, within the time; false when it says nothing whole. */
static bool read_answer(int fd, char out[ANSWER_MAX])
{
	int64_t until = clock_mono() + ANSWER_SECONDS * SECOND_US;
	size_t n = 0;

	while (n < ANSWER_MAX) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = until - clock_mono();
		ssize_t k;

		if (left <= 0 || poll(&p, 1, (int)(left / 1000 + 1)) <= 0)
			return false;
		k = read(fd, out + n, ANSWER_MAX - n);
		if (k <= 0)
			return false;
		n += (size_t)k;
		if (memchr(out, 0, n))
			return true;
	}
	return false;
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

static bool ask(const char *path, const char *command, int fd, char answer[ANSWER_MAX])
{
	int sock = connect_to(path);
	size_t n = strlen(command) + 1;
	bool ok = sock >= 0 && send(sock, command, n, MSG_NOSIGNAL) == (ssize_t)n && (fd < 0 || send_fd(sock, fd)) &&
	          read_answer(sock, answer);

	if (sock >= 0)
		close(sock);
	return ok;
}

bool scan_file(struct gate *g, int fd, int which, struct result *r)
{
	char answer[ANSWER_MAX], version[ANSWER_MAX];
	struct str said;

	if (!g->clamd)
		return true;
	r->scan[which].asked = true;
	if (!ask(g->clamd, "zFILDES", fd, answer)) {
		r->scan[which].verdict = STR("");
		result_stop(r, GATE_HELD, "AV-ERROR", STR_NONE);
		return false;
	}
	said = arena_str(r->arena, str_from(answer));
	r->scan[which].verdict = said;
	if (ask(g->clamd, "zVERSION", -1, version))
		r->scan[which].engine = arena_str(r->arena, str_from(version));
	/* "fd[12]: OK": what stands before the colon is a name of clamd's own. */
	if (str_ends(said, ": OK") && !str_has(said, "FOUND") && !str_has(said, "ERROR"))
		return true;
	if (str_ends(said, " FOUND"))
		result_stop(r, GATE_BLOCKED, "AV-FOUND", str_slice(said, 0, said.n - 6));
	else
		result_stop(r, GATE_HELD, "AV-ERROR", said);
	return false;
}
