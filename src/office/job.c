#include "office/job.h"

#include "core/proto.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "office/change.h"
#include "office/job_work.h"
#include "office/life.h"
#include "queries.h"

#define JOB_ARENA_MAX (256u << 20)

/* --- the writer ------------------------------------------------------------------------------------------------------------- */

int job_put(struct ctx *c, const char *kind, struct str args, int64_t total, int64_t *ret_id, struct err *e)
{
	struct stmt *q = db_query(c->office->db, Q_JOB_PUT);
	bind_z(q, 1, kind);
	bind_str(q, 2, args);
	bind_int(q, 3, c->actor.person);
	bind_int(q, 4, total);
	bind_int(q, 5, c->world.now);
	bind_z(q, 6, c->lang == LANG_EN ? "en" : "ja");
	int r = run(q, e);
	*ret_id = db_last_id(c->office->db);
	return r < 0 ? r : c->office->job_soon ? (c->office->job_soon(c->office), 0) : 0;
}

void job_poke(struct office *o)
{
	if (o->role != OFFICE_WRITER || o->job < 0)
		return;
	struct stmt *q = db_query(o->db, Q_JOB_NEXT);
	int64_t id = step(q) == 1 ? col_int(q, 0) : 0;
	stmt_done(q);
	if (!id)
		return;
	struct msg m;
	msg_init(&m, NOTE_JOB);
	msg_put_i64(&m, id);
	if (msg_send(o->job, &m) < 0)
		log_warn("office.job", "text=\"the job process was not told\"");
	msg_release(&m);
}

/* --- one job --------------------------------------------------------------------------------------------------------------------- */

int job_tell(struct work *x, int64_t done, int64_t total, struct err *e)
{
	struct stmt *q = db_query(x->o->db, Q_JOB_TELL);
	bind_int(q, 1, x->id);
	bind_int(q, 2, done);
	bind_int(q, 3, total);
	int r = step(q);
	stmt_done(q);
	return r == 1 ? 0 : r < 0 ? err_set(e, ERR_DB, "%s", db_error(x->o->db)) : err_set(e, ERR_CLOSED, "%s", _("Cancelled."));
}

int job_end(struct work *x, const char *state, struct str text, int64_t result, struct err *e)
{
	struct stmt *q = db_query(x->o->db, Q_JOB_END);
	bind_int(q, 1, x->id);
	bind_z(q, 2, state);
	bind_str(q, 3, text);
	if (result)
		bind_int(q, 4, result);
	else
		bind_null(q, 4);
	bind_int(q, 5, clock_now());
	return run(q, e);
}

void job_writer_told(struct office *o, uint16_t what)
{
	struct msg m;
	msg_init(&m, what);
	int r = o->writer >= 0 ? msg_send(o->writer, &m) : 0;
	msg_release(&m);
	if (r < 0 && r != ERR_CLOSED)
		log_warn("office.job", "text=\"the writer was not told\"");
}

/* --- the job process ------------------------------------------------------------------------------------------------------------------ */

static int begin(struct work *x, bool running, struct err *e)
{
	date_format(date_of_instant(clock_now()), x->today);
	x->w = (struct world){.db = x->o->db, .ledgers = x->o->ledgers, .now = clock_now(), .today = str_from(x->today)};
	x->l = str_is(x->kind, "list") ? NULL : ledgers_get(x->o->ledgers, x->about);
	if (!x->l && !str_is(x->kind, "list"))
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such ledger."));
	int r = actor_load(x->o->db, x->a, x->person, x->w.today, &x->who, e);
	if (r < 0)
		return r;
	if (running && x->import)
		return (r = job_import_back(x, e)) < 0 ? r : err_set(e, ERR_CLOSED, "%s", _("It was interrupted; what had been taken over was taken back. Please start it anew."));
	struct stmt *q = db_query(x->o->db, Q_JOB_RUNS);
	bind_int(q, 1, x->id);
	bind_int(q, 2, x->w.now);
	return run(q, e);
}

static void failed(struct work *x, const struct err *why)
{
	struct err e = {0};
	if (db_begin(x->o->db, &e) < 0 || job_end(x, "failed", str_from(why->text), 0, &e) < 0 || db_commit(x->o->db, &e) < 0) {
		db_rollback(x->o->db);
		log_error("office.job", "id=%lld text=\"%s\"", (long long)x->id, e.text);
	}
}

/* The next one, from beginning to end; false: there is none. */
static bool one(struct office *o)
{
	struct work x = {.o = o, .a = arena_new(JOB_ARENA_MAX)};
	struct err e = {0};
	bool running = false;
	struct stmt *q = db_query(o->db, Q_JOB_NEXT);
	if (step(q) == 1) {
		struct str rest = col_dup(q, 2, x.a);
		x.id = col_int(q, 0);
		x.kind = col_dup(q, 1, x.a);
		x.about = str_cut(&rest, ':');
		x.args = rest;
		x.upload = str_cut(&rest, ':');
		if (!str_is(x.kind, "import") || str_int(rest, 1, INT64_MAX, &x.import) < 0)
			x.import = 0;
		x.person = col_int(q, 3);
		running = str_is(col_str(q, 4), "running");
		i18n_set(str_is(col_str(q, 5), "en") ? LANG_EN : LANG_JA);
	}
	stmt_done(q);
	int r = x.id ? begin(&x, running, &e) : 0;
	if (x.id && r >= 0)
		r = str_is(x.kind, "import") ? job_import(&x, &e) : job_export(&x, &e);
	if (x.id && r < 0) {
		log_info("office.job", "id=%lld error=%s text=\"%s\"", (long long)x.id, err_text(r), e.text);
		failed(&x, &e);
	}
	job_writer_told(o, NOTE_OUTBOX);
	if (x.all)
		job_writer_told(o, NOTE_JUDGE);
	arena_free(x.a);
	return x.id != 0;
}

static bool working;

static void work(void *arg)
{
	struct office *o = arg;
	working = one(o) && loop_after(o->loop, 0, work, o) == 0;
}

int job_comes(struct office *o, struct err *e)
{
	bool first = !o->db;
	int r = office_open_for_job(o, e);
	if (r < 0 || working)
		return r;
	if (first) {
		change_watch(o);
		job_trial_gone(o);                           /* of a life that ended in the middle */
	}
	working = loop_after(o->loop, 0, work, o) == 0;
	return 0;
}
