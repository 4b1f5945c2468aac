/* Reading checks: the header of a file, its reasons in words, and what SQLite says it reads. */
#include "core/check.h"

#include <sqlite3.h>

#include "core/assess.h"
#include "lib/file.h"
#include "lib/i18n.h"

#define CHECKS_ARENA_MAX (32u << 20)

static const struct checks *loaded;

struct parser {
	struct arena *a;
	struct check *c;
	const char *file;
	int line;
	struct err *e;
};

static int fail(struct parser *p, const char *what)
{
	return err_at(p->e, ERR_SYNTAX, p->file, p->line, 0, "%s", what);
}

/* "key | ja | en"; the words may be absent when `words` is not set. */
static int parse_word(struct parser *p, struct str value, bool words, struct check_word *ret)
{
	ret->key = arena_str(p->a, str_trim(str_cut(&value, '|')));
	ret->ja = arena_str(p->a, str_trim(str_cut(&value, '|')));
	ret->en = arena_str(p->a, str_trim(value));
	if (!ret->key.n || (words && (!ret->ja.n || !ret->en.n)))
		return fail(p, words ? "KEY | 日本語 | English is expected" : "a name is expected");
	return 0;
}

static int parse_affects(struct parser *p, struct str value)
{
	struct check_affects *x = &p->c->affects[p->c->n_affects];
	struct str table = str_trim(str_cut(&value, '='));

	if (p->c->n_affects == CHECK_TABLES_MAX)
		return fail(p, "too many affects lines");
	value = str_trim(value);
	if (!table.n || !value.n)
		return fail(p, "TABLE = SELECT … :id or TABLE = * is expected");
	x->table = arena_str(p->a, table);
	x->sql = str_is(value, "*") ? NULL : arena_z(p->a, value);
	x->line = p->line;
	p->c->n_affects++;
	return 0;
}

static int parse_empty(struct parser *p, struct str value)
{
	if (str_is(value, "met"))
		p->c->empty = EMPTY_MET;
	else if (str_is(value, "unknown"))
		p->c->empty = EMPTY_UNKNOWN;
	else
		return fail(p, "empty: met or empty: unknown is expected");
	return 0;
}

/* The part must stand above. */
static int parse_every(struct parser *p, struct str value)
{
	for (size_t i = 0; i < p->c->n_parts; i++)
		if (str_eq(p->c->parts[i].key, value))
			p->c->every = (int)i + 1;
	return p->c->every ? 0 : fail(p, "every: names no part given above it");
}

static int parse_header(struct parser *p, struct str key, struct str value)
{
	struct check *c = p->c;

	if (!value.n)
		return fail(p, "a value is missing after the colon");
	if (str_is(key, "control"))
		c->control = arena_str(p->a, value);
	else if (str_is(key, "subject"))
		c->subject = arena_str(p->a, value);
	else if (str_is(key, "affects"))
		return parse_affects(p, value);
	else if (str_is(key, "timed"))
		c->timed = arena_z(p->a, value);
	else if (str_is(key, "empty"))
		return parse_empty(p, value);
	else if (str_is(key, "every"))
		return parse_every(p, value);
	else if (str_is(key, "index"))
		return c->n_indexes == CHECK_INDEXES_MAX ? fail(p, "too many indexes") : (c->indexes[c->n_indexes++] = arena_str(p->a, value), 0);
	else if (str_is(key, "part"))
		return c->n_parts == CHECK_PARTS_MAX ? fail(p, "too many parts") : parse_word(p, value, false, &c->parts[c->n_parts++]);
	else if (str_is(key, "reason"))
		return c->n_reasons == CHECK_REASONS_MAX ? fail(p, "too many reasons") :
		       parse_word(p, value, true, &c->reasons[c->n_reasons++]);
	else if (str_is(key, "later"))
		return c->n_later == CHECK_PARTS_MAX ? fail(p, "too many later parts") :
		       (c->later[c->n_later++] = arena_str(p->a, value), 0);
	else
		return fail(p, "unknown header; known are control, subject, part, later, reason, affects, timed, empty, every, index");
	return 0;
}

/* A header line is "-- word: value"; other comments are prose. */
static bool header_line(struct str line, struct str *key, struct str *value)
{
	struct str rest;

	if (!str_starts(line, "-- "))
		return false;
	rest = str_slice(line, 3, line.n);
	*key = str_cut(&rest, ':');
	if (!rest.p || !key->n)
		return false;
	for (size_t i = 0; i < key->n; i++)
		if (key->p[i] < 'a' || key->p[i] > 'z')
			return false;
	*value = str_trim(rest);
	return true;
}

