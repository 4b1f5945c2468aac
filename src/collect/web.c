#include "collect/web.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <microhttpd.h>

#include "collect/journal.h"
#include "collect/secure.h"
#include "collect/stamp.h"
#include "core/tls.h"
#include "lib/hash.h"
#include "lib/log.h"

#define TOKEN_MAX 200u
#define RUNS 8                                       /* of the library in a row, then others are heard */

struct web {
	struct webs *of;
	struct MHD_Daemon *mhd;
	size_t door;
	int ep;
	char *clients;                                   /* PEM, as the library wants it to stay */
	bool again;                                      /* a timer will run it */
};
struct post {
	struct webs *of;
	struct web *web;
	struct post *next, **at;                         /* of those that wait for their acknowledgement */
	struct MHD_Connection *con;
	bool started, journal, waiting, done;
	unsigned status;
	struct source *source;
	struct envelope envelope;
	struct framer framer;
	struct journal entries;
	struct buf rest;
	int64_t batch;
	uint64_t count;
};
struct webs {
	struct collect *collect;
	struct web list[INTAKE_MAX];
	size_t n;
	struct post *waiting;
};

static void run(struct web *w);

struct webs *webs_new(struct collect *c)
{
	struct webs *w = xcalloc(1, sizeof *w);
	w->collect = c;
	return w;
}

/* --- one request ------------------------------------------------------------------------------------------------------- */

static void wait_no_more(struct post *p)
{
	if (!p->waiting)
		return;
	*p->at = p->next;
	if (p->next)
		p->next->at = p->at;
	p->waiting = false;
}

static enum MHD_Result answer(struct post *p, unsigned status, const char *text)
{
	static const char *const types[] = {"application/json", "text/plain"};
	struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	if (!r)
		return MHD_NO;
	(void)MHD_add_response_header(r, "content-type", types[p->journal]);
	if (status == 429)
		(void)MHD_add_response_header(r, "retry-after", "1");
	if (status == 401)
		(void)MHD_add_response_header(r, "www-authenticate", "Bearer");
	enum MHD_Result done = MHD_queue_response(p->con, status, r);
	MHD_destroy_response(r);
	return done;
}

static struct source *by_token(struct post *p)
{
	char hex[SHA256_HEX];
	struct str given = str_from(MHD_lookup_connection_value(p->con, MHD_HEADER_KIND, "authorization"));
	if (!str_starts(given, "Bearer ") || given.n > 7 + TOKEN_MAX)
		return NULL;
	given = str_trim(str_slice(given, 7, given.n));
	sha256_hex(given.p, given.n, hex);
	return source_known(p->of->collect->sources, SOURCE_TOKEN, str_from(hex));
}

