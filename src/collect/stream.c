#include "collect/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collect/secure.h"
#include "lib/clock.h"
#include "lib/log.h"

#define EVENTS 64
#define MUCH (64u * 1024)                            /* bytes in a round: then there is no pause before the next */
#define ACCEPTS 64                                   /* at once, so that others are heard in between */

enum { PLAIN, ACKNOWLEDGED, SETS };

struct set {
	struct streams *of;
	int ep;
	bool rests, pauses;                              /* for the vault; for COLLECT_REST_MS */
};
struct streams {
	struct collect *collect;
	struct set sets[SETS];
	struct stream *all, *dead;                       /* dead: freed after the round, whose events may still name them */
	size_t n;
	bool refusing;                                   /* out of descriptors: listeners rest until the next tick */
};

static void on_events(void *arg);

struct streams *streams_new(struct collect *c, struct err *e)
{
	struct streams *s = xcalloc(1, sizeof *s);
	s->collect = c;
	for (int i = 0; i < SETS; i++) {
		struct set *set = &s->sets[i];
		*set = (struct set){.of = s, .ep = epoll_create1(EPOLL_CLOEXEC)};
		if (set->ep < 0) {
			err_sys(e, "epoll");
			free(s);
			return NULL;
		}
		loop_add(c->child->loop, set->ep, on_events, set);
	}
	return s;
}

static void bury(struct streams *s)
{
	while (s->dead) {
		struct stream *t = s->dead;
		s->dead = t->next;
		secure_end(t->tls);
		buf_release(&t->rest);
		buf_release(&t->out);
		free(t->waits);
		free(t);
	}
}

void streams_free(struct streams *s)
{
	if (!s)
		return;
	while (s->all)
		stream_close(s->all);
	bury(s);
	for (int i = 0; i < SETS; i++)
		close(s->sets[i].ep);
	free(s);
}

static int set_of(const struct stream *t)
{
	return t->of->sets[stream_is_relp(t) ? ACKNOWLEDGED : PLAIN].ep;
}

void stream_watch(struct stream *t)
{
	bool rests = t->throttled || (t->listener && t->of->refusing);
	struct epoll_event ev = {.events = (rests ? 0u : EPOLLIN) | (t->blocked ? EPOLLOUT : 0u), .data.ptr = t};
	if (epoll_ctl(set_of(t), EPOLL_CTL_MOD, t->fd, &ev) != 0)
		log_error("collect.epoll", "text=\"%s\"", strerror(errno));
}

static struct stream *add(struct streams *s, size_t door, int fd)
{
	struct stream *t = xcalloc(1, sizeof *t);
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = t};
	*t = (struct stream){.of = s, .collect = s->collect, .fd = fd, .door = door, .kind = s->collect->doors[door].kind, .since = clock_mono()};
	buf_init(&t->rest, RELP_REST_MAX);
	buf_init(&t->out, STREAM_OUT_MAX);
	if (epoll_ctl(set_of(t), EPOLL_CTL_ADD, fd, &ev) != 0) {
		close(fd);
		free(t);
		return NULL;
	}
	t->next = s->all;
	t->at = &s->all;
	if (s->all)
		s->all->at = &t->next;
	s->all = t;
	s->n++;
	return t;
}

void stream_close(struct stream *t)
{
	if (t->closed)
		return;
	t->closed = true;
	if (t->source && t->source->connections)
		t->source->connections--;
	(void)epoll_ctl(set_of(t), EPOLL_CTL_DEL, t->fd, NULL);
	close(t->fd);
	*t->at = t->next;
	if (t->next)
		t->next->at = t->at;
	t->of->n--;
	t->next = t->of->dead;
	t->of->dead = t;
}

int streams_listen(struct streams *s, size_t door, int fd, struct err *e)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (own < 0 || fcntl(own, F_SETFL, fcntl(own, F_GETFL) | O_NONBLOCK) < 0)
		return err_sys(e, "listen");
	struct stream *t = add(s, door, own);
	if (!t)
		return err_sys(e, "epoll");
	t->listener = true;
	return 0;
}

/* --- new connections ------------------------------------------------------------------------------------------------- */

