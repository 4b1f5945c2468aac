/* What may leave a log and what may not: by its declared time, but for what is held; single entries. Each way of taking something
 * out that the log does not tell of is seen by the audit. */
#include "vault/fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "core/logkey.h"
#include "lib/file.h"
#include "vault/retain.h"
#include "vault/tool_parts.h"

#define DAY_NS (86400ll * 1000000000ll)
#define UNIT SEGMENT_UNIT

static int64_t clock_ns;

/* n entries from source "gw", a second apart. */
static void add(struct vault *v, uint32_t n)
{
	struct entry en = {.transport = ENTRY_TCP, .source = STR("gw"), .peer = STR("192.0.2.1")};
	struct buf run;
	uint64_t first;

	buf_init(&run, 32 << 20);
	for (uint32_t i = 0; i < n; i++) {
		char text[64];
		size_t at = run.n;

		en.time_ns = clock_ns += 1000000000;
		en.raw = str_n(text, (size_t)snprintf(text, sizeof text, "<38>line at %lld from gw", (long long)clock_ns));
		buf_u16(&run, 0);
		assert_int_equal(entry_put(&run, &en), 0);
		run.p[at] = (char)((run.n - at - 2) >> 8);
		run.p[at + 1] = (char)(run.n - at - 2);
	}
	assert_int_equal(vault_append_run(v, buf_view(&run), n, 1u << ENTRY_TCP, &first, NULL), 0);
	buf_release(&run);
	assert_int_equal(vault_commit(v, NULL), 0);
}

static int act(struct fixture *f, struct vault *v, struct retain a, struct err *e)
{
	int r;

	a.by = STR("admin");
	a.reason = STR("because");
	a.now_ns = clock_true() * 1000;
	r = retain_note(v, &a, e);
	if (r)
		return r;
	assert_int_equal(retain_do(v, &a, e), ERR_WRONG_STATE); /* not before it is signed */
	assert_int_equal(vault_commit(v, NULL), 0);
	assert_int_equal(fixture_sign(f, v), 0);
	return retain_do(v, &a, e);
}

/* A log of `units` segments, oldest entries 400 days old, and a kept checkpoint somewhere in the first segment. */
static struct vault *make(struct fixture *f, unsigned units, uint64_t kept)
{
	struct vault *v;

	fixture_init(f);
	clock_ns = clock_true() * 1000 - 400 * DAY_NS;
	assert_int_equal(vault_create(f->path, STR(ORIGIN), 1, NULL), 0);
	v = fixture_open(f);
	add(v, (uint32_t)kept);
	assert_int_equal(fixture_sign(f, v), 0);
	assert_int_equal(retain_keep(v, NULL), 0);
	for (uint64_t n = kept; n < (uint64_t)units * UNIT; n += 30000)
		add(v, (uint32_t)(units * UNIT - n < 30000 ? units * UNIT - n : 30000));
	add(v, 700);
	assert_int_equal(fixture_sign(f, v), 0);
	return v;
}

static bool there(const struct fixture *f, uint64_t first)
{
	char path[160];

	snprintf(path, sizeof path, "%s/seg/%020llu", f->path, (unsigned long long)first);
	return !access(path, F_OK);
}

