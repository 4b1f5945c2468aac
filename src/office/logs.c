#include "office/logs.h"

#include <stdlib.h>

#include <jansson.h>

#include "core/proto.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "office/note.h"

#define SOURCES_MAX 60000u
#define ORDERS_MAX 20u
#define ANSWER_MAX (24u << 20)
#define WAIT_MS 5000                                 /* beyond the time the search itself is given */

/* --- who may ----------------------------------------------------------------------------------------------------------------- */

static void add_source(struct ctx *c, struct str **list, size_t *n, struct str s)
{
	if (!*list)
		*list = arena_array(c->arena, SOURCES_MAX, sizeof **list);
	if (*list && *n < SOURCES_MAX)
		(*list)[(*n)++] = s;
}

/* What the ledger says of each source key: is it personal, and is this person one of its readers? */
static void read_sources(struct ctx *c, struct logs_rights *ret)
{
	struct stmt *q;

	if (!ledgers_get(c->world.ledgers, STR("log-sources")))
		return;
	q = db_sql(c->office->db, "SELECT s.source_key, max(coalesce(s.personal_log, 0)), max(EXISTS (SELECT 1 FROM log_sources__readers r "
	                          "WHERE r.record = s.id AND r.value = ?1)) FROM log_sources s "
	                          "WHERE s.state IN ('active', 'suspended', 'keeping') AND s.source_key IS NOT NULL GROUP BY s.source_key");
	if (!q)
		return;
	bind_int(q, 1, c->actor.person);
	while (step(q) == 1) {
		struct str key = col_dup(q, 0, c->arena);

		if (col_int(q, 1) && !ret->order)
			add_source(c, &ret->never, &ret->n_never, key);
		else if (col_int(q, 1) || col_int(q, 2))
			add_source(c, &ret->only, &ret->n_only, key);
	}
	stmt_done(q);
}

static void read_orders(struct ctx *c, struct logs_rights *ret)
{
	struct stmt *q;

	if (!ledgers_get(c->world.ledgers, STR("work-records")))
		return;
	q = db_sql(c->office->db, "SELECT w.id, w.number, w.title, w.inquiry_from, w.inquiry_until FROM work_records w "
	                          "JOIN work_records__examiners x ON x.record = w.id WHERE x.value = ?1 AND w.kind = 'log-inquiry' "
	                          "AND w.state = 'approved' AND ?2 BETWEEN w.planned_start AND w.planned_end ORDER BY w.id DESC LIMIT 20");
	if (!q)
		return;
	bind_int(q, 1, c->actor.person);
	bind_int(q, 2, c->world.now);
	ret->orders = arena_array(c->arena, ORDERS_MAX, sizeof *ret->orders);
	while (ret->orders && ret->n_orders < ORDERS_MAX && step(q) == 1)
		ret->orders[ret->n_orders++] = (struct logs_order){.id = col_int(q, 0), .number = col_dup(q, 1, c->arena), .title = col_dup(q, 2, c->arena),
		                                                   .from_us = col_int(q, 3), .until_us = col_int(q, 4)};
	stmt_done(q);
}

int logs_rights(struct ctx *c, struct str order, struct logs_rights *ret, struct err *e)
{
	int64_t id = 0;

	*ret = (struct logs_rights){.any = c->actor.roles & LOGS_OVERSEE};
	read_orders(c, ret);
	if (order.n && str_int(order, 1, INT64_MAX, &id))
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such inquiry."));
	for (size_t i = 0; i < ret->n_orders; i++)
		if (ret->orders[i].id == id)
			ret->order = &ret->orders[i];
	if (id && !ret->order)
		return err_set(e, ERR_DENIED, "%s", _("This inquiry is not ordered for you at this time."));
	ret->own = ret->any && !ret->order;
	read_sources(c, ret);
	if (!ret->any && !ret->n_only)
		return err_set(e, ERR_DENIED, "%s", _("You are not named as a reader of any log."));
	return 0;
}

static bool among(const struct str *list, size_t n, struct str s)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(list[i], s))
			return true;
	return false;
}

