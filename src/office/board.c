/* Reading the board's data (board.h). */
#include "office/board.h"

#include "core/check.h"
#include "core/standard.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "office/ui.h"
#include "queries.h"

#define CLAUSES_MAX 2000
#define CHAPTERS_MAX 60
#define TREND_POINTS 26
#define TREND_WIDTH 520

int board_instant(struct ctx *c, struct str as_of, int64_t *ret_at, struct str *ret_date, struct err *e)
{
	struct date d;
	*ret_at = c->world.now;
	*ret_date = c->world.today;
	if (!as_of.n || str_eq(as_of, c->world.today))
		return 0;
	if (date_parse(as_of, &d) < 0)
		return err_set(e, ERR_RANGE, "%s", _("The as-of date is no date."));
	if (str_cmp(as_of, c->world.today) > 0)
		return err_set(e, ERR_RANGE, "%s", _("The as-of date lies in the future."));
	*ret_at = date_to_instant(date_add(d, 0, 0, 1), 0, 0) - 1;
	*ret_date = as_of;
	return 0;
}

static uint32_t group_bits(struct str list)
{
	uint32_t bits = 0;
	for (struct str rest = list; rest.n;) {
		int64_t n;
		if (str_int(str_cut(&rest, ','), 1, 31, &n) == 0)
			bits |= 1u << n;
	}
	return bits;
}

static void load_chapters(struct ctx *c, struct board *b)
{
	bool ja = i18n_lang() == LANG_JA;
	b->chapters = arena_array(c->arena, CHAPTERS_MAX, sizeof(*b->chapters));
	struct stmt *q = db_query(c->office->db, Q_BOARD_CHAPTERS);
	bind_str(q, 1, b->standard);
	while (b->n_chapters < CHAPTERS_MAX && step(q) == 1)
		b->chapters[b->n_chapters++] = (struct board_chapter){col_dup(q, 0, c->arena),
		                                                      col_dup(q, ja ? 1 : 2, c->arena)};
	stmt_done(q);
}

static void load_clauses(struct ctx *c, struct board *b)
{
	bool ja = i18n_lang() == LANG_JA;
	b->clauses = arena_array(c->arena, CLAUSES_MAX, sizeof(*b->clauses));
	struct stmt *q = db_query(c->office->db, Q_BOARD_CLAUSES);
	bind_str(q, 1, b->standard);
	bind_int(q, 2, b->at);
	while (b->n_clauses < CLAUSES_MAX && step(q) == 1) {
		struct board_clause *k = &b->clauses[b->n_clauses++];
		int s = status_parse(col_str(q, 7));
		*k = (struct board_clause){
			.id = col_dup(q, 0, c->arena), .chapter = col_dup(q, 1, c->arena), .strength = col_dup(q, 2, c->arena),
			.who = col_dup(q, 3, c->arena), .heading = col_dup(q, 4, c->arena),
			.title = col_dup(q, ja ? 5 : 6, c->arena), .status = s < 0 ? ST_UNKNOWN : (enum status)s,
			.since = col_int(q, 8), .groups = group_bits(col_str(q, 9))};
	}
	stmt_done(q);
}

int board_load(struct ctx *c, struct str as_of, struct board *b, struct err *e)
{
	*b = (struct board){0};
	int r = board_instant(c, as_of, &b->at, &b->as_of, e);
	if (r < 0)
		return r;
	struct stmt *q = db_query(c->office->db, Q_BOARD_STANDARD);
	r = step(q);
	if (r == 1) {
		b->standard = col_dup(q, 0, c->arena);
		struct str title = col_dup(q, i18n_lang() == LANG_JA ? 1 : 2, c->arena), version = col_dup(q, 3, c->arena);
		b->standard_title = arena_strf(c->arena, "%.*s %.*s", STR_ARG(title), STR_ARG(version));
	}
	stmt_done(q);
	if (r != 1)
		return err_set(e, ERR_NOTFOUND, "%s", _("No standard is in force. Choose one under Settings."));
	load_chapters(c, b);
	load_clauses(c, b);
	return 0;
}

void board_counts(const struct board *b, int64_t ret[ST_COUNT_])
{
	memset(ret, 0, sizeof(int64_t) * ST_COUNT_);
	for (size_t i = 0; i < b->n_clauses; i++)
		ret[b->clauses[i].status]++;
}

