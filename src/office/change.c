/* Collects and judges the rows a transaction changed (change.h). */
#include "office/change.h"

#include <sqlite3.h>

static struct table_change changes[CHANGES_MAX];         /* tables in names: they live as long as the process */
static size_t n_changes;
static bool overflow;
static struct arena *names;
static const char *known[2048];
static size_t n_known;

/* Tables that are never subjects of a check; the office writes them all the time. */
static bool internal(const char *table)
{
	static const char *const list[] = {"outbox", "record_log", "session", "signin_log", "finding", "finding_count", "finding_span",
	                                   "clause_status", "clause_span", "control_status", "control_span", "search_doc", "notice", "attachment", "job", "number_series", "token"};
	for (size_t i = 0; i < ARRAY_LEN(list); i++)
		if (strcmp(table, list[i]) == 0)
			return true;
	size_t n = strlen(table);
	return strncmp(table, "search_", 7) == 0 || (n > 7 && strncmp(table, "sqlite_", 7) == 0);
}

static const char *intern(const char *table)
{
	for (size_t i = 0; i < n_known; i++)
		if (strcmp(known[i], table) == 0)
			return known[i];
	if (n_known == ARRAY_LEN(known))
		return NULL;
	return known[n_known++] = arena_strdup(names, table);
}

static void changed(void *arg, int op, const char *schema, const char *table, sqlite3_int64 id)
{
	(void)arg, (void)op, (void)schema;
	if (internal(table) || overflow)
		return;
	const char *name = intern(table);
	for (size_t i = n_changes; i > 0 && n_changes - i < 64; i--)
		if (changes[i - 1].table.p == name && changes[i - 1].id == id)
			return;
	if (!name || n_changes == CHANGES_MAX) {
		overflow = true;
		return;
	}
	changes[n_changes++] = (struct table_change){str_from(name), id};
}

void change_watch(struct office *o)
{
	names = arena_new(1u << 20);
	sqlite3_update_hook(db_handle(o->db), changed, NULL);
}

void change_clear(void)
{
	n_changes = 0;
	overflow = false;
}

int change_assess(struct world *w, struct checks *checks, bool *ret_all, struct err *e)
{
	size_t n = n_changes; /* judging writes findings, which are internal */
	int r = overflow ? 1 : assess_changes(w, checks, changes, n, e);
	*ret_all = r == 1; /* too much at once, or a parameter or setting: everything may be different */
	change_clear();
	return r < 0 ? r : 0;
}
