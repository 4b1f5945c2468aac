/* Large checks on two connections: each SELECT of a check's UNION ALL is a piece of work, or two where the check says `every:` (what fails,
 * and how many there are: rows that are met need not pass one by one). This thread and a second one, which reads the same snapshot by a
 * connection of its own, take pieces, the longest first, until none is left. Nothing is written here: the control's turn comes later
 * (judge.c), in the one transaction of the writer, and finds its rows ready. */
#include <pthread.h>
#include <time.h>

#include "core/check_arms.h"
#include "core/judge_int.h"
#include "lib/clock.h"
#include "lib/log.h"

#define PIECES_MAX (2 * CHECK_ARMS_MAX)
#define PIECE_ARENA_MAX (64u << 20)                      /* findings of one piece; above it the control is judged in its turn */

int64_t judge_ahead_min = 20000;

struct piece {
	const struct control_row *k;
	size_t at;                                       /* which of the control's */
	const char *sql;
	enum { PIECE_ROWS, PIECE_FAILING, PIECE_COUNTS } kind;
	int64_t expected, cost;                          /* µs */
	struct judge j;
	bool done;
};

struct ahead {
	struct arena *a;
	struct piece *v;                                 /* by control, then arm */
	size_t n;
	struct piece **todo;                             /* the longest first */
	size_t next;
	pthread_mutex_t lock;
};

struct reader {                                          /* one of the two */
	struct ahead *ahead;
	struct assess x;
	struct world w;
	struct err e;
};

static struct piece *take(struct ahead *h)
{
	struct piece *p;

	pthread_mutex_lock(&h->lock);
	p = h->next < h->n ? h->todo[h->next++] : NULL;
	pthread_mutex_unlock(&h->lock);
	return p;
}

/* Of this thread, µs: what a piece is worth does not depend on who else is busy. */
static int64_t processor_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * SECOND_US + t.tv_nsec / 1000;
}

static void *work(void *arg)
{
	struct reader *r = arg;
	struct piece *p;

	while ((p = take(r->ahead))) {
		int64_t from = processor_time();

		p->j = (struct judge){.x = &r->x, .a = arena_new(PIECE_ARENA_MAX), .k = p->k, .counted = p->kind != PIECE_ROWS};
		p->done = (p->kind == PIECE_COUNTS ? judge_run_counts(&p->j, p->sql) : judge_run(&p->j, p->sql)) == 0;
		p->j.x = NULL;                           /* of this thread only */
		p->cost = processor_time() - from;
	}
	return NULL;
}

/* The same world as x, on another connection; errors go to a place of its own and are forgotten: the control's turn tells of them. */
static void reader_init(struct reader *r, const struct assess *x, struct ahead *h, struct db *db)
{
	*r = (struct reader){.ahead = h, .x = *x, .w = *x->w};
	r->w.db = db;
	r->x.w = &r->w;
	r->x.e = &r->e;
	r->x.a = NULL;
}

static int longest_first(const void *a, const void *b)
{
	const struct piece *x = *(struct piece *const *)a, *y = *(struct piece *const *)b;

	return x->expected > y->expected ? -1 : x->expected < y->expected;
}

static void add(struct ahead *h, const struct control_row *k, size_t at, int kind, const char *sql, int64_t expected)
{
	h->v[h->n++] = (struct piece){.k = k, .at = at, .kind = kind, .sql = sql, .expected = expected};
}

/* Expected is what a piece took the last time; where nothing is known, counts go last. */
static void add_control(struct ahead *h, struct assess *x, const struct control_row *k)
{
	const struct check_memory *m = assess_memory(x, k);
	struct check_arm arms[CHECK_ARMS_MAX];
	size_t n = check_arms(x->w->db, h->a, k->check, arms), at = 0;
	int64_t subjects = assess_subjects(x, k->id);

	for (size_t i = 0; i < n; i++) {
		const int64_t *cost = m ? m->piece_cost + at : NULL;

		if (!arms[i].failing) {
			add(h, k, at++, PIECE_ROWS, arms[i].rows, cost && cost[0] ? cost[0] : subjects);
			continue;
		}
		add(h, k, at++, PIECE_FAILING, arms[i].failing, cost && cost[0] ? cost[0] : subjects);
		add(h, k, at++, PIECE_COUNTS, arms[i].counts, cost && cost[1] ? cost[1] : subjects / 8);
	}
}

