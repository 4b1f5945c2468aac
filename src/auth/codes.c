/* Recovery codes and the printed code sheet: made here, kept as keyed hashes, good once. */
#include "auth/factor.h"

#include <sodium.h>
#include <string.h>

#include "lib/json.h"

#define RECOVERY_CODES 10
#define RECOVERY_LEN 16                                  /* letters and digits without look-alikes: 5 bits each */
#define SHEET_CODES 60
#define SHEET_LEN 8                                      /* digits, for number pads */
#define CODE_HASH_LEN 32

static const char alphabet[33] = "abcdefghijkmnpqrstuvwxyz23456789";

static const struct code_kind {
	const char *name;
	size_t length;
	int count;
} code_kinds[] = {{"recovery", RECOVERY_LEN, RECOVERY_CODES}, {"sheet", SHEET_LEN, SHEET_CODES}};

static void code_hash(const struct auth *a, int64_t person, const struct code_kind *k, struct str code,
                      uint8_t out[CODE_HASH_LEN])
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, a->key, sizeof(a->key), CODE_HASH_LEN);
	crypto_generichash_update(&st, (const uint8_t *)k->name, strlen(k->name) + 1);
	crypto_generichash_update(&st, (const uint8_t *)&person, sizeof(person));
	crypto_generichash_update(&st, (const uint8_t *)code.p, code.n);
	crypto_generichash_final(&st, out, CODE_HASH_LEN);
}

static enum auth_result code_spend(struct auth *a, int64_t person, const struct code_kind *k,
                                   const uint8_t hash[CODE_HASH_LEN])
{
	struct stmt *s = db_sql(a->db,
		"UPDATE code SET used_at = ?4 WHERE person = ?1 AND kind = ?2 AND hash = ?3 AND used_at IS NULL");
	enum auth_result r;

	if (!s)
		return AUTH_FAILED;
	bind_int(s, 1, person);
	bind_z(s, 2, k->name);
	bind_blob(s, 3, hash, CODE_HASH_LEN);
	bind_int(s, 4, a->now());
	r = run_or_fail(s);
	return r ? r : db_changes(a->db) ? AUTH_OK : AUTH_WRONG;
}

/* How many codes of the kind there are, and whether one with this hash was used. */
static int code_counts(struct auth *a, int64_t person, const struct code_kind *k, const uint8_t hash[CODE_HASH_LEN],
                       int64_t *ret_all, bool *ret_used)
{
	struct stmt *s = db_sql(a->db,
		"SELECT count(*), total(hash = ?3 AND used_at IS NOT NULL) FROM code WHERE person = ?1 AND kind = ?2");
	int r;

	if (!s)
		return ERR_DB;
	bind_int(s, 1, person);
	bind_z(s, 2, k->name);
	bind_blob(s, 3, hash, CODE_HASH_LEN);
	r = step(s);
	if (r == 1) {
		*ret_all = col_int(s, 0);
		*ret_used = col_int(s, 1) > 0;
		stmt_done(s);
	}
	return r == 1 ? 0 : ERR_DB;
}

static enum auth_result verify_code(struct auth *a, int64_t person, const struct code_kind *k, struct str code)
{
	uint8_t hash[CODE_HASH_LEN];
	int64_t all;
	bool used;

	code_hash(a, person, k, code, hash);
	if (code_counts(a, person, k, hash, &all, &used))
		return AUTH_FAILED;
	if (all == 0)
		return AUTH_NONE;
	if (code.n != k->length)
		return AUTH_WRONG;
	return used ? AUTH_REPLAYED : code_spend(a, person, k, hash);
}

enum auth_result verify_recovery(struct auth *a, int64_t person, struct str code)
{
	return verify_code(a, person, &code_kinds[0], code);
}

enum auth_result verify_sheet(struct auth *a, int64_t person, struct str code)
{
	return verify_code(a, person, &code_kinds[1], code);
}

static void code_new(const struct code_kind *k, char *out)
{
	for (size_t i = 0; i < k->length; i++)
		out[i] = k->length == SHEET_LEN ? (char)('0' + randombytes_uniform(10)) : alphabet[randombytes_uniform(32)];
	out[k->length] = 0;
}

static enum auth_result code_store(struct auth *a, int64_t person, const struct code_kind *k, int number,
                                   const char *code)
{
	struct stmt *s = db_sql(a->db, "INSERT INTO code(person, kind, number, hash) VALUES(?1, ?2, ?3, ?4)");
	uint8_t hash[CODE_HASH_LEN];

	if (!s)
		return AUTH_FAILED;
	code_hash(a, person, k, str_from(code), hash);
	bind_int(s, 1, person);
	bind_z(s, 2, k->name);
	bind_int(s, 3, number);
	bind_blob(s, 4, hash, CODE_HASH_LEN);
	return run_or_fail(s);
}

/* As printed: in groups of four. */
static void put_grouped(struct jw *j, const char *code)
{
	char shown[RECOVERY_LEN + RECOVERY_LEN / 4 + 1];
	size_t n = 0;

	for (size_t i = 0; code[i]; i++) {
		if (i && i % 4 == 0)
			shown[n++] = '-';
		shown[n++] = code[i];
	}
	jw_str(j, str_n(shown, n));
	sodium_memzero(shown, sizeof(shown));
}

static enum auth_result codes_replace(struct auth *a, int64_t person, const struct code_kind *k, struct jw *j)
{
	static const char *const first[] = {"INSERT OR IGNORE INTO person(person) VALUES(?1)",
	                                    "DELETE FROM code WHERE person = ?1 AND kind = ?2"};
	char code[RECOVERY_LEN + 1];

	for (size_t i = 0; i < ARRAY_LEN(first); i++) {
		struct stmt *s = db_sql(a->db, first[i]);

		if (s) {
			bind_int(s, 1, person);
			if (i == 1)
				bind_z(s, 2, k->name);
		}
		if (run_or_fail(s))
			return AUTH_FAILED;
	}
	for (int i = 1; i <= k->count; i++) {
		code_new(k, code);
		if (code_store(a, person, k, i, code))
			return AUTH_FAILED;
		put_grouped(j, code);
	}
	sodium_memzero(code, sizeof(code));
	return AUTH_OK;
}

enum auth_result codes_make(struct auth *a, int64_t person, struct str kind, struct buf *detail)
{
	const struct code_kind *k = NULL;
	enum auth_result r;
	struct jw j;
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(code_kinds); i++)
		if (str_is(kind, code_kinds[i].name))
			k = &code_kinds[i];
	if (!k || person <= 0)
		return AUTH_NONE;
	if (db_begin(a->db, &e))
		return AUTH_FAILED;
	jw_init(&j, detail, false);
	jw_object(&j);
	jw_key(&j, "codes");
	jw_array(&j);
	r = codes_replace(a, person, k, &j);
	jw_end_array(&j);
	jw_end_object(&j);
	if (r == AUTH_OK && db_commit(a->db, &e))
		r = AUTH_FAILED;
	if (r) {
		db_rollback(a->db);
		buf_clear(detail);
	}
	return r;
}
