/* new-origin: a log that holds less than was signed somewhere may sign nothing any more. A person decides that it goes on all the
 * same: its entries are written anew under another name, followed by one that tells of the old name, of what was there and why.
 * Places stay as they were, but for the entries whose time was over and that were removed: the new log begins after them. Whoever gets a
 * proof from now on sees the new name. The old folder is kept beside. */
#include "vault/tool_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/date.h"
#include "lib/file.h"
#include "vault/retain.h"

#define COMMIT_EVERY 2048u
#define REASON_MAX 1000u

/* What is copied, and where that comes to lie. */
struct copy {
	struct tlog *from;
	struct vault *to;
	uint64_t gone;                                   /* removed when their time was over */
	struct retention keep;                           /* what holds on in the new log, by its places */
};

/* In the place of an entry that means nothing under the new name. */
static int stand_in(struct copy *c, const char *source, struct str text, int64_t time_ns, struct err *e)
{
	struct entry en = {.transport = ENTRY_IMPORT, .time_ns = time_ns, .source = str_from(source), .raw = text};
	uint64_t at;

	return vault_append(c->to, &en, &at, e);
}

/* What was redacted stays so, and keeps its place: an entry that gives its leaf. */
static int redacted(struct copy *c, struct str bytes, int64_t time_ns, struct err *e)
{
	struct buf raw;
	int r;

	buf_init(&raw, 128);
	buf_puts(&raw, "{\"type\":\"was-redacted\",\"leaf\":\"");
	buf_hex(&raw, bytes.p + 1, MERKLE_LEN);
	buf_puts(&raw, "\"}");
	r = stand_in(c, "redacted", buf_view(&raw), time_ns, e);
	buf_release(&raw);
	return r;
}

/* What the vault said of the old log (its starts, its keys, what was removed) is no word about the new one, where it counts its own from 1. */
static int was(struct copy *c, const struct entry *en, struct err *e)
{
	static const char begins[] = "{\"type\":\"";
	struct buf raw;
	int r;

	buf_init(&raw, ENTRY_MAX);
	buf_printf(&raw, "%swas-", begins);
	buf_str(&raw, str_slice(en->raw, sizeof begins - 1, en->raw.n));
	r = stand_in(c, "vault", buf_view(&raw), en->time_ns, e);
	buf_release(&raw);
	return r;
}

static int copy_one(struct copy *c, struct str bytes, struct entry *en, uint64_t i, struct err *e)
{
	uint64_t at;

	if (entry_redacted(bytes))
		return redacted(c, bytes, en->time_ns, e);
	if (entry_parse(bytes, en))
		return err_set(e, ERR_CORRUPT, "entry %llu is damaged", (unsigned long long)i);
	return en->transport == ENTRY_OWN ? was(c, en, e) : vault_append(c->to, en, &at, e);
}

/* Entry i of the old log lies `gone` places before in the new one. */
static void move_holds(struct copy *c, uint64_t i)
{
	for (size_t k = 0; k < c->keep.n_holds; k++) {
		const struct hold *was = &c->from->keep.holds[k];

		if (i <= was->from)
			c->keep.holds[k].from = was->from - c->gone;
		if (i <= was->to)
			c->keep.holds[k].to = was->to - c->gone;
	}
}

static int copy_entries(struct copy *c, struct err *e)
{
	uint64_t n = tlog_size(c->from), done = 0;
	struct entry en = {0};
	int r = 0;

	for (uint64_t i = 0; !r && i < n; i++) {
		struct str bytes;
		size_t seg = i < c->from->keep.minimum && i % c->from->capacity == 0 ? tlog_seg_at(c->from, i) : 0;

		if (i < c->from->keep.minimum && i % c->from->capacity == 0 && (seg == c->from->n_segs || c->from->segs[seg] != i)) {
			c->gone += c->from->capacity;
			i += c->from->capacity - 1;
			continue;
		}
		move_holds(c, i);
		r = tlog_entry(c->from, i, &bytes, e);
		if (!r)
			r = copy_one(c, bytes, &en, i, e);
		if (!r && ++done % COMMIT_EVERY == 0)
			r = vault_commit(c->to, e);
	}
	return r;
}

static int tell(struct copy *c, const char *reason, struct err *e)
{
	struct tlog *from = c->from;
	struct buf b;
	struct jw j;
	uint64_t at;
	int r;

	buf_init(&b, VAULT_DETAIL_MAX);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kz(&j, "origin", from->origin);
	jw_kint(&j, "size", (int64_t)tlog_size(from));
	jw_kint(&j, "gone", (int64_t)c->gone);
	jw_kstr(&j, "last_signed", from->last_signed.n ? buf_view(&from->last_signed) : STR(""));
	jw_kz(&j, "reason", reason);
	jw_end_object(&j);
	if (buf_err(&b)) {
		r = err_set(e, ERR_TOOBIG, "%s", _("The reason is too long."));
	} else {
		b.p[b.n - 1] = 0; /* members only: without the braces */
		r = vault_append_own(c->to, "new-origin", b.p + 1, &at, e);
	}
	buf_release(&b);
	return r ? r : vault_commit(c->to, e);
}

