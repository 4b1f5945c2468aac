#include "detect/alerts.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/date.h"
#include "lib/json.h"

#define HOUR_NS (3600 * 1000000000LL)
#define VALUE_MAX 300u                               /* bytes of a field told in an alert */

void alerts_init(struct alerts *a, const struct rules *rs)
{
	*a = (struct alerts){.rules = rs};
	a->rates = xcalloc(rs->n + 1, sizeof *a->rates);
	a->off = xcalloc(rs->n + 1, sizeof *a->off);
	a->quiet = xcalloc(SUPPRESSIONS_MAX, sizeof *a->quiet);
	for (size_t i = 0; i < rs->n; i++)
		a->off[i] = !rs->list[i]->by_default;
}

static void release_quiet(struct alerts *a)
{
	for (size_t i = 0; i < a->n_quiet; i++)
		free((char *)(uintptr_t)a->quiet[i].rule.p);
	a->n_quiet = 0;
}

void alerts_release(struct alerts *a)
{
	for (size_t i = 0; i < a->n; i++)
		free((char *)(uintptr_t)a->list[i].raw.p);
	release_quiet(a);
	free(a->list);
	free(a->rates);
	free(a->off);
	free(a->quiet);
	*a = (struct alerts){0};
}

/* One memory for the three texts. */
static struct suppression own(const struct suppression *s)
{
	char *p = xmalloc(s->rule.n + s->field.n + s->value.n + 1);
	struct suppression o = {.until = s->until};

	memcpy(p, s->rule.p, s->rule.n);
	memcpy(p + s->rule.n, s->field.p, s->field.n);
	memcpy(p + s->rule.n + s->field.n, s->value.p, s->value.n);
	o.rule = (struct str){p, s->rule.n};
	o.field = (struct str){p + s->rule.n, s->field.n};
	o.value = (struct str){p + s->rule.n + s->field.n, s->value.n};
	return o;
}

int alerts_suppress(struct alerts *a, const struct suppression *list, size_t n, int64_t now)
{
	if (n > SUPPRESSIONS_MAX)
		return ERR_TOOBIG;
	release_quiet(a);
	for (size_t i = 0; i < n; i++)
		if (list[i].until > now)
			a->quiet[a->n_quiet++] = own(&list[i]);
	return 0;
}

static bool is_quiet(const struct alerts *a, const struct firing *f, const struct field *fields, size_t n)
{
	for (size_t i = 0; i < a->n_quiet; i++) {
		const struct suppression *q = &a->quiet[i];
		bool fits = !q->field.n;

		if ((q->rule.n && !str_eq(q->rule, f->rule->id)) || q->until * 1000 <= f->time_ns)
			continue;
		for (size_t k = 0; k < f->n_group && !fits; k++)
			fits = str_eq(q->field, f->names[k]) && str_ieq(q->value, f->values[k]);
		for (size_t k = 0; k < n && !fits; k++)
			fits = str_eq(q->field, fields[k].name) && str_ieq(q->value, fields[k].value);
		if (fits)
			return true;
	}
	return false;
}

/* Digest of the rule and what it rests on. */
static void make_id(const struct correlator *c, const struct firing *f, char out[ALERT_ID])
{
	char hex[SHA256_HEX];
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_str(&b, f->rule->id);
	for (size_t i = 0; i < f->n_refs; i++)
		buf_printf(&b, "\n%.*s %llu", STR_ARG(correlator_log_name(c, f->refs[i].log)), (unsigned long long)f->refs[i].index);
	sha256_hex(b.p, b.n, hex);
	snprintf(out, ALERT_ID, "%.32s", hex);
	buf_release(&b);
}

static struct alert *add(struct alerts *a, struct str raw, bool told)
{
	struct alert *x;
	char *copy = xmalloc(raw.n + 1);

