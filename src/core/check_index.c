/* The indexes that checks ask for: data beside the check, made when the store is opened and gone when no check names it any more. Named
 * after what they are, so that two checks share one and a changed one is another. */
#include "core/check.h"
#include "lib/hash.h"

#define PREFIX "check_"
#define NAME_HEX 16
#define INDEXES_MAX 200

struct wanted {
	const char *name, *sql;
	bool there;
};

static struct wanted *find(struct wanted *v, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(name, v[i].name))
			return &v[i];
	return NULL;
}

static size_t collect(struct arena *a, const struct checks *all, struct wanted v[INDEXES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->v[i]->n_indexes && n < INDEXES_MAX; k++) {
			struct str on = all->v[i]->indexes[k];
			char hex[SHA256_HEX];
			const char *name;

			sha256_hex(on.p, on.n, hex);
			name = arena_printf(a, PREFIX "%.*s", NAME_HEX, hex);
			if (!find(v, n, str_from(name)))
				v[n++] = (struct wanted){name, arena_printf(a, "CREATE INDEX %s ON %.*s", name, STR_ARG(on)), false};
		}
	return n;
}

static int reconcile(struct db *db, struct arena *a, struct wanted *v, size_t n, struct err *e)
{
	struct stmt *s = db_sql(db, "SELECT name FROM sqlite_schema WHERE type = 'index' AND name GLOB '" PREFIX "*'");
	const char *drop = "";
	int rc;

	if (!s)
		return err_set(e, ERR_DB, "%s", db_error(db));
	while ((rc = step(s)) == 1) {
		struct wanted *w = find(v, n, col_str(s, 0));

		if (w)
			w->there = true;
		else
			drop = arena_printf(a, "%sDROP INDEX %.*s;", drop, STR_ARG(col_str(s, 0)));
	}
	stmt_done(s);
	if (rc < 0)
		return err_set(e, ERR_DB, "%s", db_error(db));
	rc = *drop ? db_exec(db, drop, e) : 0;
	for (size_t i = 0; !rc && i < n; i++)
		rc = v[i].there ? 0 : db_exec(db, v[i].sql, e);
	return rc;
}

int checks_index(struct db *db, const struct checks *all, struct err *e)
{
	struct arena *a = arena_new(4u << 20);
	struct wanted v[INDEXES_MAX];
	size_t n = collect(a, all, v);
	int rc = db_begin(db, e);

	if (!rc) {
		rc = reconcile(db, a, v, n, e);
		if (!rc)
			rc = db_commit(db, e);
		if (rc)
			db_rollback(db);
	}
	arena_free(a);
	return rc;
}
