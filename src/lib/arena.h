/* Memory that lives as long as one request, message or file and is freed whole. Never fails for small sizes
 * (aborts when the system has none); what grows with input is bounded by the arena's cap. */
#ifndef LIB_ARENA_H
#define LIB_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"

struct arena;

struct arena *arena_new(size_t max);                 /* max: bytes in all; beyond it allocation returns NULL */
void arena_free(struct arena *a);
void arena_clear(struct arena *a);                   /* keeps the first block */
/* since it was made something was refused, perhaps a copy of a text */
bool arena_full(const struct arena *a);

/* Zeroed, aligned for any type; NULL only beyond the cap. */
void *arena_alloc(struct arena *a, size_t n);
void *arena_array(struct arena *a, size_t count, size_t size); /* overflow-checked */
#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
/* Copies, always NUL-terminated. STR_NONE and NULL stay what they are, but arena_z makes "" of STR_NONE. */
char *arena_strdup(struct arena *a, const char *z);
struct str arena_str(struct arena *a, struct str s);
const char *arena_z(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct str arena_strf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Fixed-size allocations outside an arena: abort when memory is out. */
void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t size);
char *xstrdup(const char *z);

#endif
