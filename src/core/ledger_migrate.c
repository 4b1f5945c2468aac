/* Brings the store to the definitions.
 *
 * A table whose CREATE text is no longer the one wanted is made anew and its rows are copied: added, renamed (`was:`)
 * and re-typed columns, other references and constraints are then one case. Columns the definition no longer has are
 * copied along, so nothing is lost; a value that cannot take its column's new type stays behind in <column>__<old
 * type>. Views, triggers and indexes of a changed ledger are dropped first and made again. All of it is one
 * transaction, with foreign keys off meanwhile (SQLite's way to replace a table) and checked before the commit. */
#include "core/ledger_migrate.h"

#include <string.h>

#include "lib/clock.h"
#include "lib/hash.h"

int migration_exec(struct migration *m)
{
	if (buf_err(&m->sql))
		return err_set(m->e, ERR_TOOBIG, "a ledger needs too much SQL");
	return db_exec(m->db, buf_z(&m->sql), m->e);
}

struct stmt *migration_ask(struct migration *m, const char *sql, struct str arg)
{
	struct stmt *s = db_sql(m->db, sql);

	if (!s) {
		(void)err_set(m->e, ERR_DB, "%s", db_error(m->db));
		return NULL;
	}
	bind_str(s, 1, arg);
	return s;
}

int migration_text(struct migration *m, const char *sql, struct str arg, struct str *ret)
{
	struct stmt *s = migration_ask(m, sql, arg);
	int rc = s ? step(s) : ERR_DB;

	*ret = rc == 1 ? col_dup(s, 0, m->a) : STR_NONE;
	stmt_done(s);
	return rc < 0 ? err_set(m->e, ERR_DB, "%s", db_error(m->db)) : 0;
}

/* ---- one ledger ---- */

/* Triggers, the view and the indexes of this ledger's tables: all that can be made again from the definition. */
static int drop_derived(struct migration *m, const struct ledger *l)
{
	struct stmt *s = migration_ask(m, "SELECT type, name FROM sqlite_schema WHERE sql IS NOT NULL AND ((type IN ('trigger', 'index') AND "
	                        "(tbl_name = ?1 OR tbl_name = ?1 || '_step' OR substr(tbl_name, 1, length(?1) + 2) = ?1 || '__')) OR "
	                        "(type = 'view' AND (name = ?1 || '_v' OR name = ?1 || '_above_v')))", l->table);
	int rc = s ? 1 : ERR_DB;

	buf_clear(&m->sql);
	while (s && (rc = step(s)) == 1)
		buf_printf(&m->sql, "DROP %.*s \"%.*s\";\n", STR_ARG(col_str(s, 0)), STR_ARG(col_str(s, 1)));
	return rc < 0 ? err_set(m->e, ERR_DB, "%s", db_error(m->db)) : migration_exec(m);
}

static int check_references(struct migration *m, const struct ledger *l)
{
	struct stmt *s = migration_ask(m, "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check WHERE \"table\" = ?1 OR "
	                        "substr(\"table\", 1, length(?1) + 2) = ?1 || '__' LIMIT 1", l->table);
	int rc = s ? step(s) : ERR_DB;

	if (rc == 1)
		rc = err_set(m->e, ERR_INVALID, "%.*s: row %lld refers to a record of %.*s that is not there",
		             STR_ARG(col_str(s, 0)), (long long)col_int(s, 1), STR_ARG(col_str(s, 2)));
	else if (rc < 0)
		rc = err_set(m->e, ERR_DB, "%s", db_error(m->db));
	stmt_done(s);
	return rc;
}

static int record_definition(struct migration *m, const struct ledger *l, const char *schema_sha256)
{
	static const char *const sql[] = {
		"INSERT INTO ledger_definition(name, sha256, source, applied_at, schema_sha256) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT(name) "
		"DO UPDATE SET sha256 = excluded.sha256, source = excluded.source, applied_at = excluded.applied_at, "
		"schema_sha256 = excluded.schema_sha256",
		"INSERT INTO ledger_definition_history(name, sha256, source, applied_at) VALUES (?1, ?2, ?3, ?4)",
	};

	for (size_t i = 0; i < ARRAY_LEN(sql); i++) {
		struct stmt *s = migration_ask(m, sql[i], l->name);
		int rc;

		if (!s)
			return ERR_DB;
		bind_z(s, 2, l->sha256);
		bind_str(s, 3, l->source);
		bind_int(s, 4, clock_now());
		if (i == 0)
			bind_z(s, 5, schema_sha256);
		if ((rc = run(s, m->e)))
			return rc;
	}
	return 0;
}

