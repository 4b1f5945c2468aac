#include "vault/tool_parts.h"
#include "vault/verify_parts.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* What was signed last for this log as its signer remembers it, when that folder lies beside and may be read: a vault that was
 * put back to an older state as a whole contradicts it. */
static void read_keys(const struct tool *t, const char *dir, struct str origin, struct checkpoint *ret, struct buf *hold)
{
	char path[2][TOOL_PATH_MAX + 128], hex[SHA256_HEX];

	sha256_hex(origin.p, origin.n, hex);
	snprintf(path[0], sizeof path[0], "%s/keys/signed-%s", t->data_dir, hex);
	snprintf(path[1], sizeof path[1], "%s/key/signed-%s", dir, hex);
	if ((file_read(path[0], NOTE_MAX, hold, NULL) && file_read(path[1], NOTE_MAX, hold, NULL)) ||
	    checkpoint_parse(buf_view(hold), ret))
		ret->size = 0;
}

int tool_policy_read(struct tool *t, struct err *e)
{
	static struct policy policy;
	static struct buf text;
	int r;

	if (!t->policy_file)
		return 0;
	buf_init(&text, POLICY_TEXT_MAX);
	r = file_read(t->policy_file, POLICY_TEXT_MAX, &text, e);
	if (!r)
		r = policy_parse(buf_view(&text), &policy, e);
	if (!r)
		t->policy = &policy;
	return r;
}

static void put_report(struct jw *j, const struct verify_report *r, bool keys_asked)
{
	jw_kbool(j, "ok", verify_ok(r));
	jw_kz(j, "origin", r->origin);
	jw_kint(j, "size", (int64_t)r->size);
	if (r->size) {
		struct buf h;

		buf_init(&h, 64);
		buf_base64(&h, r->root, MERKLE_LEN);
		jw_kstr(j, "root", buf_view(&h));
		buf_release(&h);
	}
	jw_kz(j, "key", r->own_key ? "folder" : "given");
	jw_kbool(j, "keys_asked", keys_asked);
	jw_kint(j, "entries", (int64_t)r->entries);
	jw_kint(j, "removed", (int64_t)r->removed);
	jw_kint(j, "redacted", (int64_t)r->redacted);
	jw_kint(j, "unsigned", (int64_t)r->unsigned_entries);
	jw_kint(j, "segments", (int64_t)r->segments);
	jw_kint(j, "tiles", (int64_t)r->tiles);
	jw_kint(j, "loose_bytes", (int64_t)r->loose_bytes);
	jw_key(j, "sources");
	jw_array(j);
	for (size_t i = 0; i < r->sources.n; i++) {
		jw_object(j);
		jw_kstr(j, "source", str_n(r->sources.list[i]->name, r->sources.list[i]->name_n));
		jw_kint(j, "last", (int64_t)r->sources.list[i]->seq);
		jw_end_object(j);
	}
	jw_end_array(j);
	jw_key(j, "problems");
	jw_array(j);
	for (size_t i = 0; i < r->n_problems && i < VERIFY_PROBLEMS_MAX; i++) {
		jw_object(j);
		jw_kz(j, "where", r->problems[i].where);
		jw_kz(j, "what", r->problems[i].what);
		jw_end_object(j);
	}
	jw_end_array(j);
}

static void report_text(const char *dir, const char *name, const struct verify_report *r)
{
	for (size_t i = 0; i < r->n_problems && i < VERIFY_PROBLEMS_MAX; i++)
		fprintf(stderr, "%s%s%s: %s\n", name, *name ? ": " : "", r->problems[i].where, r->problems[i].what);
	if (!verify_ok(r)) {
		printf(_("NOT PROVEN: %s (problems: %zu)\n"), *r->origin ? r->origin : *name ? name : dir, r->n_problems);
		return;
	}
	printf(_("proven: %s, %llu entries as signed\n"), r->origin, (unsigned long long)r->size);
	if (r->removed)
		printf(_("removed when their time was over, as the log says: %llu entries\n"), (unsigned long long)r->removed);
	if (r->redacted)
		printf(_("redacted, as the log says: %llu entries\n"), (unsigned long long)r->redacted);
	if (r->unsigned_entries)
		printf(_("not yet signed: %llu entries\n"), (unsigned long long)r->unsigned_entries);
}

