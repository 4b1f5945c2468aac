/* What keys answers, and to whom: the table of messages per peer. */
#ifndef KEYS_ANSWER_H
#define KEYS_ANSWER_H

#include "core/logkey.h"
#include "keys/tlskey.h"
#include "lib/msg.h"

struct keys {
	struct logkey *log;
	struct tlskey *tls;
};

/* Answers one message of peer ("vault", "front") on fd. ERR_PROTO: not a message this peer may send, or malformed. */
int keys_answer(struct keys *k, const char *peer, int fd, struct msg *m) MUST_USE;

#endif
