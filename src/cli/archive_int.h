/* Between archive.c (writing) and unpack.c (reading). */
#ifndef CLI_ARCHIVE_INT_H
#define CLI_ARCHIVE_INT_H

#include <openssl/evp.h>

#include "cli/archive.h"
#include "lib/hash.h"

#define TAR_BLOCK 512

struct digest {
	EVP_MD_CTX *ctx;
};
void digest_begin(struct digest *d);
void digest_put(struct digest *d, const void *p, size_t n);
void digest_end(struct digest *d, char out[SHA256_HEX]);

/* Relative, short, of letters, digits and -._+, no part that begins with a dot: nothing outside a data folder can be
 * named. */
bool archive_name_ok(struct str name);

#endif
