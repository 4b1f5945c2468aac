#include "auth/pwhash.h"

#include <sodium.h>

_Static_assert(crypto_pwhash_STRBYTES == PWHASH_LEN, "libsodium's own size");

int pwhash_make(struct str password, char out[PWHASH_LEN])
{
	return crypto_pwhash_str(out, password.p, password.n, PWHASH_OPS, PWHASH_MEMORY) == 0 ? 0 : ERR_NOMEM;
}

int pwhash_nobody(char out[PWHASH_LEN])
{
	char secret[32];

	randombytes_buf(secret, sizeof(secret));
	return pwhash_make(str_n(secret, sizeof(secret)), out);
}

bool pwhash_fits(const char *hash, struct str password)
{
	return crypto_pwhash_str_verify(hash, password.p, password.n) == 0;
}

bool pwhash_stale(const char *hash)
{
	return crypto_pwhash_str_needs_rehash(hash, PWHASH_OPS, PWHASH_MEMORY) != 0;
}
