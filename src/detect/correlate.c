#include "detect/correlate_parts.h"

#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"

#define SWEEP 2                                      /* oldest groups looked at after each match */

struct correlator *correlator_new(const struct rules *rs, size_t groups_max, size_t bytes_max)
{
	struct correlator *c = xcalloc(1, sizeof *c);

	c->rules = rs;
	c->groups_max = groups_max;
	c->bytes_max = bytes_max;
	c->n_slots = 1024;
	c->slots = xcalloc(c->n_slots, sizeof(struct group *));
	random_bytes(&c->seed, sizeof c->seed);
	return c;
}

static void unlink_group(struct correlator *c, struct group *g)
{
	*(g->newer ? &g->newer->older : &c->newest) = g->older;
	*(g->older ? &g->older->newer : &c->oldest) = g->newer;
	g->newer = g->older = NULL;
}

static void to_front(struct correlator *c, struct group *g)
{
	g->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = g;
	c->newest = g;
}

static void drop(struct correlator *c, struct group *g)
{
	struct group **at = &c->slots[g->hash & (c->n_slots - 1)];

	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	unlink_group(c, g);
	c->bytes -= sizeof *g + g->key_n + (g->list == g->few ? 0 : g->cap * sizeof *g->list);
	c->n_groups--;
	if (g->list != g->few)
		free(g->list);
	free(g);
}

void correlator_free(struct correlator *c)
{
	if (!c)
		return;
	while (c->oldest)
		drop(c, c->oldest);
	free(c->slots);
	free(c);
}

uint16_t correlator_log(struct correlator *c, struct str name)
{
	size_t i = 0;

	while (i < c->n_logs && !str_is(name, c->logs[i]))
		i++;
	if (i < c->n_logs)
		return (uint16_t)i;
	if (c->n_logs == CORRELATE_LOGS_MAX)
		return CORRELATE_LOGS_MAX - 1;
	snprintf(c->logs[i], sizeof c->logs[i], "%.*s", STR_ARG(name));
	return (uint16_t)c->n_logs++;
}

struct str correlator_log_name(const struct correlator *c, uint16_t log)
{
	return log < c->n_logs ? str_from(c->logs[log]) : STR("?");
}

void correlator_figures(const struct correlator *c, struct correlate_figures *ret)
{
	*ret = c->sum;
	ret->groups = c->n_groups;
	ret->bytes = c->bytes;
}

/* Keyed: who writes logs must not choose where groups come to lie. */
uint64_t correlate_hash(uint64_t h, struct str s)
{
	h ^= s.n * 0x9e3779b97f4a7c15ull;
	for (size_t i = 0; i < s.n; i++) {
		h = (h ^ (unsigned char)s.p[i]) * 0x9fb21c651e98df25ull;
		h ^= h >> 29;
	}
	h *= 0xd6e8feb86659fd93ull;
	return h ^ h >> 32;
}

/* Of a key, eight bytes at a time; as keyed as the other, whose values are kept on disk. */
static uint64_t place_of(const struct correlator *c, const struct rule *r, struct str key)
{
	uint64_t h = (c->seed ^ r->at) + key.n * 0x9e3779b97f4a7c15ull, v;
	size_t i = 0;

	for (; i + sizeof v <= key.n; i += sizeof v) {
		memcpy(&v, key.p + i, sizeof v);
		h = (h ^ v) * 0x9fb21c651e98df25ull;
		h ^= h >> 32;
	}
	v = 0;
	memcpy(&v, key.p + i, key.n - i);
	h = (h ^ v) * 0xd6e8feb86659fd93ull;
	h ^= h >> 32;
	h = (h ^ c->seed) * 0x9fb21c651e98df25ull;
	return h ^ h >> 29;
}

static void grow_slots(struct correlator *c)
{
	size_t n = c->n_slots * 2;
	struct group **slots = xcalloc(n, sizeof(struct group *));

	for (struct group *g = c->oldest; g; g = g->newer) {
		g->next = slots[g->hash & (n - 1)];
		slots[g->hash & (n - 1)] = g;
	}
	free(c->slots);
	c->slots = slots;
	c->n_slots = n;
}

struct group *correlate_group(struct correlator *c, const struct rule *r, struct str key)
{
	uint64_t h = place_of(c, r, key);
	struct group *g = c->slots[h & (c->n_slots - 1)];

