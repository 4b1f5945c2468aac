#include "core/tally.h"

#define SEEN_FIRST 1024
#define TALLY_FIRST 256

struct seen {                                            /* subjects by a 64-bit hash: a million of them in 32 MB */
	uint64_t key;
	int64_t section;
};

static uint64_t hash(struct str s, uint64_t h)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	h ^= h >> 29;
	return h * 0xbf58476d1ce4e5b9u;
}

static uint64_t subject_key(struct str s)
{
	uint64_t h = hash(s, 0xcbf29ce484222325u);

	return h ? h : 1;
}

static struct seen *seen_slot(struct seen *v, size_t cap, uint64_t key)
{
	size_t i = key & (cap - 1);

	while (v[i].key && v[i].key != key)
		i = (i + 1) & (cap - 1);
	return &v[i];
}

void tallies_see(struct tallies *t, struct str subject, int64_t section)
{
	uint64_t key = subject_key(subject);
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

int64_t tallies_section(const struct tallies *t, struct str subject)
{
	return t->cap_seen ? seen_slot(t->seen, t->cap_seen, subject_key(subject))->section : 0;
}

void tallies_add_seen(struct tallies *t)
{
	for (size_t i = 0; i < t->cap_seen; i++)
		if (t->seen[i].key)
			tallies_add(t, t->seen[i].section, STR(""), ST_MET, 1);
}

static struct tally *tally_slot(struct tally *v, size_t cap, int64_t section, struct str part, enum status status)
{
	size_t i = hash(part, (uint64_t)section * ST_COUNT_ + status + 1) & (cap - 1);

	while (v[i].used && (v[i].section != section || v[i].status != status || !str_eq(v[i].part, part)))
		i = (i + 1) & (cap - 1);
	return &v[i];
}

void tallies_add(struct tallies *t, int64_t section, struct str part, enum status status, int64_t n)
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

void tallies_clear(struct tallies *t)
{
	for (size_t i = 0; i < t->cap; i++)
		t->v[i].n = 0;
}

void tallies_release(struct tallies *t)
{
	free(t->seen);
	free(t->v);
}
