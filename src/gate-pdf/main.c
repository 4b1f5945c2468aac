/* PDF: each page is told anew in a small language of lines, letters as outlines and pictures made anew (grade A). A page that cannot
 * be told so, or would look otherwise, becomes a picture with the text poppler reads behind it, to be found and copied but not seen
 * (grade B), or the picture alone (grade C). Nothing of the original's bytes is left. docs/formats/gate-pdf.md, docs/gate.md */
#include <fcntl.h>
#include <iconv.h>
#include <string.h>
#include <unistd.h>

#include <fontconfig/fontconfig.h>
#include <poppler.h>

#include "gate-pdf/page.h"
#include "gate-pdf/record.h"
#include "gate-pdf/scan.h"
#include "gate-pdf/write.h"
#include "rebuild/worker.h"

#define DPI 150.0                                    /* of pages that become pictures */

static int null_fd = -1;

static int open_all(void)
{
	/* poppler turns passwords into Latin-1: the tables stay as long as this is open */
	if (iconv_open("ISO-8859-1", "UTF-8") == (iconv_t)-1)
		return ERR_SYS;
	null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (!FcInit() || record_open())
		return ERR_SYS;
	return null_fd < 0 ? ERR_SYS : 0;
}

/* From a stream, for a password: the functions for bytes and data of poppler 22.12 use what they freed when the password is wrong. */
static PopplerDocument *unlock(struct job *j, struct str password)
{
	GInputStream *s = g_memory_input_stream_new_from_data(j->in.p, (gssize)j->in.n, NULL);
	PopplerDocument *doc = poppler_document_new_from_stream(s, (goffset)j->in.n, arena_z(j->arena, password), NULL, NULL);

	g_object_unref(s);
	return doc;
}

/* As it is, and where that needs a password with the one that was typed. */
static PopplerDocument *open_document(struct job *j)
{
	GBytes *bytes = g_bytes_new_static(j->in.p, j->in.n);
	struct str password = job_policy(j, "password");
	GError *e = NULL;
	PopplerDocument *doc = poppler_document_new_from_bytes(bytes, NULL, &e);
	bool locked = e && e->domain == POPPLER_ERROR && e->code == POPPLER_ERROR_ENCRYPTED;

	g_clear_error(&e);
	g_bytes_unref(bytes);
	if (locked && password.n) {
		doc = unlock(j, password);
		if (doc)
			job_part(j, STR_NONE, "ENC-OPENED", GATE_REMOVED, 1, 0, STR_NONE);
	}
	if (!doc) {
		int r = job_fail(j, GATE_HELD, !locked ? "PARSE" : password.n ? "ENC-WRONG" : "ENC-PASSWORD", NULL);

		(void)r;
	}
	return doc;
}

/* A document on its way. */
struct task {
	struct job *j;
	struct pdf_writer w;
	char grade;                                      /* the best that is asked for */
	uint32_t drawn;                                  /* pages that became pictures */
	const char **why;                                /* by page: the reason, or NULL */
};

struct sheet {
	PopplerPage *page;
	double w, h, scale;
};

/* --- grade B and C ---------------------------------------------------------------------------------------------------------- */

static int as_picture(struct task *t, const struct sheet *s)
{
	struct pdf_uses uses = {0};
	struct image im = {0};
	struct buf b;
	uint32_t n = 0;
	int r = page_draw(s->page, s->w, s->h, s->scale, DPI, &im);

	if (!r)
		image_simplify(&im);
	if (!r)
		r = pictures_add(&t->w.pictures, &im, NULL, true, &n);
	image_free(&im);
	buf_init(&b, PDF_CONTENT_MAX);
	buf_puts(&b, "q\n");
	pdf_number(&b, s->w, 2);
	buf_puts(&b, " 0 0 ");
	pdf_number(&b, s->h, 2);
	buf_printf(&b, " 0 0 cm\n/I%u Do\nQ\n", n);
	if (t->grade != 'C')
		page_words(s->page, s->h, s->scale, &b);
	if (!r)
		r = buf_err(&b);
	if (!r)
		r = pdf_uses_of(buf_view(&b), &uses);
	if (!r)
		r = pdf_page(&t->w, s->w, s->h, buf_view(&b), &uses);
	buf_release(&b);
	return r;
}

