/* Second factors. A new kind (a FIDO2 key, the city's Windows sign-in) is a row of verifiers[]. */
#include "auth/auth.h"

#include <sodium.h>
#include <string.h>

#include "auth/totp.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/text.h"

#define RECOVERY_CODES 10
#define RECOVERY_LEN 16                                  /* letters and digits without look-alikes: 5 bits each */
#define SHEET_CODES 60
#define SHEET_LEN 8                                      /* digits, for number pads */
#define CODE_HASH_LEN 32
#define ISSUER "Sekisho"

static const char alphabet[33] = "abcdefghijkmnpqrstuvwxyz23456789";

/* Codes as people type them: full width, blanks, hyphens and capitals do not matter. */
static struct str typed(struct str code, char out[CODE_MAX])
{
	struct buf b;
	size_t n = 0;

	buf_init(&b, 4 * CODE_MAX);
	if (code.n <= CODE_MAX && text_fold(code, &b) == 0)
		for (size_t i = 0; i < b.n && n < CODE_MAX; i++)
			if (b.p[i] != ' ' && b.p[i] != '-')
				out[n++] = b.p[i];
	buf_release(&b);
	return str_n(out, n);
}

/* --- TOTP --------------------------------------------------------------------------------------------------------------- */

/* The opened secret of a column; 0 when there is none, negative on failure. */
static long totp_secret(struct auth *a, int64_t person, const char *sql, uint8_t out[TOTP_SECRET_LEN], int64_t *ret_last)
{
	struct stmt *s = db_sql(a->db, sql);
	long n = 0;
	int r;

	if (!s)
		return ERR_DB;
	bind_int(s, 1, person);
	r = step(s);
	if (r == 1 && !col_null(s, 0)) {
		n = unseal(a, person, col_str(s, 0), out, TOTP_SECRET_LEN);
		*ret_last = col_int(s, 1);
	}
	stmt_done(s);
	if (n < 0)
		log_error("auth.seal", "a secret does not open with this seal.key");
	return r < 0 ? r : n;
}

static enum auth_result totp_accept(struct auth *a, int64_t person, int64_t at)
{
	struct stmt *s = db_sql(a->db, "UPDATE person SET totp_step = ?2, factor_failures = 0 WHERE person = ?1 AND totp_step < ?2");
	enum auth_result r;

	if (!s)
		return AUTH_FAILED;
	bind_int(s, 1, person);
	bind_int(s, 2, at);
	r = run_or_fail(s);
	return r ? r : db_changes(a->db) ? AUTH_OK : AUTH_REPLAYED;
}

static enum auth_result verify_totp(struct auth *a, int64_t person, struct str code)
{
	uint8_t secret[TOTP_SECRET_LEN];
	int64_t last, at;
	long n = totp_secret(a, person, "SELECT totp, totp_step FROM person WHERE person = ?1", secret, &last);

	if (n <= 0)
		return n < 0 ? AUTH_FAILED : AUTH_NONE;
	at = totp_step_of(str_n(secret, (size_t)n), a->now(), code);
	sodium_memzero(secret, sizeof(secret));
	if (at < 0)
		return AUTH_WRONG;
	return at <= last ? AUTH_REPLAYED : totp_accept(a, person, at);
}

static void base32(const uint8_t *p, size_t n, char *out)
{
	static const char digits[33] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

	for (size_t bit = 0; bit < n * 8; bit += 5)
		*out++ = digits[((p[bit / 8] << 8 | (bit / 8 + 1 < n ? p[bit / 8 + 1] : 0)) >> (11 - bit % 8)) & 31];
	*out = 0;
}