	while (g && (g->rule != r || g->hash != h || !str_eq(str_n(g->key, g->key_n), key)))
		g = g->next;
	if (g) {
		unlink_group(c, g);
		to_front(c, g);
		return g;
	}
	while (c->oldest && (c->n_groups >= c->groups_max || c->bytes + sizeof *g + key.n > c->bytes_max)) {
		drop(c, c->oldest);
		c->sum.evicted++;
	}
	if (c->n_groups * 4 >= c->n_slots)               /* a stranger in a slot is a line of memory fetched for nothing */
		grow_slots(c);
	g = xmalloc(sizeof *g + key.n);
	memset(g, 0, offsetof(struct group, few));
	g->rule = r;
	g->hash = h;
	g->key_n = key.n;
	g->list = g->few;
	g->cap = FEW;
	memcpy(g->key, key.p, key.n);
	g->next = c->slots[h & (c->n_slots - 1)];
	c->slots[h & (c->n_slots - 1)] = g;
	to_front(c, g);
	c->n_groups++;
	c->bytes += sizeof *g + key.n;
	return g;
}

/* Room for one more; the group itself is the newest and stays. */
struct moment *correlate_room(struct correlator *c, struct group *g)
{
	if (g->n == g->cap) {
		size_t cap = g->cap * 2, more = cap - (g->list == g->few ? 0 : g->cap);
		struct moment *grown;

		while (c->oldest != g && c->bytes + more * sizeof *g->list > c->bytes_max) {
			drop(c, c->oldest);
			c->sum.evicted++;
		}
		grown = realloc(g->list == g->few ? NULL : g->list, cap * sizeof(*g->list));
		if (!grown)
			abort();
		if (g->list == g->few)
			memcpy(grown, g->few, sizeof g->few);
		g->list = grown;
		g->cap = cap;
		c->bytes += more * sizeof *g->list;
	}
	return &g->list[g->n++];
}

/* The state of one match on its way through correlations. */
struct walk {
	struct correlator *c;
	correlate_fire_fn *fire;
	void *arg;
	int depth;
};

static void expire(struct group *g, int64_t before)
{
	size_t k = 0;

	while (k < g->n && g->list[k].time < before)
		k++;
	if (k) {
		memmove(g->list, g->list + k, (g->n - k) * sizeof *g->list);
		g->n -= k;
	}
}

/* Puts m where its time belongs. */
static void insert(struct correlator *c, struct group *g, struct moment m)
{
	size_t i;

	correlate_room(c, g);
	for (i = g->n - 1; i && g->list[i - 1].time > m.time; i--)
		g->list[i] = g->list[i - 1];
	g->list[i] = m;
}

/* event_count, value_count: true when the count is reached. */
static bool counted(struct correlator *c, struct group *g, struct moment m, const struct correlation *corr)
{
	expire(g, (g->newest > m.time ? g->newest : m.time) - corr->timespan_ns);
	for (size_t i = 0; corr->kind == CORR_VALUE_COUNT && i < g->n; i++)
		if (g->list[i].mark == m.mark) {
			if (g->list[i].time >= m.time)
				return false;
			memmove(g->list + i, g->list + i + 1, (g->n - i - 1) * sizeof *g->list);
			g->n--;
			break;
		}
	insert(c, g, m);
	return (int64_t)g->n >= corr->least;
}

static struct moment *of_mark(struct group *g, uint64_t mark)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->list[i].mark == mark)
			return &g->list[i];
	return NULL;
}

/* temporal: the newest of each rule; all must lie within the span. */
static bool together(struct correlator *c, struct group *g, struct moment m, const struct correlation *corr)
{
	struct moment *old;

	expire(g, (g->newest > m.time ? g->newest : m.time) - corr->timespan_ns);
	old = of_mark(g, m.mark);
	if (old) {
		if (old->time > m.time)
			return false;
		memmove(old, old + 1, (size_t)(g->list + g->n - old - 1) * sizeof *old);
		g->n--;
	}
	insert(c, g, m);
	return g->n == corr->n_rules;
}

/* temporal_ordered: marks (rule << 8 | step) hold, for each rule reached, the chain with the latest beginning. */
static bool in_order(struct correlator *c, struct group *g, struct moment m, const struct correlation *corr)
{
	size_t k = (size_t)m.mark;
	struct moment chain[CORR_RULES_MAX];

	for (size_t i = 0; i < k; i++) {
		struct moment *step = of_mark(g, (k - 1) << 8 | i);

		if (!step || step->time > m.time)
			return false;
		chain[i] = *step;
	}
	if (k && m.time - chain[0].time > corr->timespan_ns)
		return false;
	chain[k] = m;
	for (size_t i = 0; i <= k; i++) {
		struct moment *step = of_mark(g, k << 8 | i);

		if (i == 0 && step && step->time > chain[0].time)
			return false; /* a chain that began later is already there */
		if (!step)
			step = correlate_room(c, g);
		*step = chain[i];
		step->mark = k << 8 | i;
	}
	if (k + 1 < corr->n_rules)
		return false;
	g->n = 0;
	for (size_t i = 0; i <= k; i++)
		*correlate_room(c, g) = chain[i];
	return true;
}

static void match(struct walk *w, const struct rule *r, struct moment m, struct event *ev, const struct firing *from);

