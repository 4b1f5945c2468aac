/* One statement over the ledgers that hold applications: each gives its newest rows, the newest of all make the page. */
#include "core/mine.h"

#include "core/engine.h"
#include "core/mine_with.h"
#include "lib/i18n.h"
#include "lib/text.h"

#define LIST_MAX 200
#define COUNT_MAX 1001
#define SQL_MAX (1u << 20)
#define STATES_MAX 64

static const char *const phase_codes[MINE_PHASES_] = {"", "with-me", "waiting", "in-force", "ended"};

const char *mine_phase_code(enum mine_phase p)
{
	return phase_codes[p];
}

bool ledger_decides(const struct ledger *l)
{
	for (size_t i = 0; i < l->n_actions; i++)
		if (action_decides(&l->actions[i]))
			return true;
	return false;
}

static bool has_state(const struct str_list *list, struct str name)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->v[i], name))
			return true;
	return false;
}

static bool by_applicant(const struct action *act)
{
	for (size_t i = 0; i < act->by.n; i++)
		if (act->by.v[i].kind == WHO_APPLICANT)
			return !action_decides(act);
	return false;
}

bool ledger_asks(const struct ledger *l)
{
	bool reached[STATES_MAX] = {false}, more = true;
	if (l->n_states > STATES_MAX)
		return true;
	for (size_t i = 0; i < l->n_states; i++)
		reached[i] = l->states[i].start;
	while (more) {
		more = false;
		for (size_t i = 0; i < l->n_states; i++)
			for (size_t k = 0; reached[i] && k < l->n_actions; k++) {
				const struct action *act = &l->actions[k];
				if (!act->to.n || !by_applicant(act) || !has_state(&act->from, l->states[i].name))
					continue;
				size_t to = (size_t)(ledger_state(l, act->to) - l->states);
				more |= !reached[to];
				reached[to] = true;
			}
	}
	for (size_t i = 0; i < l->n_states; i++)
		if (reached[i] && l->states[i].live)
			return false;
	return true;
}

enum mine_phase mine_phase_of(const struct ledger *l, const struct state *st)
{
	bool mine = false, others = false;
	if (st->end)
		return MINE_ENDED;
	for (size_t i = 0; i < l->n_actions; i++) {
		const struct action *act = &l->actions[i];
		bool from = has_state(&act->from, st->name), own = false;
		for (size_t k = 0; k < act->by.n; k++)
			own |= act->by.v[k].kind == WHO_APPLICANT;
		mine |= from && own;
		others |= from && !own && (act->by.n || act->two_of.n);
	}
	if (st->live)
		return MINE_IN_FORCE;
	if (st->start && mine)
		return MINE_WITH_ME;
	return others ? MINE_WAITING : mine ? MINE_WITH_ME : MINE_IN_FORCE;
}

/* --- the statement --------------------------------------------------------------------------------------------------------- */

struct mine_key {
	bool given;
	int64_t at, id;
	struct str ledger;
};

/* "µs.ledger.id" */
static int key_read(struct str after, struct mine_key *ret, struct err *e)
{
	struct str rest = after, at = str_cut(&rest, '.'), ledger = str_cut(&rest, '.');
	*ret = (struct mine_key){0};
	if (!after.n)
		return 0;
	if (str_int(at, 0, INT64_MAX, &ret->at) < 0 || !ledger.n || str_int(rest, 1, INT64_MAX, &ret->id) < 0)
		return err_set(e, ERR_INVALID, "%s", _("This page of the list does not exist"));
	ret->ledger = ledger;
	ret->given = true;
	return 0;
}

static bool of_ledger(const struct ledger *l, const struct mine_query *q)
{
	return (!q->ledger.n || str_eq(q->ledger, l->name)) && ledger_decides(l);
}

static void states_sql(const struct ledger *l, const struct mine_query *q, struct buf *sql)
{
	if (q->phase == MINE_ANY && !(q->state.n && q->ledger.n))
		return;
	buf_puts(sql, " AND r.state IN (''");
	for (size_t i = 0; i < l->n_states; i++)
		if ((q->phase == MINE_ANY || mine_phase_of(l, &l->states[i]) == q->phase) &&
		    (!q->state.n || !q->ledger.n || str_eq(q->state, l->states[i].name)))
			buf_printf(sql, ", '%.*s'", STR_ARG(l->states[i].name));
	buf_puts(sql, ")");
}

