#include "office/log_text.h"

#include "lib/date.h"
#include "lib/text.h"

#define MARKS_MAX 32

struct str log_time(struct arena *a, int64_t ns)
{
	char at[64];

	instant_rfc3339(ns / 1000, at, sizeof at);
	at[10] = ' ';
	return arena_strf(a, "%.19s", at);
}

struct str log_time_input(struct arena *a, int64_t ns)
{
	char at[64];

	instant_rfc3339(ns / 1000, at, sizeof at);
	return arena_strf(a, "%.19s", at);
}

const char *log_severity(int severity)
{
	static const char *const names[8] = {N_("emergency"), N_("alert"), N_("critical"), N_("error"),
	                                     N_("warning"), N_("notice"), N_("information"), N_("debugging")};

	return severity < 0 || severity > 7 ? "" : _(names[severity]);
}

struct str log_message(struct arena *a, struct str raw, size_t max)
{
	struct buf utf8, out;
	struct str s = raw;

	buf_init(&utf8, 4 * ENTRY_MAX);
	buf_init(&out, 8 * ENTRY_MAX);
	if (!utf8_valid(raw) && !cp932_to_utf8(raw, &utf8))
		s = buf_view(&utf8);
	for (size_t i = 0; i < s.n && out.n < max;) {
		uint32_t c = (uint8_t)s.p[i];
		size_t n = c < 0x80 ? 1 : utf8_next(str_n(s.p + i, s.n - i), &c);

		if (!n || (c < 0x20 && c != '\t') || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069)) {
			buf_printf(&out, "\\x%02x", (unsigned)(n > 1 ? c : (uint8_t)s.p[i])); /* would steer the page's text */
			i += n ? n : 1;
			continue;
		}
		buf_put(&out, s.p + i, n);
		i += n;
	}
	if (out.n >= max)
		buf_puts(&out, "…");
	s = arena_str(a, buf_view(&out));
	buf_release(&utf8);
	buf_release(&out);
	return s;
}

void log_parts(struct arena *a, const struct query *q, struct str text, const struct tpl_logs_rows_parts **ret, size_t *ret_n)
{
	struct query_mark m[MARKS_MAX];
	size_t n = q ? query_marks(q, text, m, MARKS_MAX) : 0, at = 0, k = 0;
	struct tpl_logs_rows_parts *v = arena_array(a, 2 * n + 1, sizeof *v);

	for (size_t i = 0; i < n; i++) {
		if (m[i].at > at)
			v[k++] = (struct tpl_logs_rows_parts){.text = str_slice(text, at, m[i].at - at)};
		v[k++] = (struct tpl_logs_rows_parts){.text = str_slice(text, m[i].at, m[i].n), .hit = true};
		at = m[i].at + m[i].n;
	}
	if (at < text.n)
		v[k++] = (struct tpl_logs_rows_parts){.text = str_slice(text, at, text.n)};
	*ret = v;
	*ret_n = k;
}

struct str log_label(struct arena *a, struct str log)
{
	return str_is(log, LOGS_OWN) ? str_from(_("Sekisho's own records")) : arena_str(a, log);
}
