#include "collect/datagram.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collect/stamp.h"
#include "lib/hash.h"
#include "lib/json.h"

#define AT_ONCE 128u
#define ROUNDS 4                                     /* then others are heard */
#define DATAGRAM_MAX 65536u
#define UNIX_MAX (256u * 1024)                       /* what a Unix socket takes at most by default is less */
#define PEERS 4096u                                  /* remembered; a power of two */
#define CONTROL 64

/* One sender of the last ones: address and port, and what stands before its messages. */
struct sender {
	struct in6_addr address;
	uint16_t port;
	bool used;
	struct source *source;
	struct envelope *envelope;
};
struct socket_ {
	struct datagrams *of;
	int fd;
	size_t door;
	uint32_t dropped;                                /* as the kernel counts, since the socket was opened */
	uint64_t lost, said;
	bool rests;                                      /* a timer watches it again */
};
struct datagrams {
	struct collect *collect;
	struct socket_ list[INTAKE_MAX];
	size_t n;
	uint64_t key;                                    /* nobody outside may choose who shares a place */
	struct sender senders[PEERS];
	struct mmsghdr heads[AT_ONCE];
	struct iovec vecs[AT_ONCE];
	struct sockaddr_storage from[AT_ONCE];
	_Alignas(struct cmsghdr) char control[AT_ONCE][CONTROL];
	char *bytes;
};

struct datagrams *datagrams_new(struct collect *c)
{
	struct datagrams *d = xcalloc(1, sizeof *d);
	d->collect = c;
	d->bytes = xmalloc((size_t)AT_ONCE * DATAGRAM_MAX);
	random_bytes(&d->key, sizeof d->key);
	d->key |= 1;
	return d;
}

static void forget_senders(struct datagrams *d)
{
	for (size_t i = 0; i < PEERS; i++) {
		free(d->senders[i].envelope);
		d->senders[i] = (struct sender){0};
	}
}

void datagrams_free(struct datagrams *d)
{
	if (!d)
		return;
	forget_senders(d);
	for (size_t i = 0; i < d->n; i++)
		close(d->list[i].fd);
	free(d->bytes);
	free(d);
}

static bool is_unix(const struct socket_ *k)
{
	return k->of->collect->doors[k->door].kind == INTAKE_UNIX;
}

/* --- who ------------------------------------------------------------------------------------------------------------ */

static void name(struct datagrams *d, struct sender *n, uint8_t transport, struct source *s, struct str peer)
{
	n->source = s;
	s->log_number = batches_log(d->collect->out, str_from(s->log));
	if (!n->envelope)
		n->envelope = xmalloc(sizeof *n->envelope);
	envelope_init(n->envelope, transport, str_from(s->name), peer);
	n->used = true;
}

static struct sender *by_address(struct datagrams *d, const struct sockaddr_storage *from)
{
	struct in6_addr a = {0};
	uint16_t port = 0;
	uint64_t w[2];
	char z[INET6_ADDRSTRLEN], peer[INET6_ADDRSTRLEN + 10];
	(void)address_of(from, &a, &port);
	memcpy(w, &a, sizeof w);
	uint64_t h = (w[0] ^ d->key) * 0x9e3779b97f4a7c15u ^ (w[1] + port) * (d->key ^ 0xc2b2ae3d27d4eb4fu);
	h = (h ^ h >> 32) * d->key;
	struct sender *n = &d->senders[h >> 32 & (PEERS - 1)];
	if (n->used && n->port == port && memcmp(&n->address, &a, sizeof a) == 0)
		return n;
	n->address = a;
	n->port = port;
	struct str text = address_text(&a, z);
	snprintf(peer, sizeof peer, memchr(z, ':', text.n) ? "[%s]:%u" : "%s:%u", z, port);
	name(d, n, ENTRY_UDP, source_of_address(d->collect->sources, &a), str_from(peer));
	return n;
}

/* Of a process on this machine: the kernel says which. */
static struct sender *by_process(struct socket_ *k, struct msghdr *h)
{
	struct datagrams *d = k->of;
	struct ucred who = {0};
	char peer[64];
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS)
			memcpy(&who, CMSG_DATA(c), sizeof who);
	struct sender *n = &d->senders[k->door];
	snprintf(peer, sizeof peer, "pid %d uid %u", (int)who.pid, (unsigned)who.uid);
	n->port = 0;
	n->address = (struct in6_addr){0};
	name(d, n, ENTRY_UNIX, source_of(d->collect->sources, SOURCE_SOCKET, str_from(d->collect->doors[k->door].where)), str_from(peer));
	return n;
}

/* --- taking ---------------------------------------------------------------------------------------------------------- */

