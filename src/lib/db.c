#include "lib/db.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"

#define CACHE_BUCKETS 1024                               /* a power of two, over DB_CACHE_MAX */

struct stmt {
	struct db *db;
	sqlite3_stmt *s;
	struct stmt *next;                               /* in its bucket */
	uint64_t used;                                   /* tick of the last db_sql that gave it out */
	bool running;                                    /* has stepped and was not reset */
	int bind_rc;                                     /* the first failed bind; reported by step */
};

struct db {
	sqlite3 *h;
	enum db_mode mode;
	struct stmt *queries;
	size_t n_queries;
	struct stmt *bucket[CACHE_BUCKETS];
	size_t n_cached;
	uint64_t tick;
	int wal_pages;                                   /* in the write-ahead log after the last commit */
	int64_t wal_at;                                  /* clock_mono of that; 0: settled */
	int64_t written;                                 /* rows changed by this connection until db_begin */
	bool no_room;                                    /* since db_begin something failed for want of space */
};

/* Remembers why before a rollback overwrites it. */
static void note_failure(struct db *db, int rc)
{
	int cause = sqlite3_system_errno(db->h);

	if ((rc & 0xff) == SQLITE_FULL || ((rc & 0xff) == SQLITE_IOERR && (cause == ENOSPC || cause == EDQUOT)))
		db->no_room = true;
}

bool db_no_room(struct db *db)
{
	return db->no_room;
}

static int db_fail(struct db *db, struct err *e, const char *what)
{
	return err_set(e, ERR_DB, "%s: %s", what, sqlite3_errmsg(db->h));
}

static const char *const PRAGMAS[] = {
	"PRAGMA foreign_keys=ON",
	"PRAGMA trusted_schema=OFF",
	"PRAGMA temp_store=MEMORY",
	"PRAGMA cell_size_check=ON",
	"PRAGMA recursive_triggers=ON",
};
static const char *const PRAGMAS_WRITE[] = {
	"PRAGMA journal_mode=WAL",
	"PRAGMA synchronous=FULL",
	"PRAGMA journal_size_limit=67108864", /* a log that once was large is cut: rewriting pages of it that left memory is slow */
};

static int pragmas(struct db *db, const char *const *v, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		int rc = db_exec(db, v[i], e);

		if (rc)
			return rc;
	}
	return 0;
}

/* Without its statistics of memory, for which every allocation of two threads would meet at one lock. */
static void configure(void)
{
	static bool done;

	if (!done)
		sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	done = true;
}

int db_open(const char *path, enum db_mode mode, struct db **ret, struct err *e)
{
	struct db *db = xcalloc(1, sizeof *db);
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, rc;

	configure();
	flags |= mode == DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	if (mode == DB_CREATE)
		flags |= SQLITE_OPEN_CREATE;
	db->mode = mode;
	if (sqlite3_open_v2(path, &db->h, flags, NULL) != SQLITE_OK) {
		rc = err_set(e, ERR_DB, "%s: %s", path, db->h ? sqlite3_errmsg(db->h) : "out of memory");
		db_close(db);
		return rc;
	}
	sqlite3_busy_timeout(db->h, 5000);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	rc = pragmas(db, PRAGMAS, ARRAY_LEN(PRAGMAS), e);
	if (!rc && mode != DB_READ)
		rc = pragmas(db, PRAGMAS_WRITE, ARRAY_LEN(PRAGMAS_WRITE), e);
	if (rc) {
		db_close(db);
		return rc;
	}
	*ret = db;
	return 0;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	for (size_t i = 0; i < db->n_queries; i++)
		sqlite3_finalize(db->queries[i].s);
	free(db->queries);
	for (size_t i = 0; i < CACHE_BUCKETS; i++)
		while (db->bucket[i]) {
			struct stmt *s = db->bucket[i];

			db->bucket[i] = s->next;
			sqlite3_finalize(s->s);
			free(s);
		}
	sqlite3_close_v2(db->h);
	free(db);
}

int db_prepare_all(struct db *db, const struct db_query *queries, size_t n, struct err *e)
{
	struct stmt *v = xcalloc(n ? n : 1, sizeof *v);

	for (size_t i = 0; i < n; i++) {
		const char *tail = NULL;
		int rc = sqlite3_prepare_v3(db->h, queries[i].sql, -1, SQLITE_PREPARE_PERSISTENT, &v[i].s, &tail);

		if (rc == SQLITE_OK && (!v[i].s || tail[strspn(tail, " \t\r\n;")]))
			rc = err_set(e, ERR_DB, "query %s: not one statement", queries[i].name);
		else if (rc != SQLITE_OK)
			rc = err_set(e, ERR_DB, "query %s: %s", queries[i].name, sqlite3_errmsg(db->h));
		if (rc) {
			for (size_t k = 0; k <= i; k++)          /* the one at fault too: it may have been the first of two */
				sqlite3_finalize(v[k].s);
			free(v);
			return rc;
		}
		v[i].db = db;
	}
	for (size_t i = 0; i < db->n_queries; i++)
		sqlite3_finalize(db->queries[i].s);
	free(db->queries);
	db->queries = v;
	db->n_queries = n;
	return 0;
}

