#include "vault/verify_parts.h"

#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/file.h"

static void add_target(struct audit *a, const char *name, uint64_t size, const uint8_t *root, unsigned signers)
{
	struct target *t;

	if (a->n_targets == a->cap_targets) {
		size_t cap = a->cap_targets ? 2 * a->cap_targets : 16;
		struct target *more = xcalloc(cap, sizeof *more);

		if (a->n_targets)
			memcpy(more, a->targets, a->n_targets * sizeof *more);
		free(a->targets);
		a->targets = more;
		a->cap_targets = cap;
	}
	t = &a->targets[a->n_targets++];
	snprintf(t->name, sizeof t->name, "%s", name);
	t->size = size;
	t->signers = signers;
	memcpy(t->root, root, MERKLE_LEN);
	if (size > a->signed_size)
		a->signed_size = size;
}

static void signed_target(struct audit *a, const char *name, struct str note)
{
	struct checkpoint c;
	struct err e = {0};
	unsigned signers = 0;

	if (!note.n) {
		verify_problem(a->report, name, "missing");
		return;
	}
	for (size_t k = 0; k < a->n_keys; k++) {
		int r = checkpoint_check(note, &a->keys[k], &c, &e);

		if (!r)
			signers |= 1u << k;
		else if (r != ERR_DENIED)
			break;
	}
	if (!signers || (e.code && e.code != ERR_DENIED))
		verify_problem(a->report, name, "%s", e.text);
	else
		add_target(a, name, c.size, c.root, signers);
}

/* A line is a key of this log, to the letter: what is written otherwise was written by somebody else. */
static void key_line(struct audit *a, const char *where, struct str line)
{
	struct note_key k;
	struct err e = {0};
	struct buf b;

	if (note_key_parse(line, &k, &e)) {
		verify_problem(a->report, where, "%s", e.text);
		return;
	}
	buf_init(&b, NOTE_VKEY_MAX);
	note_key_put(&b, &k);
	if (!str_eq(buf_view(&b), line) || !str_is(str_from(k.name), a->log->origin))
		verify_problem(a->report, where, "a key of %.100s, not of this log", k.name);
	else if (a->n_keys < VERIFY_KEYS_MAX)
		a->keys[a->n_keys++] = k;
	buf_release(&b);
}

static void key_file(struct audit *a, const char *where, struct str file, bool many)
{
	if (file.n && !str_ends(file, "\n"))
		verify_problem(a->report, where, "damaged");
	for (bool first = true; file.n && (first || many); first = false)
		key_line(a, where, str_cut(&file, '\n'));
	if (file.n)
		verify_problem(a->report, where, "damaged");
}

/* The trusted key is one of the log's. */
static void trust(struct audit *a, struct str vkey)
{
	struct note_key k;
	struct err e = {0};

	if (note_key_parse(vkey, &k, &e)) {
		verify_problem(a->report, "vkey", "%s", e.text);
		return;
	}
	for (a->trusted = 0; a->trusted < a->n_keys; a->trusted++)
		if (!strcmp(k.name, a->keys[a->trusted].name) && !memcmp(k.public_key, a->keys[a->trusted].public_key, NOTE_PUBLIC_LEN))
			return;
	if (!str_is(str_from(k.name), a->log->origin))
		verify_problem(a->report, "vkey", "a key of %.100s, not of this log", k.name);
	if (a->log->vkey.n)
		verify_problem(a->report, "vkey", "another key than the one trusted");
	a->keys[0] = k;
	a->n_keys = 1;
	a->trusted = 0;
}

/* Those that must stay provable whatever is removed. */
static void read_kept(struct audit *a)
{
	uint64_t *sizes;
	size_t n;
	struct err e = {0};

	if (kept_sizes(a->log->dir, &sizes, &n, &e))
		verify_problem(a->report, "kept", "%s", e.text);
	for (size_t i = 0; i < n; i++) {
		struct buf note;
		char name[40];

		kept_name(sizes[i], false, name);
		buf_init(&note, NOTE_MAX);
		if (file_read_at(a->log->dir, name, NOTE_MAX, &note, &e))
			verify_problem(a->report, name, "%s", e.text);
		else
			signed_target(a, name, buf_view(&note));
		buf_release(&note);
	}
	free(sizes);
}

