#include "gate-ooxml/unlock.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "core/gate.h"
#include "lib/hash.h"
#include "lib/text.h"
#include "rebuild/cfb.h"

#define SPIN_MAX 10000000                            /* [MS-OFFCRYPTO] 2.3.4.10; what is beyond the worker's time ends with it */
#define SPIN_STANDARD 50000
#define SEGMENT 4096u
#define INFO_MAX 65536u
#define HASH_MAX 64u
#define PASSWORD_MAX (2u * GATE_PASSWORD_MAX)

/* The password Excel itself tries first: files "locked" with it open for anybody. */
#define EVERYBODYS "VelvetSweatshop"

struct key_data {
	unsigned block, bits, hash;                      /* bytes of a block and of a hash, bits of the key */
	char salt[HASH_MAX];
	size_t salt_n;
	const EVP_MD *md;
	bool known;                                      /* AES in chained blocks, a hash we have */
};

struct agile {
	struct key_data data, key;
	int64_t spin;
	char verifier[HASH_MAX], verifier_hash[HASH_MAX], value[HASH_MAX];
	size_t verifier_n, verifier_hash_n, value_n;
	bool has_data, has_key;
};

static size_t base64(const char *z, char *out, size_t max)
{
	unsigned char tmp[3 * INFO_MAX / 4];
	size_t n = z ? strlen(z) : 0, pad = 0;
	int got;

	if (!n || n % 4 || n > 4 * max / 3 + 8 || n > INFO_MAX)
		return 0;
	while (pad < 2 && z[n - 1 - pad] == '=')
		pad++;
	got = EVP_DecodeBlock(tmp, (const unsigned char *)z, (int)n);
	if (got < (int)pad || (size_t)got - pad > max)
		return 0;
	memcpy(out, tmp, (size_t)got - pad);
	return (size_t)got - pad;
}

static const char *attr(const char **atts, const char *name)
{
	for (; *atts; atts += 2)
		if (!strcmp(atts[0], name))
			return atts[1];
	return "";
}

static unsigned number(const char **atts, const char *name, int64_t max)
{
	int64_t n;

	return str_int(str_from(attr(atts, name)), 1, max, &n) ? 0 : (unsigned)n;
}

static void key_data(const char **atts, struct key_data *k)
{
	const char *hash = attr(atts, "hashAlgorithm");

	k->block = number(atts, "blockSize", 16);
	k->bits = number(atts, "keyBits", 256);
	k->hash = number(atts, "hashSize", HASH_MAX);
	k->salt_n = base64(attr(atts, "saltValue"), k->salt, sizeof k->salt);
	k->md = !strcmp(hash, "SHA512") ? EVP_sha512() : !strcmp(hash, "SHA384") ? EVP_sha384() : !strcmp(hash, "SHA256") ?
	        EVP_sha256() : !strcmp(hash, "SHA1") ? EVP_sha1() : NULL;
	k->known = k->md && k->salt_n && k->block == 16 && k->hash == (unsigned)EVP_MD_get_size(k->md) &&
	           (k->bits == 128 || k->bits == 192 || k->bits == 256) && !strcmp(attr(atts, "cipherAlgorithm"), "AES") &&
	           !strcmp(attr(atts, "cipherChaining"), "ChainingModeCBC");
}

static void XMLCALL on_start(void *arg, const char *raw, const char **atts)
{
	struct agile *g = arg;
	const char *colon = strchr(raw, ':'), *local = colon ? colon + 1 : raw;

	if (!strcmp(local, "keyData") && !g->has_data) {
		g->has_data = true;
		key_data(atts, &g->data);
	} else if (!strcmp(local, "encryptedKey") && !g->has_key) {
		g->has_key = true;
		key_data(atts, &g->key);
		if (str_int(str_from(attr(atts, "spinCount")), 0, SPIN_MAX, &g->spin))
			g->key.known = false;
		g->verifier_n = base64(attr(atts, "encryptedVerifierHashInput"), g->verifier, HASH_MAX);
		g->verifier_hash_n = base64(attr(atts, "encryptedVerifierHashValue"), g->verifier_hash, HASH_MAX);
		g->value_n = base64(attr(atts, "encryptedKeyValue"), g->value, HASH_MAX);
	}
}

