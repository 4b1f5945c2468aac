/* The folder of auth: store, sealing key, and the small statements every module needs. */
#include "auth/auth.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/pwhash.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "queries.h"

#define KEY_NAME "seal.key"
#define STORE_VERSION 1

static const struct auth_rules rules_at_first = {.min_length = 12, .lock_after = 5, .lock_minutes = 15, .history = 5};

static int open_db(const char *dir, enum db_mode mode, struct db **ret, struct err *e)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/auth.db", dir);
	return db_open(path, mode, ret, e);
}

int auth_create(const char *dir, struct err *e)
{
	uint8_t key[SEAL_KEY_LEN];
	struct db *db = NULL;
	int dirfd, r = dir_make(dir, 0700, e);

	if (r)
		return r;
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return err_sys(e, "%s", dir);
	if (faccessat(dirfd, KEY_NAME, F_OK, 0) != 0) {
		randombytes_buf(key, sizeof(key));
		r = file_write_atomic_at(dirfd, KEY_NAME, key, sizeof(key), 0600, e);
		sodium_memzero(key, sizeof(key));
	}
	close(dirfd);
	if (r)
		return r;
	r = open_db(dir, DB_CREATE, &db, e);
	if (r == 0)
		r = db_exec(db, sql_auth, e);
	if (r == 0)
		r = db_exec(db, "INSERT OR IGNORE INTO meta VALUES('version', 1)", e);
	db_close(db);
	return r;
}

static int read_key(const char *dir, uint8_t key[SEAL_KEY_LEN], struct err *e)
{
	struct buf b;
	int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (dirfd < 0)
		return err_sys(e, "%s", dir);
	buf_init(&b, SEAL_KEY_LEN + 1);
	r = file_read_at(dirfd, KEY_NAME, SEAL_KEY_LEN + 1, &b, e);
	close(dirfd);
	if (r == 0 && b.n != SEAL_KEY_LEN)
		r = err_set(e, ERR_CORRUPT, "%s/%s has a wrong size", dir, KEY_NAME);
	if (r == 0)
		memcpy(key, b.p, SEAL_KEY_LEN);
	if (b.p)
		sodium_memzero(b.p, b.n);
	buf_release(&b);
	return r;
}

static int64_t meta(struct auth *a, const char *name, int64_t otherwise)
{
	struct stmt *s = db_sql(a->db, "SELECT value FROM meta WHERE name = ?1");
	int64_t v = otherwise;

	if (!s)
		return otherwise;
	bind_z(s, 1, name);
	if (step(s) == 1)
		v = col_int(s, 0);
	stmt_done(s);
	return v;
}

int auth_open(const char *dir, struct auth *a, struct err *e)
{
	int r;

	memset(a, 0, sizeof(*a));
	snprintf(a->dir, sizeof(a->dir), "%s", dir);
	a->now = clock_true;
	if (sodium_init() < 0)
		return err_set(e, ERR_SYS, "libsodium does not start");
	r = read_key(dir, a->key, e);
	if (r == 0)
		r = open_db(dir, DB_WRITE, &a->db, e);
	if (r == 0 && meta(a, "version", 0) > STORE_VERSION)
		r = err_set(e, ERR_VERSION, "auth.db was made by a newer version");
	if (r == 0)
		r = db_exec(a->db, sql_auth, e);
	if (r)
		return r;
	a->rules.min_length = meta(a, "min_length", rules_at_first.min_length);
	a->rules.lock_after = meta(a, "lock_after", rules_at_first.lock_after);
	a->rules.lock_minutes = meta(a, "lock_minutes", rules_at_first.lock_minutes);
	a->rules.history = meta(a, "history", rules_at_first.history);
	a->nobody = xmalloc(PWHASH_LEN);
	return pwhash_nobody(a->nobody) == 0 ? 0 : err_set(e, ERR_NOMEM, "no memory for a password hash");
}

void auth_close(struct auth *a)
{
	db_close(a->db);
	free(a->nobody);
	sodium_memzero(a, sizeof(*a));
}

/* The store is small: one statement, and the copy holds no free pages with what was removed. */
enum auth_result auth_backup(struct auth *a, bool make)
{
	char path[4200];
	struct stmt *s;

	snprintf(path, sizeof(path), "%s/backup.db", a->dir);
	(void)unlink(path);
	if (!make)
		return AUTH_OK;
	s = db_sql(a->db, "VACUUM INTO ?1");
	if (s)
		bind_z(s, 1, path);
	if (run_or_fail(s) == AUTH_OK)
		return AUTH_OK;
	(void)unlink(path);
	return AUTH_FAILED;
}

int auth_check(const char *dir, struct err *e)
{
	struct db *db = NULL;
	int r = open_db(dir, DB_READ, &db, e);

	if (r == 0)
		r = db_check(db, e);
	db_close(db);
	return r;
}

enum auth_result run_or_fail(struct stmt *s)
{
	struct err e;

	if (s && run(s, &e) == 0)
		return AUTH_OK;
	log_error("auth.store", "%s", s ? e.text : "a statement does not compile");
	return AUTH_FAILED;
}

bool person_known(struct auth *a, int64_t person)
{
	struct stmt *s = db_sql(a->db, "SELECT 1 FROM person WHERE person = ?1");
	bool known;

	if (!s)
		return false;
	bind_int(s, 1, person);
	known = step(s) == 1;
	stmt_done(s);
	return known;
}

enum auth_result auth_set_rules(struct auth *a, const struct auth_rules *r)
{
	static const char *const names[] = {"min_length", "lock_after", "lock_minutes", "history"};
	const int64_t values[] = {r->min_length, r->lock_after, r->lock_minutes, r->history};
	struct err e;

	if (db_begin(a->db, &e))
		return AUTH_FAILED;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct stmt *s = db_sql(a->db, "INSERT INTO meta VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET value = ?2");

		if (s) {
			bind_z(s, 1, names[i]);
			bind_int(s, 2, values[i]);
		}
		if (run_or_fail(s)) {
			db_rollback(a->db);
			return AUTH_FAILED;
		}
	}
	if (db_commit(a->db, &e)) {
		db_rollback(a->db);
		return AUTH_FAILED;
	}
	a->rules = *r;
	return AUTH_OK;
}

/* --- sealing ----------------------------------------------------------------------------------------------------- */

#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES
_Static_assert(NONCE + TAG == SEAL_OVERHEAD, "what sealing adds");

static void person_bytes(int64_t person, uint8_t out[8])
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)((uint64_t)person >> (56 - 8 * i));
}

long seal(const struct auth *a, int64_t person, const void *p, size_t n, uint8_t *ret, size_t cap)
{
	uint8_t who[8];

	if (cap < n + SEAL_OVERHEAD)
		return ERR_TOOBIG;
	person_bytes(person, who);
	randombytes_buf(ret, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(ret + NONCE, NULL, p, n, who, sizeof(who), NULL, ret, a->key);
	return (long)(n + SEAL_OVERHEAD);
}

long unseal(const struct auth *a, int64_t person, struct str sealed, uint8_t *ret, size_t cap)
{
	const uint8_t *in = (const uint8_t *)sealed.p;
	uint8_t who[8];

	if (sealed.n < SEAL_OVERHEAD || cap < sealed.n - SEAL_OVERHEAD)
		return ERR_CORRUPT;
	person_bytes(person, who);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(ret, NULL, NULL, in + NONCE, sealed.n - NONCE, who, sizeof(who), in,
	                                               a->key))
		return ERR_CORRUPT;
	return (long)(sealed.n - SEAL_OVERHEAD);
}