void *db_handle(struct db *db)
{
	return db->h;
}

const char *db_error(struct db *db)
{
	return sqlite3_errmsg(db->h);
}

int db_exec(struct db *db, const char *sql, struct err *e)
{
	char *msg = NULL;

	if (sqlite3_exec(db->h, sql, NULL, NULL, &msg) != SQLITE_OK) {
		note_failure(db, sqlite3_extended_errcode(db->h));
		int rc = err_set(e, ERR_DB, "%s", msg ? msg : sqlite3_errmsg(db->h));

		sqlite3_free(msg);
		return rc;
	}
	return 0;
}

#define WAL_WORTH 1000                                   /* pages */
#define WAL_MUST (16 * WAL_WORTH)
#define WAL_REST_US 200000

static void carry_over(struct db *db)
{
	sqlite3_wal_checkpoint_v2(db->h, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL); /* what readers still need stays for the next time */
	db->wal_pages = 0;
}

static int wal_grew(void *arg, sqlite3 *h, const char *name, int pages)
{
	struct db *db = arg;

	(void)h, (void)name;
	db->wal_pages = pages;
	db->wal_at = clock_mono();
	if (pages >= WAL_MUST)
		carry_over(db);
	return SQLITE_OK;
}

void db_settle_later(struct db *db)
{
	sqlite3_wal_hook(db->h, wal_grew, db);
}

bool db_settle(struct db *db)
{
	if (!db->wal_at || clock_mono() - db->wal_at < WAL_REST_US)
		return false;
	if (db->wal_pages >= WAL_WORTH)
		carry_over(db);
	db->wal_at = 0;
	return true;
}

void db_sweep(struct db *db, bool on)
{
	sqlite3_exec(db->h, on ? "PRAGMA mmap_size=2147418112; PRAGMA cell_size_check=OFF" : "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0",
	             NULL, NULL, NULL);              /* speed only: nothing to tell when it is refused */
}

int db_begin(struct db *db, struct err *e)
{
	db->no_room = false;
	db->written = sqlite3_total_changes64(db->h);
	return db_exec(db, db->mode == DB_READ ? "BEGIN" : "BEGIN IMMEDIATE", e);
}

bool db_untouched(struct db *db)
{
	return db_in_tx(db) && sqlite3_total_changes64(db->h) == db->written;
}

int db_commit(struct db *db, struct err *e)
{
	return db_exec(db, "COMMIT", e);
}

void db_rollback(struct db *db)
{
	/* A statement still running would keep the transaction open. */
	for (sqlite3_stmt *s = sqlite3_next_stmt(db->h, NULL); s; s = sqlite3_next_stmt(db->h, s))
		if (sqlite3_stmt_busy(s))
			sqlite3_reset(s);
	for (size_t i = 0; i < CACHE_BUCKETS; i++)       /* those left in the middle are free again */
		for (struct stmt *s = db->bucket[i]; s; s = s->next)
			s->running = false;
	if (!sqlite3_get_autocommit(db->h))
		(void)sqlite3_exec(db->h, "ROLLBACK", NULL, NULL, NULL);
}

bool db_in_tx(struct db *db)
{
	return !sqlite3_get_autocommit(db->h);
}

/* Ready for a new run: the values of the last one must not linger. */
static struct stmt *stmt_ready(struct stmt *s)
{
	stmt_done(s);
	return s;
}

struct stmt *db_query(struct db *db, int q)
{
	if (q < 0 || (size_t)q >= db->n_queries)
		abort();                                 /* a number of another generation of queries.h */
	return stmt_ready(&db->queries[q]);
}

static size_t bucket_of(const char *sql)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *sql; sql++)
		h = (h ^ (unsigned char)*sql) * 0x100000001b3u;
	return (h ^ h >> 32) & (CACHE_BUCKETS - 1);
}

static void cache_drop_oldest(struct db *db)
{
	struct stmt **oldest = NULL, *s;

	for (size_t i = 0; i < CACHE_BUCKETS; i++)
		for (struct stmt **p = &db->bucket[i]; *p; p = &(*p)->next)
			if (!(*p)->running && (!oldest || (*p)->used < (*oldest)->used))
				oldest = p;
	if (!oldest)
		return;
	s = *oldest;
	*oldest = s->next;
	sqlite3_finalize(s->s);
	free(s);
	db->n_cached--;
}

/* SQLite keeps a statement's text up to its semicolon; a line break after it belongs to the text asked for alone. */
static bool same_text(const struct stmt *s, const char *sql)
{
	const char *kept = sqlite3_sql(s->s);
	size_t n = strlen(kept);

	return !strncmp(kept, sql, n) && !sql[n + strspn(sql + n, " \t\r\n;")];
}

struct stmt *db_sql(struct db *db, const char *sql)
{
	size_t b = bucket_of(sql);
	sqlite3_stmt *h = NULL;
	struct stmt *s;

