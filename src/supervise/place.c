#include "supervise/place.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/control.h"
#include "lib/file.h"
#include "lib/i18n.h"
#include "lib/str.h"

#define WAIT_STEP_MS 50
#define WAIT_STEPS 600                               /* 30 s for a command that runs in the folder */
#define BACKLOG 512

static int sys_err(struct err *e, const char *what)
{
	return err_set(e, ERR_SYS, "%s: %s", what, strerror(errno));
}

/* "run 1234" or "command 1234", as written by who holds the lock. */
static bool held_by_house(int fd, char *pid, size_t n)
{
	char text[64] = "";
	ssize_t got = pread(fd, text, sizeof text - 1, 0);
	text[got > 0 ? got : 0] = 0;
	struct str rest = str_from(text), kind = str_cut(&rest, ' ');
	snprintf(pid, n, "%.*s", STR_ARG(str_trim(rest)));
	return !str_is(kind, "command");
}

static int take_lock(int run, const char *dir, bool oneshot, struct err *e)
{
	char pid[32];
	int fd = openat(run, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return sys_err(e, dir);
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			close(fd);
			return sys_err(e, dir);
		}
		if (held_by_house(fd, pid, sizeof pid) || i == WAIT_STEPS) {
			close(fd);
			return err_set(e, ERR_EXISTS, _("%s is already in use by process %s"), dir, pid);
		}
		usleep(WAIT_STEP_MS * 1000);
	}
	char line[64];
	int n = snprintf(line, sizeof line, "%s %d\n", oneshot ? "command" : "run", (int)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, line, (size_t)n, 0) != n) {
		close(fd);
		return sys_err(e, dir);
	}
	return fd;                                       /* stays open: the lock goes with the process */
}

int place_lock(const char *dir, bool oneshot, uint32_t *ret_uid, struct err *e)
{
	struct stat st;
	int d = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d < 0)
		return sys_err(e, dir);
	if (fstat(d, &st) != 0 || (mkdirat(d, "run", 0700) != 0 && errno != EEXIST)) {
		int r = sys_err(e, dir);
		close(d);
		return r;
	}
	int run = openat(d, "run", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	close(d);
	if (run < 0)
		return sys_err(e, dir);
	int r = fchmod(run, 0700) == 0 ? take_lock(run, dir, oneshot, e) : sys_err(e, dir);
	if (r < 0) {
		close(run);
		return r;
	}
	*ret_uid = (uint32_t)st.st_uid;
	return run;
}

/* --- listening ------------------------------------------------------------------------------------------------------ */

static bool parse_address(const char *z, struct sockaddr_storage *ret, socklen_t *ret_n)
{
	char host[64];
	int64_t port;
	const char *colon = strrchr(z, ':');
	size_t n = colon ? (size_t)(colon - z) : 0;
	if (!colon || n >= sizeof host || str_int(str_from(colon + 1), 0, 65535, &port) != 0)
		return false;
	bool bracket = n >= 2 && z[0] == '[' && z[n - 1] == ']';
	memcpy(host, z + bracket, n - 2 * (size_t)bracket);
	host[n - 2 * (size_t)bracket] = 0;
	struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	*ret = (struct sockaddr_storage){0};
	if (!bracket && inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &a4.sin_addr) == 1) {
		memcpy(ret, &a4, sizeof a4);
		*ret_n = sizeof a4;
	} else if (inet_pton(AF_INET6, host, &a6.sin6_addr) == 1) {
		memcpy(ret, &a6, sizeof a6);
		*ret_n = sizeof a6;
	} else {
		return false;
	}
	return true;
}

static int bound(const char *address, int type, struct err *e)
{
	struct sockaddr_storage a;
	socklen_t n;
	int on = 1;
	if (!parse_address(address, &a, &n))
		return err_set(e, ERR_SYNTAX, _("\"%s\" is no address; write for instance 127.0.0.1:8443"), address);
	int fd = socket(a.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return sys_err(e, address);
	if (type == SOCK_STREAM)                         /* for datagrams it would let a second house listen beside us */
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&a, n) != 0 || (type == SOCK_STREAM && listen(fd, BACKLOG) != 0)) {
		int r = sys_err(e, address);
		close(fd);
		return r;
	}
	return fd;
}

int place_listen(const char *address, struct err *e)
{
	return bound(address, SOCK_STREAM, e);
}

int place_datagrams(const char *address, struct err *e)
{
	return bound(address, SOCK_DGRAM, e);
}

int place_control(int run_fd, struct err *e)
{
	struct sockaddr_un a;
	control_address(run_fd, &a);
	(void)unlinkat(run_fd, "control.sock", 0);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t old = umask(0177);
	bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 16) == 0;
	umask(old);
	if (ok)
		return fd;
	int r = sys_err(e, "control.sock");
	if (fd >= 0)
		close(fd);
	return r;
}

int place_accept(int fd, uint32_t owner, uint32_t *ret_uid)
{
	struct ucred who;
	socklen_t n = sizeof who;
	int c = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (c < 0)
		return -1;
	if (getsockopt(c, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0 || (who.uid != 0 && who.uid != owner && who.uid != geteuid())) {
		close(c);
		return -1;
	}
	*ret_uid = who.uid;
	return c;
}
