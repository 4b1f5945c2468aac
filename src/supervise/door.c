#include "supervise/door.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/i18n.h"
#include "supervise/place.h"

#define CONF_MAX (64u * 1024)
#define RECEIVE_BUFFER (32 << 20)                    /* of datagrams: 150,000 while collect is started anew */
/* librelp holds back (TCP_CORK) what does not fill a segment, up to 200 ms: with the segments of a loopback or of jumbo frames a whole window
 * lies there that long. */
#define RELP_SEGMENT 1400
#define STREAM_BUFFER (1 << 20)
#define BACKLOG 1024
#define SCANNER_PATH_MAX 108                         /* of a Unix socket */

int doors_add(struct doors *d, struct str given, struct err *e)
{
	struct door *n = &d->list[d->n];
	struct str where;
	if (d->n == INTAKE_MAX)
		return err_set(e, ERR_RANGE, _("More than %d doors for logs."), INTAKE_MAX);
	*n = (struct door){.fd = -1};
	for (int i = 0; i < DOOR_BEFORE; i++)
		n->before[i] = -1;
	if (!intake_parse(given, &n->kind, &where))
		return err_set(e, ERR_SYNTAX, _("\"%.*s\" is no door for logs; write for instance udp:0.0.0.0:514 or file:/var/log/messages"),
		               STR_ARG(given));
	snprintf(n->where, sizeof n->where, "%.*s", STR_ARG(where));
	snprintf(n->name, sizeof n->name, "listen.%s.%zu", intake_kinds[n->kind], d->n);
	d->n++;
	return 0;
}

/* Where the gate's scanner listens: kept for supervise itself and as the word that there is one. */
static void put_scanner(struct str path)
{
	char z[SCANNER_PATH_MAX];
	snprintf(z, sizeof z, "%.*s", STR_ARG(path));
	setenv("SEKISHO_CLAMD", z, 1);
}

int doors_read(struct doors *d, const char *dir, struct err *e)
{
	char path[4200];
	struct buf b;
	buf_init(&b, CONF_MAX);
	snprintf(path, sizeof path, "%s/sekisho.conf", dir);
	int r = file_read(path, CONF_MAX, &b, e);
	struct str rest = buf_view(&b);
	while (r == 0 && rest.n) {
		struct str value = str_cut(&rest, '\n'), key = str_trim(str_cut(&value, '='));
		value = str_trim(value);
		if (str_is(key, "intake"))
			r = doors_add(d, value, e);
		else if (str_is(key, "clamd") && value.n && value.n < SCANNER_PATH_MAX)
			put_scanner(value);
		else if (str_is(key, "watch"))
			d->watch = value.n > 0;
		else if (str_is(key, "transfer-listen") && value.n && value.n < sizeof d->net)
			snprintf(d->net, sizeof d->net, "%.*s", STR_ARG(value));
	}
	buf_release(&b);
	return r == ERR_NOTFOUND ? 0 : r;
}

/* --- opening -------------------------------------------------------------------------------------------------------- */