static void prunes_what_is_past(void **state)
{
	static const uint64_t kept[] = {1, 37, 255, 256, 1000, 40000, UNIT};

	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		struct buf entry, proof, old;
		struct verify_options o = {0};
		struct verify_report r;
		struct fixture f;
		struct vault *v = make(&f, 2, kept[i]);
		struct err e = {0};
		char path[160];

		assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_PRUNE}, &e), ERR_WRONG_STATE);
		assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_POLICY, .days = 500}, &e), 0);
		assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_PRUNE}, &e), ERR_NOTFOUND);
		assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_POLICY, .days = 365}, &e), 0);
		assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_PRUNE}, &e), 0);
		/* the last segment stays */
		assert_false(there(&f, 0));
		assert_true(there(&f, UNIT));
		assert_true(fixture_good(&f, true));
		vault_close(v);
		v = fixture_open(&f);
		buf_init(&entry, ENTRY_MAX);
		buf_init(&proof, NOTE_MAX);
		assert_int_equal(vault_prove(v, UNIT - 1, &entry, &proof, &e), ERR_NOTFOUND);
		assert_int_equal(vault_prove(v, UNIT + 5, &entry, &proof, &e), 0);
		add(v, 300);
		assert_int_equal(fixture_sign(&f, v), 0);
		vault_close(v);
		/* whoever holds the old checkpoint still learns that the log continues it */
		buf_init(&old, NOTE_MAX);
		snprintf(path, sizeof path, "%s/kept/%020llu", f.path, (unsigned long long)kept[i]);
		assert_int_equal(file_read(path, NOTE_MAX, &old, NULL), 0);
		o = (struct verify_options){.vkey = buf_view(&f.vkey), .known = {buf_view(&old)}, .n_known = 1};
		verify_folder(f.path, &o, &r);
		assert_true(verify_ok(&r));
		assert_int_equal(r.removed, UNIT);
		verify_release(&r);
		buf_release(&old);
		buf_release(&entry);
		buf_release(&proof);
		fixture_release(&f);
	}
}

/* A log whose beginning is gone goes on under another name: what is there, policy and holds with it. */
static void goes_on_under_another_name(void **state)
{
	struct retention keep;
	struct verify_options o = {0};
	struct verify_report r;
	struct fixture f;
	struct vault *v = make(&f, 2, 1000);
	struct tool t = {.reason = "restored"};
	struct str bytes;
	struct tlog *log;
	struct entry en;
	char path[160];
	int fd;

	assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_POLICY, .days = 365}, NULL), 0);
	assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_HOLD, .id = STR("case-1"), .from = UNIT + 5, .to = UNIT + 9}, NULL), 0);
	assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_REDACT, .from = UNIT + 3}, NULL), 0);
	assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_PRUNE}, NULL), 0);
	vault_close(v);
	snprintf(path, sizeof path, "%s/key", f.path);
	assert_int_equal(mkdir(path, 0700), 0);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(logkey_make(fd, NULL), 0);
	close(fd);
	t.data_dir = f.path;
	snprintf(t.dir, sizeof t.dir, "%s", f.path);
	assert_int_equal(tool_new_origin(&t), TOOL_YES);
	verify_folder(f.path, &o, &r);
	if (!verify_ok(&r))
		fail_msg("%s: %s", r.problems[0].where, r.problems[0].what);
	assert_int_equal(r.removed, 0);
	verify_release(&r);
	assert_int_equal(tlog_open(f.path, &log, NULL), 0);
	assert_int_equal(retention_read(log->dir, &keep, NULL), 0);
	assert_int_equal(keep.days, 365);
	assert_int_equal(keep.n_holds, 1);
	assert_int_equal(keep.holds[0].from, 5);
	assert_int_equal(keep.holds[0].to, 9);
	assert_int_equal(tlog_entry(log, 3, &bytes, NULL), 0);
	assert_int_equal(entry_parse(bytes, &en), 0);
	assert_true(str_starts(en.raw, "{\"type\":\"was-redacted\""));
	assert_int_equal(tlog_entry(log, 700, &bytes, NULL), 0);
	tlog_free(log);
	fixture_release(&f);
}

/* A checkpoint nobody kept is not provable any more, and the audit says so. */
static void only_kept_ones_stay_provable(void **state)
{
	struct fixture f;
	struct vault *v = make(&f, 2, 1000);
	struct verify_options o = {0};
	struct verify_report r;
	char path[160];
	struct buf old;

	buf_init(&old, NOTE_MAX);
	snprintf(path, sizeof path, "%s/kept/%020u", f.path, 1000u);
	assert_int_equal(file_read(path, NOTE_MAX, &old, NULL), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_POLICY, .days = 365}, NULL), 0);
	assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_PRUNE}, NULL), 0);
	vault_close(v);
	assert_true(fixture_good(&f, true));
	o = (struct verify_options){.vkey = buf_view(&f.vkey), .known = {buf_view(&old)}, .n_known = 1};
	verify_folder(f.path, &o, &r);
	assert_int_equal(r.n_problems, 1);
	verify_release(&r);
	buf_release(&old);
	fixture_release(&f);
}

