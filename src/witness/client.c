#include "witness/client.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"

#define HOST_MAX 256
#define PATH_MAX_ 512

struct url {
	char host[HOST_MAX], port[8], path[PATH_MAX_];
};

static int parse_url(struct str s, struct url *ret, struct err *e)
{
	struct str host, port = STR("80"), rest;
	int64_t n;

	if (!str_starts(s, "http://"))
		return err_set(e, ERR_SYNTAX, "%.*s: http:// is expected", STR_ARG(s));
	rest = str_slice(s, 7, s.n);
	host = str_cut(&rest, '/');
	while (str_ends(rest, "/"))
		rest.n--;
	if (host.n && *host.p == '[') {
		host = str_slice(host, 1, host.n);
		port = host;
		host = str_cut(&port, ']');
		if (port.n && *port.p == ':')
			port = str_slice(port, 1, port.n);
		else
			port = STR("80");
	} else {
		struct str left = host;

		host = str_cut(&left, ':');
		port = left.p ? left : port;
	}
	if (!host.n || host.n >= HOST_MAX || rest.n + 2 >= PATH_MAX_ || str_int(port, 1, 65535, &n))
		return err_set(e, ERR_SYNTAX, "%.*s: not a URL", STR_ARG(s));
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f)
			return err_set(e, ERR_SYNTAX, "%.*s: not a URL", STR_ARG(s));
	snprintf(ret->host, sizeof ret->host, "%.*s", STR_ARG(host));
	snprintf(ret->port, sizeof ret->port, "%d", (int)n);
	snprintf(ret->path, sizeof ret->path, "%s%.*s", rest.n ? "/" : "", STR_ARG(rest));
	return 0;
}

static int wait_for(int fd, short what, int64_t until)
{
	struct pollfd p = {.fd = fd, .events = what};
	int64_t left = (until - clock_mono()) / 1000;
	int n = left > 0 ? poll(&p, 1, (int)left) : 0;

	if (!n)
		errno = ETIMEDOUT;
	return n > 0 ? 0 : ERR_SYS;
}

static int connect_to(const struct url *u, int64_t until, struct err *e)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all = NULL;
	int fd = -1, bad = getaddrinfo(u->host, u->port, &hints, &all);

	if (bad)
		return err_set(e, ERR_SYS, "%s: %s", u->host, gai_strerror(bad));
	for (struct addrinfo *a = all; a && fd < 0; a = a->ai_next) {
		int error = 0;
		socklen_t n = sizeof error;

		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd < 0)
			continue;
		if (!connect(fd, a->ai_addr, a->ai_addrlen))
			continue;
		if (errno == EINPROGRESS && !wait_for(fd, POLLOUT, until) && !getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) && !error)
			continue;
		if (error)
			errno = error;
		close(fd);
		fd = -1;
	}
	freeaddrinfo(all);
	return fd < 0 ? err_sys(e, "%s:%s", u->host, u->port) : fd;
}

static int send_all(int fd, struct str s, int64_t until)
{
	while (s.n) {
		ssize_t n = wait_for(fd, POLLOUT, until) ? -1 : send(fd, s.p, s.n, MSG_NOSIGNAL);

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return ERR_SYS;
		s = str_slice(s, (size_t)n, s.n);
	}
	return 0;
}

static int receive_all(int fd, struct buf *raw, int64_t until)
{
	for (;;) {
		char *room = buf_room(raw, 4096);
		ssize_t n;

		if (!room)
			return ERR_TOOBIG;
		n = wait_for(fd, POLLIN, until) ? -1 : recv(fd, room, 4096, 0);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return ERR_SYS;
		if (!n)
			return 0;
		buf_grew(raw, (size_t)n);
	}
}

int client_parse(struct str raw, struct client_answer *ret)
{
	struct str rest = raw, line = str_cut(&rest, '\n');
	int64_t status, length = -1;

	*ret = (struct client_answer){0};
	if (line.n < 12 || (!str_starts(line, "HTTP/1.0 ") && !str_starts(line, "HTTP/1.1 ")) ||
	    str_int(str_slice(line, 9, 3), 100, 599, &status))
		return ERR_PROTO;
	ret->status = (unsigned)status;
	for (;;) {
		struct str name, value;

		if (!rest.n)
			return ERR_PROTO;
		value = str_trim(str_cut(&rest, '\n'));
		if (!value.n)
			break;
		name = str_cut(&value, ':');
		if (str_ieq(name, STR("content-type")))
			ret->type = str_trim(value);
		else if (str_ieq(name, STR("transfer-encoding")))
			return ERR_PROTO;                        /* nothing to be sent to HTTP/1.0 */
		else if (str_ieq(name, STR("content-length")) && str_int(str_trim(value), 0, CLIENT_ANSWER_MAX, &length))
			return ERR_PROTO;
	}
	if (length >= 0 && (uint64_t)length > rest.n)
		return ERR_PROTO;                            /* cut off */
	ret->body = length >= 0 ? str_slice(rest, 0, (size_t)length) : rest;
	return 0;
}

int client_ask(struct str prefix, const char *path, struct str body, struct buf *raw, struct client_answer *ret, struct err *e)
{
	int64_t until = clock_mono() + CLIENT_SECONDS * SECOND_US;
	struct buf ask;
	struct url u;
	int fd, r = parse_url(prefix, &u, e);

	if (r)
		return r;
	fd = connect_to(&u, until, e);
	if (fd < 0)
		return fd;
	buf_init(&ask, CLIENT_ANSWER_MAX);
	buf_printf(&ask, "%s %s%s HTTP/1.0\r\nHost: %s:%s\r\n", body.p ? "POST" : "GET", u.path, path, u.host, u.port);
	if (body.p)
		buf_printf(&ask, "Content-Type: text/plain\r\nContent-Length: %zu\r\n", body.n);
	buf_puts(&ask, "Connection: close\r\n\r\n");
	buf_str(&ask, body);
	buf_clear(raw);
	r = buf_err(&ask);
	if (!r)
		r = send_all(fd, buf_view(&ask), until);
	if (!r)
		r = receive_all(fd, raw, until);
	if (r)
		err_sys(e, "%s:%s", u.host, u.port);
	if (!r && (r = client_parse(buf_view(raw), ret)) != 0)
		err_set(e, r, "%s:%s: not an answer of HTTP", u.host, u.port);
	close(fd);
	buf_release(&ask);
	return r;
}
