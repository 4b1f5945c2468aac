#include "core/random_sample.h"

#include "core/engine.h"
#include "lib/hash.h"
#include "lib/i18n.h"

struct drawn {
	uint8_t hash[SHA256_LEN];
	int64_t id;
};

static void weigh(struct str seed, struct str number, int64_t id, struct drawn *ret)
{
	char own[24];
	snprintf(own, sizeof own, "%lld", (long long)id);
	const struct str parts[] = {seed, STR(":"), number.n ? number : str_from(own)};
	sha256_parts(parts, ARRAY_LEN(parts), ret->hash);
	ret->id = id;
}

/* Keeps the n least, in order. */
static void keep(struct drawn *v, size_t *have, size_t n, const struct drawn *d)
{
	size_t at = *have < n ? (*have)++ : n;
	if (at == n) {
		if (!n || memcmp(d->hash, v[n - 1].hash, SHA256_LEN) >= 0)
			return;
		at = n - 1;
	}
	for (; at > 0 && memcmp(d->hash, v[at - 1].hash, SHA256_LEN) < 0; at--)
		v[at] = v[at - 1];
	v[at] = *d;
}

int sample_draw(struct world *w, const struct actor *who, const struct ledger *l, struct str seed, size_t n, struct sample *ret, struct err *e)
{
	struct arena *a = arena_new(1u << 20);
	struct job j = {.w = w, .a = a, .who = who, .l = l, .e = e};
	struct drawn v[SAMPLE_MAX] = {0}, d;
	struct buf sql;
	int got = 0;
	*ret = (struct sample){0};
	if (n > SAMPLE_MAX)
		n = SAMPLE_MAX;
	buf_init(&sql, 1u << 16);
	buf_printf(&sql, "SELECT r.id, r.number FROM \"%.*s\" r WHERE ", STR_ARG(l->table));
	int err = ledger_may_list(who, l) ? visible_sql(&j, &sql) : err_set(e, ERR_DENIED, "%s", _("This list is not open to you"));
	struct stmt *s = err == 0 ? db_sql(w->db, buf_z(&sql)) : NULL;
	if (err == 0 && (!s || visible_bind(&j, s) < 0))
		err = err_set(e, ERR_DB, "%s", db_error(w->db));
	while (err == 0 && (got = step(s)) == 1) {
		weigh(seed, col_str(s, 1), col_int(s, 0), &d);
		keep(v, &ret->n, n, &d);
		ret->of++;
	}
	if (got < 0)
		err = err_set(e, ERR_DB, "%s", db_error(w->db));
	if (s)
		stmt_done(s);
	for (size_t i = 0; i < ret->n; i++)
		ret->ids[i] = v[i].id;
	buf_release(&sql);
	arena_free(a);
	return err;
}
