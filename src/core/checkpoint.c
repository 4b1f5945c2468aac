/* Checkpoints and offline proofs: the two texts built on signed notes (core/note.h). */
#include "core/note.h"

#include <string.h>

#define PROOF_HEAD "c2sp.org/tlog-proof@v1"

/* A decimal number without sign or leading zeroes. */
static int decimal(struct str s, uint64_t *ret)
{
	uint64_t v = 0;

	if (!s.n || s.n > 20 || (s.p[0] == '0' && s.n > 1))
		return ERR_SYNTAX;
	for (size_t i = 0; i < s.n; i++) {
		unsigned d = (unsigned)((unsigned char)s.p[i] - '0');

		if (d > 9 || v > (UINT64_MAX - d) / 10)
			return ERR_SYNTAX;
		v = v * 10 + d;
	}
	*ret = v;
	return 0;
}

/* Base64 of exactly one hash; a second encoding of the same bytes (stray bits in the last character) is refused. */
static int hash_line(struct str s, uint8_t out[MERKLE_LEN])
{
	return s.n == 44 && base64_decode(s, out, MERKLE_LEN) == MERKLE_LEN ? 0 : ERR_SYNTAX;
}

void checkpoint_put(struct buf *b, const struct checkpoint *c)
{
	buf_str(b, c->origin);
	buf_printf(b, "\n%llu\n", (unsigned long long)c->size);
	buf_base64(b, c->root, MERKLE_LEN);
	buf_putc(b, '\n');
}

int checkpoint_parse(struct str text, struct checkpoint *ret)
{
	struct str rest = text;
	struct checkpoint c;

	if (!str_ends(text, "\n"))
		return ERR_SYNTAX;
	c.origin = str_cut(&rest, '\n');
	if (!c.origin.n || decimal(str_cut(&rest, '\n'), &c.size) || hash_line(str_cut(&rest, '\n'), c.root))
		return ERR_SYNTAX;
	while (rest.n)
		if (!str_cut(&rest, '\n').n)
			return ERR_SYNTAX;
	*ret = c;
	return 0;
}

int checkpoint_check(struct str whole, const struct note_key *key, struct checkpoint *ret, struct err *e)
{
	struct checkpoint c;
	struct note n;
	int r = note_parse(whole, &n);

	if (r || (r = checkpoint_parse(n.text, &c)))
		return err_set(e, r, "not a signed checkpoint");
	r = note_check(&n, key, 1);
	if (r == ERR_DENIED)
		return err_set(e, r, "not signed by %s", key->name);
	if (r)
		return err_set(e, r, "the signature by %s is wrong", key->name);
	if (!str_is(c.origin, key->name))
		return err_set(e, ERR_DENIED, "a checkpoint of %.*s, not of %s", STR_ARG(c.origin), key->name);
	*ret = c;
	return 0;
}

void tlog_proof_put(struct buf *b, const struct tlog_proof *p)
{
	buf_puts(b, PROOF_HEAD "\n");
	if (p->extra.p) {
		buf_puts(b, "extra ");
		buf_base64(b, p->extra.p, p->extra.n);
		buf_putc(b, '\n');
	}
	buf_printf(b, "index %llu\n", (unsigned long long)p->index);
	for (size_t i = 0; i < p->n; i++) {
		buf_base64(b, p->hashes[i], MERKLE_LEN);
		buf_putc(b, '\n');
	}
	buf_putc(b, '\n');
	buf_str(b, p->checkpoint);
}

int tlog_proof_parse(struct str whole, struct tlog_proof *ret)
{
	struct str rest = whole, line;

	if (whole.n > NOTE_MAX || !str_is(str_cut(&rest, '\n'), PROOF_HEAD))
		return ERR_SYNTAX;
	line = str_cut(&rest, '\n');
	ret->extra = ret->extra64 = STR_NONE;
	if (str_starts(line, "extra ")) {
		ret->extra64 = str_slice(line, 6, line.n);
		if (ret->extra64.n / 4 * 3 > PROOF_EXTRA_MAX)
			return ERR_TOOBIG;
		line = str_cut(&rest, '\n');
	}
	if (!str_starts(line, "index ") || decimal(str_slice(line, 6, line.n), &ret->index))
		return ERR_SYNTAX;
	ret->n = 0;
	for (;;) {
		if (!rest.n)
			return ERR_SHORT;
		line = str_cut(&rest, '\n');
		if (!line.n)
			break;
		if (ret->n == MERKLE_PROOF_MAX)
			return ERR_TOOBIG;
		if (hash_line(line, ret->hashes[ret->n++]))
			return ERR_SYNTAX;
	}
	ret->checkpoint = rest;
	return 0;
}

int tlog_proof_check(struct tlog_proof *p, const uint8_t leaf[MERKLE_LEN], const struct note_key *key,
                     struct checkpoint *ret, struct err *e)
{
	struct checkpoint c;
	int r = checkpoint_check(p->checkpoint, key, &c, e);

	if (r)
		return r;
	r = merkle_inclusion_check(p->index, c.size, leaf, p->hashes, p->n, c.root);
	if (r)
		return err_set(e, r, "the proof does not lead to the checkpoint's root");
	*ret = c;
	return 0;
}
