/* Inflating, held to the size and CRC the headers said. */
#include <string.h>
#include <zlib.h>

#include "rebuild/zip.h"

#define CHUNK 65536u

struct stream {
	zip_chunk *chunk;
	void *arg;
	uint64_t left;
	uint32_t crc;
};

static int pass(struct stream *st, const void *p, size_t n)
{
	if (n > st->left)
		return ERR_CORRUPT;
	st->left -= n;
	st->crc = (uint32_t)crc32(st->crc, p, (uInt)n);
	return n ? st->chunk(st->arg, p, n) : 0;
}

static int stored(struct stream *st, struct str packed)
{
	int r = 0;

	for (size_t at = 0; !r && at < packed.n; at += CHUNK)
		r = pass(st, packed.p + at, packed.n - at < CHUNK ? packed.n - at : CHUNK);
	return r;
}

static int inflated(struct stream *st, struct str packed)
{
	unsigned char out[CHUNK];
	z_stream z = {.next_in = (Bytef *)(uintptr_t)packed.p, .avail_in = (uInt)packed.n};
	int zr = Z_OK, r = 0;

	if (inflateInit2(&z, -15) != Z_OK)
		return ERR_NOMEM;
	while (!r && zr == Z_OK) {
		z.next_out = out;
		z.avail_out = sizeof out;
		zr = inflate(&z, Z_NO_FLUSH);
		if (zr != Z_OK && zr != Z_STREAM_END)
			r = ERR_CORRUPT;
		else
			r = pass(st, out, sizeof out - z.avail_out);
	}
	if (!r && (zr != Z_STREAM_END || z.avail_in))    /* bytes behind the end are a place to hide */
		r = ERR_CORRUPT;
	inflateEnd(&z);
	return r;
}

static int unpack(struct stream *st, struct str packed, uint16_t method)
{
	int r;

	if (packed.n > UINT32_MAX)
		return ERR_TOOBIG;
	r = method == ZIP_STORED ? stored(st, packed) : method == ZIP_DEFLATED ? inflated(st, packed) : ERR_INVALID;
	return !r && st->left ? ERR_CORRUPT : r;
}

int zip_unpack(struct str packed, uint16_t method, uint64_t size, uint32_t crc, zip_chunk *chunk, void *arg)
{
	struct stream st = {chunk, arg, size, 0};
	int r = unpack(&st, packed, method);

	return !r && st.crc != crc ? ERR_CORRUPT : r;
}

int zip_unpack_unchecked(struct str packed, uint16_t method, uint64_t size, zip_chunk *chunk, void *arg)
{
	struct stream st = {chunk, arg, size, 0};

	return unpack(&st, packed, method);
}

int zip_stream(const struct zip_entry *en, zip_chunk *chunk, void *arg)
{
	return en->encrypted ? ERR_DENIED : zip_unpack(en->packed, en->method, en->size, en->crc, chunk, arg);
}

static int append(void *arg, const void *p, size_t n)
{
	buf_put(arg, p, n);
	return buf_err(arg);
}

int zip_read(const struct zip_entry *en, struct buf *out)
{
	return zip_stream(en, append, out);
}