/* In a register: what waits for a decision, and what somebody else has decided on. */
static void asked_sql(const struct ledger *l, struct buf *sql)
{
	if (ledger_asks(l))
		return;
	buf_puts(sql, " AND (r.state IN (''");
	for (size_t i = 0; i < l->n_states; i++)
		for (size_t k = 0; !l->states[i].live && !l->states[i].end && k < l->n_actions; k++)
			if (action_decides(&l->actions[k]) && has_state(&l->actions[k].from, l->states[i].name))
				buf_printf(sql, ", '%.*s'", STR_ARG(l->states[i].name));
	buf_printf(sql, ") OR EXISTS (SELECT 1 FROM \"%.*s_step\" t WHERE t.record = r.id AND t.actor IS NOT :me AND t.action IN (''", STR_ARG(l->table));
	for (size_t k = 0; k < l->n_actions; k++)
		if (action_decides(&l->actions[k]))
			buf_printf(sql, ", '%.*s'", STR_ARG(l->actions[k].name));
	buf_puts(sql, ")))");
}

#define NOTICE_SQL "SELECT max(n.id) FROM notice n WHERE n.ledger = '%.*s' AND n.record = r.id AND n.person = :me AND n.read_at IS NULL"

/* Rows of one ledger; all share the parameters :me :q :at :kid and those of visibility. */
static int one_sql(struct job *j, const struct mine_query *q, const struct mine_key *key, bool search, size_t limit, struct buf *sql)
{
	const struct ledger *l = j->l;
	buf_printf(sql, "SELECT * FROM (SELECT '%.*s' AS ledger, r.id AS id, r.created_at AS created_at, r.number, r.title, r.state, (" NOTICE_SQL
	           ") AS notice FROM ", STR_ARG(l->name), STR_ARG(l->name));
	if (search)
		buf_printf(sql, "search s CROSS JOIN search_doc d ON d.id = s.rowid CROSS JOIN \"%.*s\" r ON r.id = d.record"
		           " WHERE s.words MATCH :q AND d.ledger = '%.*s' AND ", STR_ARG(l->table), STR_ARG(l->name));
	else
		buf_printf(sql, "\"%.*s\" r WHERE ", STR_ARG(l->table));
	buf_puts(sql, search ? "+r.applicant = :me AND " : "r.applicant = :me AND ");
	int err = visible_sql(j, sql);
	states_sql(l, q, sql);
	asked_sql(l, sql);
	if (q->unread)
		buf_puts(sql, " AND notice IS NOT NULL");
	if (key->given) {
		int side = str_cmp(l->name, key->ledger);
		buf_puts(sql, side > 0 ? " AND r.created_at <= :at" : side < 0 ? " AND r.created_at < :at"
		         : " AND r.created_at <= :at AND (r.created_at < :at OR r.id < :kid)");
	}
	buf_printf(sql, " ORDER BY r.created_at DESC, r.id DESC LIMIT %zu)", limit);
	return err;
}

static int all_sql(struct job *j, const struct mine_query *q, const struct mine_key *key, bool search, size_t limit, struct buf *sql,
                   bool *ret_any)
{
	int err = 0;
	*ret_any = false;
	for (size_t i = 0; err == 0 && i < j->w->ledgers->n; i++) {
		struct job one = *j;
		one.l = j->w->ledgers->v[i];
		if (!of_ledger(one.l, q))
			continue;
		if (*ret_any)
			buf_puts(sql, " UNION ALL ");
		*ret_any = true;
		err = one_sql(&one, q, key, search, limit, sql);
	}
	return err;
}

static struct stmt *prepare(struct job *j, struct buf *sql, const struct mine_key *key, struct str words)
{
	struct stmt *s = buf_err(sql) == 0 ? db_sql(j->w->db, buf_z(sql)) : NULL;
	int at;
	buf_release(sql);
	if (!s) {
		err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
		return NULL;
	}
	struct job any = *j;
	any.l = j->w->ledgers->v[0];
	if (visible_bind(&any, s) < 0)
		return NULL;
	if ((at = bind_index(s, ":me")))
		bind_int(s, at, j->who->person);
	if ((at = bind_index(s, ":q")))
		bind_str(s, at, words);
	if ((at = bind_index(s, ":at")))
		bind_int(s, at, key->at);
	if ((at = bind_index(s, ":kid")))
		bind_int(s, at, key->id);
	return s;
}

/* --- the page ---------------------------------------------------------------------------------------------------------------- */

