/* Collects and judges the rows a transaction changed (change.h). */
#include "office/change.h"

#include <sqlite3.h>

#include "core/check.h"

static struct table_change changes[CHANGES_MAX];         /* tables in names: they live as long as the process */
static size_t n_changes;
static bool overflow;
static struct arena *names;
static const char *known[2048];
static size_t n_known;
static bool touched[ARRAY_LEN(known)];                   /* known[i] in this transaction, beyond CHANGES_MAX too */
static bool sources_touched;
static bool unknown_touched;                             /* a table beyond the room for names */

/* NULL: no room for another name. */
static const char *intern(const char *table)
{
	size_t i = 0;
	while (i < n_known && strcmp(known[i], table) != 0)
		i++;
	if (i == ARRAY_LEN(known)) {
		unknown_touched = true;
		return NULL;
	}
	if (i == n_known)
		known[n_known++] = arena_strdup(names, table);
	touched[i] = true;
	return known[i];
}

static void changed(void *arg, int op, const char *schema, const char *table, sqlite3_int64 id)
{
	(void)arg, (void)op, (void)schema;
	if (check_unwatched_table(str_from(table)))
		return;
	if (strncmp(table, "log_sources", 11) == 0)
		sources_touched = true;
	const char *name = intern(table);
	if (overflow)
		return;
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

void change_touch_sources(void)
{
	sources_touched = true;
}

bool change_of_sources(void)
{
	bool was = sources_touched;
	sources_touched = false;
	return was;
}

void change_clear(void)
{
	n_changes = 0;
	overflow = unknown_touched = false;
	memset(touched, 0, sizeof(touched));
}

int change_assess(struct world *w, struct checks *checks, bool *ret_all, struct err *e)
{
	size_t n = n_changes; /* judging writes findings, which are internal */
	int r = overflow ? 1 : assess_changes(w, checks, changes, n, e);
	if (unknown_touched)
		assess_forget(checks, STR_NONE);
	for (size_t i = 0; overflow && i < n_known; i++) /* their rows are judged with everything */
		if (touched[i] && !check_config_table(str_from(known[i])))
			assess_forget(checks, str_from(known[i]));
	*ret_all = r == 1; /* too much at once, or a parameter or setting: everything may be different */
	change_clear();
	return r < 0 ? r : 0;
}