struct checking {
	struct tool *t;
	struct buf vkey, known[VERIFY_KNOWN_MAX];
	bool ok, own_key, keys_there;                    /* keys_there: what was signed last can be read */
	char origin[NOTE_NAME_MAX + 1];                  /* of the own log */
	struct jw *json;                                 /* NULL: text */
};

/* The trusted key signs all logs of a folder, each under its own name. */
static struct str key_for(const struct checking *c, const char *origin, struct buf *hold)
{
	struct note_key k, named;

	if (!c->vkey.n || note_key_parse(buf_view((struct buf *)(uintptr_t)&c->vkey), &k, NULL) ||
	    !str_starts(str_from(origin), k.name) || note_key_init(&named, str_from(origin), k.public_key))
		return c->vkey.n ? buf_view(&c->vkey) : STR_NONE;
	note_key_put(hold, &named);
	return buf_view(hold);
}

static void check_one(struct checking *c, const char *dir, const char *name)
{
	struct verify_options o = {0};
	struct checkpoint signed_last = {.size = 0}, known;
	char origin[NOTE_NAME_MAX + 1] = "";
	struct verify_report r;
	struct buf keys, key;
	struct tlog *s;

	buf_init(&keys, NOTE_MAX);
	buf_init(&key, NOTE_VKEY_MAX);
	/* asked before the log is read, for both go on growing */
	if (!tlog_open(dir, &s, NULL)) {
		memcpy(origin, s->origin, sizeof origin);
		read_keys(c->t, dir, str_from(origin), &signed_last, &keys);
		tlog_free(s);
	}
	o.vkey = key_for(c, origin, &key);
	for (size_t i = 0; i < c->t->n_known; i++) {
		struct str note = buf_view(&c->known[i]);

		/* of another log of the same folder */
		if (!*name || (!checkpoint_parse(note, &known) && str_is(known.origin, origin)))
			o.known[o.n_known++] = note;
	}
	o.policy = c->t->policy;
	o.known_size = signed_last.size;
	o.known_root = signed_last.root;
	verify_folder(dir, &o, &r);
	if (*name && r.size && !signed_last.size && c->keys_there)
		verify_problem(&r, "keys", "this folder's key never signed this log: it is another's");
	if (!*name)
		memcpy(c->origin, r.origin, sizeof c->origin);
	if (c->json)
		put_report(c->json, &r, signed_last.size > 0);
	else
		report_text(dir, name, &r);
	c->ok = c->ok && verify_ok(&r);
	c->own_key = c->own_key || (verify_ok(&r) && r.own_key);
	verify_release(&r);
	buf_release(&keys);
	buf_release(&key);
}

/* The logs of others that lie beside the own one. */
static void check_others(struct checking *c)
{
	struct arena *a = arena_new(1u << 20);
	char path[TOOL_PATH_MAX + 300], **names;
	size_t n = 0;

	snprintf(path, sizeof path, "%s/logs", c->t->dir);
	if (dir_list(a, path, "", &names, &n, NULL))
		n = 0;
	for (size_t i = 0; i < n; i++) {
		if (strchr(names[i], '.'))                   /* put aside by new-origin: no name of a log */
			continue;
		snprintf(path, sizeof path, "%s/logs/%.255s", c->t->dir, names[i]);
		if (c->json) {
			jw_object(c->json);
			jw_kz(c->json, "name", names[i]);
		}
		check_one(c, path, names[i]);
		if (c->json)
			jw_end_object(c->json);
	}
	arena_free(a);
}

