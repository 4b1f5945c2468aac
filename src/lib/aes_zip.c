#include "lib/aes_zip.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/file.h"
#include "lib/hash.h"

#define SALT 16
#define KEY 32
#define CHECK 2
#define MAC 10
#define CHUNK 65536u
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

/* Counter mode with a little-endian counter from 1, as the format wants it; what comes out is authenticated. */
struct lock {
	EVP_CIPHER_CTX *cipher;
	EVP_MAC *kind;
	EVP_MAC_CTX *mac;
	uint8_t block[16];
	uint8_t in[CHUNK], stream[CHUNK];
};

static int lock_begin(struct lock *k, const uint8_t keys[2 * KEY])
{
	char sha1[] = "SHA1";
	OSSL_PARAM with[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha1, 0), OSSL_PARAM_construct_end()};
	k->cipher = EVP_CIPHER_CTX_new();
	k->kind = EVP_MAC_fetch(NULL, "HMAC", NULL);
	k->mac = k->kind ? EVP_MAC_CTX_new(k->kind) : NULL;
	return k->cipher && k->mac && EVP_EncryptInit_ex(k->cipher, EVP_aes_256_ecb(), NULL, keys, NULL) == 1 &&
	       EVP_CIPHER_CTX_set_padding(k->cipher, 0) == 1 && EVP_MAC_init(k->mac, keys + KEY, KEY, with) == 1 ? 0 : ERR_NOMEM;
}

static void lock_end(struct lock *k)
{
	EVP_CIPHER_CTX_free(k->cipher);
	EVP_MAC_CTX_free(k->mac);
	EVP_MAC_free(k->kind);
	explicit_bzero(k, sizeof(*k));
	free(k);
}

/* k->in[0..n) becomes k->stream[0..n). n is a multiple of 16, but for the last piece. */
static int lock_piece(struct lock *k, size_t n)
{
	int made = 0;
	size_t blocks = (n + 15) / 16;
	for (size_t at = 0; at < blocks; at++) {
		for (int i = 0; i < 16 && ++k->block[i] == 0; i++)
			;
		memcpy(k->stream + at * 16, k->block, 16);
	}
	if (EVP_EncryptUpdate(k->cipher, k->stream, &made, k->stream, (int)blocks * 16) != 1 || made != (int)blocks * 16)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		k->stream[i] ^= k->in[i];
	return EVP_MAC_update(k->mac, k->stream, n) == 1 ? 0 : ERR_NOMEM;
}

static int content(struct lock *k, int in, int64_t size, int out)
{
	int r = 0;
	for (int64_t at = 0; r == 0 && at < size;) {
		size_t want = size - at < (int64_t)CHUNK ? (size_t)(size - at) : CHUNK, have = 0;
		while (have < want) {
			ssize_t got = pread(in, k->in + have, want - have, at + (int64_t)have);
			if (got <= 0)
				return got < 0 ? ERR_SYS : ERR_SHORT;
			have += (size_t)got;
		}
		r = lock_piece(k, have);
		if (r == 0)
			r = fd_write_all(out, (const char *)k->stream, have);
		at += (int64_t)have;
	}
	return r;
}

static void directory(struct buf *b, struct str name, size_t size, size_t packed, size_t before)
{
	size_t start = b->n;
	buf_put(b, "PK\1\2", 4);
	le16(b, 51);
	shared(b, name, size, packed);
	le16(b, 0);
	le16(b, 0);
	le16(b, 0);
	le32(b, 0);
	le32(b, 0);
	buf_str(b, name);
	extra(b);
	size_t n = b->n - start;
	buf_put(b, "PK\5\6", 4);
	le32(b, 0);
	le16(b, 1);
	le16(b, 1);
	le32(b, (uint32_t)n);
	le32(b, (uint32_t)before);
	le16(b, 0);
}

int aes_zip(struct str name, int in, int64_t size, struct str password, int out, int64_t *ret_size)
{
	uint8_t salt[SALT], keys[2 * KEY + CHECK], mac[EVP_MAX_MD_SIZE];
	size_t packed = SALT + CHECK + (size_t)size + MAC, mac_n = 0;
	struct buf head, tail;
	if (!name.n || name.n > 1000 || size < 0 || size > 0xf0000000ll || !password.n)
		return ERR_RANGE;
	struct lock *k = xcalloc(1, sizeof(*k));
	buf_init(&head, 4096);
	buf_init(&tail, 4096);
	random_bytes(salt, sizeof(salt));
	int r = PKCS5_PBKDF2_HMAC_SHA1(password.p, (int)password.n, salt, SALT, ROUNDS, sizeof(keys), keys) == 1 ? lock_begin(k, keys) : ERR_NOMEM;
	buf_put(&head, "PK\3\4", 4);
	shared(&head, name, (size_t)size, packed);
	buf_str(&head, name);
	extra(&head);
	size_t before = head.n + packed;
	buf_put(&head, salt, SALT);
	buf_put(&head, keys + 2 * KEY, CHECK);
	explicit_bzero(keys, sizeof(keys));
	if (r == 0)
		r = fd_write_all(out, head.p, head.n);
	if (r == 0)
		r = content(k, in, size, out);
	if (r == 0 && (EVP_MAC_final(k->mac, mac, &mac_n, sizeof(mac)) != 1 || mac_n < MAC))
		r = ERR_NOMEM;
	buf_put(&tail, mac, MAC);
	directory(&tail, name, (size_t)size, packed, before);
	if (r == 0)
		r = fd_write_all(out, tail.p, tail.n);
	if (r == 0)
		*ret_size = (int64_t)(before + tail.n - MAC);
	buf_release(&head);
	buf_release(&tail);
	lock_end(k);
	return r;
}
