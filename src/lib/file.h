/* Files: whole reads with a cap, writes that are either there whole or not at all. */
#ifndef LIB_FILE_H
#define LIB_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/arena.h"
#include "lib/buf.h"

/* Appends. ERR_NOTFOUND when there is none, ERR_TOOBIG beyond max or the buffer's own maximum, ERR_SYS. */
int file_read(const char *path, size_t max, struct buf *out, struct err *e) MUST_USE;
int file_read_at(int dirfd, const char *name, size_t max, struct buf *out, struct err *e) MUST_USE;
/* Temp file, fsync, rename, fsync of the directory (the last not for AT_FDCWD: open the folder). */
int file_write_atomic_at(int dirfd, const char *name, const void *p, size_t n, mode_t mode, struct err *e) MUST_USE;
/* From offset 0 if seekable; the descriptor's own offset stays. */
int fd_read_all(int fd, size_t max, struct buf *out, struct err *e) MUST_USE;
int fd_write_all(int fd, const void *p, size_t n) MUST_USE;                                   /* ERR_SYS */
int dir_fsync(int dirfd) MUST_USE;
int dir_make(const char *path, mode_t mode, struct err *e) MUST_USE;                          /* like mkdir -p */
/* Names in a directory that end with suffix ("" all), sorted by bytes; in the arena. */
int dir_list(struct arena *a, const char *path, const char *suffix, char ***ret, size_t *ret_n, struct err *e) MUST_USE;
/* A memfd holding these bytes, sealed against any change, at offset 0. -1 and errno on failure. */
int memfd_sealed(const char *name, const void *p, size_t n);

#endif
