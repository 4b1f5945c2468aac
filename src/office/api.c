/* The JSON API under /api/v1/: the same doors as the pages (core/record.h), with a token instead of a session. */
#include "office/api.h"

#include "office/ledger_page.h"
#include "office/note.h"
#include "office/pages.h"

#define API_OUT_MAX (16u << 20)

static int send(struct ctx *c, unsigned status, struct buf *b)
{
	int r = res_json(c, status, b);
	buf_release(b);
	return r;
}

int api_status(struct ctx *c, struct err *e)
{
	struct buf b;
	buf_init(&b, API_OUT_MAX);
	int r = assess_status_json_for(&c->world, &c->actor, req_param(c, "as-of"), req_param(c, "control"),
	                               req_param(c, "clause"), &b, e);
	if (r < 0) {
		buf_release(&b);
		return r;
	}
	return send(c, 200, &b);
}

static void put_field(struct jw *j, const struct field *f)
{
	jw_object(j);
	jw_kstr(j, "name", f->name);
	jw_kz(j, "type", field_type_name(f->type));
	jw_kstr(j, "label", label_text(&f->label));
	jw_kbool(j, "required", f->required);
	jw_kbool(j, "many", f->many);
	if (f->n_of) {
		jw_key(j, f->type == FT_CHECKLIST ? "items" : "of");
		jw_array(j);
		for (size_t i = 0; i < f->n_of; i++) {
			jw_object(j);
			jw_kstr(j, "code", f->of[i].code);
			jw_kstr(j, "label", label_text(&f->of[i].label));
			jw_end_object(j);
		}
		jw_end_array(j);
	}
	if (f->to.n) {
		jw_key(j, "to");
		jw_array(j);
		for (size_t i = 0; i < f->to.n; i++)
			jw_str(j, f->to.v[i]);
		jw_end_array(j);
	}
	if (f->n_columns) {
		jw_key(j, "columns");
		jw_array(j);
		for (size_t i = 0; i < f->n_columns; i++)
			put_field(j, &f->columns[i]);
		jw_end_array(j);
	}
	jw_end_object(j);
}

int api_ledgers(struct ctx *c, struct err *e)
{
	struct buf b;
	struct jw j;
	(void)e;
	buf_init(&b, API_OUT_MAX);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_key(&j, "ledgers");
	jw_array(&j);
	for (size_t i = 0; i < c->world.ledgers->n; i++) {
		const struct ledger *l = c->world.ledgers->v[i];
		if (!ledger_may_list(&c->actor, l))
			continue;
		jw_object(&j);
		jw_kstr(&j, "name", l->name);
		jw_kstr(&j, "label", label_text(&l->label));
		jw_kbool(&j, "may_create", record_may_create(&c->world, &c->actor, l));
		jw_key(&j, "fields");
		jw_array(&j);
		for (size_t k = 0; k < l->n_fields; k++)
			put_field(&j, &l->fields[k]);
		jw_end_array(&j);
		jw_key(&j, "actions");
		jw_array(&j);
		for (size_t k = 0; k < l->n_actions; k++)
			jw_str(&j, l->actions[k].name);
		jw_end_array(&j);
		jw_end_object(&j);
	}
	jw_end_array(&j);
	jw_end_object(&j);
	return send(c, 200, &b);
}

