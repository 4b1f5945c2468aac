/* collect: started by supervise where logs are to come in (collect.h). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "collect/collect.h"
#include "collect/datagram.h"
#include "collect/follow.h"
#include "collect/secure.h"
#include "collect/stamp.h"
#include "collect/stream.h"
#include "collect/web.h"
#include "core/proto.h"
#include "core/tls.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/sandbox.h"

#define STOP_MS 1200                                 /* for what is under way when everything is to stop */
#define STOP_CHECK_MS 10
#define CLIENTS_MAX (1u << 20)
#define STATE_MAX (16u << 20)
#define STATE_TICKS (10000 / COLLECT_TICK_MS)
#define STATE_FIRST 20u                              /* ticks after the start */
#define OWN "sources"                                /* written by hand; with it the office's table is not taken */
#define TOLD "sources-told"

static struct child child;
static struct collect collect = {.child = &child};
static int64_t stop_at;
static int own_dir = -1;
static bool own_sources;

static void on_acked(void *arg)
{
	streams_acked(collect.streams);
	webs_acked(collect.webs);
	follows_acked(collect.follows);
}

static void on_pressure(void *arg, enum pressure p)
{
	bool full = p == PRESSURE_FULL, changed = full != collect.full;
	collect.full = full;
	collect.behind = p != PRESSURE_NONE;
	streams_pressure(collect.streams);
	if (!changed)
		return;
	datagrams_full(collect.datagrams, full);
	webs_full(collect.webs, full);
}

static void on_lost(void *arg)
{
	child_drop(&child, "vault", false);
}

/* Every source is looked up again: names, logs and rates may be others. */
static void sources_changed(void)
{
	streams_sources(collect.streams);
	datagrams_sources(collect.datagrams);
	follows_sources(collect.follows);
}

static int take_sources(struct msg *m)
{
	struct str table;
	struct err e = {0};
	if (msg_str(m, SOURCE_TABLE_MAX, &table) != 0 || msg_end(m) != 0 || !table.p)
		return ERR_PROTO;
	if (own_sources)                                 /* somebody wrote one by hand: it holds */
		return 0;
	if (sources_load(collect.sources, table, true, &e) != 0) {
		log_error("collect.sources", "line=%d text=\"%s\"", e.line, e.text);
		return 0;
	}
	if (e.line)
		log_warn("collect.sources", "line=%d text=\"%s\"", e.line, e.text);
	if (file_write_atomic_at(own_dir, TOLD, table.p, table.n, 0600, &e) != 0)
		log_error("collect.sources", "text=\"%s\"", e.text);
	sources_changed();
	return 0;
}

static void tell_state(void)
{
	static int64_t started_at;                       /* who counts the differences sees that counting began anew */
	int fd = child_peer_fd(&child, "office.writer");
	struct pollfd room = {.fd = fd, .events = POLLOUT};
	struct buf b;
	struct jw j;
	struct msg m;
	if (fd < 0 || poll(&room, 1, 0) != 1 || !(room.revents & POLLOUT))
		return;                                      /* the office is busy: nothing here waits for it */
	buf_init(&b, STATE_MAX);
	jw_init(&j, &b, false);
	jw_object(&j);
	if (!started_at)
		started_at = clock_true();
	jw_kint(&j, "started_at", started_at);
	jw_kint(&j, "lost", (int64_t)collect.lost);
	jw_kint(&j, "unacked", (int64_t)batches_unacked(collect.out));
	jw_key(&j, "sources");
	sources_json(collect.sources, &j);
	jw_end_object(&j);
	msg_init(&m, COLLECT_STATE);
	msg_put_str(&m, buf_view(&b));
	if (buf_err(&b) == 0 && msg_send(fd, &m) != 0)
		child_drop(&child, "office.writer", false);
	msg_release(&m);
	buf_release(&b);
}