/* --- grade A ------------------------------------------------------------------------------------------------------------------ */

/* Puts the page as it was recorded; ret->why when it cannot be. */
static int put_recorded(struct task *t, const struct sheet *s, bool outlines, struct record_got *ret)
{
	struct record_ask ask = {s->page, s->w, s->h, s->scale, outlines};
	struct pdf_uses uses = {0};
	struct buf b;
	int r;

	buf_init(&b, PDF_CONTENT_MAX);
	r = record_page(&ask, &t->w, &b, ret);
	if (!r && outlines)
		page_words(s->page, s->h, s->scale, &b);
	if (!r)
		r = buf_err(&b) ? buf_err(&b) : pdf_uses_of(buf_view(&b), &uses);
	if (!r)
		r = pdf_page(&t->w, s->w, s->h, buf_view(&b), &uses);
	if (r && !ret->why)
		ret->why = "PDF-B-PARTS";
	buf_release(&b);
	return r;
}

static PopplerDocument *open_proof(struct task *t, struct buf *proof)
{
	GBytes *bytes;
	PopplerDocument *doc;

	if (pdf_proof(&t->w, proof))
		return NULL;
	bytes = g_bytes_new_static(proof->p, proof->n);
	doc = poppler_document_new_from_bytes(bytes, NULL, NULL);
	g_bytes_unref(bytes);
	return doc;
}

/* The page just put, opened anew: does it look and read as the original? */
static bool stands(struct task *t, const struct sheet *s, const struct record_got *got, bool *ret_text)
{
	struct image was = {0}, is = {0};
	struct buf proof;
	PopplerDocument *doc;
	PopplerPage *page;
	bool same = false;

	/* a scan: its samples were compared as it was made; drawing it twice more would tell nothing new */
	if (got->one_picture) {
		*ret_text = page_says_same(s->page, NULL);
		return t->w.pictures.list[got->picture].difference <= LOOK_MOST;
	}
	buf_init(&proof, GATE_OUTPUT_MAX);
	doc = open_proof(t, &proof);
	page = doc ? poppler_document_get_page(doc, 0) : NULL;
	if (page)
		*ret_text = page_says_same(s->page, page);
	for (int finer = 0; page && !same && finer < 2; finer++) {
		same = !page_look(s->page, s->w, s->h, s->scale, finer, &was) && !page_look(page, s->w, s->h, 1, finer, &is) &&
		       page_difference(&was, &is) <= LOOK_MOST;
		image_free(&was);
		image_free(&is);
	}
	g_clear_object(&page);
	g_clear_object(&doc);
	buf_release(&proof);
	return same;
}

/* 0 with the page put, or not put and *ret_why. */
static int as_vectors(struct task *t, const struct sheet *s, const char **ret_why)
{
	uint32_t pictures = t->w.pictures.n, glyphs = t->w.glyphs.n;

	for (int outlines = 0; outlines < 2; outlines++) {
		struct record_got got = {0};
		bool says = false, looks;

		if (!put_recorded(t, s, outlines, &got)) {
			looks = stands(t, s, &got, &says);
			if (looks && (says || outlines))
				return 0;
			got.why = looks ? "PDF-B-TEXT" : "PDF-B-LOOKS";
			pdf_drop_page(&t->w);
		}
		*ret_why = got.why;
		pictures_truncate(&t->w.pictures, pictures);
		glyphs_truncate(&t->w.glyphs, glyphs);
		/* letters that cannot be told, or say something else: once more as lines, with the text behind them */
		if (!outlines && strcmp(*ret_why, "PDF-B-TEXT") != 0 && strcmp(*ret_why, "PDF-B-FONT") != 0)
			break;
	}
	return ERR_INVALID;
}

