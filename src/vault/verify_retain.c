#include "vault/verify_parts.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "lib/arena.h"

#define DAY_NS (86400ll * 1000000000ll)

static void places_add(struct places *p, uint64_t at)
{
	if (p->n == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 64;
		uint64_t *more = xcalloc(cap, sizeof *more);

		if (p->n)
			memcpy(more, p->list, p->n * sizeof *more);
		free(p->list);
		p->list = more;
		p->cap = cap;
	}
	p->list[p->n++] = at;
}

static int by_place(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool integer(const json_t *o, const char *key, uint64_t *ret)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*ret = (uint64_t)json_integer_value(v);
	return true;
}

static bool hold_from(const json_t *o, struct hold *ret)
{
	const char *id = json_string_value(json_object_get(o, "id"));

	*ret = (struct hold){0};
	if (!id || !hold_id_ok(str_from(id)) || !integer(o, "from", &ret->from) || !integer(o, "to", &ret->to))
		return false;
	memcpy(ret->id, id, strlen(id));
	return true;
}

/* The holds an entry of type prune names take the place of those known so far, none of which may be left out. */
static bool take_holds(struct audit *a, const json_t *list)
{
	struct retention next = a->said;
	size_t n = json_array_size(list);

	next.n_holds = 0;
	for (size_t i = 0; i < n && i < HOLDS_MAX; i++)
		if (!hold_from(json_array_get(list, i), &next.holds[next.n_holds++]))
			return false;
	for (size_t i = 0; i < a->said.n_holds; i++)
		if (!retention_hold(&next, str_from(a->said.holds[i].id)))
			return false;
	a->said = next;
	return n <= HOLDS_MAX;
}

static bool take_prune(struct audit *a, const json_t *o, const struct entry *en, uint64_t index)
{
	const json_t *redacted = json_object_get(o, "redacted");
	const json_t *newest = json_object_get(o, "newest");
	const char *sources = json_string_value(json_object_get(o, "sources"));
	uint64_t minimum, before, days, at;

	if (!integer(o, "minimum", &minimum) || !integer(o, "before", &before) || !integer(o, "days", &days) || !days || minimum > index ||
	    minimum < before || !sources || !take_holds(a, json_object_get(o, "holds")))
		return false;
	/* who removes by a policy that the log knows otherwise removes by none */
	if (a->said.days && (uint64_t)a->said.days != days)
		return false;
	/* and nothing goes before its time, as the log itself tells the time */
	if (!json_is_integer(newest) || json_integer_value(newest) > en->time_ns - (int64_t)days * DAY_NS)
		return false;
	for (size_t i = 0; i < json_array_size(redacted); i++) {
		const json_t *v = json_array_get(redacted, i);

		if (!json_is_integer(v))
			return false;
		places_add(&a->recorded, (uint64_t)json_integer_value(v));
	}
	at = a->said.prune_at;
	a->said.minimum = minimum;
	a->said.prune_at = index;
	/* what it says of sources is compared only for the one that is in force */
	if (index == a->log->keep.prune_at || !at)
		snprintf(a->said_sources, sizeof a->said_sources, "%s", sources);
	return true;
}

static bool take(struct audit *a, const char *type, const json_t *o, const struct entry *en, uint64_t index)
{
	uint64_t n;
	struct hold h, *have;

	if (!strcmp(type, "policy")) {
		if (!integer(o, "days", &n))
			return false;
		a->said.days = (int64_t)n;
		a->said.policy_at = index;
	} else if (!strcmp(type, "prune")) {
		return take_prune(a, o, en, index);
	} else if (!strcmp(type, "hold")) {
		if (!hold_from(o, &h) || a->said.n_holds == HOLDS_MAX)
			return false;
		a->said.holds[a->said.n_holds++] = h;
	} else if (!strcmp(type, "release")) {
		const char *id = json_string_value(json_object_get(o, "id"));

		/* the hold itself may stand in what was removed */
		have = id ? retention_hold(&a->said, str_from(id)) : NULL;
		if (have)
			*have = a->said.holds[--a->said.n_holds];
		return id;
	} else if (!strcmp(type, "key")) {
		return verify_key_change(a, json_string_value(json_object_get(o, "key")), json_string_value(json_object_get(o, "replaces")),
		                         index);
	} else if (!strcmp(type, "redact")) {
		if (!integer(o, "index", &n))
			return false;
		places_add(&a->recorded, n);
	}
	return true;
}

