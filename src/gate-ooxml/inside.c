/* Pictures and documents inside the document: each takes the whole way through the gate by itself, limits and depth kept by the broker. */
#include <string.h>

#include "gate-ooxml/package.h"
#include "gate-ooxml/write.h"
#include "lib/text.h"

static const struct { const char *language, *type; } documents[] = {
	{"docx", TYPE_PREFIX "wordprocessingml.document"}, {"xlsx", TYPE_PREFIX "spreadsheetml.sheet"},
	{"pptx", TYPE_PREFIX "presentationml.presentation"},
};

void inside_picture(struct package *pk, struct part *p)
{
	struct str clean = STR_NONE, language = STR_NONE, base = p->name;
	enum gate_outcome outcome = GATE_HELD;
	bool known, drawing;
	struct buf b;
	int r;

	for (size_t i = base.n; i-- > 0;)
		if (base.p[i] == '/') {
			base = str_slice(base, i + 1, base.n);
			break;
		}
	buf_init(&b, 256u << 20);
	r = zip_read(p->entry, &b);
	known = !r && picture_type(buf_view(&b), &base);
	drawing = known && (str_ends(base, ".emf") || str_ends(base, ".wmf") || str_ends(base, ".svg"));
	if (known && (!drawing || pk->drawings++ < DRAWINGS_MAX))
		r = job_sub(pk->j, arena_z(pk->j->arena, p->name), base, buf_view(&b), &outcome, &clean, &language);
	buf_release(&b);
	if (r || outcome != GATE_DELIVERED || (!str_is(language, "png") && !str_is(language, "jpeg"))) {
		job_part(pk->j, p->name, drawing && pk->drawings > DRAWINGS_MAX ? "OOXML-DRAWINGS" : "OOXML-PICTURE", GATE_REMOVED, 1, (int64_t)p->entry->size, STR_NONE);
		clean = placeholder_png();
		language = STR("png");
	}
	p->type = str_is(language, "png") ? "image/png" : "image/jpeg";
	p->path = arena_strf(pk->j->arena, "%.*s.%.*s", STR_ARG(p->path), STR_ARG(language));
	p->failed = zip_pack(clean, &p->packed) != 0;
	p->there = !p->failed;
}

/* The name says the type only: whoever made the document may have called it anything. */
static struct str plain_name(struct arena *a, struct str path)
{
	size_t i = path.n;

	while (i && path.p[i - 1] != '.' && path.p[i - 1] != '/')
		i--;
	return arena_strf(a, "document.%.*s", STR_ARG(i && path.p[i - 1] == '.' ? str_slice(path, i, path.n) : STR("bin")));
}

bool inside_passes(struct package *pk, const struct zip_entry *en)
{
	struct inside *in = &pk->inside[en - pk->zip.list];
	enum gate_outcome outcome = GATE_HELD;
	struct str clean, language;
	struct buf b;

	if (in->asked)
		return in->clean.n > 0;
	in->asked = true;
	buf_init(&b, GATE_INPUT_MAX);
	if (!zip_read(en, &b) && !job_sub(pk->j, arena_z(pk->j->arena, en->name), plain_name(pk->j->arena, en->name), buf_view(&b),
	    &outcome, &clean, &language) && outcome == GATE_DELIVERED)
		for (size_t i = 0; i < ARRAY_LEN(documents); i++)
			if (str_is(language, documents[i].language))
				*in = (struct inside){true, clean, language};
	buf_release(&b);
	return in->clean.n > 0;
}

void inside_document(struct package *pk, struct part *p)
{
	const struct inside *in = &pk->inside[p->entry - pk->zip.list];

	for (size_t i = 0; i < ARRAY_LEN(documents); i++)
		if (str_is(in->language, documents[i].language))
			p->type = documents[i].type;
	p->path = arena_strf(pk->j->arena, "%.*s.%.*s", STR_ARG(p->path), STR_ARG(in->language));
	p->failed = zip_pack(in->clean, &p->packed) != 0;
	p->there = !p->failed;
}
