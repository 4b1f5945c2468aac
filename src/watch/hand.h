/* Handing files over and fetching them: the requests of the API of transfers, spoken to the office as front speaks them, with a token's
 * rights and no other. */
#ifndef WATCH_HAND_H
#define WATCH_HAND_H

#include "watch/folder.h"

struct reply {
	unsigned status;
	struct str body;
	int file;                                        /* -1; else what is fetched */
	int64_t size;
	struct msg *m;                                   /* owns the body */
};
/* One call; reply_release in every case. */
int hand_over(int office, const struct folder *f, const struct item *it, int fd, int64_t size, struct reply *ret) MUST_USE;
int hand_ask(int office, const struct folder *f, int64_t id, bool file, struct reply *ret) MUST_USE;
void reply_release(struct reply *r);

#endif
