/* sekisho vault bundle DIR QUERY OUT: what a search found, as a BagIt folder (RFC 8493) that proves itself to somebody who has
 * nothing of ours. bundle/VERIFY.md says what is in it. */
#include "vault/tool_parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/date.h"
#include "lib/file.h"
#include "lib/text.h"
#include "tlog/search.h"
#include "vault/vault.h"

#define HITS_MAX 10000u
#define RANGE_MAX (1u << 20)                         /* entries between the first and the last hit */
#define FILE_MAX_ (256u << 20)

struct bundle {
	struct tool *tool;
	struct tlog *log;
	struct checkpoint head;
	struct note_key key;
	struct str note;                                 /* the checkpoint that goes into it */
	struct search_result found;
	uint64_t from, to;
	int dir;
	struct buf manifest, tags;
	uint64_t bytes, files;
};

/* A file of the bag, and its line in the manifest it belongs to. */
static int put(struct bundle *b, const char *name, struct str content, struct err *e)
{
	bool payload = !strncmp(name, "data/", 5);
	char sum[SHA256_HEX];
	int r = 0, fd = openat(b->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_sys(e, "%s", name);
	if (fd_write_all(fd, content.p, content.n) || fsync(fd))
		r = err_sys(e, "%s", name);
	close(fd);
	sha256_hex(content.p, content.n, sum);
	if (strncmp(name, "tagmanifest", 11) != 0)
		buf_printf(payload ? &b->manifest : &b->tags, "%s  %s\n", sum, name);
	b->bytes += payload ? content.n : 0;
	b->files += payload;
	return r;
}

static int put_buf(struct bundle *b, const char *name, struct buf *text, struct err *e)
{
	int r = buf_err(text) ? err_set(e, ERR_TOOBIG, "%s: too large", name) : put(b, name, buf_view(text), e);

	buf_release(text);
	return r;
}

static void hash_line(struct buf *t, const char *what, const uint8_t *h)
{
	buf_printf(t, "%s ", what);
	buf_base64(t, h, MERKLE_LEN);
	buf_putc(t, '\n');
}

/* Complete subtrees that cover [at, end), largest that fit first seen from at. */
static int right_side(struct bundle *b, struct buf *t, struct err *e)
{
	uint8_t h[MERKLE_LEN];

	for (uint64_t at = b->to; at < b->head.size;) {
		unsigned l = 0;
		int r;

		while (!(at >> l & 1) && l < 62 && at + (2ull << l) <= b->head.size)
			l++;
		r = tlog_node(b->log, l, at >> l, h);
		if (r)
			return err_set(e, r, "the hashes of the tree cannot be read");
		hash_line(t, "right", h);
		at += 1ull << l;
	}
	return 0;
}

static int put_range(struct bundle *b, struct err *e)
{
	uint8_t h[MERKLE_LEN];
	struct buf t;
	int r = 0;

	buf_init(&t, FILE_MAX_);
	buf_printf(&t, "sekisho range 1\norigin %.*s\nsize %llu\nfrom %llu\nto %llu\n", STR_ARG(b->head.origin), (unsigned long long)b->head.size,
	           (unsigned long long)b->from, (unsigned long long)b->to);
	for (unsigned l = 0; !r && l < 63; l++)
		if (b->from >> l & 1) {
			r = tlog_node(b->log, l, (b->from >> l) - 1, h);
			hash_line(&t, "left", h);
		}
	for (uint64_t i = b->from; !r && i < b->to; i++) {
		r = tlog_node(b->log, 0, i, h);
		hash_line(&t, "leaf", h);
	}
	if (r)
		err_set(e, r, "the hashes of the tree cannot be read");
	else
		r = right_side(b, &t, e);
	if (r) {
		buf_release(&t);
		return r;
	}
	return put_buf(b, "data/range.txt", &t, e);
}

static int put_entries(struct bundle *b, struct err *e)
{
	struct buf text;
	char name[64];
	int r = 0;

	buf_init(&text, FILE_MAX_);
	for (size_t i = b->found.n; !r && i-- > 0;) {    /* oldest first */
		const struct search_hit *h = &b->found.hits[i];

		snprintf(name, sizeof name, "data/entries/%020llu.bin", (unsigned long long)h->index);
		r = put(b, name, h->bytes, e);
		tool_entry_text(&text, h->index, h->bytes);
	}
	if (r) {
		buf_release(&text);
		return r;
	}
	return put_buf(b, "data/entries.txt", &text, e);
}

static int put_custody(struct bundle *b, struct err *e)
{
	const char *user = getenv("SUDO_USER");
	char when[40];
	struct buf t;
	struct jw j;

	if (!user)
		user = getenv("USER");
	instant_rfc3339(clock_true(), when, sizeof when);
	buf_init(&t, 65536);
	jw_init(&j, &t, false);
	jw_object(&j);
	jw_kz(&j, "at", when);
	jw_kz(&j, "act", "bundle");
	jw_kz(&j, "by", user ? user : "");
	jw_kint(&j, "uid", getuid());
	jw_kz(&j, "query", b->tool->args[1]);
	jw_kz(&j, "reason", b->tool->reason);
	jw_kstr(&j, "log", b->head.origin);
	jw_kint(&j, "entries", (int64_t)b->found.n);
	jw_kint(&j, "from", (int64_t)b->from);
	jw_kint(&j, "to", (int64_t)b->to);
	jw_kz(&j, "by_program", "sekisho " SEKISHO_VERSION);
	jw_end_object(&j);
	buf_putc(&t, '\n');
	return put_buf(b, "data/custody.jsonl", &t, e);
}

/* The two verifiers and their text lie with the shared data. */
static int put_verifiers(struct bundle *b, struct err *e)
{
	static const char *const names[] = {"VERIFY.md", "verify.sh", "verify.c"};
	char self[4096], path[4400];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;
	struct buf t;
	int r = 0;

	if (n <= 0)
		return err_sys(e, "/proc/self/exe");
	self[n] = 0;
	slash = strrchr(self, '/');
	*(slash ? slash : self) = 0;
	for (size_t i = 0; !r && i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof path, "%s/../../share/sekisho/bundle/%s", self, names[i]);
		buf_init(&t, 1u << 20);
		r = file_read(path, 1u << 20, &t, e);
		if (!r)
			r = put(b, names[i], buf_view(&t), e);
		buf_release(&t);
	}
	return r;
}

