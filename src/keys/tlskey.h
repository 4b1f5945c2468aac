/* The key of the HTTPS server: ECDSA P-256 and a self-signed certificate for this machine. The front never sees the
 * key, it asks for signatures over handshake digests. */
#ifndef KEYS_TLSKEY_H
#define KEYS_TLSKEY_H

#include "lib/buf.h"

struct tlskey;

/* Makes DIRFD/tls.key and tls.crt unless the key is there. A municipality may put its own pair in their place (PEM). */
int tlskey_make(int dirfd, struct err *e) MUST_USE;
/* Reads both, checks that they belong together. */
int tlskey_open(int dirfd, struct tlskey **ret, struct err *e) MUST_USE;
void tlskey_free(struct tlskey *k);
struct str tlskey_chain(const struct tlskey *k);     /* PEM, as it is in the file */
/* Appends the DER signature of a digest of 256 or 384 bits. ERR_INVALID for anything else. */
int tlskey_sign(struct tlskey *k, unsigned bits, struct str digest, struct buf *out) MUST_USE;

#endif