static void tell_missing(struct checking *c, const char *name, struct str origin)
{
	struct verify_report r = {0};

	memcpy(r.origin, origin.p, origin.n < NOTE_NAME_MAX ? origin.n : NOTE_NAME_MAX);
	verify_problem(&r, "folder", "it was signed, and is not here");
	if (c->json) {
		jw_object(c->json);
		jw_kz(c->json, "name", name);
		put_report(c->json, &r, true);
		jw_end_object(c->json);
	} else {
		report_text(c->t->dir, name, &r);
	}
	c->ok = false;
}

/* Each log of others that was ever signed under the own one's name. */
static void check_signed(struct checking *c)
{
	struct arena *a = arena_new(1u << 20);
	char path[TOOL_PATH_MAX + 300], **names;
	size_t n = 0, own = strlen(c->origin);

	snprintf(path, sizeof path, "%s/keys", c->t->data_dir);
	if (dir_list(a, path, "", &names, &n, NULL))
		n = 0;
	for (size_t i = 0; i < n; i++) {
		struct checkpoint last;
		struct buf text;
		char name[64];

		if (strncmp(names[i], "signed-", 7) != 0)
			continue;
		buf_init(&text, NOTE_MAX);
		snprintf(path, sizeof path, "%s/keys/%.255s", c->t->data_dir, names[i]);
		if (!file_read(path, NOTE_MAX, &text, NULL) && !checkpoint_parse(buf_view(&text), &last) && last.size && last.origin.n > own + 1 &&
		    last.origin.n < own + sizeof name && !memcmp(last.origin.p, c->origin, own) && last.origin.p[own] == '/') {
			snprintf(name, sizeof name, "%.*s", (int)(last.origin.n - own - 1), last.origin.p + own + 1);
			snprintf(path, sizeof path, "%s/logs/%s/log", c->t->dir, name);
			if (access(path, F_OK))
				tell_missing(c, name, last.origin);
		}
		buf_release(&text);
	}
	arena_free(a);
}

static int check_all(struct checking *c)
{
	char path[TOOL_PATH_MAX + 16];
	struct buf b;
	struct jw j;

	snprintf(path, sizeof path, "%s/keys/log.key", c->t->data_dir);
	c->keys_there = !access(path, R_OK) && !c->t->log;

	buf_init(&b, TOOL_OUT_MAX);
	jw_init(&j, &b, true);
	c->json = c->t->json ? &j : NULL;
	c->ok = true;
	jw_object(&j);
	check_one(c, c->t->dir, "");
	jw_key(&j, "logs");
	jw_array(&j);
	check_others(c);
	if (c->keys_there)
		check_signed(c);
	jw_end_array(&j);
	jw_end_object(&j);
	buf_putc(&b, '\n');
	if (c->json)
		tool_print(&b);
	else if (c->own_key)
		printf("%s", _("The key was taken from the same folder; give the one you trust with --vkey.\n"));
	buf_release(&b);
	return c->ok ? TOOL_YES : TOOL_NO;
}

int tool_verify(struct tool *t)
{
	struct checking c = {.t = t};
	struct err e = {0};
	int bad = 0;

	buf_init(&c.vkey, NOTE_VKEY_MAX);
	for (size_t i = 0; i < t->n_known; i++)
		buf_init(&c.known[i], NOTE_MAX);
	if (t->vkey)
		bad = tool_key(t->vkey, &c.vkey, &e);
	for (size_t i = 0; !bad && i < t->n_known; i++)
		bad = file_read(t->known[i], NOTE_MAX, &c.known[i], &e);
	if (!bad)
		bad = tool_policy_read(t, &e);
	bad = bad ? tool_fail(&e) : check_all(&c);
	buf_release(&c.vkey);
	for (size_t i = 0; i < t->n_known; i++)
		buf_release(&c.known[i]);
	return bad;
}
