/* Inside the migration of ledgers (ledger_migrate.c, ledger_rebuild.c). */
#ifndef CORE_LEDGER_MIGRATE_H
#define CORE_LEDGER_MIGRATE_H

#include "core/ledger_ddl.h"
#include "core/ledger_sql.h"

struct migration {
	struct db *db;
	const struct ledgers *all;
	struct arena *a;                                 /* of the ledger in hand */
	struct buf sql;
	struct err *e;
};

/* Runs what stands in m->sql. */
int migration_exec(struct migration *m) MUST_USE;
/* A statement with ?1 bound; NULL on error, which is told. */
struct stmt *migration_ask(struct migration *m, const char *sql, struct str arg);
/* One text, or STR_NONE; copied into the arena. */
int migration_text(struct migration *m, const char *sql, struct str arg, struct str *ret) MUST_USE;
/* Makes the table, or makes it anew with its rows when it stands otherwise (ledger_rebuild.c). */
int migration_table(struct migration *m, const struct ledger *l, const struct table_def *t) MUST_USE;

#endif
