#include "vault/tool_parts.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/arena.h"
#include "lib/file.h"

int tool_key(const char *arg, struct buf *out, struct err *e)
{
	struct stat st;

	/* A verifier key has two '+' and a file of that name is nobody's habit. */
	if (!stat(arg, &st))
		return file_read(arg, NOTE_VKEY_MAX, out, e);
	buf_puts(out, arg);
	return buf_err(out);
}

/* What the keys process remembers having signed for this log, when its folder lies beside and may be read: a vault that was
 * put back to an older state as a whole contradicts it. */
static void read_keys(const struct tool *t, struct str origin, struct checkpoint *ret, struct buf *hold)
{
	char path[TOOL_PATH_MAX + 128], hex[SHA256_HEX];

	sha256_hex(origin.p, origin.n, hex);
	snprintf(path, sizeof path, "%s/keys/signed-%s", t->data_dir, hex);
	if (file_read(path, NOTE_MAX, hold, NULL) || checkpoint_parse(buf_view(hold), ret))
		ret->size = 0;
}

static void report_json(const struct verify_report *r, bool keys_asked)
{
	struct buf b;
	struct jw j;

	buf_init(&b, TOOL_OUT_MAX);
	jw_init(&j, &b, true);
	jw_object(&j);
	jw_kbool(&j, "ok", verify_ok(r));
	jw_kz(&j, "origin", r->origin);
	jw_kint(&j, "size", (int64_t)r->size);
	if (r->size) {
		struct buf h;

		buf_init(&h, 64);
		buf_base64(&h, r->root, MERKLE_LEN);
		jw_kstr(&j, "root", buf_view(&h));
		buf_release(&h);
	}
	jw_kz(&j, "key", r->own_key ? "folder" : "given");
	jw_kbool(&j, "keys_asked", keys_asked);
	jw_kint(&j, "entries", (int64_t)r->entries);
	jw_kint(&j, "unsigned", (int64_t)r->unsigned_entries);
	jw_kint(&j, "segments", (int64_t)r->segments);
	jw_kint(&j, "tiles", (int64_t)r->tiles);
	jw_kint(&j, "loose_bytes", (int64_t)r->loose_bytes);
	jw_key(&j, "sources");
	jw_array(&j);
	for (size_t i = 0; i < r->sources.n; i++) {
		jw_object(&j);
		jw_kstr(&j, "source", str_n(r->sources.list[i]->name, r->sources.list[i]->name_n));
		jw_kint(&j, "last", (int64_t)r->sources.list[i]->seq);
		jw_end_object(&j);
	}
	jw_end_array(&j);
	jw_key(&j, "problems");
	jw_array(&j);
	for (size_t i = 0; i < r->n_problems && i < VERIFY_PROBLEMS_MAX; i++) {
		jw_object(&j);
		jw_kz(&j, "where", r->problems[i].where);
		jw_kz(&j, "what", r->problems[i].what);
		jw_end_object(&j);
	}
	jw_end_array(&j);
	jw_end_object(&j);
	buf_putc(&b, '\n');
	tool_print(&b);
}

static void report_text(const struct verify_report *r)
{
	for (size_t i = 0; i < r->n_problems && i < VERIFY_PROBLEMS_MAX; i++)
		fprintf(stderr, "%s: %s\n", r->problems[i].where, r->problems[i].what);
	if (!verify_ok(r)) {
		printf(_("NOT PROVEN: %s, %zu problems\n"), r->origin, r->n_problems);
		return;
	}
	printf(_("proven: %s, %llu entries as signed\n"), r->origin, (unsigned long long)r->size);
	if (r->unsigned_entries)
		printf(_("not yet signed: %llu entries\n"), (unsigned long long)r->unsigned_entries);
	if (r->own_key)
		printf("%s", _("The key was taken from the same folder; give the one you trust with --vkey.\n"));
}

int tool_verify(struct tool *t)
{
	struct verify_options o = {.n_known = t->n_known};
	struct buf key, keys, known[VERIFY_KNOWN_MAX];
	struct checkpoint c = {.size = 0};
	struct verify_report r;
	struct tlog *s;
	struct err e = {0};
	int bad = 0;

	buf_init(&key, NOTE_VKEY_MAX);
	buf_init(&keys, NOTE_MAX);
	for (size_t i = 0; i < t->n_known; i++)
		buf_init(&known[i], NOTE_MAX);
	if (t->vkey)
		bad = tool_key(t->vkey, &key, &e);
	for (size_t i = 0; !bad && i < t->n_known; i++) {
		bad = file_read(t->known[i], NOTE_MAX, &known[i], &e);
		o.known[i] = buf_view(&known[i]);
	}
	if (!bad) {
		o.vkey = t->vkey ? buf_view(&key) : STR_NONE;
		/* asked before the log is read, for both go on growing */
		if (!tlog_open(t->dir, &s, NULL)) {
			read_keys(t, str_from(s->origin), &c, &keys);
			tlog_free(s);
		}
		o.known_size = c.size;
		o.known_root = c.root;
		verify_folder(t->dir, &o, &r);
		if (t->json)
			report_json(&r, c.size > 0);
		else
			report_text(&r);
		bad = verify_ok(&r) ? TOOL_YES : TOOL_NO;
		verify_release(&r);
	} else {
		bad = tool_fail(&e);
	}
	buf_release(&key);
	buf_release(&keys);
	for (size_t i = 0; i < t->n_known; i++)
		buf_release(&known[i]);
	return bad;
}
