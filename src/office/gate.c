/* The writer's client of the gates (gate.0, gate.1 …; core/proto.h, docs/gate.md). Each has one file at a time. What a gate says
 * becomes true in one transaction: clean bytes on the disk, report, step of the record. A file that was given and has no result,
 * because a gate or this process died, is given again; after TRIES it is held. Nothing but a result that says "delivered" and whose
 * bytes have the hash the report names makes anything fetchable. */
#include <unistd.h>

#include "core/event.h"
#include "core/proto.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "office/dispatch.h"
#include "office/gate_work.h"
#include "queries.h"

#define PASSWORDS_MAX 64
#define TRIES 3
#define REPORT_MAX (16u << 20)
#define PATIENCE_US (120 * SECOND_US)                    /* a large file waits behind small ones no longer */
#define SMALL_MAX (4 << 20)                              /* bytes of a file that is looked at within seconds */
#define STEP_EVERY_US (700 * 1000)

static struct seat {
	char name[24];
	int fd;                                          /* -1: gone */
	int64_t record, told;                            /* in hand; when its progress was last written */
	int64_t since;
	char health[600];
} seats[GATES_MAX];
static size_t n_seats;
static struct {
	int64_t record;
	char text[GATE_PASSWORD_MAX + 1];
} passwords[PASSWORDS_MAX];
static bool pending;

void gate_password(int64_t record, struct str password)
{
	size_t at = 0;
	for (size_t i = 0; i < PASSWORDS_MAX; i++)
		if (!passwords[i].record || passwords[i].record == record) {
			at = i;
			break;
		}
	passwords[at].record = record;
	snprintf(passwords[at].text, sizeof(passwords[at].text), "%.*s", STR_ARG(password));
}

/* Taken out once: what is not in memory any more is asked for again. */
static void password_take(int64_t record, char out[GATE_PASSWORD_MAX + 1])
{
	out[0] = 0;
	for (size_t i = 0; i < PASSWORDS_MAX; i++)
		if (passwords[i].record == record && record) {
			memcpy(out, passwords[i].text, sizeof(passwords[i].text));
			explicit_bzero(&passwords[i], sizeof(passwords[i]));
		}
}

static int on_result(struct office *o, struct seat *s, struct msg *m)
{
	struct gate_work x;
	struct gate_verdict v = {.fd = -1, .text = -1, .since = s->since};
	uint8_t text = 0;
	if (msg_i64(m, &v.record) || msg_u32(m, &v.outcome) || msg_str(m, REPORT_MAX, &v.report) || msg_str(m, 4096, &v.name) ||
	    msg_str(m, 40, &v.language) || v.outcome > GATE_BLOCKED || (v.outcome == GATE_DELIVERED && msg_fd(m, &v.fd)) || msg_u8(m, &text) ||
	    (text && msg_fd(m, &v.text)) || msg_end(m) || v.record != s->record || !v.record) {
		if (v.fd >= 0)
			close(v.fd);
		if (v.text >= 0)
			close(v.text);
		return ERR_PROTO;
	}
	gate_work_begin(&x, o);
	if (gate_work_tx(&x, gate_settle, &v) < 0)                   /* full disk …: it stays in "checking" and is given again */
		log_warn("office.gate", "record=%lld text=\"the result could not be kept\"", (long long)v.record);
	else if (v.outcome != GATE_DELIVERED)
		transfer_remove(o, v.record, false);
	arena_free(x.a);
	if (v.fd >= 0)
		close(v.fd);
	if (v.text >= 0)
		close(v.text);
	s->record = 0;
	gate_soon(o);
	return 0;
}

