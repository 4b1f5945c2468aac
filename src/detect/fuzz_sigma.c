/* Any text gives rules or faults with a place; what loads can be looked for in the same bytes. */
#include <string.h>

#include "detect/correlate.h"
#include "lib/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void on_fault(void *arg, const struct err *e)
{
	if (!e->code || !e->text[0])
		__builtin_trap();
}

static void on_fire(void *arg, const struct firing *f)
{
	if (!f->n_refs || f->n_refs > REFS_MAX)
		__builtin_trap();
}

static void on_match(void *arg, const struct rule *r, struct event *ev)
{
	correlator_match(arg, r, ev, on_fire, NULL);
}

static void run(struct rules *rs, struct str text)
{
	struct message m = {.raw = text, .source = STR("s"), .log = STR("l"), .time_ns = 1};
	struct correlator *c = correlator_new(rs, 100, 1 << 20);
	struct engine *en;
	struct err e = {0};

	if (!engine_new(rs, NULL, &en, &e)) {
		for (int i = 0; i < 3 && text.n; i++, m.index++)
			if (engine_scan(en, text, &m, 1, on_match, c))
				__builtin_trap();
		engine_free(en);
	}
	correlator_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rules rs;

	rules_init(&rs, on_fault, NULL);
	rules_load_text(&rs, "f", str_n(data, n));
	rules_finish(&rs);
	if (!rs.n && !rs.faults)
		__builtin_trap();
	run(&rs, str_n(data, n));
	rules_release(&rs);
	return 0;
}
