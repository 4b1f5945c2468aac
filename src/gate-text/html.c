#include "gate-text/html.h"

#include "gate-text/encoding.h"
#include "gate-text/rebuild.h"
#include "lib/text.h"
#include "rebuild/html.h"

int html_rebuild(struct job *j)
{
	enum encoding enc = encoding_of(j->in);
	struct html_seen seen = {0};
	struct buf utf8;
	int r = 0;

	buf_init(&utf8, 4 * j->in.n + 16);
	if (enc == ENC_CP932)
		r = cp932_to_utf8(j->in, &utf8);
	else if (enc == ENC_UTF8 || enc == ENC_UTF8_BOM)
		buf_str(&utf8, enc == ENC_UTF8_BOM ? str_slice(j->in, 3, j->in.n) : j->in);
	else
		r = ERR_SYNTAX;
	if (!r)
		r = html_to_text(buf_view(&utf8), &j->out, &seen);
	buf_release(&utf8);
	if (r)
		return job_fail(j, GATE_HELD, "TXT-ENCODING", NULL);
	job_part(j, STR_NONE, "HTML-TEXT", GATE_CONVERTED, 1, 0, STR_NONE);
	if (seen.scripts)
		job_removed(j, "", "HTML-SCRIPT", seen.scripts);
	if (seen.links)
		job_part(j, STR_NONE, "HTML-LINK", GATE_CONVERTED, seen.links, 0, STR_NONE);
	if (seen.images)
		job_removed(j, "", "HTML-IMAGE", seen.images);
	if (seen.forms)
		job_removed(j, "", "HTML-FORM", seen.forms);
	if (seen.hidden)
		job_part(j, STR_NONE, "HTML-HIDDEN", GATE_KEPT, seen.hidden, 0, STR_NONE);
	/* What the text rules forbid goes as in any text. */
	utf8 = j->out;
	buf_init(&j->out, GATE_OUTPUT_MAX);
	j->in = buf_view(&utf8);
	j->format = STR("text");
	r = j->in.n ? text_rebuild(j) : job_fail(j, GATE_HELD, "EMPTY", NULL);
	buf_release(&utf8);
	return r;
}
