/* clamd over its socket: the file itself is handed over (FILDES), the answer is one short line. Anything but exactly
 * "fd[N]: OK" or "stream: OK" is not clean; silence holds the file. A scan is evidence, never what lets a file through. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gate/gate.h"
#include "lib/clock.h"
#include "lib/file.h"

#define ANSWER_MAX 1024
#define ANSWER_SECONDS 60

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

static bool ask(struct gate *g, const char *command, int fd, char answer[ANSWER_MAX])
{
	int sock = g->spawner->scanner(g->spawner_arg);
	size_t n = strlen(command) + 1;
	bool ok = sock >= 0 && !fd_write_all(sock, command, n) && (fd < 0 || send_fd(sock, fd)) && read_answer(sock, answer);

	if (sock >= 0)
		close(sock);
	return ok;
}

/* Hours since the signatures were made, from "ClamAV 1.4.6/27461/Fri Nov 20 09:00:00 2026"; -1 when it does not say. */
static int64_t age_hours(struct str version)
{
	struct str rest = version;
	struct tm tm = {0};
	char when[40];

	str_cut(&rest, '/');
	str_cut(&rest, '/');
	if (!rest.n || rest.n >= sizeof when)
		return -1;
	memcpy(when, rest.p, rest.n);
	when[rest.n] = 0;
	if (!strptime(when, "%a %b %d %H:%M:%S %Y", &tm))
		return -1;
	return (clock_true() / SECOND_US - timegm(&tm)) / 3600;
}

/* What stands behind the name clamd gives the file ("fd[12]: OK"); "" when the answer has another form. */
static struct str verdict_of(struct str answer)
{
	struct str rest = answer, name = str_cut(&rest, ':');

	return str_starts(name, "fd[") && str_ends(name, "]") && rest.n > 1 && *rest.p == ' ' ? str_slice(rest, 1, rest.n) : STR("");
}

void scan_health(struct gate *g, struct arena *a, struct scan *sc)
{
	char version[ANSWER_MAX];

	sc->age_hours = -1;
	if (g->clamd && ask(g, "zVERSION", -1, version)) {
		sc->engine = arena_str(a, str_from(version));
		sc->age_hours = age_hours(sc->engine);
	}
}

static bool fresh(struct gate *g, struct result *r, struct scan *sc)
{
	scan_health(g, r->arena, sc);
	if (sc->age_hours >= 0 ? sc->age_hours <= g->av_stop_hours : !g->av_unknown_stops)
		return true;
	result_stop(r, GATE_HELD, "AV-OLD", STR_NONE);
	return false;
}

bool scan_file(struct gate *g, int fd, int which, struct result *r)
{
	struct scan *sc = &r->scan[which];
	char answer[ANSWER_MAX];

	if (!g->clamd)
		return true;
	sc->asked = true;
	if (!fresh(g, r, sc))
		return false;
	if (!ask(g, "zFILDES", fd, answer)) {
		result_stop(r, GATE_HELD, "AV-ERROR", STR_NONE);
		return false;
	}
	sc->verdict = arena_str(r->arena, verdict_of(str_from(answer)));
	if (str_is(sc->verdict, "OK"))
		return true;
	if (str_ends(sc->verdict, " FOUND"))
		result_stop(r, GATE_BLOCKED, "AV-FOUND", str_slice(sc->verdict, 0, sc->verdict.n - 6));
	else
		result_stop(r, GATE_HELD, "AV-ERROR", sc->verdict.n ? sc->verdict : str_from(answer));
	return false;
}
