/* By the minute: what is past its time goes, what an older gate held is checked again. Once after the start: bytes and rows are
 * made to agree, so that after a crash or a restore nothing is offered that is not there. */
#include "core/event.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "office/dispatch.h"
#include "office/gate_work.h"
#include "queries.h"

static size_t ids_of(struct stmt *q, int64_t *ids, size_t max)
{
	size_t n = 0;
	while (n < max && step(q) == 1)
		ids[n++] = col_int(q, 0);
	stmt_done(q);
	return n;
}

struct sweep {
	int64_t ids[500];
	size_t n, n_outs;
	int64_t outs[500];
};

static int sweep_rows(struct gate_work *x, void *arg, struct err *e)
{
	struct sweep *s = arg;
	struct stmt *q = db_query(x->w.db, Q_TRANSFER_ORIGINALS_OLD);
	bind_str(q, 1, x->w.today);
	s->n = ids_of(q, s->ids, ARRAY_LEN(s->ids));
	s->n_outs = ids_of(db_query(x->w.db, Q_TRANSFER_OUTS_OLD), s->outs, ARRAY_LEN(s->outs));
	int r = 0;
	q = db_query(x->w.db, Q_TRANSFER_ONCE_OLD);
	bind_int(q, 1, x->w.now - 7 * 86400 * SECOND_US);
	r = run(q, e);
	for (size_t i = 0; i < s->n && r >= 0; i++) {
		const struct event ev = {.action = "transfer.original-removed", .ledger = STR("transfers"), .record = s->ids[i]};
		q = db_query(x->w.db, Q_TRANSFER_FILE_GONE);
		bind_int(q, 1, s->ids[i]);
		r = run(q, e);
		if (r >= 0)
			r = event_put(x->w.db, &ev, NULL, e);
	}
	for (size_t i = 0; i < s->n_outs && r >= 0; i++) {
		q = db_query(x->w.db, Q_TRANSFER_OUT_GONE);
		bind_int(q, 1, s->outs[i]);
		r = run(q, e);
	}
	return r;
}

/* Held by an older version, the original still there: it is checked again. */
static int retry_rows(struct gate_work *x, void *arg, struct err *e)
{
	int64_t ids[200];
	struct stmt *q = db_query(x->w.db, Q_TRANSFER_RETRY);
	int r = 0;
	(void)arg;
	bind_z(q, 1, "sekisho " SEKISHO_VERSION);
	size_t n = ids_of(q, ids, ARRAY_LEN(ids));
	for (size_t i = 0; i < n && r >= 0; i++) {
		q = db_query(x->w.db, Q_TRANSFER_FILE_AGAIN);
		bind_int(q, 1, ids[i]);
		if ((r = run(q, e)) >= 0)
			r = record_auto(&x->w, x->a, transfer_ledger(&x->w), ids[i], "retry", &(struct values){0}, STR_NONE, e);
	}
	return r;
}

/* --- once after the start ------------------------------------------------------------------------------------------------- */

struct agree {
	struct office *o;
	int64_t lost[500];
	size_t n, removed;
};

/* Bytes that no row names: a crash came between, or the row is younger than they are. */
static void one_file(void *arg, int64_t record, bool original)
{
	struct agree *g = arg;
	struct stmt *q = db_query(g->o->db, Q_TRANSFER_FILE_GET);
	bind_int(q, 1, record);
	bool named = step(q) == 1 && !col_null(q, original ? 2 : 4);
	stmt_done(q);
	if (named)
		return;
	transfer_remove(g->o, record, original);
	g->removed++;
}

static int expire_lost(struct gate_work *x, void *arg, struct err *e)
{
	struct agree *g = arg;
	int r = 0;
	for (size_t i = 0; i < g->n && r >= 0; i++)
		r = record_auto(&x->w, x->a, transfer_ledger(&x->w), g->lost[i], "expire", &(struct values){0},
		                STR("保管していたファイルがありません。もう一度出してください / The file is no longer kept; hand it over again"), e);
	return r;
}

static void agree(struct office *o)
{
	struct agree *g = xmalloc(sizeof(*g));
	struct gate_work x;
	struct err e = {0};
	*g = (struct agree){.o = o};
	if (transfer_each(o, one_file, g, &e) < 0)
		log_error("office.transfers", "text=\"%s\"", e.text);
	struct stmt *q = db_query(o->db, Q_TRANSFER_OUTS);
	while (g->n < ARRAY_LEN(g->lost) && step(q) == 1)
		if (!transfer_has_out(o, col_int(q, 0)))
			g->lost[g->n++] = col_int(q, 0);
	stmt_done(q);
	gate_work_begin(&x, o);
	if (g->n && gate_work_tx(&x, expire_lost, g) == 0)
		log_warn("office.transfers", "lost=%zu text=\"files to be fetched are not there; they have expired\"", g->n);
	arena_free(x.a);
	if (g->removed)
		log_warn("office.transfers", "removed=%zu text=\"files that no record names\"", g->removed);
	free(g);
}

void gate_tick(struct office *o)
{
	struct gate_work x;
	struct sweep *s = xmalloc(sizeof(*s));
	static bool agreed;
	if (o->role == OFFICE_WRITER && transfer_ledger(&(struct world){.ledgers = o->ledgers})) {
		if (!agreed)
			agree(o);
		agreed = true;
		gate_work_begin(&x, o);
		*s = (struct sweep){0};
		if (gate_work_tx(&x, sweep_rows, s) == 0) {
			for (size_t i = 0; i < s->n; i++)
				transfer_remove(o, s->ids[i], true);
			for (size_t i = 0; i < s->n_outs; i++)
				transfer_remove(o, s->outs[i], false);
		}
		if (gate_states((struct gate_state[1]){{0}}, 1))
			(void)!gate_work_tx(&x, retry_rows, NULL);
		arena_free(x.a);
		gate_ask_all();
		gate_soon(o);
	}
	free(s);
}
