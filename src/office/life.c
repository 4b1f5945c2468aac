/* Opening and keeping the store (life.h). The writer migrates; readers wait for it. */
#include "office/life.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/check.h"
#include "core/ledger_sql.h"
#include "core/proto.h"
#include "core/standard.h"
#include "core/store.h"
#include "queries.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "office/change.h"
#include "office/dispatch.h"
#include "office/judging.h"
#include "office/setting.h"

#define READER_WAIT_US (30 * SECOND_US)

/* One text that changes whenever the program's or the city's definitions change: readers wait for the writer's. */
static void generation(const struct office *o, char out[SHA256_HEX])
{
	struct buf b;
	char standards[SHA256_HEX] = "";
	struct err ignored; /* what cannot be read is told when it is loaded */
	if (standards_digest(o->share, standards, &ignored) < 0)
		standards[0] = 0;
	buf_init(&b, 1u << 20);
	buf_printf(&b, "%d %s %s\n", STORE_VERSION, SEKISHO_VERSION, standards);
	for (size_t i = 0; i < o->ledgers->n; i++)
		buf_printf(&b, "%s\n", o->ledgers->v[i]->sha256);
	sha256_hex(b.p, b.n, out);
	buf_release(&b);
}

static int open_writer(struct office *o, const char *path, struct err *e)
{
	char gen[SHA256_HEX];
	generation(o, gen);
	int r = store_open(path, DB_CREATE, &o->db, e);
	if (r < 0 || (r = ledgers_migrate(o->db, o->ledgers, e)) < 0 || (r = db_prepare_all(o->db, queries, N_QUERIES, e)) < 0)
		return r;
	struct arena *a = arena_new(1u << 16);
	bool same = str_is(setting_text(o->db, a, "store_generation"), gen);
	arena_free(a);
	if (same)
		return 0;
	if ((r = standards_load(o->db, o->share, e)) < 0)
		return r;
	struct stmt *q = db_query(o->db, Q_SETTING_PUT);
	bind_z(q, 1, "store_generation");
	bind_z(q, 2, gen);
	bind_int(q, 3, 0);
	bind_int(q, 4, clock_now());
	return run(q, e);
}

/* Readers and the job process wait until the writer has brought the store to this program's definitions. */
static int open_other(struct office *o, const char *path, struct err *e)
{
	char gen[SHA256_HEX];
	generation(o, gen);
	for (int64_t until = clock_mono() + READER_WAIT_US; clock_mono() < until; usleep(20000)) {
		if (access(path, R_OK) != 0 || store_open(path, o->role == OFFICE_READER ? DB_READ : DB_WRITE, &o->db, e) < 0)
			continue;
		struct stmt *q = db_sql(o->db, "SELECT value FROM setting WHERE name = 'store_generation'");
		bool same = q && step(q) == 1 && str_is(col_str(q, 0), gen);
		if (q)
			stmt_done(q);
		if (same)
			return db_prepare_all(o->db, queries, N_QUERIES, e);
		db_close(o->db);
		o->db = NULL;
	}
	return err_set(e, ERR_WRONG_STATE, "the store was not made ready by the writer within 30 s");
}

static int open_store(struct office *o, struct err *e)
{
	char path[300], own[300], share[300];
	o->start = arena_new(64u << 20);
	snprintf(path, sizeof(path), "%s/office.db", o->dir);
	snprintf(own, sizeof(own), "%s/definitions", o->dir);
	snprintf(share, sizeof(share), "%s/ledgers", o->share);
	int r = ledgers_load(share, access(own, R_OK) == 0 ? own : NULL, &o->ledgers, e);
	if (r < 0)
		return r;
	r = o->role == OFFICE_WRITER ? open_writer(o, path, e) : open_other(o, path, e);
	if (r < 0)
		return r;
	char blobs[300];
	snprintf(blobs, sizeof(blobs), "%s/blobs", o->dir);
	if (o->role == OFFICE_WRITER && mkdir(blobs, 0700) != 0 && access(blobs, R_OK) != 0)
		return err_sys(e, "%s", blobs);
	o->blobs = open(blobs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->blobs < 0)
		return err_sys(e, "%s", blobs);
	o->sample = setting_bool(o->db, "sample");
	snprintf(share, sizeof(share), "%s/checks", o->share);
	r = checks_load(o->db, share, &o->checks, e);
	return r == 0 && o->role == OFFICE_WRITER ? checks_index(o->db, o->checks, e) : r;
}

/* The job process takes its 25 MB of tables and definitions when there is a job, not before. */
int office_open(struct office *o, struct err *e)
{
	return o->role == OFFICE_JOB ? 0 : open_store(o, e);
}

int office_open_for_job(struct office *o, struct err *e)
{
	return o->db ? 0 : open_store(o, e);
}

static void world_now(struct office *o, struct world *w, char today[DATE_TEXT])
{
	*w = (struct world){.db = o->db, .ledgers = o->ledgers, .now = clock_now()};
	date_format(date_of_instant(w->now), today);
	w->today = str_from(today);
}

int office_tick(struct office *o, struct err *e)
{
	static char last[DATE_TEXT];
	struct world w;
	char today[DATE_TEXT];
	int64_t moved = 0, judged = 0;
	bool all = false;
	world_now(o, &w, today);
	struct arena *a = arena_new(64u << 20);
	int r = db_begin(o->db, e);
	if (r >= 0) {
		change_clear();
		r = ledger_tick(&w, a, &moved, e);
		if (r >= 0)
			r = change_assess(&w, o->checks, &all, e);
		if (r >= 0)
			r = assess_jobs(&w, o->checks, &judged, e);
		if (r >= 0)
			r = db_commit(o->db, e);
		if (r < 0) {
			db_rollback(o->db);
			change_clear();
		}
	}
	arena_free(a);
	assess_settled(o->checks, r >= 0);
	assess_rest(o->checks);
	if (r >= 0 && (all || strcmp(last, today) != 0)) {
		r = all && strcmp(last, today) == 0 ? office_assess(o, e) : judging_day(o, e);
		if (r >= 0)
			snprintf(last, sizeof(last), "%s", today);
	}
	return r;
}

void auth_rules_send(struct office *o)
{
	if (o->auth < 0)
		return;
	struct msg m;
	msg_init(&m, AUTH_RULES);
	msg_put_i64(&m, 0);
	msg_put_i64(&m, setting_int(o->db, "password_min_length"));
	msg_put_i64(&m, setting_int(o->db, "lock_after"));
	msg_put_i64(&m, setting_int(o->db, "lock_minutes"));
	msg_put_i64(&m, setting_int(o->db, "password_history"));
	int r = msg_send(o->auth, &m);
	if (r < 0)
		log_warn("office.auth-rules", "error=%s", err_text(r));
	msg_release(&m);
}
