/* Exports as jobs: a ledger, or a list that is none (office/listing.h), written beside the requests and kept as an attachment. */
#include "core/event.h"
#include "office/form.h"
#include "office/job_work.h"
#include "office/listing.h"
#include "office/note.h"

static int told(void *arg, int64_t done, int64_t total, struct err *e)
{
	return job_tell(arg, done, total, e);
}

static int kept(struct work *x, struct str bytes, struct err *e)
{
	int64_t file;
	struct str name = arena_strf(x->a, "%.*s-%.*s.csv", STR_ARG(x->about), STR_ARG(x->w.today));
	int r = attachment_put_bytes(x->o, x->person, x->w.now, name, "text/csv", bytes, &file, e);
	if (r == 0)
		r = note_read_put(x->o->db, x->person, x->about, 0, STR("export"), e);
	return r < 0 ? r : job_end(x, "done", STR_NONE, file, e);
}

static int write_list(struct work *x, const struct pace *pace, struct buf *out, struct err *e)
{
	bool more = false;
	const struct listing *l = listing_get(x->about);
	struct listing_ask ask = {.db = x->o->db, .w = &x->w, .who = &x->who, .asked = x->args, .most = INT64_MAX, .pace = pace};
	return l ? l->write(&ask, out, &more, e) : err_set(e, ERR_NOTFOUND, "%s", _("There is no such list."));
}

int job_export(struct work *x, struct err *e)
{
	struct buf out;
	const struct pace pace = {told, x};
	buf_init(&out, JOB_CSV_MAX);
	buf_puts(&out, "\xef\xbb\xbf");                  /* spreadsheets take the file for UTF-8 by this mark */
	int r = x->l ? ledger_export_csv(&x->w, &x->who, x->l, &pace, &out, e) : write_list(x, &pace, &out, e);
	if (r == 0 && (buf_err(&out) || out.n >= RESPONSE_BODY_MAX))
		r = ERR_NOMEM;
	if (r == ERR_NOMEM && !x->l)
		r = err_set(e, ERR_TOOBIG, _("The file would be larger than %u MB: ask for less of the list."), RESPONSE_BODY_MAX >> 20);
	else if (r == ERR_NOMEM)
		r = err_set(e, ERR_TOOBIG, _("The file would be larger than %u MB. On the console, sekisho ledger export has no such limit."), RESPONSE_BODY_MAX >> 20);
	if (r == 0 && (r = db_begin(x->o->db, e)) == 0) {
		r = kept(x, buf_view(&out), e);
		if (r == 0)
			r = db_commit(x->o->db, e);
		if (r < 0)
			db_rollback(x->o->db);
	}
	buf_release(&out);
	return r;
}
