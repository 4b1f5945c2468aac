#include "detect/sigma.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/file.h"

#define SEARCHES_MAX 256
#define FOLDER_DEPTH 8

static const char *const levels[LEVELS] = {"informational", "low", "medium", "high", "critical"};

const char *level_name(enum level level)
{
	return levels[level];
}

struct node *sigma_node(struct arena *a, enum node_op op, size_t n)
{
	struct node *node = ARENA_NEW(a, struct node);

	if (!node)
		return NULL;
	node->op = op;
	node->n = n;
	if (n && !(node->kids = arena_array(a, n, sizeof(struct node *))))
		return NULL;
	return node;
}

void rules_init(struct rules *rs, rule_fault_fn *fault, void *arg)
{
	*rs = (struct rules){.arena = arena_new(RULE_ARENA_MAX), .fault = fault, .arg = arg};
}

void rules_release(struct rules *rs)
{
	for (size_t i = 0; i < rs->n_dbs; i++)
		hs_free_database(rs->dbs[i]);
	hs_free_scratch(rs->scratch);
	free(rs->dbs);
	free(rs->list);
	arena_free(rs->arena);
	*rs = (struct rules){0};
}

static void tell(struct rules *rs, const struct err *e)
{
	rs->faults++;
	if (rs->fault)
		rs->fault(rs->arg, e);
}

int sigma_scalar(const char *file, const struct yaml_node *n, const char *what, struct str *ret, struct err *e)
{
	if (n->kind != YAML_SCALAR)
		return err_at(e, ERR_SYNTAX, file, n->line, n->col, "%s is one text", what);
	*ret = n->text;
	return 0;
}

/* --- searches --------------------------------------------------------------------------------------------------------- */

static int search_map(struct rules *rs, const char *file, const struct yaml_node *map, struct node **ret, struct err *e)
{
	struct node *node = sigma_node(rs->arena, NODE_AND, map->n);

	if (!map->n)
		return err_at(e, ERR_SYNTAX, file, map->line, map->col, "a search without fields");
	if (!node)
		return err_at(e, ERR_TOOBIG, file, map->line, map->col, "the rules are too long");
	for (size_t i = 0; i < map->n; i++) {
		int r = sigma_test(rs, file, map->keys[i], map->items[i], &node->kids[i], e);

		if (r)
			return r;
	}
	*ret = node;
	return 0;
}

static int search(struct rules *rs, const char *file, const struct yaml_node *n, struct node **ret, struct err *e)
{
	struct node *node;

	if (n->kind == YAML_MAP)
		return search_map(rs, file, n, ret, e);
	if (n->kind == YAML_SCALAR)
		return sigma_keyword(rs, file, n, ret, e);
	node = n->n ? sigma_node(rs->arena, NODE_OR, n->n) : NULL;
	if (!node)
		return err_at(e, ERR_SYNTAX, file, n->line, n->col, "a search without fields");
	for (size_t i = 0; i < n->n; i++) {
		const struct yaml_node *item = n->items[i];
		int r = item->kind == YAML_MAP      ? search_map(rs, file, item, &node->kids[i], e)
		        : item->kind == YAML_SCALAR ? sigma_keyword(rs, file, item, &node->kids[i], e)
		                                    : err_at(e, ERR_SYNTAX, file, item->line, item->col, "a list in a list");

		if (r)
			return r;
	}
	*ret = node;
	return 0;
}

static size_t count(const struct node *n, size_t most)
{
	size_t sum = 1;

	for (size_t i = 0; i < n->n && sum <= most; i++)
		sum += count(n->kids[i], most - sum);
	return sum;
}

static int conditions(struct rules *rs, const char *file, const struct yaml_node *n, const struct search *all, size_t n_all,
                      struct node **ret, struct err *e)
{
	struct node *node;
	size_t k = n->kind == YAML_LIST ? n->n : 1;

	node = n->kind == YAML_MAP || !k ? NULL : sigma_node(rs->arena, NODE_OR, k);
	if (!node)
		return err_at(e, ERR_SYNTAX, file, n->line, n->col, "a condition is a text or a list of texts");
	for (size_t i = 0; i < k; i++) {
		const struct yaml_node *one = n->kind == YAML_LIST ? n->items[i] : n;
		int r = one->kind != YAML_SCALAR ? err_at(e, ERR_SYNTAX, file, one->line, one->col, "a condition is a text")
		                                 : sigma_condition(rs->arena, file, one, all, n_all, &node->kids[i], e);
		if (r)
			return r;
	}
	if (count(node, RULE_NODES_MAX) > RULE_NODES_MAX)
		return err_at(e, ERR_TOOBIG, file, n->line, n->col, "condition: too long when written out");
	*ret = node;
	return 0;
}

