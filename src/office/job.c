#include "office/job.h"

#include <unistd.h>

#include "core/event.h"
#include "core/ledger_csv.h"
#include "core/proto.h"
#include "core/store.h"
#include "lib/clock.h"
#include "lib/csv.h"
#include "lib/date.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "office/change.h"
#include "office/form.h"
#include "office/life.h"
#include "office/note.h"
#include "queries.h"

#define JOB_ARENA_MAX (256u << 20)
#define CSV_BYTES_MAX (64u << 20)
#define NAP_US 20000                                 /* between the pieces of an import: others want to write */
#define FAULTS_TOLD 20

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

struct work {
	struct office *o;
	struct arena *a;
	struct world w;
	struct actor who;
	int64_t id, person, import;
	struct str kind, ledger, upload;
	const struct ledger *l;
	bool all;                                        /* so much changed that everything is to be judged */
	char today[DATE_TEXT];
};

/* How far it is; ERR_CLOSED when it was cancelled meanwhile. */
static int tell(struct work *x, int64_t done, int64_t total, struct err *e)
{
	struct stmt *q = db_query(x->o->db, Q_JOB_TELL);
	bind_int(q, 1, x->id);
	bind_int(q, 2, done);
	bind_int(q, 3, total);
	int r = step(q);
	stmt_done(q);
	return r == 1 ? 0 : r < 0 ? err_set(e, ERR_DB, "%s", db_error(x->o->db)) : err_set(e, ERR_CLOSED, "%s", _("Cancelled."));
}

static int told_export(void *arg, int64_t done, int64_t total, struct err *e)
{
	return tell(arg, done, total, e);
}

static int end_in_tx(struct work *x, const char *state, struct str text, int64_t result, struct err *e)
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

/* Events wait; or so much changed that everything is to be judged (rows of a piece are judged with it, core/assess.h). */
static void writer_told(struct office *o, uint16_t what)
{
	struct msg m;
	msg_init(&m, what);
	int r = o->writer >= 0 ? msg_send(o->writer, &m) : 0;
	msg_release(&m);
	if (r < 0 && r != ERR_CLOSED)
		log_warn("office.job", "text=\"the writer was not told\"");
}

/* --- export ---------------------------------------------------------------------------------------------------------------------- */

static int export_kept(struct work *x, struct str bytes, struct err *e)
{
	int64_t file;
	struct str name = arena_strf(x->a, "%.*s-%.*s.csv", STR_ARG(x->ledger), STR_ARG(x->w.today));
	int r = attachment_put_bytes(x->o, x->person, x->w.now, name, "text/csv", bytes, &file, e);
	if (r == 0)
		r = note_read_put(x->o->db, x->person, x->ledger, 0, STR("export"), e);
	return r < 0 ? r : end_in_tx(x, "done", STR_NONE, file, e);
}

static int export_run(struct work *x, struct err *e)
{
	struct buf out;
	const struct pace pace = {told_export, x};
	buf_init(&out, CSV_BYTES_MAX);
	buf_puts(&out, "\xef\xbb\xbf");                  /* spreadsheets take the file for UTF-8 by this mark */
	int r = ledger_export_csv(&x->w, &x->who, x->l, &pace, &out, e);
	if (r == 0 && out.n >= RESPONSE_BODY_MAX)
		r = ERR_NOMEM;
	if (r == ERR_NOMEM)
		r = err_set(e, ERR_TOOBIG, _("The file would be larger than %u MB. On the console, sekisho ledger export has no such limit."), RESPONSE_BODY_MAX >> 20);
	if (r == 0 && (r = db_begin(x->o->db, e)) == 0) {
		r = export_kept(x, buf_view(&out), e);
		if (r == 0)
			r = db_commit(x->o->db, e);
		if (r < 0)
			db_rollback(x->o->db);
	}
	buf_release(&out);
	return r;
}

/* --- import ------------------------------------------------------------------------------------------------------------------------ */

