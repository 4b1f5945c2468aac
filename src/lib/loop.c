/* Watches live in one array polled as it stands; a callback may add and remove anything, its own watch included, so
 * dispatch goes by index over what was polled and holes are closed afterwards. */
#include "lib/loop.h"

#include <errno.h>
#include <poll.h>

#include "lib/arena.h"
#include "lib/clock.h"

struct watch {
	loop_fn *fn;
	void *arg;
};
struct timer {
	int id;
	int64_t at;                                      /* µs, clock_mono */
	loop_fn *fn;
	void *arg;
};
struct loop {
	struct pollfd *fds;                              /* fd -1: removed */
	struct watch *watches;
	size_t n, cap;
	struct timer *timers;                            /* id 0: free */
	size_t n_timers;
	int last_id;
	bool stop;
};

struct loop *loop_new(void)
{
	return xcalloc(1, sizeof(struct loop));
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	free(l->fds);
	free(l->watches);
	free(l->timers);
	free(l);
}

static void *grow(void *old, size_t count, size_t size)
{
	void *p = reallocarray(old, count, size);
	if (!p)
		abort();
	return p;
}

void loop_add(struct loop *l, int fd, loop_fn *readable, void *arg)
{
	loop_remove(l, fd);
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 16;
		l->fds = grow(l->fds, l->cap, sizeof *l->fds);
		l->watches = grow(l->watches, l->cap, sizeof *l->watches);
	}
	l->fds[l->n] = (struct pollfd){.fd = fd, .events = POLLIN};
	l->watches[l->n++] = (struct watch){readable, arg};
}

void loop_remove(struct loop *l, int fd)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->fds[i].fd == fd)
			l->fds[i] = (struct pollfd){.fd = -1};
}

int loop_after(struct loop *l, int64_t ms, loop_fn *fn, void *arg)
{
	size_t i = 0;
	while (i < l->n_timers && l->timers[i].id != 0)
		i++;
	if (i == l->n_timers)
		l->timers = grow(l->timers, ++l->n_timers, sizeof *l->timers);
	l->last_id = l->last_id == INT32_MAX ? 1 : l->last_id + 1;
	l->timers[i] = (struct timer){l->last_id, clock_mono() + ms * 1000, fn, arg};
	return l->last_id;
}

void loop_cancel(struct loop *l, int id)
{
	for (size_t i = 0; i < l->n_timers; i++)
		if (l->timers[i].id == id)
			l->timers[i].id = 0;
}

/* The timer due first, or NULL. */
static struct timer *next_timer(struct loop *l)
{
	struct timer *best = NULL;
	for (size_t i = 0; i < l->n_timers; i++) {
		struct timer *t = &l->timers[i];
		if (t->id != 0 && (!best || t->at < best->at || (t->at == best->at && t->id < best->id)))
			best = t;
	}
	return best;
}

static int wait_ms(struct loop *l)
{
	struct timer *t = next_timer(l);
	if (!t)
		return -1;
	int64_t left = (t->at - clock_mono() + 999) / 1000;
	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

/* Timers set by a timer wait for the next round, so that one that sets itself anew cannot starve the descriptors. */
static void run_timers(struct loop *l)
{
	int64_t now = clock_mono();
	int newest = l->last_id;
	struct timer *t;
	while (!l->stop && (t = next_timer(l)) && t->at <= now && t->id <= newest) {
		loop_fn *fn = t->fn;
		void *arg = t->arg;
		t->id = 0;
		fn(arg);
	}
}

static void run_watches(struct loop *l, size_t polled)
{
	for (size_t i = 0; i < polled && !l->stop; i++)
		if (l->fds[i].fd >= 0 && l->fds[i].revents != 0) {
			l->fds[i].revents = 0;
			l->watches[i].fn(l->watches[i].arg);
		}
	size_t k = 0;
	for (size_t i = 0; i < l->n; i++)
		if (l->fds[i].fd >= 0) {
			l->fds[k] = l->fds[i];
			l->watches[k++] = l->watches[i];
		}
	l->n = k;
}

void loop_run(struct loop *l)
{
	l->stop = false;
	while (!l->stop) {
		size_t polled = l->n;
		int r = poll(l->fds, polled, wait_ms(l));
		if (r < 0 && errno != EINTR)
			abort();
		run_timers(l);
		run_watches(l, r > 0 ? polled : 0);
	}
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}
