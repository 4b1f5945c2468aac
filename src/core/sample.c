/* Replays a script of the sample city (sample.h). */
#include "core/sample.h"

#include <jansson.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/date.h"
#include "lib/file.h"
#include "lib/log.h"

#define SAMPLE_BYTES_MAX (64u << 20)
#define PER_TRANSACTION 200
#define KEYS_BITS 17

struct key {
	char *name;
	const struct ledger *ledger;
	int64_t id;
};

struct sample {
	struct world w;
	struct checks *checks;
	struct arena *line;                              /* memory of the line in hand */
	struct key *keys;                                /* open addressing, 2^KEYS_BITS */
	char today[DATE_TEXT];
	struct date base;                                /* the day of loading */
	const char *file;
	int n;
};

static struct key *key_slot(struct sample *s, const char *name)
{
	uint32_t h = 2166136261u;
	for (const char *p = name; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	for (uint32_t i = h;; i++) {
		struct key *k = &s->keys[i & ((1u << KEYS_BITS) - 1)];
		if (!k->name || strcmp(k->name, name) == 0)
			return k;
	}
}

static const char *text_of(json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

/* "$-30" and "$-30T09:15": days, "$fy" the fiscal year, from the day of loading, so that the city's deadlines stay
 * what they were written for. */
static int dated(struct sample *s, const char *z, struct str *ret)
{
	int64_t days;
	char day[DATE_TEXT];
	struct str rest = str_from(z + 1), number = str_cut(&rest, 'T');
	if (str_is(number, "fy")) {
		*ret = arena_strf(s->line, "%d", date_fiscal_year(s->base));
		return 0;
	}
	if (str_int(number, -20000, 20000, &days) < 0)
		return ERR_SYNTAX;
	date_format(date_add(s->base, 0, 0, (int)days), day);
	*ret = rest.n ? arena_strf(s->line, "%sT%.*s", day, STR_ARG(rest)) : arena_str(s->line, str_from(day));
	return 0;
}

/* A JSON value as the text a person would type; "@key" becomes the id (with the ledger where several may be meant). */
static int text_value(struct sample *s, const struct field *f, json_t *v, struct str *ret, struct err *e)
{
	if (json_is_boolean(v)) {
		*ret = json_is_true(v) ? STR("1") : STR("0");
	} else if (json_is_integer(v)) {
		*ret = arena_strf(s->line, "%lld", (long long)json_integer_value(v));
	} else if (json_is_real(v)) {
		*ret = arena_strf(s->line, "%g", json_real_value(v));
	} else if (json_is_string(v)) {
		const char *z = json_string_value(v);
		if (z[0] == '$')
			return dated(s, z, ret) < 0 ? err_at(e, ERR_SYNTAX, s->file, s->n, 0, "\"%s\" is no day", z) : 0;
		if (z[0] != '@') {
			*ret = arena_str(s->line, str_from(z));
			return 0;
		}
		struct key *k = key_slot(s, z + 1);
		if (!k->name)
			return err_at(e, ERR_NOTFOUND, s->file, s->n, 0, "no record was made under the key %s", z + 1);
		bool several = f && f->type == FT_REF && f->to.n > 1;
		*ret = several ? arena_strf(s->line, "%.*s:%lld", STR_ARG(k->ledger->name), (long long)k->id)
		               : arena_strf(s->line, "%lld", (long long)k->id);
	} else {
		return err_at(e, ERR_SYNTAX, s->file, s->n, 0, "a field is neither text, number, boolean nor list");
	}
	return 0;
}

/* A many column inside a table is written as a JSON array of texts. */
static int cell_value(struct sample *s, const struct field *col, json_t *v, struct str *ret, struct err *e)
{
	if (!json_is_array(v))
		return text_value(s, col, v, ret, e);
	char *z = json_dumps(v, JSON_COMPACT);
	*ret = arena_str(s->line, str_from(z));
	free(z);
	return 0;
}

static int row_value(struct sample *s, const struct field *f, json_t *o, struct row *ret, struct err *e)
{
	const char *name;
	json_t *v;
	ret->cells = arena_array(s->line, json_object_size(o) + 1, sizeof(*ret->cells));
	json_object_foreach(o, name, v) {
		struct cell *c = &ret->cells[ret->n++];
		c->name = arena_str(s->line, str_from(name));
		int r = cell_value(s, field_column(f, c->name), v, &c->text, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int list_value(struct sample *s, const struct field *f, json_t *list, struct value *out, struct err *e)
{
	size_t n = json_array_size(list);
	bool rows = f->type == FT_TABLE || f->type == FT_CHECKLIST;
	out->many = arena_array(s->line, n + 1, sizeof(*out->many));
	out->rows = arena_array(s->line, n + 1, sizeof(*out->rows));
	for (size_t i = 0; i < n; i++) {
		json_t *v = json_array_get(list, i);
		int r = rows ? row_value(s, f, v, &out->rows[out->n_rows++], e)
		        : text_value(s, f, v, &out->many[out->n_many++], e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int fields_of(struct sample *s, const struct ledger *l, json_t *o, struct values *ret, struct err *e)
{
	const char *name;
	json_t *v;
	ret->v = arena_array(s->line, json_object_size(o) + 1, sizeof(*ret->v));
	json_object_foreach(o, name, v) {
		const struct field *f = ledger_field(l, str_from(name));
		if (!f)
			return err_at(e, ERR_NOTFOUND, s->file, s->n, 0, "ledger %.*s has no field %s", STR_ARG(l->name), name);
		struct value *out = &ret->v[ret->n++];
		out->field = f->name;
		out->present = true;
		int r = json_is_array(v) ? list_value(s, f, v, out, e) : text_value(s, f, v, &out->text, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* 0 when nobody has this staff number. */
static int64_t person_id(struct sample *s, const char *staff_no)
{
	struct stmt *q = staff_no ? db_sql(s->w.db, "SELECT id FROM persons WHERE staff_no = ?1") : NULL;
	if (!q)
		return 0;
	bind_z(q, 1, staff_no);
	int64_t id = step(q) == 1 ? col_int(q, 0) : 0;
	stmt_done(q);
	return id;
}

static int who_of(struct sample *s, const char *by, struct actor *ret, struct err *e)
{
	if (!by || !*by) {
		*ret = (struct actor){.admin = true, .name = STR("console")};
		return 0;
	}
	int64_t id = person_id(s, by);
	int r = id ? actor_load(s->w.db, s->line, id, s->w.today, ret, e) : ERR_NOTFOUND;
	return r < 0 ? err_at(e, r, s->file, s->n, 0, "no active person with staff number %s", by) : 0;
}

static int failed(struct sample *s, int r, const struct faults *f, struct err *e)
{
	char text[ERR_TEXT_MAX];
	snprintf(text, sizeof(text), "%s", e->text);
	if (f->n)
		return err_at(e, r, s->file, s->n, 0, "%.*s: %.*s", STR_ARG(f->v[0].field), STR_ARG(f->v[0].text));
	return err_at(e, r, s->file, s->n, 0, "%s", text[0] ? text : err_text(r));
}

static int do_create(struct sample *s, json_t *o, const struct actor *who, struct err *e)
{
	const char *name = text_of(o, "ledger"), *key = text_of(o, "key");
	struct ledger *l = name ? ledgers_get(s->w.ledgers, str_from(name)) : NULL;
	struct values in = {0};
	struct faults faults = {0};
	int64_t id;
	if (!l)
		return err_at(e, ERR_NOTFOUND, s->file, s->n, 0, "no ledger %s", name ? name : "(none)");
	int r = fields_of(s, l, json_object_get(o, "fields"), &in, e);
	if (r < 0)
		return r;
	struct record given = {.state = str_from(text_of(o, "state")), .applicant = person_id(s, text_of(o, "applicant"))};
	r = who->admin ? record_enter(&s->w, s->line, who, l, &in, &given, &id, &faults, e)
	    : record_create(&s->w, s->line, who, l, &in, &id, &faults, e);
	if (r < 0)
		return failed(s, r, &faults, e);
	if (key) {
		struct key *k = key_slot(s, key);
		if (k->name)
			return err_at(e, ERR_EXISTS, s->file, s->n, 0, "the key %s is used twice", key);
		*k = (struct key){xstrdup(key), l, id};
	}
	return 0;
}

static int do_change(struct sample *s, json_t *o, const struct actor *who, struct err *e)
{
	const char *key = text_of(o, "key"), *action = text_of(o, "action"), *note = text_of(o, "note");
	struct key *k = key ? key_slot(s, key) : NULL;
	struct values in = {0};
	struct faults faults = {0};
	struct record rec = {0};
	if (!k || !k->name)
		return err_at(e, ERR_NOTFOUND, s->file, s->n, 0, "no record was made under the key %s", key ? key : "(none)");
	int r = record_get(&s->w, s->line, who, k->ledger, k->id, &rec, e);
	if (r < 0 || (r = fields_of(s, k->ledger, json_object_get(o, "fields"), &in, e)) < 0)
		return failed(s, r, &faults, e);
	if (strcmp(text_of(o, "do"), "update") == 0) {
		r = record_update(&s->w, s->line, who, k->ledger, k->id, rec.version, &in, &faults, e);
	} else {
		const struct action *act = action ? ledger_action(k->ledger, str_from(action)) : NULL;
		if (!act)
			return err_at(e, ERR_NOTFOUND, s->file, s->n, 0, "ledger %.*s has no action %s", STR_ARG(k->ledger->name),
			              action ? action : "(none)");
		r = record_act(&s->w, s->line, who, k->ledger, k->id, rec.version, act, &in, str_from(note), &faults, e);
	}
	return r < 0 ? failed(s, r, &faults, e) : 0;
}

static int do_assess(struct sample *s, struct err *e)
{
	int64_t moved;
	int r = ledger_tick(&s->w, s->line, &moved, e);
	assess_forget(s->checks, STR_NONE);              /* its records are written past assess_changes */
	return r < 0 ? r : assess_all(&s->w, s->checks, e);
}

static int do_line(struct sample *s, struct str line, struct err *e)
{
	json_error_t je;
	struct actor who;
	int64_t at;
	json_t *o = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, &je);
	if (!o)
		return err_at(e, ERR_SYNTAX, s->file, s->n, je.column, "%s", je.text);
	const char *what = text_of(o, "do"), *when = text_of(o, "at");
	struct str day = str_from(when);
	int r = 0;
	if (when && when[0] == '$' && dated(s, when, &day) < 0)
		day = STR_NONE;
	if (!what || !day.n || instant_parse(day, &at) < 0) {
		r = err_at(e, ERR_SYNTAX, s->file, s->n, 0, "a line needs \"do\" and \"at\"");
	} else {
		clock_shift(0);
		clock_shift(at - clock_now());
		s->w.now = at;
		date_format(date_of_instant(at), s->today);
		s->w.today = str_from(s->today);
		if (strcmp(what, "assess") == 0)
			r = do_assess(s, e);
		else if ((r = who_of(s, text_of(o, "by"), &who, e)) == 0)
			r = strcmp(what, "create") == 0 ? do_create(s, o, &who, e) : do_change(s, o, &who, e);
	}
	json_decref(o);
	return r;
}

static int replay(struct sample *s, struct str text, struct err *e)
{
	int r = 0;
	struct str rest = text;
	while (rest.n && r >= 0) {
		r = db_begin(s->w.db, e);
		for (int i = 0; i < PER_TRANSACTION && rest.n && r >= 0; i++) {
			struct str line = str_trim(str_cut(&rest, '\n'));
			s->n++;
			if (!line.n || line.p[0] == '#')
				continue;
			r = do_line(s, line, e);
			arena_clear(s->line);
		}
		if (r >= 0)
			r = db_commit(s->w.db, e);
		if (r < 0)
			db_rollback(s->w.db);
	}
	return r;
}

int sample_load(struct world *w, struct checks *checks, const char *path, struct err *e)
{
	struct sample s = {.w = *w, .checks = checks, .file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path};
	struct buf text;
	buf_init(&text, SAMPLE_BYTES_MAX);
	s.base = date_of_instant(clock_now());
	int r = file_read(path, SAMPLE_BYTES_MAX, &text, e);
	if (r == 0) {
		s.line = arena_new(64u << 20);
		s.keys = xcalloc(1u << KEYS_BITS, sizeof(*s.keys));
		r = replay(&s, buf_view(&text), e);
		clock_shift(0);
		for (size_t i = 0; i < 1u << KEYS_BITS; i++)
			free(s.keys[i].name);
		free(s.keys);
		arena_free(s.line);
	}
	buf_release(&text);
	return r < 0 ? r : 0;
}
