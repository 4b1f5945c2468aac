/* The store: one SQLite file with the tables of sql/schema.sql and those of the ledgers (core/ledger_sql.h). Whoever opens
 * it does so here, so that a store made by a newer version is refused everywhere. */
#ifndef CORE_STORE_H
#define CORE_STORE_H

#include "lib/db.h"

#define STORE_VERSION 4                                  /* PRAGMA user_version */

/* Opens the store, registers the functions of definitions and, for a writer, brings the tables of sql/schema.sql to this
 * version. Readers get ERR_WRONG_STATE from an older store: the writer has to open it first. ERR_VERSION: made by a newer one. */
int store_open(const char *path, enum db_mode mode, struct db **ret, struct err *e) MUST_USE;
/* The second half of store_open, on a connection opened otherwise (tests). */
int store_schema(struct db *db, struct err *e) MUST_USE;

#endif
