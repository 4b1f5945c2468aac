#include "lib/clock.h"

#include <stdlib.h>
#include <time.h>

static int64_t shift;

static int64_t read_clock(clockid_t id)
{
	struct timespec t;
	if (clock_gettime(id, &t) < 0)
		abort();
	return (int64_t)t.tv_sec * SECOND_US + t.tv_nsec / 1000;
}

int64_t clock_now(void)
{
	return clock_true() + shift;
}

int64_t clock_true(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_mono(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void clock_shift(int64_t us)
{
	shift = us;
}
