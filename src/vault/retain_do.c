/* What stands in the signed log is done: files go, an entry is taken out. And what a crash left of it. */
#include "vault/retain.h"

#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "lib/file.h"

/* The words of what goes would stand in the index. */
static void drop_index(struct vault *v, uint64_t first)
{
	char name[SEGMENT_NAME], idx[SEGMENT_NAME + 8];

	if (first < v->index_known)
		v->index_known = first;
	if (v->indexer) {
		indexer_drop(v->indexer, first);
		return;
	}
	segment_name(first, name);
	snprintf(idx, sizeof idx, "idx/%s", name);
	unlinkat(v->log->dir, idx, 0);
}

static int remove_segment(struct vault *v, uint64_t first, struct err *e)
{
	struct tlog *s = v->log;
	char name[SEGMENT_NAME];

	segment_name(first, name);
	drop_index(v, first);
	return unlinkat(s->seg_dir, name, 0) ? err_sys(e, "seg/%s", name) : 0;
}

int retain_sweep(struct vault *v, struct err *e)
{
	struct tlog *s = v->log;
	size_t kept = 0;
	int r = 0;

	segment_free(s->cached);
	segment_free(s->peeked);
	s->cached = s->peeked = NULL;
	block_reset(s->loaded, 0);
	for (size_t i = 0; i < s->n_segs; i++) {
		bool gone = !r && s->segs[i] < s->keep.minimum && !retention_holds(&s->keep, s->segs[i], s->segs[i] + s->capacity);

		if (gone)
			r = remove_segment(v, s->segs[i], e);
		if (!gone || r)
			s->segs[kept++] = s->segs[i];
	}
	if (!r && kept != s->n_segs && dir_fsync(s->seg_dir))
		r = err_sys(e, "seg");
	s->n_segs = kept;
	return r;
}

/* The segment is written anew, and the index over its words is no longer true. */
static int redact_stored(struct vault *v, uint64_t index, struct err *e)
{
	struct tlog *s = v->log;
	struct segment *seg;
	uint64_t first = s->segs[tlog_seg_at(s, index)];
	int r = tlog_segment(s, first, &seg, e);

	if (r)
		return r;
	drop_index(v, first); /* first: it knows where blocks stood */
	r = segment_redact(s->seg_dir, seg, s->origin_hash, index, e);
	if (r)
		return r;
	block_reset(s->loaded, 0);
	segment_free(s->cached);
	segment_free(s->peeked);
	s->cached = s->peeked = NULL;
	if (s->live && s->live->first == first) {
		segment_free(s->live);
		s->live = NULL;
		r = segment_open(s->seg_dir, first, s->origin_hash, true, &s->live, e);
	}
	return r;
}

static int redact_open(struct vault *v, uint64_t index, struct err *e)
{
	struct tlog *s = v->log;
	int r = block_redact(s->open, (uint32_t)(index - s->open->first));

	if (r)
		return err_set(e, r, "entry %llu cannot be redacted", (unsigned long long)index);
	return tail_replace(&v->tail, s->dir, s->origin_hash, s->open, e);
}

static void forget_hold(struct retention *keep, struct str id)
{
	struct hold *h = retention_hold(keep, id);

	if (h)
		*h = keep->holds[--keep->n_holds];
}

static void add_hold(struct retention *keep, const struct retain *a)
{
	struct hold *h = &keep->holds[keep->n_holds++];

	*h = (struct hold){.from = a->from, .to = a->to, .at = a->at};
	memcpy(h->id, a->id.p, a->id.n);
}

static int remember(struct vault *v, const struct retain *a, struct err *e)
{
	struct retention next = v->log->keep;
	int r;

	switch (a->kind) {
	case RETAIN_POLICY:
		next.days = a->days;
		next.policy_at = a->at;
		break;
	case RETAIN_PRUNE:
		next.minimum = a->minimum;
		next.prune_at = a->at;
		break;
	case RETAIN_HOLD:
		add_hold(&next, a);
		break;
	case RETAIN_RELEASE:
		forget_hold(&next, a->id);
		break;
	case RETAIN_REDACT:
	case RETAIN_KINDS:
		return 0;
	}
	r = retention_write(v->log->dir, &next, e);
	if (!r)
		v->log->keep = next;
	return r;
}

/* Nobody but the log itself says what is gone. */
int retain_judge(struct vault *v, struct err *e)
{
	const struct retention *keep = &v->log->keep;
	struct str bytes;
	struct entry en;
	json_t *o = NULL;
	bool said;

	if (!keep->minimum)
		return 0;
	if (keep->prune_at < v->signed_size && !tlog_entry(v->log, keep->prune_at, &bytes, NULL) && !entry_parse(bytes, &en) &&
	    str_is(en.source, VAULT_OWN))
		o = json_loadb(en.raw.p, en.raw.n, JSON_REJECT_DUPLICATES, NULL);
	said = o && json_string_value(json_object_get(o, "type")) && !strcmp(json_string_value(json_object_get(o, "type")), "prune") &&
	       json_integer_value(json_object_get(o, "minimum")) == (json_int_t)keep->minimum;
	json_decref(o);
	return said ? 0 : err_set(e, ERR_CORRUPT, "retention: the log says nothing of a removal up to entry %llu",
	                          (unsigned long long)keep->minimum);
}

int retain_do(struct vault *v, const struct retain *a, struct err *e)
{
	int r;

	if (v->broken || v->signed_size <= a->at || v->committed != tlog_size(v->log))
		return err_set(e, ERR_WRONG_STATE, "what is done must stand in the signed log first");
	r = remember(v, a, e);
	if (!r && a->kind == RETAIN_PRUNE)
		r = retain_sweep(v, e);
	if (!r && a->kind == RETAIN_REDACT)
		r = a->from >= v->log->open->first ? redact_open(v, a->from, e) : redact_stored(v, a->from, e);
	v->broken = v->broken || r == ERR_SYS || r == ERR_NOMEM;
	return r;
}
