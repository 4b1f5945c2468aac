#include "gate-mail/write.h"

#include <ctype.h>
#include <string.h>

#include "core/gate_name.h"
#include "lib/text.h"
#include "rebuild/member_name.h"

#define WORD_BYTES 42u                               /* in base64 56 characters: an encoded word of 68, below RFC 2047's 75 */
#define LINE_BYTES 57u                               /* in base64 76 characters */
#define FIELD_MAX 8000u
#define NOTE_SUFFIX "_遮断.txt"

void mail_begin(struct mail_writer *w, struct arena *a)
{
	*w = (struct mail_writer){.arena = a};
	buf_init(&w->head, 1u << 20);
	buf_init(&w->parts, GATE_OUTPUT_MAX);
}

/* What may stand in a text or a name here: the gate's text rules, on one line. */
static struct str plain(struct mail_writer *w, struct str s, size_t max)
{
	struct buf b;
	struct str ret;

	buf_init(&b, 4 * max + 16);
	for (size_t i = 0; i < s.n && b.n < max;) {
		uint32_t c;
		size_t k = utf8_next(str_slice(s, i, s.n), &c);

		i += k ? k : 1;
		if (!k || c < 0x20 || c == 0x7f)
			buf_putc(&b, ' ');
		else if (!((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x061c || c == 0xfeff ||
		           (c >= 0x80 && c < 0xa0)))
			utf8_put(&b, c);
	}
	ret = str_trim(arena_str(w->arena, buf_view(&b)));
	buf_release(&b);
	return ret;
}

/* RFC 2047 words, each of whole characters. */
static void words(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n;) {
		size_t k = 0, n;
		uint32_t c;

		while (i + k < s.n && (n = utf8_next(str_slice(s, i + k, s.n), &c)) && k + n <= WORD_BYTES)
			k += n;
		if (i)
			buf_puts(out, "\r\n ");
		buf_puts(out, "=?UTF-8?B?");
		buf_base64(out, s.p + i, k);
		buf_puts(out, "?=");
		i += k;
	}
}

void mail_text_field(struct mail_writer *w, const char *name, struct str text)
{
	struct str s = plain(w, text, FIELD_MAX);

	if (!s.n)
		return;
	buf_printf(&w->head, "%s: ", name);
	words(&w->head, s);
	buf_puts(&w->head, "\r\n");
}

void mail_addresses_begin(struct mail_writer *w, const char *name)
{
	buf_printf(&w->head, "%s: ", name);
	w->first = true;
}

/* atom characters with dots, @, a name of letters, digits, dots and hyphens. */
static bool address_ok(struct str a)
{
	size_t at = 0, i;

	for (i = 0; i < a.n; i++) {
		unsigned char c = (unsigned char)a.p[i];

		if (c == '@') {
			if (at || !i)
				return false;
			at = i;
		} else if (!(c < 0x80 && (isalnum(c) || c == '.' || c == '-' || (!at && strchr("!#$%&'*+/=?^_`{|}~", c) && c)))) {
			return false;
		}
	}
	return at && at + 1 < a.n && a.n <= 254;
}

void mail_address(struct mail_writer *w, struct str display, struct str address)
{
	struct str name = plain(w, display, 200);

	if (!address_ok(address))
		return;
	if (!w->first)
		buf_puts(&w->head, ",\r\n ");
	w->first = false;
	if (name.n) {
		words(&w->head, name);
		buf_puts(&w->head, "\r\n ");
	}
	buf_printf(&w->head, "<%.*s>", STR_ARG(address));
}

void mail_addresses_end(struct mail_writer *w)
{
	if (w->first)
		buf_puts(&w->head, "undisclosed-recipients:;");
	buf_puts(&w->head, "\r\n");
}

void mail_date(struct mail_writer *w, struct str d)
{
	for (size_t i = 0; i < d.n; i++)
		if (!isalnum((unsigned char)d.p[i]) && !strchr(" ,:+-", d.p[i]))
			return;
	if (d.n && d.n < 60)
		buf_printf(&w->head, "Date: %.*s\r\n", STR_ARG(d));
}

void mail_message_id(struct mail_writer *w, struct str id)
{
	if (address_ok(id))
		buf_printf(&w->head, "Message-ID: <%.*s>\r\n", STR_ARG(id));
}

static void base64_lines(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i += LINE_BYTES) {
		buf_base64(out, s.p + i, s.n - i < LINE_BYTES ? s.n - i : LINE_BYTES);
		buf_puts(out, "\r\n");
	}
}

static void part(struct mail_writer *w, struct str name, struct str content)
{
	buf_puts(&w->parts, "--=_sekisho\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
	                    "Content-Disposition: attachment; filename=\"");
	words(&w->parts, name);
	buf_puts(&w->parts, "\"\r\n\r\n");
	base64_lines(&w->parts, content);
	w->n_parts++;
}

/* A file's name, of one step. */
static struct str file_name(struct mail_writer *w, struct str name)
{
	char *z = arena_strdup(w->arena, arena_z(w->arena, plain(w, name, 200)));

	for (char *c = z; *c; c++)
		if (*c == '/')
			*c = '_';
	return member_name(w->arena, str_from(z));
}

void mail_attachment(struct mail_writer *w, struct str name, struct str language, struct str content)
{
	struct buf out;

	buf_init(&out, 4096);
	gate_out_name(&out, file_name(w, name), language);
	part(w, arena_str(w->arena, buf_view(&out)), content);
	buf_release(&out);
}

void mail_stopped(struct mail_writer *w, struct str name)
{
	struct str shown = plain(w, name, 200);
	const char *z = arena_z(w->arena, shown);
	struct str note = arena_strf(w->arena, "「%s」は受け渡しできませんでした。理由は受け渡しの記録を見てください。\n"
	                                       "\"%s\" did not pass. The record of the transfer says why.\n", z, z);

	part(w, arena_strf(w->arena, "%.*s" NOTE_SUFFIX, STR_ARG(file_name(w, name))), note);
}

/* The body under the rules of text: what text forbids is left out. */
static struct str body_of(struct mail_writer *w, struct str s)
{
	struct buf b;
	struct str ret;

	buf_init(&b, 64u << 20);
	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		size_t k = utf8_next(str_slice(s, i, s.n), &c);

		i += k ? k : 1;
		if (!k)
			utf8_put(&b, 0xfffd);
		else if (c == '\n' || c == '\t')
			buf_putc(&b, (char)c);
		else if (c >= 0x20 && c != 0x7f && !((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f ||
		                                     c == 0x061c || c == 0xfeff))
			utf8_put(&b, c);
	}
	while (b.n && (b.p[b.n - 1] == '\n' || b.p[b.n - 1] == ' '))
		b.n--;
	buf_putc(&b, '\n');
	ret = arena_str(w->arena, buf_view(&b));
	buf_release(&b);
	return ret;
}

int mail_end(struct mail_writer *w, struct str body, struct buf *out)
{
	struct str text = body_of(w, body);

	if (!text.n)
		return ERR_NOMEM;
	buf_str(out, buf_view(&w->head));
	buf_puts(out, "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_sekisho\"\r\n\r\n"
	              "--=_sekisho\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	base64_lines(out, text);
	buf_str(out, buf_view(&w->parts));
	buf_puts(out, "--=_sekisho--\r\n");
	return buf_err(out) || buf_err(&w->head) || buf_err(&w->parts) ? ERR_NOMEM : 0;
}