/* An event of a record is seen by who sees the record; others by those who oversee. */
static bool own_visible(struct ctx *c, const struct entry *en)
{
	json_error_t je;
	json_t *o = str_is(en->source, "office") ? json_loadb(en->raw.p, en->raw.n, JSON_REJECT_DUPLICATES, &je) : NULL;
	const char *ledger = json_string_value(json_object_get(o, "ledger")), *action = json_string_value(json_object_get(o, "action"));
	int64_t record = json_integer_value(json_object_get(o, "record"));
	const struct ledger *l = ledger ? ledgers_get(c->world.ledgers, str_from(ledger)) : NULL;
	struct record rec;
	struct err e;
	bool yes = true;

	if (str_is(en->source, "office") && !o)
		yes = false;
	else if (l && record && !(action && !strncmp(action, "auth.", 5)))
		yes = record_get(&c->world, c->arena, &c->actor, l, record, &rec, &e) == 0;
	json_decref(o);
	return yes;
}

bool logs_may_see(struct ctx *c, const struct logs_rights *may, struct str log, const struct entry *en)
{
	if (str_is(log, LOGS_OWN))
		return may->own && own_visible(c, en);
	if (may->order && (en->time_ns < may->order->from_us * 1000 || en->time_ns >= may->order->until_us * 1000))
		return false;
	return (may->any || among(may->only, may->n_only, en->source)) && !among(may->never, may->n_never, en->source);
}

/* --- asking -------------------------------------------------------------------------------------------------------------------- */

static int ask(struct ctx *c, struct msg *m, uint16_t type, int wait_ms, struct msg *ret, struct err *e)
{
	static int64_t calls;
	int64_t call = ++calls, is = 0;
	struct msg with;
	int r;

	/* the number of the question goes in front */
	msg_init(&with, m->type);
	msg_put_i64(&with, call);
	buf_str(&with.out, buf_view(&m->out));
	msg_release(m);
	r = c->office->search < 0 ? ERR_CLOSED : msg_call(c->office->search, &with, wait_ms, ret);
	msg_release(&with);
	if (!r && (ret->type != type || msg_i64(ret, &is) || is != call)) {
		msg_release(ret);
		r = ERR_PROTO;
	}
	if (r && r != ERR_CLOSED)
		c->office->search_broken(c->office); /* a late answer would be taken for that of the next question */
	return r ? err_set(e, ERR_BUSY, "%s", _("The search does not answer just now. Please try again.")) : 0;
}

static int garbled(struct ctx *c, struct msg *m, struct err *e)
{
	msg_release(m);
	c->office->search_broken(c->office);
	return err_set(e, ERR_BUSY, "%s", _("The search does not answer just now. Please try again."));
}

int logs_list(struct ctx *c, struct logs_log **ret, size_t *ret_n, struct err *e)
{
	struct logs_log *list = arena_array(c->arena, LOGS_MAX, sizeof *list);
	struct msg m, a;
	uint32_t n;
	int r;

	msg_init(&m, SEARCH_LOGS);
	r = ask(c, &m, SEARCH_LOGS_ARE, WAIT_MS, &a, e);
	if (r)
		return r;
	if (msg_u32(&a, &n))
		return garbled(c, &a, e);
	for (uint32_t i = 0; i < n; i++) {
		struct logs_log l = {.before = -1, .next = -1};

		if (msg_str(&a, 64, &l.name) || msg_i64(&a, &l.size) || msg_i64(&a, &l.first_ns) || msg_i64(&a, &l.last_ns))
			return garbled(c, &a, e);
		l.name = arena_str(c->arena, l.name);
		if (i < LOGS_MAX)
			list[i] = l;
	}
	if (msg_end(&a))
		return garbled(c, &a, e);
	msg_release(&a);
	*ret = list;
	*ret_n = n < LOGS_MAX ? n : LOGS_MAX;
	return 0;
}

