#include "vault/retain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "lib/arena.h"
#include "lib/file.h"
#include "lib/i18n.h"
#include "lib/json.h"

#define DAY_NS (86400ll * 1000000000ll)

const char *const retain_names[RETAIN_KINDS] = {"policy", "prune", "hold", "release", "redact"};

/* --- what is decided ------------------------------------------------------------------------------------------------- */

/* True when all entries of the segment are older than `before`. */
static bool outlived(const struct segment *seg, int64_t before)
{
	for (size_t i = 0; i < seg->n; i++)
		if (seg->blocks[i].time_max >= before)
			return false;
	return seg->n > 0;
}

static int64_t newest(const struct segment *seg)
{
	int64_t t = INT64_MIN;

	for (size_t i = 0; i < seg->n; i++)
		if (seg->blocks[i].time_max > t)
			t = seg->blocks[i].time_max;
	return t;
}

/* The tiles must give for the segment what its entries give, for they alone will stand for it. */
static int tiles_stand_for(struct tlog *s, const struct segment *seg, struct err *e)
{
	uint8_t tile[TILE_BYTES];
	size_t at = 0;

	for (size_t i = 0; i < seg->n; i++)
		for (uint32_t k = 0; k < seg->blocks[i].count / BUNDLE; k++, at++) {
			uint64_t n = seg->first / SEGMENT_UNIT + at / MERKLE_TILE;

			if (at % MERKLE_TILE == 0 && tile_read(s->dir, 1, n, tile))
				return err_set(e, ERR_CORRUPT, "tile 1/%llu cannot be read: nothing is removed", (unsigned long long)n);
			if (memcmp(tile + at % MERKLE_TILE * MERKLE_LEN, seg->blocks[i].bundle[k], MERKLE_LEN) != 0)
				return err_set(e, ERR_CORRUPT, "tile 1/%llu has other hashes than the entries", (unsigned long long)n);
		}
	return 0;
}

struct plan {
	int64_t newest;                                  /* time of the newest entry that goes */
	uint64_t redacted[64];                           /* entries redacted in segments that are held */
	size_t n_redacted;
	char sources[SHA256_HEX];                        /* of the first segment that stays */
};

/* Records of redactions in what stays for a hold go with the prefix: the new entry names them anew. */
static int find_redacted(struct tlog *s, const struct segment *seg, struct plan *p, struct err *e)
{
	for (size_t i = 0; i < seg->n; i++) {
		const struct block *b;
		int r = tlog_block(s, seg->blocks[i].first, &b, e);

		if (r)
			return r;
		for (uint32_t k = 0; b->redacted && k < b->count; k++) {
			if (!entry_redacted(block_entry(b, k)))
				continue;
			if (p->n_redacted == ARRAY_LEN(p->redacted))
				return err_set(e, ERR_TOOBIG, "too many redacted entries are held");
			p->redacted[p->n_redacted++] = b->first + k;
		}
	}
	return 0;
}

/* From the oldest on, whole segments whose entries are all past their time; the last segment stays. */
static int plan_prune(struct vault *v, struct retain *a, struct plan *p, struct err *e)
{
	struct tlog *s = v->log;
	int64_t before = a->now_ns - s->keep.days * DAY_NS;
	struct segment *seg;
	int r = 0;

	if (!s->keep.days)
		return err_set(e, ERR_WRONG_STATE, N_("no policy says how long this log keeps"));
	*p = (struct plan){.newest = INT64_MIN};
	a->minimum = s->keep.minimum;
	a->segments = 0;
	for (size_t i = 0; i + 1 < s->n_segs; i++) {
		bool held = retention_holds(&s->keep, s->segs[i], s->segs[i] + s->capacity);

		if ((r = tlog_segment(s, s->segs[i], &seg, e)))
			return r;
		if (!seg->sealed || !outlived(seg, before))
			break;
		if ((r = tiles_stand_for(s, seg, e)) || (held && (r = find_redacted(s, seg, p, e))))
			return r;
		a->segments += !held;
		if (!held && newest(seg) > p->newest)
			p->newest = newest(seg);
		if (seg->first >= a->minimum)
			a->minimum = seg->first + s->capacity;
	}
	if (!a->segments)
		return err_set(e, ERR_NOTFOUND, N_("nothing is past its time"));
	r = tlog_segment(s, s->segs[tlog_seg_at(s, a->minimum)], &seg, e);
	if (!r)
		sha256_hex(seg->sources.p, seg->sources.n, p->sources);
	return r;
}

