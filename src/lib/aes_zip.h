/* One file in an archive that a password locks: ZIP with AES-256 as WinZip laid it down (AE-2, stored), which 7-Zip and WinZip open. */
#ifndef LIB_AES_ZIP_H
#define LIB_AES_ZIP_H

#include "lib/buf.h"

#define AES_ZIP_MORE 512                                 /* bytes beside content and twice the name, at most */

/* name is UTF-8, at most 1,000 bytes; content below 4 GB. The salt is new each time. */
int aes_zip(struct str name, struct str content, struct str password, struct buf *out) MUST_USE;

#endif
