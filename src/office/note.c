/* Notes between the office's own processes (proto.h NOTE_*). */
#include "office/note.h"

#include "core/event.h"
#include "core/proto.h"
#include "queries.h"
#include "lib/json.h"
#include "lib/log.h"
#include "office/dispatch.h"
#include "office/job.h"

int note_read_put(struct db *db, int64_t actor, struct str ledger, int64_t record, struct str what, struct err *e)
{
	struct buf b;
	struct jw j;
	buf_init(&b, 16384);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kstr(&j, "what", what);
	jw_end_object(&j);
	struct event ev = {.action = "record.read", .actor = actor, .ledger = ledger, .record = record, .detail = buf_view(&b)};
	int r = event_put(db, &ev, NULL, e);
	buf_release(&b);
	return r;
}

int note_personal_read(struct ctx *c, struct str ledger, int64_t record, struct str what, struct err *e)
{
	if (c->office->role != OFFICE_READER)
		return note_read_put(c->office->db, c->actor.person, ledger, record, what, e);
	struct msg m;
	msg_init(&m, NOTE_READ);
	msg_put_i64(&m, c->actor.person);
	msg_put_str(&m, ledger);
	msg_put_i64(&m, record);
	msg_put_str(&m, what);
	int r = c->office->writer >= 0 ? msg_send(c->office->writer, &m) : ERR_CLOSED;
	msg_release(&m);
	/* What cannot be recorded is not shown. */
	return r < 0 ? err_set(e, ERR_BUSY, "%s", _("Reading personal data is recorded, and the record cannot be written just now.")) : 0;
}

static int in_own_transaction(struct office *o, int64_t actor, struct str ledger, int64_t record, struct str what)
{
	struct err e = {0};
	int r = db_begin(o->db, &e);
	if (r == 0 && (r = note_read_put(o->db, actor, ledger, record, what, &e)) == 0)
		r = db_commit(o->db, &e);
	if (r < 0) {
		db_rollback(o->db);
		log_error("office.note", "text=\"%s\"", e.text);
	}
	outbox_poke(o);
	return 0;
}

static int put_search(struct db *db, int64_t actor, int64_t order, struct str asked, struct str detail, struct err *e)
{
	struct event ev = {.action = "log.search", .actor = actor, .ledger = order ? STR("work-records") : STR_NONE, .record = order,
	                   .change = asked, .detail = detail};
	return event_put(db, &ev, NULL, e);
}

int note_search(struct ctx *c, int64_t order, struct str asked, struct str detail, struct err *e)
{
	if (c->office->role != OFFICE_READER)
		return put_search(c->office->db, c->actor.person, order, asked, detail, e);
	struct msg m;
	msg_init(&m, NOTE_SEARCH);
	msg_put_i64(&m, c->actor.person);
	msg_put_i64(&m, order);
	msg_put_str(&m, asked);
	msg_put_str(&m, detail);
	int r = c->office->writer >= 0 ? msg_send(c->office->writer, &m) : ERR_CLOSED;
	msg_release(&m);
	/* What cannot be recorded is not shown. */
	return r < 0 ? err_set(e, ERR_BUSY, "%s", _("Every search of logs is recorded, and the record cannot be written just now.")) : 0;
}

static int search_in_own_transaction(struct office *o, int64_t actor, int64_t order, struct str asked, struct str detail)
{
	struct err e = {0};
	int r = db_begin(o->db, &e);
	if (r == 0 && (r = put_search(o->db, actor, order, asked, detail, &e)) == 0)
		r = db_commit(o->db, &e);
	if (r < 0) {
		db_rollback(o->db);
		log_error("office.note", "text=\"%s\"", e.text);
	}
	outbox_poke(o);
	return 0;
}

static int session_seen(struct office *o, struct str hash, int64_t at, bool shown)
{
	struct err e = {0};
	struct stmt *q = db_query(o->db, Q_SESSION_SEEN);
	bind_str(q, 1, hash);
	bind_int(q, 2, at);
	bind_int(q, 3, shown);
	if (run(q, &e) < 0)
		log_error("office.note", "text=\"%s\"", e.text);
	return 0;
}

static int token_seen(struct office *o, int64_t id, int64_t at)
{
	struct err e = {0};
	struct stmt *q = db_query(o->db, Q_TOKEN_USED);
	bind_int(q, 1, id);
	bind_int(q, 2, at);
	if (run(q, &e) < 0)
		log_error("office.note", "text=\"%s\"", e.text);
	return 0;
}

static int job_note(struct office *o, struct msg *m)
{
	struct err e = {0};
	int64_t id;
	if (msg_i64(m, &id) || msg_end(m))
		return ERR_PROTO;
	if (job_comes(o, &e) < 0)
		log_error("office.job", "id=%lld text=\"%s\"", (long long)id, e.text);
	return 0;
}

int note_read(struct office *o, const char *peer, struct msg *m)
{
	struct str s, what;
	int64_t a, b;
	uint8_t shown;
	(void)peer;
	if (o->role != OFFICE_WRITER)
		return m->type == NOTE_JOB && o->role == OFFICE_JOB ? job_note(o, m) : ERR_PROTO;
	switch (m->type) {
	case NOTE_SESSION_SEEN:
		if (msg_str(m, 64, &s) || msg_i64(m, &a) || msg_u8(m, &shown) || msg_end(m))
			return ERR_PROTO;
		return session_seen(o, s, a, shown);
	case NOTE_READ:
		if (msg_i64(m, &a) || msg_str(m, 100, &s) || msg_i64(m, &b) || msg_str(m, 4096, &what) || msg_end(m))
			return ERR_PROTO;
		return in_own_transaction(o, a, s, b, what);
	case NOTE_TOKEN_SEEN:
		return msg_i64(m, &a) || msg_i64(m, &b) || msg_end(m) ? ERR_PROTO : token_seen(o, a, b);
	case NOTE_SEARCH:
		if (msg_i64(m, &a) || msg_i64(m, &b) || msg_str(m, 65536, &s) || msg_str(m, 65536, &what) || msg_end(m))
			return ERR_PROTO;
		return search_in_own_transaction(o, a, b, s, what);
	case NOTE_JUDGE:
		if (msg_end(m))
			return ERR_PROTO;
		assess_forget(o->checks, STR_NONE);
		o->assess_soon(o);
		return 0;
	case NOTE_OUTBOX:
		outbox_poke(o);
		return msg_end(m);
	default:
		return ERR_PROTO;
	}
}
