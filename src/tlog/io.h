/* Reads and writes at a place, whole or not at all, repeated after signals. All return 0 or ERR_SYS (errno says why). */
#ifndef TLOG_IO_H
#define TLOG_IO_H

#include <sys/types.h>

#include "lib/err.h"

int io_read(int fd, void *p, size_t n, off_t at) MUST_USE;  /* ERR_SHORT at the end of the file */
int io_write(int fd, const void *p, size_t n, off_t at) MUST_USE;
int io_truncate(int fd, off_t n) MUST_USE;
int io_sync(int fd) MUST_USE;                        /* fdatasync(2) */
/* Reserves blocks so that a later write cannot meet a full disk; a file system that cannot is no failure. */
int io_reserve(int fd, off_t from, off_t n) MUST_USE;
/* The same without making the file longer. */
int io_reserve_beyond(int fd, off_t from, off_t n) MUST_USE;

#endif