int api_records(struct ctx *c, struct err *e)
{
	struct ledger *l;
	struct list_page page;
	struct buf b;
	struct jw j;
	int64_t limit = 50;
	int r = need_ledger(c, &l, e);
	if (r < 0)
		return r;
	if (req_param(c, "limit").p && str_int(req_param(c, "limit"), 1, 200, &limit) < 0)
		return err_set(e, ERR_RANGE, "%s", _("limit is a number from 1 to 200."));
	struct list_query q = {.search = req_param(c, "q"), .state = req_param(c, "state"), .after = req_param(c, "after"),
	                       .limit = (size_t)limit, .sort = req_param(c, "sort"),
	                       .descending = str_is(req_param(c, "order"), "desc")};
	if ((r = record_list(&c->world, c->arena, &c->actor, l, &q, &page, e)) < 0)
		return r;
	buf_init(&b, API_OUT_MAX);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kint(&j, "total", page.total);
	jw_key(&j, "next");
	if (page.next.p)
		jw_str(&j, page.next);
	else
		jw_null(&j);
	jw_key(&j, "records");
	jw_array(&j);
	for (size_t i = 0; i < page.n_rows && r == 0; i++) {
		struct record rec;
		r = record_get(&c->world, c->arena, &c->actor, l, page.rows[i].id, &rec, e);
		if (r == 0)
			api_put_record(c, &j, &rec);
		if (r == 0 && rec.personal.n)
			r = note_personal_read(c, l->name, rec.id, STR("api"), e);
	}
	jw_end_array(&j);
	jw_end_object(&j);
	if (r < 0) {
		buf_release(&b);
		return r;
	}
	return send(c, 200, &b);
}

static int send_record(struct ctx *c, const struct ledger *l, int64_t id, unsigned status, struct err *e)
{
	struct record rec;
	struct buf b;
	struct jw j;
	int r = record_get(&c->world, c->arena, &c->actor, l, id, &rec, e);
	if (r == 0 && rec.personal.n)
		r = note_personal_read(c, l->name, id, STR("api"), e);
	if (r < 0)
		return r;
	buf_init(&b, API_OUT_MAX);
	jw_init(&j, &b, false);
	api_put_record(c, &j, &rec);
	return send(c, status, &b);
}

int api_record(struct ctx *c, struct err *e)
{
	struct ledger *l;
	struct record rec;
	int r = need_record(c, &l, &rec, e);
	return r < 0 ? r : send_record(c, l, rec.id, 200, e);
}

int api_record_create(struct ctx *c, struct err *e)
{
	struct ledger *l;
	struct api_body body;
	struct faults faults = {0};
	int64_t id;
	int r = need_ledger(c, &l, e);
	if (r == 0 && !record_may_create(&c->world, &c->actor, l))
		return err_set(e, ERR_DENIED, "%s", _("Your roles do not allow new records in this ledger."));
	if (r < 0 || (r = api_body_read(c, l, &body, e)) < 0)
		return r;
	r = record_create(&c->world, c->arena, &c->actor, l, &body.values, &id, &faults, e);
	if (r == ERR_INVALID && faults.n)
		return api_faults(c, &faults);
	return r < 0 ? r : send_record(c, l, id, 201, e);
}

static int need_version(const struct api_body *body, struct err *e)
{
	return body->version >= 0 ? 0 : err_set(e, ERR_SYNTAX, "%s",
	                                        _("Give the \"version\" you read, so that nobody's change is lost."));
}

int api_record_update(struct ctx *c, struct err *e)
{
	struct ledger *l;
	struct record rec;
	struct api_body body;
	struct faults faults = {0};
	int r = need_record(c, &l, &rec, e);
	if (r < 0 || (r = api_body_read(c, l, &body, e)) < 0 || (r = need_version(&body, e)) < 0)
		return r;
	r = record_update(&c->world, c->arena, &c->actor, l, rec.id, body.version, &body.values, &faults, e);
	if (r == ERR_INVALID && faults.n)
		return api_faults(c, &faults);
	return r < 0 ? r : send_record(c, l, rec.id, 200, e);
}

int api_record_act(struct ctx *c, struct err *e)
{
	struct ledger *l;
	struct record rec;
	struct api_body body;
	struct faults faults = {0};
	int r = need_record(c, &l, &rec, e);
	if (r < 0 || (r = api_body_read(c, l, &body, e)) < 0 || (r = need_version(&body, e)) < 0)
		return r;
	const struct action *act = ledger_action(l, c->args[2]);
	if (!act)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such action."));
	r = record_act(&c->world, c->arena, &c->actor, l, rec.id, body.version, act, &body.values, body.note, &faults, e);
	if (r == ERR_INVALID && faults.n)
		return api_faults(c, &faults);
	return r < 0 ? r : send_record(c, l, rec.id, 200, e);
}
