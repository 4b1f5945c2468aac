/* new-origin: a log that holds less than was signed somewhere may sign nothing any more. A person decides that it goes on all the
 * same: its entries are written anew under another name, followed by one that tells of the old name, of what was there and why.
 * Places stay as they were; whoever gets a proof from now on sees the new name. The old folder is kept beside. */
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
#include "vault/vault.h"

#define COMMIT_EVERY 2048u
#define REASON_MAX 1000u

/* What was redacted stays so, and keeps its place: an entry that gives its leaf. Not one of the vault itself, for those are numbered. */
static int stand_in(struct vault *to, struct str bytes, int64_t time_ns, uint64_t *at, struct err *e)
{
	struct entry en = {.transport = ENTRY_IMPORT, .time_ns = time_ns, .source = STR("redacted")};
	struct buf raw;
	int r;

	buf_init(&raw, 128);
	buf_puts(&raw, "{\"type\":\"was-redacted\",\"leaf\":\"");
	buf_hex(&raw, bytes.p + 1, MERKLE_LEN);
	buf_puts(&raw, "\"}");
	en.raw = buf_view(&raw);
	r = vault_append(to, &en, at, e);
	buf_release(&raw);
	return r;
}

static int copy_entries(struct tlog *from, struct vault *to, struct err *e)
{
	uint64_t n = tlog_size(from), at;
	struct entry en = {0};
	int r = 0;

	for (uint64_t i = 0; !r && i < n; i++) {
		struct str bytes;

		r = tlog_entry(from, i, &bytes, e);
		if (!r && entry_redacted(bytes))
			r = stand_in(to, bytes, en.time_ns, &at, e);
		else if (!r && entry_parse(bytes, &en))
			r = err_set(e, ERR_CORRUPT, "entry %llu is damaged", (unsigned long long)i);
		else if (!r)
			r = vault_append(to, &en, &at, e);
		if (!r && (i + 1) % COMMIT_EVERY == 0)
			r = vault_commit(to, e);
	}
	return r;
}

static int tell(struct tlog *from, struct vault *to, const char *reason, struct err *e)
{
	struct buf b;
	struct jw j;
	uint64_t at;
	int r;

	buf_init(&b, VAULT_DETAIL_MAX);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kz(&j, "origin", from->origin);
	jw_kint(&j, "size", (int64_t)tlog_size(from));
	jw_kstr(&j, "last_signed", from->last_signed.n ? buf_view(&from->last_signed) : STR(""));
	jw_kz(&j, "reason", reason);
	jw_end_object(&j);
	if (buf_err(&b)) {
		r = err_set(e, ERR_TOOBIG, "%s", _("The reason is too long."));
	} else {
		b.p[b.n - 1] = 0; /* members only: without the braces */
		r = vault_append_own(to, "new-origin", b.p + 1, &at, e);
	}
	buf_release(&b);
	return r ? r : vault_commit(to, e);
}

static int write_new(struct tlog *from, const char *path, const char *reason, struct err *e)
{
	struct vault_repair repair;
	char origin[TOOL_ORIGIN_MAX];
	struct vault *to;
	int r;

	tool_origin(origin);
	r = vault_create(path, str_from(origin), (unsigned)(from->capacity / SEGMENT_UNIT), e);
	if (!r)
		r = vault_open(path, &to, &repair, e);
	if (r)
		return r;
	r = copy_entries(from, to, e);
	if (!r)
		r = tell(from, to, reason, e);
	vault_close(to);
	return r;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

/* The name of an old log's folder: that of the new one and the second it was put aside. */
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

int tool_new_origin(struct tool *t)
{
	char fresh[TOOL_PATH_MAX + 32], old[TOOL_PATH_MAX + 32];
	struct tlog *from = NULL;
	struct err e = {0};
	size_t n = t->reason ? strlen(t->reason) : 0;
	int r, lock;

	if (!n || n > REASON_MAX)
		return tool_usage();
	snprintf(fresh, sizeof fresh, "%s.new-%d", t->dir, (int)getpid());
	r = tlog_open(t->dir, &from, &e);
	if (r)
		return tool_fail(&e);
	lock = openat(from->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB))
		r = err_set(&e, ERR_BUSY, "%s", _("The log is in use: stop Sekisho first."));
	if (!r && (r = write_new(from, fresh, t->reason, &e)) != 0)
		nftw(fresh, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (!r)
		r = swap(t->dir, fresh, old, &e);
	if (!r)
		printf(_("The log goes on under a new name; the old one is kept at %s\n"), old);
	if (lock >= 0)
		close(lock);
	tlog_free(from);
	return r ? tool_fail(&e) : TOOL_YES;
}
