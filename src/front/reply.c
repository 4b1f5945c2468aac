#include "front/reply.h"

#include <stdlib.h>
#include <string.h>

#include "embed.h"
#include "lib/html.h"
#include "lib/i18n.h"
#include "tpl.h"

/* Set on every response; office cannot change them. The one exception is marked. */
#define POLICY(script) \
	"default-src 'none'; " script "style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'; " \
	"frame-ancestors 'none'"
/* The one page with a script, our own, which asks nobody but us. It works without. */
#define SCRIPT_PAGE "/transfers/new"
static const char script_policy[] = POLICY("script-src 'self'; connect-src 'self'; ");

static const struct security_header {
	const char *name, *value;
	bool unless_set;
} security[] = {
	{"content-security-policy",
	 POLICY(""), false},
	{"strict-transport-security", "max-age=31536000; includeSubDomains", false},
	{"x-content-type-options", "nosniff", false},
	{"referrer-policy", "same-origin", false},
	{"cross-origin-opener-policy", "same-origin", false},
	{"cross-origin-resource-policy", "same-origin", false},
	{"x-frame-options", "DENY", false},
	{"permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()", false},
	{"cache-control", "no-store", true},
};

/* Written by the HTTP library from what is sent. */
static const char *const framing[] = {"connection", "content-length", "date", "keep-alive",
                                      "transfer-encoding", "upgrade"};

static const struct error_page {
	unsigned status;
	const char *title, *text;
} errors[] = {
	{400, N_("This request cannot be read"),
	 N_("Something in the address, the form or the file was not as it should be. Go back and try again.")},
	{404, N_("There is nothing here"), N_("The address leads nowhere.")},
	{405, N_("This is not done here"), N_("The address exists, but not for this kind of request.")},
	{408, N_("This took too long"), N_("The connection was too slow. Try again.")},
	{413, N_("This is too large"), N_("The form or file is larger than the limit.")},
	{414, N_("The address is too long"), N_("The address leads nowhere.")},
	{415, N_("This kind of content is not accepted"), N_("Send a form, JSON or CSV.")},
	{417, N_("This request cannot be read"), N_("The expectation named in the request is not supported.")},
	{431, N_("This request has too many headers"), N_("Delete the cookies of this site in your browser and try again.")},
	{501, N_("This is not done here"), N_("This kind of request is not supported.")},
	{503, N_("Not available at the moment"),
	 N_("Nothing was changed unless you are told so. Try again in a few seconds.")},
};

static struct MHD_Response *error_pages[2][ARRAY_LEN(errors)], *files[N_EMBED], *unchanged;

static bool is_one_of(struct str name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(name, str_from(list[i])))
			return true;
	return false;
}

static int add_security(struct MHD_Response *r, bool cache_set, bool script)
{
	for (size_t i = 0; i < ARRAY_LEN(security); i++)
		if (!(security[i].unless_set && cache_set) &&
		    MHD_add_response_header(r, security[i].name, script && i == 0 ? script_policy : security[i].value) != MHD_YES)
			return ERR_NOMEM;
	return 0;
}

/* Header values are views: the library wants them to end in NUL. */
static int add_header(struct MHD_Response *r, const struct header *h)
{
	char name[HEADER_NAME_MAX + 1], value[RESPONSE_HEADER_MAX + 1];

	memcpy(name, h->name.p, h->name.n);
	name[h->name.n] = 0;
	memcpy(value, h->value.p, h->value.n);
	value[h->value.n] = 0;
	return MHD_add_response_header(r, name, value) == MHD_YES ? 0 : ERR_INVALID;
}

static int add_headers(struct MHD_Response *r, const struct answer *a, bool script)
{
	bool cache_set = false, own;

	for (size_t i = 0; i < a->n_headers; i++) {
		own = is_one_of(a->headers[i].name, framing, ARRAY_LEN(framing));
		for (size_t k = 0; k < ARRAY_LEN(security) && !own; k++)
			own = !security[k].unless_set && str_is(a->headers[i].name, security[k].name);
		if (own)
			continue;
		if (add_header(r, &a->headers[i]))
			return ERR_INVALID;
		cache_set |= str_is(a->headers[i].name, "cache-control");
	}
	return add_security(r, cache_set, script);
}

static void free_msg(void *arg)
{
	msg_release(arg);
	free(arg);
}

struct MHD_Response *reply_from_answer(struct answer *a, struct str path)
{
	bool script = str_is(path, SCRIPT_PAGE);
	struct msg *m = xmalloc(sizeof(*m));
	struct MHD_Response *r;

	if (a->file >= 0) {                              /* read piece by piece while it is sent */
		free(m);
		r = MHD_create_response_from_fd64((uint64_t)a->file_size, a->file);
		if (r) {
			a->file = -1;                    /* the library closes it */
			if (add_headers(r, a, script)) {
				MHD_destroy_response(r);
				r = NULL;
			}
		}
		answer_release(a);
		return r;
	}
	*m = a->m;
	r = MHD_create_response_from_buffer_with_free_callback_cls(a->body.n, (void *)(uintptr_t)a->body.p, free_msg, m);
	if (!r) {
		free(m);
		return NULL;
	}
	a->status = 0;
	if (add_headers(r, a, script)) {
		MHD_destroy_response(r);
		return NULL;
	}
	return r;
}

