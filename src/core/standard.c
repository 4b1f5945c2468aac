/* Loading standards/: controls and their parts, the statutory groups, the municipality's parameters, and one folder per
 * standard with about.yaml, clauses.tsv, bindings.tsv, params.yaml and models.tsv. What a file names wrongly is an
 * error with file and line; what the municipality added (its texts, bindings, values, start dates) is never touched. */
#include "core/standard.h"

#include <unistd.h>

#include "core/table.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "lib/file.h"
#include "lib/yaml.h"
#include "queries.h"

#define LOAD_BYTES_MAX (64u << 20)

struct load {
	struct db *db;
	struct arena *a;
	const char *dir;                                 /* …/standards */
	struct err *e;
};

/* Named statements here run on connections that have no ledger tables yet, so each is prepared at its first use. */
static struct stmt *query(struct db *db, int q)
{
	return db_sql(db, queries[q].sql);
}

static int fail_db(struct load *l)
{
	return err_set(l->e, ERR_DB, "standards: %s", db_error(l->db));
}

static int put(struct load *l, int q, const struct str *v, size_t n)
{
	struct stmt *s = query(l->db, q);

	if (!s)
		return fail_db(l);
	for (size_t i = 0; i < n; i++)
		bind_str(s, (int)i + 1, v[i]);
	return run(s, l->e);
}

static int clear(struct load *l, int q)
{
	return put(l, q, NULL, 0);
}

/* 1 there, 0 not, negative on error. */
static int there(struct load *l, int q, struct str a, struct str b)
{
	struct stmt *s = query(l->db, q);
	int rc;

	if (!s)
		return fail_db(l);
	bind_str(s, 1, a);
	if (b.p)
		bind_str(s, 2, b);
	rc = step(s);
	stmt_done(s);
	return rc < 0 ? fail_db(l) : rc;
}

static const char *path_of(struct load *l, const char *name)
{
	return arena_printf(l->a, "%s/%s", l->dir, name);
}

/* "target=98%;grace=10wd" */
static int parse_tolerance(struct str text, double *target, int64_t *grace)
{
	*target = -1;
	*grace = -1;
	while (text.n) {
		struct str item = str_cut(&text, ';'), key = str_cut(&item, '=');
		struct duration d;
		int64_t pct;

		if (str_is(key, "target") && str_ends(item, "%") && !str_int(str_slice(item, 0, item.n - 1), 0, 100, &pct))
			*target = (double)pct / 100;
		else if (str_is(key, "grace") && !duration_parse(item, &d) && (d.unit == UNIT_WORKDAY || d.unit == UNIT_DAY))
			*grace = d.n;
		else
			return ERR_SYNTAX;
	}
	return 0;
}

static int load_control(struct load *l, struct table *t)
{
	static const char *const columns[] = {"id", "kind", "title_ja", "title_en", "engine", "subject", "subject_kind",
	                                      "role",
		"doer", "cycle", "evidence", "measure", "fails_when", "feeds", "tolerance"};
	static const char *const shown[] = {"title_ja", "title_en", "measure", "measure_ja", "fails_when", "fails_when_ja"};
	struct stmt *s;
	double target;
	int64_t grace;
	int rc = there(l, Q_CONTROL_LIVE, table_get(t, "id"), STR_NONE);

	if (rc)
		return rc < 0 ? rc : table_fail(t, l->e, "control %.*s stands here twice", STR_ARG(table_get(t, "id")));
	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		if (!table_get(t, shown[i]).n)
			return table_fail(t, l->e, "control %.*s has no %s", STR_ARG(table_get(t, "id")), shown[i]);
	if (parse_tolerance(table_get(t, "tolerance"), &target, &grace))
		return table_fail(t, l->e, "tolerance is written like target=98%%;grace=10wd");
	s = query(l->db, Q_CONTROL_PUT);
	if (!s)
		return fail_db(l);
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		bind_str(s, (int)i + 1, table_get(t, columns[i]));
	if (target >= 0)
		bind_real(s, 16, target);
	else
		bind_null(s, 16);
	if (grace >= 0)
		bind_int(s, 17, grace);
	else
		bind_null(s, 17);
	bind_str(s, 18, table_get(t, "measure_ja"));
	bind_str(s, 19, table_get(t, "fails_when_ja"));
	return run(s, l->e);
}

static int load_part(struct load *l, struct table *t, int64_t pos)
{
	struct str v[] = {table_get(t, "control"), table_get(t, "part"), table_get(t, "ja"), table_get(t, "en")};
	int rc = there(l, Q_CONTROL_LIVE, v[0], STR_NONE);
	struct stmt *s;

	if (rc <= 0)
		return rc ? rc : table_fail(t, l->e, "no control %.*s", STR_ARG(v[0]));
	rc = there(l, Q_CONTROL_PART_EXISTS, v[0], v[1]);
	if (rc)
		return rc < 0 ? rc : table_fail(t, l->e, "part %.*s of %.*s stands here twice", STR_ARG(v[1]), STR_ARG(v[0]));
	s = query(l->db, Q_CONTROL_PART_PUT);
	if (!s)
		return fail_db(l);
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		bind_str(s, (int)i + 1, v[i]);
	bind_int(s, 5, pos);
	return run(s, l->e);
}

