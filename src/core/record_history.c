/* What happened to a record: its steps, each with the change and the event that proves it. */
#include <jansson.h>

#include "core/engine.h"
#include "lib/i18n.h"

#define HISTORY_MAX 2000

static bool mask_columns(struct job *j, const struct record *r, const struct field *f, json_t *rows)
{
	struct job with = *j;
	bool touched = false;
	with.rec = r;
	for (size_t c = 0; c < f->n_columns; c++) {
		const char *name = arena_z(j->a, f->columns[c].name);
		if (rights_see_column(&with, &f->columns[c]))
			continue;
		for (size_t i = 0; i < json_array_size(rows); i++)
			touched |= json_object_del(json_array_get(rows, i), name) == 0;
	}
	return touched;
}

/* The change as the reader may see it: what is secret to him keeps its name and loses its texts. */
static struct str masked(struct job *j, const struct record *r, struct str change)
{
	json_t *list = change.n ? json_loadb(change.p, change.n, 0, NULL) : NULL;
	size_t i;
	json_t *item;
	bool touched = false;
	json_array_foreach(list, i, item) {
		const char *name = json_string_value(json_object_get(item, "field"));
		const struct field *f = name ? ledger_field(j->l, str_from(name)) : NULL;
		if (f && rights_see_field(j, r, f)) {
			touched |= mask_columns(j, r, f, json_object_get(item, "before"));
			touched |= mask_columns(j, r, f, json_object_get(item, "after"));
		}
		if (!f || rights_see_field(j, r, f))
			continue;
		json_object_set_new(item, "before", json_null());
		json_object_set_new(item, "after", json_null());
		json_object_set_new(item, "hidden", json_true());
		touched = true;
	}
	struct str out = change;
	char *text = touched ? json_dumps(list, JSON_COMPACT) : NULL;
	if (text)
		out = arena_str(j->a, str_from(text));
	free(text);
	json_decref(list);
	return out;
}

/* Steps and events are written in the same order, one event per step and some besides (a broken seal). */
static const char history_sql[] =
	"SELECT g.at, g.actor, g.on_behalf, g.action, g.change, g.seq, o.idx, g.version FROM record_log g"
	" LEFT JOIN outbox o ON o.seq = g.seq WHERE g.ledger = ?1 AND g.record = ?2 ORDER BY g.id DESC LIMIT ?3";

static void step_read(struct job *j, const struct record *r, struct stmt *s, struct step *st)
{
	struct str action = col_dup(s, 3, j->a);
	st->at = col_int(s, 0);
	st->actor = col_int(s, 1);
	st->on_behalf = col_int(s, 2);
	st->action = str_starts(action, "record.") ? str_slice(action, strlen("record."), action.n) : action;
	st->change = masked(j, r, col_dup(s, 4, j->a));
	st->event_seq = col_int(s, 5);
	st->event_index = col_null(s, 6) ? -1 : col_int(s, 6);
	st->version = col_int(s, 7);
}

/* Notes and states stand in the step log; one walk over both, newest first. */
static int merge_steps(struct job *j, const struct record *r, struct step *v, size_t n)
{
	struct stmt *s = db_sql(j->w->db, arena_printf(j->a, "SELECT action, note, from_state, to_state, at FROM \"%.*s_step\""
	                                              " WHERE record = ?1 ORDER BY id DESC LIMIT ?2", STR_ARG(j->l->table)));
	size_t at = 0;
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_int(s, 1, r->id);
	bind_int(s, 2, HISTORY_MAX);
	int got;
	while ((got = step(s)) == 1) {
		while (at < n && !str_eq(v[at].action, col_str(s, 0)))
			at++;
		if (at == n)
			break;
		v[at].note = col_dup(s, 1, j->a);
		v[at].from_state = col_dup(s, 2, j->a);
		v[at].to_state = col_dup(s, 3, j->a);
		v[at++].at = col_int(s, 4);
	}
	stmt_done(s);
	return got < 0 ? err_set(j->e, ERR_DB, "%s", db_error(j->w->db)) : 0;
}

int record_history(struct world *w, struct arena *a, const struct actor *who, const struct record *r, struct step **ret,
                   size_t *ret_n, struct err *e)
{
	struct job j = {.w = w, .a = a, .who = who, .l = r->ledger, .e = e};
	struct step *v = NULL;
	size_t n = 0, cap = 0;
	if (!visible(&j, r->id))
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such record"));
	struct stmt *s = db_sql(w->db, history_sql);
	if (!s)
		return err_set(e, ERR_DB, "%s", db_error(w->db));
	bind_str(s, 1, j.l->name);
	bind_int(s, 2, r->id);
	bind_int(s, 3, HISTORY_MAX);
	int got;
	while ((got = step(s)) == 1) {
		if (n == cap) {
			struct step *more = arena_array(a, cap = cap ? cap * 2 : 16, sizeof *more);
			if (!more)
				break;
			if (n)
				memcpy(more, v, n * sizeof *v);
			v = more;
		}
		step_read(&j, r, s, &v[n++]);
	}
	stmt_done(s);
	if (got < 0)
		return err_set(e, ERR_DB, "%s", db_error(w->db));
	for (size_t i = 0; i < n; i++) {
		v[i].actor_name = person_name(w, a, v[i].actor);
		v[i].on_behalf_name = person_name(w, a, v[i].on_behalf);
	}
	*ret = v;
	*ret_n = n;
	return merge_steps(&j, r, v, n);
}
