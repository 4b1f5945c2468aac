/* For the tests of this folder: a log in a temporary folder, and a signer that stands in for the keys process's key. */
#ifndef VAULT_FIXTURE_H
#define VAULT_FIXTURE_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "lib/clock.h"
#include "vault/vault.h"
#include "vault/verify.h"

#define ORIGIN "log.test.internal/vault"

struct fixture {
	char root[64], path[80];
	struct note_key key;
	uint8_t secret[NOTE_SECRET_LEN];
	struct buf vkey;
};

static inline void fixture_init(struct fixture *f)
{
	uint8_t public_key[NOTE_PUBLIC_LEN];
	const char *tmp = getenv("TMPDIR");

	snprintf(f->root, sizeof f->root, "%.40s/vault.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->root));
	snprintf(f->path, sizeof f->path, "%s/vault", f->root);
	assert_true(sodium_init() >= 0);
	crypto_sign_keypair(public_key, f->secret);
	assert_int_equal(note_key_init(&f->key, STR(ORIGIN), public_key), 0);
	buf_init(&f->vkey, NOTE_VKEY_MAX);
	note_key_put(&f->vkey, &f->key);
}

/* Runs a program and waits; its exit code. */
static inline int run(const char *const *argv)
{
	pid_t pid = fork();
	int status = 0;

	if (!pid) {
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static inline void fixture_release(struct fixture *f)
{
	const char *const rm[] = {"rm", "-rf", f->root, NULL};

	buf_release(&f->vkey);
	run(rm);
}

/* Signs what is committed and publishes it: 0 or the error. */
static inline int fixture_sign(const struct fixture *f, struct vault *v)
{
	struct checkpoint c;
	struct buf text, note;
	int r;

	vault_head(v, &c);
	buf_init(&text, NOTE_MAX);
	buf_init(&note, NOTE_MAX);
	checkpoint_put(&text, &c);
	r = note_sign(&note, buf_view(&text), &f->key, f->secret);
	if (!r)
		r = vault_publish(v, buf_view(&note), NULL);
	buf_release(&text);
	buf_release(&note);
	return r;
}

/* The next entry of source "office": raw text made from its number. */
static inline int fixture_append(struct vault *v, uint64_t *ret_index)
{
	const struct source *last = vault_source(v, STR("office"));
	struct entry en = {.transport = ENTRY_MESSAGE, .flags = ENTRY_CHAINED, .seq = last ? last->seq + 1 : 1,
	                   .time_ns = clock_true() * 1000, .source = STR("office"), .peer = STR("office.writer")};
	char raw[128];

	if (last)
		memcpy(en.prev, last->hash, SHA256_LEN);
	en.raw = str_n(raw, (size_t)snprintf(raw, sizeof raw, "{\"seq\":%llu,\"action\":\"record.update\",\"actor\":%u}",
	                                     (unsigned long long)en.seq, (unsigned)en.seq * 7919u % 300u));
	return vault_append(v, &en, ret_index, NULL);
}

/* SHA-256 of what fixture_append writes as number seq. */
static inline void fixture_hash(uint64_t seq, uint8_t out[SHA256_LEN])
{
	char raw[128];

	sha256(raw, (size_t)snprintf(raw, sizeof raw, "{\"seq\":%llu,\"action\":\"record.update\",\"actor\":%u}",
	                             (unsigned long long)seq, (unsigned)seq * 7919u % 300u), out);
}

static inline struct vault *fixture_open(struct fixture *f)
{
	struct vault_repair repair;
	struct vault *v;
	struct err e = {0};

	if (vault_open(f->path, &v, &repair, &e))
		fail_msg("%s", e.text);
	assert_int_equal(vault_set_key(v, buf_view(&f->vkey), NULL), 0);
	return v;
}

/* Makes a log of n entries, committed and signed every `step`, and closes it. */
static inline void fixture_fill(struct fixture *f, uint64_t n, uint64_t step)
{
	struct vault *v;
	uint64_t at;

	assert_int_equal(vault_create(f->path, STR(ORIGIN), 1, NULL), 0);
	v = fixture_open(f);
	for (uint64_t i = 1; i <= n; i++) {
		assert_int_equal(fixture_append(v, &at), 0);
		assert_int_equal(at, i - 1);
		if (i % step && i != n)
			continue;
		assert_int_equal(vault_commit(v, NULL), 0);
		assert_int_equal(fixture_sign(f, v), 0);
	}
	vault_close(v);
}

/* True when the audit finds nothing; prints what it finds when it should not. */
static inline bool fixture_good(const struct fixture *f, bool tell)
{
	struct verify_options o = {.vkey = buf_view(&f->vkey)};
	struct verify_report r;
	bool ok;

	verify_folder(f->path, &o, &r);
	for (size_t i = 0; tell && i < r.n_problems && i < VERIFY_PROBLEMS_MAX; i++)
		print_message("%s: %s\n", r.problems[i].where, r.problems[i].what);
	ok = verify_ok(&r);
	verify_release(&r);
	return ok;
}

#endif