static void fire(struct walk *w, struct group *g, struct moment m, const struct str *values)
{
	const struct correlation *corr = g->rule->corr;
	struct entry_ref *refs = w->c->refs;
	struct firing f = {.rule = g->rule, .time_ns = m.time, .refs = refs, .names = corr->group, .values = values,
	                   .n_group = corr->n_group, .folded = g->folded};

	if (m.time < g->quiet) {
		g->folded++;
		w->c->sum.folded++;
		g->n = 0;
		return;
	}
	for (size_t i = 0; i < g->n && i < REFS_MAX; i++)
		refs[f.n_refs++] = (struct entry_ref){g->list[i].index, g->list[i].log};
	g->n = 0;
	g->folded = 0;
	g->quiet = m.time + corr->timespan_ns;
	w->c->sum.fired++;
	w->fire(w->arg, &f);
	match(w, f.rule, m, NULL, &f);
}

/* Value of a field of what matched: of the message, or of the group that fired. What detect makes up lies in one place, so it is
 * kept in spare. */
static bool value_of(const struct names *names, struct event *ev, const struct firing *from, char spare[64], struct str *ret)
{
	for (size_t i = 0; i < names->n; i++) {
		size_t at = 0;

		for (size_t k = 0; !ev && k < from->n_group; k++)
			if (str_eq(from->names[k], names->list[i])) {
				*ret = from->values[k];
				return true;
			}
		if (!ev || !event_field(ev, names->list[i], &at, ret) || !ret->n)
			continue;
		if (ret->p == ev->made) {
			memcpy(spare, ev->made, sizeof ev->made);
			ret->p = spare;
		}
		return true;
	}
	return false;
}

/* A chain goes on only where one began. */
static bool has_group(const struct correlator *c, const struct rule *r, struct str key)
{
	uint64_t h = place_of(c, r, key);
	const struct group *g = c->slots[h & (c->n_slots - 1)];

	while (g && (g->rule != r || g->hash != h || !str_eq(str_n(g->key, g->key_n), key)))
		g = g->next;
	return g != NULL;
}

static void one(struct walk *w, const struct rule *r, size_t place, struct moment m, struct event *ev, const struct firing *from)
{
	const struct correlation *corr = r->corr;
	struct str values[CORR_GROUP_MAX], counted_value = STR_NONE;
	char *key = w->c->key, (*spare)[64] = w->c->spare[w->depth];
	struct group *g;
	size_t n = 0;
	bool reached;

	for (size_t i = 0; i < corr->n_group; i++) {
		if (!value_of(corr->others[i][place], ev, from, spare[i], &values[i]) || n + values[i].n + 1 > CORRELATE_KEY_MAX)
			return;
		memcpy(key + n, values[i].p, values[i].n);
		n += values[i].n;
		key[n++] = 0x1f;
	}
	if (corr->field.n && !value_of(corr->others_field, ev, from, spare[CORR_GROUP_MAX], &counted_value))
		return;
	if (corr->kind == CORR_ORDERED && place && !has_group(w->c, r, str_n(key, n)))
		return;
	g = correlate_group(w->c, r, str_n(key, n));
	if (m.time < g->newest - corr->timespan_ns) {
		w->c->sum.late++;
		return;
	}
	m.mark = corr->kind == CORR_VALUE_COUNT ? correlate_hash(w->c->seed, counted_value)
	         : corr->kind == CORR_EVENT_COUNT ? 0
	                                          : place;
	reached = corr->kind == CORR_TEMPORAL  ? together(w->c, g, m, corr)
	          : corr->kind == CORR_ORDERED ? in_order(w->c, g, m, corr)
	                                       : counted(w->c, g, m, corr);
	if (m.time > g->newest)
		g->newest = m.time;
	if (reached)
		fire(w, g, m, values);
}

static void match(struct walk *w, const struct rule *r, struct moment m, struct event *ev, const struct firing *from)
{
	if (w->depth >= CORRELATE_DEPTH)
		return;
	w->depth++;
	for (size_t i = 0; i < r->n_feeds; i++)
		for (size_t k = 0; k < r->feeds[i]->corr->n_rules; k++)
			if (r->feeds[i]->corr->rules[k] == r)
				one(w, r->feeds[i], k, m, ev, from);
	w->depth--;
}

void correlator_match(struct correlator *c, const struct rule *r, struct event *ev, correlate_fire_fn *fn, void *arg)
{
	struct walk w = {c, fn, arg, 0};
	struct moment m = {.time = ev->in->time_ns, .index = ev->in->index, .log = correlator_log(c, ev->in->log)};
	int swept = 0;

	if (!r->n_feeds)
		return;
	match(&w, r, m, ev, NULL);
	for (struct group *g = c->oldest, *newer; g && swept < SWEEP; g = newer, swept++) {
		newer = g->newer;
		if (g->newest + 2 * g->rule->corr->timespan_ns > m.time || g->quiet > m.time)
			break;
		drop(c, g);
	}
}