static void put_uri(struct buf *out, struct str label, const char *secret)
{
	buf_puts(out, "otpauth://totp/" ISSUER ":");
	for (size_t i = 0; i < label.n; i++) {
		unsigned char c = (unsigned char)label.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~@", c))
			buf_putc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
	buf_printf(out, "?secret=%s&issuer=" ISSUER "&algorithm=SHA1&digits=%d&period=%d", secret, TOTP_DIGITS, TOTP_STEP_SECONDS);
}

static void totp_detail(struct str label, const uint8_t secret[TOTP_SECRET_LEN], struct buf *detail)
{
	char text[TOTP_SECRET_LEN * 8 / 5 + 1];
	struct buf uri;
	struct jw j;

	buf_init(&uri, 2048);
	base32(secret, TOTP_SECRET_LEN, text);
	put_uri(&uri, label, text);
	jw_init(&j, detail, false);
	jw_object(&j);
	jw_kz(&j, "secret", text);
	jw_kstr(&j, "uri", buf_view(&uri));
	jw_end_object(&j);
	buf_release(&uri);
	sodium_memzero(text, sizeof(text));
}

enum auth_result totp_begin(struct auth *a, int64_t person, struct str label, struct buf *detail)
{
	uint8_t secret[TOTP_SECRET_LEN], sealed[TOTP_SECRET_LEN + SEAL_OVERHEAD];
	struct stmt *s = db_sql(a->db, "INSERT INTO person(person, totp_next) VALUES(?1, ?2) "
	                               "ON CONFLICT(person) DO UPDATE SET totp_next = ?2");
	enum auth_result r;
	long n;

	if (person <= 0 || !s)
		return person <= 0 ? AUTH_NONE : AUTH_FAILED;
	randombytes_buf(secret, sizeof(secret));
	n = seal(a, person, secret, sizeof(secret), sealed, sizeof(sealed));
	bind_int(s, 1, person);
	bind_blob(s, 2, sealed, (size_t)n);
	r = run_or_fail(s);
	if (r == AUTH_OK)
		totp_detail(label, secret, detail);
	sodium_memzero(secret, sizeof(secret));
	return r;
}

enum auth_result totp_confirm(struct auth *a, int64_t person, struct str code, struct buf *detail)
{
	uint8_t secret[TOTP_SECRET_LEN];
	char plain[CODE_MAX];
	int64_t last, at;
	long n = totp_secret(a, person, "SELECT totp_next, 0 FROM person WHERE person = ?1", secret, &last);
	struct stmt *s;
	enum auth_result r;

	if (n <= 0)
		return n < 0 ? AUTH_FAILED : AUTH_NONE;
	at = totp_step_of(str_n(secret, (size_t)n), a->now(), typed(code, plain));
	sodium_memzero(secret, sizeof(secret));
	if (at < 0)
		return AUTH_WRONG;
	s = db_sql(a->db, "UPDATE person SET totp = totp_next, totp_next = NULL, totp_step = ?2, factor_failures = 0 "
	               "WHERE person = ?1");
	if (!s)
		return AUTH_FAILED;
	bind_int(s, 1, person);
	bind_int(s, 2, at);
	r = run_or_fail(s);
	return r ? r : state_detail(a, person, -1, detail);
}

/* --- recovery codes and code sheet ---------------------------------------------------------------------------------------- */

static const struct code_kind {
	const char *name;
	size_t length;
	int count;
} code_kinds[] = {{"recovery", RECOVERY_LEN, RECOVERY_CODES}, {"sheet", SHEET_LEN, SHEET_CODES}};

static void code_hash(const struct auth *a, int64_t person, const struct code_kind *k, struct str code, uint8_t out[CODE_HASH_LEN])
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, a->key, sizeof(a->key), CODE_HASH_LEN);
	crypto_generichash_update(&st, (const uint8_t *)k->name, strlen(k->name) + 1);
	crypto_generichash_update(&st, (const uint8_t *)&person, sizeof(person));
	crypto_generichash_update(&st, (const uint8_t *)code.p, code.n);
	crypto_generichash_final(&st, out, CODE_HASH_LEN);
}

