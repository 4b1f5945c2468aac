#include "vault/tool_parts.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/date.h"
#include "lib/text.h"
#include "tlog/query.h"

#define SHOW_MAX 100000u                             /* entries in one answer */

static void put_time(struct buf *b, int64_t ns)
{
	int64_t us = ns / 1000 - (ns % 1000 < 0), day = us / DAY_US - (us % DAY_US < 0), rest = us - day * DAY_US;
	struct date d = date_from_days(day);

	buf_printf(b, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", d.year, d.month, d.day, (int)(rest / 3600 / SECOND_US),
	           (int)(rest / 60 / SECOND_US % 60), (int)(rest / SECOND_US % 60), (int)(rest % SECOND_US));
}

/* For a terminal: what is no text, or would steer it, is shown as an escape. */
static void put_safe(struct buf *b, struct str s)
{
	bool text = utf8_valid(s);

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f || (c >= 0x80 && !text))
			buf_printf(b, "\\x%02x", c);
		else
			buf_putc(b, (char)c);
	}
}

void tool_entry_text(struct buf *out, uint64_t index, struct str bytes)
{
	struct entry en;

	buf_printf(out, "%llu ", (unsigned long long)index);
	if (entry_parse(bytes, &en)) {
		buf_puts(out, entry_redacted(bytes) ? "[redacted]\n" : "?\n");
		return;
	}
	put_time(out, en.time_ns);
	buf_putc(out, ' ');
	put_safe(out, en.source);
	if (en.flags & ENTRY_CHAINED)
		buf_printf(out, "#%llu", (unsigned long long)en.seq);
	buf_putc(out, ' ');
	put_safe(out, en.raw);
	buf_putc(out, '\n');
}

static void put_marks(struct jw *j, uint16_t flags)
{
	static const struct { uint16_t flag; const char *name; } marks[] = {
		{ENTRY_MORE, "more"}, {ENTRY_CONTINUED, "continued"}, {ENTRY_TORN, "torn"}, {ENTRY_BINARY, "binary"},
	};
	jw_key(j, "marks");
	jw_array(j);
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (flags & marks[i].flag)
			jw_z(j, marks[i].name);
	jw_end_array(j);
}

void tool_entry_json(struct jw *j, uint64_t index, struct str bytes)
{
	tool_entry_json_of(j, NULL, index, bytes);
}

void tool_entry_json_of(struct jw *j, const char *log, uint64_t index, struct str bytes)
{
	struct entry en;
	struct buf b;

	jw_object(j);
	if (log)
		jw_kz(j, "log", log);
	jw_kint(j, "index", (int64_t)index);
	if (!entry_parse(bytes, &en)) {
		buf_init(&b, 2 * ENTRY_MAX);
		put_time(&b, en.time_ns);
		jw_kstr(j, "time", buf_view(&b));
		jw_kstr(j, "source", en.source);
		if (en.flags & ENTRY_CHAINED)
			jw_kint(j, "sequence", (int64_t)en.seq);
		jw_kz(j, "transport", query_transport(en.transport));
		jw_kstr(j, "peer", en.peer);
		if (en.flags & ~ENTRY_CHAINED)
			put_marks(j, en.flags);
		if (utf8_valid(en.raw)) {
			jw_kstr(j, "raw", en.raw);
		} else {
			buf_clear(&b);
			buf_base64(&b, en.raw.p, en.raw.n);
			jw_kstr(j, "raw_base64", buf_view(&b));
		}
		buf_release(&b);
	} else if (entry_redacted(bytes)) {
		jw_kbool(j, "redacted", true);
	}
	jw_end_object(j);
}

int tool_show(struct tool *t)
{
	uint64_t from = 0, to = 0;
	struct err e = {0};
	struct tlog *s;
	struct buf b;
	struct jw j;
	int r = 0;

	if (t->n_args == 2 ? t->from || t->to || tool_number(t->args[1], &from)
	                   : !t->from || !t->to || tool_number(t->from, &from) || tool_number(t->to, &to))
		return tool_usage();
	if (t->n_args == 2)
		to = from;
	if (to < from || to - from >= SHOW_MAX)
		return tool_usage();
	if (tlog_open(t->dir, &s, &e))
		return tool_fail(&e);
	buf_init(&b, TOOL_OUT_MAX);
	jw_init(&j, &b, true);
	if (t->json)
		jw_array(&j);
	for (uint64_t i = from; !r && i <= to; i++) {
		struct str bytes;

		r = tlog_entry(s, i, &bytes, &e);
		if (r)
			continue;
		if (t->json)
			tool_entry_json(&j, i, bytes);
		else
			tool_entry_text(&b, i, bytes);
	}
	if (t->json) {
		jw_end_array(&j);
		buf_putc(&b, '\n');
	}
	tlog_free(s);
	if (r) {
		buf_release(&b);
		return tool_fail(&e);
	}
	return tool_print(&b);
}