/* The counter stands in every message; the last one has the newest. */
static void count_drops(struct socket_ *k, struct msghdr *h)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		uint32_t v;
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&v, CMSG_DATA(c), sizeof v);
		k->lost += (uint32_t)(v - k->dropped);
		k->of->collect->lost += (uint32_t)(v - k->dropped);
		k->dropped = v;
	}
}

static void take(struct socket_ *k, struct mmsghdr *m)
{
	struct collect *c = k->of->collect;
	struct msghdr *h = &m->msg_hdr;
	struct sender *n = is_unix(k) ? by_process(k, h) : by_address(k->of, h->msg_name);
	struct str whole = str_n(h->msg_iov->iov_base, m->msg_len);
	struct piece p;
	size_t at = 0;
	if (!source_pass(n->source, 1, c->now_ns)) {
		n->source->limited++;
		return;
	}
	envelope_stamp(n->envelope, c->now_ns);
	stamp_source(n->source, whole, c->now_ns);
	while (piece_next(whole, &at, &p)) {
		if (h->msg_flags & MSG_TRUNC)
			p.flags |= ENTRY_TORN;
		collect_put(c, n->source, n->envelope, &p);
	}
}

/* One call's worth; false: nothing more is there. */
static bool receive(struct socket_ *k)
{
	struct datagrams *d = k->of;
	unsigned size = is_unix(k) ? UNIX_MAX : DATAGRAM_MAX, most = AT_ONCE * DATAGRAM_MAX / size;
	for (unsigned i = 0; i < most; i++) {
		d->vecs[i] = (struct iovec){d->bytes + (size_t)i * size, size};
		d->heads[i].msg_hdr = (struct msghdr){.msg_name = &d->from[i], .msg_namelen = sizeof d->from[i], .msg_iov = &d->vecs[i],
		                                      .msg_iovlen = 1, .msg_control = d->control[i], .msg_controllen = CONTROL};
	}
	int n = recvmmsg(k->fd, d->heads, most, MSG_DONTWAIT, NULL);
	if (n <= 0)
		return false;
	collect_stamp(d->collect);
	for (int i = 0; i < n; i++)
		take(k, &d->heads[i]);
	count_drops(k, &d->heads[n - 1].msg_hdr);
	return (unsigned)n == most;
}

static void on_socket(void *arg);

static void on_rested(void *arg)
{
	struct socket_ *k = arg;
	k->rests = false;
	if (!k->of->collect->full)
		loop_add(k->of->collect->child->loop, k->fd, on_socket, k);
}

static void on_socket(void *arg)
{
	struct socket_ *k = arg;
	struct loop *l = k->of->collect->child->loop;
	bool more = true;
	for (int i = 0; i < ROUNDS && !k->of->collect->full && more; i++)
		more = receive(k);
	if (more || k->of->collect->full)
		return;
	k->rests = true;
	loop_remove(l, k->fd);
	loop_after(l, COLLECT_REST_MS, on_rested, k);
}

int datagrams_listen(struct datagrams *d, size_t door, int fd, struct err *e)
{
	struct socket_ *k = &d->list[d->n];
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0), on = 1;
	if (own < 0)
		return err_sys(e, "datagrams");
	*k = (struct socket_){.of = d, .fd = own, .door = door};
	if (is_unix(k))
		(void)setsockopt(own, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
	d->n++;
	loop_add(d->collect->child->loop, own, on_socket, k);
	return 0;
}

void datagrams_full(struct datagrams *d, bool full)
{
	for (size_t i = 0; i < d->n; i++) {
		if (full)
			loop_remove(d->collect->child->loop, d->list[i].fd);
		else if (!d->list[i].rests)
			loop_add(d->collect->child->loop, d->list[i].fd, on_socket, &d->list[i]);
	}
}

void datagrams_second(struct datagrams *d)
{
	for (size_t i = 0; i < d->n; i++) {
		struct socket_ *k = &d->list[i];
		struct buf b;
		struct jw j;
		if (k->lost == k->said)
			continue;
		buf_init(&b, 4096);
		jw_init(&j, &b, false);
		jw_object(&j);
		jw_kz(&j, "type", "loss");
		jw_kz(&j, "door", intake_kinds[d->collect->doors[k->door].kind]);
		jw_kz(&j, "where", d->collect->doors[k->door].where);
		jw_kint(&j, "datagrams", (int64_t)(k->lost - k->said));
		jw_end_object(&j);
		collect_note(d->collect, buf_view(&b));
		buf_release(&b);
		k->said = k->lost;
	}
}

void datagrams_sources(struct datagrams *d)
{
	forget_senders(d);
}
