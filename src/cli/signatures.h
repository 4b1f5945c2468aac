/* The steps of taking in signatures of the malware scanner (signatures.c). */
#ifndef CLI_SIGNATURES_H
#define CLI_SIGNATURES_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/hash.h"

#define SIGNATURE_BYTES_MAX (1ll << 30)

struct signature {
	char name[100];                                  /* of the file, without folders */
	char sha256[SHA256_HEX];
	bool is_signed;
	int64_t version, count;                          /* of a container; 0 */
	char made[64];                                   /* when, as its head says */
};

/* Kind and name, signature (by sigtool: containers must have one), and that it is not older than what database has of the name.
 * What cannot be signed (.ndb, .hdb …) only with unsigned_too. ERR_DENIED with what is wrong. */
int signature_check(const char *file, const char *database, bool unsigned_too, struct signature *ret, struct err *e) MUST_USE;
/* A folder beside database with what that has and the new files in place of theirs; *ret its path (caller frees). */
int signatures_stage(const char *database, char *const *files, const struct signature *s, int n, char **ret, struct err *e) MUST_USE;
/* Does ClamAV itself load all of it? (clamscan on an empty file) */
int signatures_load(const char *stage, struct err *e) MUST_USE;
/* Exchanges the two folders in one step; the old one is DATABASE.before then. */
int signatures_activate(const char *database, const char *stage, struct err *e) MUST_USE;
void signatures_drop(const char *stage);
/* RELOAD; said: its version afterwards. */
int scanner_reload(const char *socket, char *said, size_t n, struct err *e) MUST_USE;

#endif
