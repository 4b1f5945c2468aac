/* Names of XML as the document writes them, to numbers of the grammar; and the counting of what goes. */
#include "gate-ooxml/filter_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MC "http://schemas.openxmlformats.org/markup-compatibility/2006"

void tally(struct tally *t, const char *code, struct str sample)
{
	unsigned i = 0;

	while (i < t->n && strcmp(t->list[i].code, code) != 0)
		i++;
	if (i == FILTER_CODES)
		return;
	if (i == t->n) {
		t->n++;
		t->list[i].code = code;
		t->list[i].n = 0;
		snprintf(t->list[i].sample, sizeof t->list[i].sample, "%.*s", STR_ARG(str_slice(sample, 0,
		    sizeof t->list[i].sample - 1)));
	}
	t->list[i].n++;
}

void filter_stop(struct filter *f, const char *code)
{
	if (!f->code)
		f->code = code;
	XML_StopParser(f->x, XML_FALSE);
}

unsigned filter_ns(const struct filter *f, struct str prefix)
{
	if (str_is(prefix, "xml"))
		return ox_ns_find(STR("http://www.w3.org/XML/1998/namespace"));
	for (unsigned i = f->n_bound; i-- > 0;)
		if (str_eq(f->bound[i].prefix, prefix))
			return f->bound[i].ns;
	return OX_FOREIGN;
}

#define NS_MC 254u

void filter_bind(struct filter *f, const char *raw, const char *uri)
{
	struct str prefix = raw[5] == ':' ? str_from(raw + 6) : STR("");
	unsigned ns = strcmp(uri, MC) == 0 ? NS_MC : ox_ns_find(str_from(uri));

	if (f->n_bound == BINDINGS) {
		filter_stop(f, "OOXML-LIMIT");
		return;
	}
	prefix = arena_str(f->in->arena, prefix);
	f->bound[f->n_bound++] = (struct binding){prefix.p ? prefix : STR(""), (uint8_t)ns, f->levels};
	f->generation++;
}

unsigned filter_resolve(struct filter *f, const char *raw, bool attribute, unsigned *ret_ns)
{
	uint32_t h = 5381;
	const char *p;
	struct cached *c;
	struct str name, prefix = STR("");

	for (p = raw; *p; p++)
		h = h * 33 ^ (unsigned char)*p;
	c = &f->cache[(h ^ h >> 12 ^ (attribute ? 77u : 0u)) % CACHE];
	if (c->raw && c->generation == f->generation * 2 + attribute && !strcmp(c->raw, raw)) {
		*ret_ns = c->ns;
		return c->name;
	}
	name = str_n(raw, (size_t)(p - raw));
	if (memchr(name.p, ':', name.n))
		prefix = str_cut(&name, ':');
	*ret_ns = attribute && !prefix.n ? OX_NS_NONE : filter_ns(f, prefix);
	c->name = (uint16_t)(*ret_ns >= NS_MC ? 0 : ox_name_find(*ret_ns, name));
	c->ns = (uint8_t)*ret_ns;
	c->generation = f->generation * 2 + attribute;
	free(c->raw);
	c->raw = strdup(raw);
	return c->name;
}

const char *filter_local(const char *raw)
{
	const char *c = strchr(raw, ':');

	return c ? c + 1 : raw;
}
