#include "office/arrivals.h"

#include "core/standard.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "office/arrival.h"
#include "office/log_text.h"

#define DAYS 30
#define STEP 20                                      /* width of a day's bar and the gap behind it */
#define HEIGHT 90
#define LOGS_SHOWN 33

static struct str size_text(struct arena *a, int64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double n = (double)bytes;
	size_t u = 0;
	while (n >= 1024 && u + 1 < ARRAY_LEN(units)) {
		n /= 1024;
		u++;
	}
	return arena_strf(a, u && n < 100 ? "%.1f %s" : "%.0f %s", n, units[u]);
}

static struct str iso(struct arena *a, struct date d)
{
	char day[DATE_TEXT];
	date_format(d, day);
	return arena_str(a, str_from(day));
}

void arrivals_house(struct ctx *c, struct tpl_arrivals *d)
{
	struct stmt *q = db_sql(c->office->db, "SELECT lost, told_at FROM log_house WHERE id = 1");
	if (q && step(q) == 1) {
		d->lost = col_int(q, 0);
		d->told_at = col_int(q, 1);
	}
	if (q)
		stmt_done(q);
	d->untold = d->told_at == 0;
}

/* The day's place from the left, oldest first; -1: not among those shown. */
static int64_t place(struct str day, struct date first, struct arena *a)
{
	for (int i = 0; i < DAYS; i++)
		if (str_eq(iso(a, date_add(first, 0, 0, i)), day))
			return i;
	return -1;
}

void arrivals_days(struct ctx *c, struct tpl_arrivals *d)
{
	struct tpl_arrivals_days *v = arena_array(c->arena, DAYS, sizeof(*v));
	struct date first = date_add(date_of_instant(c->world.now), 0, 0, -(DAYS - 1));
	int64_t used[DAYS] = {0}, most = 0, most_used = 0;
	struct stmt *q = db_sql(c->office->db, "SELECT day, sum(entries), sum(used) FROM log_day WHERE day >= ?1 GROUP BY day");
	if (!q)
		return;
	bind_str(q, 1, iso(c->arena, first));
	while (step(q) == 1) {
		int64_t i = place(col_str(q, 0), first, c->arena);
		if (i < 0)
			continue;
		v[i].known = true;
		v[i].n = col_int(q, 1);
		used[i] = col_int(q, 2);
		most = v[i].n > most ? v[i].n : most;
		most_used = used[i] > most_used ? used[i] : most_used;
		d->n_days = DAYS;
	}
	stmt_done(q);
	for (int64_t i = 0; i < DAYS; i++) {
		v[i].x = i * STEP;
		v[i].h = most ? (v[i].n * HEIGHT + most - 1) / most : 0;
		v[i].y = 100 - v[i].h;
		v[i].uh = most_used ? (int64_t)((double)used[i] * HEIGHT / (double)most_used + 0.999) : 0;
		v[i].uy = 100 - v[i].uh;
		v[i].size = size_text(c->arena, used[i]);
		v[i].label = iso(c->arena, date_add(first, 0, 0, (int)i));
	}
	d->days = v;
	d->first_day = v[0].label;
	d->last_day = v[DAYS - 1].label;
	d->entries_label = arena_strf(c->arena, _("Entries by day over 30 days; most on one day: %lld"), (long long)most);
	d->used_label = arena_strf(c->arena, _("Space by day over 30 days; now %.*s"), STR_ARG(size_text(c->arena, used[DAYS - 1])));
}

static struct str days_text(struct ctx *c, int64_t days)
{
	return days ? arena_strf(c->arena, _("%lld days"), (long long)days) : str_from(_("no limit set"));
}

/* A class of retention by the word of the ledger, and the log's name. */
static struct str name_of(struct ctx *c, struct str log)
{
	const struct ledger *l = ledgers_get(c->world.ledgers, STR("log-sources"));
	const struct field *f = l ? ledger_field(l, STR("retention_class")) : NULL;
	const struct choice *k = f ? field_choice(f, log) : NULL;
	struct str word = k ? label_text(&k->label) : STR("");
	if (!log.n)
		return log_label(c->arena, STR(LOGS_OWN));
	return word.n ? arena_strf(c->arena, "%.*s (%.*s)", STR_ARG(word), STR_ARG(log)) : log_label(c->arena, log);
}

/* What the log takes once it holds all it is to keep, as it grows now; -1: cannot be said. */
static int64_t when_full(int64_t used, double a_day, int64_t wanted, int64_t oldest, int64_t now)
{
	int64_t held = (now - oldest) / (86400 * SECOND_US);
	if (a_day < 0 || !wanted || !oldest)
		return -1;
	return held >= wanted ? used : used + (int64_t)(a_day * (double)(wanted - held));
}

