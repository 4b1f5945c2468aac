#include "vault/retain.h"

#include <string.h>

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

	a->at = 0;
	buf_init(&b, VAULT_DETAIL_MAX);
	jw_init(&j, &b, false);
	jw_object(&j);
	put_members(&j, v, a, p, leaf);
	jw_end_object(&j);
	if (buf_err(&b) || b.n < 2 || !b.p || a->kind >= RETAIN_KINDS) {
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
		r = retain_keep_below(v, a->minimum, e);
	return r ? r : append(v, a, &p, leaf, e);
}