static int check_complete(struct parser *p, struct str sql)
{
	struct check *c = p->c;

	p->line = 1;
	if (!c->control.n || !c->subject.n)
		return fail(p, "control: and subject: are required");
	if (!c->n_parts)
		return fail(p, "at least one part: is required");
	sql = str_trim(sql);
	if (str_ends(sql, ";"))
		sql.n--;
	if (!sql.n)
		return fail(p, "no SELECT after the header");
	check_set_body(p->a, c, sql);
	return 0;
}

void check_set_body(struct arena *a, struct check *c, struct str body)
{
	c->body = arena_str(a, body);
	c->sql = arena_printf(a, "SELECT subject_id, section, title, part, verdict, due_at FROM (\n%.*s\n)", STR_ARG(body));
	c->sql_one = arena_printf(a, "%s WHERE subject_id = :subject", c->sql);
	if (!c->timed)
		return;
	c->sql_timed = arena_printf(a, "%s WHERE subject_id IN (%s)", c->sql, c->timed);
	c->sql_timed_ids = arena_printf(a, "WITH t(id) AS (%s) SELECT f.subject_id, f.part, f.status, f.reason, f.due_at, f.section, f.title, "
	                                "f.since_at, f.exception FROM finding f WHERE f.control = :control AND f.subject_id IN "
	                                "(SELECT CAST(t.id AS TEXT) FROM t)", c->timed);
}

int check_parse(struct arena *a, const char *file, struct str text, struct check **ret, struct err *e)
{
	struct parser p = {.a = a, .c = ARENA_NEW(a, struct check), .file = arena_strdup(a, file), .e = e};
	struct str rest = text, key, value;
	int rc;

	p.c->file = p.file;
	while (rest.n && str_starts(rest, "--")) {
		struct str line = str_cut(&rest, '\n');

		p.line++;
		rc = header_line(line, &key, &value) ? parse_header(&p, key, value) : 0;
		if (rc)
			return rc;
	}
	rc = check_complete(&p, rest);
	if (!rc)
		*ret = p.c;
	return rc;
}

struct str check_base_table(struct str table)
{
	for (size_t i = 0; i + 1 < table.n; i++)
		if (table.p[i] == '_' && table.p[i + 1] == '_')
			return str_slice(table, 0, i);
	if (str_ends(table, "_step"))
		return str_slice(table, 0, table.n - 5);
	return table;
}

bool check_config_table(struct str table)
{
	static const char *const names[] = {"setting", "standard", "clause", "clause_model", "control", "control_part", "control_setting",
		"binding", "parameter", "parameter_def", "parameter_now", "standard_param", "standard_param_now", "declaration"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(table, names[i]))
			return true;
	return false;
}

bool check_unwatched_table(struct str table)
{
	static const char *const names[] = {"outbox", "record_log", "session", "signin_log", "finding", "finding_count", "finding_span", "clause_status",
		"clause_span", "control_status", "control_span", "search_doc", "notice", "attachment", "job", "number_series", "token"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(table, names[i]))
			return true;
	return str_starts(table, "search_") || str_starts(table, "sqlite_");
}

struct reading {
	struct arena *a;
	struct check *c;
	bool overflow;
	bool by_clock;                                   /* a view asks for the date or time by itself */
};

static void add_read(struct reading *r, struct str table)
{
	struct check *c = r->c;

	for (size_t i = 0; i < c->n_reads; i++)
		if (str_eq(c->reads[i], table))
			return;
	if (c->n_reads == CHECK_TABLES_MAX)
		r->overflow = true;
	else
		c->reads[c->n_reads++] = arena_str(r->a, table);
}

static void add_function(struct reading *r, const char *name)
{
	static const char *const values[] = {"param", "std", "std_has", "std_list", "cycle"};
	static const char *const clocks[] = {"today_", "now_", "date", "time", "datetime", "julianday", "unixepoch", "strftime",
		"current_date", "current_time", "current_timestamp", "random", "randomblob"};

	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		r->c->by_values |= strcmp(name, values[i]) == 0;
	for (size_t i = 0; i < ARRAY_LEN(clocks); i++)
		r->by_clock |= strcmp(name, clocks[i]) == 0;
}

/* Only listens: a check stands inside a SELECT, so it cannot do anything but read. */
static int watch(void *arg, int op, const char *x, const char *y, const char *schema, const char *view)
{
	(void)schema, (void)view;
	if (op == SQLITE_FUNCTION && y)
		add_function(arg, y);
	if (op == SQLITE_READ && x && *x && strcmp(x, "json_each") != 0 && strncmp(x, "sqlite_", 7) != 0)
		add_read(arg, str_from(x));
	return SQLITE_OK;
}

static bool has_affects(const struct check *c, struct str table)
{
	for (size_t i = 0; i < c->n_affects; i++)
		if (str_eq(c->affects[i].table, table))
			return true;
	return false;
}