static int load_group(struct load *l, struct table *t)
{
	return put(l, Q_LAW_GROUP_PUT, (struct str[]){table_get(t, "group"), table_get(t, "ja"), table_get(t, "en")}, 3);
}

static int load_parameter(struct load *l, struct table *t, int64_t pos)
{
	static const char *const columns[] = {"name", "type", "unit", "default", "min", "max", "ja", "en", "help_ja",
	                                      "help_en",
		"controls"};
	struct stmt *s = query(l->db, Q_PARAMETER_DEF_PUT);

	if (!s)
		return fail_db(l);
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		bind_str(s, (int)i + 1, table_get(t, columns[i]));
	bind_int(s, 12, pos);
	return run(s, l->e);
}

static int load_strength(struct str s)
{
	static const char *const codes[] = {"must", "principle", "effort", "desirable", "may"};

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (str_is(s, codes[i]))
			return 0;
	return ERR_SYNTAX;
}

/* The chapter is the first part of the id after the prefix: iz.7.1.2 -> 7. */
static struct str chapter_of(struct str id)
{
	str_cut(&id, '.');
	return str_cut(&id, '.');
}

static int load_clause(struct load *l, struct table *t, struct str standard, int64_t pos)
{
	static const char *const columns[] = {"label", "heading", "who", "duty", "strength", "when", "asset_scope",
	                                      "mechanism",
		"summary_ja", "summary_en", "evidence", "group"};
	struct str id = table_get(t, "id");
	int rc = there(l, Q_CLAUSE_EXISTS, id, STR_NONE);
	struct stmt *s;

	if (rc)
		return rc < 0 ? rc : table_fail(t, l->e, "clause %.*s stands here twice", STR_ARG(id));
	if (load_strength(table_get(t, "strength")))
		return table_fail(t, l->e, "strength is must, principle, effort, desirable or may");
	s = query(l->db, Q_CLAUSE_PUT);
	if (!s)
		return fail_db(l);
	bind_str(s, 1, id);
	bind_str(s, 2, standard);
	bind_null(s, 3);
	bind_int(s, 4, pos);
	bind_str(s, 5, chapter_of(id));
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		bind_str(s, (int)i + 6, table_get(t, columns[i]));
	rc = run(s, l->e);
	if (!rc && table_get(t, "group").p)
		rc = put(l, Q_CLAUSE_GROUP_PUT, (struct str[]){id, table_get(t, "group")}, 2);
	return rc;
}

static int load_binding(struct load *l, struct table *t)
{
	struct str clause = table_get(t, "clause"), control = table_get(t, "control"), part = table_get(t, "part");
	int rc = there(l, Q_CLAUSE_EXISTS, clause, STR_NONE);

	if (rc <= 0)
		return rc ? rc : table_fail(t, l->e, "no clause %.*s", STR_ARG(clause));
	rc = there(l, Q_CONTROL_LIVE, control, STR_NONE);
	if (rc <= 0)
		return rc ? rc : table_fail(t, l->e, "no control %.*s", STR_ARG(control));
	if (part.p) {
		rc = there(l, Q_CONTROL_PART_EXISTS, control, part);
		if (rc <= 0)
			return rc ? rc : table_fail(t, l->e, "control %.*s has no part %.*s", STR_ARG(control), STR_ARG(part));
	} else {
		part = STR("");
	}
	return put(l, Q_BINDING_PUT, (struct str[]){clause, control, part}, 3);
}

static int load_model(struct load *l, struct table *t)
{
	struct str models = table_get(t, "models");
	int rc = there(l, Q_CLAUSE_EXISTS, table_get(t, "clause"), STR_NONE);

	if (rc <= 0)
		return rc ? rc : table_fail(t, l->e, "no clause %.*s", STR_ARG(table_get(t, "clause")));
	rc = 0;
	while (!rc && models.n)
		rc = put(l, Q_CLAUSE_MODEL_PUT, (struct str[]){table_get(t, "clause"), str_cut(&models, ',')}, 2);
	return rc;
}

/* Runs one row function over a file. Exactly one of the three kinds of row functions is given. */
struct rows {
	const char *file;
	const char *const *columns;
	int (*row)(struct load *l, struct table *t);
	int (*row_pos)(struct load *l, struct table *t, int64_t pos);
	int (*row_standard)(struct load *l, struct table *t, struct str standard, int64_t pos);
	struct str standard;
};

