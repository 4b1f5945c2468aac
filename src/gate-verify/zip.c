#include "gate-verify/zip.h"

#include <stdlib.h>
#include <string.h>

#include "gate-verify/inflate.h"

#define PART_MAX (512u << 20)

static uint32_t le(const struct check *c, size_t at, unsigned n)
{
	uint32_t v = 0;

	for (unsigned i = n; i-- > 0;)
		v = v << 8 | (unsigned char)c->in.p[at + i];
	return v;
}

/* Version 20, flag 0x0800, method, 1980-01-01 00:00, CRC, sizes, name length, no extra: the 26 bytes both headers share. */
static bool head(struct check *c, size_t at, struct zip_part *p, size_t *name_n)
{
	uint32_t method;

	if (at + 26 > c->in.n)
		return refuse(c, "zip-header", at);
	method = le(c, at + 4, 2);
	if (le(c, at, 2) != 20 || le(c, at + 2, 2) != 0x0800 || (method != 0 && method != 8) || le(c, at + 6, 2) ||
	    le(c, at + 8, 2) != 0x0021 || le(c, at + 24, 2))
		return refuse(c, "zip-header", at);
	p->deflated = method == 8;
	p->crc = le(c, at + 10, 4);
	p->packed.n = le(c, at + 14, 4);
	p->size = le(c, at + 18, 4);
	*name_n = le(c, at + 22, 2);
	if (!*name_n || *name_n > 1024 || p->size > PART_MAX || (p->deflated ? p->packed.n >= p->size : p->packed.n != p->size))
		return refuse(c, "zip-header", at);
	return true;
}

static bool one(struct check *c, size_t *at, struct zip_part *p)
{
	size_t name_n;

	p->at = *at;
	if (!head(c, *at + 4, p, &name_n))
		return false;
	if (c->in.n - *at < 30 + name_n + p->packed.n)
		return refuse(c, "zip-header", *at);
	p->name = str_slice(c->in, *at + 30, name_n);
	p->packed.p = c->in.p + *at + 30 + name_n;
	*at += 30 + name_n + p->packed.n;
	return true;
}

static bool central(struct check *c, size_t *at, const struct zip_part *want)
{
	struct zip_part p = {0};
	size_t name_n;

	if (c->in.n - *at < 46 || le(c, *at, 4) != 0x02014b50u || le(c, *at + 4, 2) != 20)
		return refuse(c, "zip-central", *at);
	if (!head(c, *at + 6, &p, &name_n))
		return false;
	if (c->in.n - *at < 46 + name_n || p.crc != want->crc || p.size != want->size || p.packed.n != want->packed.n ||
	    p.deflated != want->deflated || le(c, *at + 32, 4) || le(c, *at + 36, 2) || le(c, *at + 38, 4) ||
	    le(c, *at + 42, 4) != want->at || !str_eq(str_slice(c->in, *at + 46, name_n), want->name))
		return refuse(c, "zip-central", *at);
	*at += 46 + name_n;
	return true;
}

bool zip_parts(struct check *c, struct zip_part **ret, size_t *ret_n)
{
	struct zip_part *list = arena_array(c->arena, ZIP_PARTS_MAX, sizeof *list);
	size_t at = 0, cd, n = 0;

	if (!list)
		return refuse(c, "memory", 0);
	while (c->in.n - at >= 4 && le(c, at, 4) == 0x04034b50u) {
		if (n == ZIP_PARTS_MAX)
			return refuse(c, "zip-count", at);
		if (!one(c, &at, &list[n]))
			return false;
		n++;
	}
	cd = at;
	for (size_t i = 0; i < n; i++)
		if (!central(c, &at, &list[i]))
			return false;
	if (c->in.n - at != 22 || le(c, at, 4) != 0x06054b50u || le(c, at + 4, 4) || le(c, at + 8, 2) != n ||
	    le(c, at + 10, 2) != n || le(c, at + 12, 4) != at - cd || le(c, at + 16, 4) != cd || le(c, at + 20, 2))
		return refuse(c, "zip-end", at);
	*ret = list;
	*ret_n = n;
	return true;
}

uint8_t *zip_content(struct check *c, const struct zip_part *p)
{
	uint8_t *out = malloc(p->size ? (size_t)p->size : 1);

	if (!out) {
		refuse(c, "memory", p->at);
	} else if (p->deflated ? !inflate_exact(p->packed, out, (size_t)p->size) : (memcpy(out, p->packed.p, p->packed.n), false)) {
		refuse(c, "zip-deflate", p->at);
	} else if (crc32_of(str_n(out, (size_t)p->size)) != p->crc) {
		refuse(c, "zip-crc", p->at);
	} else {
		return out;
	}
	free(out);
	return NULL;
}