static int text_of(struct work *x, struct str *ret, struct err *e)
{
	struct attachment at;
	struct buf bytes, utf8;
	int64_t id;
	bool cp932;
	if (str_int(x->upload, 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such file."));
	int r = attachment_row(x->o, x->a, id, &at, e);
	buf_init(&bytes, CSV_BYTES_MAX);
	buf_init(&utf8, CSV_BYTES_MAX);
	if (r == 0)
		r = attachment_read(x->o, &at, &bytes, e);
	if (r == 0)
		r = csv_decode(buf_view(&bytes), &utf8, &cp932, e);
	if (r == 0)
		*ret = arena_str(x->a, buf_view(&utf8));
	buf_release(&bytes);
	buf_release(&utf8);
	return r;
}

static int faults_told(struct work *x, const struct import_result *res, struct err *e)
{
	struct buf b;
	buf_init(&b, ERR_TEXT_MAX);
	buf_printf(&b, _("Nothing was taken over: %zu rows cannot be. "), res->n_faults);
	struct str head = arena_str(x->a, buf_view(&b));
	buf_release(&b);
	buf_init(&b, 16384);
	buf_str(&b, head);
	for (size_t i = 0; i < res->n_faults && i < FAULTS_TOLD; i++)
		buf_printf(&b, "\n%d: %.*s %.*s", res->faults[i].line, STR_ARG(res->faults[i].field), STR_ARG(res->faults[i].text));
	struct stmt *q = db_query(x->o->db, Q_JOB_TEXT);
	bind_int(q, 1, x->id);
	bind_str(q, 2, buf_view(&b));
	int r = run(q, e);
	buf_release(&b);
	return r < 0 ? r : err_set(e, ERR_INVALID, "%.*s", STR_ARG(head));
}

static void trial_gone(struct office *o)
{
	static const char *const names[] = {"trial.db", "trial.db-wal", "trial.db-shm", "trial.db-journal"};
	char path[320];
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", o->dir, names[i]);
		unlink(path);
	}
}

/* The whole file on a copy of the store: nobody waits for it, and what cannot be taken over is known before anything is. */
static int trial(struct work *x, struct str text, struct err *e)
{
	char path[300];
	struct db *copy = NULL;
	struct import_result res = {0};
	snprintf(path, sizeof(path), "%s/trial.db", x->o->dir);
	trial_gone(x->o);
	int r = db_exec(x->o->db, arena_printf(x->a, "VACUUM INTO '%s'", path), e);
	if (r == 0)
		r = store_open(path, DB_WRITE, &copy, e);
	if (r == 0)
		r = db_prepare_all(copy, queries, N_QUERIES, e);
	if (r == 0) {
		struct world w = x->w;
		w.db = copy;
		r = ledger_import_preview(&w, x->a, &x->who, x->l, text, &res, e);
	}
	if (copy)
		db_close(copy);
	trial_gone(x->o);
	return res.n_faults ? faults_told(x, &res, e) : r;
}

static int judged(struct work *x, struct err *e)
{
	bool all = false;
	int r = change_assess(&x->w, x->o->checks, &all, e);
	x->all |= all;
	return r;
}

struct taking {
	struct work *x;
	struct import_result *res;
};

static int told_import(void *arg, int64_t done, int64_t total, struct err *e)
{
	struct taking *t = arg;
	struct work *x = t->x;
	int r = judged(x, e);
	if (r == 0 && !x->import) {
		x->import = t->res->id;
		struct stmt *q = db_query(x->o->db, Q_JOB_ARGS);
		bind_int(q, 1, x->id);
		bind_str(q, 2, arena_strf(x->a, "%.*s:%.*s:%lld", STR_ARG(x->ledger), STR_ARG(x->upload), (long long)x->import));
		r = run(q, e);
	}
	if (r >= 0)
		r = tell(x, done, total, e);
	if (r >= 0)
		r = db_commit(x->o->db, e);
	if (r < 0)
		return r;
	writer_told(x->o, NOTE_OUTBOX);
	usleep(NAP_US);
	change_clear();
	return db_begin(x->o->db, e);
}

/* Every piece of an import that did not come to its end. */
static int take_back(struct work *x, struct err *e)
{
	if (!x->import)
		return 0;
	int r = db_begin(x->o->db, e);
	if (r < 0)
		return r;
	change_clear();
	r = ledger_import_undo(&x->w, x->a, &x->who, x->import, e);
	if (r >= 0)
		r = judged(x, e);
	if (r >= 0)
		r = db_commit(x->o->db, e);
	if (r < 0)
		db_rollback(x->o->db);
	change_clear();
	return r;
}

static int import_taken(struct work *x, struct str text, struct err *e)
{
	struct import_result res = {0};
	struct taking t = {x, &res};
	const struct pace pace = {told_import, &t};
	int r = db_begin(x->o->db, e);
	if (r < 0)
		return r;
	change_clear();
	r = ledger_import_paced(&x->w, x->a, &x->who, x->l, text, &pace, &res, e);
	if (r >= 0)
		r = judged(x, e);
	if (r >= 0)
		r = tell(x, res.rows, res.rows, e);
	if (r >= 0)
		r = end_in_tx(x, "done", arena_strf(x->a, _("Imported: %lld new, %lld changed."), (long long)res.created, (long long)res.updated), 0, e);
	if (r >= 0)
		r = db_commit(x->o->db, e);
	if (r < 0 && db_in_tx(x->o->db))
		db_rollback(x->o->db);
	change_clear();
	return r;
}

static int import_run(struct work *x, struct err *e)
{
	struct str text = STR_NONE;
	struct err back;
	int r = text_of(x, &text, e);
	if (r == 0)
		r = trial(x, text, e);
	if (r == 0)
		r = tell(x, 0, ledger_import_count(text), e);
	if (r < 0)
		return r;
	r = import_taken(x, text, e);
	if (r < 0 && take_back(x, &back) < 0)            /* the import stands on its page, with what keeps it */
		return err_set(e, ERR_CONFLICT, _("It ended early and could not be taken back: %s"), back.text);
	return r;
}

/* --- the job process ------------------------------------------------------------------------------------------------------------------ */

static int begin(struct work *x, bool running, struct err *e)
{
	date_format(date_of_instant(clock_now()), x->today);
	x->w = (struct world){.db = x->o->db, .ledgers = x->o->ledgers, .now = clock_now(), .today = str_from(x->today)};
	x->l = ledgers_get(x->o->ledgers, x->ledger);
	if (!x->l)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such ledger."));
	int r = actor_load(x->o->db, x->a, x->person, x->w.today, &x->who, e);
	if (r < 0)
		return r;
	if (running && x->import)
		return (r = take_back(x, e)) < 0 ? r : err_set(e, ERR_CLOSED, "%s", _("It was interrupted; what had been taken over was taken back. Please start it anew."));
	struct stmt *q = db_query(x->o->db, Q_JOB_RUNS);
	bind_int(q, 1, x->id);
	bind_int(q, 2, x->w.now);
	return run(q, e);
}

static void failed(struct work *x, const struct err *why)
{
	struct err e = {0};
	if (db_begin(x->o->db, &e) < 0 || end_in_tx(x, "failed", str_from(why->text), 0, &e) < 0 || db_commit(x->o->db, &e) < 0) {
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
		x.ledger = str_cut(&rest, ':');
		x.upload = str_cut(&rest, ':');
		if (str_int(rest, 1, INT64_MAX, &x.import) < 0)
			x.import = 0;
		x.person = col_int(q, 3);
		running = str_is(col_str(q, 4), "running");
		i18n_set(str_is(col_str(q, 5), "en") ? LANG_EN : LANG_JA);
	}
	stmt_done(q);
	int r = x.id ? begin(&x, running, &e) : 0;
	if (x.id && r >= 0)
		r = str_is(x.kind, "export") ? export_run(&x, &e) : import_run(&x, &e);
	if (x.id && r < 0) {
		log_info("office.job", "id=%lld error=%s text=\"%s\"", (long long)x.id, err_text(r), e.text);
		failed(&x, &e);
	}
	writer_told(o, NOTE_OUTBOX);
	if (x.all)
		writer_told(o, NOTE_JUDGE);
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
		trial_gone(o);                           /* of a life that ended in the middle */
	}
	working = loop_after(o->loop, 0, work, o) == 0;
	return 0;
}