static struct source *by_certificate(struct post *p)
{
	char name[SOURCE_NAME_MAX];
	const union MHD_ConnectionInfo *i = MHD_get_connection_info(p->con, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	if (!i || !i->tls_session || !secure_verified_name(i->tls_session, name, sizeof name))
		return NULL;
	return source_of(p->of->collect->sources, SOURCE_CERTIFICATE, str_from(name));
}

/* Who sends; NULL: nobody who may. */
static struct source *who(struct post *p, char *peer, size_t size)
{
	struct collect *c = p->of->collect;
	const union MHD_ConnectionInfo *i = MHD_get_connection_info(p->con, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct in6_addr a;
	uint16_t port;
	char z[INET6_ADDRSTRLEN];
	if (!i || !address_of(i->client_addr, &a, &port))
		return NULL;
	struct str text = address_text(&a, z);
	snprintf(peer, size, memchr(z, ':', text.n) ? "[%s]:%u" : "%s:%u", z, port);
	struct source *s = by_token(p);
	if (!s)
		s = by_certificate(p);
	if (!s && p->journal && source_has_address(c->sources, &a))
		s = source_of_address(c->sources, &a);
	if (!s)
		source_of_address(c->sources, &a)->refused++;
	return s;
}

/* The head is read: 0, or the status that refuses the request. */
static unsigned begin(struct post *p, const char *url, const char *method)
{
	char peer[INET6_ADDRSTRLEN + 10] = "";
	struct str type = str_from(MHD_lookup_connection_value(p->con, MHD_HEADER_KIND, "content-encoding"));
	p->journal = strcmp(url, "/upload") == 0;
	if (!p->journal && strcmp(url, "/ingest/v1") != 0)
		return 404;
	if (strcmp(method, "POST") != 0)
		return 405;
	if (type.n && !str_ieq(type, STR("identity")))
		return 415;
	p->source = who(p, peer, sizeof peer);
	if (!p->source)
		return 401;
	struct collect *c = p->of->collect;
	collect_stamp(c);
	if (!source_pass(p->source, 1, c->now_ns))
		return 429;
	p->source->log_number = batches_log(c->out, str_from(p->source->log));
	envelope_init(&p->envelope, ENTRY_HTTP, str_from(p->source->name), str_from(peer));
	return 0;
}

static void put(struct post *p, const struct piece *piece)
{
	if (!piece->raw.n && !piece->flags && !p->journal)
		return;                                      /* an empty line between JSON texts says nothing */
	collect_put(p->of->collect, p->source, &p->envelope, piece);
	p->batch = batches_last(p->of->collect->out);
	p->count += !(piece->flags & ENTRY_MORE);
}

static void take(struct post *p, const char *bytes, size_t n)
{
	struct piece piece;
	size_t pos = 0;
	collect_stamp(p->of->collect);
	envelope_stamp(&p->envelope, p->of->collect->now_ns);
	if (p->journal) {
		p->source->last_at = p->of->collect->now_ns;
		while (journal_next(&p->entries, bytes, n, &pos, &piece))
			put(p, &piece);
		return;
	}
	buf_put(&p->rest, bytes, n);
	stamp_source(p->source, buf_view(&p->rest), p->of->collect->now_ns);
	while (framer_next(&p->framer, p->rest.p, p->rest.n, &pos, false, &piece))
		put(p, &piece);
	if (p->rest.n > pos)
		memmove(p->rest.p, p->rest.p + pos, p->rest.n - pos);
	p->rest.n -= pos;
}

/* The last line may do without its end: the length of the body says that it is whole. */
static void finish(struct post *p, bool whole)
{
	struct piece piece;
	size_t pos = 0;
	if (p->journal ? journal_end(&p->entries, &piece)
	               : framer_next(&p->framer, p->rest.p ? p->rest.p : "", p->rest.n, &pos, true, &piece)) {
		if (whole)
			piece.flags &= (uint16_t)~ENTRY_TORN;
		put(p, &piece);
	}
}

static enum MHD_Result acknowledge(struct post *p)
{
	char text[64];
	snprintf(text, sizeof text, p->journal ? "OK.\n" : "{\"entries\":%llu}\n", (unsigned long long)p->count);
	return answer(p, p->journal ? 202 : 200, text);
}

static enum MHD_Result end(struct post *p)
{
	struct webs *w = p->of;
	finish(p, true);
	p->done = true;
	if (!p->count || batches_done(w->collect->out, p->batch))
		return acknowledge(p);
	batches_hurry(w->collect->out);
	p->next = w->waiting;
	p->at = &w->waiting;
	if (w->waiting)
		w->waiting->at = &p->next;
	w->waiting = p;
	p->waiting = true;
	MHD_suspend_connection(p->con);
	return MHD_YES;
}

static enum MHD_Result on_access(void *cls, struct MHD_Connection *con, const char *url, const char *method, const char *version,
                                 const char *upload, size_t *upload_n, void **con_cls)
{
	struct web *w = cls;
	struct post *p = *con_cls;
	if (!p) {
		p = xcalloc(1, sizeof *p);
		*con_cls = p;
		p->of = w->of;
		p->web = w;
		p->con = con;
		p->framer.lines = true;
		journal_init(&p->entries);
		buf_init(&p->rest, FRAME_REST_MAX + WEB_MEMORY);
		p->status = begin(p, url, method);
		return p->status ? answer(p, p->status, "") : MHD_YES;
	}
	if (p->status)
		return MHD_YES;
	if (*upload_n) {
		take(p, upload, *upload_n);
		*upload_n = 0;
		p->started = true;
		return MHD_YES;
	}
	return p->done ? acknowledge(p) : end(p);
}

static void on_completed(void *cls, struct MHD_Connection *con, void **con_cls, enum MHD_RequestTerminationCode why)
{
	struct post *p = *con_cls;
	if (!p)
		return;
	if (p->started && !p->done)
		finish(p, false);
	wait_no_more(p);
	journal_release(&p->entries);
	buf_release(&p->rest);
	free(p);
	*con_cls = NULL;
}

/* --- the library ------------------------------------------------------------------------------------------------------- */

static void on_log(void *cls, const char *fmt, va_list ap)
{
	struct buf b;
	buf_init(&b, 1024);
	buf_vprintf(&b, fmt, ap);
	log_debug("collect.http", "text=\"%s\"", buf_z(&b));
	buf_release(&b);
}

static void on_again(void *arg)
{
	struct web *w = arg;
	w->again = false;
	run(w);
}

static void run_soon(struct web *w)
{
	if (!w->again)
		loop_after(w->of->collect->child->loop, 0, on_again, w);
	w->again = true;
}

static void run(struct web *w)
{
	MHD_UNSIGNED_LONG_LONG ms = 1;
	for (int i = 0; i < RUNS && !w->of->collect->full; i++) {
		(void)MHD_run(w->mhd);
		if (MHD_get_timeout(w->mhd, &ms) != MHD_YES || ms > 0)
			return;
	}
	if (!w->of->collect->full)
		run_soon(w);
}

static void on_readable(void *arg)
{
	run(arg);
}

int webs_listen(struct webs *ws, size_t door, int fd, struct str clients_pem, struct err *e)
{
	struct web *w = &ws->list[ws->n];
	bool secure = ws->collect->doors[door].kind == INTAKE_HTTPS;
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG | (secure ? MHD_USE_TLS : 0u);
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);         /* the library closes it */
	if (own < 0)
		return err_sys(e, "listen");
	*w = (struct web){.of = ws, .door = door, .ep = -1, .clients = xmalloc(clients_pem.n + 1)};
	if (clients_pem.n)
		memcpy(w->clients, clients_pem.p, clients_pem.n);
	w->clients[clients_pem.n] = 0;
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
		{MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, (void *)(uintptr_t)tls_certificate},
		{clients_pem.n ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, w->clients},
		{MHD_OPTION_END, 0, NULL}};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	w->mhd = MHD_start_daemon(flags, 0, NULL, NULL, on_access, w, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_LISTEN_SOCKET,
	                          own, MHD_OPTION_CONNECTION_LIMIT, WEB_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
	                          WEB_PER_ADDRESS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)WEB_MEMORY,
	                          MHD_OPTION_CONNECTION_TIMEOUT, WEB_IDLE_SECONDS, MHD_OPTION_STRICT_FOR_CLIENT, 1,
	                          MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_ARRAY, secure ? tls : none, MHD_OPTION_END);
	const union MHD_DaemonInfo *i = w->mhd ? MHD_get_daemon_info(w->mhd, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!i) {
		close(own);
		return err_set(e, ERR_SYS, "the HTTP server does not start");
	}
	ws->n++;
	w->ep = i->epoll_fd;
	loop_add(ws->collect->child->loop, w->ep, on_readable, w);
	return 0;
}

void webs_full(struct webs *ws, bool full)
{
	for (size_t i = 0; i < ws->n; i++) {
		struct web *w = &ws->list[i];
		if (full) {
			loop_remove(ws->collect->child->loop, w->ep);
			continue;
		}
		loop_add(ws->collect->child->loop, w->ep, on_readable, w);
		run_soon(w);                                 /* what the library had read already */
	}
}

void webs_acked(struct webs *ws)
{
	for (struct post *p = ws->waiting, *next; p; p = next) {
		next = p->next;
		if (!batches_done(ws->collect->out, p->batch))
			continue;
		wait_no_more(p);
		MHD_resume_connection(p->con);
		run_soon(p->web);
	}
}

void webs_tick(struct webs *ws)
{
	for (size_t i = 0; i < ws->n; i++)               /* its own timeouts */
		if (!ws->list[i].again)
			run(&ws->list[i]);
}

void webs_free(struct webs *ws)
{
	if (!ws || ws->waiting)                          /* who still waits must not hear that all is well; the process ends */
		return;
	for (size_t i = 0; i < ws->n; i++) {
		MHD_stop_daemon(ws->list[i].mhd);
		free(ws->list[i].clients);
	}
	free(ws);
}
