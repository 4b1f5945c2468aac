/* A file locked for one recipient: CMS EnvelopedData (RFC 5652, AES-256-CBC, DER; the .p7m of S/MIME) to the key of a certificate, which
 * any mail program and openssl open. */
#ifndef LIB_CMS_H
#define LIB_CMS_H

#include "lib/err.h"
#include "lib/str.h"

/* Can it be encrypted to this certificate (PEM) at that moment (µs)? In force, RSA of 2048 bits or more or an elliptic curve, and its uses
 * allow it. sha256: of its DER form, in hex. ERR_SYNTAX, ERR_RANGE with a sentence. */
int cms_certificate(struct str pem, int64_t now, char sha256[65], struct err *e) MUST_USE;
/* `size` bytes of `in` from its start, piece by piece, into `out`. */
int cms_lock(struct str pem, int in, int64_t size, int out, int64_t *ret_size, struct err *e) MUST_USE;

#endif
