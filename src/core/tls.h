/* TLS without a private key, for front and collect: they show the certificate, and for each handshake ask the process
 * `keys` to sign the digest. Whoever takes one of them over can have handshakes signed while he is there, and takes
 * no key away. */
#ifndef CORE_TLS_H
#define CORE_TLS_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include <stdbool.h>

#include "lib/err.h"

/* TLS 1.3 and 1.2 with ECDHE and AEAD only (CRYPTREC/IPA guideline, high security type). */
#define TLS_PRIORITIES \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:"        \
	"+CHACHA20-POLY1305:-MAC-ALL:+AEAD:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:%SERVER_PRECEDENCE"

#define TLS_SIGN_MS 2000                             /* what keys may take */

/* The socket of keys, also when it was replaced (a duplicate is kept); -1: gone. Thread-safe. */
void tls_keys_fd(int keys_fd);
/* True once after keys failed to answer: the caller reports it. */
bool tls_keys_lost(void);
/* Asks keys for the certificate chain and makes the ticket key. */
int tls_open(struct err *e) MUST_USE;
/* keys was started again: shows its certificate from now on when it is another one. On the reply thread. */
int tls_reload(struct err *e) MUST_USE;
void tls_close(void);

/* For MHD_OPTION_HTTPS_CERT_CALLBACK2. */
int tls_certificate(gnutls_session_t s, const struct gnutls_cert_retr_st *info, gnutls_pcert_st **certs,
                    unsigned *certs_n, gnutls_ocsp_data_st **ocsp, unsigned *ocsp_n, gnutls_privkey_t *key,
                    unsigned *flags);
/* Session resumption for a new connection. */
void tls_session(gnutls_session_t s);

#endif
