/* What the commands on a data folder do. Output is for people, or JSON with --json; see docs/man. */
#include "office/cli.h"

#include <unistd.h>

#include "core/event.h"
#include "core/ledger_csv.h"
#include "core/oscal.h"
#include "core/proto.h"
#include "core/sample.h"
#include "core/standard.h"
#include "queries.h"
#include "lib/clock.h"
#include "lib/csv.h"
#include "lib/date.h"
#include "lib/hash.h"
#include "lib/json.h"
#include "office/change.h"
#include "office/dispatch.h"
#include "office/judging.h"
#include "office/life.h"
#include "office/setting.h"
#include "office/signin.h"
#include "office/token.h"

#define IMPORT_MAX (256u << 20)

int cli_transact(struct cli *c, int (*fn)(struct cli *, void *, struct err *), void *arg, struct err *e)
{
	bool all = false;
	int r = db_begin(c->office->db, e);
	if (r < 0)
		return r;
	change_clear();
	r = fn(c, arg, e);
	if (r >= 0)
		r = change_assess(&c->world, c->office->checks, &all, e);
	if (r >= 0)
		r = db_commit(c->office->db, e);
	if (r < 0) {
		db_rollback(c->office->db);
		change_clear();
		return r;
	}
	return all ? office_assess(c->office, e) : 0;
}

/* --- init ---------------------------------------------------------------------------------------------------------------- */

struct init_args {
	struct str city, standard;
	bool sample;
};

static int init_settings(struct cli *c, void *arg, struct err *e)
{
	const struct init_args *x = arg;
	int r = setting_set(c->office->db, "city_name", x->city, 0, c->world.now, e);
	if (r == 0)
		r = setting_set(c->office->db, "standard", x->standard, 0, c->world.now, e);
	if (r == 0 && x->sample) { /* no setting: it cannot be switched on later */
		struct stmt *q = db_query(c->office->db, Q_SETTING_PUT);
		bind_z(q, 1, "sample");
		bind_z(q, 2, "1");
		bind_int(q, 3, 0);
		bind_int(q, 4, c->world.now);
		r = run(q, e);
	}
	if (r == 0)
		r = standard_use(c->office->db, x->standard, e);
	struct event ev = {.action = "store.init"};
	return r < 0 ? r : event_put(c->office->db, &ev, NULL, e);
}

#define SAMPLE_SEALED_MS 120000

static int run_init(struct cli *c)
{
	struct err e = {0};
	struct init_args x = {cli_option(c, "--city"), cli_option(c, "--standard"), cli_flag(c, "--sample")};
	if (!x.city.n || !x.standard.n || c->n_args != 1) {
		buf_puts(&c->err, "usage: sekisho init DIR --city NAME --standard ID [--sample]\n");
		return 2;
	}
	if (cli_transact(c, init_settings, &x, &e) < 0)
		return cli_fail(c, &e);
	if (x.sample) {
		char path[400];
		snprintf(path, sizeof(path), "%s/sample/mihon.jsonl", c->office->share);
		c->office->sample = true;
		if (sample_load(&c->world, c->office->checks, path, &e) < 0 || office_assess(c->office, &e) < 0)
			return cli_fail(c, &e);
		outbox_settle(c->office, SAMPLE_SEALED_MS);  /* else the first pages say that thousands of events wait */
	}
	return 0;
}

/* --- status, assess ------------------------------------------------------------------------------------------------------- */

static int run_status(struct cli *c)
{
	struct err e = {0};
	struct str as_of = cli_option(c, "--as-of"), control = cli_option(c, "--control"), clause = cli_option(c, "--clause");
	if (c->n_args != 1)
		return 2;
	if (judging_pending() && !as_of.p && office_assess(c->office, &e) < 0) /* the house has just started: nothing half judged */
		return cli_fail(c, &e);
	int r = c->json ? assess_status_json(&c->world, as_of, control, clause, &c->out, &e)
	                : assess_status_text(&c->world, as_of, control, clause, &c->out, &e);
	return r < 0 ? cli_fail(c, &e) : 0;
}