enum change { SAME, WORDS, TABLES };

static int how_changed(struct migration *m, const struct ledger *l, char schema_sha256[SHA256_HEX], enum change *ret)
{
	struct str stands, words;
	int rc;

	buf_clear(&m->sql);
	if ((rc = ledger_sql_schema(l, m->all, &m->sql)))
		return err_set(m->e, rc, "%.*s: the tables cannot be made", STR_ARG(l->name));
	sha256_hex(m->sql.p, m->sql.n, schema_sha256);
	if ((rc = migration_text(m, "SELECT schema_sha256 FROM ledger_definition WHERE name = ?1", l->name, &stands)) ||
	    (rc = migration_text(m, "SELECT sha256 FROM ledger_definition WHERE name = ?1", l->name, &words)))
		return rc;
	*ret = !str_is(stands, schema_sha256) ? TABLES : !str_is(words, l->sha256) ? WORDS : SAME;
	return 0;
}

static int migrate_tables(struct migration *m, const struct ledger *l)
{
	size_t n = 0;
	struct table_def *t = ledger_tables(m->a, l, m->all, &n);
	int rc;

	if (!t)
		return err_set(m->e, ERR_NOMEM, "%.*s: out of memory", STR_ARG(l->name));
	/* lists first: a field that became many is still in the base table */
	for (size_t i = 1; i < n; i++)
		if ((rc = migration_table(m, l, &t[i])))
			return rc;
	return migration_table(m, l, &t[0]);
}

static int make_derived(struct migration *m, const struct ledger *l)
{
	int rc;

	buf_clear(&m->sql);
	ledger_sql_indexes(l, &m->sql);
	if ((rc = ledger_sql_view(l, m->all, &m->sql)))
		return err_set(m->e, rc, "%.*s: computed fields lean on each other in a circle", STR_ARG(l->name));
	ledger_sql_triggers(l, m->all, &m->sql);
	return migration_exec(m);
}

static int step_of_all(struct migration *m, const enum change *how, int (*f)(struct migration *, const struct ledger *))
{
	for (size_t i = 0; i < m->all->n; i++) {
		int rc;

		if (how[i] != TABLES)
			continue;
		arena_clear(m->a);
		if ((rc = f(m, m->all->v[i]))) {
			char text[ERR_TEXT_MAX];

			if (!m->e || str_starts(str_from(m->e->text), arena_z(m->a, m->all->v[i]->table)))
				return rc;
			snprintf(text, sizeof text, "%s", m->e->text);
			return err_set(m->e, rc, "%.*s: %s", STR_ARG(m->all->v[i]->name), text);
		}
	}
	return 0;
}

static int apply(struct migration *m, const enum change *how, char (*hash)[SHA256_HEX])
{
	int rc = db_begin(m->db, m->e);

	if (rc)
		return rc;
	if (!(rc = step_of_all(m, how, drop_derived)) && !(rc = step_of_all(m, how, migrate_tables)) &&
	    !(rc = step_of_all(m, how, make_derived)))
		rc = step_of_all(m, how, check_references);
	for (size_t i = 0; i < m->all->n && !rc; i++)
		if (how[i] != SAME)
			rc = record_definition(m, m->all->v[i], hash[i]);
	if (!rc)
		rc = db_commit(m->db, m->e);
	if (rc)
		db_rollback(m->db);
	return rc;
}

int ledgers_migrate(struct db *db, const struct ledgers *all, struct err *e)
{
	struct migration m = { .db = db, .all = all, .a = arena_new(DDL_MAX), .e = e };
	char (*hash)[SHA256_HEX] = xcalloc(all->n + 1, sizeof *hash);
	enum change *how = xcalloc(all->n + 1, sizeof *how);
	bool any = false;
	struct err ignored;
	int rc = db_in_tx(db) ? err_set(e, ERR_WRONG_STATE, "a transaction is open") : 0;

	buf_init(&m.sql, DDL_MAX);
	for (size_t i = 0; i < all->n && !rc; i++) {
		arena_clear(m.a);
		rc = how_changed(&m, all->v[i], hash[i], &how[i]);
		any |= how[i] != SAME;
	}
	if (!rc && any && !(rc = db_exec(db, "PRAGMA foreign_keys=OFF; PRAGMA legacy_alter_table=ON", e))) {
		rc = apply(&m, how, hash);
		if (db_exec(db, "PRAGMA legacy_alter_table=OFF; PRAGMA foreign_keys=ON", rc ? &ignored : e) && !rc)
			rc = ERR_DB;
	}
	buf_release(&m.sql);
	arena_free(m.a);
	free(how);
	free(hash);
	return rc;
}
