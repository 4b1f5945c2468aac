/* PDF: each page is drawn by poppler and becomes a picture (grade C), with the text poppler reads behind it, to be found and copied
 * but not seen (grade B). Nothing of the original's bytes is left. docs/formats/gate-pdf.md, docs/gate.md */
#include <fcntl.h>
#include <iconv.h>
#include <math.h>
#include <unistd.h>

#include <fontconfig/fontconfig.h>
#include <poppler.h>

#include "gate-pdf/scan.h"
#include "gate-pdf/write.h"
#include "rebuild/worker.h"

#define DPI 150.0
#define POINTS 72.0
#define SIDE_MAX 14400.0                             /* points; larger pages are made smaller */
#define PIXELS_MAX 24.0e6                            /* of a page; more are drawn more coarsely */
#define WORD_GAP 0.3                                 /* of the height: further apart is another word */

static int null_fd = -1;

static int open_all(void)
{
	/* poppler turns passwords into Latin-1: the tables stay as long as this is open */
	if (iconv_open("ISO-8859-1", "UTF-8") == (iconv_t)-1)
		return ERR_SYS;
	null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (!FcInit())
		return ERR_SYS;
	return null_fd < 0 ? ERR_SYS : 0;
}

static const char *failure(const GError *e)
{
	return e && e->domain == POPPLER_ERROR && e->code == POPPLER_ERROR_ENCRYPTED ? "ENC-PASSWORD" : "PARSE";
}

/* The page's size in points, brought within bounds: *scale is what it is drawn with. */
static void measure(PopplerPage *page, double *w, double *h, double *scale)
{
	double most;

	poppler_page_get_size(page, w, h);
	*w = isfinite(*w) && *w >= 1 ? *w : 1;
	*h = isfinite(*h) && *h >= 1 ? *h : 1;
	most = *w > *h ? *w : *h;
	*scale = most > SIDE_MAX ? SIDE_MAX / most : 1;
	*w = *w * *scale < 1 ? 1 : *w * *scale;
	*h = *h * *scale < 1 ? 1 : *h * *scale;
}

static int draw(PopplerPage *page, double w, double h, double scale, struct image *im)
{
	double dpi = DPI;
	cairo_surface_t *s;
	cairo_t *c;
	int r;

	if (w * h * dpi * dpi / (POINTS * POINTS) > PIXELS_MAX)
		dpi = sqrt(PIXELS_MAX * POINTS * POINTS / (w * h));
	s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(w * dpi / POINTS), (int)ceil(h * dpi / POINTS));
	if (cairo_surface_status(s) != CAIRO_STATUS_SUCCESS) {
		cairo_surface_destroy(s);
		return ERR_NOMEM;
	}
	c = cairo_create(s);
	cairo_set_source_rgb(c, 1, 1, 1);
	cairo_paint(c);
	cairo_scale(c, scale * dpi / POINTS, scale * dpi / POINTS);
	poppler_page_render(page, c);
	cairo_destroy(c);
	cairo_surface_flush(s);
	r = image_alloc(im, (uint32_t)cairo_image_surface_get_width(s), (uint32_t)cairo_image_surface_get_height(s), 3);
	for (uint32_t y = 0; !r && y < im->h; y++) {
		const uint32_t *from = (const uint32_t *)(const void *)(cairo_image_surface_get_data(s) + (size_t)y * (size_t)cairo_image_surface_get_stride(s));
		uint8_t *to = im->px + (size_t)y * im->w * 3;

		for (uint32_t x = 0; x < im->w; x++, to += 3) {
			to[0] = (uint8_t)(from[x] >> 16);
			to[1] = (uint8_t)(from[x] >> 8);
			to[2] = (uint8_t)from[x];
		}
	}
	cairo_surface_destroy(s);
	if (!r)
		image_simplify(im);
	return r;
}

/* --- text: the characters of a line that stand close together make a word --------------------------------------------- */

struct words {
	struct buf *out;
	double page_h, scale;
	struct buf word;
	PopplerRectangle box;
};

static void flush(struct words *w)
{
	if (w->word.n)
		pdf_word(w->out, buf_view(&w->word), w->box.x1 * w->scale, w->page_h - w->box.y2 * w->scale, (w->box.x2 - w->box.x1) * w->scale,
		         (w->box.y2 - w->box.y1) * w->scale);
	buf_clear(&w->word);
}

