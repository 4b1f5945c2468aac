/* Typed messages between two processes over a SEQPACKET socketpair. One message: u16 type, u16 fd count, payload.
 * A payload that would not fit MSG_INLINE travels as a sealed memfd: msg_send and msg_recv do that by themselves.
 * Reading ends with msg_end(): trailing bytes, short reads and unknown types are ERR_PROTO, and the caller ends the peer. */
#ifndef LIB_MSG_H
#define LIB_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/buf.h"

#define MSG_INLINE (60u * 1024)
#define MSG_MAX (32u << 20)
#define MSG_FDS_MAX 20

struct msg {
	uint16_t type;
	struct buf out;                                  /* while writing */
	struct cur in;                                   /* while reading */
	char *mem;                                       /* received bytes (owned) */
	size_t mem_n;
	bool mapped;
	int fds[MSG_FDS_MAX];                            /* owned until taken; -1 when taken */
	unsigned n_fds, next_fd;
	int sealed;                                      /* 1 + the memfd that holds the payload already, or in which it came; 0: none */
};

void msg_init(struct msg *m, uint16_t type);
void msg_release(struct msg *m);                     /* closes descriptors not taken */

void msg_put_u8(struct msg *m, uint8_t v);
void msg_put_u32(struct msg *m, uint32_t v);
void msg_put_i64(struct msg *m, int64_t v);
void msg_put_str(struct msg *m, struct str s);       /* u32 length; NULL and "" are told apart */
void msg_put_z(struct msg *m, const char *z);
void msg_put_fd(struct msg *m, int fd);              /* a duplicate is sent; the caller keeps fd */

int msg_u8(struct msg *m, uint8_t *ret) MUST_USE;
int msg_u32(struct msg *m, uint32_t *ret) MUST_USE;
int msg_i64(struct msg *m, int64_t *ret) MUST_USE;
int msg_str(struct msg *m, size_t max, struct str *ret) MUST_USE; /* valid until msg_release; longer than max: ERR_PROTO */
int msg_fd(struct msg *m, int *ret) MUST_USE;        /* caller owns */
/* Another message, received, with what it carried: as the descriptor it came in, so that its bytes are not copied. Its descriptors stay. */
void msg_put_message(struct msg *m, const struct msg *received);
/* Such a one, to be read and released like one received; the pair with the peer says who answers for it. */
int msg_message(struct msg *m, struct msg *ret) MUST_USE;
int msg_end(struct msg *m) MUST_USE;                 /* 0 only when all was read and nothing was bad */

/* Blocking. ERR_CLOSED when the peer is gone, ERR_TOOBIG beyond MSG_MAX, ERR_SYS. The message may be sent again. */
int msg_send(int fd, struct msg *m) MUST_USE;
/* Moves a payload beyond MSG_INLINE into the memfd it will travel in, once for any number of msg_send; m->out is then free for other
 * use (its bytes stay as they are). Does nothing for a smaller one. ERR_SYS. */
int msg_seal(struct msg *m) MUST_USE;
/* Blocking unless the socket is non-blocking (then ERR_BUSY when nothing is there). Initialises *m. */
int msg_recv(int fd, struct msg *m) MUST_USE;
/* Never waits: for callbacks of a loop, where what was readable when it was polled may have been read by another since. */
int msg_recv_now(int fd, struct msg *m) MUST_USE;
/* Sends and waits for one answer of at most timeout_ms; *ret is initialised on 0. ERR_BUSY on timeout. */
int msg_call(int fd, struct msg *m, int timeout_ms, struct msg *ret) MUST_USE;
/* As if these bytes and descriptors had been received: initialises *m, owns the descriptors whatever comes out. For msg_recv
 * and fuzz_msg.c. */
int msg_parse(struct msg *m, const void *p, size_t n, const int *fds, unsigned n_fds) MUST_USE;
/* A socketpair, SEQPACKET, close-on-exec, with send and receive buffers for MSG_INLINE. */
int msg_pair(int ret[2]) MUST_USE;

#endif
