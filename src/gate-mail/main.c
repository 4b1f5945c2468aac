/* Mail: a new message is written from what GMime reads of the old one: a few headers, the body as text, attachments that each took
 * the whole way through the gate. docs/formats/gate-mail.md */
#include <iconv.h>

#include <gmime/gmime.h>

#include "gate-mail/write.h"
#include "rebuild/html.h"

#define DEPTH_MAX 10
#define PARTS_MAX 200

struct mail {
	struct job *j;
	struct mail_writer *w;
	struct buf body;                                 /* text so far */
	struct html_seen html;
	unsigned parts;
	int64_t passed, stopped, html_bodies;
	int failed;
};

static struct str str_of(const char *z)
{
	return z ? str_from(z) : STR("");
}

/* --- text --------------------------------------------------------------------------------------------------------------- */

static void take_text(struct mail *m, GMimePart *part, bool html)
{
	char *text = g_mime_text_part_get_text((GMimeTextPart *)part);

	if (!text)
		return;
	if (m->body.n)
		buf_puts(&m->body, "\n\n");
	if (html)
		m->failed = html_to_text(str_from(text), &m->body, &m->html);
	else
		buf_puts(&m->body, text);
	m->html_bodies += html;
	g_free(text);
}

/* --- attachments ---------------------------------------------------------------------------------------------------------- */

static GByteArray *content_of(GMimePart *part)
{
	GMimeDataWrapper *w = g_mime_part_get_content(part);
	GByteArray *bytes = g_byte_array_new();
	GMimeStream *s = g_mime_stream_mem_new_with_byte_array(bytes);

	g_mime_stream_mem_set_owner((GMimeStreamMem *)s, FALSE);
	if (w)
		g_mime_data_wrapper_write_to_stream(w, s);
	g_object_unref(s);
	return bytes;
}

static void attach(struct mail *m, struct str name, struct str content)
{
	enum gate_outcome outcome;
	struct str clean, language;

	m->failed = job_sub(m->j, arena_z(m->j->arena, name), name, content, &outcome, &clean, &language);
	if (m->failed)
		return;
	if (outcome == GATE_DELIVERED) {
		m->passed++;
		mail_attachment(m->w, name, language, clean);
	} else {
		m->stopped++;
		mail_stopped(m->w, name);
	}
}

static void take_part(struct mail *m, GMimePart *part)
{
	const char *name = g_mime_part_get_filename(part);
	GByteArray *bytes = content_of(part);
	char given[64];

	snprintf(given, sizeof given, "attachment-%u", m->parts);
	attach(m, name && *name ? str_of(name) : str_from(given), str_n(bytes->data, bytes->len));
	g_byte_array_free(bytes, TRUE);
}

/* A message inside goes through the gate as a file of its own. */
static void take_message(struct mail *m, GMimeMessagePart *part)
{
	GMimeMessage *inner = g_mime_message_part_get_message(part);
	GByteArray *bytes = g_byte_array_new();
	GMimeStream *s = g_mime_stream_mem_new_with_byte_array(bytes);

	g_mime_stream_mem_set_owner((GMimeStreamMem *)s, FALSE);
	if (inner)
		g_mime_object_write_to_stream((GMimeObject *)inner, NULL, s);
	g_object_unref(s);
	attach(m, STR("message.eml"), str_n(bytes->data, bytes->len));
	g_byte_array_free(bytes, TRUE);
}

/* --- the tree --------------------------------------------------------------------------------------------------------------- */

static void walk(struct mail *m, GMimeObject *o, unsigned depth);

/* Of alternatives the plain text, else the HTML, else the first. */
static void choose(struct mail *m, GMimeMultipart *multi, unsigned depth)
{
	int n = g_mime_multipart_get_count(multi), html = -1;

	for (int i = 0; i < n && i < (int)PARTS_MAX; i++) {
		GMimeContentType *t = g_mime_object_get_content_type(g_mime_multipart_get_part(multi, i));

		if (g_mime_content_type_is_type(t, "text", "plain")) {
			walk(m, g_mime_multipart_get_part(multi, i), depth + 1);
			return;
		}
		if (html < 0 && (g_mime_content_type_is_type(t, "text", "html") || g_mime_content_type_is_type(t, "multipart", "*")))
			html = i;
	}
	if (n > 0)
		walk(m, g_mime_multipart_get_part(multi, html < 0 ? 0 : html), depth + 1);
}