static int detection(struct rules *rs, const char *file, const struct yaml_node *map, struct rule *r, struct err *e)
{
	struct search all[SEARCHES_MAX];
	const struct yaml_node *condition = yaml_get(map, "condition");
	size_t n = 0;

	if (map->kind != YAML_MAP || !condition)
		return err_at(e, ERR_SYNTAX, file, map->line, map->col, "a detection has searches and a condition");
	for (size_t i = 0; i < map->n; i++) {
		const struct yaml_node *key = map->keys[i];
		int code;

		if (str_is(key->text, "condition"))
			continue;
		if (str_is(key->text, "timeframe"))
			return err_at(e, ERR_INVALID, file, key->line, key->col, "timeframe is gone from Sigma: write a correlation");
		if (n == SEARCHES_MAX || !key->text.n)
			return err_at(e, ERR_TOOBIG, file, key->line, key->col, "a search without a name, or too many");
		all[n].name = key->text;
		code = search(rs, file, map->items[i], &all[n++].node, e);
		if (code)
			return code;
	}
	return conditions(rs, file, condition, all, n, &r->when, e);
}

/* --- the rest of a rule ----------------------------------------------------------------------------------------------- */

static int logsource(struct rules *rs, const char *file, const struct yaml_node *map, struct rule *r, struct err *e)
{
	const struct {
		const char *key;
		struct str *to;
	} keys[] = {{"product", &r->product}, {"service", &r->service}, {"category", &r->category}, {"definition", NULL}};

	if (map->kind != YAML_MAP)
		return err_at(e, ERR_SYNTAX, file, map->line, map->col, "logsource is a map");
	for (size_t i = 0; i < map->n; i++) {
		size_t k = 0;
		struct str v;
		int code = sigma_scalar(file, map->items[i], "logsource", &v, e);

		while (k < ARRAY_LEN(keys) && !str_is(map->keys[i]->text, keys[k].key))
			k++;
		if (!code && k == ARRAY_LEN(keys))
			code = err_at(e, ERR_INVALID, file, map->keys[i]->line, map->keys[i]->col, "unknown key '%.*s' of logsource",
			              STR_ARG(map->keys[i]->text));
		if (code)
			return code;
		if (keys[k].to)
			*keys[k].to = arena_str(rs->arena, v);
	}
	if (!r->product.n && !r->service.n && !r->category.n)
		return err_at(e, ERR_INVALID, file, map->line, map->col, "a logsource names a product, a service or a category");
	return 0;
}

static int own_keys(struct rules *rs, const char *file, const struct yaml_node *map, struct rule *r, struct err *e)
{
	if (map->kind != YAML_MAP)
		return err_at(e, ERR_SYNTAX, file, map->line, map->col, "sekisho is a map");
	for (size_t i = 0; i < map->n; i++) {
		const struct yaml_node *k = map->keys[i], *v = map->items[i];
		struct buf b;

		if (str_is(k->text, "default") && !yaml_bool(v, &r->by_default))
			continue;
		if (str_is(k->text, "works") && !yaml_bool(v, &r->works))
			continue;
		if (str_is(k->text, "per-hour") && v->kind == YAML_SCALAR && !str_int(v->text, 1, 100000, &r->per_hour))
			continue;
		if (!str_is(k->text, "clauses") || v->kind != YAML_LIST)
			return err_at(e, ERR_INVALID, file, k->line, k->col, "sekisho has default, clauses, per-hour and works");
		buf_init(&b, 4096);
		for (size_t n = 0; n < v->n; n++) {
			buf_puts(&b, n ? " " : "");
			buf_str(&b, v->items[n]->text);
		}
		r->clauses = arena_str(rs->arena, buf_view(&b));
		buf_release(&b);
	}
	return 0;
}

static int level(const char *file, const struct yaml_node *n, struct rule *r, struct err *e)
{
	for (size_t i = 0; i < LEVELS; i++)
		if (n->kind == YAML_SCALAR && str_ieq(n->text, str_from(levels[i]))) {
			r->level = (enum level)i;
			return 0;
		}
	return err_at(e, ERR_INVALID, file, n->line, n->col, "level is informational, low, medium, high or critical");
}

