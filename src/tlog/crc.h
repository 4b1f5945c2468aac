/* CRC-32C (Castagnoli, RFC 3720 §B.4): tells torn and rotten bytes from written ones. Proof is the tree's business. */
#ifndef TLOG_CRC_H
#define TLOG_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Continues from an earlier result; 0 to begin. crc32c(crc32c(0, a), b) == crc32c(0, ab). */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);

#endif
