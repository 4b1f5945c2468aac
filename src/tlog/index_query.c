/* Which words a block must hold for an entry of it to fit a query. Splits the query's words by the rules by which index_make.c splits
 * messages, and leaves out what may go on beyond the end of what was asked for. */
#include "tlog/index.h"

#include <string.h>

#include "lib/text.h"

#define WORDS_MAX 64u                                /* of one term */

struct index_word {
	char text[INDEX_WORD_MAX + 17];
	size_t n;
	enum index_class class;
	uint64_t hash;
};

struct index_query {
	const struct query *q;
	struct index_query *left, *right;
	struct index_word *words;
	size_t n;
};

/* How an end of a piece is known: something may go on there, or it is bounded (query.level), or blanks stand there. */
enum edge { EDGE_OPEN, EDGE_BOUND, EDGE_BLANK };

struct split {
	struct arena *arena;
	const struct query *q;
	struct index_query *out;
	struct str s;
	enum edge left, right;
};

static void add(struct split *p, enum index_class class, struct str s)
{
	struct index_word *w;

	if (p->out->n == WORDS_MAX || !s.n || (class == INDEX_WORD && s.n < INDEX_WORD_MIN))
		return;
	if (!p->out->words)
		p->out->words = arena_array(p->arena, WORDS_MAX, sizeof *p->out->words);
	if (!p->out->words)
		return;
	w = &p->out->words[p->out->n++];
	w->class = class;
	w->n = s.n < INDEX_WORD_MAX ? s.n : INDEX_WORD_MAX;
	memcpy(w->text, s.p, w->n);
}

static bool is_word(char c)
{
	return query_sign(c) == SIGN_WORD;
}

static bool joining(char c, unsigned level)
{
	uint8_t sign = query_sign(c);

	return sign != SIGN_BLANK && sign <= level;
}

/* Is the run of this level, which touches the end of the piece, whole? */
static bool whole(enum edge edge, unsigned level, const struct query *q)
{
	return edge == EDGE_BLANK || (edge == EDGE_BOUND && (!level || q->level >= level));
}

/* The run joined by signs up to level that the word at [b, e) begins; the word itself for level 0. */
static void add_run(struct split *p, size_t b, size_t e, unsigned level)
{
	size_t from = b, to = e, last = e;
	uint8_t weakest = 0;                             /* a run of a lower level is found as that */

	while (from && joining(p->s.p[from - 1], level))
		from--;
	if (from && level && is_word(p->s.p[from - 1]))
		return; /* not its first word */
	while (to < p->s.n && (joining(p->s.p[to], level) || (level && is_word(p->s.p[to])))) {
		to++;
		if (is_word(p->s.p[to - 1]))
			last = to;
	}
	if ((!from && !whole(p->left, level, p->q)) || (to == p->s.n && !whole(p->right, level, p->q)) || (level && last == e))
		return;
	for (size_t i = e; i < last; i++)
		weakest = !is_word(p->s.p[i]) && query_sign(p->s.p[i]) > weakest ? query_sign(p->s.p[i]) : weakest;
	if (weakest == level && index_is_word(level, p->s.p + b, last - b))
		add(p, INDEX_WORD, str_n(p->s.p + b, last - b));
}

static void add_pairs(struct split *p)
{
	size_t before = 0;

	for (size_t i = 0; i < p->s.n;) {
		uint32_t c;
		size_t n = (uint8_t)p->s.p[i] < 0x80 ? 0 : utf8_next(str_n(p->s.p + i, p->s.n - i), &c);

		if (n && before)
			add(p, INDEX_WIDE, str_n(p->s.p + i - before, before + n));
		before = n;
		i += n ? n : 1;
	}
}

static void add_piece(struct split *p)
{
	for (size_t b = 0, e; b < p->s.n; b = e) {
		e = b + 1;
		if (!is_word(p->s.p[b]))
			continue;
		while (e < p->s.n && is_word(p->s.p[e]))
			e++;
		for (unsigned level = SIGN_PATH; level; level--)
			add_run(p, b, e, level);
		if ((b || p->left != EDGE_OPEN) && (e < p->s.n || p->right != EDGE_OPEN))
			add(p, INDEX_WORD, str_n(p->s.p + b, e - b));
	}
	add_pairs(p);
}

