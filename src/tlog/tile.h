/* Full tiles of level 1 and above as files, tile/<level>/<x000/…/000>, named as C2SP tlog-tiles serves them. They outlive the
 * segments. Level 0 is hashed anew from the entries when somebody asks: it would weigh more than the log itself. */
#ifndef TLOG_TILE_H
#define TLOG_TILE_H

#include "core/merkle.h"

#define TILE_BYTES (MERKLE_TILE * MERKLE_LEN)
#define TILE_LEVELS 8                                /* 2^64 entries need levels 0..7 */
#define TILE_PATH_MAX 64

/* "tile/<level>/x001/x234/067" */
void tile_path(unsigned level, uint64_t n, char out[TILE_PATH_MAX]);
/* ERR_NOTFOUND, ERR_CORRUPT (not exactly one full tile), ERR_SYS. */
int tile_read(int dirfd, unsigned level, uint64_t n, uint8_t out[TILE_BYTES]) MUST_USE;
/* Whole or not at all; makes folders as needed. */
int tile_write(int dirfd, unsigned level, uint64_t n, const uint8_t hashes[TILE_BYTES], struct err *e) MUST_USE;

#endif
