#include "witness/state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "lib/file.h"
#include "lib/hash.h"
#include "witness/request.h"

#define KEYS_MAX 4                                   /* keys of one log: a change of keys needs two */
#define NAME_LEN (5 + SHA256_HEX)                    /* "seen-" and the origin's hash */

int state_make(const char *path, const char *name, struct err *e)
{
	uint8_t public_key[NOTE_PUBLIC_LEN], secret[NOTE_SECRET_LEN];
	struct note_key key;
	struct buf vkey;
	struct stat st;
	int r = dir_make(path, 0700, e), dir = r ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (r)
		return r;
	if (dir < 0)
		return err_sys(e, "%s", path);
	buf_init(&vkey, NOTE_VKEY_MAX);
	if (!fstatat(dir, "key", &st, AT_SYMLINK_NOFOLLOW))
		r = err_set(e, ERR_EXISTS, "%s: there is a witness already", path);
	else if (sodium_init() < 0 || crypto_sign_keypair(public_key, secret))
		r = err_set(e, ERR_SYS, "libsodium");
	else if (note_key_init_type(&key, str_from(name), NOTE_COSIGNATURE, public_key))
		r = err_set(e, ERR_INVALID, "%s: not a key name", name);
	if (!r) {
		note_key_put(&vkey, &key);
		buf_putc(&vkey, '\n');
		r = file_write_atomic_at(dir, "vkey", vkey.p, vkey.n, 0644, e);
	}
	if (!r)
		r = file_write_atomic_at(dir, "key", secret, sizeof secret, 0600, e);
	sodium_memzero(secret, sizeof secret);
	buf_release(&vkey);
	close(dir);
	return r;
}

/* The key pair: the verifier key must be the secret's. */
static int read_key(struct state *s, struct err *e)
{
	uint8_t public_key[NOTE_PUBLIC_LEN];
	struct buf vkey, key;
	int r;

	buf_init(&vkey, NOTE_VKEY_MAX);
	buf_init(&key, NOTE_SECRET_LEN);
	r = file_read_at(s->dir, "vkey", NOTE_VKEY_MAX, &vkey, e);
	if (!r)
		r = note_key_parse_type(buf_view(&vkey), NOTE_COSIGNATURE, &s->key, e);
	if (!r)
		r = file_read_at(s->dir, "key", NOTE_SECRET_LEN, &key, e);
	if (!r && key.n != NOTE_SECRET_LEN)
		r = err_set(e, ERR_CORRUPT, "key: damaged");
	if (!r) {
		memcpy(s->secret, key.p, key.n);
		sodium_memzero(key.p, key.n);
		if (crypto_sign_ed25519_sk_to_pk(public_key, s->secret) || memcmp(public_key, s->key.public_key, sizeof public_key) != 0)
			r = err_set(e, ERR_CORRUPT, "vkey is not that of key");
	}
	buf_release(&vkey);
	buf_release(&key);
	return r;
}

int state_open(const char *path, bool answers, struct state *ret, struct err *e)
{
	int r;

	*ret = (struct state){.lock = -1};
	ret->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->dir < 0)
		return err_sys(e, "%s", path);
	r = sodium_init() < 0 ? err_set(e, ERR_SYS, "libsodium") : read_key(ret, e);
	if (!r && answers) {
		ret->lock = openat(ret->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (ret->lock < 0)
			r = err_sys(e, "lock");
		else if (flock(ret->lock, LOCK_EX | LOCK_NB))
			r = err_set(e, ERR_BUSY, "%s: another witness answers here", path);
	}
	if (r)
		state_close(ret);
	return r;
}

void state_close(struct state *s)
{
	if (s->lock >= 0)
		close(s->lock);
	if (s->dir >= 0)
		close(s->dir);
	sodium_memzero(s->secret, sizeof s->secret);
	s->dir = s->lock = -1;
}

/* Keys of that origin. The file is read each time: a log that was just added is known at once. */
static size_t keys_of(struct state *s, struct str origin, struct note_key keys[KEYS_MAX])
{
	struct str rest;
	struct buf b;
	size_t n = 0;

	buf_init(&b, STATE_LOGS_BYTES);
	if (!file_read_at(s->dir, "logs", STATE_LOGS_BYTES, &b, NULL))
		for (rest = buf_view(&b); rest.n && n < KEYS_MAX;)
			if (!note_key_parse(str_cut(&rest, '\n'), &keys[n], NULL) && str_is(origin, keys[n].name))
				n++;
	buf_release(&b);
	return n;
}