static void holds_pin(void **state)
{
	struct retain hold = {.kind = RETAIN_HOLD, .id = STR("case-7"), .from = UNIT + 100, .to = UNIT + 200};
	struct fixture f;
	struct vault *v = make(&f, 4, 500);
	struct err e = {0};
	struct str bytes;
	char path[160], away[160];

	assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_POLICY, .days = 365}, &e), 0);
	assert_int_equal(act(&f, v, hold, &e), 0);
	assert_int_equal(act(&f, v, hold, &e), ERR_EXISTS);
	assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_HOLD, .id = STR("a b"), .to = 1}, &e), ERR_INVALID);
	assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_PRUNE}, &e), 0);
	assert_true(!there(&f, 0) && there(&f, UNIT) && !there(&f, 2 * UNIT) && there(&f, 3 * UNIT));
	assert_int_equal(tlog_entry(vault_log(v), UNIT + 150, &bytes, &e), 0);
	assert_int_equal(tlog_entry(vault_log(v), 2 * UNIT + 150, &bytes, &e), ERR_NOTFOUND);
	vault_close(v);
	assert_true(fixture_good(&f, true));
	snprintf(path, sizeof path, "%s/seg/%020u", f.path, UNIT);
	snprintf(away, sizeof away, "%s/away", f.root);
	assert_int_equal(rename(path, away), 0);
	assert_false(fixture_good(&f, false)); /* held, and gone */
	assert_int_equal(rename(away, path), 0);
	v = fixture_open(&f);
	assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_RELEASE, .id = STR("case-8")}, &e), ERR_NOTFOUND);
	assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_RELEASE, .id = STR("case-7")}, &e), 0);
	assert_true(fixture_good(&f, true));
	assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_PRUNE}, &e), 0);
	assert_false(there(&f, UNIT));
	vault_close(v);
	assert_true(fixture_good(&f, true));
	fixture_release(&f);
}

/* Everything that looks like pruning and is none. */
static void removal_by_any_other_way(void **state)
{
	static const char *const forged[] = {"minimum 131072 140000\n", "minimum 65536 140000\n", "minimum 131072 196608\n", ""};
	struct fixture f;
	struct vault *v = make(&f, 3, 500);
	struct vault_repair repair;
	struct err e = {0};
	char path[160], away[160], keep[160];
	struct buf had;

	assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_POLICY, .days = 365}, &e), 0);
	vault_close(v);
	snprintf(keep, sizeof keep, "%s/retention", f.path);
	snprintf(away, sizeof away, "%s/away", f.root);
	for (unsigned n = 0; n < 3; n++) { /* a segment taken away, with each story to go with it */
		snprintf(path, sizeof path, "%s/seg/%020u", f.path, n * UNIT);
		assert_int_equal(rename(path, away), 0);
		assert_false(fixture_good(&f, false));
		for (size_t i = 0; i < ARRAY_LEN(forged); i++) {
			int fd = open(keep, O_WRONLY | O_CREAT | O_TRUNC, 0640);

			assert_true(fd >= 0 && !fd_write_all(fd, forged[i], strlen(forged[i])));
			close(fd);
			assert_false(fixture_good(&f, false));
			assert_int_equal(vault_open(f.path, &v, &repair, &e), ERR_CORRUPT);
		}
		assert_int_equal(rename(away, path), 0);
		assert_int_equal(unlink(keep), 0);
	}
	/* by the rule, then one more */
	v = fixture_open(&f);
	assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_POLICY, .days = 365}, &e), 0);
	assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_PRUNE}, &e), 0);
	vault_close(v);
	assert_true(fixture_good(&f, true));
	buf_init(&had, 4096);
	assert_int_equal(file_read(keep, 4096, &had, NULL), 0);
	snprintf(path, sizeof path, "%s/tile/1/000", f.path);
	assert_int_equal(rename(path, away), 0);
	assert_false(fixture_good(&f, false)); /* all that was left of those entries */
	assert_int_equal(rename(away, path), 0);
	assert_int_equal(unlink(keep), 0);
	assert_false(fixture_good(&f, false));
	buf_release(&had);
	fixture_release(&f);
}