static struct ahead *prepare(struct assess *x, const struct control_row *const *k, size_t n)
{
	struct ahead *h = xcalloc(1, sizeof *h);

	h->a = arena_new(ASSESS_ARENA_MAX);
	h->v = arena_array(h->a, n * PIECES_MAX, sizeof *h->v);
	h->todo = arena_array(h->a, n * PIECES_MAX, sizeof *h->todo);
	pthread_mutex_init(&h->lock, NULL);
	if (!h->v || !h->todo)
		return h;
	for (size_t i = 0; i < n; i++)
		add_control(h, x, k[i]);
	for (size_t i = 0; i < h->n; i++)
		h->todo[i] = &h->v[i];
	if (h->n)
		qsort(h->todo, h->n, sizeof(struct piece *), longest_first);
	return h;
}

static void remember_costs(struct assess *x, const struct ahead *h)
{
	for (size_t i = 0; i < h->n; i++) {
		struct check_memory *m = assess_memory(x, h->v[i].k);

		log_debug("assess.piece", "control=%.*s piece=%zu kind=%d us=%lld", STR_ARG(h->v[i].k->id), h->v[i].at, (int)h->v[i].kind,
		          (long long)h->v[i].cost);
		if (m)
			m->piece_cost[h->v[i].at] = h->v[i].cost;
	}
}

void judge_ahead(struct assess *x, const struct control_row *const *k, size_t n)
{
	struct ahead *h = prepare(x, k, n);
	struct reader here, there;
	struct db *second = NULL;
	bool open = x->checks->before != NULL, two = h->n > 1 && !assess_before(x, &second) && second;
	pthread_t thread;

	x->opened = !open && second;
	x->ahead = h;
	reader_init(&here, x, h, x->w->db);
	reader_init(&there, x, h, second);
	if (two)
		db_sweep(second, true);
	two = two && pthread_create(&thread, NULL, work, &there) == 0;
	work(&here);
	if (two)
		pthread_join(thread, NULL);
	if (second)
		db_sweep(second, false);
	remember_costs(x, h);
}

static bool append(struct judge *j, const struct verdicts *more)
{
	for (size_t i = 0; i < more->n; i++) {
		if (j->now.n == j->now.cap)
			j->now.v = assess_grow(j->a, j->now.v, j->now.n, &j->now.cap, sizeof *j->now.v);
		if (!j->now.v)
			return false;
		j->now.v[j->now.n++] = more->v[i];
	}
	return true;
}

static struct piece *pieces_of(const struct assess *x, const struct control_row *k, size_t *ret_n)
{
	const struct ahead *h = x->ahead;
	size_t from = 0, n = 0;

	while (h && from < h->n && h->v[from].k != k)
		from++;
	while (h && from + n < h->n && h->v[from + n].k == k)
		n++;
	*ret_n = n;
	return n ? h->v + from : NULL;
}

bool judge_take_ahead(struct judge *j)
{
	size_t n;
	struct piece *p = pieces_of(j->x, j->k, &n);
	bool all = n > 0;

	for (size_t i = 0; i < n; i++)
		all &= p[i].done;
	for (size_t i = 0; all && i < n; i++) {
		all = append(j, &p[i].j.now);
		tallies_take(&j->tallies, &p[i].j.tallies);
		j->in_scope |= p[i].j.in_scope;
		j->counted |= p[i].j.counted;
		p[i].done = false;                       /* once */
	}
	return all || arena_full(j->a);                  /* full: judge.c looks and says so */
}

int64_t judge_ahead_cost(const struct assess *x, const struct control_row *k)
{
	size_t n;
	const struct piece *p = pieces_of(x, k, &n);
	int64_t us = 0;

	for (size_t i = 0; i < n; i++)
		us += p[i].cost;
	return us;
}

void judge_ahead_end(struct assess *x)
{
	struct ahead *h = x->ahead;

	x->ahead = NULL;
	if (!h)
		return;
	for (size_t i = 0; i < h->n; i++) {
		tallies_release(&h->v[i].j.tallies);
		arena_free(h->v[i].j.a);
	}
	pthread_mutex_destroy(&h->lock);
	arena_free(h->a);
	free(h);
}
