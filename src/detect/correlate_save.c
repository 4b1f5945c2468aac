/* The state of correlations as bytes: seed, logs, figures, then per group its rule's id, what the rule was, key and moments. */
#include "detect/correlate_parts.h"

#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"

#define MARK 0x636f7231u                             /* "cor1" */

/* A changed definition makes old counts meaningless. */
static void definition(const struct rule *r, uint8_t out[SHA256_LEN])
{
	const struct correlation *c = r->corr;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_printf(&b, "%d %lld %lld %.*s", c->kind, (long long)c->timespan_ns, (long long)c->least, STR_ARG(c->field));
	for (size_t i = 0; i < c->n_rules; i++)
		buf_printf(&b, "\n%.*s", STR_ARG(c->rules[i]->id));
	for (size_t g = 0; g < c->n_group; g++)
		for (size_t i = 0; i < c->n_rules; i++)
			buf_printf(&b, "\t%.*s", STR_ARG(c->names[g][i]));
	sha256(b.p, b.n, out);
	buf_release(&b);
}

static void put_str(struct buf *b, struct str s)
{
	buf_u16(b, (uint16_t)s.n);
	buf_put(b, s.p, s.n);
}

void correlator_save(const struct correlator *c, struct buf *out)
{
	uint8_t *defs = xcalloc(c->rules->n + 1, SHA256_LEN);

	buf_u32(out, MARK);
	buf_u64(out, c->seed);
	buf_u64(out, c->sum.evicted);
	buf_u64(out, c->sum.late);
	buf_u64(out, c->sum.fired);
	buf_u64(out, c->sum.folded);
	buf_u16(out, (uint16_t)c->n_logs);
	for (size_t i = 0; i < c->n_logs; i++)
		put_str(out, str_from(c->logs[i]));
	buf_u32(out, (uint32_t)c->n_groups);
	for (size_t i = 0; i < c->rules->n; i++)
		if (c->rules->list[i]->corr)
			definition(c->rules->list[i], defs + i * SHA256_LEN);
	for (const struct group *g = c->oldest; g; g = g->newer) {
		put_str(out, g->rule->id);
		buf_put(out, defs + g->rule->at * SHA256_LEN, SHA256_LEN);
		put_str(out, str_n(g->key, g->key_n));
		buf_u64(out, (uint64_t)g->newest);
		buf_u64(out, (uint64_t)g->quiet);
		buf_u64(out, g->folded);
		buf_u16(out, (uint16_t)g->n);
		for (size_t i = 0; i < g->n; i++) {
			buf_u64(out, (uint64_t)g->list[i].time);
			buf_u64(out, g->list[i].index);
			buf_u64(out, g->list[i].mark);
			buf_u16(out, g->list[i].log);
		}
	}
	free(defs);
}

static int get_str(struct cur *in, size_t max, struct str *ret)
{
	const void *p;
	uint16_t n;

	if (cur_u16(in, &n) || n > max || cur_bytes(in, n, &p))
		return ERR_CORRUPT;
	*ret = str_n(p, n);
	return 0;
}

static int get_i64(struct cur *in, int64_t *ret)
{
	uint64_t v;
	int r = cur_u64(in, &v);

	*ret = r ? 0 : (int64_t)v;
	return r;
}

static int load_group(struct correlator *c, struct cur *in)
{
	struct str id, key;
	const struct rule *r;
	struct group *g = NULL;
	int64_t newest, quiet;
	uint8_t now[SHA256_LEN];
	const void *def;
	uint64_t folded;
	uint16_t n;

	if (get_str(in, 1024, &id) || cur_bytes(in, SHA256_LEN, &def) || get_str(in, CORRELATE_KEY_MAX, &key) ||
	    get_i64(in, &newest) || get_i64(in, &quiet) || cur_u64(in, &folded) || cur_u16(in, &n))
		return ERR_CORRUPT;
	r = rules_find(c->rules, id);
	if (r && r->corr) {
		definition(r, now);
		if (!memcmp(now, def, sizeof now))
			g = correlate_group(c, r, key);
	}
	if (g) {
		g->newest = newest;
		g->quiet = quiet;
		g->folded = folded;
	}
	for (unsigned i = 0; i < n; i++) {
		struct moment m = {0}, *to;

		if (get_i64(in, &m.time) || cur_u64(in, &m.index) || cur_u64(in, &m.mark) || cur_u16(in, &m.log))
			return ERR_CORRUPT;
		if (g && g->n < REFS_MAX) {
			to = correlate_room(c, g);
			*to = m;
		}
	}
	return 0;
}

int correlator_load(struct correlator *c, struct cur *in)
{
	uint32_t mark, n;
	uint16_t logs;

	if (cur_u32(in, &mark) || mark != MARK || cur_u64(in, &c->seed) || cur_u64(in, &c->sum.evicted) ||
	    cur_u64(in, &c->sum.late) || cur_u64(in, &c->sum.fired) || cur_u64(in, &c->sum.folded) || cur_u16(in, &logs) ||
	    logs > CORRELATE_LOGS_MAX)
		return ERR_CORRUPT;
	for (unsigned i = 0; i < logs; i++) {
		struct str name;

		if (get_str(in, sizeof c->logs[0] - 1, &name))
			return ERR_CORRUPT;
		correlator_log(c, name);
	}
	if (cur_u32(in, &n))
		return ERR_CORRUPT;
	for (uint32_t i = 0; i < n; i++)
		if (load_group(c, in))
			return ERR_CORRUPT;
	return 0;
}
