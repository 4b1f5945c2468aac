/* A growing byte buffer with a maximum stated at the start. Reaching it fails the buffer (ERR_NOMEM) and frees
 * nothing that the caller still reads; every later put is then a no-op, so a chain of puts is checked once. */
#ifndef LIB_BUF_H
#define LIB_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

struct buf {
	char *p;
	size_t n, cap, max;
	bool failed;
};

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);
void buf_clear(struct buf *b);                       /* keeps the memory, forgets a failure */
void buf_put(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *z);
void buf_str(struct buf *b, struct str s);
void buf_putc(struct buf *b, char c);
void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v);             /* big endian */
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);
void buf_hex(struct buf *b, const void *p, size_t n);
void buf_base64(struct buf *b, const void *p, size_t n);
/* Room for n bytes at the end, or NULL when the maximum is reached; commit with buf_grew. */
void *buf_room(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);
/* 0, or ERR_NOMEM when any put failed. */
int buf_err(const struct buf *b) MUST_USE;
/* What is in it; "" (never STR_NONE) when empty or failed. Valid until the next put. */
struct str buf_view(const struct buf *b);
/* NUL-terminated; "" when empty or failed. Valid until the next put. */
const char *buf_z(struct buf *b);

int hex_digit(char c);                               /* 0-15, or -1 */
/* Decoding: each returns bytes written or a negative code; out must hold cap bytes. */
long hex_decode(struct str s, void *out, size_t cap);
long base64_decode(struct str s, void *out, size_t cap); /* strict, padded */

#endif
