#include "office/alert.h"

#include <poll.h>
#include <string.h>

#include <jansson.h>

#include "core/proto.h"
#include "core/standard.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "lib/text.h"
#include "office/alert_cover.h"
#include "office/change.h"
#include "office/dispatch.h"
#include "office/running.h"

#define ID_MAX 64
#define ALERT_JSON_MAX (128u << 10)
#define DECISIONS_MAX 4096
#define ACK_MINUTES 60

/* --- due ---------------------------------------------------------------------------------------------------------------- */

int64_t alert_due(const struct office_hours *h, bool critical, int64_t minutes, int64_t at)
{
	struct date d = date_of_instant(at);
	const struct shift *duty = hours_on_duty(h, at);
	int64_t minute = (at - date_to_instant(d, 0, 0)) / (60 * SECOND_US);
	if (critical)
		return hours_after(h, at, minutes);
	if (!hours_working(h, d) || minute >= h->begins)
		d = hours_next_working(h, d);
	int64_t due = date_to_instant(d, 12, 0);
	return duty && duty->until < due ? duty->until : due;
}

/* --- an alert comes ------------------------------------------------------------------------------------------------------- */

static const char *text_of(const json_t *o, const char *key)
{
	const char *z = json_string_value(json_object_get(o, key));
	return z ? z : "";
}

static void put_members(struct buf *b, const json_t *o)
{
	const char *key;
	json_t *v;
	json_object_foreach((json_t *)(uintptr_t)o, key, v)
		if (json_is_string(v))
			buf_printf(b, "%s: %s\n", key, json_string_value(v));
}

static void put_entries(struct buf *b, const json_t *list)
{
	size_t i, k;
	json_t *log, *n;
	json_array_foreach(list, i, log) {
		buf_printf(b, "%s:", text_of(log, "log"));
		json_array_foreach(json_object_get(log, "index"), k, n)
			buf_printf(b, " %lld", (long long)json_integer_value(n));
		buf_putc(b, '\n');
	}
}

static struct str subject_of(struct arena *a, const json_t *o)
{
	const json_t *group = json_object_get(o, "group");
	const char *key;
	struct buf b;
	json_t *v;
	struct str s;
	buf_init(&b, 4096);
	buf_puts(&b, text_of(o, "title"));
	json_object_foreach((json_t *)(uintptr_t)group, key, v)
		if (json_is_string(v))
			buf_printf(&b, " %s", json_string_value(v));
	s = arena_str(a, utf8_cut(buf_view(&b), 190));
	buf_release(&b);
	return s;
}

static struct str joined(struct arena *a, void (*put)(struct buf *, const json_t *), const json_t *x, const json_t *y)
{
	struct buf b;
	struct str s;
	buf_init(&b, ALERT_JSON_MAX);
	put(&b, x);
	if (y)
		put(&b, y);
	s = arena_str(a, str_trim(buf_view(&b)));
	buf_release(&b);
	return s;
}

static int64_t ack_minutes(struct office *o, struct arena *a)
{
	struct str s;
	int64_t n;
	return !param_get(o->db, a, "ack_minutes", &s) && !str_int(s, 1, 10080, &n) ? n : ACK_MINUTES;
}

static bool known(struct office *o, struct str id)
{
	struct stmt *q = db_sql(o->db, "SELECT 1 FROM alerts WHERE alert_ref = ?1");
	bool found;
	if (!q)
		return false;
	bind_str(q, 1, id);
	found = step(q) == 1;
	stmt_done(q);
	return found;
}

static struct str field_of(const json_t *j, const char *name)
{
	const char *z = text_of(json_object_get(j, "group"), name);
	return str_from(*z ? z : text_of(json_object_get(j, "fields"), name));
}

/* A rule that asks for a work record: what one covers is entered as judged. Alerts that stand for others are not: nobody knows what
 * those were. */
static bool covered(struct office *o, struct arena *a, const json_t *j, int64_t at, struct alert_cover *ret)
{
	struct alert_deed d = {field_of(j, "user"), field_of(j, "host"), field_of(j, "sekisho.source"), at};
	return json_is_true(json_object_get(j, "works")) && !json_integer_value(json_object_get(j, "folded")) && alert_covered(o->db, a, &d, ret);
}