	if (a->n == a->cap) {
		size_t cap = a->cap * 2 + 64;
		struct alert *grown = realloc(a->list, cap * sizeof *grown);

		if (!grown)
			abort();
		a->list = grown;
		a->cap = cap;
	}
	memcpy(copy, raw.p, raw.n);
	x = &a->list[a->n++];
	*x = (struct alert){.told = told, .seq = ++a->seq, .raw = {copy, raw.n}};
	memcpy(x->prev, a->hash, SHA256_LEN);
	sha256(copy, raw.n, a->hash);
	return x;
}

static void key_str(struct jw *j, struct str key, struct str value)
{
	char z[FIELDS_NAME_MAX + 1];

	snprintf(z, sizeof z, "%.*s", STR_ARG(key));
	jw_kstr(j, z, str_slice(value, 0, VALUE_MAX));
}

static void put_refs(struct jw *j, const struct correlator *c, const struct firing *f)
{
	jw_key(j, "entries");
	jw_array(j);
	for (size_t i = 0; i < f->n_refs;) {
		uint16_t log = f->refs[i].log;

		jw_object(j);
		jw_kstr(j, "log", correlator_log_name(c, log));
		jw_key(j, "index");
		jw_array(j);
		for (; i < f->n_refs && f->refs[i].log == log; i++)
			jw_int(j, (int64_t)f->refs[i].index);
		jw_end_array(j);
		jw_end_object(j);
	}
	jw_end_array(j);
}

static void put_alert(struct buf *b, const struct correlator *c, const struct firing *f, const struct field *fields, size_t n,
                      const char *id, uint64_t folded)
{
	char at[40];
	struct jw j;

	instant_rfc3339(f->time_ns / 1000, at, sizeof at);
	jw_init(&j, b, false);
	jw_object(&j);
	jw_kz(&j, "type", "alert");
	jw_kz(&j, "id", id);
	jw_kstr(&j, "rule", f->rule->id);
	jw_kstr(&j, "title", f->rule->title);
	jw_kz(&j, "level", level_name(f->rule->level));
	jw_kz(&j, "time", at);
	if (f->rule->clauses.n)
		jw_kstr(&j, "clauses", f->rule->clauses);
	if (f->rule->works)
		jw_kbool(&j, "works", true);
	put_refs(&j, c, f);
	jw_key(&j, "group");
	jw_object(&j);
	for (size_t i = 0; i < f->n_group; i++)
		key_str(&j, f->names[i], f->values[i]);
	jw_end_object(&j);
	jw_key(&j, "fields");
	jw_object(&j);
	for (size_t i = 0; i < n; i++)
		key_str(&j, fields[i].name, fields[i].value);
	jw_end_object(&j);
	jw_kint(&j, "folded", (int64_t)folded);
	jw_end_object(&j);
}

void alerts_raise(struct alerts *a, const struct correlator *c, const struct firing *f, const struct field *fields, size_t n)
{
	struct rate *rate = &a->rates[f->rule->at];
	int64_t hour = f->time_ns / HOUR_NS, cap = f->rule->per_hour ? f->rule->per_hour : ALERT_PER_HOUR;
	char id[ALERT_ID];
	struct buf b;

	if (a->off[f->rule->at] || (f->rule->part && !f->rule->generate))
		return;
	if (is_quiet(a, f, fields, n)) {
		a->suppressed++;
		return;
	}
	if (hour > rate->hour) {
		rate->hour = hour;
		rate->count = 0;
	}
	if (rate->count >= cap) {
		rate->folded += 1 + f->folded;
		a->folded++;
		return;
	}
	rate->count++;
	make_id(c, f, id);
	buf_init(&b, ALERT_BYTES_MAX);
	put_alert(&b, c, f, fields, n, id, rate->folded + f->folded);
	if (!buf_err(&b)) {
		struct alert *x = add(a, buf_view(&b), true);

		memcpy(x->id, id, sizeof x->id);
		rate->folded = 0;
		a->raised++;
	}
	buf_release(&b);
}