struct digest { EVP_MD *md; EVP_MD_CTX *ctx; unsigned n; };

static bool digest_of(struct digest *d, struct str a, struct str b, char out[HASH_MAX])
{
	return EVP_DigestInit_ex2(d->ctx, d->md, NULL) && EVP_DigestUpdate(d->ctx, a.p, a.n) && EVP_DigestUpdate(d->ctx, b.p, b.n) &&
	       EVP_DigestFinal_ex(d->ctx, (unsigned char *)out, NULL);
}

/* The slow part, on purpose of the format: salt and password, then each time the number of the turn before the last hash. */
static bool spin(struct digest *d, struct str salt, struct str password, int64_t turns, char h[HASH_MAX])
{
	if (!digest_of(d, salt, password, h))
		return false;
	for (uint32_t i = 0; i < turns; i++) {
		char le[4] = {(char)i, (char)(i >> 8), (char)(i >> 16), (char)(i >> 24)};

		if (!digest_of(d, str_n(le, 4), str_n(h, d->n), h))
			return false;
	}
	return true;
}

/* AES without padding, in place of nothing: out has room for in.n. iv NULL: each block by itself. */
static bool aes(struct str key, const char *iv, struct str in, char *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	const EVP_CIPHER *how = key.n == 16 ? (iv ? EVP_aes_128_cbc() : EVP_aes_128_ecb()) : key.n == 24 ?
	                        (iv ? EVP_aes_192_cbc() : EVP_aes_192_ecb()) : iv ? EVP_aes_256_cbc() : EVP_aes_256_ecb();
	int n = 0, rest = 0;
	bool ok = c && in.n % 16 == 0 && in.n <= INT32_MAX &&
	          EVP_DecryptInit_ex2(c, how, (const unsigned char *)key.p, (const unsigned char *)iv, NULL) &&
	          EVP_CIPHER_CTX_set_padding(c, 0) &&
	          EVP_DecryptUpdate(c, (unsigned char *)out, &n, (const unsigned char *)in.p, (int)in.n) &&
	          EVP_DecryptFinal_ex(c, (unsigned char *)out + n, &rest) && (size_t)n + (size_t)rest == in.n;

	EVP_CIPHER_CTX_free(c);
	return ok;
}

/* Cut, or filled up with 0x36. */
static void fit(char *to, size_t n, const char *from, size_t have)
{
	memset(to, 0x36, n);
	memcpy(to, from, have < n ? have : n);
}

static int open_digest(struct digest *d, const EVP_MD *md)
{
	d->md = EVP_MD_fetch(NULL, EVP_MD_get0_name(md), NULL);
	d->ctx = EVP_MD_CTX_new();
	d->n = (unsigned)EVP_MD_get_size(md);
	return d->md && d->ctx ? 0 : ERR_NOMEM;
}

static void close_digest(struct digest *d)
{
	EVP_MD_free(d->md);
	EVP_MD_CTX_free(d->ctx);
}

static int agile_package(const struct agile *g, struct digest *d, struct str secret, struct str in, uint64_t size, struct buf *out)
{
	char *clear = xmalloc(SEGMENT);
	int r = 0;

	for (uint32_t i = 0; !r && size; i++) {
		char le[4] = {(char)i, (char)(i >> 8), (char)(i >> 16), (char)(i >> 24)}, iv[HASH_MAX];
		struct str part = str_slice(in, (size_t)i * SEGMENT, SEGMENT);
		size_t n = size < part.n ? (size_t)size : part.n;

		part.n &= ~(size_t)15;
		if (!part.n || n > part.n || !digest_of(d, str_n(g->data.salt, g->data.salt_n), str_n(le, 4), iv) ||
		    !aes(secret, iv, part, clear))
			r = ERR_SYNTAX;
		else
			buf_put(out, clear, n);
		size -= n;
		r = r ? r : buf_err(out);
	}
	free(clear);
	return r;
}

