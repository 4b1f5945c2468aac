/* SHA-256 (FIPS 180-4) and random bytes. */
#ifndef LIB_HASH_H
#define LIB_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

#define SHA256_LEN 32
#define SHA256_HEX 65

void sha256(const void *p, size_t n, uint8_t out[SHA256_LEN]);
/* Of several pieces, as if joined. */
void sha256_parts(const struct str *parts, size_t n, uint8_t out[SHA256_LEN]);
/* The same by OpenSSL, as it is done where the processor has no instructions for it. */
void sha256_library(const struct str *parts, size_t n, uint8_t out[SHA256_LEN]);
/* Of many pieces, each as if `prefix` (one byte) stood before it: out + 32 i of in[i]. Where the machine can, two run
 * side by side, which is half again as fast as one after the other. */
void sha256_many(uint8_t prefix, const struct str *in, size_t n, uint8_t *out);
void sha256_hex(const void *p, size_t n, char out[SHA256_HEX]);
void random_bytes(void *out, size_t n);              /* getrandom(2); aborts when the kernel gives none */
/* n random bytes as URL-safe text without padding; out holds at least 4*(n+2)/3+1. */
void random_token(char *out, size_t n);
/* Equal without telling by time where they differ. */
int const_time_eq(const void *a, const void *b, size_t n);

#endif
