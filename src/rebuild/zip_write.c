#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "rebuild/zip.h"

#define LEVEL 6
#define DATE_1980 0x0021u                            /* 1 January 1980, the first a ZIP can say */
#define UTF8 0x0800u

static void le16(struct buf *b, unsigned v)
{
	buf_u8(b, (uint8_t)v);
	buf_u8(b, (uint8_t)(v >> 8));
}

static void le32(struct buf *b, uint32_t v)
{
	le16(b, v & 0xffff);
	le16(b, v >> 16);
}

void zip_begin(struct zip_writer *w, struct buf *out)
{
	*w = (struct zip_writer){.out = out};
	buf_init(&w->central, 64u << 20);
}

/* The fields both headers share. */
static void head(struct buf *b, struct str name, bool packed, uint32_t crc, size_t packed_n, size_t n)
{
	le16(b, 20);
	le16(b, UTF8);
	le16(b, packed ? ZIP_DEFLATED : ZIP_STORED);
	le16(b, 0);
	le16(b, DATE_1980);
	le32(b, crc);
	le32(b, (uint32_t)packed_n);
	le32(b, (uint32_t)n);
	le16(b, (unsigned)name.n);
	le16(b, 0);
}

/* What is packed already: trying again costs time and gains nothing. */
static bool dense(struct str s)
{
	return str_starts(s, "\xff\xd8\xff") || str_starts(s, "\x89PNG") || str_starts(s, "PK\3\4");
}

int zip_pack(struct str content, struct zip_packed *ret)
{
	static struct libdeflate_compressor *c;          /* to the end of the process */
	char *less;

	if (!c)
		c = libdeflate_alloc_compressor(LEVEL);
	*ret = (struct zip_packed){.p = malloc(content.n + 1), .size = content.n, .crc = libdeflate_crc32(0, content.p, content.n)};
	if (!c || !ret->p) {
		free(ret->p);
		ret->p = NULL;
		return ERR_NOMEM;
	}
	ret->n = content.n && !dense(content) ? libdeflate_deflate_compress(c, content.p, content.n, ret->p, content.n - 1) : 0;
	ret->deflated = ret->n > 0;
	if (!ret->deflated) {
		memcpy(ret->p, content.p, content.n);
		ret->n = content.n;
	}
	less = realloc(ret->p, ret->n + 1);
	if (less)
		ret->p = less;
	return 0;
}

void zip_add_packed(struct zip_writer *w, struct str name, struct zip_packed *p)
{
	size_t at = w->out->n;

	if (p->size > UINT32_MAX || at > UINT32_MAX || name.n > ZIP_NAME_MAX || w->n == ZIP_ENTRIES_MAX) {
		w->failed = ERR_TOOBIG;
	} else {
		le32(w->out, 0x04034b50u);
		head(w->out, name, p->deflated, p->crc, p->n, p->size);
		buf_str(w->out, name);
		buf_put(w->out, p->p, p->n);
		le32(&w->central, 0x02014b50u);
		le16(&w->central, 20);
		head(&w->central, name, p->deflated, p->crc, p->n, p->size);
		le16(&w->central, 0);                    /* comment */
		le16(&w->central, 0);                    /* disk */
		le16(&w->central, 0);                    /* attributes */
		le32(&w->central, 0);
		le32(&w->central, (uint32_t)at);
		buf_str(&w->central, name);
		w->n++;
	}
	free(p->p);
	p->p = NULL;
}

void zip_add(struct zip_writer *w, struct str name, struct str content)
{
	struct zip_packed p;
	int r = zip_pack(content, &p);

	if (r)
		w->failed = r;
	else
		zip_add_packed(w, name, &p);
}

int zip_end(struct zip_writer *w)
{
	size_t at = w->out->n;
	int r;

	buf_str(w->out, buf_view(&w->central));
	le32(w->out, 0x06054b50u);
	le32(w->out, 0);
	le16(w->out, w->n);
	le16(w->out, w->n);
	le32(w->out, (uint32_t)w->central.n);
	le32(w->out, (uint32_t)at);
	le16(w->out, 0);
	r = w->failed ? w->failed : at > UINT32_MAX ? ERR_TOOBIG : buf_err(&w->central) || buf_err(w->out) ? ERR_NOMEM : 0;
	buf_release(&w->central);
	return r;
}