static struct str what_of(struct arena *a, const json_t *j, bool cover)
{
	struct str what = joined(a, put_members, json_object_get(j, "group"), json_object_get(j, "fields"));
	if (!json_is_true(json_object_get(j, "works")) || cover)
		return what;
	return arena_strf(a, "%.*s%s%s", STR_ARG(what), what.n ? "\n" : "", _("No work record in force covers it: person, system and time."));
}

static int create(struct office *o, struct world *w, struct arena *a, struct str id, int64_t entry, const json_t *j, struct err *e)
{
	const struct actor who = {.admin = true, .name = STR("detect")};
	const struct ledger *l = ledgers_get(o->ledgers, STR("alerts"));
	const char *level = text_of(j, "level");
	int64_t at = w->now, made;
	struct faults faults = {0};
	struct alert_cover cover;
	(void)!instant_parse(str_slice(str_from(text_of(j, "time")), 0, 19), &at);
	struct office_hours hours;
	hours_load(o->db, a, w->now, &hours);
	const struct shift *duty = hours_on_duty(&hours, w->now);
	bool permitted = covered(o, a, j, at, &cover);
	struct value list[] = {
		{.field = STR("subject"), .text = subject_of(a, j)},
		{.field = STR("level"), .text = str_from(level)},
		{.field = STR("detected_at"), .text = arena_strf(a, "@%lld", (long long)at)},
		{.field = STR("rule"), .text = str_from(text_of(j, "rule"))},
		{.field = STR("what"), .text = what_of(a, j, permitted)},
		{.field = STR("entries"), .text = joined(a, put_entries, json_object_get(j, "entries"), NULL)},
		{.field = STR("folded"), .text = arena_strf(a, "%lld", (long long)json_integer_value(json_object_get(j, "folded")))},
		{.field = STR("alert_ref"), .text = id},
		{.field = STR("entry"), .text = arena_strf(a, "%lld", (long long)entry)},
		{.field = STR("acknowledge_by"),
		 .text = arena_strf(a, "@%lld", (long long)alert_due(&hours, strcmp(level, "critical") == 0, ack_minutes(o, a), w->now))},
		{.field = STR("owner"), .text = duty ? arena_strf(a, "%lld", (long long)duty->person) : STR("")},
		{.field = STR("verdict"), .text = STR("permitted")},
		{.field = STR("reason"), .text = permitted ? arena_strf(a, _("Covered by the work record %.*s (%.*s): person, system and time agree."),
		                                                        STR_ARG(cover.number), STR_ARG(cover.title)) : STR("")},
	};
	size_t n = permitted ? ARRAY_LEN(list) : ARRAY_LEN(list) - 2;
	const struct record judged = {.state = STR("judged")};
	for (size_t i = 0; i < n; i++)
		list[i].present = true;
	int r = l ? record_enter(w, a, &who, l, &(struct values){list, n}, permitted ? &judged : NULL, &made, &faults, e)
	          : err_set(e, ERR_NOTFOUND, "no ledger alerts");
	if (r == ERR_INVALID && faults.n)
		err_set(e, r, "%.*s: %.*s", STR_ARG(faults.v[0].field), STR_ARG(faults.v[0].text));
	return r;
}

static int take(struct office *o, struct str id, int64_t entry, const json_t *j, struct err *e)
{
	char today[DATE_TEXT];
	struct world w = {.db = o->db, .ledgers = o->ledgers, .now = clock_now()};
	struct arena *a = arena_new(16u << 20);
	bool all = false;
	date_format(date_of_instant(w.now), today);
	w.today = str_from(today);
	int r = db_begin(o->db, e);
	if (r == 0 && !known(o, id)) {
		change_clear();
		r = create(o, &w, a, id, entry, j, e);
		if (r >= 0)
			r = change_assess(&w, o->checks, &all, e);
	}
	if (r >= 0)
		r = db_commit(o->db, e);
	if (r < 0) {
		db_rollback(o->db);
		change_clear();
	}
	assess_settled(o->checks, r >= 0);
	arena_free(a);
	if (all)
		o->assess_soon(o);
	outbox_poke(o);
	return r;
}

