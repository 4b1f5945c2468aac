#include "front/peers.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/proto.h"
#include "lib/clock.h"
#include "lib/log.h"

struct queue {
	struct call *first, **last;
	unsigned n;
};

struct peer {
	char name[32];
	int fd;
	/* broken: sending failed; the reply thread will see and clean up */
	bool writer, broken;
	unsigned window;
	struct queue sent, waiting;
	struct peer *next;
};

static struct {
	pthread_mutex_t lock;                            /* guards everything below, on both threads */
	struct peer *all;
	struct loop *loop;                               /* these two: reply thread only */
	peers_lost *lost;
} peers = {.lock = PTHREAD_MUTEX_INITIALIZER};

static atomic_llong last_id;

int64_t call_id(void)
{
	return atomic_fetch_add(&last_id, 1) + 1;
}

static void queue_init(struct queue *q)
{
	q->first = NULL;
	q->last = &q->first;
	q->n = 0;
}

static void queue_put(struct queue *q, struct call *c)
{
	c->next = NULL;
	*q->last = c;
	q->last = &c->next;
	q->n++;
}

static atomic_llong limit;                               /* what the office said last */

int64_t peers_limit(void)
{
	return atomic_load(&limit);
}

static struct call *queue_unlink(struct queue *q, struct call **at)
{
	struct call *c = *at;

	*at = c->next;
	if (!c->next)
		q->last = at;
	q->n--;
	return c;
}

static struct call *queue_take(struct queue *q, int64_t id)
{
	for (struct call **p = &q->first; *p; p = &(*p)->next)
		if ((*p)->id == id)
			return queue_unlink(q, p);
	return NULL;
}

/* True when a whole message fits: poll(2) says so only while less than a quarter of the buffer is used. */
static bool room(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLOUT | POLLHUP | POLLERR));
}

/* Hands over what the window allows, never blocking: when the socket is full the peer has unread requests, so an answer
 * will come and bring us here again. */
static void push(struct peer *p)
{
	while (!p->broken && p->waiting.first && p->sent.n < p->window) {
		if (!room(p->fd))
			return;
		if (msg_send(p->fd, &p->waiting.first->req)) {
			p->broken = true;
			shutdown(p->fd, SHUT_RDWR);
			return;
		}
		queue_put(&p->sent, queue_unlink(&p->waiting, &p->waiting.first));
	}
}

static struct peer *choose(bool reads)
{
	struct peer *best = NULL, *writer = NULL;

	for (struct peer *p = peers.all; p; p = p->next) {
		if (p->broken)
			continue;
		if (p->writer)
			writer = p;
		else if (reads && (!best || p->sent.n + p->waiting.n < best->sent.n + best->waiting.n))
			best = p;
	}
	return best ? best : writer;
}

static void enqueue(struct peer *p, struct call *c)
{
	c->at = p;
	queue_put(&p->waiting, c);
	push(p);
}

int peers_submit(struct call *c)
{
	struct peer *p;

	c->asked_at = clock_mono();
	c->answer.status = 0;
	c->answer.file = -1;
	c->answer.spools = NULL;
	c->again = false;
	pthread_mutex_lock(&peers.lock);
	p = choose(c->reads);
	if (p)
		enqueue(p, c);
	pthread_mutex_unlock(&peers.lock);
	return p ? 0 : ERR_CLOSED;
}

static void finish_all(struct queue *q)
{
	while (q->first) {
		struct call *c = queue_unlink(q, &q->first);

		c->done(c);
	}
}

/* Where a request goes when its process is gone; NULL: nowhere. Reading changes nothing and may be tried again, but a
 * request that ends readers shall not end them all, nor the writer. */
static struct peer *second_home(struct peer *gone, struct call *c, bool had_read)
{
	struct peer *p = choose(c->reads);

	if (!p || (c->again && p->writer))
		return NULL;
	if (!had_read)
		return p;
	if (gone->writer || p->writer || c->again)
		return NULL;
	c->again = true;
	return p;
}

static unsigned move_all(struct peer *gone, struct queue *from, bool had_read, struct queue *lost)
{
	unsigned moved = 0;

	while (from->first) {
		struct call *c = queue_unlink(from, &from->first);
		struct peer *p = second_home(gone, c, had_read);

		if (p) {
			enqueue(p, c);
			moved++;
		} else {
			queue_put(lost, c);
		}
	}
	return moved;
}

