#include "tlog/packer.h"

#include <stdlib.h>

#define ZSTD_STATIC_LINKING_ONLY                     /* for the parameter that skips the second checksum */
#include <zstd.h>

#include "lib/arena.h"
#include "tlog/pack.h"
#include "tlog/segment.h"

#define LEVEL 1                                      /* on log lines -1 packs better than -3 and three times as fast */
#define TAG "SVE1"
#define PACK_FROM 128u                               /* envelopes of fewer bytes stay as they are */

struct packer {
	ZSTD_CCtx *ctx;
	ZSTD_DCtx *back;
	struct pack *pack;
	struct buf text, heads, payload, frames;
	struct str heads_packed;                         /* of what was unpacked last, in the caller's bytes */
	uint32_t heads_bytes;
	bool apart;                                      /* text and envelopes, no bundles */
};

struct packer *packer_new(void)
{
	struct packer *p = xcalloc(1, sizeof *p);

	p->ctx = ZSTD_createCCtx();
	p->back = ZSTD_createDCtx();
	if (!p->ctx || !p->back || ZSTD_isError(ZSTD_CCtx_setParameter(p->ctx, ZSTD_c_compressionLevel, LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(p->ctx, ZSTD_c_checksumFlag, 1)))
		abort();
	/* The frame's own checksum stands beside ours over the same bytes: one is enough. */
	(void)!ZSTD_isError(ZSTD_DCtx_setParameter(p->back, ZSTD_d_forceIgnoreChecksum, ZSTD_d_ignoreChecksum));
	p->pack = pack_new();
	buf_init(&p->text, BLOCK_BYTES_MAX);
	buf_init(&p->heads, BLOCK_BYTES_MAX);
	buf_init(&p->payload, PACKED_MAX);
	buf_init(&p->frames, PACKED_MAX);
	return p;
}

void packer_free(struct packer *p)
{
	if (!p)
		return;
	ZSTD_freeCCtx(p->ctx);
	ZSTD_freeDCtx(p->back);
	pack_free(p->pack);
	buf_release(&p->text);
	buf_release(&p->heads);
	buf_release(&p->payload);
	buf_release(&p->frames);
	free(p);
}

/* Appends a frame of what is in from. */
static int add_frame(struct packer *p, struct buf *to, const struct buf *from)
{
	size_t bound = ZSTD_compressBound(from->n), n;
	void *room = buf_room(to, bound);

	if (!room)
		return ERR_NOMEM;
	n = ZSTD_compress2(p->ctx, room, bound, from->p, from->n);
	if (ZSTD_isError(n))
		return ERR_NOMEM;
	buf_grew(to, n);
	return 0;
}

/* The payload of the skippable frame: how many bytes they are, then they, packed when that makes them fewer. */
static int put_heads(struct packer *p)
{
	size_t begin;

	buf_clear(&p->payload);
	buf_puts(&p->payload, TAG);
	buf_u32(&p->payload, (uint32_t)p->heads.n);
	begin = p->payload.n;
	if (p->heads.n >= PACK_FROM && add_frame(p, &p->payload, &p->heads))
		return ERR_NOMEM;
	if (p->payload.n == begin || p->payload.n - begin >= p->heads.n) {
		p->payload.n = begin;
		buf_str(&p->payload, buf_view(&p->heads));
	}
	frame_put(&p->frames, buf_view(&p->payload));
	return buf_err(&p->payload) || buf_err(&p->frames) ? ERR_NOMEM : 0;
}

int packer_pack(struct packer *p, const struct block *b, struct str *ret_frames, uint32_t *ret_heads, uint32_t *ret_text)
{
	size_t heads;
	int r;

	buf_clear(&p->text);
	buf_clear(&p->heads);
	buf_clear(&p->frames);
	r = pack_split(p->pack, b, &p->text, &p->heads);
	if (r || (r = put_heads(p)))
		return r;
	heads = p->frames.n;
	r = add_frame(p, &p->frames, &p->text);
	if (r)
		return r;
	*ret_frames = buf_view(&p->frames);
	*ret_heads = (uint32_t)heads;
	*ret_text = (uint32_t)p->text.n;
	return 0;
}

/* Takes the skippable frame with the envelopes from the front, when there is one. */
static int take_heads(struct packer *p, struct str *frames)
{
	const uint8_t *f = (const uint8_t *)frames->p;
	struct cur c;
	uint32_t n;

	p->apart = frames->n >= SKIP_HEAD && get_le32(f) == SKIP_MAGIC;
	if (!p->apart)
		return 0;
	n = get_le32(f + 4);
	if (n > frames->n - SKIP_HEAD || frame_check(str_n(frames->p + SKIP_HEAD, n), TAG, &c) || cur_u32(&c, &p->heads_bytes) ||
	    p->heads_bytes > BLOCK_BYTES_MAX)
		return ERR_CORRUPT;
	p->heads_packed = str_n(c.p, cur_left(&c));
	*frames = str_n(frames->p + SKIP_HEAD + n, frames->n - SKIP_HEAD - n);
	return 0;
}

static int unpack(struct packer *p, struct str frame, size_t most, struct buf *to)
{
	void *room;
	size_t n;

	buf_clear(to);
	room = buf_room(to, most);
	if (!room)
		return ERR_CORRUPT;
	n = ZSTD_decompressDCtx(p->back, room, most, frame.p, frame.n);
	if (ZSTD_isError(n))
		return ERR_CORRUPT;
	buf_grew(to, n);
	return 0;
}

int packer_text(struct packer *p, struct str frames, uint32_t raw, struct packer_text *ret)
{
	size_t all = frames.n;

	if (raw > BLOCK_BYTES_MAX || take_heads(p, &frames) || unpack(p, frames, raw, &p->text) || (!p->apart && p->text.n != raw))
		return ERR_CORRUPT;
	ret->text = buf_view(&p->text);
	ret->heads = (uint32_t)(all - frames.n);
	return 0;
}

int packer_bundles(struct packer *p, uint32_t count, uint32_t raw, struct buf *to)
{
	struct str heads = p->heads_packed;
	size_t before = to->n;
	int r;

	if (!p->apart) {
		buf_str(to, buf_view(&p->text));
		return buf_err(to);
	}
	if (heads.n != p->heads_bytes) {
		r = unpack(p, heads, p->heads_bytes, &p->heads);
		heads = buf_view(&p->heads);
		if (r || heads.n != p->heads_bytes)
			return ERR_CORRUPT;
	}
	(void)!buf_room(to, raw);                        /* at once, not by and by */
	r = pack_join(p->pack, buf_view(&p->text), heads, count, to);
	return r ? r : to->n - before != raw ? ERR_CORRUPT : 0;
}