static int on_message(void *arg, const char *peer, int fd, struct msg *m)
{
	if (strcmp(peer, "vault") == 0 && m->type == LOG_ACK)
		return batches_ack(collect.out, m);
	if (strcmp(peer, "office.writer") == 0 && m->type == COLLECT_SOURCES)
		return take_sources(m);
	return ERR_PROTO;
}

static void on_peer(void *arg, const char *peer, int fd)
{
	struct err e;
	if (strcmp(peer, "vault") == 0) {
		batches_vault(collect.out, fd);
	} else if (strcmp(peer, "keys") == 0) {
		tls_keys_fd(fd);
		if (fd >= 0 && secure_is_open() && tls_reload(&e) != 0)
			log_warn("collect.certificate", "text=\"%s\"", e.text);
	} else if (collect_door(&collect, peer) >= 0 && fd >= 0) {
		if (follows_take(collect.follows, (size_t)collect_door(&collect, peer), fd, &e) != 0)
			log_error("collect.follow", "text=\"%s\"", e.text);
	}
}

static void on_tick(void *arg)
{
	static unsigned ticks;
	streams_tick(collect.streams);
	follows_tick(collect.follows);
	if (++ticks % (1000 / COLLECT_TICK_MS) == 0) {
		datagrams_second(collect.datagrams);
		webs_tick(collect.webs);
		follows_save(collect.follows);
	}
	if (ticks % STATE_TICKS == STATE_FIRST)
		tell_state();
	if (tls_keys_lost())
		child_drop(&child, "keys", false);
	loop_after(child.loop, COLLECT_TICK_MS, on_tick, NULL);
}

/* What was read is handed over; who waits for its acknowledgement still gets it. */
static void stop_when_done(void *arg)
{
	if (batches_empty(collect.out) || clock_mono() > stop_at)
		loop_stop(child.loop);
	else
		loop_after(child.loop, STOP_CHECK_MS, stop_when_done, NULL);
}

static void on_stop(void *arg)
{
	on_pressure(NULL, PRESSURE_FULL);
	batches_flush(collect.out);
	stop_at = clock_mono() + STOP_MS * 1000;
	stop_when_done(NULL);
}

/* --- start ------------------------------------------------------------------------------------------------------- */

static void read_doors(void)
{
	struct str rest = str_from(getenv(INTAKE_ENV));
	struct str where;
	while (rest.n && collect.n_doors < INTAKE_MAX) {
		struct str line = str_cut(&rest, '\n');
		if (!intake_parse(line, &collect.doors[collect.n_doors].kind, &where))
			log_fatal("collect.start", "text=\"%.*s is no door\"", STR_ARG(line));
		snprintf(collect.doors[collect.n_doors].where, sizeof collect.doors[0].where, "%.*s", STR_ARG(where));
		collect.n_doors++;
	}
}

static struct buf clients;                           /* collect/clients.pem */

static int open_door(size_t i, int fd, struct err *e)
{
	switch (collect.doors[i].kind) {
	case INTAKE_UDP:
	case INTAKE_UNIX:
		return datagrams_listen(collect.datagrams, i, fd, e);
	case INTAKE_TCP:
	case INTAKE_TLS:
	case INTAKE_RELP:
	case INTAKE_RELPS:
	case INTAKE_UNIX_STREAM:
		return streams_listen(collect.streams, i, fd, e);
	case INTAKE_HTTP:
	case INTAKE_HTTPS:
		return webs_listen(collect.webs, i, fd, buf_view(&clients), e);
	case INTAKE_FILE:
		return follows_take(collect.follows, i, fd, e);
	case INTAKE_KINDS:
		break;
	}
	return 0;
}

