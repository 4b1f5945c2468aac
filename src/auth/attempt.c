/* Counting of wrong attempts, locks, and what a person has. */
#include "auth/auth.h"

#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"

#define MINUTE_US (60 * SECOND_US)

/* The two counters, and the statements that differ only in their name. */
static const struct {
	const char *read, *count, *lock;
} statements[] = {
	[ATTEMPT_PASSWORD] = {
		"SELECT locked_until, failures FROM person WHERE person = ?1",
		"UPDATE person SET failures = failures + 1 WHERE person = ?1",
		"UPDATE person SET locked_until = ?2, failures = 0 WHERE person = ?1 AND failures >= ?3 RETURNING locked_until",
	},
	[ATTEMPT_FACTOR] = {
		"SELECT locked_until, factor_failures FROM person WHERE person = ?1",
		"UPDATE person SET factor_failures = factor_failures + 1 WHERE person = ?1",
		"UPDATE person SET locked_until = ?2, factor_failures = 0 WHERE person = ?1 AND factor_failures >= ?3 "
		"RETURNING locked_until",
	},
};

enum auth_result attempt_begin(struct auth *a, int64_t person, enum attempt kind, int64_t *ret_until,
                               int64_t *ret_failures)
{
	struct stmt *s = db_sql(a->db, statements[kind].read);
	int64_t until = 0, failures = 0;
	bool known;
	int r;

	if (!s)
		return AUTH_FAILED;
	bind_int(s, 1, person);
	r = step(s);
	if (r < 0)
		return AUTH_FAILED;
	known = r == 1;
	if (known) {
		until = col_int(s, 0);
		failures = col_int(s, 1);
	}
	stmt_done(s);
	if (!known || until > a->now())                  /* one write in every case, so that time tells nothing */
		s = db_sql(a->db, "INSERT INTO meta VALUES('refused', 1) ON CONFLICT(name) DO UPDATE SET value = value + 1");
	else
		s = db_sql(a->db, statements[kind].count);
	if (s && known && until <= a->now())
		bind_int(s, 1, person);
	if (run_or_fail(s))
		return AUTH_FAILED;
	*ret_until = until;
	*ret_failures = failures;
	return !known ? AUTH_NONE : until > a->now() ? AUTH_LOCKED : AUTH_OK;
}

enum auth_result locked_detail(int64_t until, struct buf *detail)
{
	struct jw j;

	jw_init(&j, detail, false);
	jw_object(&j);
	jw_kint(&j, "until", until);
	jw_end_object(&j);
	return AUTH_LOCKED;
}

enum auth_result attempt_wrong(struct auth *a, int64_t person, enum attempt kind, struct buf *detail)
{
	int64_t until = a->now() + a->rules.lock_minutes * MINUTE_US;
	struct stmt *s;
	int r;

	if (a->rules.lock_after <= 0)
		return AUTH_WRONG;
	s = db_sql(a->db, statements[kind].lock);
	if (!s)
		return AUTH_FAILED;
	bind_int(s, 1, person);
	bind_int(s, 2, until);
	bind_int(s, 3, a->rules.lock_after);
	r = step(s);
	if (r == 1) {
		r = step(s);                             /* the update is only done when the statement has ended */
		stmt_done(s);
		return r < 0 ? AUTH_FAILED : locked_detail(until, detail);
	}
	return r < 0 ? AUTH_FAILED : AUTH_WRONG;
}

enum auth_result state_detail(struct auth *a, int64_t person, int64_t failures, struct buf *detail)
{
	struct stmt *s = db_sql(a->db,
		"SELECT hash IS NOT NULL, temporary, coalesce(set_at, 0), totp IS NOT NULL, locked_until, "
		"(SELECT count(*) FROM code WHERE code.person = person.person AND kind = 'recovery' AND used_at IS NULL), "
		"(SELECT count(*) FROM code WHERE code.person = person.person AND kind = 'sheet' AND used_at IS NULL), "
		"EXISTS(SELECT 1 FROM code WHERE code.person = person.person AND kind = 'sheet') "
		"FROM person WHERE person = ?1");
	struct jw j;
	int r;

	if (!s)
		return AUTH_FAILED;
	bind_int(s, 1, person);
	r = step(s);
	if (r != 1)
		return r < 0 ? AUTH_FAILED : AUTH_NONE;
	jw_init(&j, detail, false);
	jw_object(&j);
	jw_kbool(&j, "password", col_int(s, 0));
	jw_kbool(&j, "temporary", col_int(s, 1));
	jw_kint(&j, "set_at", col_int(s, 2));
	jw_kbool(&j, "totp", col_int(s, 3));
	jw_kbool(&j, "sheet", col_int(s, 7));   /* also when used up: the factor does not vanish by use */
	jw_kint(&j, "recovery_left", col_int(s, 5));
	jw_kint(&j, "sheet_left", col_int(s, 6));
	jw_kint(&j, "locked_until", col_int(s, 4) > a->now() ? col_int(s, 4) : 0);
	if (failures >= 0)
		jw_kint(&j, "failures", failures);
	jw_end_object(&j);
	stmt_done(s);
	return AUTH_OK;
}

enum auth_result auth_state(struct auth *a, int64_t person, struct buf *detail)
{
	return state_detail(a, person, -1, detail);
}

enum auth_result auth_unlock(struct auth *a, int64_t person)
{
	struct stmt *s = db_sql(a->db,
		"UPDATE person SET locked_until = 0, failures = 0, factor_failures = 0 WHERE person = ?1");
	enum auth_result r;

	if (!s)
		return AUTH_FAILED;
	bind_int(s, 1, person);
	r = run_or_fail(s);
	return r ? r : db_changes(a->db) ? AUTH_OK : AUTH_NONE;
}
