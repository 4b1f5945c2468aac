#include "front/conn.h"

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

void conn_close(struct conn *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&conns.lock);
	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	conns.n--;
	pthread_mutex_unlock(&conns.lock);
	exchange_release(&c->x);
	free(c);
}

unsigned conns_expire(int64_t now)
{
	unsigned n = 0;

	pthread_mutex_lock(&conns.lock);
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
