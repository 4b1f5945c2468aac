/* Runs one of our own programs and keeps what it prints. */
#ifndef CLI_CAPTURE_H
#define CLI_CAPTURE_H

#include "cli/place.h"
#include "lib/buf.h"

/* args: after the program's name, ended by NULL. out may be NULL: what it prints is thrown away, errors too. Returns
 * its exit code, or a negative error. */
int capture(const struct place *p, const char *program, const char *const *args, struct buf *out,
            struct err *e) MUST_USE;

#endif
