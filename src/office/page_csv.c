/* CSV in and out of a ledger: export, upload with preview, apply, undo. The upload is kept as an attachment between
 * preview and apply, so what is applied is what was shown. */
#include "office/form.h"
#include "office/job.h"
#include "office/ledger_page.h"
#include "office/pages.h"

#include "core/ledger_csv.h"
#include "lib/csv.h"
#include "office/note.h"
#include "office/setting.h"
#include "queries.h"
#include "tpl.h"

#define CSV_BYTES_MAX (64u << 20)

static int need_csv_ledger(struct ctx *c, struct ledger **ret, bool write, struct err *e)
{
	int r = need_ledger(c, ret, e);
	if (r < 0)
		return r;
	if (write && !record_may_create(&c->world, &c->actor, *ret))
		return err_set(e, ERR_DENIED, "%s", _("Your roles do not allow new records in this ledger."));
	return 0;
}

/* Too much for a request: a job is made of it once the person says so. */
static int ask_job(struct ctx *c, const struct ledger *l, int64_t most)
{
	struct tpl_job_ask d = {.csrf = c->session->csrf, .crumbs = ledger_crumbs(c, l, NULL), .most = most,
		.action = arena_strf(c->arena, "/ledgers/%.*s/export", STR_ARG(l->name)), .cancel = arena_strf(c->arena, "/ledgers/%.*s", STR_ARG(l->name))};
	page_begin(c, _("A large export"));
	tpl_job_ask(&c->page, &d);
	return page_end(c, 200);
}

static int to_job(struct ctx *c, const char *kind, struct str args, int64_t total, struct err *e)
{
	int64_t id;
	int r = job_put(c, kind, args, total, &id, e);
	return r < 0 ? r : res_redirect(c, arena_strf(c->arena, "/jobs/%lld", (long long)id));
}

int do_export_job(struct ctx *c, struct err *e)
{
	struct ledger *l;
	int64_t rows;
	int r = need_csv_ledger(c, &l, false, e);
	if (r < 0 || (r = ledger_export_count(&c->world, &c->actor, l, INT64_MAX, &rows, e)) < 0)
		return r;
	return to_job(c, "export", l->name, rows, e);
}

int page_export(struct ctx *c, struct err *e)
{
	struct ledger *l;
	struct buf out;
	int64_t rows, most = setting_int(c->office->db, "job_rows");
	int r = need_csv_ledger(c, &l, false, e);
	if (r < 0 || (r = ledger_export_count(&c->world, &c->actor, l, most + 1, &rows, e)) < 0)
		return r;
	if (rows > most)
		return ask_job(c, l, most);
	buf_init(&out, CSV_BYTES_MAX);
	buf_puts(&out, "\xef\xbb\xbf"); /* spreadsheets take the file for UTF-8 by this mark; the import skips it */
	r = ledger_export_csv(&c->world, &c->actor, l, NULL, &out, e);
	if (r == 0)
		r = note_personal_read(c, l->name, 0, STR("export"), e);
	if (r == 0)
		r = res_file(c, "text/csv; charset=utf-8",
		             arena_strf(c->arena, "%.*s-%.*s.csv", STR_ARG(l->name), STR_ARG(c->world.today)), buf_view(&out));
	buf_release(&out);
	return r;
}

static void fill_columns(struct ctx *c, const struct ledger *l, struct tpl_import *d)
{
	struct tpl_import_columns *v = arena_array(c->arena, l->n_fields + 1, sizeof(*v));
	for (size_t i = 0; i < l->n_fields; i++)
		if (!l->fields[i].computed.n)
			v[d->n_columns++] = (struct tpl_import_columns){l->fields[i].name, label_text(&l->fields[i].label),
			                                                l->fields[i].required};
	d->columns = v;
}

/* Whoever may take them back: one's own, and all of them for the security office. */
static void fill_earlier(struct ctx *c, const struct ledger *l, struct tpl_import *d)
{
	struct tpl_import_earlier *v = arena_array(c->arena, 20, sizeof(*v));
	struct stmt *q = db_query(c->office->db, Q_IMPORT_LIST);
	bind_str(q, 1, l->name);
	bind_int(q, 2, c->actor.person);
	bind_int(q, 3, ACTOR_HAS(&c->actor, ROLE_SECRETARIAT) || ACTOR_HAS(&c->actor, ROLE_CHIEF));
	while (d->n_earlier < 20 && step(q) == 1)
		v[d->n_earlier++] = (struct tpl_import_earlier){
			.at = col_int(q, 1), .who = col_dup(q, 2, c->arena), .created = col_int(q, 3), .updated = col_int(q, 4),
			.undone = !col_null(q, 5), .may_undo = true,
			.undo = arena_strf(c->arena, "/ledgers/%.*s/import/%lld/undo", STR_ARG(l->name), (long long)col_int(q, 0))};
	stmt_done(q);
	d->earlier = v;
}

static int show(struct ctx *c, const struct ledger *l, struct tpl_import *d)
{
	d->csrf = c->session->csrf;
	d->ledger = l->name;
	d->label = label_text(&l->label);
	d->list = arena_strf(c->arena, "/ledgers/%.*s", STR_ARG(l->name));
	d->upload_action = arena_strf(c->arena, "/ledgers/%.*s/import", STR_ARG(l->name));
	d->apply_action = arena_strf(c->arena, "/ledgers/%.*s/import/apply", STR_ARG(l->name));
	fill_columns(c, l, d);
	fill_earlier(c, l, d);
	page_begin(c, _("Import"));
	tpl_import(&c->page, d);
	return page_end(c, d->error.n || d->n_faults ? 422 : 200);
}

