/* Passwords: verifying and setting. */
#include "auth/auth.h"

#include <sodium.h>
#include <string.h>

#include "auth/pwhash.h"
#include "auth/weak.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/text.h"

#define HISTORY_KEPT 24

/* The hash of a person, "" when there is none. */
static int read_hash(struct auth *a, int64_t person, char out[PWHASH_LEN], bool *ret_temporary)
{
	struct stmt *s = db_sql(a->db, "SELECT hash, temporary FROM person WHERE person = ?1");
	int r;

	out[0] = 0;
	*ret_temporary = false;
	if (!s)
		return ERR_DB;
	bind_int(s, 1, person);
	r = step(s);
	if (r == 1 && col_str(s, 0).p && col_str(s, 0).n < PWHASH_LEN) {
		memcpy(out, col_str(s, 0).p, col_str(s, 0).n);
		out[col_str(s, 0).n] = 0;
		*ret_temporary = col_int(s, 1);
	}
	stmt_done(s);
	return r < 0 ? r : 0;
}

/* A right password: the counter ends, and a hash of older costs is made anew. */
static enum auth_result right(struct auth *a, int64_t person, const char *hash, struct str password)
{
	struct stmt *s = db_sql(a->db, "UPDATE person SET failures = 0, hash = ?2 WHERE person = ?1");
	char fresh[PWHASH_LEN];

	if (!s)
		return AUTH_FAILED;
	bind_int(s, 1, person);
	bind_z(s, 2, pwhash_stale(hash) && pwhash_make(password, fresh) == 0 ? fresh : hash);
	return run_or_fail(s);
}

enum auth_result password_verify(struct auth *a, int64_t person, struct str password, struct buf *detail)
{
	int64_t until = 0, failures = 0;
	enum auth_result first = attempt_begin(a, person, ATTEMPT_PASSWORD, &until, &failures), r;
	char hash[PWHASH_LEN];
	bool temporary, fits;

	if (first == AUTH_FAILED || read_hash(a, person, hash, &temporary) < 0)
		return AUTH_FAILED;
	fits = pwhash_fits(hash[0] ? hash : a->nobody, password);
	if (first == AUTH_LOCKED)
		return locked_detail(until, detail);
	if (first == AUTH_NONE)
		return AUTH_NONE;
	if (!fits)
		return attempt_wrong(a, person, ATTEMPT_PASSWORD, detail);
	r = right(a, person, hash, password);
	if (r == AUTH_OK)
		r = state_detail(a, person, failures, detail);
	return r == AUTH_OK && temporary ? AUTH_TEMPORARY : r;
}

static enum auth_result weak(const char *why, struct buf *detail)
{
	struct jw j;

	jw_init(&j, detail, false);
	jw_object(&j);
	jw_kz(&j, "why", why);
	jw_end_object(&j);
	return AUTH_WEAK;
}

/* One of the last passwords, the present one among them. AUTH_OK when it is none of them. */
static enum auth_result not_previous(struct auth *a, int64_t person, struct str password, struct buf *detail)
{
	char hashes[HISTORY_KEPT][PWHASH_LEN];
	struct stmt *s = db_sql(a->db,
		"SELECT hash FROM (SELECT hash, 9223372036854775807 AS id FROM person WHERE person = ?1 AND hash IS NOT NULL "
		"UNION ALL SELECT hash, id FROM old_password WHERE person = ?1) ORDER BY id DESC LIMIT ?2");
	int64_t most = a->rules.history < HISTORY_KEPT ? a->rules.history : HISTORY_KEPT;
	size_t n = 0;
	int r;

	if (!s)
		return AUTH_FAILED;
	bind_int(s, 1, person);
	bind_int(s, 2, most);
	while ((r = step(s)) == 1 && n < HISTORY_KEPT)
		snprintf(hashes[n++], PWHASH_LEN, "%.*s", STR_ARG(col_str(s, 0)));
	stmt_done(s);
	if (r < 0)
		return AUTH_FAILED;
	for (size_t i = 0; i < n; i++)
		if (pwhash_fits(hashes[i], password))
			return weak("previous", detail);
	return AUTH_OK;
}

static enum auth_result store(struct auth *a, int64_t person, const char *hash, bool temporary)
{
	static const char *const steps[] = {
		"INSERT INTO old_password(person, hash, ended_at) "
		"SELECT person, hash, ?3 FROM person WHERE person = ?1 AND hash IS NOT NULL",
		"DELETE FROM old_password WHERE person = ?1 AND id NOT IN "
		"(SELECT id FROM old_password WHERE person = ?1 ORDER BY id DESC LIMIT ?5)",
		"INSERT INTO person(person, hash, temporary, set_at) VALUES(?1, ?2, ?4, ?3) ON CONFLICT(person) DO UPDATE SET "
		"hash = ?2, temporary = ?4, set_at = ?3, failures = 0, locked_until = 0",
	};
	struct err e;

	if (db_begin(a->db, &e))
		return AUTH_FAILED;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct stmt *s = db_sql(a->db, steps[i]);

		if (s) {
			bind_int(s, 1, person);
			if (i == 2)
				bind_z(s, 2, hash);
			if (i != 1)
				bind_int(s, 3, a->now());
			if (i == 2)
				bind_int(s, 4, temporary);
			if (i == 1)
				bind_int(s, 5, HISTORY_KEPT);
		}
		if (run_or_fail(s)) {
			db_rollback(a->db);
			return AUTH_FAILED;
		}
	}
	if (db_commit(a->db, &e)) {
		db_rollback(a->db);
		log_error("auth.store", "%s", e.text);
		return AUTH_FAILED;
	}
	return AUTH_OK;
}

enum auth_result password_set(struct auth *a, int64_t person, struct str password, bool temporary,
                              const struct str *guesses, size_t n, struct buf *detail)
{
	const char *why = weak_why(password, a->rules.min_length, guesses, n);
	char hash[PWHASH_LEN];
	enum auth_result r;

	if (person <= 0)
		return AUTH_NONE;
	if (why)
		return weak(why, detail);
	r = not_previous(a, person, password, detail);
	if (r)
		return r;
	if (pwhash_make(password, hash))
		return AUTH_FAILED;
	r = store(a, person, hash, temporary);
	sodium_memzero(hash, sizeof(hash));
	return r ? r : state_detail(a, person, -1, detail);
}
