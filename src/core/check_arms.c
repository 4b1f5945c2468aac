#include "core/check_arms.h"

#include <sqlite3.h>
#include <strings.h>

#include "lib/buf.h"

#define SQL_MAX (2 * CHECK_BYTES_MAX)
#define COLUMNS 6

static bool name_char(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c & 0x80);
}

static bool word_at(struct str s, size_t i, const char *word)
{
	size_t n = strlen(word);

	return i + n <= s.n && !strncasecmp(s.p + i, word, n) && (i + n == s.n || !name_char(s.p[i + n])) &&
	       (i == 0 || !name_char(s.p[i - 1]));
}

/* The byte after what begins at i and is to be passed over whole: a text, a quoted name, a comment, brackets; i itself when nothing is.
 * Past the end: it does not end. */
static size_t pass_over(struct str s, size_t i)
{
	int depth = 0;

	do {
		char c = s.p[i];

		if (c == '\'' || c == '"') {
			for (i++; i < s.n && s.p[i] != c;)
				i++;
		} else if (c == '-' && i + 1 < s.n && s.p[i + 1] == '-') {
			while (i + 1 < s.n && s.p[i + 1] != '\n')
				i++;
		} else if (c == '(') {
			depth++;
		} else if (c == ')') {
			depth--;
		} else if (!depth) {
			return i;
		}
		i++;
	} while (depth > 0 && i < s.n);
	return depth ? s.n + 1 : i;
}

/* Cuts the body at the words of its own level. head: the WITH before the first SELECT, if any. */
static size_t cut(struct str body, struct str *head, struct str arms[CHECK_ARMS_MAX])
{
	static const char *const others[] = {"EXCEPT", "INTERSECT", "ORDER", "LIMIT", "VALUES"};
	size_t n = 0, from = 0, i = 0;

	while (i < body.n) {
		size_t next = pass_over(body, i);

		if (next > body.n)
			return 0;
		if (next > i) {
			i = next;
			continue;
		}
		for (size_t k = 0; n && k < ARRAY_LEN(others); k++)
			if (word_at(body, i, others[k]))
				return 0;
		if (!n && word_at(body, i, "SELECT")) {
			*head = str_slice(body, 0, i);
			from = i;
			n = 1;
		} else if (word_at(body, i, "UNION")) {
			size_t all = i + 5;

			while (all < body.n && strchr(" \t\n", body.p[all]))
				all++;
			if (!n || n == CHECK_ARMS_MAX || !word_at(body, all, "ALL"))
				return 0;
			arms[n++ - 1] = str_slice(body, from, i - from);
			from = i = all + 3;
			continue;
		}
		i++;
	}
	if (n)
		arms[n - 1] = str_slice(body, from, body.n);
	return n;
}

/* What the first SELECT calls its columns, in its order: so are those of the others called. */
static bool columns(struct db *db, struct arena *a, const struct check *c, const char **ret)
{
	sqlite3_stmt *h = NULL;
	bool ok = sqlite3_prepare_v2(db_handle(db), c->body.p, (int)c->body.n, &h, NULL) == SQLITE_OK && sqlite3_column_count(h) == COLUMNS;

	*ret = "";
	for (int i = 0; ok && i < COLUMNS; i++)
		*ret = arena_printf(a, "%s%s\"%s\"", *ret, i ? ", " : "", sqlite3_column_name(h, i));
	sqlite3_finalize(h);
	return ok;
}

/* Can it be answered from indexes alone, in their order? Else counting by section costs more than passing every row. */
static bool from_indexes(struct db *db, struct arena *a, const char *sql)
{
	struct str plan = str_from(arena_printf(a, "EXPLAIN QUERY PLAN %s", sql));
	sqlite3_stmt *h = NULL;
	bool good = sqlite3_prepare_v2(db_handle(db), plan.p, -1, &h, NULL) == SQLITE_OK;

	while (good && sqlite3_step(h) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(h, 3);
		bool reads = strncmp(step, "SCAN", 4) == 0 || strncmp(step, "SEARCH", 6) == 0;

		good = reads ? strstr(step, "USING COVERING INDEX") != NULL : strstr(step, "TEMP B-TREE") == NULL;
	}
	sqlite3_finalize(h);
	return good;
}

#define COLUMN_NAMES "subject_id, section, title, part, verdict, due_at"

size_t check_arms(struct db *db, struct arena *a, const struct check *c, struct check_arm ret[CHECK_ARMS_MAX])
{
	struct str head = STR(""), arms[CHECK_ARMS_MAX];
	size_t n = cut(c->body, &head, arms);
	const char *names;

	if (!n || !columns(db, a, c, &names))
		return 0;
	head = str_trim(head);
	for (size_t i = 0; i < n; i++) {
		const char *arm = arena_printf(a, "%.*s%s arm_(%s) AS NOT MATERIALIZED (\n%.*s\n)\n", STR_ARG(head), head.n ? "," : "WITH", names,
		                               STR_ARG(arms[i]));

		ret[i] = (struct check_arm){.rows = arena_printf(a, "%sSELECT " COLUMN_NAMES " FROM arm_", arm)};
		if (!c->every)
			continue;
		ret[i].failing = arena_printf(a, "%s WHERE verdict IS NOT NULL", ret[i].rows);
		ret[i].counts = arena_printf(a, "%sSELECT section, part, count(*) FROM arm_ GROUP BY section", arm);
		if (!from_indexes(db, a, ret[i].counts))
			ret[i].counts = arena_printf(a, "%sSELECT section, part, 1 FROM arm_", arm);
	}
	return arena_full(a) ? 0 : n;
}
