#include <libdeflate.h>
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

void zip_add(struct zip_writer *w, struct str name, struct str content)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(LEVEL);
	size_t at = w->out->n, room = content.n, n = 0;
	uint32_t crc = libdeflate_crc32(0, content.p, content.n);
	char *tmp = content.n ? malloc(room) : NULL;

	if (!c || (content.n && !tmp) || content.n > UINT32_MAX || at > UINT32_MAX || name.n > ZIP_NAME_MAX ||
	    w->n == ZIP_ENTRIES_MAX) {
		w->failed = ERR_TOOBIG;
	} else {
		if (content.n)
			n = libdeflate_deflate_compress(c, content.p, content.n, tmp, room - 1);
		le32(w->out, 0x04034b50u);
		head(w->out, name, n > 0, crc, n ? n : content.n, content.n);
		buf_str(w->out, name);
		buf_put(w->out, n ? tmp : content.p, n ? n : content.n);
		le32(&w->central, 0x02014b50u);
		le16(&w->central, 20);
		head(&w->central, name, n > 0, crc, n ? n : content.n, content.n);
		le16(&w->central, 0);                    /* comment */
		le16(&w->central, 0);                    /* disk */
		le16(&w->central, 0);                    /* attributes */
		le32(&w->central, 0);
		le32(&w->central, (uint32_t)at);
		buf_str(&w->central, name);
		w->n++;
	}
	free(tmp);
	libdeflate_free_compressor(c);
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