static struct MHD_Response *make_error(const struct error_page *p, enum lang lang, struct str css, struct str icon)
{
	struct MHD_Response *r = NULL;
	struct html h;

	i18n_set(lang);
	html_init(&h, 64 << 10);
	tpl_front_error(&h, &(struct tpl_front_error){
		.lang = lang == LANG_JA ? STR("ja") : STR("en"),
		.css = css,
		.icon = icon,
		.title = str_from(_(p->title)),
		.text = str_from(_(p->text)),
		.status = p->status,
	});
	if (buf_err(&h.out) == 0)
		r = MHD_create_response_from_buffer(h.out.n, h.out.p, MHD_RESPMEM_MUST_COPY);
	html_release(&h);
	if (!r || add_security(r, false, false) ||
	    MHD_add_response_header(r, "content-type", "text/html; charset=utf-8") != MHD_YES ||
	    MHD_add_response_header(r, "vary", "accept-language") != MHD_YES)
		return NULL;
	if (p->status == 503 && MHD_add_response_header(r, "retry-after", "5") != MHD_YES)
		return NULL;
	return r;
}

static struct MHD_Response *make_file(const struct embed_file *f)
{
	struct MHD_Response *r =
	    MHD_create_response_from_buffer(f->size, (void *)(uintptr_t)f->bytes, MHD_RESPMEM_PERSISTENT);
	char etag[40];

	snprintf(etag, sizeof(etag), "\"%s\"", f->hash);
	if (!r || add_security(r, true, false) || MHD_add_response_header(r, "content-type", f->type) != MHD_YES ||
	    MHD_add_response_header(r, "cache-control", "public, max-age=31536000, immutable") != MHD_YES ||
	    MHD_add_response_header(r, "etag", etag) != MHD_YES)
		return NULL;
	return r;
}

static const struct embed_file *find_file(const char *name)
{
	for (size_t i = 0; i < N_EMBED; i++)
		if (strcmp(embed_files[i].name, name) == 0)
			return &embed_files[i];
	return NULL;
}

static struct str href(const char *name, char *out, size_t n)
{
	const struct embed_file *f = find_file(name);

	if (!f)
		return STR("");
	snprintf(out, n, "/static/%s/%s", f->hash, f->name);
	return str_from(out);
}

int reply_open(struct err *e)
{
	const struct embed_file *mo = find_file("ja.mo");
	char text[2][128];
	struct str css = href("base.css", text[0], sizeof(text[0])), icon = href("icon.svg", text[1], sizeof(text[1]));
	int r;

	if (mo && (r = i18n_open(mo->bytes, mo->size)) < 0)
		return err_set(e, r, "the Japanese texts do not load");
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		for (int lang = LANG_JA; lang <= LANG_EN; lang++) {
			error_pages[lang][i] = make_error(&errors[i], (enum lang)lang, css, icon);
			if (!error_pages[lang][i])
				return err_set(e, ERR_NOMEM, "the error pages cannot be made");
		}
	for (size_t i = 0; i < N_EMBED; i++)
		if (strcmp(embed_files[i].name, "ja.mo") != 0 && !(files[i] = make_file(&embed_files[i])))
			return err_set(e, ERR_NOMEM, "the static files cannot be served");
	unchanged = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	return unchanged && add_security(unchanged, true, false) == 0 ? 0 : err_set(e, ERR_NOMEM, "out of memory");
}

void reply_close(void)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		for (int lang = 0; lang < 2; lang++)
			if (error_pages[lang][i])
				MHD_destroy_response(error_pages[lang][i]);
	for (size_t i = 0; i < N_EMBED; i++)
		if (files[i])
			MHD_destroy_response(files[i]);
	if (unchanged)
		MHD_destroy_response(unchanged);
	memset(error_pages, 0, sizeof(error_pages));
	memset(files, 0, sizeof(files));
	unchanged = NULL;
}

/* Japanese unless the browser names English before Japanese. */
static enum lang lang_of(const char *accept)
{
	const char *en = accept ? strstr(accept, "en") : NULL, *ja = accept ? strstr(accept, "ja") : NULL;

	return en && (!ja || en < ja) ? LANG_EN : LANG_JA;
}

struct MHD_Response *reply_error(unsigned status, const char *accept_language)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		if (errors[i].status == status)
			return error_pages[lang_of(accept_language)][i];
	return error_pages[lang_of(accept_language)][0];
}

struct MHD_Response *reply_static(struct str path)
{
	struct str rest = path, hash;

	if (!str_starts(path, "/static/"))
		return NULL;
	rest = str_slice(path, 8, path.n - 8);
	hash = str_cut(&rest, '/');
	for (size_t i = 0; i < N_EMBED; i++)
		if (files[i] && str_is(hash, embed_files[i].hash) && str_is(rest, embed_files[i].name))
			return files[i];
	return NULL;
}

struct MHD_Response *reply_unchanged(void)
{
	return unchanged;
}
