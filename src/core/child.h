/* What every program started by supervise does the same way: arguments, the pairs it was given, messages in one loop.
 *
 *   int main(int argc, char **argv)
 *   {
 *       struct child c;
 *       child_init(&c, argc, argv);              // exits 2 when not started by supervise; all first peers are there
 *       …open what is outside the sandbox, then:
 *       const char *dirs[] = {folder of mine};   // "ro:/path" for read-only ones
 *       if (sandbox_enter(&sandbox_vault, dirs, 1, seen, &e) != 0)
 *           log_fatal("vault.sandbox", "%s", e.text);
 *       …open the store below seen[0]…
 *       child_ready(&c, NULL);
 *       return child_run(&c, &handlers, arg);    // until SUP_STOP or the supervisor is gone
 *   }
 *
 * Peers are named as in proto.h ("office.writer", "office.reader.0", "office.job", "front", "auth", "vault", "keys");
 * "listen" is no peer but front's listening socket. A peer that closes or breaks the protocol is dropped and reported;
 * the supervisor sends a new pair later, which the `peer` handler is told. Single-threaded, except child_peer_fd. */
#ifndef CORE_CHILD_H
#define CORE_CHILD_H

#include "lib/loop.h"
#include "lib/msg.h"

#define CHILD_PEERS_MAX 80
#define CHILD_NAME_MAX 32

struct child_handlers {
	/* One message of a peer; m is released by the caller. 0, or anything else: the peer broke the protocol and is
	 * ended. Answer with msg_send(fd, …); when that says ERR_CLOSED, return 0: the loop notices by itself.
	 * NULL: peers are not watched, the program reads them itself (and calls child_drop). */
	int (*message)(void *arg, const char *peer, int fd, struct msg *m);
	/* A pair came (after the first start) or went: fd -1. May be NULL. */
	void (*peer)(void *arg, const char *peer, int fd);
	/* office.writer: a connection to run/control.sock by user uid; the handler owns fd. NULL: closed. */
	void (*control)(void *arg, int fd, uint32_t uid);
	/* SUP_STOP: finish what is in hand, then loop_stop(c->loop). NULL: the loop stops at once. */
	void (*stop)(void *arg);
};

struct child_peer {
	struct child *child;
	char name[CHILD_NAME_MAX];
	int fd;                                          /* -1: gone for now */
	uint32_t pair;                                   /* which one, told back when it is lost */
};

struct child {
	/* as given: "office.reader.0", absolute DIR, absolute share folder */
	const char *role, *dir, *share;
	int index;                                       /* of "office.reader.N": N, else 0 */
	int sup;
	struct loop *loop;
	struct child_peer peers[CHILD_PEERS_MAX];
	size_t n_peers;
	const struct child_handlers *on;
	void *arg;
};

/* Parses PROGRAM --fd 3 ROLE DIR SHARE, opens the log under the role's name, takes PEERs until GO. Exits 2 on wrong
 * use, 3 when the supervisor is not there. */
void child_init(struct child *c, int argc, char **argv);
/* SEKISHO_LOG=debug|info|warn|error; child_init does it. */
void child_log_level(void);
/* The socket of a peer (or "listen"), -1 when there is none now. For synchronous calls: msg_call(child_peer_fd(c,
 * "keys"), …). */
int child_peer_fd(const struct child *c, const char *name);
/* Gives a peer up: after a failed call, or because what it said makes no sense (broke: the supervisor ends that
 * process). */
void child_drop(struct child *c, const char *name, bool broke);
/* Tells the supervisor that this process serves; url is front's, else NULL. After sandbox_enter. */
void child_ready(struct child *c, const char *url);
/* office.writer: a line for the supervisor's terminal. */
void child_note(struct child *c, const char *line);
#ifdef SEKISHO_ATTACK
/* Takes what the supervisor sent within ms, outside the loop. */
void child_pump(struct child *c, int ms);
#endif
/* Runs c->loop (programs add their own descriptors and timers to it); returns the exit code. */
int child_run(struct child *c, const struct child_handlers *on, void *arg);

#endif
