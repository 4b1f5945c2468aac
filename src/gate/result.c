#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "gate/gate.h"

void result_release(struct result *r)
{
	for (size_t i = 0; i < r->n_members; i++) {
		result_release(r->members[i].result);
		free(r->members[i].result);
	}
	free(r->members);
	free(r->parts);
	free(r->runs);
	if (r->out_fd >= 0)
		close(r->out_fd);
	arena_free(r->arena);
	*r = (struct result){.out_fd = -1};
}

/* What a worker says is shown to people: no control character of it reaches their terminal. */
static struct str shown(struct result *r, struct str s)
{
	struct str copy = arena_str(r->arena, s);
	char *p = (char *)(uintptr_t)copy.p;

	for (size_t i = 0; p && i < copy.n; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
			p[i] = '.';
		else if ((unsigned char)p[i] == 0xc2 && i + 1 < copy.n && (unsigned char)p[i + 1] < 0xa0)
			p[i] = p[i + 1] = '.';
	return copy;
}

void result_part(struct result *r, struct str path, struct str code, enum gate_action a, int64_t count, int64_t bytes,
                 struct str sample)
{
	if (r->n_parts >= GATE_PARTS_MAX) {
		r->more_parts++;
		return;
	}
	if (r->n_parts == r->cap_parts) {
		r->cap_parts = r->cap_parts ? 2 * r->cap_parts : 16;
		r->parts = realloc(r->parts, r->cap_parts * sizeof *r->parts);
		if (!r->parts)
			abort();
	}
	r->parts[r->n_parts++] = (struct part){shown(r, path), shown(r, code), shown(r, sample),
	                                       a, count, bytes};
}

void result_stop(struct result *r, enum gate_outcome o, const char *code, struct str where)
{
	r->outcome = o;
	r->code = shown(r, str_from(code));
	r->where = shown(r, where);
}