static int on_step(struct office *o, struct seat *s, struct msg *m)
{
	struct err e = {0};
	struct str what;
	int64_t id;
	uint32_t done, of;
	if (msg_i64(m, &id) || msg_str(m, 64, &what) || msg_u32(m, &done) || msg_u32(m, &of) || msg_end(m) || id != s->record)
		return ERR_PROTO;
	if (clock_mono() - s->told < STEP_EVERY_US)
		return 0;
	s->told = clock_mono();
	struct stmt *q = db_query(o->db, Q_TRANSFER_FILE_STEP);
	bind_int(q, 1, id);
	bind_str(q, 2, what);
	bind_int(q, 3, done);
	bind_int(q, 4, of);
	if (run(q, &e) < 0)
		log_warn("office.gate", "text=\"%s\"", e.text);
	return 0;
}

int gate_answer(struct office *o, const char *peer, struct msg *m)
{
	struct str health;
	for (size_t i = 0; i < n_seats; i++) {
		if (strcmp(seats[i].name, peer) != 0)
			continue;
		switch (m->type) {
		case GATE_RESULT:
			return on_result(o, &seats[i], m);
		case GATE_STEP:
			return on_step(o, &seats[i], m);
		case GATE_HEALTH:
			if (msg_str(m, sizeof(seats[i].health) - 1, &health) || msg_end(m))
				return ERR_PROTO;
			snprintf(seats[i].health, sizeof(seats[i].health), "%.*s", STR_ARG(health));
			return 0;
		default:
			return ERR_PROTO;
		}
	}
	return ERR_PROTO;
}

/* --- giving ---------------------------------------------------------------------------------------------------------------------- */

struct waiting {
	int64_t record;
	bool received;                                   /* not yet given to anybody */
	struct str name;
	struct sealed kept;
	int64_t tries;
	bool outward;
};

static bool in_hand(int64_t record)
{
	for (size_t i = 0; i < n_seats; i++)
		if (seats[i].record == record)
			return true;
	return false;
}

/* The last gate is kept for small files, so that those who hand over a letter do not wait behind large ones. */
static int64_t size_for(const struct seat *s)
{
	return n_seats > 1 && s == &seats[n_seats - 1] ? SMALL_MAX : INT64_MAX;
}

static bool next_waiting(struct gate_work *x, int64_t size_max, struct waiting *ret)
{
	struct stmt *q = db_query(x->o->db, Q_TRANSFER_NEXT);
	bool found = false;
	bind_int(q, 1, clock_now() - PATIENCE_US);
	bind_int(q, 2, size_max);
	while (!found && step(q) == 1) {
		if (in_hand(col_int(q, 0)))
			continue;
		*ret = (struct waiting){.record = col_int(q, 0), .received = str_is(col_str(q, 1), "received"), .name = col_dup(q, 2, x->a),
		                        .tries = col_int(q, 6), .outward = col_int(q, 7), .kept.size = col_int(q, 3)};
		snprintf(ret->kept.sha256, sizeof(ret->kept.sha256), "%.*s", STR_ARG(col_str(q, 4)));
		snprintf(ret->kept.key, sizeof(ret->kept.key), "%.*s", STR_ARG(col_str(q, 5)));
		found = true;
	}
	stmt_done(q);
	return found;
}

static int mark_given(struct gate_work *x, void *arg, struct err *e)
{
	const struct waiting *wt = arg;
	struct pairs p = {.a = x->a};
	int r = 0;
	pairs_put(&p, "given_at", transfer_moment(x->a, x->w.now));
	struct values in = pairs_values(&p);
	if (wt->received)
		r = record_auto(&x->w, x->a, transfer_ledger(&x->w), wt->record, "give", &in, STR_NONE, e);
	struct stmt *q = r < 0 ? NULL : db_query(x->w.db, Q_TRANSFER_FILE_GIVEN);
	if (q)
		bind_int(q, 1, wt->record);
	return q ? run(q, e) : r;
}

static int refuse_waiting(struct gate_work *x, const struct waiting *wt, const char *code, const char *ja, const char *en)
{
	struct gate_verdict v = {.record = wt->record, .since = clock_mono(), .fd = -1, .text = -1};
	gate_say_no(x, &v, code, ja, en);
	return gate_work_tx(x, gate_settle, &v);
}