static void add(struct words *w, const char *p, size_t n, const PopplerRectangle *r)
{
	double h = r->y2 - r->y1;

	if (w->word.n && (fabs(r->y1 - w->box.y1) > h / 2 || r->x1 - w->box.x2 > WORD_GAP * h || r->x1 < w->box.x1))
		flush(w);
	if (!w->word.n)
		w->box = *r;
	if (r->x2 > w->box.x2)
		w->box.x2 = r->x2;
	if (r->y2 > w->box.y2)
		w->box.y2 = r->y2;
	buf_put(&w->word, p, n);
}

static void read_text(PopplerPage *page, double h, double scale, struct buf *out)
{
	struct words w = {.out = out, .page_h = h, .scale = scale};
	PopplerRectangle *boxes = NULL;
	char *text = poppler_page_get_text(page);
	guint n = 0;

	buf_init(&w.word, 4096);
	if (text && poppler_page_get_text_layout(page, &boxes, &n)) {
		const char *p = text;

		for (guint i = 0; i < n && *p; i++) {
			const char *next = g_utf8_next_char(p);

			if (*p == ' ' || *p == '\n' || *p == '\t')
				flush(&w);
			else
				add(&w, p, (size_t)(next - p), &boxes[i]);
			p = next;
		}
	}
	flush(&w);
	buf_release(&w.word);
	g_free(boxes);
	g_free(text);
}

static int one_page(struct job *j, PopplerDocument *doc, int i, bool searchable, struct pdf_writer *w)
{
	PopplerPage *page = poppler_document_get_page(doc, i);
	double width, height, scale;
	struct image im = {0};
	struct buf text;
	int r;

	if (!page)
		return ERR_SYNTAX;
	measure(page, &width, &height, &scale);
	buf_init(&text, 32u << 20);
	r = draw(page, width, height, scale, &im);
	if (!r && searchable)
		read_text(page, height, scale, &text);
	if (!r)
		r = pdf_page(w, width, height, &im, buf_view(&text));
	if (scale < 1)
		job_part(j, STR_NONE, "PDF-PAGE-SIZE", GATE_CONVERTED, 1, 0, STR_NONE);
	image_free(&im);
	buf_release(&text);
	g_object_unref(page);
	return r;
}

static PopplerDocument *open_document(struct job *j)
{
	GBytes *bytes = g_bytes_new_static(j->in.p, j->in.n);
	struct str password = job_policy(j, "password");
	GError *e = NULL;
	PopplerDocument *doc = poppler_document_new_from_bytes(bytes, password.n ? arena_z(j->arena, password) : NULL, &e);

	g_bytes_unref(bytes);
	if (!doc) {
		int r = job_fail(j, GATE_HELD, failure(e), NULL);

		(void)r;
		g_clear_error(&e);
	}
	return doc;
}

static int rebuild(struct job *j)
{
	bool searchable = !str_is(job_policy(j, "grade"), "C");
	struct pdf_writer w;
	PopplerDocument *doc;
	int n, r;

	dup2(null_fd, 2);                                /* poppler tells strangers' faults there */
	pdf_scan(j);
	doc = open_document(j);
	if (!doc)
		return ERR_INVALID;
	n = poppler_document_get_n_pages(doc);
	if (n <= 0 || n > (int)PDF_PAGES_MAX)
		return job_fail(j, GATE_HELD, n <= 0 ? "PARSE" : "PDF-PAGES", NULL);
	r = pdf_begin(&w, &j->out, (uint32_t)n);
	for (int i = 0; !r && i < n; i++) {
		r = one_page(j, doc, i, searchable, &w);
		job_progress(j, (uint32_t)i + 1, (uint32_t)n);
	}
	if (r)
		return r;
	job_part(j, STR_NONE, "PDF-REDRAWN", GATE_REBUILT, n, 0, STR_NONE);
	j->units = (uint32_t)n;
	j->grade = searchable ? "B" : "C";
	j->language = "pdf";
	return pdf_end(&w);
}

int main(int argc, char **argv)
{
	static const char *const dirs[] = {"ro:/usr/share/fonts", "ro:/usr/share/poppler", "ro:/etc/fonts", "ro:/usr/share/fontconfig",
	                                   "ro:/var/cache/fontconfig", NULL};

	return worker_run(argc, argv, &(struct worker){.open = open_all, .rebuild = rebuild, .profile = &sandbox_gate_pdf, .dirs = dirs,
	                                               .optional_dirs = true});
}
