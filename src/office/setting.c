/* Settings of the municipality's installation. Adding one is adding a row here and its Japanese in po/ja.po. */
#include "office/setting.h"

#include "core/org.h"
#include "queries.h"
#include "lib/holiday.h"
#include "lib/i18n.h"
#include "lib/log.h"
#include "office/hours.h"
#include "office/office.h"
#include "office/transfer_rule.h"

const struct setting settings[] = {
	{"city_name", SET_TEXT, 1, 100, "", NULL, N_("Name of the municipality"), N_("Shown in the head of each page and on printed forms.")},
	{"standard", SET_TEXT, 1, 40, "iizuka", NULL, N_("Standard in force"), N_("The id of the loaded standard the board shows.")},
	{"network_model", SET_CHOICE, 0, 0, "alpha", "alpha|alpha-prime|beta|beta-prime", N_("Network model"),
	 N_("α, α′, β or β′ of the three-layer separation: switches clauses and duties on and off.")},
	{"signin_notice", SET_TEXT, 0, 2000, "", NULL, N_("Notice before sign-in"), N_("Shown above the sign-in form, for instance that use is recorded.")},
	{"session_idle_minutes", SET_INT, 1, 720, "30", NULL, N_("End a session after idle minutes"), N_("Minutes without a request.")},
	{"session_hours", SET_INT, 1, 48, "10", NULL, N_("End a session after hours"), N_("Hours since sign-in, whatever is done.")},
	{"confirm_minutes", SET_INT, 1, 60, "10", NULL, N_("Ask again after minutes"),
	 N_("Before a second factor, its codes or an API token is changed, whoever signed in longer ago is asked again for the password or a code.")},
	{"token_days", SET_INT, 1, 1095, "365", NULL, N_("API tokens last at most days"), N_("No token is made for longer.")},
	{"second_factor_roles", SET_ROLES, 0, 400, "chief,ciso,vice-ciso,secretariat,csirt,sys-manager,sys-operator,audit-chief,auditor,contractor", NULL,
	 N_("Roles that need a second factor"), N_("Role codes separated by commas; others may use one if they wish.")},
	{"password_min_length", SET_INT, 8, 64, "12", NULL, N_("Least password length"), N_("Characters; longer sentences are better than odd signs.")},
	{"password_history", SET_INT, 0, 24, "5", NULL, N_("Former passwords refused"), N_("How many of the passwords used before are refused.")},
	{"lock_after", SET_INT, 3, 20, "5", NULL, N_("Lock after failures"), N_("Wrong passwords or codes in a row before sign-in is locked.")},
	{"lock_minutes", SET_INT, 1, 1440, "15", NULL, N_("Lock for minutes"), N_("How long sign-in stays locked; the security office can unlock.")},
	{"outbox_max", SET_INT, 100, 1000000, "10000", NULL, N_("Unsealed events at most"), N_("When the vault is away, writing stops at this many waiting events.")},
	{"outbox_age_minutes", SET_INT, 1, 1440, "60", NULL, N_("Unsealed minutes at most"), N_("When the vault is away, writing stops when the oldest event waits this long.")},
	{"upload_mb", SET_INT, 1, 30, "30", NULL, N_("Largest attachment in MB"), N_("Per file.")},
	{"transfer_mb", SET_INT, 1, 2048, "200", NULL, N_("Largest hand-over in MB"), N_("All files that are sent at once together. What is above input_mib of the gate's policy is held.")},
	{"transfer_days", SET_INT, 1, 90, "14", NULL, N_("Days to fetch a file"), N_("After them a file that passed the gate is removed.")},
	{"transfer_original_days", SET_INT, 1, 90, "7", NULL, N_("Days an original is kept"),
	 N_("Encrypted, for another check; nobody can fetch it. After them it is removed.")},
	{"transfer_approve", SET_CHOICE, 0, 0, "3", "never|3|2|always", N_("Inward files that need permission"),
	 N_("From which confidentiality the manager of the section must agree; personal data always counts as 3. Outward files always need permission.")},
	{"transfer_approve_mb", SET_INT, 0, 2048, "0", NULL, N_("Inward files that need permission above MB"), N_("0: size alone asks for none.")},
	{"transfer_rules", SET_TRANSFER_RULES, 0, 4000, "", NULL, N_("Who permits which files"),
	 N_("One rule a line, the first that fits counts: in|out|any, then section=CODE, class>=N, mb>=N or personal, then a colon and none, manager, sys-manager, csirt, chief or data-manager. Where none fits the two settings above decide; outward the manager.")},
	{"office_hours", SET_HOURS, 0, 40, HOURS_DEFAULT, NULL, N_("Office hours"),
	 N_("From and until, 08:30-17:15. A critical alert is due after so many minutes of them; working days leave out weekends and national holidays.")},
	{"closed_days", SET_DAYS, 0, 100, CLOSED_DEFAULT, NULL, N_("Days the office is closed besides"),
	 N_("Month and day, a span of them, or a date, separated by commas: 12-29..01-03, 2027-05-06.")},
	{"audit_hour", SET_INT, 0, 23, "2", NULL, N_("Hour of the audit of the logs"), N_("From this hour on every stored log is read and checked against what was signed.")},
	{"audit_days", SET_INT, 1, 90, "1", NULL, N_("Days between audits of the logs"), N_("1: every day. The control log.intact fails when two such spans pass without one.")},
	{"job_rows", SET_INT, 100, 100000, "2000", NULL, N_("Rows before it becomes a job"),
	 N_("Exports and imports of more rows are done beside the requests, with progress and a way to cancel.")},
	{"list_rows", SET_INT, 10, 200, "50", NULL, N_("Rows per page"), N_("In lists.")},
};
const size_t n_settings = ARRAY_LEN(settings);

