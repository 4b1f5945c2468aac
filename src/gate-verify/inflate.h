/* DEFLATE (RFC 1951) read strictly, by code of our own: the verifier links no other's. */
#ifndef GATE_VERIFY_INFLATE_H
#define GATE_VERIFY_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

/* Unpacks the whole of packed into out, which must be filled exactly: false when it is not, when bytes are left over, or when
 * the stream breaks a rule (incomplete codes but for a single distance, distances before the start). */
bool inflate_exact(struct str packed, uint8_t *out, size_t n);
/* The same for a zlib stream (RFC 1950) of unknown length up to max; *ret_n is what came out. */
bool inflate_zlib(struct str packed, uint8_t *out, size_t max, size_t *ret_n);
uint32_t crc32_of(struct str s);                     /* ISO 3309, as in ZIP and PNG */

#endif
