#include "office/restored.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "core/event.h"
#include "core/ledger_sql.h"
#include "core/proto.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/hash.h"
#include "lib/json.h"
#include "lib/log.h"
#include "office/dispatch.h"

#define MARK_MAX 65536
#define MISSING_MAX (256u << 20)
#define ANSWER_MS 2000
#define TRIES 100                                        /* of 50 ms: the log answers only for what is signed */

struct last {
	int64_t seq, index;
	uint8_t hash[SHA256_LEN];
};

int office_check(const char *dir, struct err *e)
{
	char path[4200];
	struct db *db;
	snprintf(path, sizeof(path), "%s/office/office.db", dir);
	int r = db_open(path, DB_READ, &db, e);
	if (r < 0)
		return r;
	r = ledger_functions(db) ? err_set(e, ERR_DB, "%s", db_error(db)) : db_check(db, e);
	db_close(db);
	return r;
}

/* --- where the log stands ---------------------------------------------------------------------------------------- */

static int ask(struct office *o, struct last *ret)
{
	struct msg m;
	msg_init(&m, VAULT_SOURCE);
	msg_put_z(&m, EVENT_SOURCE);
	int r = o->vault >= 0 ? msg_send(o->vault, &m) : ERR_CLOSED;
	msg_release(&m);
	while (r == 0) {
		struct pollfd p = {.fd = o->vault, .events = POLLIN};
		struct str hash;
		if (poll(&p, 1, ANSWER_MS) != 1 || msg_recv(o->vault, &m) < 0)
			return ERR_CLOSED;
		bool ours = m.type == VAULT_LAST;
		if (!ours)
			r = outbox_answer(o, &m);
		else if (msg_i64(&m, &ret->seq) || msg_str(&m, SHA256_LEN, &hash) || msg_i64(&m, &ret->index) || msg_end(&m) ||
		         (ret->seq && hash.n != SHA256_LEN))
			r = ERR_PROTO;
		else if (ret->seq)
			memcpy(ret->hash, hash.p, SHA256_LEN);
		msg_release(&m);
		if (ours)
			return r;
	}
	return r;
}

/* Sequence 0 when the log answers for nothing: it is new, or takes nothing for now. */
static int where_is_log(struct office *o, struct last *ret)
{
	*ret = (struct last){0};
	for (int i = 0; i < TRIES; i++, usleep(50000)) {
		int r = ask(o, ret);
		if (r < 0 || ret->seq)
			return r;
	}
	return 0;
}

/* --- what only one side has -------------------------------------------------------------------------------------- */

/* The hash of an event of the store; false when it has none of that number. */
static bool hash_of(struct db *db, int64_t seq, uint8_t out[SHA256_LEN])
{
	struct stmt *q = db_sql(db, "SELECT hash FROM outbox WHERE seq = ?1");
	bool found = false;
	if (!q)
		return false;
	bind_int(q, 1, seq);
	if (step(q) == 1 && col_str(q, 0).n == SHA256_LEN) {
		memcpy(out, col_str(q, 0).p, SHA256_LEN);
		found = true;
	}
	stmt_done(q);
	return found;
}