static bool is_view(struct db *db, struct str name)
{
	struct stmt *s = db_sql(db, "SELECT 1 FROM sqlite_schema WHERE type = 'view' AND name = ?1");
	bool yes;

	if (!s)
		return false;
	bind_str(s, 1, name);
	yes = step(s) == 1;
	stmt_done(s);
	return yes;
}

static bool reads_base(const struct check *c, struct str table)
{
	for (size_t i = 0; i < c->n_reads; i++)
		if (str_eq(check_base_table(c->reads[i]), table))
			return true;
	return false;
}

static int compare_affects(struct db *db, struct check *c, struct err *e)
{
	for (size_t i = 0; i < c->n_reads; i++) {
		struct str table = check_base_table(c->reads[i]);

		if (!check_config_table(table) && !has_affects(c, table) && !is_view(db, table))
			return err_at(e, ERR_INVALID, c->file, 1, 0, "reads %.*s but has no line '-- affects: %.*s = …'", STR_ARG(table),
			              STR_ARG(table));
	}
	for (size_t i = 0; i < c->n_affects; i++)
		if (!reads_base(c, c->affects[i].table))
			return err_at(e, ERR_INVALID, c->file, c->affects[i].line, 0, "affects names %.*s, which the check does not read",
			              STR_ARG(c->affects[i].table));
	return 0;
}

/* SQLite tells of changed rows by their rowid: a table without one is followed only through the record it belongs to. */
static bool followed(struct db *db, struct str table)
{
	struct stmt *s;
	bool yes;

	if (check_unwatched_table(table) || check_config_table(table))
		return false;
	if (check_base_table(table).n < table.n)
		return true;
	s = db_sql(db, "SELECT 1 FROM sqlite_schema WHERE name = ?1 AND sql LIKE '%WITHOUT ROWID%'");
	if (!s)
		return false;
	bind_str(s, 1, table);
	yes = step(s) == 0;
	stmt_done(s);
	return yes;
}

static enum check_basis basis_of(struct db *db, const struct reading *r)
{
	if (r->by_clock)
		return BASIS_OPEN;
	for (size_t i = 0; i < r->c->n_reads; i++)
		if (!followed(db, r->c->reads[i]))
			return BASIS_OPEN;
	return BASIS_ROWS;
}

int check_prepare(struct db *db, struct arena *a, struct check *c, struct err *e)
{
	struct reading r = {.a = a, .c = c};
	sqlite3_stmt *h = NULL;
	struct stmt *s;
	int rc;

	/* Prepared afresh: the cache would answer without asking the authorizer. */
	sqlite3_set_authorizer(db_handle(db), watch, &r);
	rc = sqlite3_prepare_v2(db_handle(db), c->sql_one, -1, &h, NULL);
	c->by_day = sqlite3_bind_parameter_index(h, ":today") > 0;
	c->by_now = sqlite3_bind_parameter_index(h, ":now") > 0;
	sqlite3_finalize(h);
	sqlite3_set_authorizer(db_handle(db), NULL, NULL);
	if (rc != SQLITE_OK)
		return err_at(e, ERR_DB, c->file, 0, 0, "%s", db_error(db));
	if (r.overflow)
		return err_at(e, ERR_TOOBIG, c->file, 0, 0, "reads more than %d tables", CHECK_TABLES_MAX);
	for (size_t i = 0; i < c->n_affects; i++) {
		if (!c->affects[i].sql)
			continue;
		s = db_sql(db, c->affects[i].sql);
		if (!s)
			return err_at(e, ERR_DB, c->file, c->affects[i].line, 0, "%s", db_error(db));
		if (!bind_index(s, ":id"))
			return err_at(e, ERR_INVALID, c->file, c->affects[i].line, 0, "affects must use :id");
	}
	c->basis = basis_of(db, &r);
	if (c->timed && (!db_sql(db, c->sql_timed) || !db_sql(db, c->sql_timed_ids)))
		return err_at(e, ERR_DB, c->file, 0, 0, "timed: %s", db_error(db));
	if (c->timed && !c->by_day && !c->by_now)
		return err_at(e, ERR_INVALID, c->file, 0, 0, "timed is given, but the check uses neither :today nor :now");
	return compare_affects(db, c, e);
}

static int load_one(struct db *db, struct checks *all, const char *dir, const char *name, struct err *e)
{
	struct arena *a = all->arena;
	const char *path = arena_printf(a, "%s/%s", dir, name);
	struct check *c = NULL;
	struct buf text;
	int rc;

	buf_init(&text, CHECK_BYTES_MAX);
	rc = file_read(path, CHECK_BYTES_MAX, &text, e);
	if (!rc)
		rc = check_parse(a, path, buf_view(&text), &c, e);
	buf_release(&text);
	if (!rc && !str_is(c->control, arena_z(a, str_slice(str_from(name), 0, strlen(name) - 4))))
		rc = err_at(e, ERR_INVALID, path, 1, 0, "the file is not named after its control %.*s", STR_ARG(c->control));
	if (!rc)
		rc = check_prepare(db, a, c, e);
	if (!rc)
		all->v[all->n++] = c;
	return rc;
}

