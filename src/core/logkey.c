#include "core/logkey.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "lib/file.h"
#include "lib/hash.h"

#define SECRET "log.key"
#define OLDER "log-old.key"                         /* there during a change of keys */
#define FILE_MAX 1024
#define NAME_LEN (7 + SHA256_HEX)                    /* "signed-" and the origin's hash */

struct signed_head {
	char origin[NOTE_NAME_MAX + 1];
	uint64_t size;
	uint8_t root[MERKLE_LEN];
};
struct logkey {
	int dir;
	uint8_t secret[NOTE_SECRET_LEN], public_key[NOTE_PUBLIC_LEN];
	uint8_t old_secret[NOTE_SECRET_LEN], old_public[NOTE_PUBLIC_LEN];
	bool changing;
	struct signed_head heads[LOGKEY_ORIGINS_MAX];
	size_t n;
};

int logkey_make(int dirfd, struct err *e)
{
	uint8_t public_key[NOTE_PUBLIC_LEN], secret[NOTE_SECRET_LEN];
	struct stat st;
	if (fstatat(dirfd, SECRET, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (sodium_init() < 0 || crypto_sign_keypair(public_key, secret) != 0)
		return err_set(e, ERR_SYS, "keys: libsodium");
	int r = file_write_atomic_at(dirfd, SECRET, secret, sizeof secret, 0600, e);
	sodium_memzero(secret, sizeof secret);
	return r;
}

static void file_name(struct str origin, char out[NAME_LEN])
{
	memcpy(out, "signed-", 7);
	sha256_hex(origin.p, origin.n, out + 7);
}

/* One file: the text of the checkpoint signed last. */
static int read_head(struct logkey *k, const char *name, struct err *e)
{
	struct buf b;
	struct checkpoint c;
	char want[NAME_LEN];
	buf_init(&b, FILE_MAX);
	int r = file_read_at(k->dir, name, FILE_MAX, &b, e);
	if (r == 0 && (checkpoint_parse(buf_view(&b), &c) != 0 || c.origin.n > NOTE_NAME_MAX || k->n == LOGKEY_ORIGINS_MAX))
		r = err_set(e, ERR_CORRUPT, "keys/%s is not what was written", name);
	if (r == 0) {
		struct signed_head *h = &k->heads[k->n];
		file_name(c.origin, want);
		if (strcmp(want, name) != 0)
			r = err_set(e, ERR_CORRUPT, "keys/%s belongs to another log", name);
		memcpy(h->origin, c.origin.p, c.origin.n);
		h->origin[c.origin.n] = 0;
		h->size = c.size;
		memcpy(h->root, c.root, MERKLE_LEN);
		k->n++;
	}
	buf_release(&b);
	return r;
}

static int read_heads(struct logkey *k, const char *folder, struct err *e)
{
	char **names;
	size_t n;
	struct arena *a = arena_new(1u << 20);
	int r = dir_list(a, folder, "", &names, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (strncmp(names[i], "signed-", 7) == 0 && strlen(names[i]) == NAME_LEN - 1)
			r = read_head(k, names[i], e);
	arena_free(a);
	return r;
}

static int read_secret(int dir, const char *name, uint8_t secret[NOTE_SECRET_LEN], uint8_t public_key[NOTE_PUBLIC_LEN], struct err *e)
{
	struct buf b;
	buf_init(&b, FILE_MAX);
	int r = file_read_at(dir, name, FILE_MAX, &b, e);
	if (r == 0 && b.n != NOTE_SECRET_LEN)
		r = err_set(e, ERR_CORRUPT, "keys/%s has %zu bytes", name, b.n);
	if (r == 0) {
		uint8_t seed[crypto_sign_SEEDBYTES], again[NOTE_SECRET_LEN];
		memcpy(secret, b.p, NOTE_SECRET_LEN);
		(void)crypto_sign_ed25519_sk_to_seed(seed, secret);
		(void)crypto_sign_seed_keypair(public_key, again, seed);
		if (sodium_memcmp(again, secret, sizeof again) != 0)
			r = err_set(e, ERR_CORRUPT, "keys/%s is damaged", name);
		sodium_memzero(seed, sizeof seed);
		sodium_memzero(again, sizeof again);
		sodium_memzero(b.p, b.n);
	}
	buf_release(&b);
	return r;
}

/* Between the two steps of a rotation both files hold the same key: then nothing has changed yet. */
static int read_secrets(struct logkey *k, struct err *e)
{
	int r = read_secret(k->dir, SECRET, k->secret, k->public_key, e);
	if (r != 0)
		return r;
	r = read_secret(k->dir, OLDER, k->old_secret, k->old_public, e);
	k->changing = r == 0 && memcmp(k->public_key, k->old_public, NOTE_PUBLIC_LEN) != 0;
	return r == ERR_NOTFOUND ? 0 : r;
}

int logkey_rotate(int dirfd, struct err *e)
{
	uint8_t secret[NOTE_SECRET_LEN], public_key[NOTE_PUBLIC_LEN], old[NOTE_SECRET_LEN], old_public[NOTE_PUBLIC_LEN];
	if (sodium_init() < 0)
		return err_set(e, ERR_SYS, "keys: libsodium");
	int r = read_secret(dirfd, SECRET, secret, public_key, e);
	if (r == 0 && read_secret(dirfd, OLDER, old, old_public, NULL) != ERR_NOTFOUND && memcmp(old_public, public_key, sizeof old_public) != 0)
		r = err_set(e, ERR_EXISTS, "an earlier change of keys is not finished");
	if (r == 0)
		r = file_write_atomic_at(dirfd, OLDER, secret, sizeof secret, 0600, e);
	if (r == 0 && crypto_sign_keypair(public_key, secret) != 0)
		r = err_set(e, ERR_SYS, "keys: libsodium");
	if (r == 0)
		r = file_write_atomic_at(dirfd, SECRET, secret, sizeof secret, 0600, e);
	sodium_memzero(secret, sizeof secret);
	sodium_memzero(old, sizeof old);
	return r;
}

int logkey_finish(int dirfd, struct err *e)
{
	if (unlinkat(dirfd, OLDER, 0) != 0)
		return errno == ENOENT ? err_set(e, ERR_NOTFOUND, "no change of keys is under way") : err_sys(e, "keys/" OLDER);
	return dir_fsync(dirfd) != 0 ? err_sys(e, "keys") : 0;
}

int logkey_open(const char *folder, struct logkey **ret, struct err *e)
{
	if (sodium_init() < 0)
		return err_set(e, ERR_SYS, "keys: libsodium");
	struct logkey *k = sodium_malloc(sizeof *k);     /* guarded, not swapped out */
	if (!k)
		return err_set(e, ERR_NOMEM, "keys: no locked memory");
	memset(k, 0, sizeof *k);
	k->dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = k->dir >= 0 ? read_secrets(k, e) : err_set(e, ERR_SYS, "%s: %s", folder, strerror(errno));
	if (r == 0)
		r = read_heads(k, folder, e);
	if (r == 0)
		*ret = k;
	else
		logkey_free(k);
	return r;
}

void logkey_free(struct logkey *k)
{
	if (!k)
		return;
	if (k->dir >= 0)
		close(k->dir);
	sodium_free(k);
}

int logkey_vkey(const struct logkey *k, struct str origin, struct buf *out)
{
	struct note_key key;
	int r = note_key_init(&key, origin, k->public_key);
	if (r != 0)
		return r;
	note_key_put(out, &key);
	if (k->changing && note_key_init(&key, origin, k->old_public) == 0) {
		buf_putc(out, '\n');
		note_key_put(out, &key);
	}
	return buf_err(out);
}

static struct signed_head *find(struct logkey *k, struct str origin)
{
	for (size_t i = 0; i < k->n; i++)
		if (str_is(origin, k->heads[i].origin))
			return &k->heads[i];
	return NULL;
}

/* On disk first, in memory after: what is in memory is never ahead of what a restart would know. */
static int remember(struct logkey *k, struct signed_head *h, const struct checkpoint *c, struct str text, struct err *e)
{
	char name[NAME_LEN];
	file_name(c->origin, name);
	int r = file_write_atomic_at(k->dir, name, text.p, text.n, 0600, e);
	if (r != 0)
		return r;
	if (!h) {
		h = &k->heads[k->n++];
		memcpy(h->origin, c->origin.p, c->origin.n);
		h->origin[c->origin.n] = 0;
	}
	h->size = c->size;
	memcpy(h->root, c->root, MERKLE_LEN);
	return 0;
}

uint64_t logkey_size(const struct logkey *k, struct str origin)
{
	for (size_t i = 0; i < k->n; i++)
		if (str_is(origin, k->heads[i].origin))
			return k->heads[i].size;
	return 0;
}

/* Everything continues the empty tree; what was signed already may be signed again. */
static int continues(const struct signed_head *h, const struct checkpoint *c, uint64_t from,
                     uint8_t proof[][MERKLE_LEN], size_t n, struct err *e)
{
	if (c->size < h->size)
		return err_set(e, ERR_CONFLICT, "size %llu is below the signed %llu", (unsigned long long)c->size,
		               (unsigned long long)h->size);
	if (c->size == h->size)
		return memcmp(h->root, c->root, MERKLE_LEN) == 0 ? 0
		       : err_set(e, ERR_CONFLICT, "another root at the signed size %llu", (unsigned long long)c->size);
	if (h->size != 0 &&
	    (from != h->size || merkle_consistency_check(from, c->size, h->root, c->root, proof, n) != 0))
		return err_set(e, ERR_CONFLICT, "size %llu is not proven to continue the signed %llu",
		               (unsigned long long)c->size, (unsigned long long)h->size);
	return 0;
}

int logkey_sign(struct logkey *k, const struct checkpoint *c, uint64_t from, uint8_t proof[][MERKLE_LEN], size_t n,
                struct buf *out, struct err *e)
{
	struct note_key key;
	if (note_key_init(&key, c->origin, k->public_key) != 0)
		return err_set(e, ERR_INVALID, "no name for a log");
	struct signed_head *h = find(k, c->origin);
	if (!h && k->n == LOGKEY_ORIGINS_MAX)
		return err_set(e, ERR_TOOBIG, "too many logs");
	if (h && continues(h, c, from, proof, n, e) != 0)
		return ERR_CONFLICT;
	bool same = h && h->size == c->size;
	struct buf text;
	buf_init(&text, FILE_MAX);
	checkpoint_put(&text, c);
	int r = buf_err(&text);
	if (r == 0 && !same)
		r = remember(k, h, c, buf_view(&text), e);
	if (r == 0)
		r = note_sign(out, buf_view(&text), &key, k->secret);
	if (r == 0 && k->changing) {
		r = note_key_init(&key, c->origin, k->old_public);
		if (r == 0)
			r = note_cosign(out, buf_view(&text), &key, k->old_secret);
	}
	buf_release(&text);
	return r;
}