static int load_rows(struct load *l, const struct rows *r)
{
	struct table t;
	int64_t pos = 0;
	int rc = table_open(&t, l->a, path_of(l, r->file), r->columns, l->e);

	while (!rc) {
		rc = table_next(&t, l->e);
		if (rc <= 0)
			break;
		pos++;
		rc = r->row ? r->row(l, &t) : r->row_pos ? r->row_pos(l, &t, pos) : r->row_standard(l, &t, r->standard, pos);
	}
	table_close(&t);
	return rc;
}

static int load_yaml(struct load *l, const char *path, struct yaml_node **ret)
{
	struct buf text;
	int rc;

	buf_init(&text, YAML_BYTES_MAX);
	rc = file_read(path, YAML_BYTES_MAX, &text, l->e);
	if (!rc)
		rc = yaml_parse(l->a, path, arena_str(l->a, buf_view(&text)), ret, l->e);
	buf_release(&text);
	if (!rc && (*ret)->kind != YAML_MAP)
		rc = err_at(l->e, ERR_SYNTAX, path, 1, 1, "a map is expected");
	return rc;
}

static int load_params(struct load *l, const char *path, struct str standard)
{
	struct yaml_node *doc;
	int rc = load_yaml(l, path, &doc);

	if (!rc)
		rc = put(l, Q_STANDARD_PARAM_CLEAR, &standard, 1);
	for (size_t i = 0; !rc && i < doc->n; i++) {
		if (doc->items[i]->kind != YAML_SCALAR)
			return err_at(l->e, ERR_SYNTAX, path, doc->items[i]->line, doc->items[i]->col, "one value is expected");
		rc = put(l, Q_STANDARD_PARAM_PUT, (struct str[]){standard, doc->keys[i]->text, doc->items[i]->text}, 3);
	}
	return rc;
}

static struct str text_at(const struct yaml_node *map, const char *a, const char *b)
{
	const struct yaml_node *n = yaml_get(map, a);

	if (n && b)
		n = n->kind == YAML_MAP ? yaml_get(n, b) : NULL;
	return n && n->kind == YAML_SCALAR ? n->text : STR_NONE;
}

static int load_about(struct load *l, const char *path, struct str id)
{
	struct yaml_node *doc, *chapters;
	struct stmt *s;
	int rc = load_yaml(l, path, &doc);

	if (rc)
		return rc;
	if (!str_eq(text_at(doc, "id", NULL), id) || !text_at(doc, "name", "ja").n || !text_at(doc, "name", "en").n)
		return err_at(l->e, ERR_SYNTAX, path, 1, 1, "id (the folder's name) and name in ja and en are required");
	s = query(l->db, Q_STANDARD_PUT);
	if (!s)
		return fail_db(l);
	bind_str(s, 1, id);
	bind_str(s, 2, text_at(doc, "name", "ja"));
	bind_str(s, 3, text_at(doc, "name", "en"));
	bind_str(s, 4, text_at(doc, "version", NULL));
	bind_str(s, 5, text_at(doc, "date", NULL));
	bind_str(s, 6, text_at(doc, "source", "ja"));
	bind_int(s, 7, clock_now());
	rc = run(s, l->e);
	chapters = yaml_get(doc, "chapters");
	for (size_t i = 0; !rc && chapters && i < chapters->n; i++) {
		const struct yaml_node *c = chapters->items[i];

		s = query(l->db, Q_CHAPTER_PUT);
		if (!s)
			return fail_db(l);
		bind_str(s, 1, id);
		bind_str(s, 2, text_at(c, "id", NULL));
		bind_str(s, 3, text_at(c, "ja", NULL));
		bind_str(s, 4, text_at(c, "en", NULL));
		bind_int(s, 5, (int64_t)i);
		rc = run(s, l->e);
	}
	return rc;
}

/* "s2": a further sentence of the same number, beside it and not below. */
static bool is_sentence(struct str part)
{
	int64_t n;

	return part.n > 1 && part.p[0] == 's' && !str_int(str_slice(part, 1, part.n), 1, 99, &n);
}

static bool cut_last(struct str *id, struct str *ret_last)
{
	size_t i = id->n;

	while (i > 0 && id->p[i - 1] != '.')
		i--;
	if (!i)
		return false;
	*ret_last = str_n(id->p + i, id->n - i);
	id->n = i - 1;
	return true;
}

/* A clause lies below the nearest clause whose id its own id continues. */
static int set_parent(struct load *l, struct str id)
{
	struct str up = id, last;
	int rc = 0;

	if (!cut_last(&up, &last) || !is_sentence(last))
		up = id;
	while (!rc && cut_last(&up, &last)) {
		rc = there(l, Q_CLAUSE_EXISTS, up, STR_NONE);
		if (rc < 0)
			return rc;
	}
	return put(l, Q_CLAUSE_PARENT_SET, (struct str[]){id, rc ? up : STR_NONE}, 2);
}

