#include "office/listing.h"

#include "office/job.h"
#include "office/pages.h"
#include "office/setting.h"
#include "tpl.h"

static const struct listing *const listings[] = {&listing_signins, &listing_my_signins, &listing_applications};

const struct listing *listing_get(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(listings); i++)
		if (str_is(name, listings[i]->name))
			return listings[i];
	return NULL;
}

int listing_send(struct ctx *c, const struct listing *l, struct str asked, struct str action, struct err *e)
{
	struct buf out;
	bool more = false;
	struct listing_ask ask = {.db = c->office->db, .w = &c->world, .who = &c->actor, .asked = asked, .most = setting_int(c->office->db, "job_rows")};
	buf_init(&out, RESPONSE_BODY_MAX - (1u << 20));
	buf_puts(&out, "\xef\xbb\xbf");                  /* spreadsheets take the file for UTF-8 by this mark */
	int r = l->write(&ask, &out, &more, e);
	if (r == 0 && (more || buf_err(&out))) {
		struct tpl_job_ask d = {.csrf = c->session->csrf, .most = ask.most, .action = action, .cancel = str_from(l->page)};
		page_begin(c, _("A large export"));
		tpl_job_ask(&c->page, &d);
		r = page_end(c, 200);
	} else if (r == 0) {
		r = res_file(c, "text/csv; charset=utf-8", arena_strf(c->arena, "%s-%.*s.csv", l->name, STR_ARG(c->world.today)), buf_view(&out));
	}
	buf_release(&out);
	return r;
}

int listing_job(struct ctx *c, const struct listing *l, struct str asked, struct err *e)
{
	int64_t id;
	int r = job_put(c, "list", arena_strf(c->arena, "%s:%.*s", l->name, STR_ARG(asked)), 0, &id, e);
	return r < 0 ? r : res_redirect(c, arena_strf(c->arena, "/jobs/%lld", (long long)id));
}
