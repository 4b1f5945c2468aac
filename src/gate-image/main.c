/* Pictures, decoded and drawn anew: nothing of the original's bytes is left. docs/formats/gate-image.md */
#include <stdlib.h>
#include <string.h>

#include "gate-image/decode.h"

static const struct {
	const char *format;
	decode_fn *decode;
	bool photo;                                      /* becomes JPEG unless it has alpha */
} formats[] = {
	{"jpeg", decode_jpeg, true}, {"png", decode_png, false}, {"gif", decode_gif, false}, {"bmp", decode_bmp, false},
	{"webp", decode_webp, true}, {"tiff", decode_tiff, false},
};

int decode_failed(struct job *j, int r)
{
	return job_fail(j, r == ERR_TOOBIG ? GATE_BLOCKED : GATE_HELD, r == ERR_TOOBIG ? "IMG-SIZE" : r == ERR_NOMEM ? "LIMIT-MEMORY" : "PARSE",
	                NULL);
}

static int rebuild(struct job *j)
{
	struct image im = {0};
	int r;

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (!str_is(j->format, formats[i].format))
			continue;
		if (formats[i].decode == decode_jpeg && jpeg_again(j)) {
			j->units = 1;
			j->language = "jpeg";
			return 0;
		}
		if (formats[i].decode == decode_tiff && tiff_pages(j, &r))
			return r;
		r = formats[i].decode(j, &im);
		if (r)
			return r;
		if (!formats[i].photo || im.channels == 4)
			image_simplify(&im);
		j->units = 1;
		j->language = formats[i].photo && im.channels != 4 ? "jpeg" : "png";
		r = str_is(str_from(j->language), "jpeg") ? image_put_jpeg(&im, &j->out) : image_put_png(&im, &j->out);
		image_free(&im);
		return r;
	}
	return job_fail(j, GATE_HELD, "NO-REBUILD", NULL);
}

int main(int argc, char **argv)
{
	return worker_run(argc, argv, &(struct worker){.rebuild = rebuild});
}