static int run_assess(struct cli *c)
{
	struct err e = {0};
	struct date d;
	struct str today = cli_option(c, "--today");
	bool anew = cli_flag(c, "--anew");
	if (c->n_args != 1)
		return 2;
	if (today.p) {
		if (!c->office->sample) {
			err_set(&e, ERR_DENIED, "%s", _("--today works only in a folder made with --sample."));
			return cli_fail(c, &e);
		}
		if (date_parse(today, &d) < 0) {
			err_set(&e, ERR_SYNTAX, _("\"%.*s\" is no date (YYYY-MM-DD)."), STR_ARG(today));
			return cli_fail(c, &e);
		}
		clock_shift(0);
		clock_shift((date_days(d) - date_days(date_of_instant(clock_now()))) * DAY_US);
	}
	int64_t from = clock_mono();
	int r = office_tick(c->office, &e);
	if (r >= 0)
		r = anew ? office_assess_anew(c->office, &e) : office_assess(c->office, &e);
	if (today.p)
		clock_shift(0);
	if (r < 0)
		return cli_fail(c, &e);
	buf_printf(&c->out, _("Judged in %lld ms.\n"), (long long)((clock_mono() - from) / 1000));
	return 0;
}

/* --- sign-in links, tokens -------------------------------------------------------------------------------------------------- */

/* A person by staff number or by number of the ledger. */
static int64_t person_find(struct cli *c, struct str id)
{
	struct stmt *q = db_query(c->office->db, Q_PERSON_BY_CODE);
	bind_str(q, 1, id);
	int64_t person = step(q) == 1 ? col_int(q, 0) : 0;
	stmt_done(q);
	return person;
}

static int named_person(struct cli *c, struct str id, int64_t *ret, struct err *e)
{
	*ret = person_find(c, id);
	return *ret ? 0 : err_set(e, ERR_NOTFOUND, _("There is no person \"%.*s\" (staff number, or number in the ledger persons)."), STR_ARG(id));
}

static int need_person(struct cli *c, int64_t *ret, struct err *e)
{
	struct str id = cli_option(c, "--person");
	if (!id.n)
		return err_set(e, ERR_SYNTAX, "%s", _("Say whose it is: --person ID (the staff number)."));
	return named_person(c, id, ret, e);
}

struct link_args {
	int64_t person;
	struct str path;
};

static int make_link(struct cli *c, void *arg, struct err *e)
{
	struct link_args *x = arg;
	return link_make(c->office, c->arena, x->person, 0, c->world.now, &x->path, e);
}

static int run_link(struct cli *c)
{
	struct err e = {0};
	struct link_args x = {0};
	if (need_person(c, &x.person, &e) < 0)
		return cli_fail(c, &e);
	if (!c->office->sample) {
		err_set(&e, ERR_DENIED, "%s", _("Links are made only in a folder made with --sample. Elsewhere the security office sets a temporary password "
		                                "under Settings, Sign-ins."));
		return cli_fail(c, &e);
	}
	if (cli_transact(c, make_link, &x, &e) < 0)
		return cli_fail(c, &e);
	buf_printf(&c->out, "%.*s\n", STR_ARG(x.path));
	return 0;
}

static int password_event(struct cli *c, void *arg, struct err *e)
{
	struct event ev = {.action = "auth.temporary-password", .ledger = STR("persons"), .record = *(int64_t *)arg};
	return event_put(c->office->db, &ev, NULL, e);
}

/* A temporary password by the console: how the first people come in, and the way back when nobody can. */
static int run_password(struct cli *c)
{
	struct err e = {0};
	int64_t person;
	struct msg m;
	uint32_t result = AUTH_FAILED;
	struct str detail;
	if (need_person(c, &person, &e) < 0)
		return cli_fail(c, &e);
	struct str password = temporary_password(c->arena);
	msg_init(&m, AUTH_SET);
	msg_put_i64(&m, person);
	msg_put_str(&m, password);
	msg_put_u8(&m, 1);
	msg_put_u32(&m, 0);
	if (auth_call_now(c->office, c->arena, &m, &result, &detail, &e) < 0)
		return cli_fail(c, &e);
	if (result != AUTH_OK && result != AUTH_TEMPORARY) {
		err_set(&e, ERR_WRONG_STATE, "%s", _("The sign-in service did not take the password."));
		return cli_fail(c, &e);
	}
	if (cli_transact(c, password_event, &person, &e) < 0)
		return cli_fail(c, &e);
	buf_printf(&c->out, "%.*s\n", STR_ARG(password));
	return 0;
}