int state_add(struct state *s, struct str vkey, struct err *e)
{
	struct note_key key, have[KEYS_MAX];
	struct buf b;
	size_t n;
	int r = note_key_parse(vkey, &key, e);

	if (r)
		return r;
	n = keys_of(s, str_from(key.name), have);
	for (size_t i = 0; i < n; i++)
		if (!memcmp(have[i].public_key, key.public_key, NOTE_PUBLIC_LEN))
			return err_set(e, ERR_EXISTS, "%s is known already", key.name);
	if (n == KEYS_MAX)
		return err_set(e, ERR_TOOBIG, "%s has %d keys here", key.name, KEYS_MAX);
	buf_init(&b, STATE_LOGS_BYTES);
	r = file_read_at(s->dir, "logs", STATE_LOGS_BYTES, &b, e);
	if (!r || r == ERR_NOTFOUND) {
		note_key_put(&b, &key);
		buf_putc(&b, '\n');
		r = buf_err(&b) ? err_set(e, ERR_TOOBIG, "too many logs") : file_write_atomic_at(s->dir, "logs", b.p, b.n, 0644, e);
	}
	buf_release(&b);
	return r;
}

static void seen_name(struct str origin, char out[NAME_LEN])
{
	memcpy(out, "seen-", 5);
	sha256_hex(origin.p, origin.n, out + 5);
}

/* Size and root cosigned last; 0 when never. The copy bears our own cosignature, or nothing is cosigned by it. */
static int read_seen(struct state *s, struct str origin, struct checkpoint *ret)
{
	char name[NAME_LEN];
	struct note n;
	uint64_t time;
	struct buf b;
	int r;

	*ret = (struct checkpoint){0};
	seen_name(origin, name);
	buf_init(&b, NOTE_MAX);
	r = file_read_at(s->dir, name, NOTE_MAX, &b, NULL);
	if (!r && (note_parse(buf_view(&b), &n) || cosign_check(&n, &s->key, &time) || checkpoint_parse(n.text, ret) ||
	           !str_eq(ret->origin, origin)))
		r = ERR_CORRUPT;
	ret->origin = origin;
	buf_release(&b);
	return r == ERR_NOTFOUND ? 0 : r;
}

/* Text, the log's lines that were checked, ours: durable before anybody gets ours. */
static int remember(struct state *s, const struct request *q, const struct note_key *keys, size_t n_keys, struct str line)
{
	char name[NAME_LEN];
	struct buf b;
	int r;

	seen_name(q->checkpoint.origin, name);
	buf_init(&b, NOTE_MAX);
	buf_str(&b, q->note.text);
	buf_putc(&b, '\n');
	for (size_t i = 0; i < q->note.n_sigs; i++)
		for (size_t k = 0; k < n_keys; k++)
			if (q->note.sigs[i].id == keys[k].id && str_is(q->note.sigs[i].name, keys[k].name))
				buf_printf(&b, "\xe2\x80\x94 %s %.*s\n", keys[k].name, STR_ARG(q->note.sigs[i].base64));
	buf_str(&b, line);
	r = buf_err(&b);
	if (!r)
		r = file_write_atomic_at(s->dir, name, b.p, b.n, 0644, NULL);
	buf_release(&b);
	return r;
}

/* 200, or what refuses a checkpoint that is rightly signed. */
static unsigned judge(struct request *q, const struct checkpoint *seen, struct buf *out)
{
	const struct checkpoint *c = &q->checkpoint;
	uint8_t empty[MERKLE_LEN];

	if (q->old > c->size)
		return 400;
	if (q->old != seen->size) {
		buf_printf(out, "%llu\n", (unsigned long long)seen->size);
		return 409;
	}
	merkle_empty(empty);
	if (!c->size && memcmp(c->root, empty, MERKLE_LEN) != 0)
		return 422;
	if (!q->old)
		return q->n ? 422 : 200;
	if (q->old == c->size)
		return q->n || memcmp(c->root, seen->root, MERKLE_LEN) != 0 ? 422 : 200;
	return merkle_consistency_check(q->old, c->size, seen->root, c->root, q->proof, q->n) ? 422 : 200;
}

unsigned state_cosign(struct state *s, struct str body, uint64_t time, struct buf *out)
{
	struct note_key keys[KEYS_MAX];
	struct checkpoint seen;
	struct request q;
	unsigned status;
	size_t n;

	if (request_parse(body, &q))
		return 400;
	n = keys_of(s, q.checkpoint.origin, keys);
	if (!n)
		return 404;
	if (note_check(&q.note, keys, n))
		return 403;
	if (read_seen(s, q.checkpoint.origin, &seen))
		return 500;
	status = judge(&q, &seen, out);
	if (status != 200)
		return status;
	if (cosign_put(out, q.note.text, &s->key, s->secret, time) || remember(s, &q, keys, n, buf_view(out))) {
		buf_clear(out);
		return 500;
	}
	return 200;
}

unsigned state_seen(struct state *s, struct str hex, struct buf *out)
{
	char name[NAME_LEN];
	uint8_t raw[SHA256_LEN];

	if (hex.n != SHA256_HEX - 1 || hex_decode(hex, raw, sizeof raw) != sizeof raw)
		return 404;
	for (size_t i = 0; i < hex.n; i++)
		if (hex.p[i] >= 'A' && hex.p[i] <= 'F')
			return 404;
	snprintf(name, sizeof name, "seen-%.*s", STR_ARG(hex));
	return file_read_at(s->dir, name, NOTE_MAX, out, NULL) ? 404 : 200;
}
