/* sekisho standard list, show, import, diff, export. */
#include "core/event.h"
#include "core/oscal.h"
#include "core/standard.h"
#include "lib/csv.h"
#include "office/cli.h"
#include "office/office.h"

#define TEXTS_MAX (32u << 20)

int cli_standard_list(struct cli *c)
{
	struct err e = {0};
	return standard_list(c->office->db, c->json, &c->out, &e) < 0 ? cli_fail(c, &e) : 0;
}

int cli_standard_show(struct cli *c)
{
	struct err e = {0};
	if (c->n_args < 2)
		return 2;
	return standard_show(c->office->db, c->args[1], c->json, &c->out, &e) < 0 ? cli_fail(c, &e) : 0;
}

int cli_standard_diff(struct cli *c)
{
	struct err e = {0};
	if (c->n_args < 3)
		return 2;
	return standard_diff(c->office->db, c->args[1], c->args[2], c->json, &c->out, &e) < 0 ? cli_fail(c, &e) : 0;
}

int cli_standard_export(struct cli *c)
{
	struct err e = {0};
	cli_flag(c, "--oscal");
	if (c->n_args < 2)
		return 2;
	return oscal_catalog(c->office->db, c->args[1], &c->out, &e) < 0 ? cli_fail(c, &e) : 0;
}

struct texts {
	struct str table, source, version;
	bool dry;
	int64_t n;
};

static int load_texts(struct cli *c, void *arg, struct err *e)
{
	struct texts *x = arg;
	struct event ev = {.action = "standard.texts"};
	int r = clause_texts_load(c->office->db, x->table, x->source, x->version, c->world.now, c->actor.person, &x->n, e);
	if (r < 0)
		return r;
	ev.detail = arena_strf(c->arena, "{\"clauses\":%lld}", (long long)x->n);
	r = event_put(c->office->db, &ev, NULL, e);
	/* A trial ends like a failure: nothing of it stays. */
	return r < 0 ? r : x->dry ? ERR_CLOSED : 0;
}

/* The municipality's own wording: a table with the columns clause and text. */
int cli_standard_import(struct cli *c)
{
	struct err e = {0};
	struct texts x = {.source = cli_option(c, "--source"), .version = cli_option(c, "--version"),
	                  .dry = cli_flag(c, "--dry-run")};
	struct buf utf8;
	struct str bytes;
	bool cp932;
	if (!x.source.p)
		x.source = STR("");
	if (!x.version.p)
		x.version = STR("");
	buf_init(&utf8, TEXTS_MAX);
	int r = cli_file_read(c, 0, TEXTS_MAX, &bytes, &e);
	if (r == 0)
		r = csv_decode(bytes, &utf8, &cp932, &e);
	x.table = buf_view(&utf8);
	if (r == 0)
		r = cli_transact(c, load_texts, &x, &e);
	if (r == ERR_CLOSED && x.dry)
		r = 0;
	buf_release(&utf8);
	if (r < 0)
		return cli_fail(c, &e);
	buf_printf(&c->out, x.dry ? _("%lld texts would be loaded\n") : _("%lld texts loaded\n"), (long long)x.n);
	return 0;
}
