/* Imports as jobs: the whole file is tried on a copy of the store, then taken over in pieces (office/job.h). */
#include "office/job_work.h"

#include <unistd.h>

#include "core/proto.h"
#include "core/store.h"
#include "lib/csv.h"
#include "office/change.h"
#include "office/form.h"
#include "queries.h"

#define NAP_US 20000                                 /* between the pieces of an import: others want to write */
#define FAULTS_TOLD 20

static int text_of(struct work *x, struct str *ret, struct err *e)
{
	struct attachment at;
	struct buf bytes, utf8;
	int64_t id;
	bool cp932;
	if (str_int(x->upload, 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such file."));
	int r = attachment_row(x->o, x->a, id, &at, e);
	buf_init(&bytes, JOB_CSV_MAX);
	buf_init(&utf8, JOB_CSV_MAX);
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
	size_t rows = 0;
	for (size_t i = 0; i < res->n_faults; i++)       /* one row may have several; they come row by row */
		rows += i == 0 || res->faults[i].line != res->faults[i - 1].line;
	buf_init(&b, ERR_TEXT_MAX);
	buf_printf(&b, _("Nothing was taken over: %zu rows cannot be. "), rows);
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

void job_trial_gone(struct office *o)
{
	static const char *const names[] = {"trial.db", "trial.db-wal", "trial.db-shm", "trial.db-journal"};
	char path[320];
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", o->dir, names[i]);
		unlink(path);
	}
}

static int told_trial(void *arg, int64_t done, int64_t total, struct err *e)
{
	return job_tell(arg, done, total, e);
}

/* The whole file on a copy of the store: nobody waits for it, and what cannot be taken over is known before anything is. */
static int trial(struct work *x, struct str text, struct err *e)
{
	char path[300];
	struct db *copy = NULL;
	struct import_result res = {0};
	const struct pace pace = {told_trial, x};
	snprintf(path, sizeof(path), "%s/trial.db", x->o->dir);
	job_trial_gone(x->o);
	int r = db_exec(x->o->db, arena_printf(x->a, "VACUUM INTO '%s'", path), e);
	if (r == 0)
		r = store_open(path, DB_WRITE, &copy, e);
	if (r == 0)
		r = db_prepare_all(copy, queries, N_QUERIES, e);
	if (r == 0) {
		struct world w = x->w;
		w.db = copy;
		r = ledger_import_preview(&w, x->a, &x->who, x->l, text, &pace, &res, e);
	}
	if (copy)
		db_close(copy);
	job_trial_gone(x->o);
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
		bind_str(q, 2, arena_strf(x->a, "%.*s:%.*s:%lld", STR_ARG(x->about), STR_ARG(x->upload), (long long)x->import));
		r = run(q, e);
	}
	if (r >= 0)
		r = job_tell(x, done, total, e);
	if (r >= 0)
		r = db_commit(x->o->db, e);
	if (r < 0)
		return r;
	job_writer_told(x->o, NOTE_OUTBOX);
	usleep(NAP_US);
	change_clear();
	return db_begin(x->o->db, e);
}

int job_import_back(struct work *x, struct err *e)
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
		r = job_tell(x, res.rows, res.rows, e);
	if (r >= 0)
		r = job_end(x, "done", arena_strf(x->a, _("Imported: %lld new, %lld changed."), (long long)res.created, (long long)res.updated), 0, e);
	if (r >= 0)
		r = db_commit(x->o->db, e);
	if (r < 0 && db_in_tx(x->o->db))
		db_rollback(x->o->db);
	change_clear();
	return r;
}

int job_import(struct work *x, struct err *e)
{
	struct str text = STR_NONE;
	struct err back;
	int r = text_of(x, &text, e);
	int64_t rows = r == 0 ? ledger_import_count(text) : 0;
	if (r == 0)
		r = job_tell(x, 0, rows, e);
	if (r == 0)
		r = trial(x, text, e);
	if (r == 0)
		r = job_tell(x, 0, rows, e);
	if (r < 0)
		return r;
	r = import_taken(x, text, e);
	if (r < 0 && job_import_back(x, &back) < 0)      /* the import stands on its page, with what keeps it */
		return err_set(e, ERR_CONFLICT, _("It ended early and could not be taken back: %s"), back.text);
	return r;
}
