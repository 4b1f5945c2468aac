#include "lib/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define BLOCK_FIRST 4096u
#define BLOCK_LARGEST (256u * 1024)

struct block {
	struct block *next;                              /* older */
	size_t size, used;                               /* of data */
	alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block *top;                               /* newest; the chain ends at the first block */
	size_t max, used;
	bool full;                                       /* something was refused */
};

static struct block *block_new(size_t size)
{
	struct block *b = xmalloc(sizeof *b + size);
	*b = (struct block){ .size = size };
	ASAN_POISON_MEMORY_REGION(b->data, size);
	return b;
}

static void block_free(struct block *b)
{
	ASAN_UNPOISON_MEMORY_REGION(b->data, b->size);
	free(b);
}

struct arena *arena_new(size_t max)
{
	struct arena *a = xcalloc(1, sizeof *a);
	a->max = max;
	a->top = block_new(BLOCK_FIRST);
	return a;
}

void arena_clear(struct arena *a)
{
	while (a->top->next) {
		struct block *older = a->top->next;
		block_free(a->top);
		a->top = older;
	}
	a->top->used = 0;
	ASAN_POISON_MEMORY_REGION(a->top->data, a->top->size);
	a->used = 0;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	arena_clear(a);
	block_free(a->top);
	free(a);
}

bool arena_full(const struct arena *a)
{
	return a->full;
}

/* A block that holds n bytes more; a large one goes below the top so that the top's room is not lost. */
static struct block *arena_block(struct arena *a, size_t n)
{
	if (a->top->size - a->top->used >= n)
		return a->top;
	if (n > BLOCK_LARGEST / 4) {
		struct block *b = block_new(n);
		/* The first block stays last, for arena_clear. */
		b->next = a->top->next ? a->top->next : a->top;
		if (a->top->next)
			a->top->next = b;
		else
			a->top = b;
		return b;
	}
	size_t size = a->top->size < BLOCK_LARGEST ? a->top->size * 2 : BLOCK_LARGEST;
	while (size < n)
		size *= 2;
	struct block *b = block_new(size);
	b->next = a->top;
	a->top = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t unit = alignof(max_align_t), all;
	bool over = __builtin_add_overflow(n ? n : 1, unit - 1, &all);
	all -= over ? 0 : all % unit;
	if (over || all > a->max || a->used > a->max - all) {
		a->full = true;
		return NULL;
	}
	struct block *b = arena_block(a, all);
	void *p = b->data + b->used;
	b->used += all;
	a->used += all;
	ASAN_UNPOISON_MEMORY_REGION(p, n ? n : 1);
	memset(p, 0, n);
	return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t n;
	if (__builtin_mul_overflow(count, size, &n)) {
		a->full = true;
		return NULL;
	}
	return arena_alloc(a, n);
}

struct str arena_str(struct arena *a, struct str s)
{
	if (!s.p || s.n == SIZE_MAX)
		return STR_NONE;
	char *p = arena_alloc(a, s.n + 1);
	if (!p)
		return STR_NONE;
	memcpy(p, s.p, s.n);
	return (struct str){ p, s.n };
}

char *arena_strdup(struct arena *a, const char *z)
{
	return (char *)arena_str(a, str_from(z)).p;
}

const char *arena_z(struct arena *a, struct str s)
{
	return s.p ? arena_str(a, s).p : "";
}

static struct str arena_vstrf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	char *p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (!p)
		return STR_NONE;
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	return (struct str){ p, (size_t)n };
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str s = arena_vstrf(a, fmt, ap);
	va_end(ap);
	return (char *)s.p;
}

struct str arena_strf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str s = arena_vstrf(a, fmt, ap);
	va_end(ap);
	return s;
}

static void *must(void *p)
{
	if (!p) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

void *xmalloc(size_t n)
{
	return must(malloc(n ? n : 1));
}

void *xcalloc(size_t count, size_t size)
{
	return must(calloc(count ? count : 1, size ? size : 1));
}

char *xstrdup(const char *z)
{
	return must(strdup(z));
}
