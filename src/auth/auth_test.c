/* The decisions of auth against a real store in a folder of its own. */
#include "auth/auth.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <sqlite3.h>

#include "auth/totp.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/text.h"

#define GOOD STR("kurage-no-sanpo-michi")
#define OTHER STR("ame-no-sakamichi-to-kyusu")

static char folder[64];
static int64_t clock_at;
static struct buf detail;

static int64_t test_now(void)
{
	return clock_at;
}

static void remove_folder(void)
{
	static const char *const names[] = {"auth.db", "auth.db-wal", "auth.db-shm", "auth.db-journal", "seal.key"};
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

static void open_again(struct auth *a)
{
	struct err e;

	assert_int_equal(auth_open(folder, a, &e), 0);
	a->now = test_now;
}

static int setup(void **state)
{
	struct auth *a = calloc(1, sizeof(*a));
	struct err e;

	snprintf(folder, sizeof(folder), "/tmp/auth_test.XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(auth_create(folder, &e), 0);
	open_again(a);
	clock_at = 1111111109 * SECOND_US;
	buf_init(&detail, DETAIL_MAX);
	*state = a;
	return 0;
}

static int teardown(void **state)
{
	auth_close(*state);
	free(*state);
	buf_release(&detail);
	remove_folder();
	return 0;
}

static enum auth_result set(struct auth *a, int64_t person, struct str password)
{
	buf_clear(&detail);
	return password_set(a, person, password, false, NULL, 0, &detail);
}

static enum auth_result verify(struct auth *a, int64_t person, struct str password)
{
	buf_clear(&detail);
	return password_verify(a, person, password, &detail);
}

static enum auth_result second(struct auth *a, int64_t person, const char *code)
{
	buf_clear(&detail);
	return factor_verify(a, person, str_from(code), &detail);
}

static json_t *said(void)
{
	json_t *j = json_loadb(detail.p, detail.n, 0, NULL);

	assert_non_null(j);
	return j;
}

static int64_t said_int(const char *key)
{
	json_t *j = said(), *v = json_object_get(j, key);
	int64_t n = json_is_true(v) ? 1 : json_integer_value(v);

	assert_non_null(v);
	json_decref(j);
	return n;
}

static void passwords(void **state)
{
	struct auth *a = *state;

	assert_int_equal(verify(a, 7, GOOD), AUTH_NONE);
	assert_int_equal(set(a, 7, GOOD), AUTH_OK);
	assert_int_equal(verify(a, 7, GOOD), AUTH_OK);
	assert_int_equal(said_int("failures"), 0);
	assert_int_equal(verify(a, 7, OTHER), AUTH_WRONG);
	assert_int_equal(verify(a, 8, GOOD), AUTH_NONE);
	assert_int_equal(verify(a, 7, STR("")), AUTH_WRONG);
	assert_int_equal(verify(a, 7, GOOD), AUTH_OK);
	assert_int_equal(said_int("failures"), 2);
	assert_int_equal(set(a, 0, GOOD), AUTH_NONE);
	assert_int_equal(set(a, 7, STR("password1234")), AUTH_WEAK);
	assert_memory_equal(detail.p, "{\"why\":\"common\"}", detail.n);
	auth_close(a);
	open_again(a);
	assert_int_equal(verify(a, 7, GOOD), AUTH_OK);
}

static void temporary(void **state)
{
	struct auth *a = *state;

	assert_int_equal(password_set(a, 7, GOOD, true, NULL, 0, &detail), AUTH_OK);
	assert_int_equal(verify(a, 7, GOOD), AUTH_TEMPORARY);
	assert_int_equal(said_int("temporary"), 1);
	assert_int_equal(set(a, 7, GOOD), AUTH_WEAK);    /* the same again is no change */
	assert_int_equal(set(a, 7, OTHER), AUTH_OK);
	assert_int_equal(verify(a, 7, OTHER), AUTH_OK);
}

static void history(void **state)
{
	struct auth *a = *state;
	char p[40];

	assert_int_equal(auth_set_rules(a, &(struct auth_rules){12, 5, 15, 3}), AUTH_OK);
	for (int i = 0; i < 4; i++) {
		snprintf(p, sizeof(p), "kurage-no-%c%c-sanpo-michi", 'k' + i, 'v' - i);
		assert_int_equal(set(a, 7, str_from(p)), AUTH_OK);
	}
	for (int i = 1; i < 4; i++) {
		snprintf(p, sizeof(p), "kurage-no-%c%c-sanpo-michi", 'k' + i, 'v' - i);
		assert_int_equal(set(a, 7, str_from(p)), AUTH_WEAK);
		assert_memory_equal(detail.p, "{\"why\":\"previous\"}", detail.n);
	}
	assert_int_equal(set(a, 7, STR("kurage-no-kv-sanpo-michi")), AUTH_OK);
}

static void lock(void **state)
{
	struct auth *a = *state;

	assert_int_equal(auth_set_rules(a, &(struct auth_rules){12, 3, 10, 0}), AUTH_OK);
	assert_int_equal(set(a, 7, GOOD), AUTH_OK);
	assert_int_equal(verify(a, 7, OTHER), AUTH_WRONG);
	assert_int_equal(verify(a, 7, OTHER), AUTH_WRONG);
	auth_close(a);                                   /* the count outlives the process */
	open_again(a);
	assert_int_equal(a->rules.lock_after, 3);
	assert_int_equal(verify(a, 7, OTHER), AUTH_LOCKED);
	assert_int_equal(said_int("until"), clock_at + 600 * SECOND_US);
	assert_int_equal(verify(a, 7, GOOD), AUTH_LOCKED);
	clock_at += 599 * SECOND_US;
	assert_int_equal(verify(a, 7, GOOD), AUTH_LOCKED);
	clock_at += 1 * SECOND_US;
	assert_int_equal(verify(a, 7, GOOD), AUTH_OK);
	for (int i = 0; i < 3; i++)
		(void)verify(a, 7, OTHER);
	assert_int_equal(verify(a, 7, GOOD), AUTH_LOCKED);
	assert_int_equal(auth_unlock(a, 7), AUTH_OK);
	assert_int_equal(verify(a, 7, GOOD), AUTH_OK);
	assert_int_equal(auth_unlock(a, 99), AUTH_NONE);
}

/* Base32 back to bytes, for what the person's app would do. */
static size_t unbase32(const char *in, uint8_t *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	unsigned v = 0, bits = 0;
	size_t n = 0;

	for (; *in; in++) {
		v = v << 5 | (unsigned)(strchr(digits, *in) - digits);
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			out[n++] = (uint8_t)(v >> bits);
		}
	}
	return n;
}

static void enrol(struct auth *a, int64_t person, uint8_t secret[TOTP_SECRET_LEN])
{
	char code[TOTP_DIGITS + 1];
	json_t *j;

	buf_clear(&detail);
	assert_int_equal(totp_begin(a, person, STR("10234 見本"), &detail), AUTH_OK);
	j = said();
	assert_int_equal(unbase32(json_string_value(json_object_get(j, "secret")), secret), TOTP_SECRET_LEN);
	assert_non_null(strstr(json_string_value(json_object_get(j, "uri")),
	                       "otpauth://totp/Sekisho:10234%20%E8%A6%8B%E6%9C%AC?secret="));
	json_decref(j);
	assert_int_equal(second(a, person, "000000"), AUTH_NONE); /* not yet in force */
	buf_clear(&detail);
	assert_int_equal(totp_confirm(a, person, STR("12345"), &detail), AUTH_WRONG);
	assert_int_equal(totp_code(str_n(secret, TOTP_SECRET_LEN), clock_at / SECOND_US / 30, TOTP_DIGITS, code), 0);
	assert_int_equal(totp_confirm(a, person, str_from(code), &detail), AUTH_OK);
	assert_int_equal(said_int("totp"), 1);
}

static void totp(void **state)
{
	struct auth *a = *state;
	uint8_t secret[TOTP_SECRET_LEN];
	char code[TOTP_DIGITS + 1], wrong[16], next[16];
	struct str key = {(const char *)secret, sizeof(secret)};
	int64_t step;

	assert_int_equal(set(a, 7, GOOD), AUTH_OK);
	assert_int_equal(second(a, 7, "123456"), AUTH_NONE);
	enrol(a, 7, secret);
	step = clock_at / SECOND_US / 30;
	assert_int_equal(totp_code(key, step, TOTP_DIGITS, code), 0);
	assert_int_equal(second(a, 7, code), AUTH_REPLAYED); /* confirming used it */
	clock_at += 30 * SECOND_US;
	assert_int_equal(totp_code(key, step + 1, TOTP_DIGITS, code), 0);
	snprintf(wrong, sizeof(wrong), "%06d", ((int)strtol(code, NULL, 10) + 499999) % 1000000);
	assert_int_equal(second(a, 7, wrong), AUTH_WRONG);
	snprintf(next, sizeof(next), "%.3s %s", code, code + 3);
	assert_int_equal(second(a, 7, next), AUTH_OK);
	assert_int_equal(second(a, 7, code), AUTH_REPLAYED);
	auth_close(a);
	open_again(a);
	assert_int_equal(second(a, 7, code), AUTH_REPLAYED);
	assert_int_equal(totp_code(key, step + 2, TOTP_DIGITS, code), 0);
	assert_int_equal(second(a, 7, code), AUTH_OK);   /* one step ahead is within the window */
	assert_int_equal(totp_code(key, step + 1, TOTP_DIGITS, code), 0);
	assert_int_equal(second(a, 7, code), AUTH_REPLAYED); /* older than the last used */
	assert_int_equal(factors_forget(a, 7), AUTH_OK);
	assert_int_equal(second(a, 7, code), AUTH_NONE);
	assert_int_equal(verify(a, 7, GOOD), AUTH_OK);
	assert_int_equal(said_int("totp"), 0);
}

static void factor_lock(void **state)
{
	struct auth *a = *state;
	uint8_t secret[TOTP_SECRET_LEN];

	assert_int_equal(set(a, 7, GOOD), AUTH_OK);
	enrol(a, 7, secret);
	assert_int_equal(auth_set_rules(a, &(struct auth_rules){12, 3, 10, 0}), AUTH_OK);
	clock_at += 3000 * SECOND_US;
	for (int i = 0; i < 2; i++)
		assert_int_equal(second(a, 7, "x"), AUTH_WRONG);
	assert_int_equal(second(a, 7, "x"), AUTH_LOCKED);
	assert_int_equal(verify(a, 7, GOOD), AUTH_LOCKED);
}

/* All codes of a kind, as printed. */
static json_t *make(struct auth *a, const char *kind, size_t want)
{
	json_t *j, *list;

	buf_clear(&detail);
	assert_int_equal(codes_make(a, 7, str_from(kind), &detail), AUTH_OK);
	j = said();
	list = json_incref(json_object_get(j, "codes"));
	json_decref(j);
	assert_int_equal(json_array_size(list), want);
	return list;
}

static void codes(void **state)
{
	struct auth *a = *state;
	json_t *recovery, *sheet, *fresh;

	assert_int_equal(set(a, 7, GOOD), AUTH_OK);
	recovery = make(a, "recovery", 10);
	sheet = make(a, "sheet", 60);
	assert_int_equal(second(a, 7, json_string_value(json_array_get(recovery, 3))), AUTH_OK);
	assert_int_equal(said_int("recovery_left"), 9);
	assert_int_equal(said_int("sheet"), 1);
	assert_int_equal(second(a, 7, json_string_value(json_array_get(recovery, 3))), AUTH_REPLAYED);
	assert_int_equal(second(a, 7, json_string_value(json_array_get(sheet, 59))), AUTH_OK);
	assert_int_equal(said_int("sheet_left"), 59);
	assert_int_equal(second(a, 7, json_string_value(json_array_get(sheet, 59))), AUTH_REPLAYED);
	assert_int_equal(second(a, 7, "0000-0000-0000-0000"), AUTH_WRONG);
	fresh = make(a, "recovery", 10);                 /* new ones end the old ones */
	assert_int_equal(second(a, 7, json_string_value(json_array_get(recovery, 4))), AUTH_WRONG);
	assert_int_equal(second(a, 7, json_string_value(json_array_get(fresh, 4))), AUTH_OK);
	assert_int_equal(codes_make(a, 7, STR("other"), &detail), AUTH_NONE);
	/* Another person's code is nobody's. */
	assert_int_equal(set(a, 8, GOOD), AUTH_OK);
	assert_int_equal(codes_make(a, 8, STR("recovery"), &detail), AUTH_OK);
	assert_int_equal(second(a, 8, json_string_value(json_array_get(fresh, 5))), AUTH_WRONG);
	json_decref(recovery);
	json_decref(sheet);
	json_decref(fresh);
}

/* Neither the secret nor a code nor a password can be read from the files without the key. */
static void at_rest(void **state)
{
	struct auth *a = *state;
	uint8_t secret[TOTP_SECRET_LEN];
	char path[128];
	struct stat st;
	struct buf b;
	struct err e;
	json_t *recovery;

	assert_int_equal(set(a, 7, GOOD), AUTH_OK);
	enrol(a, 7, secret);
	recovery = make(a, "recovery", 10);
	assert_int_equal(sqlite3_wal_checkpoint_v2(db_handle(a->db), NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL),
	                 SQLITE_OK);
	snprintf(path, sizeof(path), "%s/auth.db", folder);
	buf_init(&b, 1 << 20);
	assert_int_equal(file_read(path, 1 << 20, &b, &e), 0);
	assert_null(memmem(b.p, b.n, secret, sizeof(secret)));
	assert_null(memmem(b.p, b.n, GOOD.p, GOOD.n));
	assert_null(memmem(b.p, b.n, json_string_value(json_array_get(recovery, 0)), 4));
	assert_non_null(memmem(b.p, b.n, "$argon2id$v=19$m=65536,t=3,p=1$", 31));
	buf_release(&b);
	json_decref(recovery);
	snprintf(path, sizeof(path), "%s/seal.key", folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* A sealed secret moved to another person does not open. */
	assert_int_equal(set(a, 8, GOOD), AUTH_OK);
	assert_int_equal(db_exec(a->db,
	                         "UPDATE person SET totp = (SELECT totp FROM person WHERE person = 7) WHERE person = 8",
	                         &e), 0);
	assert_int_equal(second(a, 8, "123456"), AUTH_FAILED);
}

/* A store that cannot be written decides nothing, and is whole afterwards. */
static void full_disk(void **state)
{
	struct auth *a = *state;
	struct err e;

	assert_int_equal(set(a, 7, GOOD), AUTH_OK);
	assert_int_equal(db_exec(a->db, "PRAGMA query_only = ON", &e), 0);
	assert_int_equal(verify(a, 7, GOOD), AUTH_FAILED);
	assert_int_equal(verify(a, 7, OTHER), AUTH_FAILED);
	assert_int_equal(verify(a, 99, OTHER), AUTH_FAILED);
	assert_int_equal(set(a, 7, OTHER), AUTH_FAILED);
	buf_clear(&detail);
	assert_int_equal(codes_make(a, 7, STR("recovery"), &detail), AUTH_FAILED);
	assert_int_equal(detail.n, 0);
	assert_int_equal(totp_begin(a, 7, STR("x"), &detail), AUTH_FAILED);
	assert_int_equal(detail.n, 0);
	assert_int_equal(auth_set_rules(a, &(struct auth_rules){1, 1, 1, 1}), AUTH_FAILED);
	assert_int_equal(a->rules.min_length, 12);
	assert_int_equal(db_exec(a->db, "PRAGMA query_only = OFF", &e), 0);
	assert_int_equal(verify(a, 7, OTHER), AUTH_WRONG);
	assert_int_equal(verify(a, 7, GOOD), AUTH_OK);
	assert_int_equal(said_int("failures"), 1);
	assert_int_equal(said_int("recovery_left"), 0);
}

/* Making it again keeps what is there. */
static void create_twice(void **state)
{
	struct auth *a = *state;
	struct err e;

	assert_int_equal(set(a, 7, GOOD), AUTH_OK);
	auth_close(a);
	assert_int_equal(auth_create(folder, &e), 0);
	open_again(a);
	assert_int_equal(verify(a, 7, GOOD), AUTH_OK);
}

static void newer_store(void **state)
{
	struct auth *a = *state, b;
	struct err e;

	assert_int_equal(db_exec(a->db, "UPDATE meta SET value = 2 WHERE name = 'version'", &e), 0);
	assert_int_equal(auth_open(folder, &b, &e), ERR_VERSION);
	auth_close(&b);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(passwords), T(temporary), T(history), T(lock), T(totp), T(factor_lock),
	                                   T(codes), T(at_rest), T(full_disk), T(create_twice), T(newer_store)};

	if (text_open())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