struct token_args {
	struct token_new t;
	int64_t id;
	char token[TOKEN_TEXT];
};

static int make_token(struct cli *c, void *arg, struct err *e)
{
	struct token_args *x = arg;
	return token_make(c->office->db, &x->t, c->world.now, x->token, e);
}

static int run_token_create(struct cli *c)
{
	struct err e = {0};
	struct token_args x = {.t = {.scope = cli_option(c, "--scope"), .label = cli_option(c, "--for"), .days = setting_int(c->office->db, "token_days")}};
	struct str days = cli_option(c, "--days");
	if (!x.t.label.n)
		x.t.label = STR("sekisho token create");    /* in no language: it is kept */
	if (need_person(c, &x.t.person, &e) < 0)
		return cli_fail(c, &e);
	if (days.p && str_int(days, 1, 100000, &x.t.days) < 0)
		x.t.days = 0;                                /* refused below, with the bounds */
	if (!str_is(x.t.scope, "read") && !str_is(x.t.scope, "write") && !str_is(x.t.scope, "read write")) {
		err_set(&e, ERR_SYNTAX, "%s", _("--scope is read or write (write includes read of what is written)."));
		return cli_fail(c, &e);
	}
	if (cli_transact(c, make_token, &x, &e) < 0)
		return cli_fail(c, &e);
	buf_printf(&c->out, "%s\n", x.token);
	return 0;
}

static void put_instant(struct jw *j, const char *key, struct stmt *q, int col)
{
	char at[40] = "";
	if (!col_null(q, col))
		instant_format(col_int(q, col), at, sizeof(at));
	jw_kstr(j, key, at[0] ? str_from(at) : STR_NONE);
}

static int run_token_list(struct cli *c)
{
	struct err e = {0};
	int64_t person = 0, after = 0, page;
	struct jw j;
	struct str id = cli_option(c, "--person");
	if (id.p && named_person(c, id, &person, &e) < 0)
		return cli_fail(c, &e);
	jw_init(&j, &c->out, true);
	if (c->json)
		jw_array(&j);
	do {
		struct stmt *q = db_query(c->office->db, Q_TOKEN_LIST);
		page = 0;
		bind_int(q, 1, person);
		bind_int(q, 2, after);
		bind_null(q, 3);
		bind_int(q, 4, 200);
		for (; step(q) == 1; page++) {
			bool ended = !col_null(q, 6), expired = !col_null(q, 5) && col_int(q, 5) < c->world.now;
			const char *state = ended ? "ended" : expired ? "expired" : "in-force";
			char expires[40] = "", used[40] = "-";
			after = col_int(q, 0);
			if (c->json) {
				jw_object(&j);
				jw_kint(&j, "id", after);
				jw_kstr(&j, "person", col_str(q, 8));
				jw_kstr(&j, "for", col_str(q, 1));
				jw_kstr(&j, "scope", col_str(q, 2));
				jw_kz(&j, "state", state);
				put_instant(&j, "created", q, 3);
				put_instant(&j, "used", q, 4);
				put_instant(&j, "expires", q, 5);
				jw_end_object(&j);
				continue;
			}
			if (!col_null(q, 5))
				instant_format(col_int(q, 5), expires, sizeof(expires));
			if (!col_null(q, 4))
				instant_format(col_int(q, 4), used, sizeof(used));
			buf_printf(&c->out, "%6lld  %-8s  %-10.*s  %-10.*s  %-16s  %-16s  %.*s\n", (long long)after, state, STR_ARG(col_str(q, 8)), STR_ARG(col_str(q, 2)),
			           expires, used, STR_ARG(col_str(q, 1)));
		}
	} while (page == 200);
	if (c->json) {
		jw_end_array(&j);
		buf_putc(&c->out, '\n');
	}
	return 0;
}