static int agile(struct arena *a, struct str info, struct str password, struct str in, uint64_t size, struct buf *out)
{
	static const char blocks[3][9] = {"\xfe\xa7\xd2\x76\x3b\x4b\x9e\x79", "\xd7\xaa\x0f\x6d\x30\x61\x34\x4e",
	                                  "\x14\x6e\x0b\xe7\xab\xac\xd0\xd6"};
	struct agile *g = arena_array(a, 1, sizeof *g);
	char h[HASH_MAX], k[HASH_MAX], key[32], iv[16], clear[3][HASH_MAX] = {{0}}, want[HASH_MAX];
	struct digest d = {0}, e = {0};
	XML_Parser x = XML_ParserCreate(NULL);
	int r = g && x ? 0 : ERR_NOMEM;

	if (!r) {
		XML_SetUserData(x, g);
		XML_SetStartElementHandler(x, on_start);
		r = XML_Parse(x, info.p, (int)info.n, XML_TRUE) == XML_STATUS_OK ? 0 : ERR_SYNTAX;
	}
	XML_ParserFree(x);
	if (!r && (!g->has_data || !g->has_key || !g->data.known || !g->key.known || !g->verifier_n || !g->verifier_hash_n ||
	    g->value_n < g->data.bits / 8))
		r = ERR_VERSION;
	r = r ? r : open_digest(&d, g->key.md);
	r = r ? r : open_digest(&e, g->data.md);
	if (!r && !spin(&d, str_n(g->key.salt, g->key.salt_n), password, g->spin, h))
		r = ERR_NOMEM;
	for (int i = 0; !r && i < 3; i++) {
		struct str from = i == 0 ? str_n(g->verifier, g->verifier_n) : i == 1 ? str_n(g->verifier_hash, g->verifier_hash_n) :
		                                                                        str_n(g->value, g->value_n);

		fit(iv, sizeof iv, g->key.salt, g->key.salt_n);
		if (!digest_of(&d, str_n(h, d.n), str_n(blocks[i], 8), k))
			r = ERR_NOMEM;
		fit(key, g->key.bits / 8, k, d.n);
		if (!r && !aes(str_n(key, g->key.bits / 8), iv, from, clear[i]))
			r = ERR_SYNTAX;
	}
	/* The first of the three, hashed, is the second: then it was this password. */
	if (!r && (!digest_of(&d, str_n(clear[0], g->verifier_n), STR(""), want) || !const_time_eq(want, clear[1], d.n)))
		r = ERR_DENIED;
	if (!r)
		r = agile_package(g, &e, str_n(clear[2], g->data.bits / 8), in, size, out);
	close_digest(&d);
	close_digest(&e);
	explicit_bzero(clear, sizeof clear);
	return r;
}

