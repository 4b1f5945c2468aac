/* A thin, typed wrapper of SQLite. Named queries come from sql/ (generated enum, all prepared at db_open);
 * statements of the ledger engine go through a bounded cache. Any SQLite failure is ERR_DB with SQLite's text. */
#ifndef LIB_DB_H
#define LIB_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/str.h"

struct db;
struct stmt;                                         /* one statement, reset and ready; owned by the db */

enum db_mode { DB_READ, DB_WRITE, DB_CREATE };

struct db_query {                                    /* generated: queries[] in gen/queries.c */
	const char *name, *sql;
};

/* path may be ":memory:". WAL, foreign_keys=ON, synchronous=FULL, trusted_schema=OFF, busy_timeout 5 s, temp in memory.
 * queries may be NULL (tools, tests); they are prepared by db_prepare_all once the schema stands. */
int db_open(const char *path, enum db_mode mode, struct db **ret, struct err *e) MUST_USE;
void db_close(struct db *db);
int db_prepare_all(struct db *db, const struct db_query *queries, size_t n, struct err *e) MUST_USE;
void *db_handle(struct db *db);                      /* the sqlite3 *, for functions, authorizer, backup */
const char *db_error(struct db *db);                 /* SQLite's last text */

/* Scripts without parameters: schema, pragmas. */
int db_exec(struct db *db, const char *sql, struct err *e) MUST_USE;

/* Reads everything: pages, indexes, constraints, references. ERR_CORRUPT with SQLite's first finding. */
int db_check(struct db *db, struct err *e) MUST_USE;

/* While the whole store is read: pages come from the mapped file and are not examined cell by cell each time they pass through the small
 * cache (2 to 3 times the processor time where rows of several tables are joined). */
void db_sweep(struct db *db, bool on);

/* Transactions. db_begin is BEGIN IMMEDIATE for writers, BEGIN for readers. db_rollback never fails. */
int db_begin(struct db *db, struct err *e) MUST_USE;
int db_commit(struct db *db, struct err *e) MUST_USE;
void db_rollback(struct db *db);
bool db_in_tx(struct db *db);
/* Has no row been written since db_begin? Then others that begin to read now see what this transaction sees. */
bool db_untouched(struct db *db);
/* Has the disk been full since db_begin? */
bool db_no_room(struct db *db);

/* The write-ahead log of a writer is carried over into the store when it has 1000 pages, by the commit that finds it so. After this call
 * commits leave it alone up to sixteen times that, for db_settle, called now and then, does it when nothing was committed for a moment. */
void db_settle_later(struct db *db);
/* true: something was committed since the last true, and nothing for a moment: time for what nobody should wait for. */
bool db_settle(struct db *db);

/* Statement by its number in gen/queries.h, or by text (cached, at most DB_CACHE_MAX; NULL on error: see db_error). */
#define DB_CACHE_MAX 512
struct stmt *db_query(struct db *db, int q);
struct stmt *db_sql(struct db *db, const char *sql);

/* Parameters from 1. Text and blobs are copied. STR_NONE (p == NULL) binds NULL. */
void bind_int(struct stmt *s, int i, int64_t v);
void bind_real(struct stmt *s, int i, double v);
void bind_str(struct stmt *s, int i, struct str v);
void bind_z(struct stmt *s, int i, const char *z);   /* NULL binds NULL */
void bind_blob(struct stmt *s, int i, const void *p, size_t n);
void bind_null(struct stmt *s, int i);
int bind_index(struct stmt *s, const char *name);    /* of ":name"; 0 when the statement has none */

/* 1 row, 0 done (statement is then reset), negative ERR_DB. */
int step(struct stmt *s) MUST_USE;
void stmt_done(struct stmt *s);                      /* reset early and unbind */
/* For statements without result rows: runs to the end and resets. */
int run(struct stmt *s, struct err *e) MUST_USE;
int64_t db_last_id(struct db *db);
int db_changes(struct db *db);

/* Columns from 0, valid until the next step. */
int col_count(struct stmt *s);
bool col_null(struct stmt *s, int i);
bool col_is_int(struct stmt *s, int i);              /* stored as an integer: col_str would have to make a text of it */
int64_t col_int(struct stmt *s, int i);
double col_real(struct stmt *s, int i);
struct str col_str(struct stmt *s, int i);           /* text or blob; STR_NONE for NULL */
struct str col_dup(struct stmt *s, int i, struct arena *a);

#endif
