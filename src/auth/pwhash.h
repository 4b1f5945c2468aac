/* Argon2id as this program uses it. */
#ifndef AUTH_PWHASH_H
#define AUTH_PWHASH_H

#include <stdbool.h>

#include "lib/err.h"
#include "lib/str.h"

#define PWHASH_OPS 3
#define PWHASH_MEMORY (64ul << 20)
#define PWHASH_LEN 128

int pwhash_make(struct str password, char out[PWHASH_LEN]) MUST_USE;     /* ERR_NOMEM */
/* A hash of random bytes nobody knows. */
int pwhash_nobody(char out[PWHASH_LEN]) MUST_USE;
/* The same work whatever is found. */
bool pwhash_fits(const char *hash, struct str password);
/* The hash was made with other costs than today's. */
bool pwhash_stale(const char *hash);

#endif