static void redacts_one(void **state)
{
	static const uint64_t at[] = {5, 70000, 2 * UNIT + 650}; /* sealed, live, and in the open block */
	struct fixture f;
	struct vault *v = make(&f, 1, 500);
	struct buf file;
	struct err e = {0};
	char path[160], text[64];

	add(v, 65000);
	add(v, 700);
	assert_int_equal(fixture_sign(&f, v), 0);
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		struct str bytes;
		struct entry en;

		assert_int_equal(tlog_entry(vault_log(v), at[i], &bytes, &e), 0);
		assert_int_equal(entry_parse(bytes, &en), 0);
		snprintf(text, sizeof text, "%.*s", STR_ARG(en.raw));
		assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_REDACT, .from = at[i]}, &e), 0);
		assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_REDACT, .from = at[i]}, &e), ERR_EXISTS);
		assert_int_equal(tlog_entry(vault_log(v), at[i], &bytes, &e), 0);
		assert_true(entry_redacted(bytes));
		assert_true(fixture_good(&f, true));
	}
	/* the text is nowhere in the open block's file any more */
	buf_init(&file, 8 << 20);
	snprintf(path, sizeof path, "%s/tail", f.path);
	assert_int_equal(file_read(path, 8 << 20, &file, NULL), 0);
	assert_null(memmem(file.p, file.n, text, strlen(text)));
	buf_release(&file);
	/* the vault's own entries are numbered and stay */
	assert_int_equal(act(&f, v, (struct retain){.kind = RETAIN_REDACT, .from = tlog_size(vault_log(v)) - 1}, &e), ERR_DENIED);
	add(v, 5000);
	assert_int_equal(fixture_sign(&f, v), 0);
	vault_close(v);
	v = fixture_open(&f);
	add(v, 10);
	assert_int_equal(fixture_sign(&f, v), 0);
	vault_close(v);
	assert_true(fixture_good(&f, true));
	fixture_release(&f);
}

/* The same hands, without the entry that tells. */
static void redaction_without_record(void **state)
{
	struct fixture f;
	struct vault *v = make(&f, 1, 500);
	struct segment *seg;
	struct tlog *s;
	struct err e = {0};

	vault_close(v);
	assert_int_equal(tlog_open(f.path, &s, &e), 0);
	assert_int_equal(segment_open(s->seg_dir, 0, s->origin_hash, false, &seg, &e), 0);
	assert_int_equal(segment_redact(s->seg_dir, seg, s->origin_hash, 77, &e), 0);
	segment_free(seg);
	tlog_free(s);
	assert_false(fixture_good(&f, false));
	v = fixture_open(&f); /* no reason to stand still: nothing signed is untrue */
	vault_close(v);
	fixture_release(&f);
}

static void which_nodes_are_kept(void **state)
{
	for (uint64_t size = 256; size < 768; size++) {
		struct kept_node n[KEPT_NODES_MAX];
		size_t count = kept_nodes_of(size, n);
		uint64_t covered = 0;

		assert_true(count <= 9 && (size % 256 == 0) == !count);
		for (size_t i = 0; i < count; i++)
			covered += 1u << n[i].level;
		assert_int_equal(covered, count ? 256 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(prunes_what_is_past),      cmocka_unit_test(goes_on_under_another_name), cmocka_unit_test(only_kept_ones_stay_provable),
	    cmocka_unit_test(holds_pin),                cmocka_unit_test(removal_by_any_other_way),
	    cmocka_unit_test(redacts_one),              cmocka_unit_test(redaction_without_record),
	    cmocka_unit_test(which_nodes_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