static void peer_drop(struct peer *p, const char *why)
{
	unsigned ended, moved;
	struct queue lost;

	queue_init(&lost);
	if (peers.loop)
		loop_remove(peers.loop, p->fd);
	pthread_mutex_lock(&peers.lock);
	for (struct peer **at = &peers.all; *at; at = &(*at)->next)
		if (*at == p) {
			*at = p->next;
			break;
		}
	moved = move_all(p, &p->sent, true, &lost);
	moved += move_all(p, &p->waiting, false, &lost);
	ended = lost.n;
	pthread_mutex_unlock(&peers.lock);
	if (strcmp(why, "closing") == 0)
		log_info("front.peer.gone", "peer=%s why=\"%s\" unanswered=%u", p->name, why, ended);
	else
		log_warn("front.peer.gone", "peer=%s why=\"%s\" unanswered=%u moved=%u", p->name, why, ended, moved);
	close(p->fd);
	free(p);
	finish_all(&lost);
}

static bool header_fit(const struct header *h)
{
	for (size_t i = 0; i < h->name.n; i++)
		if (!((h->name.p[i] >= 'a' && h->name.p[i] <= 'z') || h->name.p[i] == '-'))
			return false;
	for (size_t i = 0; i < h->value.n; i++)
		if ((unsigned char)h->value.p[i] < 0x20 || h->value.p[i] == 0x7f)
			return false;
	return h->name.n > 0 && h->value.p;
}

/* Keys and files of RESP_SPOOL. */
static int spools_read(struct msg *m, struct answer *a)
{
	struct str keys;
	uint32_t n;
	int r = 0;

	if (msg_str(m, FILES_MAX * SPOOL_KEY, &keys) || msg_u32(m, &n) || n != FILES_MAX || keys.n != n * SPOOL_KEY)
		return ERR_PROTO;
	a->spools = xcalloc(FILES_MAX, sizeof(*a->spools));
	for (uint32_t i = 0; i < n; i++)
		a->spools[i].fd = -1;
	for (uint32_t i = 0; i < n && !r; i++) {
		memcpy(a->spools[i].key, keys.p + i * SPOOL_KEY, SPOOL_KEY);
		r = msg_fd(m, &a->spools[i].fd);
	}
	a->status = 200;
	return r || msg_end(m) ? ERR_PROTO : 0;
}

void answer_release(struct answer *a)
{
	for (size_t i = 0; a->spools && i < FILES_MAX; i++)
		if (a->spools[i].fd >= 0)
			close(a->spools[i].fd);
	if (a->spools)
		explicit_bzero(a->spools, FILES_MAX * sizeof(*a->spools));
	free(a->spools);
	if (a->file >= 0)
		close(a->file);
	if (a->status)
		msg_release(&a->m);
	a->spools = NULL;
	a->file = -1;
	a->status = 0;
}

static int answer_read(struct msg *m, struct answer *a)
{
	uint32_t status, n;

	if (m->type == RESP_SPOOL)
		return spools_read(m, a);

	if (msg_u32(m, &status) || status < 200 || status > 599 || msg_u32(m, &n) || n > RESPONSE_HEADERS_MAX)
		return ERR_PROTO;
	for (uint32_t i = 0; i < n; i++)
		if (msg_str(m, HEADER_NAME_MAX, &a->headers[i].name) ||
		    msg_str(m, RESPONSE_HEADER_MAX, &a->headers[i].value) || !header_fit(&a->headers[i]))
			return ERR_PROTO;
	if (m->type == RESP_FILE ? msg_i64(m, &a->file_size) || a->file_size < 0 || msg_fd(m, &a->file) : msg_str(m, MSG_MAX, &a->body))
		return ERR_PROTO;
	if (msg_end(m))
		return ERR_PROTO;
	a->n_headers = n;
	a->status = status;
	return 0;
}

static int on_resp(struct peer *p, struct msg *m, int64_t id)
{
	struct call *c;
	struct answer a;
	int r;

	memset(&a, 0, sizeof(a));
	a.file = -1;
	r = answer_read(m, &a);
	if (r) {
		a.status = 0;                            /* the message is its reader's */
		answer_release(&a);
		return r;
	}
	pthread_mutex_lock(&peers.lock);
	c = queue_take(&p->sent, id);
	push(p);
	pthread_mutex_unlock(&peers.lock);
	if (!c) {
		a.status = 0;
		answer_release(&a);
	}
	if (!c)                                          /* its time was over; ids of the future are lies */
		return id > 0 && id <= atomic_load(&last_id) ? 0 : ERR_PROTO;
	c->answer = a;
	c->answer.m = *m;                                /* views into it stay good: the bytes do not move */
	msg_init(m, RESP);
	c->done(c);
	return 0;
}

