#include "detect/engine.h"

#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"

#define LITERALS_MAX 200000u
#define HITS_MAX (64u * ENGINE_BATCH)

/* Where the bytes may be written otherwise than the fields read: those messages are taken apart and looked through again. */
static const char *const marks[] = {"\\u", "\\/", "msg=audit("};

struct literal {
	struct str text;
	bool left, right;                                /* no word may go on there */
	uint32_t forms;                                  /* that its rules are for */
	uint32_t marks;                                  /* forms it makes possible */
	uint32_t first, n;                               /* rules in engine.order */
	uint32_t seen;                                   /* 1 + the message it was found in last */
	bool mark;
	uint64_t hits;
};

struct watch {
	const struct rule *rule;
	struct logsource kind;
	bool off;
	uint32_t tried;                                  /* 1 + the message it was tried on last */
};

struct engine {
	struct arena *arena;
	struct rules *rules;
	hs_database_t *db;
	hs_scratch_t *scratch;
	struct literal *literals;
	size_t n_literals;
	struct watch *watch;
	size_t n_watch;
	uint32_t *order;                                 /* places in watch, by literal */
	uint32_t *again;                                 /* literals found in what was decoded */
	uint32_t *always;                                /* those without a text */
	size_t n_always;
	uint32_t always_forms;
	uint32_t unmarked;                               /* forms that need no text */
	uint64_t hits[HITS_MAX];
	size_t n_hits;
	bool unsorted, full;
	const struct message *list;
	size_t n_list, cur;
	const char *base;
	struct event ev;
	struct engine_figures sum;
};

struct pair {
	struct literal_text t;
	uint32_t watch, marks;
	bool mark;
};

static int by_text(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int r = str_cmp(x->t.s, y->t.s);

	return r ? r : (x->t.left * 2 + x->t.right) - (y->t.left * 2 + y->t.right);
}