static int put_timestamp(struct bundle *b, struct err *e)
{
	struct buf t;
	int r;

	if (!b->tool->timestamp)
		return 0;
	buf_init(&t, 1u << 20);
	r = file_read(b->tool->timestamp, 1u << 20, &t, e);
	if (!r)
		r = put(b, "data/timestamp.tsr", buf_view(&t), e);
	buf_release(&t);
	return r;
}

static int put_tags(struct bundle *b, struct err *e)
{
	char day[40];
	struct buf t;
	int r = put(b, "bagit.txt", STR("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"), e);

	instant_rfc3339(clock_true(), day, sizeof day);
	buf_init(&t, 65536);
	buf_printf(&t, "Bagging-Date: %.10s\nBag-Software-Agent: sekisho %s\nExternal-Identifier: %.*s\nPayload-Oxum: %llu.%llu\n", day, SEKISHO_VERSION,
	           STR_ARG(b->head.origin), (unsigned long long)b->bytes, (unsigned long long)b->files);
	if (!r)
		r = put_buf(b, "bag-info.txt", &t, e);
	if (!r)
		r = put_verifiers(b, e);
	if (!r)
		r = put(b, "manifest-sha256.txt", buf_view(&b->manifest), e);
	return r ? r : put(b, "tagmanifest-sha256.txt", buf_view(&b->tags), e);
}

static int make_folders(struct bundle *b, const char *out, struct err *e)
{
	if (mkdir(out, 0755))
		return err_sys(e, "%s", out);
	b->dir = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->dir < 0 || mkdirat(b->dir, "data", 0755) || mkdirat(b->dir, "data/entries", 0755))
		return err_sys(e, "%s", out);
	return 0;
}

static int put_all(struct bundle *b, struct err *e)
{
	struct buf t;
	int r = make_folders(b, b->tool->args[2], e);

	if (!r)
		r = put_entries(b, e);
	if (!r)
		r = put_range(b, e);
	if (!r)
		r = put(b, "data/checkpoint", b->note, e);
	if (!r)
		r = put(b, "data/vkey", buf_view(&b->log->vkey), e);
	buf_init(&t, POLICY_TEXT_MAX);
	if (b->tool->policy)
		r = r ? r : file_read(b->tool->policy_file, POLICY_TEXT_MAX, &t, e);
	else
		buf_printf(&t, "log %.*s\nquorum none\n", STR_ARG(str_trim(buf_view(&b->log->vkey))));
	if (!r)
		r = put(b, "data/policy", buf_view(&t), e);
	buf_release(&t);
	if (!r)
		r = put_timestamp(b, e);
	if (!r)
		r = put_custody(b, e);
	return r ? r : put_tags(b, e);
}