static int write_new(struct copy *c, const char *path, const char *reason, struct err *e)
{
	struct vault_repair repair;
	char origin[TOOL_ORIGIN_MAX];
	int r;

	tool_origin(origin);
	r = vault_create(path, str_from(origin), (unsigned)(c->from->capacity / SEGMENT_UNIT), e);
	if (!r)
		r = vault_open(path, &c->to, &repair, e);
	if (r)
		return r;
	c->keep = c->from->keep;
	r = copy_entries(c, e);
	if (!r)
		r = tell(c, reason, e);
	vault_close(c->to);
	return r;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

/* The logs of others are logs of their own, with names and signatures of their own: they stay where they are looked for. */
static int keep_others(const char *dir, const char *old, struct err *e)
{
	char from[TOOL_PATH_MAX + 64], to[TOOL_PATH_MAX + 64];

	snprintf(from, sizeof from, "%s/logs", old);
	snprintf(to, sizeof to, "%s/logs", dir);
	return rename(from, to) && errno != ENOENT ? err_sys(e, "%s", from) : 0;
}

static int swap(const char *dir, const char *fresh, char old[TOOL_PATH_MAX + 32], struct err *e)
{
	snprintf(old, TOOL_PATH_MAX + 32, "%s.old-%lld", dir, (long long)(clock_true() / SECOND_US));
	if (rename(dir, old))
		return err_sys(e, "%s", dir);
	if (rename(fresh, dir)) {
		int r = err_sys(e, "%s", fresh);

		if (rename(old, dir))
			fprintf(stderr, "%s -> %s: %s\n", old, dir, strerror(errno));
		return r;
	}
	return keep_others(dir, old, e);
}

/* Policy and holds, said anew. */
static int keep_on(struct alone *log, const struct retention *keep, const char *reason, struct err *e)
{
	struct retain a = {.by = STR("new-origin"), .reason = str_from(reason), .days = keep->days};
	int r = 0;

	for (size_t i = 0; !r && i <= keep->n_holds; i++) {
		const struct hold *h = i < keep->n_holds ? &keep->holds[i] : NULL;

		if (!h && !keep->days)
			continue;
		a.kind = h ? RETAIN_HOLD : RETAIN_POLICY;
		if (h) {
			a.id = str_from(h->id);
			a.from = h->from;
			a.to = h->to;
		}
		r = retain_note(log->vault, &a, e);
		if (!r)
			r = alone_commit(log, e);
		if (!r)
			r = retain_do(log->vault, &a, e);
	}
	return r;
}

/* A log that commands write to signs with the key it had; the office's own is signed by the vault when Sekisho starts. */
static int go_on(struct tool *t, const struct copy *c, const char *old, struct err *e)
{
	char from[TOOL_PATH_MAX + 64], to[TOOL_PATH_MAX + 64];
	struct alone log;
	int r;

	snprintf(from, sizeof from, "%s/vault/log", t->data_dir);
	if (!access(from, F_OK) && (!t->log || !strcmp(t->log, "office")))
		return 0;
	snprintf(from, sizeof from, "%s/key", old);
	snprintf(to, sizeof to, "%s/key", t->dir);
	if (rename(from, to) && errno != ENOENT)
		return err_sys(e, "%s", from);
	r = alone_open(&log, t, e);
	if (!r)
		r = alone_commit(&log, e);
	if (!r)
		r = keep_on(&log, &c->keep, t->reason, e);
	alone_close(&log);
	return r;
}

int tool_new_origin(struct tool *t)
{
	char fresh[TOOL_PATH_MAX + 32], old[TOOL_PATH_MAX + 32];
	struct copy c = {0};
	struct err e = {0};
	size_t n = t->reason ? strlen(t->reason) : 0;
	int r, lock;

	if (!n || n > REASON_MAX)
		return tool_usage();
	snprintf(fresh, sizeof fresh, "%s.new-%d", t->dir, (int)getpid());
	r = tlog_open(t->dir, &c.from, &e);
	if (r)
		return tool_fail(&e);
	lock = openat(c.from->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB))
		r = err_set(&e, ERR_BUSY, "%s", _("The log is in use: stop Sekisho first."));
	if (!r && (r = write_new(&c, fresh, t->reason, &e)) != 0)
		nftw(fresh, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (!r)
		r = swap(t->dir, fresh, old, &e);
	if (!r)
		r = go_on(t, &c, old, &e);
	if (!r)
		printf(_("The log goes on under a new name; the old one is kept at %s\n"), old);
	if (lock >= 0)
		close(lock);
	tlog_free(c.from);
	return r ? tool_fail(&e) : TOOL_YES;
}
