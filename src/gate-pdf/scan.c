#include "gate-pdf/scan.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define NAME_MAX_ 32
#define STREAM_MAX (16u << 20)                       /* an object stream unpacked */
#define STREAMS_MAX 2000u
#define DICT_BACK 400u                               /* bytes before "stream" looked through for its type */

static const struct {
	const char *name, *code;
} names[] = {
	{"JS", "PDF-JS"}, {"JavaScript", "PDF-JS"}, {"Launch", "PDF-LAUNCH"}, {"OpenAction", "PDF-OPENACTION"}, {"AA", "PDF-AA"},
	{"URI", "PDF-URI"}, {"GoToR", "PDF-GOTO"}, {"GoToE", "PDF-GOTO"}, {"SubmitForm", "PDF-SUBMIT"}, {"ImportData", "PDF-SUBMIT"},
	{"EmbeddedFile", "PDF-EMBED"}, {"EmbeddedFiles", "PDF-EMBED"}, {"FileAttachment", "PDF-EMBED"}, {"AF", "PDF-EMBED"},
	{"Collection", "PDF-EMBED"}, {"XFA", "PDF-XFA"}, {"AcroForm", "PDF-FORM"}, {"RichMedia", "PDF-MEDIA"}, {"Movie", "PDF-MEDIA"},
	{"Sound", "PDF-MEDIA"}, {"Rendition", "PDF-MEDIA"}, {"Screen", "PDF-MEDIA"}, {"3D", "PDF-MEDIA"}, {"OCProperties", "PDF-LAYERS"},
	{"Metadata", "PDF-METADATA"}, {"PieceInfo", "PDF-METADATA"}, {"Annots", "PDF-ANNOT"}, {"Sig", "PDF-SIGNATURE"},
	{"Trans", "PDF-AA"}, {"SetOCGState", "PDF-LAYERS"}, {"Hide", "PDF-AA"}, {"Named", "PDF-AA"},
};

struct found {
	int64_t count[ARRAY_LEN(names)];
	int64_t hidden;                                  /* written with #xx */
};

static bool ends_name(unsigned char c)
{
	return c <= ' ' || strchr("()<>[]{}/%", c);
}

/* The name behind the slash at s.p[i]; bytes used. */
static size_t read_name(struct str s, size_t i, char out[NAME_MAX_], bool *coded)
{
	size_t from = i++, n = 0;

	*coded = false;
	for (; i < s.n && !ends_name((unsigned char)s.p[i]) && n < NAME_MAX_ - 1; i++) {
		int a = s.p[i] == '#' && i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1, b = a >= 0 ? hex_digit(s.p[i + 2]) : -1;

		if (b >= 0) {
			out[n++] = (char)(a << 4 | b);
			i += 2;
			*coded = true;
		} else {
			out[n++] = s.p[i];
		}
	}
	out[n] = 0;
	return i - from;
}

static void look(struct str s, struct found *f)
{
	for (size_t i = 0; i < s.n; i++) {
		const char *slash = memchr(s.p + i, '/', s.n - i);
		char name[NAME_MAX_];
		bool coded;

		if (!slash)
			return;
		i = (size_t)(slash - s.p);
		i += read_name(s, i, name, &coded) - 1;
		for (size_t k = 0; k < ARRAY_LEN(names); k++)
			if (!strcmp(name, names[k].name)) {
				f->count[k]++;
				f->hidden += coded;
			}
	}
}

static void look_packed(struct str s, struct found *f, uint8_t *room)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)s.p, .avail_in = s.n > UINT32_MAX ? UINT32_MAX : (uInt)s.n, .next_out = room,
	              .avail_out = STREAM_MAX};

	if (inflateInit(&z) != Z_OK)
		return;
	(void)inflate(&z, Z_SYNC_FLUSH);                 /* as far as it goes */
	look(str_n(room, STREAM_MAX - z.avail_out), f);
	inflateEnd(&z);
}

/* Object streams: their dictionaries name the type shortly before the word "stream". */
static void look_into_streams(struct str s, struct found *f)
{
	uint8_t *room = malloc(STREAM_MAX);
	unsigned n = 0;

	for (size_t i = 0; room && i < s.n && n < STREAMS_MAX;) {
		const char *p = memmem(s.p + i, s.n - i, "stream", 6);
		size_t at, from;
		bool object = false;

		if (!p)
			break;
		at = (size_t)(p - s.p);
		i = at + 6;
		from = at > DICT_BACK ? at - DICT_BACK : 0;
		if (at >= 3 && !memcmp(p - 3, "end", 3))
			continue;
		for (size_t k = from; k < at && !object; k++) {
			char name[NAME_MAX_];
			bool coded;

			if (s.p[k] == '/') {
				k += read_name(s, k, name, &coded) - 1;
				object = !strcmp(name, "ObjStm");
			}
		}
		if (!object)
			continue;
		while (i < s.n && (s.p[i] == '\r' || s.p[i] == '\n'))
			i++;
		look_packed(str_slice(s, i, s.n), f, room);
		n++;
	}
	free(room);
}

void pdf_scan(struct job *j)
{
	struct found *f = arena_alloc(j->arena, sizeof *f);

	if (!f)
		return;
	look(j->in, f);
	look_into_streams(j->in, f);
	for (size_t k = 0; k < ARRAY_LEN(names); k++) {
		int64_t n = 0;

		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			if (i < k && !strcmp(names[i].code, names[k].code)) {
				n = 0;
				break;
			}
			n += !strcmp(names[i].code, names[k].code) ? f->count[i] : 0;
		}
		if (n)
			job_part(j, STR_NONE, names[k].code, GATE_REMOVED, n, 0, str_from(names[k].name));
	}
	if (f->hidden)
		job_part(j, STR_NONE, "PDF-HIDDEN-NAME", GATE_REMOVED, f->hidden, 0, STR_NONE);
}
