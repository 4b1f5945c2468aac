/* Connections and their deadlines. Each open connection has one moment until which it must have got further (header
 * complete, body fast enough, answer taken); the watchdog ends those that did not. None while the
 * office works. */
#ifndef FRONT_CONN_H
#define FRONT_CONN_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>

#include "front/exchange.h"

struct conn {
	int fd, linger;                                  /* linger: -1, or the socket once more (conn_linger) */
	char address[64];
	atomic_llong deadline;                           /* clock_mono µs; INT64_MAX: none */
	struct exchange x;                               /* the request in hand: HTTP/1.1 has one at a time */
	struct conn *next, **prev;
};

#define CONN_NO_DEADLINE INT64_MAX

struct conn *conn_open(int fd, const struct sockaddr *peer);
void conn_close(struct conn *c);                         /* frees it; the descriptor is the library's */
/* An answer is given while the other side still sends: closed now, its unread bytes would make the kernel reset the connection and
 * the answer be lost. So the socket is held a little longer. */
void conn_linger(struct conn *c);
/* Ends every connection whose deadline is before now; returns how many. On the reply thread. */
unsigned conns_expire(int64_t now);
unsigned conns_count(void);

#endif