static uint32_t u32(struct str s, size_t at)
{
	const unsigned char *b = (const unsigned char *)s.p + at;

	return at + 4 <= s.n ? (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24 : 0;
}

/* The form of 2007: SHA-1, 50,000 turns, blocks each by itself. */
static int standard(struct str info, struct str password, struct str in, uint64_t size, struct buf *out)
{
	uint32_t head = u32(info, 8), alg = u32(info, 20), bits = u32(info, 28);
	struct str rest = str_slice(info, 12 + (size_t)head, info.n);
	char h[HASH_MAX], pad[2][64], key[2 * 20], clear[32], want[HASH_MAX];
	struct digest d = {0};
	int r;

	if (head > info.n || rest.n < 4 + 16 + 16 + 4 + 32 || u32(rest, 0) != 16 || u32(rest, 36) != 20)
		return ERR_SYNTAX;
	if ((alg != 0x660e && alg != 0x660f && alg != 0x6610) || (bits != 128 && bits != 192 && bits != 256))
		return ERR_VERSION;
	r = open_digest(&d, EVP_sha1());
	if (!r && (!spin(&d, str_slice(rest, 4, 16), password, SPIN_STANDARD, h) ||
	    !digest_of(&d, str_n(h, d.n), str_n("\0\0\0", 4), h)))
		r = ERR_NOMEM;
	for (int i = 0; !r && i < 2; i++) {
		memset(pad[i], i ? 0x5c : 0x36, 64);
		for (unsigned k = 0; k < d.n; k++)
			pad[i][k] = (char)(pad[i][k] ^ h[k]);
		if (!digest_of(&d, str_n(pad[i], 64), STR(""), want))
			r = ERR_NOMEM;
		memcpy(key + (size_t)20 * (unsigned)i, want, 20);
	}
	struct str k = str_n(key, bits / 8);

	if (!r && (!aes(k, NULL, str_slice(rest, 20, 16), clear) || !digest_of(&d, str_n(clear, 16), STR(""), want) ||
	    !aes(k, NULL, str_slice(rest, 40, 32), clear)))
		r = ERR_SYNTAX;
	if (!r && !const_time_eq(want, clear, 20))
		r = ERR_DENIED;
	in.n &= ~(size_t)15;
	if (!r && size > in.n)
		r = ERR_SYNTAX;
	if (!r) {
		char *all = malloc(in.n + 1);

		r = all && aes(k, NULL, in, all) ? 0 : ERR_NOMEM;
		if (!r)
			buf_put(out, all, (size_t)size);
		free(all);
		r = r ? r : buf_err(out);
	}
	close_digest(&d);
	return r;
}

static int with(struct arena *a, struct str info, struct str in, struct str password, struct buf *out)
{
	uint64_t size = (uint64_t)u32(in, 4) << 32 | u32(in, 0);
	unsigned minor = u32(info, 0) >> 16;
	struct buf wide;
	int r = ERR_VERSION;

	if (in.n < 8 || info.n < 12 || size > GATE_INPUT_MAX)
		return ERR_SYNTAX;
	in = str_slice(in, 8, in.n);
	buf_init(&wide, (size_t)4 * PASSWORD_MAX);
	for (size_t i = 0; i < password.n;) {
		uint32_t c, lead;
		size_t n = utf8_next(str_slice(password, i, password.n), &c);

		if (!n)
			break;
		lead = c >= 0x10000 ? 0xd800 + ((c - 0x10000) >> 10) : 0;
		c = lead ? 0xdc00 + ((c - 0x10000) & 0x3ff) : c;
		if (lead)
			buf_put(&wide, (char[]){(char)lead, (char)(lead >> 8)}, 2);
		buf_put(&wide, (char[]){(char)c, (char)(c >> 8)}, 2);
		i += n;
	}
	if (minor == 4)
		r = agile(a, str_slice(info, 8, info.n), buf_view(&wide), in, size, out);
	else if (minor == 2)
		r = standard(info, buf_view(&wide), in, size, out);
	explicit_bzero(wide.p, wide.n);
	buf_release(&wide);
	return r;
}

bool unlock_is(struct str in)
{
	static const char name[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";

	return memmem(in.p, in.n, name, sizeof name) != NULL;
}

int unlock(struct arena *a, struct str in, struct str password, struct buf *out)
{
	struct buf info, package;
	struct cfb c;
	int r = cfb_open(&c, a, in);

	buf_init(&info, INFO_MAX);
	buf_init(&package, GATE_INPUT_MAX);
	r = r ? r : cfb_read(&c, "EncryptionInfo", &info);
	r = r == ERR_NOTFOUND ? ERR_VERSION : r ? r : cfb_read(&c, "EncryptedPackage", &package);
	if (!r)
		r = with(a, buf_view(&info), buf_view(&package), STR(EVERYBODYS), out);
	if (r == ERR_DENIED && password.n) {
		buf_clear(out);
		r = with(a, buf_view(&info), buf_view(&package), password, out);
	}
	buf_release(&info);
	buf_release(&package);
	return r;
}
