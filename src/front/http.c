#include "front/http.h"

#include <fcntl.h>
#include <netdb.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "core/tls.h"
#include "front/conn.h"
#include "front/reply.h"
#include "lib/clock.h"
#include "lib/log.h"

static struct MHD_Daemon *mhd;
static atomic_uint busy;

static void deadline(struct conn *c, int64_t at)
{
	atomic_store(&c->deadline, at);
}

/* The body must keep up with BODY_RATE_MIN after the grace. */
static void body_deadline(struct conn *c)
{
	deadline(c, c->x.body_since + BODY_GRACE_SECONDS * SECOND_US + c->x.body.received * SECOND_US / BODY_RATE_MIN);
}

static enum MHD_Result queue(struct conn *c, unsigned status, struct MHD_Response *r, int64_t size)
{
	deadline(c, clock_mono() + SEND_GRACE_SECONDS * SECOND_US + size * SECOND_US / BODY_RATE_MIN);
	c->x.state = EX_SENDING;
	return MHD_queue_response(c->x.mhd, status, r);
}

static enum MHD_Result refuse(struct conn *c, unsigned status)
{
	const char *language = MHD_lookup_connection_value(c->x.mhd, MHD_HEADER_KIND, "accept-language");

	log_debug("front.refused", "status=%u peer=%s", status, c->address);
	if (c->x.body.head.length > 0 || c->x.body.head.chunked || c->x.state == EX_LINE)
		conn_linger(c);
	return queue(c, status, reply_error(status, language), 0);
}

/* On the reply thread. */
static void answered(struct call *call)
{
	struct exchange *x = (struct exchange *)(void *)((char *)call - offsetof(struct exchange, call));

	x->state = x->state == EX_SPOOL ? EX_SPOOLED : EX_ANSWERED;
	MHD_resume_connection(x->mhd);
}

/* Before the first byte of a large body. */
static enum MHD_Result ask_spool(struct conn *c)
{
	struct exchange *x = &c->x;
	int status = exchange_ask_spool(x, c->address);

	if (status)
		return refuse(c, (unsigned)status);
	x->call.reads = false;
	x->call.done = answered;
	x->state = EX_SPOOL;
	deadline(c, CONN_NO_DEADLINE);
	MHD_suspend_connection(x->mhd);
	if (peers_submit(&x->call)) {
		x->state = EX_SPOOLED;
		MHD_resume_connection(x->mhd);
	}
	return MHD_YES;
}

static enum MHD_Result ask_office(struct conn *c, struct str method)
{
	struct exchange *x = &c->x;
	int status = exchange_request(x, method, c->address);

	if (status)
		return refuse(c, (unsigned)status);
	x->call.done = answered;
	x->state = EX_WAITING;
	deadline(c, CONN_NO_DEADLINE);
	MHD_suspend_connection(x->mhd);
	if (peers_submit(&x->call)) {
		x->state = EX_ANSWERED;
		MHD_resume_connection(x->mhd);
	}
	return MHD_YES;
}

static enum MHD_Result give_static(struct conn *c, struct str method)
{
	struct MHD_Response *r = reply_static(buf_view(&c->x.path));
	const char *have = MHD_lookup_connection_value(c->x.mhd, MHD_HEADER_KIND, "if-none-match");
	const char *etag = r ? MHD_get_response_header(r, "etag") : NULL;

	if (!r)
		return refuse(c, 404);
	if (!c->x.call.reads)
		return refuse(c, 405);
	(void)method;
	if (have && etag && strcmp(have, etag) == 0)
		return queue(c, 304, reply_unchanged(), 0);
	return queue(c, 200, r, STATIC_MAX);
}

static enum MHD_Result on_head(struct conn *c, struct str method, struct str version)
{
	int status = exchange_head(&c->x, method, version);

	if (status)
		return refuse(c, (unsigned)status);
	c->x.body_since = clock_mono();
	body_deadline(c);
	return c->x.wants_spool ? ask_spool(c) : MHD_YES;
}

static enum MHD_Result on_answer(struct conn *c);

static enum MHD_Result on_end(struct conn *c, struct str method)
{
	int status = body_end(&c->x.body);

	if (c->x.refused)
		return on_answer(c);
	if (status)
		return refuse(c, (unsigned)status);
	if (str_starts(buf_view(&c->x.path), "/static/"))
		return give_static(c, method);
	return ask_office(c, method);
}

static enum MHD_Result on_answer(struct conn *c)
{
	struct answer *a = &c->x.call.answer;
	unsigned status = a->status;
	int64_t size = a->file >= 0 ? a->file_size : (int64_t)a->body.n;
	struct MHD_Response *r;
	enum MHD_Result done;

	if (!status)
		return refuse(c, 503);
	r = reply_from_answer(a, buf_view(&c->x.path));
	if (!r)
		return refuse(c, 503);
	done = queue(c, status, r, size);
	MHD_destroy_response(r);
	return done;
}

/* The office has said where a large body goes, or that it goes nowhere. */
static enum MHD_Result spooled(struct conn *c)
{
	if (!c->x.refused)
		return c->x.body.status ? refuse(c, (unsigned)c->x.body.status) : MHD_YES;
	conn_linger(c);
	return on_answer(c);
}

