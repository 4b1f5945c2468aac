/* Connections: syslog over TCP, TLS and Unix sockets (lines and octet counting), and RELP over TCP and TLS. An epoll set, which the
 * loop watches as one descriptor; while all is full it does not, so that senders feel it. Those who get no acknowledgement are held
 * back earlier (batch.h), and have a set of their own. */
#ifndef COLLECT_STREAM_H
#define COLLECT_STREAM_H

#include "collect/collect.h"
#include "collect/relp.h"

#define STREAMS_MAX 4096u
#define STREAMS_OF_SOURCE_MAX 512u
#define STREAM_READ (256u * 1024)                    /* at once, of one connection */
#define STREAM_OUT_MAX (8u << 20)                    /* acknowledgements that a sender does not take */
#define STREAM_HANDSHAKE_MS 10000

struct gnutls_session_int;

struct waits {                                       /* RELP: numbers [first, first + n) are in batches up to batch */
	int64_t batch;
	uint32_t first, n;
};

struct stream {
	struct streams *of;
	struct collect *collect;
	struct stream *next, **at;                       /* list of all */
	bool listener, closed;
	int fd;
	size_t door;
	enum intake_kind kind;
	struct gnutls_session_int *tls;
	bool shaking, throttled, blocked;                /* blocked: waits until it can write */
	int64_t since;                                   /* clock_mono: accepted */
	struct in6_addr address;
	struct source *source;
	struct envelope envelope;
	struct framer framer;
	struct relp relp;
	struct buf rest, out;                            /* bytes of an unfinished message; to be sent */
	size_t sent;                                     /* of out */
	struct waits *waits;
	size_t n_waits, waits_cap;
};

struct streams *streams_new(struct collect *c, struct err *e);
void streams_free(struct streams *s);
/* Listens at a door; fd is duplicated. */
int streams_listen(struct streams *s, size_t door, int fd, struct err *e) MUST_USE;
/* collect->full or ->behind changed. */
void streams_pressure(struct streams *s);
/* Acknowledges what batches_done allows. */
void streams_acked(struct streams *s);
/* Every COLLECT_TICK_MS: limits, handshakes that take too long. */
void streams_tick(struct streams *s);
/* The table of sources is another one. */
void streams_sources(struct streams *s);

/* --- stream_read.c */
bool stream_is_relp(const struct stream *t);
/* Takes what is there; false: it is over (ended, broken, does not speak the protocol). */
bool stream_read(struct stream *t);
/* What is left when the connection is over. */
void stream_finish(struct stream *t);
/* Sends of out what goes; false: over. */
bool stream_write(struct stream *t);
void stream_acked(struct stream *t);

/* --- stream.c */
void stream_close(struct stream *t);
/* What epoll tells: reads unless throttled, writes when something waits. */
void stream_watch(struct stream *t);

#endif