static int by_control(const void *a, const void *b)
{
	return str_cmp((*(struct check *const *)a)->control, (*(struct check *const *)b)->control);
}

static bool skipped(const char *name)
{
	return strcmp(name, "fixtures.sql") == 0;
}

int checks_load(struct db *db, const char *dir, struct checks **ret, struct err *e)
{
	struct arena *a = arena_new(CHECKS_ARENA_MAX);
	struct checks *all = ARENA_NEW(a, struct checks);
	char **names;
	size_t n = 0;
	int rc;

	all->arena = a;
	rc = check_functions(db, e);
	if (!rc)
		rc = dir_list(a, dir, ".sql", &names, &n, e);
	if (!rc && n > CHECKS_MAX)
		rc = err_set(e, ERR_TOOBIG, "%s: more than %d checks", dir, CHECKS_MAX);
	if (!rc)
		all->v = arena_array(a, n + 1, sizeof *all->v);
	for (size_t i = 0; !rc && i < n; i++)
		rc = skipped(names[i]) ? 0 : load_one(db, all, dir, names[i], e);
	if (rc) {
		arena_free(a);
		return rc;
	}
	qsort(all->v, all->n, sizeof *all->v, by_control);
	all->memory = arena_array(a, all->n + 1, sizeof *all->memory);
	if (!all->memory) {
		arena_free(a);
		return err_set(e, ERR_TOOBIG, "%s: more than %u MB", dir, CHECKS_ARENA_MAX >> 20);
	}
	loaded = all;
	*ret = all;
	return 0;
}

void checks_free(struct checks *c)
{
	if (!c)
		return;
	if (loaded == c)
		loaded = NULL;
	db_close(c->before);
	arena_free(c->arena);
}

const struct checks *checks_loaded(void)
{
	return loaded;
}

const struct check *checks_get(const struct checks *all, struct str control)
{
	size_t lo = 0, hi = all ? all->n : 0;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int d = str_cmp(all->v[mid]->control, control);

		if (!d)
			return all->v[mid];
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* The next of codes that stand in a list ("chief、sys-manager", "ciso, dept-head"). */
static struct str next_code(struct str *rest)
{
	static const char wide[] = "、";
	struct str s = *rest;
	for (size_t i = 0; i < s.n; i++) {
		size_t n = s.p[i] == ',' ? 1 : str_starts(str_slice(s, i, s.n), wide) ? sizeof(wide) - 1 : 0;
		if (!n)
			continue;
		*rest = str_slice(s, i + n, s.n);
		return str_trim(str_slice(s, 0, i));
	}
	*rest = STR_NONE;
	return str_trim(s);
}

/* An argument that is nothing but codes of roles is shown by their names. */
static void put_arg(struct buf *out, struct str arg)
{
	bool roles = arg.n > 0;
	for (struct str rest = arg; roles && rest.p;)
		roles = role_parse(next_code(&rest)) >= 0;
	if (!roles) {
		buf_str(out, arg);
		return;
	}
	for (struct str rest = arg; rest.p;) {
		buf_puts(out, role_label((enum role)role_parse(next_code(&rest))));
		if (rest.p)
			buf_puts(out, i18n_lang() == LANG_EN ? ", " : "、");
	}
}

static void put_template(struct buf *out, struct str template, struct str *args, size_t n)
{
	for (size_t i = 0; i < template.n; i++) {
		const char *p = template.p + i;

		if (*p == '{' && i + 2 < template.n && p[1] >= '1' && p[1] <= '9' && p[2] == '}') {
			size_t k = (size_t)(p[1] - '1');

			if (k < n)
				put_arg(out, args[k]);
			i += 2;
		} else {
			buf_putc(out, *p);
		}
	}
}

struct str check_reason(struct arena *a, struct str control, struct str reason)
{
	const struct check *c = checks_get(loaded, control);
	struct str rest = reason, key = str_cut(&rest, '|'), args[9], ret = key;
	size_t n = 0;
	struct buf out;

	while (rest.p && n < ARRAY_LEN(args))
		args[n++] = str_cut(&rest, '|');
	for (size_t i = 0; c && i < c->n_reasons; i++) {
		if (!str_eq(c->reasons[i].key, key))
			continue;
		buf_init(&out, 4096);
		put_template(&out, i18n_lang() == LANG_EN ? c->reasons[i].en : c->reasons[i].ja, args, n);
		ret = arena_str(a, buf_view(&out));
		buf_release(&out);
		break;
	}
	return ret;
}
