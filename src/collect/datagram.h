/* Datagrams: syslog over UDP and /dev/log-like sockets. What the kernel had to drop because we did not keep up is counted from
 * SO_RXQ_OVFL, which the supervisor set. */
#ifndef COLLECT_DATAGRAM_H
#define COLLECT_DATAGRAM_H

#include "collect/collect.h"

struct datagrams *datagrams_new(struct collect *c);
void datagrams_free(struct datagrams *d);
int datagrams_listen(struct datagrams *d, size_t door, int fd, struct err *e) MUST_USE;
void datagrams_full(struct datagrams *d, bool full);
/* Every second: says in an entry what was lost since. */
void datagrams_second(struct datagrams *d);
void datagrams_sources(struct datagrams *d);

#endif
