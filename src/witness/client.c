#include "witness/client.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "lib/sandbox.h"

#define HOST_MAX 256
#define PATH_MAX_ 512
#define CA_MAX (1u << 20)

struct url {
	char host[HOST_MAX], port[8], path[PATH_MAX_];
	bool tls;
};

/* What the locked-in process says first; then the body, or the text of an error. */
struct told {
	int bad;
	unsigned status;
};

static gnutls_certificate_credentials_t trusted;

static int parse_url(struct str s, struct url *ret, struct err *e)
{
	bool tls = str_starts(s, "https://");
	struct str host, port = tls ? STR("443") : STR("80"), rest;
	int64_t n;

	if (!tls && !str_starts(s, "http://"))
		return err_set(e, ERR_SYNTAX, "%.*s: http:// or https:// is expected", STR_ARG(s));
	rest = str_slice(s, tls ? 8 : 7, s.n);
	host = str_cut(&rest, '/');
	while (str_ends(rest, "/"))
		rest.n--;
	if (host.n && *host.p == '[') {
		struct str left = str_slice(host, 1, host.n);

		host = str_cut(&left, ']');
		if (left.n && *left.p == ':')
			port = str_slice(left, 1, left.n);
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
	ret->tls = tls;
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

/* --- locked in: nothing but the connection and the pipe --------------------------------------------------------------------- */

static int secure(int fd, const struct url *u, gnutls_session_t *ret, struct err *e)
{
	gnutls_session_t s = NULL;
	gnutls_datum_t why = {NULL, 0};
	int r;

	if (gnutls_init(&s, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL) < 0 || gnutls_set_default_priority(s) < 0 ||
	    gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, trusted) < 0)
		return err_set(e, ERR_NOMEM, "TLS");
	(void)gnutls_server_name_set(s, GNUTLS_NAME_DNS, u->host, strlen(u->host)); /* an address goes without */
	gnutls_session_set_verify_cert(s, u->host, 0);
	gnutls_transport_set_int(s, fd);
	do
		r = gnutls_handshake(s);
	while (r < 0 && !gnutls_error_is_fatal(r));
	*ret = s;
	if (r >= 0)
		return 0;
	if (r == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
		(void)gnutls_certificate_verification_status_print(gnutls_session_get_verify_cert_status(s), GNUTLS_CRT_X509, &why, 0);
	return err_set(e, ERR_DENIED, "TLS: %s", why.data ? (const char *)why.data : gnutls_strerror(r));
}

static int exchange(int fd, const struct url *u, struct str ask, struct buf *raw, struct err *e)
{
	gnutls_session_t s = NULL;
	ssize_t n = 1;
	int r = u->tls ? secure(fd, u, &s, e) : 0;

	while (!r && ask.n) {
		n = s ? gnutls_record_send(s, ask.p, ask.n) : send(fd, ask.p, ask.n, MSG_NOSIGNAL);
		if (n <= 0)
			return err_set(e, ERR_SYS, "the connection ended");
		ask = str_slice(ask, (size_t)n, ask.n);
	}
	while (!r && n > 0) {
		char *room = buf_room(raw, 4096);

		if (!room)
			return err_set(e, ERR_TOOBIG, "the answer is too long");
		do
			n = s ? gnutls_record_recv(s, room, 4096) : recv(fd, room, 4096, 0);
		while (s && n < 0 && !gnutls_error_is_fatal((int)n)); /* a session ticket */
		/* many end TLS without a good-bye; how long the body is, is told in the head, or its signature is cut */
		if (n < 0 && n != GNUTLS_E_PREMATURE_TERMINATION)
			return err_set(e, ERR_SYS, "the connection ended");
		if (n > 0)
			buf_grew(raw, (size_t)n);
	}
	return r;
}

static _Noreturn void locked_in(int fd, const struct url *u, struct str ask, struct buf *raw, int to)
{
	struct client_answer a = {0};
	struct told t = {0};
	struct err e = {0};
	struct str say;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	t.bad = sandbox_enter(&sandbox_ask, NULL, 0, NULL, &e);
	if (!t.bad)
		t.bad = exchange(fd, u, ask, raw, &e);
	if (!t.bad && (t.bad = client_parse(buf_view(raw), &a)) != 0)
		err_set(&e, t.bad, "not an answer of HTTP");
	t.status = a.status;
	say = t.bad ? str_from(e.text) : a.body;
	if (fd_write_all(to, &t, sizeof t) || fd_write_all(to, say.p, say.n))
		_exit(1);
	_exit(0);
}

/* --- outside -------------------------------------------------------------------------------------------------------------------- */

int client_trust(const char *file, struct err *e)
{
	struct buf pem;
	gnutls_datum_t d;
	int r = 0;

	if (!trusted && gnutls_certificate_allocate_credentials(&trusted) < 0)
		return err_set(e, ERR_NOMEM, "TLS");
	if (!file)
		return gnutls_certificate_set_x509_system_trust(trusted) < 0 ? err_set(e, ERR_SYS, "the system's certificate authorities cannot be read") : 0;
	buf_init(&pem, CA_MAX);
	r = file_read(file, CA_MAX, &pem, e);
	d = (gnutls_datum_t){(unsigned char *)pem.p, (unsigned)pem.n};
	if (!r && gnutls_certificate_set_x509_trust_mem(trusted, &d, GNUTLS_X509_FMT_PEM) < 1)
		r = err_set(e, ERR_SYNTAX, "%s: no certificate of an authority", file);
	buf_release(&pem);
	return r;
}

/* All that is told until the pipe ends or the time is over. */
static int hear(int from, int64_t until, struct buf *raw)
{
	for (;;) {
		char *room = buf_room(raw, 4096);
		ssize_t n;

		if (!room)
			return ERR_TOOBIG;
		n = wait_for(from, POLLIN, until) ? -1 : read(from, room, 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_SYS;
		if (!n)
			return 0;
		buf_grew(raw, (size_t)n);
	}
}

static int told_to_answer(const struct url *u, struct buf *raw, struct client_answer *ret, struct err *e)
{
	struct told t;
	struct str body;

	if (raw->n < sizeof t)
		return err_set(e, ERR_PROTO, "%s:%s: the process that asked died", u->host, u->port);
	memcpy(&t, raw->p, sizeof t);
	body = str_slice(buf_view(raw), sizeof t, raw->n);
	if (t.bad)
		return err_set(e, t.bad < 0 ? t.bad : ERR_PROTO, "%s:%s: %.*s", u->host, u->port, STR_ARG(body));
	*ret = (struct client_answer){.status = t.status, .body = body};
	return 0;
}

static int in_jail(int fd, const struct url *u, struct str ask, int64_t until, struct buf *raw, struct err *e)
{
	int p[2], r;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) || fcntl(fd, F_SETFL, 0) || (pid = fork()) < 0)
		return err_sys(e, "%s:%s", u->host, u->port);
	if (!pid) {
		close(p[0]);
		locked_in(fd, u, ask, raw, p[1]);
	}
	close(p[1]);
	r = hear(p[0], until, raw);
	if (r == ERR_TOOBIG)
		err_set(e, r, "%s:%s: the answer is too long", u->host, u->port);
	else if (r)
		err_sys(e, "%s:%s", u->host, u->port);
	close(p[0]);
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

int client_ask(struct str prefix, const char *path, struct str body, struct buf *raw, struct client_answer *ret, struct err *e)
{
	int64_t until = clock_mono() + CLIENT_SECONDS * SECOND_US;
	struct buf ask;
	struct url u;
	int fd, r = parse_url(prefix, &u, e);

	if (!r && u.tls && !trusted)
		r = client_trust(NULL, e);
	if (r)
		return r;
	fd = connect_to(&u, until, e);
	if (fd < 0)
		return fd;
	buf_init(&ask, CLIENT_ANSWER_MAX);
	buf_printf(&ask, "%s %s%s HTTP/1.0\r\nHost: ", body.p ? "POST" : "GET", u.path, path);
	buf_printf(&ask, strchr(u.host, ':') ? "[%s]:%s\r\n" : "%s:%s\r\n", u.host, u.port);
	if (body.p)
		buf_printf(&ask, "Content-Type: text/plain\r\nContent-Length: %zu\r\n", body.n);
	buf_puts(&ask, "Connection: close\r\n\r\n");
	buf_str(&ask, body);
	buf_clear(raw);
	r = buf_err(&ask);
	if (!r)
		r = in_jail(fd, &u, buf_view(&ask), until, raw, e);
	if (!r)
		r = told_to_answer(&u, raw, ret, e);
	close(fd);
	buf_release(&ask);
	return r;
}
