/* TLS of connections that bring logs (RFC 5425; RELP over TLS). The server's key is in the process keys (core/tls.h). With a file
 * collect/clients.pem in the data folder (certificates of the authorities) senders must show a certificate that one of them issued,
 * and its name says which source it is; without it anybody may send and the address says so. */
#ifndef COLLECT_SECURE_H
#define COLLECT_SECURE_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/str.h"

struct gnutls_session_int;

/* Before the sandbox; clients_pem may be empty. Asks keys for the certificate (core/tls.h's tls_keys_fd was called). */
int secure_open(struct str clients_pem, struct err *e) MUST_USE;
void secure_close(void);
bool secure_is_open(void);

struct gnutls_session_int *secure_begin(int fd);     /* NULL: out of memory */
void secure_end(struct gnutls_session_int *s);       /* may be NULL */
/* 0 done, ERR_BUSY not yet (*ret_write: it waits to write), else it failed. */
int secure_handshake(struct gnutls_session_int *s, bool *ret_write) MUST_USE;
/* As recv and send: errno EAGAIN when not now. */
ssize_t secure_recv(struct gnutls_session_int *s, void *p, size_t n);
ssize_t secure_send(struct gnutls_session_int *s, const void *p, size_t n);
bool secure_pending(struct gnutls_session_int *s);
/* The verified certificate's first DNS name, else its common name; false when it showed none. */
bool secure_peer_name(struct gnutls_session_int *s, char *out, size_t size);
/* The same where the handshake did not verify the certificate itself. */
bool secure_verified_name(struct gnutls_session_int *s, char *out, size_t size);

#endif
