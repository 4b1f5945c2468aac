/* The HTTPS server: libmicrohttpd with one poll thread. Callbacks run there; answers come in on the reply thread, which
 * wakes the suspended connection. */
#ifndef FRONT_HTTP_H
#define FRONT_HTTP_H

#include <stdint.h>

#include "lib/err.h"

/* The address to type, from a listening socket: "https://localhost:8443/". */
#define URL_MAX 128
void http_url(int listen_fd, char out[URL_MAX]);
/* Serves on a duplicate of a listening socket. After tls_open, reply_open and peers_init. */
int http_start(int listen_fd, struct err *e) MUST_USE;
/* Once a second, on the reply thread: ends what is too slow. */
void http_tick(int64_t now);
/* No new connections from now on. */
void http_quiesce(void);
/* Requests between their first line and the last byte of their response. */
unsigned http_busy(void);
/* After peers_close: no request may be on its way. */
void http_stop(void);

#endif
