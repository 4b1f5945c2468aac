#include "collect/collect.h"

#include <string.h>

#include "lib/clock.h"

void collect_stamp(struct collect *c)
{
	c->now_ns = clock_true() * 1000;
}

void collect_put(struct collect *c, struct source *s, const struct envelope *v, const struct piece *p)
{
	uint16_t flags = p->flags | envelope_text(p->raw);
	envelope_put(v, flags, p->raw, batches_room(c->out, s->log_number, envelope_size(v, p->raw.n)));
	s->entries++;
	s->bytes += p->raw.n;
	if (flags) {
		s->long_ones += (flags & (ENTRY_MORE | ENTRY_CONTINUED)) == ENTRY_MORE;
		s->torn += (flags & ENTRY_TORN) != 0;
		s->binary += (flags & ENTRY_BINARY) != 0;
	}
}

void collect_note(struct collect *c, struct str json)
{
	struct envelope v;
	envelope_init(&v, ENTRY_COLLECT, STR("collect"), STR(""));
	collect_stamp(c);
	envelope_stamp(&v, c->now_ns);
	envelope_put(&v, 0, json, batches_room(c->out, 0, envelope_size(&v, json.n)));
}

int collect_door(const struct collect *c, const char *name)
{
	const char *dot = strrchr(name, '.');
	int64_t i;
	if (strncmp(name, "listen.", 7) != 0 || !dot || str_int(str_from(dot + 1), 0, (int64_t)c->n_doors - 1, &i) != 0)
		return -1;
	return (int)i;
}
