#include "front/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/arena.h"
#include "lib/clock.h"

static struct {
	pthread_mutex_t lock;                            /* guards the list; descriptors in it are open */
	struct conn *first;
	unsigned n;
	struct {
		int fd;
		int64_t until;
	} lingering[LINGER_MAX];
	unsigned n_lingering;
} conns = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* IPv4 also when it came in over an IPv6 socket. */
static void address_text(const struct sockaddr *sa, char *out, size_t n)
{
	char ip[INET6_ADDRSTRLEN] = "?";

	if (sa && sa->sa_family == AF_INET) {
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, ip, sizeof(ip));
	} else if (sa && sa->sa_family == AF_INET6) {
		const struct in6_addr *a = &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;

		if (IN6_IS_ADDR_V4MAPPED(a))
			inet_ntop(AF_INET, &a->s6_addr[12], ip, sizeof(ip));
		else
			inet_ntop(AF_INET6, a, ip, sizeof(ip));
	}
	snprintf(out, n, "%s", ip);
}

struct conn *conn_open(int fd, const struct sockaddr *peer)
{
	struct conn *c = xcalloc(1, sizeof(*c));

	c->fd = fd;
	c->linger = -1;
	address_text(peer, c->address, sizeof(c->address));
	atomic_store(&c->deadline, clock_mono() + HEAD_SECONDS * SECOND_US);
	exchange_init(&c->x);
	pthread_mutex_lock(&conns.lock);
	c->next = conns.first;
	c->prev = &conns.first;
	if (c->next)
		c->next->prev = &c->next;
	conns.first = c;
	conns.n++;
	pthread_mutex_unlock(&conns.lock);
	return c;
}

void conn_linger(struct conn *c)
{
	if (c->linger < 0)
		c->linger = fcntl(c->fd, F_DUPFD_CLOEXEC, 3);
}

/* The library has said all it had to say and closed its own descriptor. */
static void linger_begin(int fd)
{
	shutdown(fd, SHUT_WR);
	if (conns.n_lingering == LINGER_MAX) {
		close(fd);
		return;
	}
	conns.lingering[conns.n_lingering].fd = fd;
	conns.lingering[conns.n_lingering++].until = clock_mono() + LINGER_SECONDS * SECOND_US;
}

/* Reads away what is there, until the other side has closed too or the time is over. */
static void linger_turn(int64_t now)
{
	static char nowhere[65536];

	for (unsigned i = 0; i < conns.n_lingering;) {
		ssize_t got;
		int times = 16;

		do
			got = recv(conns.lingering[i].fd, nowhere, sizeof(nowhere), MSG_DONTWAIT);
		while (got > 0 && --times);
		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR) || conns.lingering[i].until < now) {
			close(conns.lingering[i].fd);
			conns.lingering[i] = conns.lingering[--conns.n_lingering];
		} else {
			i++;
		}
	}
}

void conn_close(struct conn *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&conns.lock);
	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	conns.n--;
	if (c->linger >= 0)
		linger_begin(c->linger);
	pthread_mutex_unlock(&conns.lock);
	exchange_release(&c->x);
	free(c);
}

unsigned conns_expire(int64_t now)
{
	unsigned n = 0;

	pthread_mutex_lock(&conns.lock);
	linger_turn(now);
	for (struct conn *c = conns.first; c; c = c->next)
		if (atomic_load(&c->deadline) < now) {
			shutdown(c->fd, SHUT_RDWR);
			n++;
		}
	pthread_mutex_unlock(&conns.lock);
	return n;
}

unsigned conns_count(void)
{
	unsigned n;

	pthread_mutex_lock(&conns.lock);
	n = conns.n;
	pthread_mutex_unlock(&conns.lock);
	return n;
}
