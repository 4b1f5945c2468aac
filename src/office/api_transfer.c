/* The transfer service for other systems: the same rules as the pages, a token instead of a session. */
#include "lib/date.h"
#include "lib/json.h"
#include "office/api.h"
#include "office/pages.h"
#include "office/transfer.h"
#include "queries.h"

#define ROWS 200
#define OUT_MAX (17u << 20)
#define FILES_AT_ONCE 16

/* A row of the query transfer_mine as an object. */
static void put_row(struct stmt *q, struct jw *j, bool report)
{
	char at[40];
	instant_rfc3339(col_int(q, 6), at, sizeof(at));
	jw_object(j);
	jw_kint(j, "id", col_int(q, 0));
	jw_kstr(j, "number", col_str(q, 1));
	jw_kstr(j, "file_name", col_str(q, 2));
	jw_kstr(j, "state", col_str(q, 3));
	jw_kstr(j, "direction", col_str(q, 4));
	jw_kint(j, "size", col_int(q, 5));
	jw_kz(j, "handed_over", at);
	jw_kstr(j, "until", col_null(q, 7) ? STR_NONE : col_str(q, 7));
	jw_kstr(j, "out_name", col_null(q, 8) ? STR_NONE : col_str(q, 8));
	jw_kstr(j, "code", col_null(q, 9) ? STR_NONE : col_str(q, 9));
	jw_kbool(j, "for_me", col_int(q, 18));
	jw_kstr(j, "purpose", col_str(q, 19));
	if (report) {
		jw_key(j, "report");
		if (col_null(q, 16))
			jw_null(j);
		else
			jw_raw(j, col_str(q, 16));
	}
	jw_end_object(j);
}

static struct stmt *ask(struct ctx *c, bool inbox, int64_t id, int64_t limit)
{
	struct stmt *q = db_query(c->office->db, Q_TRANSFER_MINE);
	bind_int(q, 1, c->actor.person);
	bind_int(q, 2, inbox);
	bind_int(q, 3, id);
	bind_int(q, 4, limit);
	return q;
}

int api_transfers(struct ctx *c, struct err *e)
{
	struct buf b;
	struct jw j;
	(void)e;
	buf_init(&b, OUT_MAX);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_key(&j, "transfers");
	jw_array(&j);
	struct stmt *q = ask(c, str_is(req_param(c, "to"), "fetch"), 0, ROWS);
	while (step(q) == 1)
		put_row(q, &j, false);
	stmt_done(q);
	jw_end_array(&j);
	jw_end_object(&j);
	int r = res_json(c, 200, &b);
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
	struct stmt *q = ask(c, false, id, 1);
	bool found = step(q) == 1;
	if (found)
		put_row(q, &j, true);
	stmt_done(q);
	r = found ? res_json(c, 200, &b) : err_set(e, ERR_NOTFOUND, "%s", _("There is no such file."));
	buf_release(&b);
	return r;
}

int api_transfers_new(struct ctx *c, struct err *e)
{
	struct transfer_order t = {.outward = str_is(req_field(c, "direction"), "out"), .personal = str_is(req_field(c, "personal"), "1"),
	                           .recipients = str_trim(req_field(c, "recipients")), .purpose = str_trim(req_field(c, "purpose")),
	                           .class_c = req_field(c, "class_c"), .outside_recipient = str_trim(req_field(c, "outside_recipient")),
	                           .provision = req_field(c, "provision"), .via = "api"};
	struct faults faults = {0};
	int64_t ids[FILES_AT_ONCE];
	struct buf b;
	struct jw j;
	size_t n;
	int r = transfer_open(c, &t, ids, &n, &faults, e);
	if (r == ERR_INVALID && faults.n) {
		c->discard = true;
		return api_faults(c, &faults);
	}
	if (r < 0)
		return r;
	buf_init(&b, 4096);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_key(&j, "ids");
	jw_array(&j);
	for (size_t i = 0; i < n; i++)
		jw_int(&j, ids[i]);
	jw_end_array(&j);
	jw_end_object(&j);
	r = res_json(c, 201, &b);
	buf_release(&b);
	return r;
}

int api_transfer_file(struct ctx *c, struct err *e)
{
	int64_t id;
	int r = need_id(c, &id, e);
	return r < 0 ? r : transfer_fetch(c, id, e);
}
