/* Questions of the office's writer, one message each. Argon2id is slow on purpose, so questions that need it wait in a
 * bounded queue and are worked off one at a time; when the queue is full the answer is AUTH_QUEUE_FULL at once. */
#ifndef AUTH_SERVE_H
#define AUTH_SERVE_H

#include "auth/auth.h"
#include "lib/loop.h"
#include "lib/msg.h"

#define QUEUE_MAX 64

struct serve;

/* Called when a queued question turns out to be malformed or cannot be answered: end that peer. */
typedef void serve_broke(void *arg);

struct serve *serve_new(struct auth *a, struct loop *l, serve_broke *broke, void *arg);
void serve_free(struct serve *s);
/* One message; answers go to fd. ERR_PROTO: the peer said what makes no sense. */
int serve_message(struct serve *s, int fd, struct msg *m);
/* The office has a new socket (or none, -1): questions that wait came over the old one and are forgotten. */
void serve_peer(struct serve *s, int fd);

#endif
