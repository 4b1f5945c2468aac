#include "gate/gate.h"
#include "lib/json.h"

#define REPORT_SCHEMA 1

static const char *const outcomes[] = {"delivered", "held", "blocked"};
static const char *const outcomes_ja[] = {"再構成", "保留", "遮断"};
static const char *const actions[] = {"removed", "rebuilt", "converted", "kept"};

static void put_parts(struct jw *j, const struct gate *g, const struct result *r)
{
	jw_key(j, "parts");
	jw_array(j);
	for (size_t i = 0; i < r->n_parts; i++) {
		const struct part *p = &r->parts[i];

		jw_object(j);
		jw_kstr(j, "path", p->path);
		jw_kstr(j, "code", p->code);
		jw_kz(j, "action", actions[p->action]);
		jw_kint(j, "count", p->count);
		if (p->bytes)
			jw_kint(j, "bytes", p->bytes);
		if (p->sample.n)
			jw_kstr(j, "sample", p->sample);
		jw_kstr(j, "ja", code_text(g->codes, p->code, true));
		jw_kstr(j, "en", code_text(g->codes, p->code, false));
		jw_end_object(j);
	}
	jw_end_array(j);
	if (r->more_parts)
		jw_kint(j, "more_parts", r->more_parts);
}

static void put_runs(struct jw *j, const struct result *r)
{
	jw_key(j, "runs");
	jw_array(j);
	for (size_t i = 0; i < r->n_runs; i++) {
		const struct run *w = &r->runs[i];

		jw_object(j);
		jw_kz(j, "step", w->step);
		jw_kstr(j, "program", w->program);
		jw_kstr(j, "posture", w->posture);
		jw_kint(j, "exit", w->exit);
		jw_kint(j, "signal", w->signal);
		jw_kint(j, "cpu_ms", w->cpu_ms);
		jw_kint(j, "wall_ms", w->wall_ms);
		jw_kint(j, "rss_kb", w->rss_kb);
		jw_end_object(j);
	}
	jw_end_array(j);
}

static void put_scan(struct jw *j, const struct result *r)
{
	static const char *const when[] = {"before", "after"};

	jw_key(j, "scan");
	jw_object(j);
	for (int i = 0; i < 2; i++) {
		if (!r->scan[i].asked)
			continue;
		jw_key(j, when[i]);
		jw_object(j);
		jw_kstr(j, "engine", r->scan[i].engine);
		jw_kstr(j, "verdict", r->scan[i].verdict);
		if (r->scan[i].age_hours >= 0)
			jw_kint(j, "signatures_age_hours", r->scan[i].age_hours);
		jw_end_object(j);
	}
	jw_end_object(j);
}

static void put_result(struct jw *j, const struct gate *g, const struct result *r);

static void put_members(struct jw *j, const struct gate *g, const struct result *r)
{
	jw_key(j, "members");
	jw_array(j);
	for (size_t i = 0; i < r->n_members; i++) {
		jw_object(j);
		jw_kstr(j, "path", r->members[i].path);
		put_result(j, g, r->members[i].result);
		jw_end_object(j);
	}
	jw_end_array(j);
}

static void put_result(struct jw *j, const struct gate *g, const struct result *r)
{
	jw_kz(j, "outcome", outcomes[r->outcome]);
	jw_kz(j, "outcome_ja", outcomes_ja[r->outcome]);
	if (r->outcome != GATE_DELIVERED) {
		jw_kstr(j, "code", r->code);
		jw_kstr(j, "where", r->where);
		jw_kstr(j, "ja", code_text(g->codes, r->code, true));
		jw_kstr(j, "en", code_text(g->codes, r->code, false));
	}
	jw_key(j, "in");
	jw_object(j);
	jw_kstr(j, "name", r->name);
	jw_kint(j, "size", (int64_t)r->size);
	jw_kz(j, "sha256", r->sha256);
	jw_kstr(j, "extension", r->ext);
	jw_kstr(j, "type", r->type);
	jw_end_object(j);
	put_scan(j, r);
	put_parts(j, g, r);
	if (r->n_members)
		put_members(j, g, r);
	if (r->rule.n) {
		jw_key(j, "refused");
		jw_object(j);
		jw_kstr(j, "rule", r->rule);
		jw_kint(j, "offset", r->rule_at);
		jw_end_object(j);
	}
	if (r->outcome == GATE_DELIVERED) {
		jw_key(j, "out");
		jw_object(j);
		jw_kint(j, "size", (int64_t)r->out_size);
		jw_kz(j, "sha256", r->out_sha256);
		jw_kstr(j, "language", r->language);
		if (r->grade.n)
			jw_kstr(j, "grade", r->grade);
		jw_kint(j, "units", r->units);
		jw_end_object(j);
	}
	put_runs(j, r);
}

void report_json(const struct gate *g, const struct result *r, struct buf *out)
{
	struct jw j;

	jw_init(&j, out, true);
	jw_object(&j);
	jw_kint(&j, "schema", REPORT_SCHEMA);
	jw_kz(&j, "engine", "sekisho " SEKISHO_VERSION);
	jw_kz(&j, "policy_sha256", g->policy_sha256);
	put_result(&j, g, r);
	jw_end_object(&j);
	buf_putc(out, '\n');
}
