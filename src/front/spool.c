#include "front/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "lib/arena.h"
#include "lib/file.h"

struct spool {
	int fd;
	int64_t size, begun;                             /* begun: so much the disk was asked to write */
	EVP_MD_CTX *md;
	EVP_CIPHER_CTX *cipher;
};

struct spool *spool_new(struct spool_target *t)
{
	static const unsigned char iv[16];               /* a key is used for one file, once */
	struct spool *s = xcalloc(1, sizeof(*s));

	s->fd = t->fd;
	t->fd = -1;
	s->md = EVP_MD_CTX_new();
	s->cipher = EVP_CIPHER_CTX_new();
	if (!s->md || !s->cipher || EVP_DigestInit_ex(s->md, EVP_sha256(), NULL) != 1 ||
	    EVP_EncryptInit_ex(s->cipher, EVP_aes_256_ctr(), NULL, t->key, iv) != 1) {
		spool_free(s);
		s = NULL;
	}
	explicit_bzero(t->key, sizeof(t->key));
	return s;
}

int spool_put(struct spool *s, struct str bytes)
{
	unsigned char piece[SPOOL_PIECE];

	if (EVP_DigestUpdate(s->md, bytes.p, bytes.n) != 1)
		return ERR_NOMEM;
	for (size_t at = 0; at < bytes.n;) {
		int n = (int)(bytes.n - at < sizeof(piece) ? bytes.n - at : sizeof(piece)), out = 0;

		if (EVP_EncryptUpdate(s->cipher, piece, &out, (const unsigned char *)bytes.p + at, n) != 1)
			return ERR_NOMEM;
		if (fd_write_all(s->fd, (const char *)piece, (size_t)out) < 0)
			return ERR_SYS;
		at += (size_t)n;
	}
	s->size += (int64_t)bytes.n;
	if (s->size - s->begun >= SPOOL_SYNC) {          /* so that the office has little left to wait for */
		(void)sync_file_range(s->fd, s->begun, s->size - s->begun, SYNC_FILE_RANGE_WRITE);
		s->begun = s->size;
	}
	return 0;
}

int spool_end(struct spool *s, char *hex)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (EVP_DigestFinal_ex(s->md, digest, NULL) != 1)
		return ERR_NOMEM;
	for (unsigned i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return 0;
}

int spool_fd(const struct spool *s)
{
	return s->fd;
}

void spool_free(struct spool *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	EVP_MD_CTX_free(s->md);
	EVP_CIPHER_CTX_free(s->cipher);
	free(s);
}
