#include "keys/tlskey.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "lib/file.h"

#define KEY "tls.key"
#define CERT "tls.crt"
#define PEM_MAX (64u * 1024)
#define TEN_YEARS (3652L * 86400)
#define SIG_MAX 256

struct tlskey {
	EVP_PKEY *key;
	struct buf chain;
};

static bool extend(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	bool ok = ext && X509_add_ext(x, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

/* localhost and the machine's own name; a name that would not fit a certificate is left out. */
static void names(char *out, size_t n)
{
	char host[256] = "";
	(void)gethostname(host, sizeof host - 1);
	bool ok = host[0] &&
	          strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == strlen(host);
	snprintf(out, n, "DNS:localhost,IP:127.0.0.1,IP:::1%s%s", ok ? ",DNS:" : "", ok ? host : "");
}

static bool fill(X509 *x, EVP_PKEY *key)
{
	char san[400];
	unsigned char serial[16];
	BIGNUM *n = NULL;
	names(san, sizeof san);
	bool ok = RAND_bytes(serial, sizeof serial) == 1;
	serial[0] &= 0x7f;                               /* positive */
	ok = ok && (n = BN_bin2bn(serial, sizeof serial, NULL)) && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
	BN_free(n);
	X509_NAME *name = X509_get_subject_name(x);
	const unsigned char cn[] = "localhost", org[] = "Sekisho";
	ok = ok && X509_set_version(x, 2) && X509_gmtime_adj(X509_getm_notBefore(x), -86400) &&
	     X509_gmtime_adj(X509_getm_notAfter(x), TEN_YEARS) && X509_set_pubkey(x, key) &&
	     X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, org, -1, -1, 0) &&
	     X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, cn, -1, -1, 0) && X509_set_issuer_name(x, name);
	return ok && extend(x, NID_basic_constraints, "critical,CA:FALSE") && extend(x, NID_subject_alt_name, san) &&
	       extend(x, NID_key_usage, "critical,digitalSignature") && extend(x, NID_ext_key_usage, "serverAuth") &&
	       X509_sign(x, key, EVP_sha256()) > 0;
}

static int save(int dirfd, const char *name, BIO *b, struct err *e)
{
	char *p;
	long n = BIO_get_mem_data(b, &p);
	return n > 0 ? file_write_atomic_at(dirfd, name, p, (size_t)n, 0600, e) : err_set(e, ERR_SYS, "keys: OpenSSL");
}

int tlskey_make(int dirfd, struct err *e)
{
	struct stat st;
	if (fstatat(dirfd, KEY, &st, 0) == 0)
		return 0;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *k = BIO_new(BIO_s_mem()), *c = BIO_new(BIO_s_mem());
	int r = err_set(e, ERR_SYS, "keys: OpenSSL could not make a key");
	if (key && x && k && c && fill(x, key) && PEM_write_bio_PrivateKey(k, key, NULL, NULL, 0, NULL, NULL) == 1 &&
	    PEM_write_bio_X509(c, x) == 1) {
		r = save(dirfd, CERT, c, e);
		if (r == 0)
			r = save(dirfd, KEY, k, e);              /* last: its presence means that all is there */
	}
	BIO_free(k);
	BIO_free(c);
	X509_free(x);
	EVP_PKEY_free(key);
	return r;
}

static int no_passphrase(char *p, int n, int writing, void *arg)
{
	return -1;
}

/* The first certificate of the chain must carry our public key. */
static bool belongs(struct tlskey *k)
{
	BIO *b = BIO_new_mem_buf(k->chain.p, (int)k->chain.n);
	X509 *x = b ? PEM_read_bio_X509(b, NULL, no_passphrase, NULL) : NULL;
	bool ok = x && k->key && EVP_PKEY_eq(X509_get0_pubkey(x), k->key) == 1;
	X509_free(x);
	BIO_free(b);
	return ok;
}

int tlskey_open(int dirfd, struct tlskey **ret, struct err *e)
{
	struct buf pem;
	struct tlskey *k = xcalloc(1, sizeof *k);
	buf_init(&pem, PEM_MAX);
	buf_init(&k->chain, PEM_MAX);
	int r = file_read_at(dirfd, KEY, PEM_MAX, &pem, e);
	if (r == 0)
		r = file_read_at(dirfd, CERT, PEM_MAX, &k->chain, e);
	if (r == 0) {
		BIO *b = BIO_new_mem_buf(pem.p, (int)pem.n);
		k->key = b ? PEM_read_bio_PrivateKey(b, NULL, no_passphrase, NULL) : NULL;
		BIO_free(b);
		OPENSSL_cleanse(pem.p, pem.n);
		if (!k->key || EVP_PKEY_get_base_id(k->key) != EVP_PKEY_EC)
			r = err_set(e, ERR_CORRUPT, "keys/" KEY " is no ECDSA key in PEM without passphrase");
		else if (!belongs(k))
			r = err_set(e, ERR_CORRUPT, "keys/" CERT " does not belong to keys/" KEY);
	}
	buf_release(&pem);
	if (r == 0)
		*ret = k;
	else
		tlskey_free(k);
	return r;
}

void tlskey_free(struct tlskey *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->key);
	buf_release(&k->chain);
	free(k);
}

struct str tlskey_chain(const struct tlskey *k)
{
	return buf_view((struct buf *)(uintptr_t)&k->chain);
}

int tlskey_sign(struct tlskey *k, unsigned bits, struct str digest, struct buf *out)
{
	unsigned char sig[SIG_MAX];
	size_t n = sizeof sig;
	const EVP_MD *md = bits == 256 ? EVP_sha256() : bits == 384 ? EVP_sha384() : NULL;
	if (!md || digest.n != bits / 8)
		return ERR_INVALID;
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k->key, NULL);
	bool ok = c && EVP_PKEY_sign_init(c) == 1 && EVP_PKEY_CTX_set_signature_md(c, md) == 1 &&
	          EVP_PKEY_sign(c, sig, &n, (const unsigned char *)digest.p, digest.n) == 1;
	EVP_PKEY_CTX_free(c);
	if (!ok)
		return ERR_SYS;
	buf_put(out, sig, n);
	return buf_err(out);
}