static void open_doors(void)
{
	struct err e;
	bool known[INTAKE_MAX] = {false};                /* files of a name come oldest first: from the one we know on all are read */
	for (size_t i = 0; i < child.n_peers; i++) {
		int door = collect_door(&collect, child.peers[i].name);
		if (door >= 0 && str_starts(str_from(child.peers[i].name), "listen.before.")) {
			known[door] = known[door] || follows_knows(collect.follows, (size_t)door, child.peers[i].fd);
			if (!known[door])
				continue;
		}
		if (door >= 0 && open_door((size_t)door, child.peers[i].fd, &e) != 0)
			log_fatal("collect.door", "text=\"%s\"", e.text);
	}
}

/* TLS asks keys for the certificate: only where a door needs it. */
static void open_tls(const char *own)
{
	char path[600];
	struct err e = {0};
	bool needed = false;
	for (size_t i = 0; i < collect.n_doors; i++)
		needed = needed || collect.doors[i].kind == INTAKE_TLS || collect.doors[i].kind == INTAKE_RELPS ||
		         collect.doors[i].kind == INTAKE_HTTPS;
	tls_keys_fd(child_peer_fd(&child, "keys"));
	if (!needed)
		return;
	snprintf(path, sizeof path, "%s/clients.pem", own);
	int r = file_read(path, CLIENTS_MAX, &clients, &e);
	if (r != 0 && r != ERR_NOTFOUND)
		log_fatal("collect.start", "text=\"%s\"", e.text);
	if (gnutls_global_init() < 0 || secure_open(buf_view(&clients), &e) != 0)
		log_fatal("collect.start", "text=\"%s\"", e.text);
}

static void load_sources(void)
{
	struct buf b;
	struct err e = {0};
	buf_init(&b, SOURCE_TABLE_MAX);
	int r = file_read_at(own_dir, OWN, SOURCE_TABLE_MAX, &b, &e);
	own_sources = r == 0;
	if (r == ERR_NOTFOUND)
		r = file_read_at(own_dir, TOLD, SOURCE_TABLE_MAX, &b, &e);
	if (r == 0)
		r = sources_load(collect.sources, buf_view(&b), false, &e);
	if (r != 0 && r != ERR_NOTFOUND)
		log_error("collect.sources", "line=%d text=\"%s\"", e.line, e.text);
	buf_release(&b);
}

int main(int argc, char **argv)
{
	static const struct child_handlers on = {.message = on_message, .peer = on_peer, .stop = on_stop};
	static const struct batch_events events = {on_acked, on_pressure, on_lost};
	char own[512], seen[1][256];
	const char *dirs[] = {own};
	struct err e = {0};
	child_init(&child, argc, argv);
	snprintf(own, sizeof own, "%s/collect", child.dir);
	if (mkdir(own, 0700) != 0 && errno != EEXIST)
		log_fatal("collect.start", "text=\"%s: %s\"", own, strerror(errno));
	read_doors();
	buf_init(&clients, CLIENTS_MAX);
	stamp_open();
	open_tls(own);
	if (sandbox_enter(&sandbox_collect, dirs, 1, seen, &e) != 0)
		log_fatal("collect.sandbox", "text=\"%s\"", e.text);
	collect.out = batches_new(child.loop, &events, NULL);
	collect.sources = sources_new();
	collect.streams = streams_new(&collect, &e);
	collect.datagrams = datagrams_new(&collect);
	collect.webs = webs_new(&collect);
	own_dir = open(seen[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!collect.streams || own_dir < 0)
		log_fatal("collect.start", "text=\"%s\"", e.text);
	load_sources();
	collect.follows = follows_new(&collect, own_dir);
	open_doors();
	batches_vault(collect.out, child_peer_fd(&child, "vault"));
	loop_after(child.loop, COLLECT_TICK_MS, on_tick, NULL);
	child_ready(&child, NULL);
	int code = child_run(&child, &on, NULL);
	follows_save(collect.follows);
	follows_free(collect.follows);
	webs_free(collect.webs);
	streams_free(collect.streams);
	datagrams_free(collect.datagrams);
	sources_free(collect.sources);
	batches_free(collect.out);
	secure_close();
	stamp_close();
	buf_release(&clients);
	return code;
}