/* What a reader finds there, for who looks through what leaves. */
static void tell_text(struct job *j, PopplerPage *page)
{
	char *text = poppler_page_get_text(page);

	if (text && *text) {
		job_text(j, str_from(text));
		job_text(j, STR("\n"));
	}
	g_free(text);
}

static int one_page(struct task *t, PopplerDocument *doc, int i)
{
	struct sheet s = {.page = poppler_document_get_page(doc, i)};
	const char *why = NULL;
	int r = ERR_INVALID;

	if (!s.page)
		return ERR_SYNTAX;
	if (job_wants_text(t->j))
		tell_text(t->j, s.page);
	page_measure(s.page, &s.w, &s.h, &s.scale);
	if (t->grade == 'A')
		r = as_vectors(t, &s, &why);
	if (r) {
		t->why[i] = why;
		t->drawn++;
		r = as_picture(t, &s);
	}
	if (s.scale < 1)
		job_part(t->j, STR_NONE, "PDF-PAGE-SIZE", GATE_CONVERTED, 1, 0, STR_NONE);
	g_object_unref(s.page);
	return r;
}

/* Which pages became pictures, and why: a line for each reason, the pages as "3, 7-9". */
static void tell_pictures(struct task *t, int n)
{
	static const char *const reasons[] = {"PDF-B-LOOKS", "PDF-B-PARTS", "PDF-B-FONT", "PDF-B-TEXT"};

	for (size_t k = 0; k < ARRAY_LEN(reasons); k++) {
		int64_t count = 0;
		struct buf b;

		buf_init(&b, 65536);
		for (int i = 0, to; i < n; i = to) {
			for (to = i; to < n && t->why[to] && !strcmp(t->why[to], reasons[k]);)
				to++;
			count += to - i;
			if (to - i)
				buf_printf(&b, "%s%d", b.n ? ", " : "", i + 1);
			if (to - i > 1)
				buf_printf(&b, "-%d", to);
			to += to == i;
		}
		if (count)
			job_part(t->j, STR_NONE, reasons[k], GATE_CONVERTED, count, 0, buf_view(&b));
		buf_release(&b);
	}
}

static int rebuild(struct job *j)
{
	struct str grade = job_policy(j, "grade");
	struct task t = {.j = j, .grade = str_is(grade, "B") || str_is(grade, "C") ? grade.p[0] : 'A'};
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
	t.why = arena_array(j->arena, (size_t)n, sizeof *t.why);
	r = t.why ? pdf_begin(&t.w, (uint32_t)n) : ERR_NOMEM;
	for (int i = 0; !r && i < n; i++) {
		r = one_page(&t, doc, i);
		job_progress(j, (uint32_t)i + 1, (uint32_t)n);
	}
	if (r)
		return r;
	tell_pictures(&t, n);
	if (n > (int)t.drawn)
		job_part(j, STR_NONE, "PDF-REBUILT", GATE_REBUILT, n - (int)t.drawn, 0, STR_NONE);
	if (t.drawn)
		job_part(j, STR_NONE, "PDF-REDRAWN", GATE_REBUILT, t.drawn, 0, STR_NONE);
	j->units = (uint32_t)n;
	j->grade = t.grade == 'C' ? "C" : t.drawn == (uint32_t)n ? "B" : t.drawn ? "A+B" : "A";
	j->language = "pdf";
	return pdf_end(&t.w, &j->out);
}

int main(int argc, char **argv)
{
	static const char *const dirs[] = {"ro:/usr/share/fonts", "ro:/usr/share/poppler", "ro:/etc/fonts", "ro:/usr/share/fontconfig",
	                                   "ro:/var/cache/fontconfig", NULL};

	return worker_run(argc, argv, &(struct worker){.open = open_all, .rebuild = rebuild, .profile = &sandbox_gate_pdf, .dirs = dirs,
	                                               .optional_dirs = true});
}
