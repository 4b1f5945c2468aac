/* What a change did, as canonical JSON: [{"field":…,"before":…,"after":…}] in the order of the definition. It goes to
 * record_log; the vault sees only its salted hash. */
#include "core/engine.h"
#include "core/event.h"
#include "lib/json.h"

static void put(struct job *j, struct jw *w, const struct field *f, const struct value *v)
{
	struct value o;
	if (value_empty(v)) {
		jw_null(w);
		return;
	}
	o = value_outside(j->a, f, v);
	if (f->type == FT_TABLE || f->type == FT_CHECKLIST) {
		jw_array(w);
		for (size_t i = 0; i < o.n_rows; i++) {
			jw_object(w);
			for (size_t k = 0; k < o.rows[i].n; k++)
				if (o.rows[i].cells[k].text.n) {
					jw_key(w, arena_z(j->a, o.rows[i].cells[k].name));
					jw_str(w, o.rows[i].cells[k].text);
				}
			jw_end_object(w);
		}
		jw_end_array(w);
	} else if (f->many) {
		jw_array(w);
		for (size_t i = 0; i < o.n_many; i++)
			jw_str(w, o.many[i]);
		jw_end_array(w);
	} else {
		jw_str(w, o.text);
	}
}

static void put_plain(struct jw *w, const char *name, struct str before, struct str after, size_t *n)
{
	if (str_eq(before, after))
		return;
	jw_object(w);
	jw_kz(w, "field", name);
	jw_kstr(w, "before", before);
	jw_kstr(w, "after", after);
	jw_end_object(w);
	(*n)++;
}

int change_json(struct job *j, const struct record *before, const struct record *after, struct str *ret, size_t *ret_n)
{
	static const struct value nothing;
	struct buf b;
	struct jw w;
	*ret_n = 0;
	buf_init(&b, CHANGE_MAX);
	jw_init(&w, &b, false);
	jw_array(&w);
	put_plain(&w, "state", before ? before->state : STR_NONE, after->state, ret_n);
	for (size_t i = 0; i < j->l->n_fields; i++) {
		const struct field *f = &j->l->fields[i];
		const struct value *was = before ? &before->all[i] : &nothing, *is = &after->all[i];
		if (!field_is_stored(f) || value_same(was, is))
			continue;
		jw_object(&w);
		jw_kstr(&w, "field", f->name);
		jw_key(&w, "before");
		put(j, &w, f, was);
		jw_key(&w, "after");
		put(j, &w, f, is);
		jw_end_object(&w);
		(*ret_n)++;
	}
	jw_end_array(&w);
	int err = buf_err(&b);
	*ret = err == 0 ? arena_str(j->a, buf_view(&b)) : STR_NONE;
	buf_release(&b);
	return err < 0 ? err_set(j->e, err, "change is too long") : 0;
}

int record_event(struct job *j, const struct record *r, const char *action, int64_t on_behalf, struct str change,
                 int64_t *ret_seq)
{
	const struct event ev = {.action = action, .actor = j->who->person, .on_behalf = on_behalf, .ledger = j->l->name,
		.record = r->id, .version = r->version, .change = change};
	return event_put(j->w->db, &ev, ret_seq, j->e);
}