const struct setting *setting_find(struct str name)
{
	for (size_t i = 0; i < n_settings; i++)
		if (str_is(name, settings[i].name))
			return &settings[i];
	return NULL;
}

/* The stored text copied to out, or the default. */
static struct str value(struct db *db, const char *name, char *out, size_t size)
{
	const struct setting *s = setting_find(str_from(name));
	struct stmt *q = db_query(db, Q_SETTING_GET);
	struct str v = s ? str_from(s->def) : STR("");
	bind_z(q, 1, name);
	if (step(q) == 1) {
		struct str got = col_str(q, 0);
		size_t n = got.n < size ? got.n : size - 1;
		if (n)
			memcpy(out, got.p, n);
		v = str_n(out, n);
	}
	stmt_done(q);
	return v;
}

int64_t setting_int(struct db *db, const char *name)
{
	char mem[64];
	const struct setting *s = setting_find(str_from(name));
	int64_t v = 0;
	if (str_int(value(db, name, mem, sizeof(mem)), s->min, s->max, &v) < 0 && str_int(str_from(s->def), s->min, s->max, &v) < 0)
		log_error("setting.default", "name=%s", name);
	return v;
}

bool setting_bool(struct db *db, const char *name)
{
	char mem[64];
	return str_is(value(db, name, mem, sizeof(mem)), "1");
}

struct str setting_text(struct db *db, struct arena *a, const char *name)
{
	char mem[4096];
	return arena_str(a, value(db, name, mem, sizeof(mem)));
}

uint32_t setting_roles(struct db *db, const char *name)
{
	char mem[4096];
	struct str rest = value(db, name, mem, sizeof(mem));
	uint32_t bits = 0;
	while (rest.n) {
		int r = role_parse(str_trim(str_cut(&rest, ',')));
		if (r >= 0)
			bits |= 1u << r;
	}
	return bits;
}

static bool is_choice(const char *choices, struct str v)
{
	struct str rest = str_from(choices);
	while (rest.n)
		if (str_eq(str_cut(&rest, '|'), v))
			return true;
	return false;
}

static int check(const struct setting *s, struct str v, struct err *e)
{
	int64_t n;
	switch (s->type) {
	case SET_INT:
		if (str_int(v, s->min, s->max, &n) < 0)
			return err_set(e, ERR_RANGE, _("\"%s\" must be a number from %lld to %lld."), _(s->label), (long long)s->min, (long long)s->max);
		return 0;
	case SET_BOOL:
		return str_is(v, "0") || str_is(v, "1") ? 0 : err_set(e, ERR_SYNTAX, _("\"%s\" must be yes or no."), _(s->label));
	case SET_TEXT:
		if ((int64_t)v.n < s->min || (int64_t)v.n > s->max * 3)
			return err_set(e, ERR_RANGE, _("\"%s\" must be %lld to %lld characters long."), _(s->label), (long long)s->min, (long long)s->max);
		return 0;
	case SET_HOURS:
		if (hours_parse(v, &n, &n) != 0)
			return err_set(e, ERR_SYNTAX, _("\"%s\" must be two times of the day, like 08:30-17:15."), _(s->label));
		return 0;
	case SET_DAYS:
		if ((int64_t)v.n > s->max || closed_days_check(v) != 0)
			return err_set(e, ERR_SYNTAX, _("\"%s\" must be days like 12-29..01-03 or 2027-05-06, separated by commas."), _(s->label));
		return 0;
	case SET_TRANSFER_RULES:
		return (int64_t)v.n > s->max ? err_set(e, ERR_RANGE, _("\"%s\" must be %lld to %lld characters long."), _(s->label), (long long)s->min, (long long)s->max)
		                             : transfer_rules_check(v, e);
	case SET_CHOICE:
		return is_choice(s->choices, v) ? 0 : err_set(e, ERR_SYNTAX, _("\"%s\" must be one of: %s"), _(s->label), s->choices);
	case SET_ROLES:
		for (struct str rest = v; rest.n;) {
			struct str code = str_trim(str_cut(&rest, ','));
			if (role_parse(code) < 0)
				return err_set(e, ERR_SYNTAX, _("\"%s\": there is no role \"%.*s\"."), _(s->label), STR_ARG(code));
		}
		return 0;
	}
	return ERR_SYNTAX;
}

int setting_set(struct db *db, const char *name, struct str v, int64_t actor, int64_t now, struct err *e)
{
	const struct setting *s = setting_find(str_from(name));
	if (!s)
		return err_set(e, ERR_NOTFOUND, _("There is no setting \"%s\"."), name);
	int r = check(s, v, e);
	if (r < 0)
		return r;
	static const int both[] = {Q_SETTING_PUT, Q_SETTING_HISTORY_PUT};
	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		struct stmt *q = db_query(db, both[i]);
		bind_z(q, 1, name);
		bind_str(q, 2, v.p ? v : STR(""));
		bind_int(q, 3, actor);
		bind_int(q, 4, now);
		if ((r = run(q, e)) < 0)
			return r;
	}
	return 0;
}
