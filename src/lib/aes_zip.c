#include "lib/aes_zip.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "lib/hash.h"

#define SALT 16
#define KEY 32
#define CHECK 2
#define MAC 10
#define ROUNDS 1000                                      /* of the format; the password is long instead */
#define FLAGS 0x0801                                     /* locked, name in UTF-8 */
#define DOS_DATE 0x21                                    /* 1980-01-01: nothing of the machine's time */

static void le16(struct buf *b, unsigned v)
{
	const unsigned char p[2] = {(unsigned char)v, (unsigned char)(v >> 8)};
	buf_put(b, p, sizeof(p));
}

static void le32(struct buf *b, uint32_t v)
{
	le16(b, v & 0xffff);
	le16(b, v >> 16);
}

/* What the local and the central header share, from "version needed" on. */
static void shared(struct buf *b, struct str name, size_t size, size_t packed)
{
	le16(b, 51);
	le16(b, FLAGS);
	le16(b, 99);                                     /* AES; what it really is stands in the extra field */
	le16(b, 0);
	le16(b, DOS_DATE);
	le32(b, 0);                                      /* AE-2 carries no CRC */
	le32(b, (uint32_t)packed);
	le32(b, (uint32_t)size);
	le16(b, (unsigned)name.n);
	le16(b, 11);
}

static void extra(struct buf *b)
{
	static const unsigned char field[11] = {0x01, 0x99, 7, 0, 2, 0, 'A', 'E', 3, 0, 0}; /* AE-2, 256 bits, stored */
	buf_put(b, field, sizeof(field));
}

/* Counter mode with a little-endian counter from 1, as the format wants it. */
static int lock(struct str in, const uint8_t key[KEY], struct buf *out)
{
	uint8_t block[16] = {0}, stream[32];
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int r = c && EVP_EncryptInit_ex(c, EVP_aes_256_ecb(), NULL, key, NULL) == 1 ? 0 : ERR_NOMEM;
	for (size_t at = 0; r == 0 && at < in.n; at += 16) {
		int n = 0;
		for (int i = 0; i < 16 && ++block[i] == 0; i++)
			;
		if (EVP_EncryptUpdate(c, stream, &n, block, 16) != 1) {
			r = ERR_NOMEM;
			break;
		}
		size_t take = in.n - at < 16 ? in.n - at : 16;
		for (size_t i = 0; i < take; i++)
			stream[i] ^= (uint8_t)in.p[at + i];
		buf_put(out, stream, take);
	}
	EVP_CIPHER_CTX_free(c);
	return r;
}

int aes_zip(struct str name, struct str content, struct str password, struct buf *out)
{
	uint8_t salt[SALT], keys[2 * KEY + CHECK], mac[EVP_MAX_MD_SIZE];
	size_t start = out->n, packed = SALT + CHECK + content.n + MAC;
	unsigned mac_n = 0;
	if (!name.n || name.n > 1000 || content.n > 0xf0000000u || !password.n)
		return ERR_RANGE;
	random_bytes(salt, sizeof(salt));
	if (PKCS5_PBKDF2_HMAC_SHA1(password.p, (int)password.n, salt, SALT, ROUNDS, sizeof(keys), keys) != 1)
		return ERR_NOMEM;
	buf_put(out, "PK\3\4", 4);
	shared(out, name, content.n, packed);
	buf_str(out, name);
	extra(out);
	buf_put(out, salt, SALT);
	buf_put(out, keys + 2 * KEY, CHECK);
	size_t body = out->n;
	int r = lock(content, keys, out);
	if (r == 0 && buf_err(out) == 0 &&
	    !HMAC(EVP_sha1(), keys + KEY, KEY, (const uint8_t *)out->p + body, out->n - body, mac, &mac_n))
		r = ERR_NOMEM;
	explicit_bzero(keys, sizeof(keys));
	if (r < 0 || buf_err(out) < 0)
		return r < 0 ? r : ERR_TOOBIG;
	buf_put(out, mac, MAC);
	size_t central = out->n - start;
	buf_put(out, "PK\1\2", 4);
	le16(out, 51);
	shared(out, name, content.n, packed);
	le16(out, 0);
	le16(out, 0);
	le16(out, 0);
	le32(out, 0);
	le32(out, 0);
	buf_str(out, name);
	extra(out);
	size_t end = out->n - start;
	buf_put(out, "PK\5\6", 4);
	le32(out, 0);
	le16(out, 1);
	le16(out, 1);
	le32(out, (uint32_t)(end - central));
	le32(out, (uint32_t)central);
	le16(out, 0);
	return buf_err(out);
}