static int take_event(struct db *db, int64_t seq, int64_t index, struct str body, uint8_t prev[SHA256_LEN],
                      struct err *e)
{
	uint8_t hash[SHA256_LEN];
	struct stmt *q = db_sql(db, "INSERT INTO outbox(seq, prev, hash, body, at, idx) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
	if (!q)
		return err_set(e, ERR_DB, "%s", db_error(db));
	sha256(body.p, body.n, hash);
	bind_int(q, 1, seq);
	bind_blob(q, 2, prev, SHA256_LEN);
	bind_blob(q, 3, hash, SHA256_LEN);
	bind_blob(q, 4, body.p, body.n);
	bind_int(q, 5, clock_true());
	bind_int(q, 6, index);
	memcpy(prev, hash, SHA256_LEN);
	return run(q, e);
}

/* Every line continues the one before, and the last one is what the log says its last is: so none of them can be
 * made up. */
static int take_missing(struct office *o, const struct last *log, int64_t *seq, struct err *e)
{
	char path[400];
	uint8_t prev[SHA256_LEN] = {0};
	static char body[1u << 17];
	struct buf b;
	snprintf(path, sizeof(path), "%s/" RESTORED_MISSING, o->dir);
	buf_init(&b, MISSING_MAX);
	if (*seq && !hash_of(o->db, *seq, prev)) {
		buf_release(&b);
		return err_set(e, ERR_DB, "%s", db_error(o->db));
	}
	int r = file_read(path, MISSING_MAX, &b, e);
	struct str rest = buf_view(&b);
	while (r >= 0 && rest.n) {
		struct str text = str_cut(&rest, '\n'), index = str_cut(&text, ' '), number = str_cut(&text, ' ');
		int64_t at, n;
		long len = base64_decode(text, body, sizeof(body));
		if (str_int(index, 0, INT64_MAX, &at) < 0 || str_int(number, *seq + 1, *seq + 1, &n) < 0 || len < 0)
			r = err_set(e, ERR_CORRUPT, "%s", "the list of missing events is damaged");
		else if ((r = take_event(o->db, n, at, str_n(body, (size_t)len), prev, e)) == 0)
			*seq = n;
	}
	buf_release(&b);
	if (r >= 0 && (*seq != log->seq || memcmp(prev, log->hash, SHA256_LEN) != 0))
		r = err_set(e, ERR_CONFLICT, "%s", "the missing events do not lead to the log's last one");
	return r;
}

/* What the store believes sealed but the log does not have is to be sent again. Only here may an index be taken
 * back. */
static int send_again(struct db *db, int64_t after, struct err *e)
{
	struct buf trigger;
	buf_init(&trigger, 65536);
	struct stmt *q = db_sql(db, "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = 'outbox_fixed'");
	int r = q && step(q) == 1 ? 0 : err_set(e, ERR_DB, "%s", db_error(db));
	if (r == 0) {
		buf_str(&trigger, col_str(q, 0));
		stmt_done(q);
		r = db_exec(db, "DROP TRIGGER outbox_fixed", e);
	}
	q = r == 0 ? db_sql(db, "UPDATE outbox SET idx = NULL WHERE seq > ?1 AND idx IS NOT NULL") : NULL;
	if (q) {
		bind_int(q, 1, after);
		r = run(q, e);
	}
	if (r == 0)
		r = db_exec(db, buf_z(&trigger), e);
	buf_release(&trigger);
	return r;
}

/* --- the mark ---------------------------------------------------------------------------------------------------- */

static int settle(struct office *o, struct str mark, struct err *e)
{
	struct last log;
	uint8_t own[SHA256_LEN];
	struct buf detail;
	struct jw j;
	int64_t last = outbox_last(o->db), had = last;
	int r = where_is_log(o, &log);
	if (r < 0)
		return err_set(e, r, "the log does not answer");
	int64_t both = log.seq < last ? log.seq : last;
	if (both && (!hash_of(o->db, both, own) || (both == log.seq && memcmp(own, log.hash, SHA256_LEN) != 0)))
		return err_set(e, ERR_CONFLICT, "event %lld of the store is not the one in the log", (long long)both);
	if (log.seq > last)
		r = take_missing(o, &log, &last, e);
	else if (log.seq && (r = send_again(o->db, log.seq, e)) == 0)
		outbox_restart();
	if (r < 0)
		return r;
	buf_init(&detail, MARK_MAX);
	jw_init(&j, &detail, false);
	jw_object(&j);
	while (mark.n) {
		struct str value = str_cut(&mark, '\n'), key = str_cut(&value, ' ');
		char name[64];
		snprintf(name, sizeof(name), "%.*s", STR_ARG(key));
		if (key.n)
			jw_kstr(&j, name, value.p ? value : STR(""));
	}
	jw_kint(&j, "store_last", had);
	jw_kint(&j, "log_last", log.seq);
	jw_end_object(&j);
	struct event ev = {.action = "store.restored", .detail = buf_view(&detail)};
	r = event_put(o->db, &ev, NULL, e);
	buf_release(&detail);
	log_warn("office.restored", "store=%lld log=%lld", (long long)had, (long long)log.seq);
	return r;
}

int restored_settle(struct office *o, struct err *e)
{
	static const char *const names[] = {RESTORED_MARK, RESTORED_MISSING};
	char path[400];
	struct buf mark;
	snprintf(path, sizeof(path), "%s/" RESTORED_MARK, o->dir);
	buf_init(&mark, MARK_MAX);
	int r = file_read(path, MARK_MAX, &mark, e);
	if (r == 0 && (r = db_begin(o->db, e)) == 0) {
		r = settle(o, buf_view(&mark), e);
		if (r >= 0)
			r = db_commit(o->db, e);
		if (r < 0)
			db_rollback(o->db);
	} else if (r == ERR_NOTFOUND) {
		r = 0;
	}
	buf_release(&mark);
	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", o->dir, names[i]);
		(void)unlink(path);
	}
	return r;
}
