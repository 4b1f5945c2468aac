#include "core/tally.h"

#define SEEN_FIRST 1024
#define TALLY_FIRST 256
#define BY_ID_MAX (16 << 20)                             /* ids below have a place of their own: 64 MB at most */

struct seen {
	uint64_t key;
	int64_t section;
};

static uint64_t mix(uint64_t h)
{
	h ^= h >> 29;
	h *= 0xbf58476d1ce4e5b9u;
	return h ^ h >> 32;
}

static uint64_t subject_key(struct str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	h = mix(h);
	return h ? h : 1;
}

static struct seen *seen_slot(struct seen *v, size_t cap, uint64_t key)
{
	size_t i = key & (cap - 1);

	while (v[i].key && v[i].key != key)
		i = (i + 1) & (cap - 1);
	return &v[i];
}

static void see_key(struct tallies *t, uint64_t key, int64_t section)
{
	struct seen *s;

	if ((t->n_seen + 1) * 2 > t->cap_seen) {
		size_t cap = t->cap_seen ? t->cap_seen * 2 : SEEN_FIRST;
		struct seen *more = xcalloc(cap, sizeof *more);

		for (size_t i = 0; i < t->cap_seen; i++)
			if (t->seen[i].key)
				*seen_slot(more, cap, t->seen[i].key) = t->seen[i];
		free(t->seen);
		t->seen = more;
		t->cap_seen = cap;
	}
	s = seen_slot(t->seen, t->cap_seen, key);
	if (s->key)
		return;
	*s = (struct seen){key, section};
	t->n_seen++;
}

static void room_by_id(struct tallies *t, size_t id)
{
	size_t n = t->n_by_id ? t->n_by_id : SEEN_FIRST;
	int32_t *more;

	while (n <= id)
		n *= 2;
	more = xcalloc(n, sizeof *more);
	if (t->n_by_id)
		memcpy(more, t->by_id, t->n_by_id * sizeof *more);
	free(t->by_id);
	t->by_id = more;
	t->n_by_id = n;
}

static bool in_by_id(int64_t id, int64_t section)
{
	return id >= 0 && id < BY_ID_MAX && section >= 0 && section < INT32_MAX;
}

void tallies_see(struct tallies *t, struct str subject, int64_t section)
{
	see_key(t, subject_key(subject), section);
}

void tallies_see_id(struct tallies *t, int64_t id, int64_t section)
{
	char text[24];

	if (!in_by_id(id, section)) {
		snprintf(text, sizeof text, "%lld", (long long)id);
		tallies_see(t, str_from(text), section);
		return;
	}
	if ((size_t)id >= t->n_by_id)
		room_by_id(t, (size_t)id);
	if (!t->by_id[id])
		t->by_id[id] = (int32_t)section + 1;
}

int64_t tallies_section(const struct tallies *t, struct str subject)
{
	int64_t id;

	if (!str_int(subject, 0, BY_ID_MAX - 1, &id) && (size_t)id < t->n_by_id && t->by_id[id])
		return t->by_id[id] - 1;
	return t->cap_seen ? seen_slot(t->seen, t->cap_seen, subject_key(subject))->section : 0;
}

void tallies_add_seen(struct tallies *t)
{
	for (size_t i = 0; i < t->cap_seen; i++)
		if (t->seen[i].key)
			tallies_add(t, t->seen[i].section, TALLY_SUBJECTS, ST_MET, 1);
	for (size_t i = 0; i < t->n_by_id; i++)
		if (t->by_id[i])
			tallies_add(t, t->by_id[i] - 1, TALLY_SUBJECTS, ST_MET, 1);
}

static struct tally *tally_slot(struct tally *v, size_t cap, int64_t section, int part, enum status status)
{
	size_t i = mix((uint64_t)section << 16 ^ (uint64_t)part << 8 ^ status) & (cap - 1);

	while (v[i].used && (v[i].section != section || v[i].status != status || v[i].part != part))
		i = (i + 1) & (cap - 1);
	return &v[i];
}

void tallies_add(struct tallies *t, int64_t section, int part, enum status status, int64_t n)
{
	struct tally *c;

	if ((t->n + 1) * 2 > t->cap) {
		size_t cap = t->cap ? t->cap * 2 : TALLY_FIRST;
		struct tally *more = xcalloc(cap, sizeof *more);

		for (size_t i = 0; i < t->cap; i++)
			if (t->v[i].used)
				*tally_slot(more, cap, t->v[i].section, t->v[i].part, t->v[i].status) = t->v[i];
		free(t->v);
		t->v = more;
		t->cap = cap;
	}
	c = tally_slot(t->v, t->cap, section, part, status);
	if (!c->used) {
		*c = (struct tally){section, part, status, 0, true};
		t->n++;
	}
	c->n += n;
}

static void take_by_id(struct tallies *t, struct tallies *from)
{
	if (!t->n_by_id) {
		t->by_id = from->by_id;
		t->n_by_id = from->n_by_id;
		from->by_id = NULL;
		from->n_by_id = 0;
		return;
	}
	if (from->n_by_id > t->n_by_id)
		room_by_id(t, from->n_by_id - 1);
	for (size_t i = 0; i < from->n_by_id; i++)
		if (!t->by_id[i])
			t->by_id[i] = from->by_id[i];
}

void tallies_take(struct tallies *t, struct tallies *from)
{
	for (size_t i = 0; i < from->cap; i++)
		if (from->v[i].used)
			tallies_add(t, from->v[i].section, from->v[i].part, from->v[i].status, from->v[i].n);
	for (size_t i = 0; i < from->cap_seen; i++)
		if (from->seen[i].key)
			see_key(t, from->seen[i].key, from->seen[i].section);
	take_by_id(t, from);
	tallies_release(from);
	*from = (struct tallies){0};
}

void tallies_clear(struct tallies *t)
{
	for (size_t i = 0; i < t->cap; i++)
		t->v[i].n = 0;
}

void tallies_release(struct tallies *t)
{
	free(t->seen);
	free(t->by_id);
	free(t->v);
}
