/* Where the bytes of transfers lie (transfers/ beside the store): originals encrypted, each with a key of its own that stands in
 * its row and goes with it; what the gate verified as it is. Both are read back against their hash. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/hash.h"
#include "office/transfer.h"

#define CHUNK (256u * 1024)

int transfer_folder(struct office *o, struct err *e)
{
	char path[300];
	snprintf(path, sizeof(path), "%s/transfers", o->dir);
	if (mkdir(path, 0700) != 0 && access(path, F_OK) != 0)
		return err_sys(e, "transfers");
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "transfers") : fd;
}

static void name_of(char name[40], int64_t record, bool original)
{
	snprintf(name, 40, "%lld.%s", (long long)record, original ? "in" : "out");
}

static void hex_of(const uint8_t *p, char hex[65])
{
	for (unsigned i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", p[i]);
}

static bool key_of(const char *hex, uint8_t key[32])
{
	for (unsigned i = 0; i < 32; i++) {
		int hi = hex_digit(hex[2 * i]), lo = hi < 0 ? -1 : hex_digit(hex[2 * i + 1]);
		if (lo < 0)
			return false;
		key[i] = (uint8_t)(hi * 16 + lo);
	}
	return true;
}

/* Copies all of `from` to `to`, enciphered or deciphered when there is a key (the same for CTR), and hashes the plain side. */
struct copy {
	int from, to;
	const uint8_t *key;
	bool encrypts;
	int64_t size;
	uint8_t digest[EVP_MAX_MD_SIZE];
};

static int copy_pieces(struct copy *k, EVP_MD_CTX *md, EVP_CIPHER_CTX *cipher, uint8_t *in, uint8_t *out, struct err *e)
{
	ssize_t got;
	for (k->size = 0; (got = pread(k->from, in, CHUNK, k->size)) > 0; k->size += got) {
		int n = (int)got;
		const uint8_t *result = in;
		if (k->key) {
			if (EVP_EncryptUpdate(cipher, out, &n, in, (int)got) != 1)
				return ERR_NOMEM;
			result = out;
		}
		if (EVP_DigestUpdate(md, k->key && !k->encrypts ? out : in, (size_t)got) != 1)
			return ERR_NOMEM;
		if (k->to >= 0 && fd_write_all(k->to, result, (size_t)got) < 0)
			return err_sys(e, "transfers");
	}
	return got < 0 ? err_sys(e, "transfers") : 0;
}

static int copy_run(struct copy *k, struct err *e)
{
	static const uint8_t iv[16];                     /* a key is used for one file, once */
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	uint8_t *mem = xmalloc(2u * CHUNK);
	int r = md && cipher && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 ? 0 : ERR_NOMEM;
	if (r == 0 && k->key && EVP_EncryptInit_ex(cipher, EVP_aes_256_ctr(), NULL, k->key, iv) != 1)
		r = ERR_NOMEM;
	if (r == 0)
		r = copy_pieces(k, md, cipher, mem, mem + CHUNK, e);
	if (r == 0 && EVP_DigestFinal_ex(md, k->digest, NULL) != 1)
		r = ERR_NOMEM;
	explicit_bzero(mem, 2u * CHUNK);
	free(mem);
	EVP_MD_CTX_free(md);
	EVP_CIPHER_CTX_free(cipher);
	return r;
}