static void name_unix(struct stream *t, char *peer, size_t size)
{
	struct ucred who = {0};
	socklen_t n = sizeof who;
	(void)getsockopt(t->fd, SOL_SOCKET, SO_PEERCRED, &who, &n);
	snprintf(peer, size, "pid %d uid %u", (int)who.pid, (unsigned)who.uid);
	t->source = source_of(t->collect->sources, SOURCE_SOCKET, str_from(t->collect->doors[t->door].where));
}

static void name_address(struct stream *t, const struct sockaddr_storage *a, char *peer, size_t size)
{
	char z[INET6_ADDRSTRLEN];
	uint16_t port = 0;
	if (!address_of(a, &t->address, &port))
		t->address = (struct in6_addr){0};
	struct str text = address_text(&t->address, z);
	snprintf(peer, size, memchr(z, ':', text.n) ? "[%s]:%u" : "%s:%u", z, port);
	t->source = source_of_address(t->collect->sources, &t->address);
}

static uint8_t transport(enum intake_kind k)
{
	switch (k) {
	case INTAKE_TLS:
		return ENTRY_TLS;
	case INTAKE_RELP:
	case INTAKE_RELPS:
		return ENTRY_RELP;
	case INTAKE_UNIX_STREAM:
		return ENTRY_UNIX;
	case INTAKE_UDP:
	case INTAKE_TCP:
	case INTAKE_HTTP:
	case INTAKE_HTTPS:
	case INTAKE_UNIX:
	case INTAKE_FILE:
	case INTAKE_KINDS:
		break;
	}
	return ENTRY_TCP;
}

static void resolve_log(struct stream *t)
{
	t->source->log_number = batches_log(t->collect->out, str_from(t->source->log));
}

/* Who it is; too many of one source are turned away and counted. */
static bool admit(struct stream *t, const struct sockaddr_storage *a)
{
	char peer[64];
	int on = 1;
	if (t->kind == INTAKE_UNIX_STREAM)
		name_unix(t, peer, sizeof peer);
	else
		name_address(t, a, peer, sizeof peer);
	if (t->source->connections >= STREAMS_OF_SOURCE_MAX || t->of->n > STREAMS_MAX) {
		t->source->refused++;
		t->source = NULL;
		return false;
	}
	t->source->connections++;
	resolve_log(t);
	envelope_init(&t->envelope, transport(t->kind), str_from(t->source->name), str_from(peer));
	(void)setsockopt(t->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	if (t->kind == INTAKE_TLS || t->kind == INTAKE_RELPS) {
		t->tls = secure_begin(t->fd);
		t->shaking = true;
		return t->tls != NULL;
	}
	return true;
}

static void accept_some(struct stream *l)
{
	for (int i = 0; i < ACCEPTS; i++) {
		struct sockaddr_storage a = {0};
		socklen_t n = sizeof a;
		int fd = accept4(l->fd, (struct sockaddr *)&a, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
				log_warn("collect.accept", "text=\"%s\"", strerror(errno));
				l->of->refusing = true;
				stream_watch(l);
			}
			return;
		}
		struct stream *t = add(l->of, l->door, fd);
		if (t && !admit(t, &a))
			stream_close(t);
	}
}

/* --- events ------------------------------------------------------------------------------------------------------------ */

/* The certificate says better than the address who it is. */
static void name_by_certificate(struct stream *t)
{
	char name[SOURCE_NAME_MAX];
	char peer[ENTRY_NAME_MAX + 1];
	if (!secure_peer_name(t->tls, name, sizeof name))
		return;
	struct entry en;
	t->source->connections--;
	t->source = source_of(t->collect->sources, SOURCE_CERTIFICATE, str_from(name));
	t->source->connections++;
	resolve_log(t);
	if (entry_parse(str_n(t->envelope.bytes + 2, t->envelope.n - 2u), &en) != 0)
		en.peer = STR("");
	int n = snprintf(peer, sizeof peer, "%.*s", STR_ARG(en.peer));
	envelope_init(&t->envelope, transport(t->kind), str_from(t->source->name), str_n(peer, (size_t)n));
}

static bool shake(struct stream *t)
{
	int r = secure_handshake(t->tls, &t->blocked);
	stream_watch(t);
	if (r == ERR_BUSY)
		return true;
	if (r != 0) {
		t->source->refused++;
		return false;
	}
	t->shaking = t->blocked = false;
	name_by_certificate(t);
	stream_watch(t);
	return stream_read(t);                           /* what came with the last flight */
}

