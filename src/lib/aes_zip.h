/* One file in an archive that a password locks: ZIP with AES-256 as WinZip laid it down (AE-2, stored), which 7-Zip and WinZip open. */
#ifndef LIB_AES_ZIP_H
#define LIB_AES_ZIP_H

#include "lib/buf.h"

/* Reads `size` bytes of `in` from its start, piece by piece, and writes the archive to `out`, ret_size bytes. name is UTF-8, at most 1,000
 * bytes; content below 4 GB. The salt is new each time. */
int aes_zip(struct str name, int in, int64_t size, struct str password, int out, int64_t *ret_size) MUST_USE;

#endif
