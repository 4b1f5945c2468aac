#include "core/store.h"

#include <stdio.h>

#include "core/ledger_sql.h"
#include "queries.h"

static int version_of(struct db *db, int64_t *ret, struct err *e)
{
	struct stmt *s = db_sql(db, "PRAGMA user_version");

	if (!s || step(s) != 1)
		return err_set(e, ERR_DB, "user_version: %s", db_error(db));
	*ret = col_int(s, 0);
	stmt_done(s);
	if (*ret > STORE_VERSION)
		return err_set(e, ERR_VERSION, "the store has version %lld, this program knows up to %d", (long long)*ret, STORE_VERSION);
	return 0;
}

/* From version N to N + 1. */
static const char *const steps[STORE_VERSION] = {
	[1] = "ALTER TABLE control ADD COLUMN measure_ja TEXT; ALTER TABLE control ADD COLUMN fails_when_ja TEXT",
	[2] = "ALTER TABLE session ADD COLUMN confirmed_at INTEGER; ALTER TABLE token ADD COLUMN label TEXT",
	[3] = "ALTER TABLE job ADD COLUMN lang TEXT",
};

int store_schema(struct db *db, struct err *e)
{
	char pragma[40];
	int64_t version;
	int rc = version_of(db, &version, e);

	if (rc)
		return rc;
	if ((rc = db_begin(db, e)))
		return rc;
	snprintf(pragma, sizeof pragma, "PRAGMA user_version=%d", STORE_VERSION);
	/* Tables that stand are left alone; a version after 1 puts its ALTER statements into `steps`. */
	rc = db_exec(db, sql_schema, e);
	for (int64_t v = version; !rc && v > 0 && v < STORE_VERSION; v++)
		rc = db_exec(db, steps[v], e);
	if (!rc && version != STORE_VERSION)
		rc = db_exec(db, pragma, e);
	if (!rc)
		rc = db_commit(db, e);
	if (rc)
		db_rollback(db);
	return rc;
}

int store_open(const char *path, enum db_mode mode, struct db **ret, struct err *e)
{
	struct db *db;
	int64_t version;
	int rc = db_open(path, mode, &db, e);

	if (rc)
		return rc;
	rc = version_of(db, &version, e);
	if (!rc && ledger_functions(db))
		rc = err_set(e, ERR_DB, "functions: %s", db_error(db));
	if (!rc && mode != DB_READ)
		rc = store_schema(db, e);
	else if (!rc && version < STORE_VERSION)
		rc = err_set(e, ERR_WRONG_STATE, "the store has version %lld, not yet brought to %d", (long long)version, STORE_VERSION);
	if (rc) {
		db_close(db);
		return rc;
	}
	*ret = db;
	return 0;
}