int alert_message(struct office *o, int fd, struct msg *m)
{
	struct err e = {0};
	struct str id, text;
	int64_t entry;
	struct msg out;
	if (m->type != DETECT_ALERT || msg_str(m, ID_MAX, &id) || msg_i64(m, &entry) || msg_str(m, ALERT_JSON_MAX, &text) || msg_end(m) ||
	    !id.n || !text.n)
		return ERR_PROTO;
	json_t *j = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(j)) {
		json_decref(j);
		return ERR_PROTO;
	}
	int r = 0;
	if (strcmp(text_of(j, "rule"), RUNNING_RULE) == 0) /* the house's own test: nobody is to look at it */
		running_found(o);
	else
		r = take(o, id, entry, j, &e);
	json_decref(j);
	if (r < 0) { /* it is told again when detect is connected anew */
		log_error("office.alert", "id=%.*s text=\"%s\"", STR_ARG(id), e.text);
		return 0;
	}
	msg_init(&out, DETECT_TAKEN);
	msg_put_str(&out, id);
	r = msg_send(fd, &out);
	msg_release(&out);
	return r == ERR_CLOSED ? 0 : r;
}

/* --- what was decided ------------------------------------------------------------------------------------------------------ */

/* Runs q, whose rows are put by put; the count stands before them. */
static int put_rows(struct office *o, struct msg *m, const char *sql, void (*put)(struct msg *, struct stmt *))
{
	struct stmt *q = db_sql(o->db, sql);
	uint32_t n = 0;
	if (!q)
		return ERR_DB;
	while (step(q) == 1 && n < DECISIONS_MAX)
		n++;
	stmt_done(q);
	q = db_sql(o->db, sql);
	if (!q)
		return ERR_DB;
	msg_put_u32(m, n);
	for (uint32_t i = 0; i < n && step(q) == 1; i++)
		put(m, q);
	stmt_done(q);
	return 0;
}

static struct str text_col(struct stmt *q, int i)
{
	struct str s = col_str(q, i);
	return s.p ? s : STR("");
}

static void put_quiet(struct msg *m, struct stmt *q)
{
	struct date d = {0};
	(void)!date_parse(col_str(q, 3), &d);
	msg_put_str(m, text_col(q, 0));
	msg_put_str(m, text_col(q, 1));
	msg_put_str(m, text_col(q, 2));
	msg_put_i64(m, date_to_instant(date_add(d, 0, 0, 1), 0, 0));
}

static void put_rule(struct msg *m, struct stmt *q)
{
	struct str id = str_trim(text_col(q, 0));
	bool off = str_starts(id, "-");
	msg_put_str(m, str_slice(id, off, 255));
	msg_put_u8(m, !off);
}

static void tell(struct office *o, int fd, uint16_t type, const char *sql, void (*put)(struct msg *, struct stmt *),
                 uint8_t last[SHA256_LEN], bool anew)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	uint8_t hash[SHA256_LEN];
	struct msg m;
	msg_init(&m, type);
	if (put_rows(o, &m, sql, put) == 0) {
		sha256(m.out.p, m.out.n, hash);
		if ((anew || memcmp(hash, last, sizeof(hash)) != 0) && poll(&p, 1, 0) == 1 && msg_send(fd, &m) == 0)
			memcpy(last, hash, sizeof(hash));
	}
	msg_release(&m);
}

void alert_decisions(struct office *o, int fd, bool anew)
{
	static uint8_t rules[SHA256_LEN], quiet[SHA256_LEN];
	if (fd < 0)
		return;
	tell(o, fd, DETECT_RULES,
	     "SELECT DISTINCT r.value FROM log_sources__rules r JOIN log_sources g ON g.id = r.record WHERE g.state IN ('active', 'suspended')"
	     " AND length(trim(r.value)) > 0 ORDER BY substr(r.value, 1, 1) = '-', r.value",
	     put_rule, rules, anew);
	tell(o, fd, DETECT_SUPPRESS,
	     "SELECT rule, quiet_field, quiet_value, quiet_until FROM alerts WHERE state = 'quiet' AND quiet_until IS NOT NULL ORDER BY id",
	     put_quiet, quiet, anew);
}
