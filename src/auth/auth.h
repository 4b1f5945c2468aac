/* auth: passwords and second factors. Owns DIR/auth (auth.db, seal.key); answers questions of the office's writer and
 * nobody else. What it learned is on disk before it answers; when the store fails, nothing is decided (AUTH_FAILED). */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include <stdbool.h>

#include "core/proto.h"
#include "lib/buf.h"
#include "lib/db.h"

#define PASSWORD_BYTES_MAX 1024
#define CODE_MAX 64
#define LABEL_MAX 200
#define GUESSES_MAX 64
#define GUESS_MAX 300
#define SEAL_KEY_LEN 32
#define DETAIL_MAX 16384

struct auth_rules {
	int64_t min_length;                              /* characters */
	int64_t lock_after;                              /* wrong attempts in a row; 0: never */
	int64_t lock_minutes;
	int64_t history;                                 /* this many last passwords may not come back */
};

struct auth {
	struct db *db;
	char dir[4096];
	uint8_t key[SEAL_KEY_LEN];
	struct auth_rules rules;
	char *nobody;                                    /* a hash no password has: the work for unknown persons */
	int64_t (*now)(void);                            /* µs UTC; a test sets its own */
};

/* Makes dir with key and store; keeps what is there already. */
int auth_create(const char *dir, struct err *e) MUST_USE;
/* `a` is filled; auth_close in every case. */
int auth_open(const char *dir, struct auth *a, struct err *e) MUST_USE;
void auth_close(struct auth *a);
/* A copy of the store at DIR/backup.db, for `sekisho backup`; false removes it. */
enum auth_result auth_backup(struct auth *a, bool make);
/* A store at rest is whole: ERR_CORRUPT when not. */
int auth_check(const char *dir, struct err *e) MUST_USE;

/* Each decides one question; JSON for the answer is appended to detail (see core/proto.h). */
enum auth_result password_verify(struct auth *a, int64_t person, struct str password, struct buf *detail);
enum auth_result password_set(struct auth *a, int64_t person, struct str password, bool temporary,
                              const struct str *guesses, size_t n, struct buf *detail);
enum auth_result auth_state(struct auth *a, int64_t person, struct buf *detail);
enum auth_result auth_unlock(struct auth *a, int64_t person);
enum auth_result auth_set_rules(struct auth *a, const struct auth_rules *r);
enum auth_result totp_begin(struct auth *a, int64_t person, struct str label, struct buf *detail);
enum auth_result totp_confirm(struct auth *a, int64_t person, struct str code, struct buf *detail);
/* Any second factor the person has: tries the rows of verifiers[] (factor.c) in order. */
enum auth_result factor_verify(struct auth *a, int64_t person, struct str code, struct buf *detail);
enum auth_result codes_make(struct auth *a, int64_t person, struct str kind, struct buf *detail);
enum auth_result factors_forget(struct auth *a, int64_t person);

/* Shared by the modules of this program. */

/* Failure counting around an attempt. locked: *ret_until is set and the attempt must not count. */
enum attempt { ATTEMPT_PASSWORD, ATTEMPT_FACTOR };
enum auth_result attempt_begin(struct auth *a, int64_t person, enum attempt kind, int64_t *ret_until,
                               int64_t *ret_failures);
enum auth_result attempt_wrong(struct auth *a, int64_t person, enum attempt kind, struct buf *detail);
enum auth_result locked_detail(int64_t until, struct buf *detail);
/* {"totp":…} as AUTH_OK promises; failures < 0 is left out. */
enum auth_result state_detail(struct auth *a, int64_t person, int64_t failures, struct buf *detail);
bool person_known(struct auth *a, int64_t person);

/* Sealing at rest: XChaCha20-Poly1305, bound to the person. Bytes written to ret, negative when it does not open. */
#define SEAL_OVERHEAD 40
long seal(const struct auth *a, int64_t person, const void *p, size_t n, uint8_t *ret, size_t cap);
long unseal(const struct auth *a, int64_t person, struct str sealed, uint8_t *ret, size_t cap);

/* Closes a statement that gave a row; runs one that gives none. Anything that fails is AUTH_FAILED. */
enum auth_result run_or_fail(struct stmt *s);

#endif