void verify_own(struct audit *a, const struct entry *en, uint64_t index)
{
	json_t *o;
	const char *type;

	/* most are none of ours */
	if (str_starts(en->raw, "{\"type\":\"start\"") || str_starts(en->raw, "{\"type\":\"heartbeat\""))
		return;
	o = json_loadb(en->raw.p, en->raw.n, JSON_REJECT_DUPLICATES, NULL);
	type = json_string_value(json_object_get(o, "type"));
	if (!type || !take(a, type, o, en, index))
		verify_problem(a->report, "retention", "entry %llu of the vault makes no sense", (unsigned long long)index);
	json_decref(o);
}

void verify_redacted(struct audit *a, uint64_t index)
{
	places_add(&a->gone, index);
	a->report->redacted++;
}

static void check_old(struct audit *a, struct target *t)
{
	uint8_t root[MERKLE_LEN], proof[MERKLE_PROOF_MAX][MERKLE_LEN];
	size_t n;

	if (merkle_root_at(tlog_node, a->log, t->size, root) ||
	    merkle_consistency(tlog_node, a->log, t->size, a->report->size, proof, &n)) {
		t->met = true;
		verify_problem(a->report, t->name, "entries before %llu were removed and this checkpoint was not kept",
		               (unsigned long long)a->log->keep.minimum);
		return;
	}
	t->met = true;
	if (memcmp(root, t->root, MERKLE_LEN) != 0 ||
	    merkle_consistency_check(t->size, a->report->size, t->root, a->report->root, proof, n))
		verify_problem(a->report, t->name, "the first %llu entries are not those that were signed", (unsigned long long)t->size);
	else
		t->right = true;
}

void verify_old_targets(struct audit *a)
{
	struct err e = {0};

	if (a->log->keep.minimum && tlog_tiles(a->log, &e))
		verify_problem(a->report, "tile", "%s", e.text);
	for (size_t i = 0; i < a->n_targets; i++)
		if (!a->targets[i].met && a->targets[i].size && a->targets[i].size < a->log->keep.minimum && a->report->size)
			check_old(a, &a->targets[i]);
}

static void check_holds(struct audit *a)
{
	const struct tlog *s = a->log;

	for (size_t i = 0; i < a->said.n_holds; i++) {
		const struct hold *h = &a->said.holds[i];

		for (uint64_t at = h->from / s->capacity * s->capacity; at <= h->to && at < s->keep.minimum; at += s->capacity) {
			size_t seg = tlog_seg_at(s, at);

			if (seg == s->n_segs || s->segs[seg] != at)
				verify_problem(a->report, "retention", "entries from %llu on were held (%s) and are gone", (unsigned long long)at, h->id);
		}
	}
}

static void check_redacted(struct audit *a)
{
	qsort(a->recorded.list, a->recorded.n, sizeof *a->recorded.list, by_place);
	for (size_t i = 0; i < a->gone.n; i++)
		if (!bsearch(&a->gone.list[i], a->recorded.list, a->recorded.n, sizeof *a->recorded.list, by_place))
			verify_problem(a->report, "retention", "entry %llu was taken out, and the log does not say so",
			               (unsigned long long)a->gone.list[i]);
}

void verify_retention(struct audit *a)
{
	const struct retention *keep = &a->log->keep;

	if (keep->minimum && (a->said.minimum < keep->minimum || keep->prune_at >= a->report->size))
		verify_problem(a->report, "retention", "the log says nothing of a removal up to entry %llu", (unsigned long long)keep->minimum);
	else if (keep->minimum && *a->sources && a->said.prune_at == keep->prune_at && strcmp(a->sources, a->said_sources) != 0)
		verify_problem(a->report, "retention", "the sources where the log begins are not those it had");
	check_holds(a);
	if (a->recorded.n)
		check_redacted(a);
	else if (a->gone.n)
		verify_problem(a->report, "retention", "entry %llu was taken out, and the log does not say so", (unsigned long long)a->gone.list[0]);
}

void verify_forget(struct audit *a)
{
	free(a->gone.list);
	free(a->recorded.list);
}
