#include "lib/cms.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "lib/clock.h"
#include "lib/i18n.h"

#define PEM_MAX 20000
#define PIECE 65536

static X509 *read_pem(struct str pem)
{
	BIO *b = pem.n && pem.n <= PEM_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	X509 *x = b ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
	BIO_free(b);
	ERR_clear_error();
	return x;
}

static bool strong(X509 *x)
{
	EVP_PKEY *k = X509_get0_pubkey(x);
	int kind = k ? EVP_PKEY_get_base_id(k) : 0;
	return (kind == EVP_PKEY_RSA && EVP_PKEY_get_bits(k) >= 2048) || (kind == EVP_PKEY_EC && EVP_PKEY_get_bits(k) >= 224);
}

/* Where it says what it is for, that must be the wrapping of keys (RSA) or agreeing on them (EC). */
static bool for_keys(X509 *x)
{
	uint32_t use = X509_get_key_usage(x), ext = X509_get_extended_key_usage(x);
	bool keys = use == UINT32_MAX || (use & (KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT));
	return keys && (ext == UINT32_MAX || (ext & (XKU_SMIME | XKU_ANYEKU)));
}

int cms_certificate(struct str pem, int64_t now, char sha256[65], struct err *e)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	time_t at = (time_t)(now / SECOND_US);
	int r = 0;
	X509 *x = read_pem(pem);
	if (!x)
		return err_set(e, ERR_SYNTAX, "%s", _("This is no certificate (PEM)."));
	if (X509_cmp_time(X509_get0_notBefore(x), &at) >= 0 || X509_cmp_time(X509_get0_notAfter(x), &at) <= 0)
		r = err_set(e, ERR_RANGE, "%s", _("The certificate is not in force today."));
	else if (!strong(x))
		r = err_set(e, ERR_RANGE, "%s", _("The key of the certificate is too weak, or of a kind that cannot be encrypted to."));
	else if (!for_keys(x))
		r = err_set(e, ERR_RANGE, "%s", _("The certificate is not made for encrypting to."));
	else if (X509_digest(x, EVP_sha256(), md, &n) != 1 || n != 32)
		r = err_set(e, ERR_NOMEM, "certificate");
	for (unsigned i = 0; r == 0 && i < n; i++)
		snprintf(sha256 + 2 * i, 3, "%02x", md[i]);
	X509_free(x);
	ERR_clear_error();
	return r;
}

/* The whole of `in` through the enveloping BIO. */
static int feed(BIO *to, int in, int64_t size)
{
	static unsigned char mem[PIECE];
	for (int64_t at = 0; at < size;) {
		ssize_t n = pread(in, mem, size - at < PIECE ? (size_t)(size - at) : PIECE, at);
		if (n <= 0)
			return n < 0 ? ERR_SYS : ERR_SHORT;
		if (BIO_write(to, mem, (int)n) != (int)n)
			return ERR_SYS;
		at += n;
	}
	return BIO_flush(to) == 1 ? 0 : ERR_SYS;
}

int cms_lock(struct str pem, int in, int64_t size, int out, int64_t *ret_size, struct err *e)
{
	STACK_OF(X509) *to = sk_X509_new_null();
	X509 *x = read_pem(pem);
	BIO *file = BIO_new_fd(out, BIO_NOCLOSE), *stream = NULL;
	CMS_ContentInfo *cms = NULL;
	struct stat st = {0};
	int r = ERR_NOMEM;
	if (x && to && file && sk_X509_push(to, x) > 0) {
		x = NULL;
		cms = CMS_encrypt(to, NULL, EVP_aes_256_cbc(), CMS_STREAM | CMS_BINARY | CMS_PARTIAL);
		stream = cms ? BIO_new_CMS(file, cms) : NULL;
		r = stream ? feed(stream, in, size) : ERR_NOMEM;
	}
	while (stream && stream != file) {               /* the chain down to the file, which is freed once below */
		BIO *next = BIO_pop(stream);
		BIO_free(stream);
		stream = next;
	}
	CMS_ContentInfo_free(cms);
	sk_X509_pop_free(to, X509_free);
	X509_free(x);
	BIO_free(file);
	ERR_clear_error();
	if (r == 0 && fstat(out, &st) != 0)
		r = ERR_SYS;
	if (r < 0)
		return err_set(e, r, "%s", _("The file could not be locked."));
	*ret_size = st.st_size;
	return 0;
}