/* Written beside, synced, then under its name: after a crash it is there whole or not at all. */
static int put(struct office *o, int64_t record, bool original, struct copy *k, struct err *e)
{
	char name[40];
	int dir = transfer_folder(o, e);
	if (dir < 0)
		return dir;
	name_of(name, record, original);
	k->to = openat(dir, "incoming", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int r = k->to < 0 ? err_sys(e, "transfers") : copy_run(k, e);
	if (r == 0 && (fsync(k->to) != 0 || renameat(dir, "incoming", dir, name) != 0 || fsync(dir) != 0))
		r = err_sys(e, "transfers");
	if (k->to >= 0)
		close(k->to);
	if (r < 0)
		unlinkat(dir, "incoming", 0);
	close(dir);
	return r;
}

int transfer_hash(int fd, char sha256[65], struct err *e)
{
	struct copy k = {.from = fd, .to = -1};
	int r = copy_run(&k, e);
	hex_of(k.digest, sha256);
	return r;
}

int transfer_put_original(struct office *o, int64_t record, int fd, int64_t size, struct sealed *ret, struct err *e)
{
	uint8_t key[32];
	random_bytes(key, sizeof(key));
	struct copy k = {.from = fd, .key = key, .encrypts = true};
	int r = put(o, record, true, &k, e);
	if (r == 0 && k.size != size)
		r = err_set(e, ERR_CORRUPT, "upload");
	ret->size = k.size;
	hex_of(k.digest, ret->sha256);
	hex_of(key, ret->key);
	explicit_bzero(key, sizeof(key));
	return r;
}

int transfer_open_original(struct office *o, int64_t record, const struct sealed *s, int *ret_fd, struct err *e)
{
	uint8_t key[32];
	char name[40], hex[65];
	int dir = transfer_folder(o, e);
	if (dir < 0)
		return dir;
	name_of(name, record, true);
	struct copy k = {.from = openat(dir, name, O_RDONLY | O_CLOEXEC), .to = memfd_create("original", MFD_CLOEXEC | MFD_ALLOW_SEALING), .key = key};
	close(dir);
	int r = k.from < 0 || k.to < 0 ? err_sys(e, "transfers") : key_of(s->key, key) ? copy_run(&k, e) : ERR_CORRUPT;
	explicit_bzero(key, sizeof(key));
	if (r == 0) {
		hex_of(k.digest, hex);
		if (k.size != s->size || strcmp(hex, s->sha256) != 0)
			r = err_set(e, ERR_CORRUPT, "original of transfer %lld", (long long)record);
		else if (fcntl(k.to, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0 || lseek(k.to, 0, SEEK_SET) != 0)
			r = err_sys(e, "transfers");
	}
	if (k.from >= 0)
		close(k.from);
	if (r == 0)
		*ret_fd = k.to;
	else if (k.to >= 0)
		close(k.to);
	return r;
}

int transfer_put_out(struct office *o, int64_t record, int fd, int64_t *ret_size, char sha256[65], struct err *e)
{
	struct copy k = {.from = fd};
	int r = put(o, record, false, &k, e);
	*ret_size = k.size;
	hex_of(k.digest, sha256);
	return r;
}

int transfer_open_out(struct office *o, int64_t record, struct str sha256, int *ret_fd, int64_t *ret_size, struct err *e)
{
	char name[40], hex[65];
	int dir = transfer_folder(o, e);
	if (dir < 0)
		return dir;
	name_of(name, record, false);
	struct copy k = {.from = openat(dir, name, O_RDONLY | O_CLOEXEC), .to = -1};
	int r = k.from < 0 ? errno == ENOENT ? ERR_NOTFOUND : err_sys(e, "transfers") : copy_run(&k, e);
	close(dir);
	hex_of(k.digest, hex);
	if (r == 0 && !str_is(sha256, hex))
		r = err_set(e, ERR_CORRUPT, "%s", _("The stored file is not the one that was verified. It is not handed out; tell the operator."));
	if (r < 0 && k.from >= 0)
		close(k.from);
	if (r == 0) {
		*ret_fd = k.from;
		*ret_size = k.size;
	}
	return r;
}

int transfer_scratch(struct office *o, int *ret_fd, struct err *e)
{
	static const char name[] = "spool-scratch";
	int dir = transfer_folder(o, e);
	if (dir < 0)
		return dir;
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), r = fd < 0 ? err_sys(e, "transfers") : 0;
	unlinkat(dir, name, 0);
	close(dir);
	*ret_fd = fd;
	return r;
}

void transfer_remove(struct office *o, int64_t record, bool original)
{
	struct err ignored = {0};                        /* what is left is removed the next time */
	char name[40];
	int dir = transfer_folder(o, &ignored);
	if (dir < 0)
		return;
	name_of(name, record, original);
	unlinkat(dir, name, 0);
	close(dir);
}

bool transfer_has_out(struct office *o, int64_t record)
{
	struct err ignored = {0};
	char name[40];
	int dir = transfer_folder(o, &ignored);
	name_of(name, record, false);
	bool there = dir < 0 || faccessat(dir, name, F_OK, 0) == 0 || errno != ENOENT;
	if (dir >= 0)
		close(dir);
	return there;
}

int transfer_each(struct office *o, void (*each)(void *arg, int64_t record, bool original), void *arg, struct err *e)
{
	struct dirent *d;
	int fd = transfer_folder(o, e);
	if (fd < 0)
		return fd;
	DIR *dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return err_sys(e, "transfers");
	}
	while ((d = readdir(dir))) {
		struct str ext = str_from(d->d_name), number = str_cut(&ext, '.');
		int64_t id;
		if (str_starts(str_from(d->d_name), "spool-") && unlinkat(fd, d->d_name, 0) == 0)
			continue;
		if (str_int(number, 1, INT64_MAX, &id) == 0 && (str_is(ext, "in") || str_is(ext, "out")))
			each(arg, id, str_is(ext, "in"));
	}
	closedir(dir);
	return 0;
}