	for (s = db->bucket[b]; s; s = s->next)
		if (!s->running && same_text(s, sql)) {
			s->used = ++db->tick;
			return stmt_ready(s);
		}
	if (sqlite3_prepare_v3(db->h, sql, -1, SQLITE_PREPARE_PERSISTENT, &h, NULL) != SQLITE_OK || !h)
		return NULL;
	if (db->n_cached >= DB_CACHE_MAX)
		cache_drop_oldest(db);
	s = xcalloc(1, sizeof *s);
	s->db = db;
	s->s = h;
	s->used = ++db->tick;
	s->next = db->bucket[b];
	db->bucket[b] = s;
	db->n_cached++;
	return s;
}

static void bound(struct stmt *s, int rc)
{
	if (rc != SQLITE_OK && !s->bind_rc)
		s->bind_rc = rc;
}

void bind_int(struct stmt *s, int i, int64_t v)
{
	bound(s, sqlite3_bind_int64(s->s, i, v));
}

void bind_real(struct stmt *s, int i, double v)
{
	bound(s, sqlite3_bind_double(s->s, i, v));
}

void bind_str(struct stmt *s, int i, struct str v)
{
	if (!v.p)
		bind_null(s, i);
	else
		bound(s, sqlite3_bind_text64(s->s, i, v.p, v.n, SQLITE_TRANSIENT, SQLITE_UTF8));
}

void bind_z(struct stmt *s, int i, const char *z)
{
	bind_str(s, i, str_from(z));
}

void bind_blob(struct stmt *s, int i, const void *p, size_t n)
{
	if (!p)
		bind_null(s, i);
	else
		bound(s, sqlite3_bind_blob64(s->s, i, p, n, SQLITE_TRANSIENT));
}

void bind_null(struct stmt *s, int i)
{
	bound(s, sqlite3_bind_null(s->s, i));
}

int bind_index(struct stmt *s, const char *name)
{
	return sqlite3_bind_parameter_index(s->s, name);
}

int step(struct stmt *s)
{
	int rc;

	if (s->bind_rc)
		return ERR_DB;
	s->running = true;
	rc = sqlite3_step(s->s);
	if (rc == SQLITE_ROW)
		return 1;
	s->running = false;
	if (rc != SQLITE_DONE)
		note_failure(s->db, sqlite3_extended_errcode(s->db->h));
	sqlite3_reset(s->s);
	return rc == SQLITE_DONE ? 0 : ERR_DB;
}

void stmt_done(struct stmt *s)
{
	if (!s)
		return;
	sqlite3_reset(s->s);
	sqlite3_clear_bindings(s->s);
	s->running = false;
	s->bind_rc = 0;
}

int run(struct stmt *s, struct err *e)
{
	int rc;

	if (s->bind_rc) {
		rc = err_set(e, ERR_DB, "bind: %s", sqlite3_errstr(s->bind_rc));
		stmt_done(s);
		return rc;
	}
	while ((rc = step(s)) == 1)
		;
	if (rc)
		rc = db_fail(s->db, e, "run");
	stmt_done(s);
	return rc;
}

int db_check(struct db *db, struct err *e)
{
	static const char *const ask[] = {"PRAGMA integrity_check(1)", "PRAGMA foreign_key_check"};

	for (size_t i = 0; i < ARRAY_LEN(ask); i++) {
		struct stmt *s = db_sql(db, ask[i]);
		int r = s ? step(s) : ERR_DB;

		if (r < 0)
			return db_fail(db, e, ask[i]);
		if (r == 1 && (i || !str_is(col_str(s, 0), "ok"))) {
			struct str rest = col_str(s, 0), line = str_cut(&rest, '\n');

			/* its first line only names the database */
			r = err_set(e, ERR_CORRUPT, "%s: %.*s", ask[i] + 7, STR_ARG(rest.n ? rest : line));
			stmt_done(s);
			return r;
		}
		stmt_done(s);
	}
	return 0;
}

int64_t db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->h);
}

int db_changes(struct db *db)
{
	return sqlite3_changes(db->h);
}

int col_count(struct stmt *s)
{
	return sqlite3_column_count(s->s);
}

bool col_null(struct stmt *s, int i)
{
	return sqlite3_column_type(s->s, i) == SQLITE_NULL;
}

bool col_is_int(struct stmt *s, int i)
{
	return sqlite3_column_type(s->s, i) == SQLITE_INTEGER;
}

int64_t col_int(struct stmt *s, int i)
{
	return sqlite3_column_int64(s->s, i);
}

double col_real(struct stmt *s, int i)
{
	return sqlite3_column_double(s->s, i);
}

struct str col_str(struct stmt *s, int i)
{
	const void *p;
	int n;

	if (col_null(s, i))
		return STR_NONE;
	/* A blob of no bytes has no pointer, yet it is not NULL. */
	p = sqlite3_column_type(s->s, i) == SQLITE_BLOB ? sqlite3_column_blob(s->s, i) : (const void *)sqlite3_column_text(s->s, i);
	n = sqlite3_column_bytes(s->s, i);
	return str_n(p ? p : "", (size_t)n);
}

struct str col_dup(struct stmt *s, int i, struct arena *a)
{
	return arena_str(a, col_str(s, i));
}