static int rows_read(struct job *j, const struct mine_query *q, const struct mine_key *key, struct str words, size_t limit,
                     struct mine_page *ret)
{
	struct buf sql;
	bool any;
	int r;
	buf_init(&sql, SQL_MAX);
	buf_puts(&sql, "SELECT * FROM (");
	int err = all_sql(j, q, key, words.n > 0, limit + 1, &sql, &any);
	buf_printf(&sql, ") ORDER BY created_at DESC, ledger, id DESC LIMIT %zu", limit + 1);
	if (err < 0 || !any) {
		buf_release(&sql);
		return err;
	}
	struct stmt *s = prepare(j, &sql, key, words);
	if (!s)
		return ERR_DB;
	while ((r = step(s)) == 1) {
		if (ret->n_rows == limit) {
			const struct mine_row *last = &ret->rows[limit - 1];
			ret->next = arena_strf(j->a, "%lld.%.*s.%lld", (long long)last->created_at, STR_ARG(last->ledger->name), (long long)last->id);
			break;
		}
		const struct ledger *l = ledgers_get(j->w->ledgers, col_str(s, 0));
		struct mine_row *row = &ret->rows[ret->n_rows++];
		*row = (struct mine_row){.ledger = l, .id = col_int(s, 1), .created_at = col_int(s, 2), .number = col_dup(s, 3, j->a),
			.title = col_dup(s, 4, j->a), .state = col_dup(s, 5, j->a), .notice = col_int(s, 6)};
		const struct state *st = ledger_state(l, row->state);
		row->phase = st ? mine_phase_of(l, st) : MINE_ENDED;
	}
	if (r == 1)
		stmt_done(s);
	return r < 0 ? err_set(j->e, ERR_DB, "%s", db_error(j->w->db)) : 0;
}

static int total(struct job *j, const struct mine_query *q, struct str words, int64_t *ret)
{
	static const struct mine_key none = {0};
	struct buf sql;
	bool any;
	buf_init(&sql, SQL_MAX);
	buf_puts(&sql, "SELECT count(*) FROM (SELECT 1 FROM (");
	int err = all_sql(j, q, &none, words.n > 0, COUNT_MAX, &sql, &any);
	buf_printf(&sql, ") LIMIT %d)", COUNT_MAX);
	if (err < 0 || !any) {
		buf_release(&sql);
		return err;
	}
	struct stmt *s = prepare(j, &sql, &none, words);
	if (!s || step(s) != 1)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	*ret = col_int(s, 0);
	stmt_done(s);
	return 0;
}

/* The last action of somebody else than the applicant. */
static int decision_read(struct job *j, struct mine_row *row)
{
	struct stmt *s = db_sql(j->w->db, arena_printf(j->a, "SELECT t.action, t.at, t.note, p.name FROM \"%.*s_step\" t LEFT JOIN persons p ON p.id = t.actor"
		" WHERE t.record = ?1 AND t.action NOT IN ('create', 'update') AND t.actor IS NOT ?2 ORDER BY t.id DESC LIMIT 1", STR_ARG(row->ledger->table)));
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_int(s, 1, row->id);
	bind_int(s, 2, j->who->person);
	if (step(s) == 1) {
		row->decision = ledger_action(row->ledger, col_str(s, 0));
		row->decided_at = col_int(s, 1);
		row->reason = col_dup(s, 2, j->a);
		row->decided_by = col_dup(s, 3, j->a);
	}
	stmt_done(s);
	return 0;
}

int mine_list(struct world *w, struct arena *a, const struct actor *who, const struct mine_query *q, struct mine_page *ret, struct err *e)
{
	struct job j = {.w = w, .a = a, .who = who, .e = e, .many_ledgers = true};
	size_t limit = q->limit && q->limit <= LIST_MAX ? q->limit : LIST_MAX;
	struct mine_key key;
	struct buf fts;
	*ret = (struct mine_page){.rows = arena_array(a, limit + 1, sizeof *ret->rows)};
	if (!ret->rows)
		return err_set(e, ERR_NOMEM, "list");
	int err = key_read(q->after, &key, e);
	buf_init(&fts, SQL_TEXT_MAX);
	if (err == 0 && str_trim(q->search).n)
		err = text_fts_query(str_slice(q->search, 0, 1000), &fts);
	struct str words = fts.n ? arena_str(a, buf_view(&fts)) : STR_NONE;
	buf_release(&fts);
	if (err == 0)
		err = rows_read(&j, q, &key, words, limit, ret);
	if (err == 0)
		err = total(&j, q, words, &ret->total);
	struct mine_with with = {0};
	for (size_t i = 0; err == 0 && i < ret->n_rows; i++) {
		err = decision_read(&j, &ret->rows[i]);
		if (err == 0 && ret->rows[i].phase == MINE_WAITING)
			err = mine_with_text(&j, &with, ret->rows[i].ledger, ret->rows[i].id, &ret->rows[i].with);
	}
	return err;
}
