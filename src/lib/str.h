/* Views of bytes and the bounded cursor every parser uses. A struct str owns nothing; it need not end in NUL. */
#ifndef LIB_STR_H
#define LIB_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct str {
	const char *p;
	size_t n;
};

#define STR(lit) ((struct str){(lit), sizeof(lit) - 1})
/* The same in a static table, where C takes no compound literal. */
#define STR_INIT(lit) { (lit), sizeof(lit) - 1 }
#define STR_NONE ((struct str){NULL, 0})
/* For printf: "%.*s", STR_ARG(s) */
#define STR_ARG(s) (int)(s).n, (s).p ? (s).p : ""

struct str str_from(const char *z);                 /* NUL-terminated, NULL gives STR_NONE */
static inline struct str str_n(const void *p, size_t n)
{
	return (struct str){p, n};
}
bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *z);           /* equals the C string */
bool str_ieq(struct str a, struct str b);           /* ASCII case-insensitive */
int str_cmp(struct str a, struct str b);            /* memcmp order, shorter first */
bool str_starts(struct str a, const char *prefix);
bool str_ends(struct str a, const char *suffix);
bool str_has(struct str hay, const char *needle);
struct str str_trim(struct str a);                  /* ASCII white space at both ends */
struct str str_slice(struct str a, size_t from, size_t n); /* clipped to a */
/* Splits at the first `sep`: head is returned, *rest becomes what follows (STR_NONE when there was none). */
struct str str_cut(struct str *rest, char sep);
/* Whole string as a decimal number within [min,max]; ERR_SYNTAX or ERR_RANGE. */
int str_int(struct str a, int64_t min, int64_t max, int64_t *ret) MUST_USE;

/* Cursor: reads forward, never past the end. After a failure `bad` stays set and every read fails. */
struct cur {
	const unsigned char *p, *end;
	bool bad;
};

struct cur cur_init(const void *p, size_t n);
size_t cur_left(const struct cur *c);
int cur_u8(struct cur *c, uint8_t *ret) MUST_USE;
int cur_u16(struct cur *c, uint16_t *ret) MUST_USE; /* big endian */
int cur_u32(struct cur *c, uint32_t *ret) MUST_USE;
int cur_u64(struct cur *c, uint64_t *ret) MUST_USE;
int cur_bytes(struct cur *c, size_t n, const void **ret) MUST_USE;

#endif
