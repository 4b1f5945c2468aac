#include "collect/stamp.h"

#include <string.h>

#include "lib/date.h"
#include "tlog/fields.h"

#define LINE_MAX_ 512u
#define AGAIN_NS 5000000000LL
#define US 1000000LL

static struct fields *fields;

void stamp_open(void)
{
	fields = fields_new();
}

void stamp_close(void)
{
	fields_free(fields);
	fields = NULL;
}

void stamp_source(struct source *s, struct str bytes, int64_t now_ns)
{
	struct str line = str_slice(bytes, 0, LINE_MAX_);
	int64_t at;
	bool look = fields && (now_ns - s->looked_at > AGAIN_NS || now_ns < s->looked_at);
	s->last_at = now_ns;
	if (!look)
		return;
	s->looked_at = now_ns;
	const char *lf = memchr(line.p, '\n', line.n), *lt = memchr(line.p, '<', line.n < 11 ? line.n : 11);
	if (lf)
		line.n = (size_t)(lf - line.p);
	if (lt && lt < line.p + line.n)                  /* behind a count of bytes */
		line = str_slice(line, (size_t)(lt - line.p), line.n);
	fields_head(fields, line);
	if (fields_time(fields, now_ns / 1000, &at) != 0)
		return;
	s->offset_s = (at - now_ns / 1000) / US;
	s->offset_known = true;
}