/* Columns: log, policy, used, oldest, state, sources, days between the first and last use noted, how it grew between. */
static void one_log(struct ctx *c, struct stmt *q, struct tpl_arrivals_logs *l)
{
	bool own = !col_str(q, 0).n;
	int64_t policy = col_int(q, 1), oldest = col_int(q, 3), wanted = own ? 0 : arrival_days(c->office->db, col_str(q, 0), c->world.now);
	double a_day = col_int(q, 6) > 0 ? (double)col_int(q, 7) / (double)col_int(q, 6) : -1;
	int64_t full = when_full(col_int(q, 2), a_day, wanted, oldest, c->world.now);
	*l = (struct tpl_arrivals_logs){
		.name = name_of(c, col_dup(q, 0, c->arena)), .used = size_text(c->arena, col_int(q, 2)),
		.oldest = oldest ? iso(c->arena, date_of_instant(oldest)) : STR("—"),
		.policy = own ? str_from(_("kept whole")) : days_text(c, policy), .wanted = own || !wanted ? STR("—") : days_text(c, wanted),
		.sources = own ? STR("—") : arena_strf(c->arena, "%lld", (long long)col_int(q, 5)),
		.grows = a_day < 0 ? STR("—") : size_text(c->arena, (int64_t)a_day), .full = full < 0 ? STR("—") : size_text(c->arena, full),
		.differs = !own && wanted && wanted != policy,
		.reach = own || !policy || !oldest ? STR("—") : iso(c->arena, date_add(date_of_instant(oldest), 0, 0, (int)policy + 1))};
	if (!str_is(col_str(q, 4), "open"))
		l->name = arena_strf(c->arena, _("%.*s (not open)"), STR_ARG(l->name));
}

static void room(struct ctx *c, struct tpl_arrivals *d)
{
	int64_t left = arrival_days_left(c->office->db, c->world.today), space_days = 90;
	struct stmt *q = db_sql(c->office->db, "SELECT disk_free, disk_total FROM log_house WHERE id = 1 AND disk_total > 0");
	struct str s;
	if (!param_get(c->office->db, c->arena, "space_days", &s))
		(void)!str_int(s, 1, 100000, &space_days);
	d->room = str_from(_("The vault has not yet said how much room there is."));
	if (q && step(q) == 1)
		d->room = arena_strf(c->arena, _("Free on the disk: %.*s of %.*s."), STR_ARG(size_text(c->arena, col_int(q, 0))),
		                     STR_ARG(size_text(c->arena, col_int(q, 1))));
	if (q)
		stmt_done(q);
	d->tight = left >= 0 && left < space_days;
	if (left < 0)
		d->full = str_from(_("When it will be full can be said from the second day on."));
	else if (left >= ARRIVAL_NEVER)
		d->full = str_from(_("As things go it does not fill up."));
	else
		d->full = arena_strf(c->arena, _("As things go it is full in %lld days, on %.*s."), (long long)left,
		                     STR_ARG(iso(c->arena, date_add(date_of_instant(c->world.now), 0, 0, (int)left))));
}

void arrivals_logs(struct ctx *c, struct tpl_arrivals *d)
{
	struct tpl_arrivals_logs *v = arena_array(c->arena, LOGS_SHOWN, sizeof(*v));
	struct stmt *q = db_sql(c->office->db, "WITH c(key, log) AS (SELECT DISTINCT s.source_key, " ARRIVAL_CLASS_SQL " FROM log_sources s "
		"WHERE s.state IN ('active', 'suspended')), d(log, day, used) AS (SELECT log, day, used FROM log_day WHERE used IS NOT NULL AND day >= ?1) "
		"SELECT t.log, t.policy_days, t.used, t.oldest_at, t.state, (SELECT count(*) FROM c WHERE c.log = t.log), "
		"(SELECT CAST(julianday(max(d.day)) - julianday(min(d.day)) AS INTEGER) FROM d WHERE d.log = t.log), "
		"(SELECT d.used FROM d WHERE d.log = t.log ORDER BY d.day DESC LIMIT 1) - (SELECT d.used FROM d WHERE d.log = t.log ORDER BY d.day LIMIT 1) "
		"FROM log_store t ORDER BY t.log");
	if (q)
		bind_str(q, 1, iso(c->arena, date_add(date_of_instant(c->world.now), 0, 0, -(DAYS - 1))));
	while (q && d->n_logs < LOGS_SHOWN && step(q) == 1)
		one_log(c, q, &v[d->n_logs++]);
	if (q)
		stmt_done(q);
	d->logs = v;
	room(c, d);
}