static void add_text(struct arena *a, const struct query *q, struct index_query *out)
{
	for (size_t i = 0; i < q->n_pieces; i++) {
		bool last = i + 1 == q->n_pieces;
		struct split p = {.arena = a, .q = q, .out = out, .s = q->pieces[i].needle.text};

		p.left = !i ? (q->open_left ? EDGE_OPEN : EDGE_BOUND) : q->pieces[i].gap ? EDGE_BLANK : EDGE_OPEN;
		p.right = last ? (q->open_right ? EDGE_OPEN : EDGE_BOUND) : q->pieces[i + 1].gap ? EDGE_BLANK : EDGE_OPEN;
		add_piece(&p);
	}
}

static void add_field(struct arena *a, const struct query *q, struct index_query *out)
{
	static const enum index_class classes[] = {[QUERY_HOST] = INDEX_HOST, [QUERY_PROGRAM] = INDEX_PROGRAM,
	                                           [QUERY_SOURCE] = INDEX_SOURCE, [QUERY_PEER] = INDEX_PEER};
	struct split p = {.arena = a, .q = q, .out = out};

	if (q->field <= QUERY_PEER && !memchr(q->value.p, 1, q->value.n))
		add(&p, classes[q->field], q->value);
}

/* Whole words of a field's value; behind them the word that says the value may stand there encoded. */
static void add_value(struct arena *a, const struct query *q, struct index_query *out)
{
	struct split p = {.arena = a, .q = q, .out = out, .s = q->value};
	size_t begin = 0;

	for (size_t i = 0; i <= p.s.n && out->n + 1 < WORDS_MAX; i++) {
		bool star_before = begin && p.s.p[begin - 1] == 1, star = i < p.s.n && p.s.p[i] == 1;

		if (i < p.s.n && is_word(p.s.p[i]))
			continue;
		if (i > begin && !star_before && !star)
			add(&p, INDEX_WORD, str_n(p.s.p + begin, i - begin));
		begin = i + 1;
	}
	if (out->n)
		add(&p, INDEX_WORD, STR(QUERY_ENCODED)); /* the last */
}

struct index_query *index_query_new(struct arena *a, const struct query *q)
{
	struct index_query *iq = q ? ARENA_NEW(a, struct index_query) : NULL;

	if (!iq)
		return NULL;
	iq->q = q;
	if (q->kind == QUERY_AND || q->kind == QUERY_OR) {
		iq->left = index_query_new(a, q->left);
		iq->right = index_query_new(a, q->right);
	} else if (q->kind == QUERY_TEXT) {
		add_text(a, q, iq);
	} else if (q->kind == QUERY_FIELD) {
		add_field(a, q, iq);
	} else if (q->kind == QUERY_VALUE && q->word.text.n) {
		add_value(a, q, iq);
	}
	return iq;
}

static void key_all(struct index_query *iq, struct index_key k)
{
	if (!iq)
		return;
	for (size_t i = 0; i < iq->n; i++)
		iq->words[i].hash = index_hash(k, iq->words[i].class, iq->words[i].text, iq->words[i].n);
	key_all(iq->left, k);
	key_all(iq->right, k);
}

void index_query_key(struct index_query *iq, const uint8_t key[INDEX_KEY])
{
	key_all(iq, index_key_of(key));
}

/* All words but the last, or the last. */
static bool value_may(const struct index_query *iq, const struct index_file *f, const struct index_zone *z)
{
	for (size_t i = 0; i + 1 < iq->n; i++)
		if (!index_has(f, z, iq->words[i].hash))
			return index_has(f, z, iq->words[iq->n - 1].hash);
	return true;
}

bool index_may(const struct index_query *iq, const struct index_file *f, const struct index_zone *z)
{
	const struct query *q;

	if (!iq)
		return true;
	q = iq->q;
	switch (q->kind) {
	case QUERY_AND:
		return index_may(iq->left, f, z) && index_may(iq->right, f, z);
	case QUERY_OR:
		return index_may(iq->left, f, z) || index_may(iq->right, f, z);
	case QUERY_NUMBER:
		return q->field != QUERY_SEVERITY || q->numbers & z->severities;
	case QUERY_TIME:
		return z->time_max >= q->from_ns && z->time_min < q->to_ns;
	case QUERY_TEXT:
		if (q->beyond_ascii && z->content == INDEX_ASCII)
			return false;
		break;
	case QUERY_VALUE:
		return value_may(iq, f, z);
	case QUERY_ALL:
	case QUERY_NOT:
	case QUERY_FIELD:
		break;
	}
	for (size_t i = 0; i < iq->n; i++)
		if (!index_has(f, z, iq->words[i].hash))
			return false;
	return true;
}
