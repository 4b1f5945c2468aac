/* A file of the office that a large upload is written to: enciphered, so that nothing on the disk can be read without the office's
 * store; hashed on the way. */
#ifndef FRONT_SPOOL_H
#define FRONT_SPOOL_H

#include "front/limits.h"
#include "lib/err.h"
#include "lib/str.h"

#define SPOOL_KEY 32u

struct spool_target {
	int fd;                                          /* -1: none, or taken */
	unsigned char key[SPOOL_KEY];
};
struct spool;

/* Takes the target's descriptor over. NULL: out of memory. */
struct spool *spool_new(struct spool_target *t);
int spool_put(struct spool *s, struct str bytes) MUST_USE;
/* Nothing more comes. hex: SHA-256 of what was put, 65 bytes. */
int spool_end(struct spool *s, char *hex) MUST_USE;
int spool_fd(const struct spool *s);
void spool_free(struct spool *s);

#endif