static bool told_only(struct str key)
{
	static const char *const keys[] = {"status",  "description", "references", "author",   "date",
	                                   "modified", "tags",        "fields",     "falsepositives", "related",
	                                   "license", "scope",       "simulation", "regression_tests_path"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (str_is(key, keys[i]))
			return true;
	return false;
}

static int top_key(struct rules *rs, const char *file, const struct yaml_node *k, const struct yaml_node *v, struct rule *r,
                   struct err *e)
{
	const struct {
		const char *key;
		struct str *to;
	} texts[] = {{"title", &r->title}, {"id", &r->id}, {"name", &r->name}};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (str_is(k->text, texts[i].key)) {
			struct str s;
			int code = sigma_scalar(file, v, texts[i].key, &s, e);

			*texts[i].to = code ? STR_NONE : arena_str(rs->arena, s);
			return code;
		}
	if (str_is(k->text, "level"))
		return level(file, v, r, e);
	if (str_is(k->text, "logsource"))
		return logsource(rs, file, v, r, e);
	if (str_is(k->text, "detection"))
		return detection(rs, file, v, r, e);
	if (str_is(k->text, "correlation"))
		return sigma_correlation(rs, file, v, r, e);
	if (str_is(k->text, "sekisho"))
		return own_keys(rs, file, v, r, e);
	if (str_is(k->text, "generate"))
		return yaml_bool(v, &r->generate) ? err_at(e, ERR_INVALID, file, v->line, v->col, "generate is true or false") : 0;
	if (str_is(k->text, "taxonomy") && v->kind == YAML_SCALAR && str_is(v->text, "sigma"))
		return 0;
	if (told_only(k->text))
		return 0;
	return err_at(e, ERR_INVALID, file, k->line, k->col, "unknown key '%.*s'", STR_ARG(k->text));
}

static int rule(struct rules *rs, const char *file, const struct yaml_node *map, struct rule *r, struct err *e)
{
	if (map->kind != YAML_MAP)
		return err_at(e, ERR_SYNTAX, file, map->line, map->col, "a rule is a map");
	r->line = map->line;
	r->level = LEVEL_MEDIUM;
	for (size_t i = 0; i < map->n; i++) {
		int code = top_key(rs, file, map->keys[i], map->items[i], r, e);

		if (code)
			return code;
	}
	if (!r->title.n)
		return err_at(e, ERR_INVALID, file, map->line, map->col, "a rule without a title");
	if (!r->when == !r->corr)
		return err_at(e, ERR_INVALID, file, map->line, map->col, "a rule has a detection or a correlation");
	if (r->when && !r->product.n && !r->service.n && !r->category.n)
		return err_at(e, ERR_INVALID, file, map->line, map->col, "a rule without a logsource");
	if (!r->id.n)
		r->id = r->name.n ? r->name : r->title;
	return 0;
}

static int add(struct rules *rs, struct rule *r)
{
	if (rs->n == RULES_MAX)
		return ERR_TOOBIG;
	if (rs->n == rs->cap) {
		struct rule **grown = realloc(rs->list, (rs->cap * 2 + 64) * sizeof(*grown));

		if (!grown)
			return ERR_NOMEM;
		rs->list = grown;
		rs->cap = rs->cap * 2 + 64;
	}
	r->at = rs->n;
	rs->list[rs->n++] = r;
	return 0;
}

static void document(struct rules *rs, const char *file, struct str text)
{
	struct arena *tree = arena_new(64u << 20);
	struct yaml_node *root;
	struct err e = {0};
	struct rule *r = ARENA_NEW(rs->arena, struct rule);
	int code = yaml_parse_apart(tree, rs->arena, file, text, &root, &e);

	if (!code && !r)
		code = err_at(&e, ERR_TOOBIG, file, 1, 1, "the rules are too long");
	if (!code)
		code = rule(rs, file, root, r, &e);
	if (!code && rules_find(rs, r->id))
		code = err_at(&e, ERR_EXISTS, file, r->line, 1, "another rule has the id '%.*s'", STR_ARG(r->id));
	if (!code) {
		r->file = arena_str(rs->arena, str_from(file));
		if (add(rs, r))
			code = err_at(&e, ERR_TOOBIG, file, 1, 1, "too many rules");
	}
	if (code)
		tell(rs, &e);
	arena_free(tree);
}

/* Documents are told apart by lines of "---"; each is read with the lines before it blanked, so that places stay right. */
void rules_load_text(struct rules *rs, const char *file, struct str text)
{
	size_t from = 0, at = 0, line = 0;
	bool any = false;

	for (;;) {
		const char *nl = at < text.n ? memchr(text.p + at, '\n', text.n - at) : NULL;
		size_t end = nl ? (size_t)(nl - text.p) : text.n, next = nl ? end + 1 : text.n;
		struct str here = str_slice(text, at, end - at);
		bool sep = str_starts(here, "---") && !str_trim(str_slice(here, 3, here.n)).n;

		if (sep || at >= text.n) {
			struct str part = str_slice(text, from, at - from);
			struct buf b;

			if (str_trim(part).n) {
				buf_init(&b, RULE_FILE_MAX * 2);
				for (size_t i = 0; i < line; i++)
					buf_putc(&b, '\n');
				buf_str(&b, part);
				document(rs, file, buf_view(&b));
				buf_release(&b);
				any = true;
			}
			if (at >= text.n)
				break;
			for (size_t i = from; i < next; i++)
				line += text.p[i] == '\n';
			from = next;
		}
		at = next;
	}
	if (!any) {
		struct err e;

		err_at(&e, ERR_SYNTAX, file, 1, 1, "no rule in it");
		tell(rs, &e);
	}
}

static void load_file(struct rules *rs, const char *path)
{
	struct err e = {0};
	struct buf b;

	buf_init(&b, RULE_FILE_MAX);
	if (file_read(path, RULE_FILE_MAX, &b, &e)) {
		snprintf(e.file, sizeof e.file, "%s", path);
		tell(rs, &e);
	} else {
		rules_load_text(rs, path, buf_view(&b));
	}
	buf_release(&b);
}

static void load_path(struct rules *rs, const char *path, int depth, struct arena *a)
{
	struct err e = {0};
	struct stat st;
	char **names;
	size_t n;

	if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
		load_file(rs, path);
		return;
	}
	if (depth > FOLDER_DEPTH || dir_list(a, path, "", &names, &n, &e)) {
		if (!e.code)
			err_set(&e, ERR_TOOBIG, "%s: folders too deep", path);
		tell(rs, &e);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct str name = str_from(names[i]);
		char *full = arena_printf(a, "%s/%s", path, names[i]);

		if (!full || names[i][0] == '.' || str_is(name, "lists"))
			continue;
		if (!stat(full, &st) && S_ISDIR(st.st_mode))
			load_path(rs, full, depth + 1, a);
		else if (str_ends(name, ".yml") || str_ends(name, ".yaml"))
			load_file(rs, full);
	}
}

