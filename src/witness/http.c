#include "witness/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "lib/arena.h"

#define CONNECTIONS_MAX 128u
#define CONNECTIONS_PER_IP 16u
#define IDLE_SECONDS 10u
#define MEMORY 16384u                                /* of a connection: request line and headers */
#define WAIT_MS 1000

static struct {
	struct MHD_Daemon *mhd;
	http_answer_fn *fn;
	void *arg;
	size_t body_max;
} server;
static volatile sig_atomic_t ended;

struct call {
	struct buf body;
	bool refused;
};

static enum MHD_Result queue(struct MHD_Connection *con, struct http_reply *a)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(a->body.n, a->body.p ? a->body.p : (char *)(uintptr_t)"", MHD_RESPMEM_MUST_COPY);
	enum MHD_Result done;

	if (!r)
		return MHD_NO;
	(void)MHD_add_response_header(r, "content-type", a->type ? a->type : "text/plain; charset=utf-8");
	(void)MHD_add_response_header(r, "x-content-type-options", "nosniff");
	if (a->cache)
		(void)MHD_add_response_header(r, "cache-control", a->cache);
	if (a->status == 405)
		(void)MHD_add_response_header(r, "allow", "GET, HEAD, POST");
	done = MHD_queue_response(con, a->status, r);
	MHD_destroy_response(r);
	return done;
}

static enum MHD_Result refuse(struct MHD_Connection *con, struct call *c, unsigned status)
{
	struct http_reply a = {.status = status};

	c->refused = true;
	return queue(con, &a);
}

static enum MHD_Result answer(struct MHD_Connection *con, struct call *c, const char *url, const char *method)
{
	struct http_reply a = {.status = 404};
	enum MHD_Result done;

	buf_init(&a.body, HTTP_ANSWER_MAX);
	server.fn(server.arg, str_from(strcmp(method, "HEAD") ? method : "GET"), str_from(url), buf_view(&c->body), &a);
	if (buf_err(&a.body)) {
		buf_clear(&a.body);
		a.status = 500;
	}
	done = queue(con, &a);
	buf_release(&a.body);
	return done;
}

static enum MHD_Result on_access(void *cls, struct MHD_Connection *con, const char *url, const char *method, const char *version,
                                 const char *upload, size_t *upload_n, void **con_cls)
{
	struct call *c = *con_cls;
	const char *length;
	int64_t n;

	(void)cls, (void)version;
	if (!c) {
		*con_cls = c = xcalloc(1, sizeof *c);
		buf_init(&c->body, server.body_max);
		length = MHD_lookup_connection_value(con, MHD_HEADER_KIND, "content-length");
		if (length && (str_int(str_from(length), 0, INT64_MAX, &n) || (uint64_t)n > server.body_max))
			return refuse(con, c, 413);
		if (strcmp(method, "GET") && strcmp(method, "HEAD") && strcmp(method, "POST"))
			return refuse(con, c, 405);
		return MHD_YES;
	}
	if (*upload_n) {
		buf_put(&c->body, upload, *upload_n);
		*upload_n = 0;
		return MHD_YES;
	}
	if (c->refused)
		return MHD_YES;
	return buf_err(&c->body) ? refuse(con, c, 413) : answer(con, c, url, method);
}

static void on_completed(void *cls, struct MHD_Connection *con, void **con_cls, enum MHD_RequestTerminationCode why)
{
	struct call *c = *con_cls;

	(void)cls, (void)con, (void)why;
	if (!c)
		return;
	buf_release(&c->body);
	free(c);
	*con_cls = NULL;
}

/* Paths are compared as they came. */
static size_t keep_escapes(void *cls, struct MHD_Connection *con, char *s)
{
	(void)cls, (void)con;
	return strlen(s);
}

int http_listen(const char *where, struct err *e)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};
	const char *colon = strrchr(where, ':');
	char host[64] = "";
	int64_t port;
	int fd, on = 1;
	bool ok;

	if (!colon || str_int(str_from(colon + 1), 0, 65535, &port) || (size_t)(colon - where) >= sizeof host)
		return err_set(e, ERR_SYNTAX, "%s: ADDRESS:PORT is expected", where);
	memcpy(host, where, (size_t)(colon - where));
	four.sin_port = six.sin6_port = htons((uint16_t)port);
	ok = inet_pton(AF_INET, host, &four.sin_addr) == 1;
	if (!ok && host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = 0;
		if (inet_pton(AF_INET6, host + 1, &six.sin6_addr) != 1)
			return err_set(e, ERR_SYNTAX, "%s: ADDRESS:PORT is expected", where);
	} else if (!ok) {
		return err_set(e, ERR_SYNTAX, "%s: ADDRESS:PORT is expected", where);
	}
	fd = socket(ok ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, "%s", where);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if ((ok ? bind(fd, (struct sockaddr *)&four, sizeof four) : bind(fd, (struct sockaddr *)&six, sizeof six)) || listen(fd, 128)) {
		int r = err_sys(e, "%s", where);

		close(fd);
		return r;
	}
	return fd;
}

static void on_end(int signal)
{
	(void)signal;
	ended = 1;
}

int http_start(int fd, size_t body_max, http_answer_fn *fn, void *arg, struct err *e)
{
	struct sigaction sa = {.sa_handler = on_end};

	server.fn = fn;
	server.arg = arg;
	server.body_max = body_max;
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	server.mhd = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_access, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
	                              MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_PER_IP,
	                              MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
	                              MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
	                              MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	return server.mhd ? 0 : err_set(e, ERR_SYS, "the HTTP server does not start");
}

void http_run(void)
{
	while (!ended)
		(void)MHD_run_wait(server.mhd, WAIT_MS);
	MHD_stop_daemon(server.mhd);
}