/* --- hashes that only the entries can give --------------------------------------------------------------------------- */

static int keep_nodes(struct vault *v, uint64_t size, struct err *e)
{
	struct kept_node nodes[KEPT_NODES_MAX];
	size_t n = kept_nodes_of(size, nodes);
	char name[40];
	int r = 0;

	kept_name(size, true, name);
	if (!faccessat(v->log->dir, name, F_OK, 0))
		return 0;
	for (size_t i = 0; !r && i < n; i++)
		r = tlog_node(v->log, nodes[i].level, nodes[i].index, nodes[i].hash);
	return r ? err_set(e, r, "the hashes of %s cannot be kept", name) : kept_nodes_write(v->log->dir, size, nodes, n, e);
}

static int keep_all_below(struct vault *v, uint64_t minimum, struct err *e)
{
	uint64_t *sizes;
	size_t n;
	int r = kept_sizes(v->log->dir, &sizes, &n, e);

	for (size_t i = 0; !r && i < n; i++)
		if (sizes[i] < minimum)
			r = keep_nodes(v, sizes[i], e);
	free(sizes);
	return r;
}

int retain_keep(struct vault *v, struct err *e)
{
	int dir = v->log->dir, kept, r;
	struct str note = buf_view(&v->log->last_signed);
	char name[40];

	if (!v->signed_size || !note.n)
		return 0;
	if (mkdirat(dir, "kept", 0750) && errno != EEXIST)
		return err_sys(e, "kept");
	kept = openat(dir, "kept", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (kept < 0)
		return err_sys(e, "kept");
	kept_name(v->signed_size, false, name);
	r = file_write_atomic_at(kept, strchr(name, '/') + 1, note.p, note.n, 0644, e);
	close(kept);
	return r;
}

/* --- the entry ------------------------------------------------------------------------------------------------------- */

static void put_holds(struct jw *j, const struct retention *keep)
{
	jw_key(j, "holds");
	jw_array(j);
	for (size_t i = 0; i < keep->n_holds; i++) {
		jw_object(j);
		jw_kz(j, "id", keep->holds[i].id);
		jw_kint(j, "from", (int64_t)keep->holds[i].from);
		jw_kint(j, "to", (int64_t)keep->holds[i].to);
		jw_end_object(j);
	}
	jw_end_array(j);
}

static void put_prune(struct jw *j, const struct vault *v, const struct retain *a, const struct plan *p)
{
	const struct retention *keep = &v->log->keep;

	jw_kint(j, "minimum", (int64_t)a->minimum);
	jw_kint(j, "before", (int64_t)keep->minimum);
	jw_kint(j, "days", keep->days);
	jw_kint(j, "policy", (int64_t)keep->policy_at);
	jw_kint(j, "newest", p->newest);
	jw_kint(j, "segments", (int64_t)a->segments);
	jw_kz(j, "sources", p->sources);
	put_holds(j, keep);
	jw_key(j, "redacted");
	jw_array(j);
	for (size_t i = 0; i < p->n_redacted; i++)
		jw_int(j, (int64_t)p->redacted[i]);
	jw_end_array(j);
}

static void put_members(struct jw *j, const struct vault *v, const struct retain *a, const struct plan *p, const char *leaf)
{
	switch (a->kind) {
	case RETAIN_POLICY:
		jw_kint(j, "days", a->days);
		break;
	case RETAIN_PRUNE:
		put_prune(j, v, a, p);
		break;
	case RETAIN_HOLD:
		jw_kstr(j, "id", a->id);
		jw_kint(j, "from", (int64_t)a->from);
		jw_kint(j, "to", (int64_t)a->to);
		break;
	case RETAIN_RELEASE:
		jw_kstr(j, "id", a->id);
		break;
	case RETAIN_REDACT:
		jw_kint(j, "index", (int64_t)a->from);
		jw_kz(j, "leaf", leaf);
		break;
	case RETAIN_KINDS:
		break;
	}
	jw_kstr(j, "by", a->by);
	jw_kstr(j, "reason", a->reason);
}

static int append(struct vault *v, struct retain *a, const struct plan *p, const char *leaf, struct err *e)
{
	struct buf b;
	struct jw j;
	int r;

	buf_init(&b, VAULT_DETAIL_MAX);
	jw_init(&j, &b, false);
	jw_object(&j);
	put_members(&j, v, a, p, leaf);
	jw_end_object(&j);
	if (buf_err(&b)) {
		r = err_set(e, ERR_TOOBIG, "too long an entry");
	} else {
		b.p[b.n - 1] = 0; /* members only: the entry's own braces go around them */
		r = vault_append_own(v, retain_names[a->kind], b.p + 1, &a->at, e);
	}
	buf_release(&b);
	return r;
}

/* --- checks ---------------------------------------------------------------------------------------------------------- */

static int check_hold(struct vault *v, const struct retain *a, struct err *e)
{
	struct retention *keep = &v->log->keep;

	if (!hold_id_ok(a->id))
		return err_set(e, ERR_INVALID, N_("no name for a hold"));
	if (a->kind == RETAIN_RELEASE)
		return retention_hold(keep, a->id) ? 0 : err_set(e, ERR_NOTFOUND, "no hold %.*s", STR_ARG(a->id));
	if (retention_hold(keep, a->id))
		return err_set(e, ERR_EXISTS, "a hold %.*s is there", STR_ARG(a->id));
	if (keep->n_holds == HOLDS_MAX)
		return err_set(e, ERR_TOOBIG, "at most %u holds", HOLDS_MAX);
	if (a->from > a->to || a->to >= tlog_size(v->log))
		return err_set(e, ERR_INVALID, N_("no such entries"));
	if (a->from < keep->minimum)
		return err_set(e, ERR_NOTFOUND, "the log begins at %llu", (unsigned long long)keep->minimum);
	return 0;
}

static int check_redact(struct vault *v, const struct retain *a, char leaf[2 * MERKLE_LEN + 1], struct err *e)
{
	uint8_t hash[MERKLE_LEN];
	struct str bytes;
	struct entry en;
	struct buf hex;
	int r;

	if (a->from >= v->committed)
		return err_set(e, ERR_NOTFOUND, "the log ends before entry %llu", (unsigned long long)a->from);
	r = tlog_entry(v->log, a->from, &bytes, e);
	if (r)
		return r;
	if (entry_redacted(bytes))
		return err_set(e, ERR_EXISTS, "entry %llu is redacted", (unsigned long long)a->from);
	if (entry_parse(bytes, &en))
		return err_set(e, ERR_CORRUPT, "entry %llu is damaged", (unsigned long long)a->from);
	if (en.flags & ENTRY_CHAINED)
		return err_set(e, ERR_DENIED, N_("a numbered entry stays: the next one of its source relies on it"));
	merkle_leaf(bytes.p, bytes.n, hash);
	buf_init(&hex, 2 * MERKLE_LEN);
	buf_hex(&hex, hash, MERKLE_LEN);
	snprintf(leaf, 2 * MERKLE_LEN + 1, "%s", buf_z(&hex));
	buf_release(&hex);
	return 0;
}

int retain_note(struct vault *v, struct retain *a, struct err *e)
{
	char leaf[2 * MERKLE_LEN + 1] = "";
	struct plan p = {0};
	int r = 0;

	if (a->by.n > RETAIN_BY_MAX || a->reason.n > RETAIN_REASON_MAX || !a->reason.n)
		return err_set(e, ERR_INVALID, N_("a reason is needed"));
	if (a->kind == RETAIN_POLICY && (a->days < 1 || a->days > RETENTION_DAYS_MAX))
		return err_set(e, ERR_INVALID, "no number of days");
	if (a->kind == RETAIN_HOLD || a->kind == RETAIN_RELEASE)
		r = check_hold(v, a, e);
	if (a->kind == RETAIN_REDACT)
		r = check_redact(v, a, leaf, e);
	if (a->kind == RETAIN_PRUNE && !(r = plan_prune(v, a, &p, e)))
		r = keep_all_below(v, a->minimum, e);
	return r ? r : append(v, a, &p, leaf, e);
}

/* --- what is done ---------------------------------------------------------------------------------------------------- */

/* The words of what goes would stand in the index. */
static void drop_index(struct vault *v, uint64_t first)
{
	char name[SEGMENT_NAME], idx[SEGMENT_NAME + 8];

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
	s->cached = NULL;
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
	s->cached = NULL;
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