size_t rules_load(struct rules *rs, const char *path)
{
	struct arena *a = arena_new(16u << 20);
	size_t before = rs->faults;
	char *lists = arena_printf(rs->arena, "%s/lists", path);
	struct stat st;

	if (lists && !stat(lists, &st) && S_ISDIR(st.st_mode))
		rs->lists = lists;
	load_path(rs, path, 0, a);
	arena_free(a);
	return rs->faults - before;
}

bool rule_needed(const struct rule *r, const bool *off)
{
	if (!off[r->at])
		return true;
	for (size_t i = 0; i < r->n_feeds; i++)
		if (rule_needed(r->feeds[i], off))
			return true;
	return false;
}

const struct rule *rules_find(const struct rules *rs, struct str id)
{
	for (size_t i = 0; id.n && i < rs->n; i++)
		if (str_eq(rs->list[i]->id, id) || str_eq(rs->list[i]->name, id))
			return rs->list[i];
	return NULL;
}

static void unresolve(struct rule *r)
{
	r->part = false;
	r->n_feeds = 0;
	if (r->corr)
		memset(r->corr->rules, 0, sizeof r->corr->rules);
}

size_t rules_finish(struct rules *rs)
{
	size_t before = rs->faults;

	for (size_t i = 0; i < rs->n;) {
		struct err e = {0};

		if (rs->list[i]->corr && sigma_resolve(rs, rs->list[i], &e)) {
			tell(rs, &e);
			memmove(rs->list + i, rs->list + i + 1, (--rs->n - i) * sizeof(*rs->list));
			for (size_t k = 0; k < rs->n; k++) /* those that name it are looked at again */
				unresolve(rs->list[k]);
			i = 0;
			continue;
		}
		i++;
	}
	for (size_t i = 0; i < rs->n; i++)
		rs->list[i]->at = i;
	return rs->faults - before;
}