static int open_unix(const struct door *d, struct err *e)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int type = d->kind == INTAKE_UNIX ? SOCK_DGRAM : SOCK_STREAM;
	struct stat st;
	if (snprintf(a.sun_path, sizeof a.sun_path, "%s", d->where) >= (int)sizeof a.sun_path)
		return err_set(e, ERR_TOOBIG, "%s: %s", d->where, strerror(ENAMETOOLONG));
	if (lstat(d->where, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(d->where);                      /* of an earlier life */
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t old = umask(0111);                        /* whoever runs on this machine may log, as with /dev/log */
	bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && (type == SOCK_DGRAM || listen(fd, BACKLOG) == 0);
	umask(old);
	if (ok)
		return fd;
	int r = err_set(e, ERR_SYS, "%s: %s", d->where, strerror(errno));
	if (fd >= 0)
		close(fd);
	return r;
}

/* Only a plain file, never through a link at its end, never waiting for a pipe. */
static int open_file(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -1;
	if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void open_files(struct door *d)
{
	char path[sizeof d->where + 12];
	struct stat st = {0};
	for (int i = 0; i < DOOR_BEFORE; i++) {          /* as logrotate calls them: what was not read yet when the house stopped */
		snprintf(path, sizeof path, "%s.%d", d->where, i + 1);
		d->before[i] = open_file(path, &st);
	}
	st = (struct stat){0};
	d->fd = open_file(d->where, &st);
	d->dev = st.st_dev;
	d->ino = st.st_ino;
}

void door_before_name(const struct door *d, int i, char out[CHILD_NAME_MAX])
{
	snprintf(out, CHILD_NAME_MAX, "listen.before.%d%s", i, strrchr(d->name, '.'));
}

bool door_renewed(struct door *d)
{
	struct stat st;
	if (d->kind != INTAKE_FILE || lstat(d->where, &st) != 0 || (d->fd >= 0 && st.st_dev == d->dev && st.st_ino == d->ino))
		return false;
	int fd = open_file(d->where, &st);
	if (fd < 0)
		return false;
	if (d->before[DOOR_BEFORE - 1] >= 0)
		close(d->before[DOOR_BEFORE - 1]);
	for (int i = DOOR_BEFORE - 1; i > 0; i--)
		d->before[i] = d->before[i - 1];
	d->before[0] = d->fd;
	d->fd = fd;
	d->dev = st.st_dev;
	d->ino = st.st_ino;
	return true;
}

static int open_udp(const struct door *d, struct err *e)
{
	int fd = place_datagrams(d->where, e), size = RECEIVE_BUFFER, on = 1;
	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	(void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
	return fd;
}

/* What a receiver that dies takes with it: no more than this, instead of the megabytes the kernel would let it grow to. */
static int open_stream(const struct door *d, struct err *e)
{
	int fd = place_listen(d->where, e), size = STREAM_BUFFER, segment = RELP_SEGMENT;
	if (fd >= 0 && (d->kind == INTAKE_TCP || d->kind == INTAKE_TLS))
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (fd >= 0 && (d->kind == INTAKE_RELP || d->kind == INTAKE_RELPS))
		(void)setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
	return fd;
}

static int open_door(struct door *d, struct err *e)
{
	switch (d->kind) {
	case INTAKE_UDP:
		return open_udp(d, e);
	case INTAKE_UNIX:
	case INTAKE_UNIX_STREAM:
		return open_unix(d, e);
	case INTAKE_FILE:
		open_files(d);
		return 0;
	case INTAKE_TCP:
	case INTAKE_TLS:
	case INTAKE_RELP:
	case INTAKE_RELPS:
	case INTAKE_HTTP:
	case INTAKE_HTTPS:
	case INTAKE_KINDS:
		break;
	}
	return open_stream(d, e);
}

/* What was asked for, with the port that the kernel chose for 0. */
static void say_where(const struct door *d, struct buf *b)
{
	struct sockaddr_storage a = {0};
	socklen_t n = sizeof a;
	char host[INET6_ADDRSTRLEN] = "";
	if (intake_is_path(d->kind) || getsockname(d->fd, (struct sockaddr *)&a, &n) != 0) {
		buf_printf(b, "%s %s\n", intake_kinds[d->kind], d->where);
		return;
	}
	bool six = a.ss_family == AF_INET6;
	struct sockaddr_in a4;
	struct sockaddr_in6 a6;
	memcpy(&a4, &a, sizeof a4);
	memcpy(&a6, &a, sizeof a6);
	(void)inet_ntop(a.ss_family, six ? (void *)&a6.sin6_addr : (void *)&a4.sin_addr, host, sizeof host);
	buf_printf(b, six ? "%s [%s]:%u\n" : "%s %s:%u\n", intake_kinds[d->kind], host, ntohs(six ? a6.sin6_port : a4.sin_port));
}

int doors_open(struct doors *d, int run_fd, struct err *e)
{
	struct buf env, seen;
	int r = 0;
	buf_init(&env, INTAKE_MAX * 300);
	buf_init(&seen, INTAKE_MAX * 300);
	for (size_t i = 0; r >= 0 && i < d->n; i++) {
		struct door *one = &d->list[i];
		r = open_door(one, e);
		if (r >= 0 && one->kind != INTAKE_FILE)
			one->fd = r;
		buf_printf(&env, "%s:%s\n", intake_kinds[one->kind], one->where);
		say_where(one, &seen);
	}
	if (r >= 0 && setenv(INTAKE_ENV, buf_z(&env), 1) != 0)
		r = err_set(e, ERR_SYS, "setenv: %s", strerror(errno));
	if (r >= 0)
		r = file_write_atomic_at(run_fd, "intake", seen.p ? seen.p : "", seen.n, 0644, e);
	buf_release(&env);
	buf_release(&seen);
	return r < 0 ? r : 0;
}

void doors_close(struct doors *d, int run_fd)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->list[i].kind == INTAKE_UNIX || d->list[i].kind == INTAKE_UNIX_STREAM)
			(void)unlink(d->list[i].where);
	(void)unlinkat(run_fd, "intake", 0);
}
