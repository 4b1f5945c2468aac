/* Second factors. A new kind (a FIDO2 key, the city's Windows sign-in) is a row of verifiers[]. */
#include "auth/factor.h"

#include <sodium.h>
#include <string.h>

#include "auth/totp.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/text.h"

#define ISSUER "Sekisho"

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

/* --- TOTP -------------------------------------------------------------------------------------------------------- */

/* The opened secret of a column; 0 when there is none, negative on failure. */
static long totp_secret(struct auth *a, int64_t person, const char *sql, uint8_t out[TOTP_SECRET_LEN],
                        int64_t *ret_last)
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
	struct stmt *s = db_sql(a->db,
		"UPDATE person SET totp_step = ?2, factor_failures = 0 WHERE person = ?1 AND totp_step < ?2");
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
	buf_printf(out, "?secret=%s&issuer=" ISSUER "&algorithm=SHA1&digits=%d&period=%d", secret, TOTP_DIGITS,
	           TOTP_STEP_SECONDS);
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

/* --- any of them ------------------------------------------------------------------------------------------------- */

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