static void walk(struct mail *m, GMimeObject *o, unsigned depth)
{
	GMimeContentType *t = o ? g_mime_object_get_content_type(o) : NULL;

	if (!o || !t || m->failed)
		return;
	if (depth > DEPTH_MAX || ++m->parts > PARTS_MAX) {
		m->failed = job_fail(m->j, GATE_BLOCKED, "MAIL-PARTS", NULL);
	} else if (GMIME_IS_MULTIPART(o)) {
		GMimeMultipart *multi = (GMimeMultipart *)o;

		if (g_mime_content_type_is_type(t, "multipart", "alternative")) {
			choose(m, multi, depth);
			return;
		}
		for (int i = 0; i < g_mime_multipart_get_count(multi); i++)
			walk(m, g_mime_multipart_get_part(multi, i), depth + 1);
	} else if (GMIME_IS_MESSAGE_PART(o)) {
		take_message(m, (GMimeMessagePart *)o);
	} else if (GMIME_IS_PART(o)) {
		bool attached = g_mime_part_is_attachment((GMimePart *)o) || g_mime_part_get_filename((GMimePart *)o);

		if (!attached && GMIME_IS_TEXT_PART(o))
			take_text(m, (GMimePart *)o, g_mime_content_type_is_type(t, "text", "html"));
		else
			take_part(m, (GMimePart *)o);
	}
}

/* --- headers ------------------------------------------------------------------------------------------------------------------ */

static void put_addresses(struct mail *m, const char *field, InternetAddressList *list)
{
	int n = list ? internet_address_list_length(list) : 0;

	if (n > 0)
		mail_addresses_begin(m->w, field);
	for (int i = 0; i < n; i++) {
		InternetAddress *a = internet_address_list_get_address(list, i);

		if (INTERNET_ADDRESS_IS_MAILBOX(a))
			mail_address(m->w, str_of(internet_address_get_name(a)), str_of(internet_address_mailbox_get_addr((InternetAddressMailbox *)a)));
	}
	if (n > 0)
		mail_addresses_end(m->w);
}

static void put_headers(struct mail *m, GMimeMessage *msg)
{
	GDateTime *when = g_mime_message_get_date(msg);
	char *z;

	put_addresses(m, "From", g_mime_message_get_from(msg));
	put_addresses(m, "To", g_mime_message_get_to(msg));
	put_addresses(m, "Cc", g_mime_message_get_cc(msg));
	if (when) {
		z = g_mime_utils_header_format_date(when);
		mail_date(m->w, str_of(z));
		g_free(z);
	}
	mail_text_field(m->w, "Subject", str_of(g_mime_message_get_subject(msg)));
	mail_message_id(m->w, str_of(g_mime_message_get_message_id(msg)));
}

static void tell(const struct mail *m, GMimeMessage *msg)
{
	struct job *j = m->j;
	int kept = 0, all = g_mime_header_list_get_count(g_mime_object_get_header_list((GMimeObject *)msg));
	static const char *const fields[] = {"From", "To", "Cc", "Date", "Subject", "Message-ID"};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		kept += g_mime_object_get_header((GMimeObject *)msg, fields[i]) != NULL;
	if (all > kept)
		job_removed(j, "", "MAIL-HEADER", all - kept);
	if (m->html_bodies)
		job_part(j, STR_NONE, "HTML-TEXT", GATE_CONVERTED, m->html_bodies, 0, STR_NONE);
	if (m->html.scripts)
		job_removed(j, "", "HTML-SCRIPT", m->html.scripts);
	if (m->html.links)
		job_part(j, STR_NONE, "HTML-LINK", GATE_CONVERTED, m->html.links, 0, STR_NONE);
	if (m->html.images)
		job_removed(j, "", "HTML-IMAGE", m->html.images);
	if (m->stopped)
		job_removed(j, "", "MAIL-ATTACHMENT", m->stopped);
}

static int rebuild(struct job *j)
{
	struct mail_writer w;
	struct mail m = {.j = j, .w = &w};
	GMimeStream *s = g_mime_stream_mem_new_with_buffer(j->in.p, j->in.n);
	GMimeParser *p = g_mime_parser_new_with_stream(s);
	GMimeMessage *msg = g_mime_parser_construct_message(p, NULL);

	if (!msg || !g_mime_message_get_mime_part(msg))
		return job_fail(j, GATE_HELD, "PARSE", NULL);
	buf_init(&m.body, 64u << 20);
	mail_begin(&w, j->arena);
	put_headers(&m, msg);
	walk(&m, g_mime_message_get_mime_part(msg), 0);
	if (m.failed)
		return m.failed;
	tell(&m, msg);
	j->units = m.parts;
	j->language = "mail";
	return mail_end(&w, buf_view(&m.body), &j->out);
}

/* Kept open for as long as the process lives, so that their tables are there when no file can be opened any more. */
static int open_charsets(void)
{
	static const char *const names[] = {"ISO-2022-JP", "ISO-2022-JP-MS", "CP932", "SHIFT_JIS", "EUC-JP", "EUC-JP-MS", "ISO-8859-1", "CP1252",
	                                    "UTF-16", "UTF-16LE", "UTF-16BE", "US-ASCII", "GB18030", "BIG5", "EUC-KR", "ISO-8859-15"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		iconv_t a = iconv_open("UTF-8", names[i]), b = iconv_open(names[i], "UTF-8");

		(void)a;
		(void)b;
	}
	g_mime_init();
	return 0;
}

int main(int argc, char **argv)
{
	return worker_run(argc, argv, &(struct worker){.open = open_charsets, .rebuild = rebuild});
}