const struct tpl_stack *board_stack(struct ctx *c, const int64_t n[ST_COUNT_])
{
	struct tpl_stack *d = ARENA_NEW(c->arena, struct tpl_stack);
	struct tpl_stack_parts *v = arena_array(c->arena, ST_COUNT_, sizeof(*v));
	struct buf words;
	int64_t total = 0, sum = 0;
	buf_init(&words, 4000);
	for (int s = 0; s < ST_COUNT_; s++)
		total += n[s];
	if (!total)
		return NULL;
	for (int s = 0; s < ST_COUNT_; s++) {
		if (!n[s])
			continue;
		int64_t from = sum * 1000 / total;
		sum += n[s];
		v[d->n_parts++] = (struct tpl_stack_parts){str_from(status_code((enum status)s)), from,
		                                           sum * 1000 / total - from};
		buf_printf(&words, "%s%s %lld", words.n ? ", " : "", status_label((enum status)s), (long long)n[s]);
	}
	d->parts = v;
	d->label = arena_str(c->arena, buf_view(&words));
	buf_release(&words);
	return d;
}

static void counts_at(struct ctx *c, struct str standard, int64_t at, int64_t *met, int64_t *bad)
{
	struct stmt *q = db_query(c->office->db, Q_BOARD_COUNTS_AT);
	*met = *bad = 0;
	bind_str(q, 1, standard);
	bind_int(q, 2, at);
	while (step(q) == 1) {
		int s = status_parse(col_str(q, 0));
		if (s == ST_MET)
			*met = col_int(q, 1);
		else if (s == ST_NOT_MET)
			*bad = col_int(q, 1);
	}
	stmt_done(q);
}

const struct tpl_trend *board_trend(struct ctx *c, struct str standard)
{
	int64_t met[TREND_POINTS], bad[TREND_POINTS], most = 1, first = 0;
	struct stmt *q = db_query(c->office->db, Q_BOARD_FIRST_DAY);
	if (step(q) == 1)
		first = col_int(q, 0);
	stmt_done(q);
	int64_t span = 182 * DAY_US;
	if (!first || c->world.now - first < DAY_US)
		return NULL;
	if (c->world.now - first < span)
		span = c->world.now - first;
	for (int i = 0; i < TREND_POINTS; i++) {
		counts_at(c, standard, c->world.now - span + span * i / (TREND_POINTS - 1), &met[i], &bad[i]);
		most = met[i] > most ? met[i] : bad[i] > most ? bad[i] : most;
	}
	struct tpl_trend *d = ARENA_NEW(c->arena, struct tpl_trend);
	struct tpl_trend_ticks *ticks = arena_array(c->arena, 3, sizeof(*ticks));
	struct buf a, b;
	buf_init(&a, 4000);
	buf_init(&b, 4000);
	for (int i = 0; i < TREND_POINTS; i++) {
		int x = i * TREND_WIDTH / (TREND_POINTS - 1);
		buf_printf(&a, "%d,%lld ", x, (long long)(120 - met[i] * 110 / most));
		buf_printf(&b, "%d,%lld ", x, (long long)(120 - bad[i] * 110 / most));
	}
	for (int i = 0; i < 3; i++) {
		char day[DATE_TEXT];
		date_format(date_of_instant(c->world.now - span + span * i / 2), day);
		ticks[i] = (struct tpl_trend_ticks){i * 230, arena_str(c->arena, str_from(day))};
	}
	*d = (struct tpl_trend){.met = arena_str(c->arena, buf_view(&a)), .bad = arena_str(c->arena, buf_view(&b)),
	                        .ticks = ticks, .n_ticks = 3, .met_last = met[TREND_POINTS - 1],
	                        .bad_last = bad[TREND_POINTS - 1]};
	d->label = arena_strf(c->arena, _("met from %lld to %lld, action needed from %lld to %lld"), (long long)met[0],
	                      (long long)met[TREND_POINTS - 1], (long long)bad[0], (long long)bad[TREND_POINTS - 1]);
	buf_release(&a);
	buf_release(&b);
	return d;
}

struct str board_day(struct ctx *c, int64_t at)
{
	char day[DATE_TEXT];
	if (!at)
		return STR("");
	date_format(date_of_instant(at), day);
	return arena_str(c->arena, str_from(day));
}

