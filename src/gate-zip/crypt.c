#include "gate-zip/crypt.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>

#include "lib/hash.h"

#define AES_EXTRA 0x9901u
#define AES_ROUNDS 1000
#define AES_MAC 10u                                  /* bytes of the HMAC-SHA1 kept */

struct keys {
	uint32_t k[3];
};

static void update(struct keys *ks, uint8_t c)
{
	const z_crc_t *t = get_crc_table();

	ks->k[0] = (uint32_t)t[(ks->k[0] ^ c) & 255] ^ ks->k[0] >> 8;
	ks->k[1] = (ks->k[1] + (ks->k[0] & 255)) * 134775813u + 1;
	ks->k[2] = (uint32_t)t[(ks->k[2] ^ ks->k[1] >> 24) & 255] ^ ks->k[2] >> 8;
}

static uint8_t next(struct keys *ks, uint8_t c)
{
	uint32_t t = (ks->k[2] & 0xffff) | 2;

	c ^= (uint8_t)(t * (t ^ 1) >> 8);
	update(ks, c);
	return c;
}

static int pkware(const struct zip_entry *en, struct str password, struct buf *out)
{
	struct keys ks = {{0x12345678, 0x23456789, 0x34567890}};
	uint8_t head = 0, want = en->flags & 8 ? (uint8_t)(en->time >> 8) : (uint8_t)(en->crc >> 24);

	if (en->packed.n < 12)
		return ERR_SYNTAX;
	for (size_t i = 0; i < password.n; i++)
		update(&ks, (uint8_t)password.p[i]);
	for (size_t i = 0; i < 12; i++)
		head = next(&ks, (uint8_t)en->packed.p[i]);
	if (head != want)
		return ERR_DENIED;
	for (size_t i = 12; i < en->packed.n; i++)
		buf_u8(out, next(&ks, (uint8_t)en->packed.p[i]));
	return buf_err(out);
}

/* The extra field's content: version, "AE", strength, method. */
static int aes_field(struct str extra, uint16_t *version, unsigned *key, uint16_t *method)
{
	const uint8_t *p = (const uint8_t *)extra.p;

	for (size_t i = 0; i + 4 <= extra.n;) {
		unsigned id = (unsigned)(p[i] | p[i + 1] << 8);
		size_t n = (size_t)(p[i + 2] | p[i + 3] << 8);

		if (n > extra.n - i - 4)
			return ERR_SYNTAX;
		if (id == AES_EXTRA && n == 7 && p[i + 6] == 'A' && p[i + 7] == 'E' && p[i + 8] >= 1 && p[i + 8] <= 3) {
			*version = (uint16_t)(p[i + 4] | p[i + 5] << 8);
			*key = 8 + 8u * p[i + 8];
			*method = (uint16_t)(p[i + 9] | p[i + 10] << 8);
			return 0;
		}
		i += 4 + n;
	}
	return ERR_SYNTAX;
}

/* Counter mode with a counter that is little endian and begins at 1, which OpenSSL's CTR is not: a keystream by ECB. */
static int ctr(const uint8_t *key, unsigned key_n, struct str in, struct buf *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	const EVP_CIPHER *aes = key_n == 16 ? EVP_aes_128_ecb() : key_n == 24 ? EVP_aes_192_ecb() : EVP_aes_256_ecb();
	uint8_t count[16] = {0}, stream[16];
	int n, r = c && EVP_EncryptInit_ex(c, aes, NULL, key, NULL) && EVP_CIPHER_CTX_set_padding(c, 0) ? 0 : ERR_NOMEM;

	for (size_t at = 0; !r && at < in.n; at++) {
		if (at % 16 == 0) {
			for (unsigned i = 0; i < 16 && !++count[i]; i++)
				;
			if (!EVP_EncryptUpdate(c, stream, &n, count, 16))
				r = ERR_NOMEM;
		}
		buf_u8(out, (uint8_t)in.p[at] ^ stream[at % 16]);
	}
	EVP_CIPHER_CTX_free(c);
	return r ? r : buf_err(out);
}

static int winzip(const struct zip_entry *en, struct str password, struct buf *out, uint16_t *method, bool *crc_counts)
{
	uint8_t keys[66], mac[20];
	uint16_t version;
	unsigned key_n, salt_n, mac_n = 20;
	struct str salt, data;
	int r = aes_field(en->extra, &version, &key_n, method);

	if (r)
		return r;
	salt_n = key_n / 2;
	if (en->packed.n < salt_n + 2 + AES_MAC)
		return ERR_SYNTAX;
	salt = str_slice(en->packed, 0, salt_n);
	data = str_slice(en->packed, salt_n + 2, en->packed.n - salt_n - 2 - AES_MAC);
	if (!PKCS5_PBKDF2_HMAC_SHA1(password.p, (int)password.n, (const uint8_t *)salt.p, (int)salt_n, AES_ROUNDS, (int)(2 * key_n + 2), keys))
		return ERR_NOMEM;
	if (memcmp(keys + 2 * key_n, en->packed.p + salt_n, 2) != 0)
		return ERR_DENIED;
	if (!HMAC(EVP_sha1(), keys + key_n, (int)key_n, (const uint8_t *)data.p, data.n, mac, &mac_n))
		return ERR_NOMEM;
	if (!const_time_eq(mac, data.p + data.n, AES_MAC))
		return ERR_CORRUPT;
	*crc_counts = version == 1;
	r = ctr(keys, key_n, data, out);
	explicit_bzero(keys, sizeof keys);
	return r;
}

int crypt_open(const struct zip_entry *en, struct str password, struct buf *out, uint16_t *ret_method, bool *ret_crc_counts)
{
	*ret_method = en->method;
	*ret_crc_counts = true;
	return en->method == ZIP_AES ? winzip(en, password, out, ret_method, ret_crc_counts) : pkware(en, password, out);
}