static int by_hit(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Pairs of text and rule, sorted, become literals with their rules side by side. */
static int gather(struct engine *en, struct pair *pairs, size_t n)
{
	qsort(pairs, n, sizeof *pairs, by_text);
	en->literals = arena_array(en->arena, n + 1, sizeof *en->literals);
	en->order = arena_array(en->arena, n + 1, sizeof *en->order);
	en->again = arena_array(en->arena, n + 1, sizeof *en->again);
	if (!en->literals || !en->order || !en->again)
		return ERR_NOMEM;
	for (size_t i = 0, at = 0; i < n; i++) {
		struct literal *l = en->n_literals ? &en->literals[en->n_literals - 1] : NULL;

		if (!l || by_text(&pairs[i], &pairs[i - 1])) {
			l = &en->literals[en->n_literals++];
			*l = (struct literal){.text = pairs[i].t.s, .left = pairs[i].t.left, .right = pairs[i].t.right, .first = (uint32_t)at};
		}
		l->mark |= pairs[i].mark;
		l->marks |= pairs[i].marks;
		if (pairs[i].mark || pairs[i].marks)
			continue;
		en->order[at++] = pairs[i].watch;
		l->forms |= en->watch[pairs[i].watch].kind.possible;
		l->n++;
	}
	return 0;
}

static int compile(struct engine *en, struct err *e)
{
	const char **text = arena_array(en->arena, en->n_literals + 1, sizeof *text);
	unsigned *flags = arena_array(en->arena, en->n_literals + 1, sizeof *flags);
	unsigned *ids = arena_array(en->arena, en->n_literals + 1, sizeof *ids);
	size_t *lens = arena_array(en->arena, en->n_literals + 1, sizeof *lens);
	hs_compile_error_t *why = NULL;

	if (!text || !flags || !ids || !lens)
		return err_set(e, ERR_TOOBIG, "too many rules");
	for (size_t i = 0; i < en->n_literals; i++) {
		text[i] = en->literals[i].text.p;
		lens[i] = en->literals[i].text.n;
		flags[i] = HS_FLAG_CASELESS;
		ids[i] = (unsigned)i;
	}
	if (hs_compile_lit_multi(text, flags, ids, lens, (unsigned)en->n_literals, HS_MODE_BLOCK, NULL, &en->db, &why) != HS_SUCCESS) {
		err_set(e, ERR_INVALID, "texts of the rules: %.200s", why ? why->message : "?");
		hs_free_compile_error(why);
		return ERR_INVALID;
	}
	if (hs_alloc_scratch(en->db, &en->scratch) != HS_SUCCESS)
		return err_set(e, ERR_NOMEM, "no memory for the matcher");
	hs_database_size(en->db, &en->sum.bytes);
	return 0;
}

/* Texts that tell forms, but the brace: it is looked for where there are hits. */
static size_t mark_pairs(struct engine *en, struct pair *pairs)
{
	size_t k, n = 0;
	const struct form_mark *list = form_marks(&k);

	en->unmarked = UINT32_MAX;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		pairs[n++] = (struct pair){.t.s = str_from(marks[i]), .mark = true};
	for (size_t i = 0; i < k; i++) {
		en->unmarked &= ~(1u << list[i].form);
		if (strcmp(list[i].text, "{") != 0)
			pairs[n++] = (struct pair){.t.s = arena_str(en->arena, str_from(list[i].text)), .marks = 1u << list[i].form};
	}
	return n;
}

static int watch_rules(struct engine *en, bool (*wanted)(const struct rule *r), struct pair **pairs, size_t *ret_n)
{
	struct arena *a = en->arena;
	size_t n = 0, cap = 1024;

	*pairs = malloc(cap * sizeof **pairs);
	en->watch = arena_array(a, en->rules->n + 1, sizeof *en->watch);
	en->always = arena_array(a, en->rules->n + 1, sizeof *en->always);
	if (!*pairs || !en->watch || !en->always)
		return ERR_NOMEM;
	n = mark_pairs(en, *pairs);
	for (size_t i = 0; i < en->rules->n; i++) {
		const struct rule *r = en->rules->list[i];
		struct watch *w = &en->watch[en->n_watch];
		struct literal_text *list;
		size_t k;

		if (!r->when || (wanted && !wanted(r)))
			continue;
		w->rule = r;
		logsource_of(r, &w->kind);
		list = rule_literals(a, r, &k);
		if (!k) {
			en->always[en->n_always++] = (uint32_t)en->n_watch;
			en->always_forms |= w->kind.possible;
		}
		while (n + k > cap) {
			struct pair *grown = cap > LITERALS_MAX ? NULL : realloc(*pairs, cap * 2 * sizeof **pairs);

			if (!grown)
				return ERR_NOMEM;
			*pairs = grown;
			cap *= 2;
		}
		for (size_t x = 0; x < k; x++)
			(*pairs)[n++] = (struct pair){.t = list[x], .watch = (uint32_t)en->n_watch};
		en->n_watch++;
	}
	*ret_n = n;
	return 0;
}

int engine_new(struct rules *rs, bool (*wanted)(const struct rule *r), struct engine **ret, struct err *e)
{
	struct engine *en = xcalloc(1, sizeof *en);
	struct pair *pairs = NULL;
	size_t n = 0;
	int r;

	en->rules = rs;
	en->arena = arena_new(RULE_ARENA_MAX);
	en->ev.f = fields_new();
	r = watch_rules(en, wanted, &pairs, &n);
	if (!r)
		r = gather(en, pairs, n);
	free(pairs);
	if (r)
		err_set(e, r, "too many rules");
	else
		r = compile(en, e);
	if (r) {
		engine_free(en);
		return r;
	}
	en->sum.rules = en->n_watch;
	en->sum.literals = en->n_literals;
	en->sum.without_text = en->n_always;
	*ret = en;
	return 0;
}

void engine_free(struct engine *en)
{
	if (!en)
		return;
	hs_free_database(en->db);
	hs_free_scratch(en->scratch);
	fields_free(en->ev.f);
	arena_free(en->arena);
	free(en);
}

/* Literals keep no forms that only rules which are off ask for: what they are found in stays closed. */
void engine_turn_off(struct engine *en, const bool *off)
{
	for (size_t i = 0; i < en->n_watch; i++)
		en->watch[i].off = off[en->watch[i].rule->at];
	for (size_t i = 0; i < en->n_literals; i++) {
		struct literal *l = &en->literals[i];

		l->forms = 0;
		for (uint32_t k = 0; k < l->n; k++)
			if (!en->watch[en->order[l->first + k]].off)
				l->forms |= en->watch[en->order[l->first + k]].kind.possible;
	}
	en->always_forms = 0;
	for (size_t i = 0; i < en->n_always; i++)
		if (!en->watch[en->always[i]].off)
			en->always_forms |= en->watch[en->always[i]].kind.possible;
}

void engine_figures(const struct engine *en, struct engine_figures *ret)
{
	*ret = en->sum;
}

const struct rule *engine_without_text(const struct engine *en, size_t i)
{
	return i < en->n_always ? en->watch[en->always[i]].rule : NULL;
}

struct str engine_literal(const struct engine *en, size_t i, uint64_t *ret_hits)
{
	if (i >= en->n_literals)
		return STR_NONE;
	*ret_hits = en->literals[i].hits;
	return en->literals[i].text;
}

/* --- one batch -------------------------------------------------------------------------------------------------------- */

static size_t begin_of(const struct engine *en, size_t i)
{
	return (size_t)(en->list[i].raw.p - en->base);
}

/* Hits come by where they end, nearly always forward. What lies between two messages belongs to none. */
static int on_hit(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *arg)
{
	struct engine *en = arg;
	struct literal *l = &en->literals[id];
	size_t cur = en->cur, begin, end, at;

	while (cur && begin_of(en, cur) >= to)
		cur--;
	while (cur + 1 < en->n_list && begin_of(en, cur) + en->list[cur].raw.n < to)
		cur++;
	en->cur = cur;
	begin = begin_of(en, cur);
	end = begin + en->list[cur].raw.n;
	at = (size_t)to - l->text.n;
	if (to < begin + l->text.n || to > end)
		return 0;
	if ((l->left && at > begin && word_byte((unsigned char)en->base[at - 1])) ||
	    (l->right && to < end && word_byte((unsigned char)en->base[to])))
		return 0;
	l->hits++;
	if (l->seen == cur + 1)
		return 0;
	l->seen = (uint32_t)cur + 1;
	if (en->n_hits == HITS_MAX) {
		en->full = true;
		return 1;
	}
	if (en->n_hits && en->hits[en->n_hits - 1] >> 32 > cur)
		en->unsorted = true;
	en->hits[en->n_hits++] = (uint64_t)cur << 32 | id;
	return 0;
}

static void try_rule(struct engine *en, uint32_t place, size_t at, engine_match_fn *match, void *arg)
{
	struct watch *w = &en->watch[place];
	struct event *ev = &en->ev;

	if (w->tried == at + 1 || w->off)
		return;
	w->tried = (uint32_t)at + 1;
	if (!logsource_fits(&w->kind, ev->f, ev->in->source))
		return;
	en->sum.tried++;
	if (!event_holds(ev, w->rule->when, en->rules->scratch ? en->rules->scratch : en->scratch))
		return;
	if (w->kind.rows && !logsource_fits(&w->kind, ev->f, ev->in->source))
		return; /* with the fields at hand the channel is known */
	en->sum.matched++;
	match(arg, w->rule, ev);
}

struct again {
	struct engine *en;
	size_t at;
	size_t n;
};

static int on_decoded(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *arg)
{
	struct again *a = arg;

	if (a->en->literals[id].seen != a->at + 1 + ENGINE_BATCH) {
		a->en->literals[id].seen = (uint32_t)(a->at + 1 + ENGINE_BATCH);
		a->en->again[a->n++] = id;
	}
	return 0;
}

/* What the fields say where it is not what stands in the raw bytes. */
static void look_again(struct engine *en, size_t at, engine_match_fn *match, void *arg)
{
	struct event *ev = &en->ev;
	struct again a = {en, at, 0};

	if (!ev->parsed) {
		fields_rest(ev->f);
		ev->parsed = true;
	}
	if (!ev->f->decoded)
		return;
	hs_scan(en->db, ev->f->scratch, (unsigned)ev->f->scratch_n, 0, en->scratch, on_decoded, &a);
	for (size_t i = 0; i < a.n; i++)
		for (uint32_t k = 0; k < en->literals[en->again[i]].n; k++)
			try_rule(en, en->order[en->literals[en->again[i]].first + k], at, match, arg);
}

/* Forms the message may have, by what was found in it. */
static uint32_t possible_forms(const struct engine *en, size_t at, size_t from, size_t to)
{
	struct str raw = en->list[at].raw;
	uint32_t forms = en->unmarked;

	for (size_t i = from; i < to; i++)
		forms |= en->literals[(uint32_t)en->hits[i]].marks;
	if (memchr(raw.p, '{', raw.n))
		forms |= 1u << FORM_JSON | 1u << FORM_WINDOWS;
	return forms;
}

/* The hits [from, to) of one message, and what is tried on all. */
static void one_message(struct engine *en, size_t at, size_t from, size_t to, engine_match_fn *match, void *arg)
{
	uint32_t forms = possible_forms(en, at, from, to), wanted = en->always_forms;
	bool again = false;

	for (size_t i = from; i < to; i++) {
		const struct literal *l = &en->literals[(uint32_t)en->hits[i]];

		again |= l->mark;
		wanted |= l->forms;
	}
	if (!(wanted & forms) && !again)
		return;
	en->sum.opened++;
	en->ev.in = &en->list[at];
	en->ev.parsed = false;
	fields_head(en->ev.f, en->list[at].raw);
	for (size_t i = from; i < to; i++) {
		const struct literal *l = &en->literals[(uint32_t)en->hits[i]];

		for (uint32_t k = 0; k < l->n && l->forms & 1u << en->ev.f->form; k++)
			try_rule(en, en->order[l->first + k], at, match, arg);
	}
	for (size_t i = 0; i < en->n_always && en->always_forms & 1u << en->ev.f->form; i++)
		try_rule(en, en->always[i], at, match, arg);
	if (again)
		look_again(en, at, match, arg);
	en->sum.parsed += en->ev.parsed;
}

static struct str span(const struct message *list, size_t n)
{
	const char *from = list[0].raw.p;

	return (struct str){from, (size_t)(list[n - 1].raw.p + list[n - 1].raw.n - from)};
}

int engine_scan(struct engine *en, struct str bytes, const struct message *list, size_t n, engine_match_fn *match, void *arg)
{
	size_t hit = 0;

	if (!n)
		return 0;
	en->list = list;
	en->n_list = n;
	en->base = bytes.p;
	en->cur = en->n_hits = 0;
	en->unsorted = en->full = false;
	for (size_t i = 0; i < en->n_literals; i++)
		en->literals[i].seen = 0;
	for (size_t i = 0; i < en->n_watch; i++)
		en->watch[i].tried = 0;
	hs_scan(en->db, bytes.p, (unsigned)bytes.n, 0, en->scratch, on_hit, en);
	if (en->full) { /* half by half; one message alone always fits */
		size_t half = n / 2;

		if (n == 1)
			return ERR_NOMEM;
		if (engine_scan(en, span(list, half), list, half, match, arg))
			return ERR_NOMEM;
		return engine_scan(en, span(list + half, n - half), list + half, n - half, match, arg);
	}
	if (en->unsorted)
		qsort(en->hits, en->n_hits, sizeof *en->hits, by_hit);
	en->sum.messages += n;
	en->sum.hits += en->n_hits;
	for (size_t i = 0; i < n; i++) {
		size_t from = hit;

		while (hit < en->n_hits && en->hits[hit] >> 32 == i)
			hit++;
		if (hit > from || en->n_always)
			one_message(en, i, from, hit, match, arg);
	}
	return 0;
}