static enum auth_result code_spend(struct auth *a, int64_t person, const struct code_kind *k, const uint8_t hash[CODE_HASH_LEN])
{
	struct stmt *s = db_sql(a->db, "UPDATE code SET used_at = ?4 WHERE person = ?1 AND kind = ?2 AND hash = ?3 AND used_at IS NULL");
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
	struct stmt *s = db_sql(a->db, "SELECT count(*), total(hash = ?3 AND used_at IS NOT NULL) FROM code WHERE person = ?1 AND kind = ?2");
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

static enum auth_result verify_recovery(struct auth *a, int64_t person, struct str code)
{
	return verify_code(a, person, &code_kinds[0], code);
}

static enum auth_result verify_sheet(struct auth *a, int64_t person, struct str code)
{
	return verify_code(a, person, &code_kinds[1], code);
}

static void code_new(const struct code_kind *k, char *out)
{
	for (size_t i = 0; i < k->length; i++)
		out[i] = k->length == SHEET_LEN ? (char)('0' + randombytes_uniform(10)) : alphabet[randombytes_uniform(32)];
	out[k->length] = 0;
}

static enum auth_result code_store(struct auth *a, int64_t person, const struct code_kind *k, int number, const char *code)
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

/* --- any of them ------------------------------------------------------------------------------------------------------------ */

/* AUTH_NONE: the person has no such factor. */
static const struct verifier {
	const char *kind;
	enum auth_result (*verify)(struct auth *a, int64_t person, struct str code);
} verifiers[] = {{"totp", verify_totp}, {"sheet", verify_sheet}, {"recovery", verify_recovery}};

static enum auth_result any_factor(struct auth *a, int64_t person, struct str code, const char **ret_kind)
{
	enum auth_result worst = AUTH_NONE;

	for (size_t i = 0; i < ARRAY_LEN(verifiers); i++) {
		enum auth_result r = verifiers[i].verify(a, person, code);

		*ret_kind = verifiers[i].kind;
		if (r == AUTH_OK || r == AUTH_FAILED || r == AUTH_REPLAYED)
			return r;
		if (r == AUTH_WRONG)
			worst = AUTH_WRONG;
	}
	return worst;
}

static enum auth_result factor_right(struct auth *a, int64_t person)
{
	struct stmt *s = db_sql(a->db, "UPDATE person SET factor_failures = 0 WHERE person = ?1");

	if (!s)
		return AUTH_FAILED;
	bind_int(s, 1, person);
	return run_or_fail(s);
}

enum auth_result factor_verify(struct auth *a, int64_t person, struct str code, struct buf *detail)
{
	int64_t until = 0, failures = 0;
	enum auth_result r = attempt_begin(a, person, ATTEMPT_FACTOR, &until, &failures);
	const char *kind = "";
	char plain[CODE_MAX];

	if (r == AUTH_LOCKED)
		return locked_detail(until, detail);
	if (r)
		return r;
	r = any_factor(a, person, typed(code, plain), &kind);
	if (r == AUTH_OK)
		r = factor_right(a, person);
	if (r == AUTH_OK)
		r = state_detail(a, person, -1, detail);
	return r == AUTH_WRONG ? attempt_wrong(a, person, ATTEMPT_FACTOR, detail) : r;
}

enum auth_result factors_forget(struct auth *a, int64_t person)
{
	static const char *const steps[] = {
		"UPDATE person SET totp = NULL, totp_next = NULL, totp_step = 0, factor_failures = 0 WHERE person = ?1",
		"DELETE FROM code WHERE person = ?1",
	};
	struct err e;

	if (!person_known(a, person))
		return AUTH_NONE;
	if (db_begin(a->db, &e))
		return AUTH_FAILED;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct stmt *s = db_sql(a->db, steps[i]);

		if (s)
			bind_int(s, 1, person);
		if (run_or_fail(s)) {
			db_rollback(a->db);
			return AUTH_FAILED;
		}
	}
	if (db_commit(a->db, &e)) {
		db_rollback(a->db);
		return AUTH_FAILED;
	}
	return AUTH_OK;
}
