/* Where a house stands: its folder, the lock that keeps a second one out, the sockets it listens on. */
#ifndef SUPERVISE_PLACE_H
#define SUPERVISE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"

/* Makes DIR/run and takes DIR/run/lock for as long as this process lives. A short-lived command in the folder is waited
 * for; a running house is ERR_EXISTS with its process id in the text. Returns the descriptor of DIR/run, *ret_uid the
 * owner of DIR. */
int place_lock(const char *dir, bool oneshot, uint32_t *ret_uid, struct err *e) MUST_USE;
/* A TCP socket listening on "ADDR:PORT" ("[ADDR]:PORT" for IPv6, numbers only). */
int place_listen(const char *address, struct err *e) MUST_USE;
/* The same for datagrams. */
int place_datagrams(const char *address, struct err *e) MUST_USE;
/* DIR/run/control.sock, for the owner alone; an old one is replaced (the lock is ours). */
int place_control(int run_fd, struct err *e) MUST_USE;
/* Accepts one connection of root or uid; -1 for anybody else. */
int place_accept(int fd, uint32_t owner, uint32_t *ret_uid);

#endif
