#include "core/event.h"

#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/json.h"

#define SALT_LEN 16
#define BODY_MAX (64u << 10)

static int last_entry(struct db *db, int64_t *seq, uint8_t hash[SHA256_LEN], struct err *e)
{
	struct stmt *s = db_sql(db, "SELECT seq, hash FROM outbox ORDER BY seq DESC LIMIT 1");
	int r = s ? step(s) : ERR_DB;
	if (r < 0)
		return err_set(e, ERR_DB, "%s", db_error(db));
	*seq = 0;
	memset(hash, 0, SHA256_LEN);
	if (r == 1) {
		struct str h = col_str(s, 1);
		if (h.n != SHA256_LEN) {
			stmt_done(s);
			return err_set(e, ERR_CORRUPT, "outbox: hash of %lld", (long long)col_int(s, 0));
		}
		*seq = col_int(s, 0);
		memcpy(hash, h.p, SHA256_LEN);
		stmt_done(s);
	}
	return 0;
}

/* Keys always in this order and none left out, so that one event has one form. */
static void body_write(struct buf *out, const struct event *ev, int64_t seq, int64_t at, const char *change)
{
	struct jw j;
	jw_init(&j, out, false);
	jw_object(&j);
	jw_kz(&j, "source", EVENT_SOURCE);
	jw_kint(&j, "seq", seq);
	jw_kint(&j, "at", at);
	jw_kint(&j, "actor", ev->actor);
	jw_kint(&j, "on_behalf", ev->on_behalf);
	jw_kz(&j, "action", ev->action);
	jw_key(&j, "ledger");
	ev->ledger.p ? jw_str(&j, ev->ledger) : jw_null(&j);
	jw_kint(&j, "record", ev->record);
	jw_kint(&j, "version", ev->version);
	jw_kz(&j, "change", change);
	jw_key(&j, "detail");
	ev->detail.p ? jw_raw(&j, ev->detail) : jw_null(&j);
	jw_end_object(&j);
}

static int outbox_put(struct db *db, int64_t seq, const uint8_t prev[SHA256_LEN], struct str body, int64_t at,
                      struct err *e)
{
	uint8_t hash[SHA256_LEN];
	sha256(body.p, body.n, hash);
	struct stmt *s = db_sql(db, "INSERT INTO outbox(seq, prev, hash, body, at) VALUES (?1, ?2, ?3, ?4, ?5)");
	if (!s)
		return err_set(e, ERR_DB, "%s", db_error(db));
	bind_int(s, 1, seq);
	bind_blob(s, 2, prev, SHA256_LEN);
	bind_blob(s, 3, hash, SHA256_LEN);
	bind_blob(s, 4, body.p, body.n);
	bind_int(s, 5, at);
	return run(s, e);
}

static int log_put(struct db *db, const struct event *ev, int64_t seq, int64_t at, const uint8_t *salt, struct err *e)
{
	struct stmt *s = db_sql(db, "INSERT INTO record_log(seq, ledger, record, version, at, actor, on_behalf, action, salt, change)"
	                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
	if (!s)
		return err_set(e, ERR_DB, "%s", db_error(db));
	bind_int(s, 1, seq);
	bind_str(s, 2, ev->ledger);
	bind_int(s, 3, ev->record);
	bind_int(s, 4, ev->version);
	bind_int(s, 5, at);
	bind_int(s, 6, ev->actor);
	if (ev->on_behalf)
		bind_int(s, 7, ev->on_behalf);
	else
		bind_null(s, 7);
	bind_z(s, 8, ev->action);
	if (ev->change.p)
		bind_blob(s, 9, salt, SALT_LEN);
	else
		bind_null(s, 9);
	bind_str(s, 10, ev->change);
	return run(s, e);
}

int event_put(struct db *db, const struct event *ev, int64_t *ret_seq, struct err *e)
{
	uint8_t prev[SHA256_LEN], salt[SALT_LEN], digest[SHA256_LEN];
	struct buf body, hex;
	int64_t seq, at = clock_now();
	if (!db_in_tx(db))
		return err_set(e, ERR_WRONG_STATE, "event outside a transaction");
	int r = last_entry(db, &seq, prev, e);
	if (r < 0)
		return r;
	seq++;
	buf_init(&body, BODY_MAX);
	buf_init(&hex, SHA256_HEX);
	if (ev->change.p) {
		random_bytes(salt, sizeof salt);
		const struct str parts[] = {str_n(salt, sizeof salt), ev->change};
		sha256_parts(parts, ARRAY_LEN(parts), digest);
		buf_hex(&hex, digest, sizeof digest);
	}
	body_write(&body, ev, seq, at, ev->change.p ? buf_z(&hex) : NULL);
	r = buf_err(&body);
	if (r < 0)
		err_set(e, r, "event %s is too long", ev->action);
	else
		r = outbox_put(db, seq, prev, buf_view(&body), at, e);
	if (r >= 0)
		r = log_put(db, ev, seq, at, salt, e);
	buf_release(&body);
	buf_release(&hex);
	if (r >= 0 && ret_seq)
		*ret_seq = seq;
	return r < 0 ? r : 0;
}
