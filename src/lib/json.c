#include "lib/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

void jw_init(struct jw *j, struct buf *out, bool pretty)
{
	*j = (struct jw){ .out = out, .pretty = pretty };
	j->first[0] = true;
}

static void line(struct jw *j)
{
	if (!j->pretty)
		return;
	buf_putc(j->out, '\n');
	for (unsigned i = 0; i < j->depth; i++)
		buf_puts(j->out, "  ");
}

/* What stands before a value or key. */
static void before(struct jw *j)
{
	if (j->after_key) {
		j->after_key = false;
		return;
	}
	if (!j->first[j->depth])
		buf_putc(j->out, ',');
	j->first[j->depth] = false;
	if (j->depth)
		line(j);
}

static void open_level(struct jw *j, char c)
{
	before(j);
	buf_putc(j->out, c);
	if (j->depth + 1 >= ARRAY_LEN(j->first)) {
		j->out->failed = true;                       /* our own nesting: a mistake, never output */
		return;
	}
	j->first[++j->depth] = true;
}

static void close_level(struct jw *j, char c)
{
	if (!j->depth) {
		j->out->failed = true;
		return;
	}
	bool empty = j->first[j->depth--];
	if (!empty)
		line(j);
	buf_putc(j->out, c);
	if (!j->depth && j->pretty)
		buf_putc(j->out, '\n');
}

void jw_object(struct jw *j)
{
	open_level(j, '{');
}

void jw_end_object(struct jw *j)
{
	close_level(j, '}');
}

void jw_array(struct jw *j)
{
	open_level(j, '[');
}

void jw_end_array(struct jw *j)
{
	close_level(j, ']');
}

static void escape(struct buf *out, uint32_t c)
{
	static const char named[] = { ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r',
		                          ['\t'] = 't', ['"'] = '"',  ['\\'] = '\\' };
	if (c < sizeof named && named[c])
		buf_put(out, (char[]){ '\\', named[c] }, 2);
	else if (c < 0x20 || c == 0x7f)
		buf_printf(out, "\\u%04x", (unsigned)c);
	else
		utf8_put(out, c);
}

static void quoted(struct buf *out, struct str s)
{
	buf_putc(out, '"');
	while (s.n && !out->failed) {
		uint32_t c;
		size_t n = utf8_next(s, &c);
		escape(out, n ? c : 0xfffd);
		s = str_slice(s, n ? n : 1, s.n);
	}
	buf_putc(out, '"');
}

void jw_key(struct jw *j, const char *key)
{
	before(j);
	quoted(j->out, str_from(key));
	buf_puts(j->out, j->pretty ? ": " : ":");
	j->after_key = true;
}

void jw_str(struct jw *j, struct str s)
{
	if (!s.p) {
		jw_null(j);
		return;
	}
	before(j);
	quoted(j->out, s);
}

void jw_z(struct jw *j, const char *z)
{
	jw_str(j, str_from(z));
}

void jw_int(struct jw *j, int64_t v)
{
	before(j);
	buf_printf(j->out, "%" PRId64, v);
}

void jw_double(struct jw *j, double v)
{
	char text[32];
	if (!isfinite(v)) {
		jw_null(j);
		return;
	}
	/* The shortest text that reads back as the same number. */
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	jw_raw(j, str_from(text));
}

void jw_bool(struct jw *j, bool v)
{
	jw_raw(j, v ? STR("true") : STR("false"));
}

void jw_null(struct jw *j)
{
	jw_raw(j, STR("null"));
}

void jw_raw(struct jw *j, struct str s)
{
	before(j);
	buf_str(j->out, s);
}

void jw_kstr(struct jw *j, const char *key, struct str s)
{
	jw_key(j, key);
	jw_str(j, s);
}

void jw_kz(struct jw *j, const char *key, const char *z)
{
	jw_key(j, key);
	jw_z(j, z);
}

void jw_kint(struct jw *j, const char *key, int64_t v)
{
	jw_key(j, key);
	jw_int(j, v);
}

void jw_kbool(struct jw *j, const char *key, bool v)
{
	jw_key(j, key);
	jw_bool(j, v);
}