static void serve(struct stream *t, uint32_t events)
{
	bool goes_on = true;
	if (t->shaking) {
		goes_on = shake(t);
	} else {
		if (events & EPOLLOUT)
			goes_on = stream_write(t);
		if (goes_on && events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !t->throttled)
			goes_on = stream_read(t);
		else if (events & (EPOLLHUP | EPOLLERR) && t->throttled)
			t->throttled = false;                /* nothing more comes: what is there is read now */
	}
	if (!goes_on) {
		stream_finish(t);
		stream_close(t);
	}
}

static void on_rested(void *arg)
{
	struct set *set = arg;
	set->pauses = false;
	if (!set->rests)
		loop_add(set->of->collect->child->loop, set->ep, on_events, set);
}

static void pause_set(struct set *set)
{
	struct loop *l = set->of->collect->child->loop;
	set->pauses = true;
	loop_remove(l, set->ep);
	loop_after(l, COLLECT_REST_MS, on_rested, set);
}

static void on_events(void *arg)
{
	struct set *set = arg;
	struct streams *s = set->of;
	struct epoll_event ev[EVENTS];
	uint64_t before = s->collect->read;
	int n = epoll_wait(set->ep, ev, EVENTS, 0);
	for (int i = 0; i < n && !set->rests; i++) {
		struct stream *t = ev[i].data.ptr;
		if (t->closed)
			continue;
		if (t->listener)
			accept_some(t);
		else
			serve(t, ev[i].events);
	}
	bury(s);
	if (!set->rests && s->collect->read - before < MUCH)
		pause_set(set);
}

void streams_pressure(struct streams *s)
{
	for (int i = 0; i < SETS; i++) {
		struct set *set = &s->sets[i];
		bool rests = i == PLAIN ? s->collect->behind : s->collect->full;
		if (rests == set->rests)
			continue;
		set->rests = rests;
		if (rests)
			loop_remove(s->collect->child->loop, set->ep);
		else if (!set->pauses)
			loop_add(s->collect->child->loop, set->ep, on_events, set);
	}
}

void streams_acked(struct streams *s)
{
	for (struct stream *t = s->all, *next; t; t = next) {
		next = t->next;
		if (t->n_waits)
			stream_acked(t);
	}
}

void streams_tick(struct streams *s)
{
	int64_t now = clock_mono();
	bool refused = s->refusing;
	s->refusing = false;
	for (struct stream *t = s->all, *next; t; t = next) {
		next = t->next;
		if (t->listener && refused) {
			stream_watch(t);
		} else if (t->shaking && now - t->since > STREAM_HANDSHAKE_MS * 1000LL) {
			t->source->refused++;
			stream_close(t);
		} else if (t->throttled && source_pass(t->source, 1, clock_true() * 1000)) {
			t->throttled = false;
			stream_watch(t);
		}
		/* What TLS has decoded already and epoll knows nothing of. */
		bool rests = s->sets[stream_is_relp(t) ? ACKNOWLEDGED : PLAIN].rests;
		if (!t->closed && t->tls && !t->shaking && !t->throttled && !rests && secure_pending(t->tls))
			serve(t, EPOLLIN);
	}
	bury(s);
}

void streams_sources(struct streams *s)
{
	for (struct stream *t = s->all; t; t = t->next) {
		if (t->listener || t->shaking)
			continue;
		struct entry en;
		char peer[ENTRY_NAME_MAX + 1];
		if (entry_parse(str_n(t->envelope.bytes + 2, t->envelope.n - 2u), &en) != 0)
			continue;
		int n = snprintf(peer, sizeof peer, "%.*s", STR_ARG(en.peer));
		t->source->connections--;
		if (t->kind == INTAKE_UNIX_STREAM)
			t->source = source_of(s->collect->sources, SOURCE_SOCKET, str_from(s->collect->doors[t->door].where));
		else
			t->source = source_of_address(s->collect->sources, &t->address);
		t->source->connections++;
		resolve_log(t);
		envelope_init(&t->envelope, transport(t->kind), str_from(t->source->name), str_n(peer, (size_t)n));
		if (t->tls)
			name_by_certificate(t);
	}
}