static int end_token(struct cli *c, void *arg, struct err *e)
{
	const struct token_args *x = arg;
	return token_end(c->office->db, x->id, 0, 0, c->world.now, e);
}

static int run_token_revoke(struct cli *c)
{
	struct err e = {0};
	struct token_args x = {0};
	if (c->n_args != 2 || str_int(c->args[1], 1, INT64_MAX, &x.id) < 0)
		err_set(&e, ERR_SYNTAX, "%s", _("Which token? Its number stands in sekisho token list."));
	if (e.code < 0 || cli_transact(c, end_token, &x, &e) < 0)
		return cli_fail(c, &e);
	return 0;
}

/* --- ledgers ------------------------------------------------------------------------------------------------------------------ */

static int run_ledger_list(struct cli *c)
{
	struct jw j;
	jw_init(&j, &c->out, true);
	if (c->json)
		jw_array(&j);
	for (size_t i = 0; i < c->office->ledgers->n; i++) {
		const struct ledger *l = c->office->ledgers->v[i];
		struct str label = label_text(&l->label);
		if (!c->json) {
			buf_printf(&c->out, "%-28.*s %.*s\n", STR_ARG(l->name), STR_ARG(label));
			continue;
		}
		jw_object(&j);
		jw_kstr(&j, "name", l->name);
		jw_kstr(&j, "label", label);
		jw_kint(&j, "fields", (int64_t)l->n_fields);
		jw_kint(&j, "states", (int64_t)l->n_states);
		jw_kint(&j, "actions", (int64_t)l->n_actions);
		jw_end_object(&j);
	}
	if (c->json) {
		jw_end_array(&j);
		buf_putc(&c->out, '\n');
	}
	return 0;
}

static struct ledger *need_ledger(struct cli *c, size_t arg, struct err *e)
{
	struct str name = c->n_args > arg ? c->args[arg] : STR_NONE;
	struct ledger *l = name.n ? ledgers_get(c->office->ledgers, name) : NULL;
	if (!l)
		err_set(e, ERR_NOTFOUND, _("There is no ledger \"%.*s\"; see sekisho ledger list."), STR_ARG(name));
	return l;
}

static int run_ledger_show(struct cli *c)
{
	struct err e = {0};
	struct ledger *l = need_ledger(c, 1, &e);
	if (!l)
		return cli_fail(c, &e);
	buf_str(&c->out, l->source);
	return 0;
}

static int run_ledger_export(struct cli *c)
{
	struct err e = {0};
	struct ledger *l = need_ledger(c, 1, &e);
	if (!l || ledger_export_csv(&c->world, &c->actor, l, NULL, &c->out, &e) < 0)
		return cli_fail(c, &e);
	return 0;
}

struct import_args {
	struct ledger *l;
	struct str text;
	struct import_result res;
};

static int do_import(struct cli *c, void *arg, struct err *e)
{
	struct import_args *x = arg;
	return ledger_import_apply(&c->world, c->arena, &c->actor, x->l, x->text, &x->res, e);
}

static void print_import(struct cli *c, const struct import_result *res)
{
	for (size_t i = 0; i < res->n_faults; i++)
		buf_printf(&c->err, _("line %d, %.*s: %.*s\n"), res->faults[i].line, STR_ARG(res->faults[i].field), STR_ARG(res->faults[i].text));
	buf_printf(&c->out, _("%lld rows: %lld new, %lld changed, %lld as they were, %zu faults\n"), (long long)res->rows,
	           (long long)res->created, (long long)res->updated, (long long)res->unchanged, res->n_faults);
}