int page_import(struct ctx *c, struct err *e)
{
	struct ledger *l;
	struct tpl_import d = {0};
	int r = need_csv_ledger(c, &l, true, e);
	return r < 0 ? r : show(c, l, &d);
}

static void fill_result(struct ctx *c, struct tpl_import *d, const struct import_result *res)
{
	d->preview = true;
	d->rows = res->rows;
	d->created = res->created;
	d->updated = res->updated;
	d->unchanged = res->unchanged;
	struct tpl_import_faults *v = arena_array(c->arena, res->n_faults + 1, sizeof(*v));
	for (size_t i = 0; i < res->n_faults; i++)
		v[i] = (struct tpl_import_faults){res->faults[i].line, res->faults[i].field, res->faults[i].text};
	d->faults = v;
	d->n_faults = res->n_faults;
}

/* The text of an upload in UTF-8, in the arena. */
static int text_of(struct ctx *c, const struct attachment *at, struct str *ret, bool *cp932, struct err *e)
{
	struct buf bytes, utf8;
	buf_init(&bytes, CSV_BYTES_MAX);
	buf_init(&utf8, CSV_BYTES_MAX);
	int r = attachment_bytes(c, at, &bytes, e);
	if (r == 0)
		r = csv_decode(buf_view(&bytes), &utf8, cp932, e);
	if (r == 0)
		*ret = arena_str(c->arena, buf_view(&utf8));
	buf_release(&bytes);
	buf_release(&utf8);
	return r;
}

int do_import_preview(struct ctx *c, struct err *e)
{
	struct ledger *l;
	struct tpl_import d = {0};
	struct import_result res = {0};
	struct attachment at;
	struct str text;
	int64_t id;
	int r = need_csv_ledger(c, &l, true, e);
	if (r < 0)
		return r;
	if (!c->req->n_files || !c->req->files[0].size) {
		d.error = str_from(_("Choose a file."));
		return show(c, l, &d);
	}
	if ((r = attachment_store(c, &c->req->files[0], &id, e)) < 0 || (r = attachment_get(c, id, &at, e)) < 0)
		return r;
	r = text_of(c, &at, &text, &d.cp932, e);
	if (r == 0 && (d.rows = ledger_import_count(text)) > setting_int(c->office->db, "job_rows")) {
		d.file_name = at.name;
		d.upload = arena_strf(c->arena, "%lld", (long long)id);
		d.job = true;
		return show(c, l, &d);
	}
	if (r == 0)
		r = ledger_import_preview(&c->world, c->arena, &c->actor, l, text, NULL, &res, e);
	if (r == ERR_SYNTAX || r == ERR_TOOBIG || (r == ERR_INVALID && !res.n_faults)) {
		char why[ERR_TEXT_MAX + 200];
		d.error = arena_str(c->arena, str_from(err_format(e, why, sizeof(why))));
		return show(c, l, &d);
	}
	if (r < 0 && r != ERR_INVALID)
		return r;
	d.file_name = at.name;
	d.upload = arena_strf(c->arena, "%lld", (long long)id);
	fill_result(c, &d, &res);
	return show(c, l, &d);
}

int do_import_apply(struct ctx *c, struct err *e)
{
	struct ledger *l;
	struct tpl_import d = {0};
	struct import_result res = {0};
	struct attachment at;
	struct str text = STR_NONE;
	int64_t id;
	bool cp932;
	int r = need_csv_ledger(c, &l, true, e);
	if (r < 0)
		return r;
	if (str_int(req_field(c, "upload"), 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_SYNTAX, "%s", _("There is no such file."));
	if ((r = attachment_get(c, id, &at, e)) < 0)
		return r;
	if (at.ledger.n || at.created_by != c->actor.person)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such file."));
	if ((r = text_of(c, &at, &text, &cp932, e)) < 0)
		return r;
	int64_t rows = ledger_import_count(text);
	if (rows > setting_int(c->office->db, "job_rows"))
		return to_job(c, "import", arena_strf(c->arena, "%.*s:%lld", STR_ARG(l->name), (long long)id), rows, e);
	r = ledger_import_apply(&c->world, c->arena, &c->actor, l, text, &res, e);
	if (r == ERR_INVALID && res.n_faults) {
		c->discard = true;
		fill_result(c, &d, &res);
		return show(c, l, &d);
	}
	if (r < 0)
		return r;
	flash(c, arena_printf(c->arena, _("Imported: %lld new, %lld changed."), (long long)res.created,
	                      (long long)res.updated));
	return res_redirect(c, arena_strf(c->arena, "/ledgers/%.*s", STR_ARG(l->name)));
}

int do_import_undo(struct ctx *c, struct err *e)
{
	struct ledger *l;
	int64_t id;
	int r = need_csv_ledger(c, &l, true, e);
	if (r < 0)
		return r;
	if (str_int(c->args[1], 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such import."));
	if ((r = ledger_import_undo(&c->world, c->arena, &c->actor, id, e)) < 0)
		return r;
	flash(c, _("The import was taken back."));
	return res_redirect(c, arena_strf(c->arena, "/ledgers/%.*s/import", STR_ARG(l->name)));
}