void alerts_note(struct alerts *a, const char *type, struct str members)
{
	struct buf b;

	buf_init(&b, ALERT_BYTES_MAX);
	buf_printf(&b, "{\"type\":\"%s\"%s%.*s}", type, members.n ? "," : "", STR_ARG(members));
	if (!buf_err(&b))
		add(a, buf_view(&b), false);
	buf_release(&b);
}

void alerts_hour(struct alerts *a, int64_t now)
{
	for (size_t i = 0; i < a->rules->n; i++) {
		struct rate *r = &a->rates[i];
		struct buf b;
		struct jw j;

		if (!r->folded || r->hour >= now / HOUR_NS)
			continue;
		buf_init(&b, 4096);
		jw_init(&j, &b, false);
		jw_object(&j);
		jw_kstr(&j, "rule", a->rules->list[i]->id);
		jw_kint(&j, "count", (int64_t)r->folded);
		jw_end_object(&j);
		alerts_note(a, "folded", str_slice(buf_view(&b), 1, b.n > 2 ? b.n - 2 : 0));
		buf_release(&b);
		r->folded = 0;
	}
}

static void take_out(struct alerts *a, size_t i)
{
	free((char *)(uintptr_t)a->list[i].raw.p);
	memmove(a->list + i, a->list + i + 1, (--a->n - i) * sizeof *a->list);
}

bool alerts_acked(struct alerts *a, uint64_t seq, uint64_t index)
{
	for (size_t i = 0; i < a->n; i++) {
		struct alert *x = &a->list[i];

		if (x->seq != seq || x->stage != ALERT_FOR_VAULT)
			continue;
		x->index = index;
		x->stage = ALERT_FOR_OFFICE;
		x->sent = false;
		if (!x->told)
			take_out(a, i);
		return true;
	}
	return false;
}

bool alerts_taken(struct alerts *a, struct str id)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->list[i].stage == ALERT_FOR_OFFICE && str_is(id, a->list[i].id)) {
			take_out(a, i);
			return true;
		}
	return false;
}

void alerts_renumber(struct alerts *a, uint64_t seq, const uint8_t hash[SHA256_LEN])
{
	a->seq = seq;
	memcpy(a->hash, hash, SHA256_LEN);
	for (size_t i = 0; i < a->n; i++) {
		struct alert *x = &a->list[i];

		if (x->stage != ALERT_FOR_VAULT)
			continue;
		x->seq = ++a->seq;
		x->sent = false;
		memcpy(x->prev, a->hash, SHA256_LEN);
		sha256(x->raw.p, x->raw.n, a->hash);
	}
}

void alerts_unsent(struct alerts *a, enum alert_stage stage)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->list[i].stage == stage)
			a->list[i].sent = false;
}

/* --- as bytes --------------------------------------------------------------------------------------------------------- */

static void put_str(struct buf *b, struct str s)
{
	buf_u32(b, (uint32_t)s.n);
	buf_put(b, s.p, s.n);
}

static int get_str(struct cur *in, size_t max, struct str *ret)
{
	const void *p;
	uint32_t n;

	if (cur_u32(in, &n) || n > max || cur_bytes(in, n, &p))
		return ERR_CORRUPT;
	*ret = str_n(p, n);
	return 0;
}