static int on_retry(struct peer *p, struct msg *m, int64_t id)
{
	struct call *c;
	struct peer *writer;

	if (p->writer || msg_end(m))
		return ERR_PROTO;
	pthread_mutex_lock(&peers.lock);
	c = queue_take(&p->sent, id);
	writer = choose(false);
	if (c && writer)
		enqueue(writer, c);
	push(p);
	pthread_mutex_unlock(&peers.lock);
	if (c && !writer)
		c->done(c);
	return 0;
}

/* One message; ERR_BUSY when there is none left. */
static int take_one(struct peer *p)
{
	struct msg m;
	int64_t id;
	int r = msg_recv(p->fd, &m);

	if (r)
		return r;
	r = msg_i64(&m, &id);
	if (r == 0 && m.type == REQ_LIMIT)
		r = p->writer && id > 0 && !msg_end(&m) ? 0 : ERR_PROTO;
	if (r == 0 && m.type == REQ_LIMIT)
		atomic_store(&limit, id);
	else if (r == 0 && (m.type == RESP || m.type == RESP_FILE || m.type == RESP_SPOOL))
		r = on_resp(p, &m, id);
	else if (r == 0 && m.type == REQ_RETRY)
		r = on_retry(p, &m, id);
	else
		r = ERR_PROTO;
	msg_release(&m);
	return r;
}

static void readable(void *arg)
{
	struct peer *p = arg;
	int r = 0;

	for (int i = 0; i < 64 && r == 0; i++)
		r = take_one(p);
	if (r && r != ERR_BUSY) {
		char name[sizeof(p->name)];

		memcpy(name, p->name, sizeof(name));
		peer_drop(p, err_text(r));
		peers.lost(name, r == ERR_PROTO);
	}
}

void peers_init(struct loop *l, peers_lost *lost)
{
	peers.loop = l;
	peers.lost = lost;
}

static struct peer *find(const char *name)
{
	for (struct peer *p = peers.all; p; p = p->next)  /* only this thread changes the list */
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

static struct peer *peer_new(const char *name, int fd)
{
	struct peer *p = xcalloc(1, sizeof(*p));

	snprintf(p->name, sizeof(p->name), "%s", name);
	p->fd = fd;
	p->writer = strcmp(name, "office.writer") == 0;
	p->window = p->writer ? PEER_WINDOW_WRITER : PEER_WINDOW_READER;
	queue_init(&p->sent);
	queue_init(&p->waiting);
	return p;
}

int peers_set(const char *name, int fd)
{
	struct peer *p, *old = find(name);
	int own;

	if (strcmp(name, "office.writer") != 0 && strncmp(name, "office.reader.", 14) != 0)
		return ERR_NOTFOUND;
	if (fd >= 0) {
		own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (own < 0 || fcntl(own, F_SETFL, O_NONBLOCK) < 0) {
			if (own >= 0)
				close(own);
			return ERR_SYS;
		}
		p = peer_new(name, own);
		pthread_mutex_lock(&peers.lock);
		p->next = peers.all;
		peers.all = p;
		pthread_mutex_unlock(&peers.lock);
		loop_add(peers.loop, own, readable, p);
	}
	if (old)
		peer_drop(old, fd >= 0 ? "replaced" : "gone");
	return 0;
}

static void collect_late(struct queue *from, int64_t before, struct queue *late)
{
	for (struct call **at = &from->first; *at;)
		if ((*at)->asked_at < before)
			queue_put(late, queue_unlink(from, at));
		else
			at = &(*at)->next;
}

void peers_tick(int64_t now)
{
	int64_t before = now - ANSWER_SECONDS * SECOND_US;
	struct queue late;

	queue_init(&late);
	pthread_mutex_lock(&peers.lock);
	for (struct peer *p = peers.all; p; p = p->next) {
		collect_late(&p->sent, before, &late);
		collect_late(&p->waiting, before, &late);
		push(p);
	}
	pthread_mutex_unlock(&peers.lock);
	finish_all(&late);
}

void peers_close(void)
{
	peers.loop = NULL;
	while (peers.all)
		peer_drop(peers.all, "closing");
}
