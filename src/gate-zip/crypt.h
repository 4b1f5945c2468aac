/* Members locked with a password: the traditional PKWARE cipher (APPNOTE.TXT 6.1) and WinZip's AES (AE-1, AE-2). */
#ifndef GATE_ZIP_CRYPT_H
#define GATE_ZIP_CRYPT_H

#include "rebuild/zip.h"

/* Unlocks the packed bytes into out. 0, ERR_DENIED (wrong password), ERR_CORRUPT (authentication fails), ERR_SYNTAX. *ret_method: how
 * what is in out is packed; *ret_crc_counts: the entry's CRC is to be checked (not in AE-2). */
int crypt_open(const struct zip_entry *en, struct str password, struct buf *out, uint16_t *ret_method,
               bool *ret_crc_counts) MUST_USE;

#endif