static enum MHD_Result on_access(void *cls, struct MHD_Connection *con, const char *url, const char *method,
                                 const char *version, const char *upload, size_t *upload_n, void **con_cls)
{
	struct conn *c = *con_cls;
	struct str m = str_from(method);

	(void)cls, (void)url;
	if (!c)
		return MHD_NO;
	c->x.mhd = con;
	if (c->x.state == EX_SPOOLED) {
		exchange_spooled(&c->x);
		c->x.body_since = clock_mono();
		body_deadline(c);
		if (*upload_n == 0)                      /* the library asks anew before it reads on: a refusal costs no upload */
			return spooled(c);
	}
	switch (c->x.state) {
	case EX_LINE:
		return on_head(c, m, str_from(version));
	case EX_BODY:
		if (*upload_n == 0)
			return on_end(c, m);
		if (body_feed(&c->x.body, str_n(upload, *upload_n)))
			return MHD_NO;
		*upload_n = 0;
		body_deadline(c);
		return MHD_YES;
	case EX_ANSWERED:
		return on_answer(c);
	case EX_IDLE:
	case EX_SPOOL:
	case EX_SPOOLED:
	case EX_WAITING:
	case EX_SENDING:
		break;
	}
	return MHD_NO;
}

static struct conn *conn_of(struct MHD_Connection *con)
{
	const union MHD_ConnectionInfo *i = MHD_get_connection_info(con, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return i ? i->socket_context : NULL;
}

static void forget(struct conn *c)
{
	if (c->x.state != EX_IDLE)
		atomic_fetch_sub(&busy, 1);
	exchange_clear(&c->x);
}

/* The request line is read: the library calls this before it looks at anything else. */
static void *on_line(void *cls, const char *uri, struct MHD_Connection *con)
{
	struct conn *c = conn_of(con);

	(void)cls;
	if (!c)
		return NULL;
	forget(c);
	atomic_fetch_add(&busy, 1);
	deadline(c, clock_mono() + HEAD_SECONDS * SECOND_US);
	exchange_line(&c->x, str_from(uri));
	return c;
}

/* exchange_line has decoded the target strictly; the library's own idea of it is not used. */
static size_t keep_escapes(void *cls, struct MHD_Connection *con, char *s)
{
	(void)cls, (void)con;
	return strlen(s);
}

static void on_completed(void *cls, struct MHD_Connection *con, void **con_cls, enum MHD_RequestTerminationCode why)
{
	struct conn *c = *con_cls;

	(void)cls, (void)con, (void)why;
	if (!c)
		return;
	forget(c);
	deadline(c, clock_mono() + IDLE_SECONDS * SECOND_US);
}

static void on_connection(void *cls, struct MHD_Connection *con, void **ctx, enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *i;
	const struct sockaddr *peer;

	(void)cls;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*ctx)
			forget(*ctx);
		conn_close(*ctx);
		*ctx = NULL;
		return;
	}
	i = MHD_get_connection_info(con, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	peer = i ? i->client_addr : NULL;
	i = MHD_get_connection_info(con, MHD_CONNECTION_INFO_CONNECTION_FD);
	*ctx = i ? conn_open(i->connect_fd, peer) : NULL;
	i = MHD_get_connection_info(con, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	if (i && i->tls_session)
		tls_session(i->tls_session);
}

static void on_log(void *cls, const char *fmt, va_list ap)
{
	struct buf b;

	(void)cls;
	buf_init(&b, 1024);
	buf_vprintf(&b, fmt, ap);
	log_debug("front.library", "text=\"%s\"", buf_z(&b));
	buf_release(&b);
}

void http_url(int listen_fd, char out[URL_MAX])
{
	struct sockaddr_storage sa = {0};
	socklen_t n = sizeof(sa);
	char host[NI_MAXHOST], port[NI_MAXSERV];
	bool any;

	if (getsockname(listen_fd, (struct sockaddr *)&sa, &n) ||
	    getnameinfo((struct sockaddr *)&sa, n, host, sizeof(host), port, sizeof(port),
	                NI_NUMERICHOST | NI_NUMERICSERV)) {
		snprintf(out, URL_MAX, "https://localhost/");
		return;
	}
	any = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 || strncmp(host, "127.", 4) == 0 ||
	      strcmp(host, "::1") == 0;
	snprintf(out, URL_MAX, sa.ss_family == AF_INET6 && !any ? "https://[%.64s]:%.8s/" : "https://%.64s:%.8s/",
	         any ? "localhost" : host, port);
}

int http_start(int listen_fd, struct err *e)
{
	unsigned flags = MHD_USE_POLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME |
	                 MHD_USE_ITC | MHD_USE_ERROR_LOG;

	int own = fcntl(listen_fd, F_DUPFD_CLOEXEC, 0); /* the library closes it */

	if (own < 0)
		return err_sys(e, "the listening socket");
	mhd = MHD_start_daemon(flags, 0, NULL, NULL, on_access, NULL,
	                       MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
	                       MHD_OPTION_LISTEN_SOCKET, own,
	                       MHD_OPTION_HTTPS_PRIORITIES, TLS_PRIORITIES,
	                       MHD_OPTION_HTTPS_CERT_CALLBACK2, tls_certificate,
	                       MHD_OPTION_TLS_NO_ALPN, 0,
	                       MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
	                       MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_PER_IP,
	                       MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
	                       MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
	                       MHD_OPTION_STRICT_FOR_CLIENT, 1,
	                       MHD_OPTION_URI_LOG_CALLBACK, on_line, NULL,
	                       MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
	                       MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
	                       MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL,
	                       MHD_OPTION_END);
	if (mhd)
		return 0;
	close(own);
	return err_set(e, ERR_SYS, "the HTTPS server does not start");
}

void http_tick(int64_t now)
{
	unsigned ended = conns_expire(now);

	if (ended)
		log_info("front.slow", "ended=%u open=%u", ended, conns_count());
}

void http_quiesce(void)
{
	int fd = mhd ? MHD_quiesce_daemon(mhd) : -1;

	if (fd >= 0)
		close(fd);
}

unsigned http_busy(void)
{
	return atomic_load(&busy);
}

void http_stop(void)
{
	if (mhd)
		MHD_stop_daemon(mhd);
	mhd = NULL;
}
