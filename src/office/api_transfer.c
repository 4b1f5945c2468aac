/* The transfer service for other systems: the same rules as the pages, a token instead of a session. */
#include "lib/date.h"
#include "lib/json.h"
#include "office/api.h"
#include "office/pages.h"
#include "office/transfer_page.h"

#define OUT_MAX (17u << 20)
#define FILES_AT_ONCE 16

static struct str or_none(struct str s)
{
	return s.n ? s : STR_NONE;
}

static void put_row(const struct mine *m, struct jw *j, bool report)
{
	char at[40];
	instant_rfc3339(m->at, at, sizeof(at));
	jw_object(j);
	jw_kint(j, "id", m->id);
	jw_kstr(j, "number", m->number);
	jw_kstr(j, "file_name", m->name);
	jw_kstr(j, "state", m->state);
	jw_kstr(j, "direction", m->direction);
	jw_kint(j, "size", m->size);
	jw_kz(j, "handed_over", at);
	jw_kstr(j, "until", or_none(m->until));
	jw_kstr(j, "out_name", or_none(m->out_name));
	jw_kstr(j, "code", or_none(m->code));
	jw_kbool(j, "for_me", m->mine_to_fetch);
	jw_kstr(j, "purpose", m->purpose);
	if (report) {
		jw_key(j, "report");
		if (m->report.n)
			jw_raw(j, m->report);
		else
			jw_null(j);
	}
	jw_end_object(j);
}

int api_transfers(struct ctx *c, struct err *e)
{
	struct list_query q;
	struct list_page page;
	struct buf b;
	struct jw j;
	int64_t limit = 200;
	if (req_param(c, "limit").p && str_int(req_param(c, "limit"), 1, 200, &limit) < 0)
		return err_set(e, ERR_RANGE, "%s", _("limit is a number from 1 to 200."));
	transfer_query(c, &q);
	q.limit = (size_t)limit;
	int r = transfer_list(c, &q, &page, e);
	if (r < 0)
		return r;
	buf_init(&b, OUT_MAX);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kint(&j, "total", page.total);
	jw_kstr(&j, "next", or_none(page.next));
	jw_key(&j, "transfers");
	jw_array(&j);
	for (size_t i = 0; i < page.n_rows; i++) {
		struct mine m;
		if (transfer_mine(c, page.rows[i].id, false, &m))
			put_row(&m, &j, false);
	}
	jw_end_array(&j);
	jw_end_object(&j);
	r = res_json(c, 200, &b);
	buf_release(&b);
	return r;
}

static int need_id(struct ctx *c, int64_t *ret, struct err *e)
{
	return str_int(c->args[0], 1, INT64_MAX, ret) < 0 ? err_set(e, ERR_NOTFOUND, "%s", _("There is no such file.")) : 0;
}

int api_transfer(struct ctx *c, struct err *e)
{
	struct buf b;
	struct jw j;
	int64_t id;
	int r = need_id(c, &id, e);
	if (r < 0)
		return r;
	buf_init(&b, OUT_MAX);
	jw_init(&j, &b, false);
	struct mine m;
	if (transfer_mine(c, id, true, &m)) {
		put_row(&m, &j, true);
		r = res_json(c, 200, &b);
	} else {
		r = err_set(e, ERR_NOTFOUND, "%s", _("There is no such file."));
	}
	buf_release(&b);
	return r;
}

int transfer_ids(struct ctx *c, unsigned status, const int64_t *ids, size_t n)
{
	struct buf b;
	struct jw j;
	buf_init(&b, 4096);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_key(&j, "ids");
	jw_array(&j);
	for (size_t i = 0; i < n; i++)
		jw_int(&j, ids[i]);
	jw_end_array(&j);
	jw_end_object(&j);
	int r = res_json(c, status, &b);
	buf_release(&b);
	return r;
}

int api_transfers_new(struct ctx *c, struct err *e)
{
	struct transfer_order t = {.outward = str_is(req_field(c, "direction"), "out"), .personal = str_is(req_field(c, "personal"), "1"),
	                           .recipients = str_trim(req_field(c, "recipients")), .purpose = str_trim(req_field(c, "purpose")),
	                           .class_c = req_field(c, "class_c"), .outside_recipient = str_trim(req_field(c, "outside_recipient")),
	                           .provision = req_field(c, "provision"), .to_party = req_field(c, "to_party"), .via = c->folder ? "folder" : "api", .once = req_header(c, "idempotency-key")};
	struct faults faults = {0};
	int64_t ids[FILES_AT_ONCE];
	size_t n;
	int r = transfer_open(c, &t, ids, &n, &faults, e);
	if (r == ERR_INVALID && faults.n) {
		c->discard = true;
		return api_faults(c, &faults);
	}
	if (r < 0)
		return r;
	return transfer_ids(c, 201, ids, n);
}

int api_transfer_file(struct ctx *c, struct err *e)
{
	int64_t id;
	int r = need_id(c, &id, e);
	return r < 0 ? r : transfer_fetch(c, id, e);
}