/* The cosigned checkpoint is the one the policy is about: the newest one cannot be cosigned yet. */
static void by_policy(struct audit *a, const struct policy *p)
{
	struct err e = {0};
	int r = ERR_DENIED;

	if (!a->log->cosigned.n) {
		verify_problem(a->report, "cosigned", "missing: no witness cosigned this log");
		return;
	}
	for (size_t k = 0; r && k < a->n_keys; k++) {
		struct err why = {0};

		r = policy_check(p, buf_view(&a->log->cosigned), &a->keys[k], NULL, NULL, &why);
		if (r && !e.code)
			e = why;
	}
	if (r)
		verify_problem(a->report, "cosigned", "%s", e.text);
}

void verify_targets(struct audit *a, const struct verify_options *o)
{
	a->report->own_key = !o->vkey.n;
	key_file(a, "vkey", buf_view(&a->log->vkey), false);
	key_file(a, "older-keys", buf_view(&a->log->older), true);
	if (o->vkey.n)
		trust(a, o->vkey);
	else if (!a->log->vkey.n)
		verify_problem(a->report, "vkey", "missing: without the log's key nothing is proven");
	if (!a->n_keys)
		return;
	signed_target(a, "last-signed", buf_view(&a->log->last_signed));
	signed_target(a, "checkpoint", buf_view(&a->log->checkpoint));
	if (a->log->cosigned.n)
		signed_target(a, "cosigned", buf_view(&a->log->cosigned));
	if (a->log->elsewhere.n)
		signed_target(a, "seen-elsewhere", buf_view(&a->log->elsewhere));
	if (o->policy)
		by_policy(a, o->policy);
	for (size_t i = 0; i < o->n_known && i < VERIFY_KNOWN_MAX; i++)
		signed_target(a, "known checkpoint", o->known[i]);
	if (o->known_size)
		add_target(a, "keys", o->known_size, o->known_root, VERIFY_ANY_SIGNER);
	read_kept(a);
}

static size_t which(const struct audit *a, const char *vkey)
{
	struct note_key k;
	size_t i = 0;

	if (!vkey || note_key_parse(str_from(vkey), &k, NULL))
		return VERIFY_KEYS_MAX;
	while (i < a->n_keys && memcmp(k.public_key, a->keys[i].public_key, NOTE_PUBLIC_LEN) != 0)
		i++;
	return i;
}

bool verify_key_change(struct audit *a, const char *next, const char *old, uint64_t index)
{
	struct key_change c = {.at = index, .next = which(a, next), .old = which(a, old)};

	if (c.next == VERIFY_KEYS_MAX || c.old == VERIFY_KEYS_MAX)
		return false;
	if (c.next < a->n_keys && c.old < a->n_keys && a->n_changes < VERIFY_KEYS_MAX)
		a->changes[a->n_changes++] = c;
	return true;
}

/* The key signed a tree that holds the entry. */
static bool vouches(const struct audit *a, size_t key, uint64_t index)
{
	for (size_t i = 0; i < a->n_targets; i++)
		if (a->targets[i].right && a->targets[i].signers != VERIFY_ANY_SIGNER && a->targets[i].signers >> key & 1 && a->targets[i].size > index)
			return true;
	return false;
}

void verify_trust(struct audit *a)
{
	unsigned good = 1u << a->trusted, before;

	do {
		before = good;
		for (size_t i = 0; i < a->n_changes; i++) {
			const struct key_change *c = &a->changes[i];

			if (good >> c->old & 1 && vouches(a, c->old, c->at))
				good |= 1u << c->next;
			if (good >> c->next & 1 && vouches(a, c->next, c->at))
				good |= 1u << c->old;
		}
	} while (good != before);
	for (size_t i = 0; i < a->n_targets; i++)
		if (!(a->targets[i].signers & good))
			verify_problem(a->report, a->targets[i].name, "signed with a key that the log does not connect to the trusted one");
}