static int set_parents(struct load *l, struct str standard)
{
	struct stmt *s = query(l->db, Q_CLAUSE_IDS);
	struct str *ids = NULL;
	size_t n = 0, cap = 0;
	int rc;

	if (!s)
		return fail_db(l);
	bind_str(s, 1, standard);
	while ((rc = step(s)) == 1) {
		if (n == cap) {
			struct str *more = arena_array(l->a, cap = cap ? cap * 2 : 512, sizeof *more);

			if (n)
				memcpy(more, ids, n * sizeof *ids);
			ids = more;
		}
		ids[n++] = col_dup(s, 0, l->a);
	}
	stmt_done(s);
	for (size_t i = 0; !rc && i < n; i++)
		rc = set_parent(l, ids[i]);
	return rc < 0 ? fail_db(l) : rc;
}

static int load_standard(struct load *l, const char *name)
{
	static const char *const clause_columns[] = {"id", "label", "heading", "who", "duty", "strength", "when",
	                                             "asset_scope",
		"mechanism", "summary_ja", "summary_en", "evidence", "group", NULL};
	static const char *const binding_columns[] = {"clause", "control", "part", NULL};
	static const char *const model_columns[] = {"clause", "models", NULL};
	struct str id = str_from(name);
	const char *models = arena_printf(l->a, "%s/models.tsv", name);
	int rc = load_about(l, path_of(l, arena_printf(l->a, "%s/about.yaml", name)), id);

	if (!rc)
		rc = put(l, Q_CLAUSE_WITHDRAW_ALL, &id, 1);
	if (!rc)
		rc = load_rows(l, &(struct rows){.file = arena_printf(l->a, "%s/clauses.tsv", name), .columns = clause_columns,
			.row_standard = load_clause, .standard = id});
	if (!rc)
		rc = set_parents(l, id);
	if (!rc)
		rc = load_rows(l, &(struct rows){.file = arena_printf(l->a, "%s/bindings.tsv", name),
		                                 .columns = binding_columns,
			.row = load_binding});
	if (!rc && access(path_of(l, models), R_OK) == 0)
		rc = load_rows(l, &(struct rows){.file = models, .columns = model_columns, .row = load_model});
	if (!rc)
		rc = load_params(l, path_of(l, arena_printf(l->a, "%s/params.yaml", name)), id);
	return rc;
}

static int load_controls(struct load *l)
{
	static const char *const control_columns[] = {"id", "kind", "title_ja", "title_en", "subject_kind", "role", "cycle",
		"measure", "tolerance", NULL};
	static const char *const part_columns[] = {"control", "part", "ja", "en", NULL};
	static const char *const group_columns[] = {"group", "ja", "en", NULL};
	static const char *const parameter_columns[] = {"name", "type", "unit", "default", "ja", "en", "help_ja", "help_en",
	                                                NULL};
	const struct rows files[] = {
		{.file = "controls.tsv", .columns = control_columns, .row = load_control},
		{.file = "parts.tsv", .columns = part_columns, .row_pos = load_part},
		{.file = "groups.tsv", .columns = group_columns, .row = load_group},
		{.file = "parameters.tsv", .columns = parameter_columns, .row_pos = load_parameter},
	};
	int rc = clear(l, Q_CONTROL_WITHDRAW_ALL);

	if (!rc)
		rc = clear(l, Q_CONTROL_PART_CLEAR);
	if (!rc)
		rc = clear(l, Q_BINDING_CLEAR);
	if (!rc)
		rc = clear(l, Q_CLAUSE_MODEL_CLEAR);
	for (size_t i = 0; !rc && i < ARRAY_LEN(files); i++)
		rc = load_rows(l, &files[i]);
	if (!rc)
		rc = load_params(l, path_of(l, "params.yaml"), STR(""));
	return rc;
}

int standards_load(struct db *db, const char *share, struct err *e)
{
	struct load l = {.db = db, .a = arena_new(LOAD_BYTES_MAX), .e = e};
	bool own = !db_in_tx(db);
	char **names;
	size_t n = 0;
	int rc;

	l.dir = arena_printf(l.a, "%s/standards", share);
	rc = own ? db_begin(db, e) : 0;
	if (!rc)
		rc = load_controls(&l);
	if (!rc)
		rc = dir_list(l.a, l.dir, "", &names, &n, e);
	for (size_t i = 0; !rc && i < n; i++)
		if (access(path_of(&l, arena_printf(l.a, "%s/about.yaml", names[i])), R_OK) == 0)
			rc = load_standard(&l, names[i]);
	if (own && !rc)
		rc = db_commit(db, e);
	if (own && rc)
		db_rollback(db);
	arena_free(l.a);
	return rc;
}