static int import_into(struct cli *c, struct ledger *l, bool dry)
{
	struct err e = {0};
	struct import_args x = {.l = l};
	struct str bytes;
	struct buf utf8;
	bool cp932;
	buf_init(&utf8, IMPORT_MAX);
	int r = cli_file_read(c, 0, IMPORT_MAX, &bytes, &e);
	if (r == 0)
		r = csv_decode(bytes, &utf8, &cp932, &e);
	x.text = buf_view(&utf8);
	if (r == 0)
		r = dry ? ledger_import_preview(&c->world, c->arena, &c->actor, l, x.text, NULL, &x.res, &e) : cli_transact(c, do_import, &x, &e);
	print_import(c, &x.res);
	buf_release(&utf8);
	if (r < 0)
		return cli_fail(c, &e);
	return x.res.n_faults ? 1 : 0;
}

static int run_ledger_import(struct cli *c)
{
	struct err e = {0};
	bool dry = cli_flag(c, "--dry-run");
	struct ledger *l = need_ledger(c, 1, &e);
	return l ? import_into(c, l, dry) : cli_fail(c, &e);
}

static int run_people_import(struct cli *c)
{
	bool dry = cli_flag(c, "--dry-run");
	return import_into(c, ledgers_get(c->office->ledgers, STR("persons")), dry);
}

const struct cli_command cli_commands[] = {
	{"init", "--city NAME --standard ID [--sample]", N_("Makes the store of a new data folder"), run_init},
	{"status", "[--as-of DATE] [--control ID] [--clause ID]", N_("Status of clauses, controls and subjects"), run_status},
	{"assess", "[--today DATE] [--anew]", N_("Judges everything now (--anew: from the records alone)"), run_assess},
	{"link", "--person ID", N_("A one-time sign-in link (sample folders)"), run_link},
	{"password", "--person ID", N_("A temporary password, to be changed at the first sign-in"), run_password},
	{"token create", "--person ID --scope read|write [--for TEXT] [--days N]", N_("A token for the API"), run_token_create},
	{"token list", "[--person ID] [--json]", N_("API tokens: scope, last use, expiry"), run_token_list},
	{"token revoke", "NUMBER", N_("Ends an API token"), run_token_revoke},
	{"ledger list", "", N_("All ledgers"), run_ledger_list},
	{"ledger show", "LEDGER", N_("The definition of a ledger"), run_ledger_show},
	{"ledger export", "LEDGER", N_("A ledger as CSV"), run_ledger_export},
	{"ledger import", "LEDGER FILE [--dry-run]", N_("Rows of a CSV file into a ledger"), run_ledger_import},
	{"people import", "FILE [--dry-run]", N_("Rows of a CSV file into the ledger persons"), run_people_import},
	{"backup", "begin|go|step|end [RESULT]", N_("The office's part of a backup"), cli_backup},
	{"doctor", "", N_("The office's part of the doctor"), cli_doctor},
	{"gate signatures", "DETAIL", N_("Records signatures of the malware scanner taken in"), cli_gate_signatures},
	{"vault policy", "--days N --reason TEXT [--log NAME]", N_("How long a log keeps its entries"), cli_vault_policy},
	{"vault prune", "--reason TEXT [--log NAME]", N_("Removes what is past its time"), cli_vault_prune},
	{"vault hold", "ID --from A --to B --reason TEXT [--log NAME]", N_("Keeps entries whatever their age"), cli_vault_hold},
	{"vault release", "ID --reason TEXT [--log NAME]", N_("Ends a hold"), cli_vault_release},
	{"vault redact", "INDEX --reason TEXT [--log NAME]", N_("Takes the text of one entry out of a log"), cli_vault_redact},
	{"standard list", "", N_("Standards in the store"), cli_standard_list},
	{"standard show", "ID", N_("Clauses of a standard with their controls"), cli_standard_show},
	{"standard import", "FILE [--source TEXT] [--version TEXT] [--dry-run]", N_("Loads a municipality's own text"), cli_standard_import},
	{"standard diff", "ID ID", N_("What changed between two standards"), cli_standard_diff},
	{"standard export", "ID --oscal", N_("A standard as OSCAL catalog"), cli_standard_export},
};
const size_t n_cli_commands = ARRAY_LEN(cli_commands);
