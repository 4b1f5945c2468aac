/* The file of a backup: a plain ustar archive (any tar lists and unpacks it) whose last member, MANIFEST, holds facts
 * about the backup as "# name value" lines and the SHA-256 of every other member in the form of sha256sum; its last
 * line is the SHA-256 of the lines before. A file that is cut off therefore has no manifest, and a flipped bit no
 * fitting hash. */
#ifndef CLI_ARCHIVE_H
#define CLI_ARCHIVE_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/buf.h"

#define ARCHIVE_NAME_MAX 99
#define ARCHIVE_MANIFEST "MANIFEST"
#define ARCHIVE_FACT_MAX 400

struct archive;

/* fd: an empty file open for writing; stays the caller's. */
struct archive *archive_new(int fd);
void archive_free(struct archive *a);
/* Adds the file open at fd as name; exactly as many bytes as it has now. ERR_SYS (disk full too), ERR_INVALID for a
 * name. */
int archive_add(struct archive *a, const char *name, int fd, struct err *e) MUST_USE;
/* Remembers the members there are now; archive_has then says whether a name is one of them. */
void archive_index(struct archive *a);
bool archive_has(const struct archive *a, const char *name);
/* A place to come back to: what is added after the mark is forgotten by archive_back. */
struct archive_mark {
	off_t at;
	size_t members;
};
struct archive_mark archive_here(const struct archive *a);
int archive_back(struct archive *a, struct archive_mark m, struct err *e) MUST_USE;
void archive_fact(struct archive *a, const char *name, const char *value);
/* Manifest, end of archive, fsync. */
int archive_end(struct archive *a, struct err *e) MUST_USE;

/* Unpacks into the folder open at dirfd, which must be empty: each file is made new and hashed on the way; then the
 * manifest is held against what came. ERR_CORRUPT says which member is damaged or missing. *facts gets the
 * manifest's "name value" lines. */
int archive_unpack(int fd, int dirfd, struct buf *facts, struct err *e) MUST_USE;
/* The value of a fact, STR_NONE when there is none. */
struct str archive_fact_of(const struct buf *facts, const char *name);

#endif