static int send(struct seat *s, const struct waiting *wt, int content)
{
	char password[GATE_PASSWORD_MAX + 1];
	struct msg m;
	password_take(wt->record, password);
	msg_init(&m, GATE_CLEAN);
	msg_put_i64(&m, wt->record);
	msg_put_str(&m, wt->name);
	msg_put_z(&m, wt->outward ? "text=yes\n" : "");
	msg_put_z(&m, password);
	msg_put_fd(&m, content);
	int r = msg_send(s->fd, &m);
	msg_release(&m);
	explicit_bzero(password, sizeof(password));
	return r;
}

/* 1: this seat has a file now; 0: nothing waits, or it could not be given. */
static int give(struct office *o, struct seat *s)
{
	struct gate_work x;
	struct waiting wt;
	struct err e = {0};
	int content = -1, got = 0;
	gate_work_begin(&x, o);
	if (!next_waiting(&x, size_for(s), &wt))
		goto out;
	if (wt.tries >= TRIES) {
		got = refuse_waiting(&x, &wt, "GATE-DIED", "検査が三度続けて終わりませんでした", "The check did not come to its end three times") == 0;
		goto out;
	}
	if (gate_work_tx(&x, mark_given, &wt) < 0)
		goto out;
	if (transfer_open_original(o, wt.record, &wt.kept, &content, &e) < 0) {
		log_error("office.gate", "record=%lld text=\"%s\"", (long long)wt.record, e.text);
		got = refuse_waiting(&x, &wt, "ORIGINAL-LOST", "受け取ったファイルが読めません。もう一度出してください", "The file received cannot be read; hand it over again") == 0;
		goto out;
	}
	s->record = wt.record;
	s->since = clock_mono();
	s->told = 0;
	if (send(s, &wt, content) < 0)
		s->record = 0;                           /* the pair is gone: on_peer comes, and it is given again */
	else
		got = 1;
out:
	if (content >= 0)
		close(content);
	explicit_bzero(&wt.kept, sizeof(wt.kept));
	arena_free(x.a);
	return got;
}

static void give_all(void *arg)
{
	struct office *o = arg;
	pending = false;
	for (size_t i = n_seats; i-- > 0;)               /* small files to the one kept for them first: the others stay free for any */
		for (int n = 0; n < 100 && seats[i].fd >= 0 && !seats[i].record && give(o, &seats[i]); n++)
			;
}

void gate_soon(struct office *o)
{
	if (pending || o->role != OFFICE_WRITER || !o->loop)
		return;
	pending = true;
	loop_after(o->loop, 0, give_all, o);
}

static void ask(struct seat *s)
{
	struct msg m;
	msg_init(&m, GATE_ASK);
	if (s->fd >= 0 && msg_send(s->fd, &m) < 0)
		log_warn("office.gate", "peer=%s text=\"not asked\"", s->name);
	msg_release(&m);
}

void gate_peer(struct office *o, const char *peer, int fd)
{
	size_t i = 0;
	while (i < n_seats && strcmp(seats[i].name, peer) != 0)
		i++;
	if (i == GATES_MAX)
		return;
	if (i == n_seats)
		n_seats++;                               /* in the order they start in; it does not matter which is the last */
	seats[i] = (struct seat){.fd = fd};
	snprintf(seats[i].name, sizeof(seats[i].name), "%s", peer);
	ask(&seats[i]);
	gate_soon(o);
}

size_t gate_states(struct gate_state *ret, size_t max)
{
	size_t n = 0;
	for (; n < n_seats && n < max; n++)
		ret[n] = (struct gate_state){seats[n].name, seats[n].fd >= 0, seats[n].record, seats[n].health[0] ? str_from(seats[n].health) : STR_NONE};
	return n;
}

void gate_ask_all(void)
{
	for (size_t i = 0; i < n_seats; i++)
		if (!seats[i].record)
			ask(&seats[i]);
}
