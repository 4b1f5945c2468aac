/* The sender: outbox rows go to the vault in order, several under way at once; an acknowledgement gives the row its
 * index. */
#include "office/dispatch.h"

#include <poll.h>

#include "core/event.h"
#include "core/proto.h"
#include "queries.h"
#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "office/arrival.h"
#include "office/setting.h"

static int64_t hold_until; /* clock_mono; 0: not held back */
static int64_t sent; /* highest sequence handed to the vault on the present connection */

int64_t outbox_last(struct db *db)
{
	struct stmt *q = db_query(db, Q_OUTBOX_LAST);
	int64_t seq = step(q) == 1 ? col_int(q, 0) : 0;
	stmt_done(q);
	return seq;
}

void outbox_restart(void)
{
	sent = 0;
}

static int send_row(struct office *o, struct stmt *q)
{
	struct msg m;
	msg_init(&m, VAULT_APPEND);
	msg_put_z(&m, EVENT_SOURCE);
	msg_put_i64(&m, col_int(q, 0));
	msg_put_str(&m, col_str(q, 1));
	msg_put_str(&m, col_str(q, 2));
	int r = msg_send(o->vault, &m);
	msg_release(&m);
	return r;
}

void outbox_hold(int64_t until)
{
	hold_until = until;
}

bool outbox_held(void)
{
	return hold_until && clock_mono() < hold_until;
}

void outbox_hold_over(struct office *o)
{
	if (!hold_until || outbox_held())
		return;
	hold_until = 0;
	outbox_poke(o);
}

void outbox_poke(struct office *o)
{
	if (o->vault < 0 || o->role != OFFICE_WRITER || outbox_held())
		return;
	for (;;) {
		struct stmt *q = db_query(o->db, Q_OUTBOX_UNSENT);
		bind_int(q, 1, sent);
		int n = 0, r = 0;
		while (r >= 0 && step(q) == 1) {
			int64_t seq = col_int(q, 0);
			if ((r = send_row(o, q)) == 0) {
				sent = seq;
				n++;
			}
		}
		stmt_done(q);
		if (r < 0) {
			if (r != ERR_CLOSED)
				log_warn("office.outbox", "error=%s", err_text(r));
			return;
		}
		if (n < 64)
			return;
	}
}

int outbox_answer(struct office *o, struct msg *m)
{
	int64_t seq, index;
	uint32_t code;
	struct str text;
	struct err e = {0};
	if (m->type == VAULT_STATE)
		return arrival_vault(o, m);
	if (m->type == VAULT_REFUSE) {
		if (msg_i64(m, &seq) || msg_u32(m, &code) || msg_str(m, 4096, &text) || msg_end(m))
			return ERR_PROTO;
		log_error("office.vault-refused", "seq=%lld error=%s text=\"%.*s\"", (long long)seq, err_text(-(int)code),
		          STR_ARG(text));
		return 0;
	}
	if (m->type != VAULT_ACK || msg_i64(m, &seq) || msg_i64(m, &index) || msg_end(m))
		return ERR_PROTO;
	struct stmt *q = db_query(o->db, Q_OUTBOX_ACK);
	bind_int(q, 1, seq);
	bind_int(q, 2, index);
	if (run(q, &e) < 0)
		log_error("office.outbox-ack", "seq=%lld text=\"%s\"", (long long)seq, e.text); /* asked again after a restart: same answer */
	dispatch_sealed(o, seq);
	return 0;
}

int outbox_open(struct office *o, bool sealed, struct err *e)
{
	struct stmt *q = db_query(o->db, Q_OUTBOX_WAITING);
	int64_t n = 0, oldest = 0;
	if (step(q) == 1) {
		n = col_int(q, 0);
		oldest = col_int(q, 1);
	}
	stmt_done(q);
	bool away = o->vault < 0;
	bool old = n && clock_true() - oldest > setting_int(o->db, "outbox_age_minutes") * 60 * SECOND_US;
	if ((away && sealed) || n >= setting_int(o->db, "outbox_max") || (away && old))
		return err_set(e, ERR_BUSY, "%s", _("The evidence store does not answer, so nothing was changed. What you typed is still in your browser: "
		                                    "go back and send it again in a few minutes."));
	return 0;
}

void outbox_settle(struct office *o, int64_t most_ms)
{
	int64_t until = clock_mono() + most_ms * 1000;
	while (o->vault >= 0 && clock_mono() < until) {
		struct pollfd p = {.fd = o->vault, .events = POLLIN};
		struct msg m;
		struct stmt *q = db_query(o->db, Q_OUTBOX_WAITING);
		bool none = step(q) != 1 || col_int(q, 0) == 0;
		stmt_done(q);
		if (none)
			return;
		outbox_poke(o);
		if (poll(&p, 1, 50) != 1)
			continue;
		if (msg_recv(o->vault, &m) < 0)
			return;                                  /* the loop sees it, too */
		(void)!outbox_answer(o, &m);
		msg_release(&m);
	}
}
