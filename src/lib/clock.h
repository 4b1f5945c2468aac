/* The one source of time. Instants are µs since 1970 UTC. In sample folders the office may run at another date
 * (clock_shift), so that a past or future day can be shown; proofs and logs always use the true time. */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include <stdint.h>

#define SECOND_US 1000000LL
#define DAY_US (86400LL * SECOND_US)

int64_t clock_now(void);                             /* µs UTC, shifted */
int64_t clock_true(void);                            /* µs UTC, as the machine says */
int64_t clock_mono(void);                            /* µs, for durations only */
void clock_shift(int64_t us);

#endif