static int find(struct bundle *b, struct arena *a, struct err *e)
{
	struct search_ask ask = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .before = b->head.size, .limit = HITS_MAX + 1};
	struct query *q;
	int64_t end;
	int r;

	if ((b->tool->since && query_time(str_from(b->tool->since), clock_true(), &ask.from_ns, &end)) ||
	    (b->tool->until && query_time(str_from(b->tool->until), clock_true(), &end, &ask.to_ns)))
		return err_set(e, ERR_SYNTAX, _("--since and --until want a date, an instant, or a span like 2h"));
	r = query_parse(a, str_from(b->tool->args[1]), clock_true(), &q, e);
	if (r)
		return r;
	ask.query = q;
	r = search_log(b->log, &ask, &b->found, e);
	if (!r && b->found.damaged)
		r = err_set(e, ERR_CORRUPT, _("%llu blocks of the log could not be read: evidence from a damaged log would not be whole"),
		            (unsigned long long)b->found.damaged);
	if (!r && b->found.n > HITS_MAX)
		r = err_set(e, ERR_TOOBIG, _("more than %u entries; narrow the search"), HITS_MAX);
	if (r || !b->found.n)
		return r;
	b->to = b->found.hits[0].index + 1;
	b->from = b->found.hits[b->found.n - 1].index;
	if (b->to - b->from > RANGE_MAX)
		r = err_set(e, ERR_TOOBIG, _("more than %u entries between the first and the last; narrow the time"), RANGE_MAX);
	return r;
}

/* The log itself keeps that evidence was taken; where the house runs, the search in the office is the place for that. */
static bool note_in_log(struct tool *t, const struct bundle *b)
{
	struct alone log;
	struct err e = {0};
	char detail[512], path[TOOL_PATH_MAX + 16];
	uint64_t at;
	int r;

	snprintf(path, sizeof path, "%s/vault/log", t->data_dir);
	r = access(path, F_OK);
	snprintf(path, sizeof path, "%s/key", t->data_dir);
	if (r && access(path, F_OK))                     /* a copy without its key */
		return false;
	snprintf(detail, sizeof detail, "\"from\":%llu,\"to\":%llu,\"entries\":%zu,\"uid\":%u", (unsigned long long)b->from, (unsigned long long)b->to,
	         b->found.n, getuid());
	r = alone_open(&log, t, &e);
	if (!r)
		r = vault_append_own(log.vault, "bundle", detail, &at, &e);
	if (!r)
		r = alone_commit(&log, &e);
	alone_close(&log);
	return !r;
}

int tool_bundle(struct tool *t)
{
	struct bundle b = {.tool = t, .dir = -1};
	struct arena *a = arena_new(16u << 20);
	struct err e = {0};
	int r, code;

	if (!t->reason) {
		arena_free(a);
		return tool_usage();
	}
	buf_init(&b.manifest, 8u << 20);
	buf_init(&b.tags, 65536);
	r = text_open() ? err_set(&e, ERR_SYS, "the tables of characters do not open") : tlog_open(t->dir, &b.log, &e);
	if (!r)
		r = note_key_parse(buf_view(&b.log->vkey), &b.key, &e);
	if (!r)
		r = checkpoint_check(buf_view(&b.log->last_signed), &b.key, &b.head, &e);
	if (!r)
		r = tlog_tiles(b.log, &e);
	if (!r)
		r = tool_policy_read(t, &e);
	if (!r)
		r = find(&b, a, &e);
	b.note = b.log ? buf_view(&b.log->last_signed) : STR_NONE;
	if (!r && b.found.n)
		r = tool_note(t, b.log, &b.key, b.to, &b.note, &b.head, &e);
	if (!r && b.found.n)
		r = put_all(&b, &e);
	if (r) {
		code = r == ERR_SYNTAX ? (fprintf(stderr, "sekisho vault: %s\n", e.text), TOOL_USAGE) : tool_fail(&e);
	} else if (!b.found.n) {
		fprintf(stderr, _("sekisho vault: nothing was found, so there is nothing to hand out\n"));
		code = TOOL_NO;
	} else {
		bool noted = note_in_log(t, &b);

		if (t->json)
			printf("{\"bundle\":\"%s\",\"entries\":%zu,\"from\":%llu,\"to\":%llu,\"noted\":%s}\n", t->args[2], b.found.n, (unsigned long long)b.from,
			       (unsigned long long)b.to, noted ? "true" : "false");
		else
			printf(noted ? _("%s: %zu entries, with the proof that nothing between them is missing\n")
			             : _("%s: %zu entries, with the proof that nothing between them is missing; the log is in use, so it does not tell of this itself\n"),
			       t->args[2], b.found.n);
		code = TOOL_YES;
	}
	search_result_release(&b.found);
	tlog_free(b.log);
	if (b.dir >= 0)
		close(b.dir);
	buf_release(&b.manifest);
	buf_release(&b.tags);
	arena_free(a);
	return code;
}