struct str strength_label(struct str strength)
{
	static const struct { const char *code, *label; } table[] = {
		{"must", N_("must")}, {"principle", N_("in principle")}, {"effort", N_("duty of effort")}, {"desirable", N_("desirable")}, {"may", N_("may")},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (str_is(strength, table[i].code))
			return str_from(_(table[i].label));
	return strength;
}

struct str duty_label(struct ctx *c, struct str who)
{
	struct buf b;
	if (str_is(who, "all"))
		return str_from(_("everybody"));
	buf_init(&b, 2000);
	for (struct str rest = who; rest.n;) {
		struct str code = str_trim(str_cut(&rest, ','));
		int role = role_parse(code);
		if (b.n)
			buf_puts(&b, i18n_lang() == LANG_JA ? "、" : ", ");
		if (role >= 0)
			buf_puts(&b, role_label((enum role)role));
		else
			buf_str(&b, code);
	}
	struct str s = arena_str(c->arena, buf_view(&b));
	buf_release(&b);
	return s;
}

/* May this person know of the subject? Subjects that are no records (a role, a term) are known to all. ret_hidden: not
 * even that there is one. */
static bool may_know(struct ctx *c, struct str kind, struct str id, struct str *href, bool *ret_hidden)
{
	*ret_hidden = false;
	struct str rest = id, head = str_cut(&rest, ':');
	if (rest.n) { /* a record of another ledger than the control's usual one */
		kind = head;
		id = rest;
	}
	const struct ledger *l = ledgers_get(c->world.ledgers, kind);
	struct record rec;
	struct err e;
	int64_t k;
	*href = STR("");
	if (!l || str_int(id, 1, INT64_MAX, &k) < 0)
		return true;
	if (record_get(&c->world, c->arena, &c->actor, l, k, &rec, &e) < 0) {
		*ret_hidden = l->restricted;
		return false;
	}
	*href = arena_strf(c->arena, "/ledgers/%.*s/%lld", STR_ARG(kind), (long long)k);
	return true;
}

struct str board_words(struct ctx *c, struct str text)
{
	struct buf b;
	struct str rest = text;
	buf_init(&b, 16384);
	for (bool first = true; rest.p; first = false) {
		struct str plain = str_cut(&rest, '['), after = rest, name, value;
		if (!first) {
			after = plain;                           /* what followed a bracket */
			name = str_cut(&after, ']');
			if (after.p && param_get(c->office->db, c->arena, arena_z(c->arena, name), &value) == 0) {
				buf_str(&b, value);
				plain = after;
			} else {
				buf_putc(&b, '[');
			}
		}
		buf_str(&b, plain);
	}
	text = buf_err(&b) ? text : arena_str(c->arena, buf_view(&b));
	buf_release(&b);
	return text;
}

static struct str part_label(struct ctx *c, struct str control, struct str part)
{
	struct stmt *q = db_query(c->office->db, Q_CONTROL_PART_LABEL);
	bind_str(q, 1, control);
	bind_str(q, 2, part);
	struct str s = step(q) == 1 ? col_dup(q, i18n_lang() == LANG_JA ? 0 : 1, c->arena) : STR("");
	stmt_done(q);
	return board_words(c, s);
}

struct raw {
	struct str control, subject, kind, title, part, reason, due, section;
	int status;
};

const struct tpl_subjects *board_subjects(struct ctx *c, struct stmt *q, struct str label, size_t max, bool *ret_more,
                                          struct str last[2])
{
	struct tpl_subjects *d = ARENA_NEW(c->arena, struct tpl_subjects);
	struct tpl_subjects_rows *v = arena_array(c->arena, max + 1, sizeof(*v));
	struct raw *raw = arena_array(c->arena, max + 1, sizeof(*raw));
	size_t n = 0;
	*ret_more = false;
	while (step(q) == 1) {
		if (n == max) {
			*ret_more = true;
			break;
		}
		raw[n++] = (struct raw){col_dup(q, 0, c->arena), col_dup(q, 1, c->arena), col_dup(q, 2, c->arena),
		                        col_dup(q, 4, c->arena), col_dup(q, 5, c->arena), col_dup(q, 7, c->arena),
		                        col_dup(q, 8, c->arena), col_dup(q, 9, c->arena), status_parse(col_str(q, 6))};
	}
	stmt_done(q);
	for (size_t i = 0; i < n; i++) {
		struct str href;
		bool hidden, known = may_know(c, raw[i].kind, raw[i].subject, &href, &hidden);
		last[0] = raw[i].subject;
		last[1] = raw[i].part;
		if (hidden)
			continue;
		v[d->n_rows++] = (struct tpl_subjects_rows){
			.status = ui_status(c->arena, raw[i].status < 0 ? ST_UNKNOWN : (enum status)raw[i].status), .href = href,
			.title = known ? raw[i].title : str_from(_("(not shown to you)")),
			.section = known ? raw[i].section : STR(""), .part = part_label(c, raw[i].control, raw[i].part),
			.reason = known ? check_reason(c->arena, raw[i].control, raw[i].reason) : STR(""),
			.due = str_slice(raw[i].due, 0, 10),
			.late = raw[i].due.n && str_cmp(str_slice(raw[i].due, 0, 10), c->world.today) < 0};
	}
	d->label = label;
	d->rows = v;
	return d;
}