static void put_sources(struct msg *m, const struct str *list, size_t n)
{
	msg_put_u32(m, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		msg_put_str(m, str_slice(list[i], 0, ENTRY_NAME_MAX));
}

static void put_ask(struct ctx *c, const struct logs_rights *may, const struct logs_search *s, struct msg *m)
{
	uint32_t n = 0;

	msg_init(m, SEARCH_ASK);
	msg_put_u32(m, c->lang == LANG_EN);
	msg_put_str(m, s->text.n ? s->text : STR(""));
	msg_put_i64(m, s->from_ns);
	msg_put_i64(m, s->to_ns);
	msg_put_u32(m, s->limit);
	msg_put_u32(m, s->ms);
	msg_put_u8(m, s->count);
	msg_put_u8(m, 0);
	msg_put_i64(m, s->bar_from_ns);
	msg_put_i64(m, s->bar_ns);
	for (size_t i = 0; i < s->n_logs; i++)
		n += s->logs[i].asked;
	msg_put_u32(m, n);
	for (size_t i = 0; i < s->n_logs; i++) {
		if (!s->logs[i].asked)
			continue;
		msg_put_str(m, s->logs[i].name);
		msg_put_i64(m, s->logs[i].before);
	}
	msg_put_u8(m, may->any);
	put_sources(m, may->only, may->n_only);
	put_sources(m, may->never, may->n_never);
}

static int get_hits(struct ctx *c, struct msg *a, struct logs_search *s, struct logs_log *l, size_t *cap)
{
	uint32_t code, n;
	uint8_t late;
	int64_t size;

	if (msg_u32(a, &code) || msg_i64(a, &size) || msg_i64(a, &l->next) || msg_i64(a, &l->matched) || msg_u8(a, &late) ||
	    msg_i64(a, &l->damaged) || msg_u32(a, &n) || n > s->limit)
		return ERR_PROTO;
	l->late = late;
	for (uint32_t i = 0; i < n; i++) {
		struct logs_hit h = {.log = l};

		if (msg_i64(a, &h.index) || msg_str(a, ENTRY_MAX, &h.bytes))
			return ERR_PROTO;
		h.bytes = arena_str(c->arena, h.bytes);
		if (s->n_hits < *cap && h.bytes.p && !entry_parse(h.bytes, &h.entry))
			s->hits[s->n_hits++] = h;
	}
	return 0;
}

static int get_counts(struct ctx *c, struct msg *a, struct logs_search *s)
{
	uint32_t n;
	int64_t v;

	for (int f = 0; f < 3; f++) {
		if (msg_u32(a, &n) || n > 1000)
			return ERR_PROTO;
		s->facets[f] = arena_array(c->arena, n + 1, sizeof *s->facets[f]);
		s->n_facets[f] = n;
		for (uint32_t i = 0; i < n; i++) {
			if (msg_str(a, ENTRY_MAX, &s->facets[f][i].name) || msg_i64(a, &s->facets[f][i].n))
				return ERR_PROTO;
			s->facets[f][i].name = arena_str(c->arena, s->facets[f][i].name);
		}
		if (msg_i64(a, &s->facets_more[f]))
			return ERR_PROTO;
	}
	for (int i = 0; i < 9; i++)
		if (msg_i64(a, &s->severity[i]))
			return ERR_PROTO;
	if (msg_u32(a, &n) || n > 10000)
		return ERR_PROTO;
	for (uint32_t i = 0; i < n; i++) {
		if (msg_i64(a, &v))
			return ERR_PROTO;
		if (i < LOGS_BARS)
			s->bars[i] = v;
	}
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct logs_hit *x = a, *y = b;

	if (x->log == y->log)
		return (x->index < y->index) - (x->index > y->index);
	if (x->entry.time_ns != y->entry.time_ns)
		return (x->entry.time_ns < y->entry.time_ns) - (x->entry.time_ns > y->entry.time_ns);
	return str_cmp(x->log->name, y->log->name);
}

static int get_answer(struct ctx *c, struct msg *a, struct logs_search *s)
{
	uint32_t code, col, n;
	struct str text;
	size_t asked = 0, at = 0, cap;

	if (msg_u32(a, &code) || msg_u32(a, &col) || msg_str(a, ERR_TEXT_MAX, &text) || msg_u32(a, &n))
		return ERR_PROTO;
	if (code) {
		s->fault = arena_str(c->arena, text);
		s->fault_col = (int)col;
		return n || msg_end(a) ? ERR_PROTO : 0;
	}
	for (size_t i = 0; i < s->n_logs; i++)
		asked += s->logs[i].asked;
	if (n != asked)
		return ERR_PROTO;
	cap = (size_t)s->limit * asked;
	s->hits = arena_array(c->arena, cap + 1, sizeof *s->hits);
	if (!s->hits)
		return ERR_PROTO;
	for (; n; n--, at++) {
		while (!s->logs[at].asked)
			at++;
		if (get_hits(c, a, s, &s->logs[at], &cap))
			return ERR_PROTO;
		s->matched += s->logs[at].matched;
	}
	if (get_counts(c, a, s) || msg_end(a))
		return ERR_PROTO;
	qsort(s->hits, s->n_hits, sizeof *s->hits, newest_first);
	return 0;
}

int logs_ask(struct ctx *c, const struct logs_rights *may, struct logs_search *s, struct err *e)
{
	struct msg m, a;
	size_t kept = 0;
	int r;

	if (may->order) {
		s->from_ns = s->from_ns > may->order->from_us * 1000 ? s->from_ns : may->order->from_us * 1000;
		s->to_ns = s->to_ns < may->order->until_us * 1000 ? s->to_ns : may->order->until_us * 1000;
	}
	put_ask(c, may, s, &m);
	r = ask(c, &m, SEARCH_ANSWER, (int)s->ms + WAIT_MS, &a, e);
	if (r)
		return r;
	if (get_answer(c, &a, s))
		return garbled(c, &a, e);
	msg_release(&a);
	for (size_t i = 0; i < s->n_hits; i++)
		if (!str_is(s->hits[i].log->name, LOGS_OWN) || logs_may_see(c, may, STR(LOGS_OWN), &s->hits[i].entry))
			s->hits[kept++] = s->hits[i];
	s->n_hits = kept;
	return 0;
}

int logs_read(struct ctx *c, struct str log, int64_t from, int64_t to, struct str **ret, size_t *ret_n, int64_t *ret_size, struct err *e)
{
	struct msg m, a;
	struct str *list;
	uint32_t code, n;
	int r;

	msg_init(&m, SEARCH_READ);
	msg_put_str(&m, log);
	msg_put_i64(&m, from);
	msg_put_i64(&m, to);
	r = ask(c, &m, SEARCH_ENTRIES, WAIT_MS, &a, e);
	if (r)
		return r;
	if (msg_u32(&a, &code) || msg_i64(&a, ret_size) || msg_u32(&a, &n) || n > (uint64_t)(to - from + 1))
		return garbled(c, &a, e);
	list = arena_array(c->arena, n + 1, sizeof *list);
	for (uint32_t i = 0; i < n; i++) {
		if (msg_str(&a, ENTRY_MAX, &list[i]))
			return garbled(c, &a, e);
		list[i] = arena_str(c->arena, list[i]);
	}
	if (msg_end(&a))
		return garbled(c, &a, e);
	msg_release(&a);
	*ret = list;
	*ret_n = n;
	return code ? err_set(e, ERR_NOTFOUND, "%s", _("The log holds no such entry.")) : 0;
}

int logs_prove(struct ctx *c, struct str log, int64_t index, struct str *ret_entry, struct str *ret_proof, struct str *ret_vkey,
               struct err *e)
{
	struct msg m, a;
	uint32_t code;
	int r;

	msg_init(&m, SEARCH_PROVE);
	msg_put_str(&m, log);
	msg_put_i64(&m, index);
	r = ask(c, &m, SEARCH_PROOF, WAIT_MS, &a, e);
	if (r)
		return r;
	if (msg_u32(&a, &code) || msg_str(&a, ENTRY_MAX, ret_entry) || msg_str(&a, 1u << 20, ret_proof) || msg_str(&a, 4096, ret_vkey) ||
	    msg_end(&a))
		return garbled(c, &a, e);
	*ret_entry = arena_str(c->arena, *ret_entry);
	*ret_proof = arena_str(c->arena, *ret_proof);
	*ret_vkey = arena_str(c->arena, *ret_vkey);
	msg_release(&a);
	return code ? err_set(e, ERR_CORRUPT, "%s", _("The log gave no proof of this entry.")) : 0;
}

/* --- what is left behind ---------------------------------------------------------------------------------------------------------- */

int logs_note(struct ctx *c, const struct logs_rights *may, const struct logs_search *s, const char *what, struct err *e)
{
	struct buf asked, detail;
	struct jw j;
	int r;

	buf_init(&asked, 32768);
	buf_init(&detail, 32768);
	jw_init(&j, &asked, false);
	jw_object(&j);
	jw_kint(&j, "from", s->from_ns == INT64_MIN ? 0 : s->from_ns / 1000);
	jw_kstr(&j, "query", s->text.p ? s->text : STR(""));
	jw_kint(&j, "until", s->to_ns == INT64_MAX ? 0 : s->to_ns / 1000);
	jw_end_object(&j);
	jw_init(&j, &detail, false);
	jw_object(&j);
	jw_kz(&j, "what", what);
	jw_key(&j, "logs");
	jw_array(&j);
	for (size_t i = 0; i < s->n_logs; i++)
		if (s->logs[i].asked)
			jw_str(&j, s->logs[i].name);
	jw_end_array(&j);
	jw_kint(&j, "shown", (int64_t)s->n_hits);
	jw_kint(&j, "hits", s->count ? s->matched : (int64_t)s->n_hits);
	jw_end_object(&j);
	r = note_search(c, may->order ? may->order->id : 0, buf_view(&asked), buf_view(&detail), e);
	buf_release(&asked);
	buf_release(&detail);
	return r;
}
