#include "lib/hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

static const EVP_MD *md;

/* Fetched once: asking OpenSSL 3 anew for each digest costs more than hashing a short entry. Without its
 * configuration file, which a locked-in process could not read. */
static void open_md(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	md = EVP_MD_fetch(NULL, "SHA256", NULL);
}

void sha256_library(const struct str *parts, size_t n, uint8_t out[SHA256_LEN])
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static _Thread_local EVP_MD_CTX *ctx;
	pthread_once(&once, open_md);
	if (!ctx)
		ctx = EVP_MD_CTX_new();
	if (!md || !ctx || !EVP_DigestInit_ex(ctx, md, NULL))
		abort();
	for (size_t i = 0; i < n; i++)
		if (parts[i].n && !EVP_DigestUpdate(ctx, parts[i].p, parts[i].n))
			abort();
	if (!EVP_DigestFinal_ex(ctx, out, NULL))
		abort();
}

void sha256(const void *p, size_t n, uint8_t out[SHA256_LEN])
{
	sha256_parts(&(struct str){ p, n }, 1, out);
}

void sha256_hex(const void *p, size_t n, char out[SHA256_HEX])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t d[SHA256_LEN];
	sha256(p, n, d);
	for (size_t i = 0; i < SHA256_LEN; i++) {
		out[2 * i] = digits[d[i] >> 4];
		out[2 * i + 1] = digits[d[i] & 15];
	}
	out[SHA256_HEX - 1] = 0;
}

int const_time_eq(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}
