/* GIF and WebP by their libraries. */
#include <gif_lib.h>
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include "gate-image/decode.h"

/* --- GIF: the first frame, on its screen */

static int gif_read(GifFileType *g, GifByteType *to, int n)
{
	struct cur *c = g->UserData;
	const void *p;
	size_t k = cur_left(c) < (size_t)n ? cur_left(c) : (size_t)n;

	if (cur_bytes(c, k, &p))
		return 0;
	memcpy(to, p, k);
	return (int)k;
}

static void gif_draw(const GifFileType *g, const SavedImage *f, struct image *im, int transparent)
{
	const ColorMapObject *map = f->ImageDesc.ColorMap ? f->ImageDesc.ColorMap : g->SColorMap;

	memset(im->px, 0, (size_t)im->w * im->h * 4);
	for (int y = 0; map && y < f->ImageDesc.Height; y++)
		for (int x = 0; x < f->ImageDesc.Width; x++) {
			int c = f->RasterBits[(size_t)y * (size_t)f->ImageDesc.Width + (size_t)x];
			uint32_t px = (uint32_t)(x + f->ImageDesc.Left), py = (uint32_t)(y + f->ImageDesc.Top);
			uint8_t *to = im->px + ((size_t)py * im->w + px) * 4;

			if (px >= im->w || py >= im->h || c >= map->ColorCount || c == transparent)
				continue;
			to[0] = map->Colors[c].Red;
			to[1] = map->Colors[c].Green;
			to[2] = map->Colors[c].Blue;
			to[3] = 255;
		}
}

/* Record by record up to the first picture: later ones need not be unpacked to be left out. */
static int gif_first(struct job *j, GifFileType *g, struct image *im)
{
	GraphicsControlBlock control = {.TransparentColor = NO_TRANSPARENT_COLOR};
	SavedImage f = {0};
	GifRecordType kind;
	GifByteType *ext;
	int code, r;

	while (DGifGetRecordType(g, &kind) == GIF_OK && kind != TERMINATE_RECORD_TYPE) {
		if (kind == EXTENSION_RECORD_TYPE) {
			if (DGifGetExtension(g, &code, &ext) != GIF_OK)
				return ERR_SYNTAX;
			if (ext && code == GRAPHICS_EXT_FUNC_CODE)
				DGifExtensionToGCB(ext[0], ext + 1, &control);
			while (ext)
				if (DGifGetExtensionNext(g, &ext) != GIF_OK)
					return ERR_SYNTAX;
			continue;
		}
		if (kind != IMAGE_DESC_RECORD_TYPE || DGifGetImageDesc(g) != GIF_OK)
			return ERR_SYNTAX;
		f.ImageDesc = g->Image;
		if (f.ImageDesc.Width <= 0 || f.ImageDesc.Height <= 0 || (uint64_t)f.ImageDesc.Width * (uint64_t)f.ImageDesc.Height > IMAGE_PIXELS_MAX)
			return ERR_TOOBIG;
		r = image_alloc(im, (uint32_t)g->SWidth, (uint32_t)g->SHeight, 4);
		if (r)
			return r;
		f.RasterBits = calloc((size_t)f.ImageDesc.Width, (size_t)f.ImageDesc.Height);
		if (!f.RasterBits)
			return ERR_NOMEM;
		for (int pass = f.ImageDesc.Interlace ? 0 : 4; pass < 5 && f.RasterBits; pass++) {
			static const int from[] = {0, 4, 2, 1, 0}, step[] = {8, 8, 4, 2, 1};

			if (pass == 4 && f.ImageDesc.Interlace)
				break;
			for (int y = from[pass]; y < f.ImageDesc.Height; y += step[pass])
				if (DGifGetLine(g, f.RasterBits + (size_t)y * (size_t)f.ImageDesc.Width, f.ImageDesc.Width) != GIF_OK) {
					free(f.RasterBits);
					return ERR_SYNTAX;
				}
		}
		gif_draw(g, &f, im, control.TransparentColor);
		free(f.RasterBits);
		if (DGifGetRecordType(g, &kind) == GIF_OK && kind != TERMINATE_RECORD_TYPE)
			job_removed(j, "", "IMG-FRAMES", 1);
		else if (cur_left(g->UserData))
			job_part(j, STR_NONE, "IMG-TRAIL", GATE_REMOVED, 1, (int64_t)cur_left(g->UserData), STR_NONE);
		return 0;
	}
	return ERR_SYNTAX;
}

int decode_gif(struct job *j, struct image *im)
{
	struct cur c = cur_init(j->in.p, j->in.n);
	int why, r;
	GifFileType *g = DGifOpen(&c, gif_read, &why);

	if (!g)
		return decode_failed(j, ERR_SYNTAX);
	r = gif_first(j, g, im);
	DGifCloseFile(g, &why);
	return r ? decode_failed(j, r) : 0;
}

/* --- WebP: the first frame */

int decode_webp(struct job *j, struct image *im)
{
	WebPBitstreamFeatures f;
	WebPData data = {(const uint8_t *)j->in.p, j->in.n};
	WebPDemuxer *demux;
	WebPIterator it;
	const uint8_t *p = data.bytes;
	size_t n = data.size;
	int r = 0;

	demux = WebPDemux(&data);
	if (!demux)
		return decode_failed(j, ERR_SYNTAX);
	if (WebPDemuxGetFrame(demux, 1, &it)) {
		p = it.fragment.bytes;
		n = it.fragment.size;
		if (it.num_frames > 1)
			job_removed(j, "", "IMG-FRAMES", it.num_frames - 1);
		WebPDemuxReleaseIterator(&it);
	}
	if (WebPGetFeatures(p, n, &f) != VP8_STATUS_OK || f.width <= 0 || f.height <= 0)
		r = ERR_SYNTAX;
	if (!r)
		r = image_alloc(im, (uint32_t)f.width, (uint32_t)f.height, f.has_alpha ? 4 : 3);
	if (!r && !(f.has_alpha ? WebPDecodeRGBAInto(p, n, im->px, (size_t)im->w * im->h * 4, (int)im->w * 4)
	                        : WebPDecodeRGBInto(p, n, im->px, (size_t)im->w * im->h * 3, (int)im->w * 3)))
		r = ERR_SYNTAX;
	WebPDemuxDelete(demux);
	return r ? decode_failed(j, r) : 0;
}
