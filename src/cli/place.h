/* Where the programs and the shared data lie, as seen from this executable: built in place (build/sekisho,
 * build/libexec, build/share) or installed (PREFIX/bin/sekisho, PREFIX/libexec, PREFIX/share). */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include "lib/err.h"

struct place {
	char libexec[4096];                              /* …/libexec/sekisho */
	char share[4096];                                /* …/share/sekisho */
};

int place_find(struct place *p, struct err *e) MUST_USE;
/* Path of a program; ERR_NOTFOUND when this installation has none of that name. */
int place_program(const struct place *p, const char *name, char *ret, size_t n, struct err *e) MUST_USE;

#endif