void alerts_save(const struct alerts *a, struct buf *b)
{
	size_t rates = 0;

	buf_u64(b, a->seq);
	buf_put(b, a->hash, SHA256_LEN);
	buf_u64(b, a->raised);
	buf_u64(b, a->suppressed);
	buf_u64(b, a->folded);
	buf_u32(b, (uint32_t)a->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct alert *x = &a->list[i];

		buf_put(b, x->id, ALERT_ID);
		buf_u8(b, x->told);
		buf_u8(b, (uint8_t)x->stage);
		buf_u64(b, x->seq);
		buf_u64(b, x->index);
		buf_put(b, x->prev, SHA256_LEN);
		put_str(b, x->raw);
	}
	for (size_t i = 0; i < a->rules->n; i++)
		rates += a->rates[i].count || a->rates[i].folded;
	buf_u32(b, (uint32_t)rates);
	for (size_t i = 0; i < a->rules->n; i++)
		if (a->rates[i].count || a->rates[i].folded) {
			put_str(b, a->rules->list[i]->id);
			buf_u64(b, (uint64_t)a->rates[i].hour);
			buf_u32(b, a->rates[i].count);
			buf_u64(b, a->rates[i].folded);
		}
	buf_u32(b, (uint32_t)a->n_quiet);
	for (size_t i = 0; i < a->n_quiet; i++) {
		put_str(b, a->quiet[i].rule);
		put_str(b, a->quiet[i].field);
		put_str(b, a->quiet[i].value);
		buf_u64(b, (uint64_t)a->quiet[i].until);
	}
}

static int load_waiting(struct alerts *a, struct cur *in)
{
	const void *id, *prev;
	uint8_t told, stage;
	uint64_t seq, index;
	struct alert *x;
	struct str raw;

	if (cur_bytes(in, ALERT_ID, &id) || cur_u8(in, &told) || cur_u8(in, &stage) || stage > ALERT_FOR_OFFICE ||
	    cur_u64(in, &seq) || cur_u64(in, &index) || cur_bytes(in, SHA256_LEN, &prev) || get_str(in, ALERT_BYTES_MAX, &raw))
		return ERR_CORRUPT;
	x = add(a, raw, told);
	memcpy(x->id, id, ALERT_ID);
	x->id[ALERT_ID - 1] = 0;
	x->stage = (enum alert_stage)stage;
	x->seq = seq;
	x->index = index;
	memcpy(x->prev, prev, SHA256_LEN);
	return 0;
}

static int load_rates(struct alerts *a, struct cur *in)
{
	uint32_t n;

	if (cur_u32(in, &n))
		return ERR_CORRUPT;
	for (uint32_t i = 0; i < n; i++) {
		const struct rule *r;
		struct rate rate;
		uint64_t hour;
		struct str id;

		if (get_str(in, 4096, &id) || cur_u64(in, &hour) || cur_u32(in, &rate.count) || cur_u64(in, &rate.folded))
			return ERR_CORRUPT;
		rate.hour = (int64_t)hour;
		r = rules_find(a->rules, id);
		if (r)
			a->rates[r->at] = rate;
	}
	return 0;
}

int alerts_load(struct alerts *a, struct cur *in)
{
	uint8_t hash[SHA256_LEN];
	const void *p;
	uint64_t seq;
	uint32_t n;

	if (cur_u64(in, &seq) || cur_bytes(in, SHA256_LEN, &p) || cur_u64(in, &a->raised) || cur_u64(in, &a->suppressed) ||
	    cur_u64(in, &a->folded) || cur_u32(in, &n))
		return ERR_CORRUPT;
	memcpy(hash, p, SHA256_LEN);
	for (uint32_t i = 0; i < n; i++)
		if (load_waiting(a, in))
			return ERR_CORRUPT;
	a->seq = seq;
	memcpy(a->hash, hash, SHA256_LEN);
	if (load_rates(a, in) || cur_u32(in, &n) || n > SUPPRESSIONS_MAX)
		return ERR_CORRUPT;
	for (uint32_t i = 0; i < n; i++) {
		struct suppression q;
		uint64_t until;

		if (get_str(in, 4096, &q.rule) || get_str(in, 4096, &q.field) || get_str(in, 4096, &q.value) || cur_u64(in, &until))
			return ERR_CORRUPT;
		q.until = (int64_t)until;
		a->quiet[a->n_quiet++] = own(&q);
	}
	return 0;
}
