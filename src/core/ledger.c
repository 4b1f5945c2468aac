#include "core/ledger.h"

#include <string.h>

#include "core/ledger_parse.h"
#include "lib/file.h"
#include "lib/i18n.h"

struct str label_text(const struct label *l)
{
	return i18n_lang() == LANG_EN ? l->en : l->ja;
}

struct str ledger_table_name(struct arena *a, struct str name)
{
	char *z = arena_alloc(a, name.n + 1);

	for (size_t i = 0; z && i < name.n; i++)
		z[i] = name.p[i] == '-' ? '_' : name.p[i];
	return z ? str_n(z, name.n) : STR_NONE;
}

struct ledger *ledgers_get(const struct ledgers *all, struct str name)
{
	for (size_t lo = 0, hi = all->n; lo < hi;) {
		size_t mid = lo + (hi - lo) / 2;
		int c = str_cmp(name, all->v[mid]->name);

		if (c == 0)
			return all->v[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

struct field *ledger_field(const struct ledger *l, struct str name)
{
	for (size_t i = 0; i < l->n_fields; i++)
		if (str_eq(l->fields[i].name, name))
			return &l->fields[i];
	return NULL;
}

struct field *field_column(const struct field *f, struct str name)
{
	for (size_t i = 0; i < f->n_columns; i++)
		if (str_eq(f->columns[i].name, name))
			return &f->columns[i];
	return NULL;
}

struct state *ledger_state(const struct ledger *l, struct str name)
{
	for (size_t i = 0; i < l->n_states; i++)
		if (str_eq(l->states[i].name, name))
			return &l->states[i];
	return NULL;
}

struct action *ledger_action(const struct ledger *l, struct str name)
{
	for (size_t i = 0; i < l->n_actions; i++)
		if (str_eq(l->actions[i].name, name))
			return &l->actions[i];
	return NULL;
}

bool action_is_refusal(const struct action *a)
{
	static const char *const words[] = {"refuse", "revoke", "decline", "cut", "suspend", "discard", "lose", "withdraw",
	                                    "cancel"};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_starts(a->name, words[i]))
			return true;
	return false;
}

bool action_decides(const struct action *a)
{
	if (a->two_of.n)
		return true;
	for (size_t i = 0; i < a->not_.n; i++)
		if (a->not_.v[i].kind == WHO_APPLICANT)
			return a->by.n > 0;
	return false;
}

const struct choice *field_choice(const struct field *f, struct str code)
{
	for (size_t i = 0; i < f->n_of; i++)
		if (str_eq(f->of[i].code, code))
			return &f->of[i];
	return NULL;
}

bool field_is_child(const struct field *f)
{
	return f->many || f->type == FT_TABLE || f->type == FT_CHECKLIST;
}

bool ledger_system_column(struct str name)
{
	static const char *const names[] = {
		"id", "number", "title", "state", "section", "applicant", "owner", "created_at", "created_on", "created_by",
		"updated_at", "updated_by", "version", "seal", "sealed_by", "seal_broken",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(name, names[i]))
			return true;
	return false;
}

#define DEFINITIONS_BYTES (96u << 20)

static int load_file(struct ledgers *all, const char *dir, const char *name, struct err *e)
{
	struct buf text;
	struct ledger *l = NULL;
	char *path = arena_printf(all->arena, "%s/%s", dir, name);
	size_t stem = strlen(name) - strlen(".yaml");
	int rc;

	if (!path)
		return err_set(e, ERR_NOMEM, "%s: too many definitions", dir);
	buf_init(&text, YAML_BYTES_MAX);
	rc = file_read(path, YAML_BYTES_MAX, &text, e);
	if (!rc)
		rc = ledger_parse(all->arena, name, buf_view(&text), &l, e);
	buf_release(&text);
	if (rc)
		return rc;
	if (l->name.n != stem || memcmp(l->name.p, name, stem))
		return err_at(e, ERR_SYNTAX, name, 1, 1, "the file of ledger '%.*s' is called %.*s.yaml", STR_ARG(l->name),
		              STR_ARG(l->name));
	for (size_t i = 0; i < all->n; i++)
		if (str_eq(all->v[i]->name, l->name)) {
			all->v[i] = l;                   /* the municipality's own definition replaces ours */
			return 0;
		}
	if (all->n == LEDGERS_MAX)
		return err_set(e, ERR_TOOBIG, "%s: more than %d ledgers", dir, LEDGERS_MAX);
	all->v[all->n++] = l;
	return 0;
}

static int load_dir(struct ledgers *all, const char *dir, struct err *e)
{
	char **names;
	size_t n;
	int rc = dir_list(all->arena, dir, ".yaml", &names, &n, e);

	for (size_t i = 0; i < n && !rc; i++)
		rc = load_file(all, dir, names[i], e);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return str_cmp((*(struct ledger *const *)a)->name, (*(struct ledger *const *)b)->name);
}

int ledgers_load(const char *dir, const char *override, struct ledgers **ret, struct err *e)
{
	struct ledgers *all = xcalloc(1, sizeof *all);
	int rc;

	all->arena = arena_new(DEFINITIONS_BYTES);
	all->v = arena_array(all->arena, LEDGERS_MAX, sizeof *all->v);
	rc = load_dir(all, dir, e);
	if (!rc && override)
		rc = load_dir(all, override, e);
	if (!rc) {
		qsort(all->v, all->n, sizeof *all->v, by_name);
		rc = ledgers_check(all, e);
	}
	if (rc) {
		ledgers_free(all);
		return rc;
	}
	*ret = all;
	return 0;
}

void ledgers_free(struct ledgers *all)
{
	if (!all)
		return;
	arena_free(all->arena);
	free(all);
}

static bool worth(const struct ledger *l, const struct field *f)
{
	if (field_is_child(f) || f->computed.n || f->secret_set || f->personal)
		return false;
	if (f->type == FT_LONGTEXT || f->type == FT_FILE || f->type == FT_HASH || f->type == FT_URL)
		return false;
	char hole[80];
	snprintf(hole, sizeof hole, "{%.*s}", STR_ARG(f->name));
	return !str_has(l->title, hole);
}

size_t ledger_list_columns(const struct ledger *l, const struct field **cols)
{
	size_t n = 0;
	/* What is required tells more than what may be empty. */
	for (int required = 1; required >= 0; required--)
		for (size_t i = 0; i < l->n_fields && n < LIST_COLUMNS_MAX; i++)
			if (l->fields[i].required == required && worth(l, &l->fields[i]))
				cols[n++] = &l->fields[i];
	return n;
}
