/* Cosignatures (c2sp.org/tlog-cosignature, type 0x04: Ed25519 with a time): a witness says that the checkpoint it names is the largest
 * it saw of that log, and continues all it saw before. Keys: note_key_init_type and note_key_parse_type with NOTE_COSIGNATURE. */
#ifndef CORE_COSIGN_H
#define CORE_COSIGN_H

#include "core/note.h"

#define COSIGN_LINE_MAX 512                          /* bytes of one such line, longest name included */

/* Appends the signature line over a note's text, which must be a checkpoint's. time: POSIX seconds, from 1. */
int cosign_put(struct buf *b, struct str text, const struct note_key *k, const uint8_t secret[NOTE_SECRET_LEN], uint64_t time) MUST_USE;
/* 0 when this witness cosigned the note (*ret_time: when), ERR_DENIED when it did not, ERR_CORRUPT when a line of its name and id does
 * not verify or names no time: then the note is to be rejected as a whole. */
int cosign_check(const struct note *n, const struct note_key *k, uint64_t *ret_time) MUST_USE;

#endif
