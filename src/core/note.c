#include "core/note.h"

#include <string.h>

#include <sodium.h>

#include "lib/hash.h"
#include "lib/text.h"

#define DASH "\xe2\x80\x94 "                         /* U+2014 and a blank open a signature line */
#define NOTE_SIG_RAW_MAX 5120                        /* the longest known signature is ML-DSA-44's with time: 4 + 8 + 2,420 bytes */
#define SIG_LEN (4 + crypto_sign_BYTES)

static bool is_space(uint32_t c)
{
	return c == 0x20 || (c >= 9 && c <= 13) || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

int note_name_check(struct str name)
{
	if (!name.n || name.n > NOTE_NAME_MAX)
		return ERR_INVALID;
	while (name.n) {
		uint32_t c;
		size_t used = utf8_next(name, &c);

		if (!used || c < 0x20 || c == 0x7f || c == '+' || is_space(c))
			return ERR_INVALID;
		name = str_slice(name, used, name.n);
	}
	return 0;
}

static uint32_t key_id(struct str name, uint8_t type, const uint8_t *public_key)
{
	struct str parts[] = {name, STR("\n"), {(const char *)&type, 1}, {(const char *)public_key, NOTE_PUBLIC_LEN}};
	uint8_t h[SHA256_LEN];

	sha256_parts(parts, ARRAY_LEN(parts), h);
	return (uint32_t)h[0] << 24 | (uint32_t)h[1] << 16 | (uint32_t)h[2] << 8 | h[3];
}

int note_key_init(struct note_key *k, struct str name, const uint8_t public_key[NOTE_PUBLIC_LEN])
{
	return note_key_init_type(k, name, NOTE_ED25519, public_key);
}

int note_key_init_type(struct note_key *k, struct str name, uint8_t type, const uint8_t public_key[NOTE_PUBLIC_LEN])
{
	int r = note_name_check(name);

	if (r)
		return r;
	*k = (struct note_key){0};
	memcpy(k->name, name.p, name.n);
	memcpy(k->public_key, public_key, NOTE_PUBLIC_LEN);
	k->type = type;
	k->id = key_id(name, type, public_key);
	return 0;
}

int note_key_parse(struct str vkey, struct note_key *ret, struct err *e)
{
	return note_key_parse_type(vkey, NOTE_ED25519, ret, e);
}

int note_key_parse_type(struct str vkey, uint8_t type, struct note_key *ret, struct err *e)
{
	struct str rest = vkey, name, hex;
	uint8_t id[4], raw[1 + NOTE_PUBLIC_LEN];
	struct note_key k;

	if (str_ends(rest, "\n"))
		rest.n--;
	if (rest.n > NOTE_VKEY_MAX)
		return err_set(e, ERR_TOOBIG, "a verifier key has at most %u bytes", NOTE_VKEY_MAX);
	name = str_cut(&rest, '+');
	hex = str_cut(&rest, '+');
	if (hex.n != 8 || hex_decode(hex, id, sizeof id) != sizeof id)
		return err_set(e, ERR_SYNTAX, "not a verifier key: name+id+key is expected");
	if (base64_decode(rest, raw, sizeof raw) != sizeof raw || raw[0] != type)
		return err_set(e, ERR_SYNTAX, "not an Ed25519 verifier key of %s (type 0x%02x)", type == NOTE_COSIGNATURE ? "a witness" : "a log", type);
	if (note_key_init_type(&k, name, type, raw + 1))
		return err_set(e, ERR_INVALID, "not a key name");
	if (k.id != ((uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3]))
		return err_set(e, ERR_INVALID, "the key's id does not fit the key");
	*ret = k;
	return 0;
}

static void put_id(uint8_t out[4], uint32_t id)
{
	out[0] = (uint8_t)(id >> 24);
	out[1] = (uint8_t)(id >> 16);
	out[2] = (uint8_t)(id >> 8);
	out[3] = (uint8_t)id;
}

void note_key_put(struct buf *b, const struct note_key *k)
{
	uint8_t id[4], raw[1 + NOTE_PUBLIC_LEN];

	put_id(id, k->id);
	raw[0] = k->type;
	memcpy(raw + 1, k->public_key, NOTE_PUBLIC_LEN);
	buf_puts(b, k->name);
	buf_putc(b, '+');
	buf_hex(b, id, sizeof id);
	buf_putc(b, '+');
	buf_base64(b, raw, sizeof raw);
}

/* No control character but LF, and valid UTF-8. */
static bool clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 && s.p[i] != '\n')
			return false;
	return utf8_valid(s);
}

static int parse_sig(struct str line, struct note_sig *ret)
{
	uint8_t raw[NOTE_SIG_RAW_MAX];
	struct str rest;

	if (!str_starts(line, DASH))
		return ERR_SYNTAX;
	rest = str_slice(line, sizeof DASH - 1, line.n);
	ret->name = str_cut(&rest, ' ');
	if (note_name_check(ret->name) || !rest.p)
		return ERR_SYNTAX;
	ret->base64 = rest;
	long n = base64_decode(rest, raw, sizeof raw);

	if (n < 5)
		return ERR_SYNTAX;
	ret->id = (uint32_t)raw[0] << 24 | (uint32_t)raw[1] << 16 | (uint32_t)raw[2] << 8 | raw[3];
	return 0;
}

int note_parse(struct str whole, struct note *ret)
{
	struct note n = {.n_sigs = 0};
	struct str rest;
	size_t at;

	if (whole.n > NOTE_MAX)
		return ERR_TOOBIG;
	if (!clean(whole) || !str_ends(whole, "\n"))
		return ERR_SYNTAX;
	for (at = whole.n; at >= 2 && !(whole.p[at - 1] == '\n' && whole.p[at - 2] == '\n'); at--)
		;
	if (at < 3) /* at least one byte of text and its LF stand before the empty line */
		return ERR_SYNTAX;
	n.text = str_slice(whole, 0, at - 1);
	rest = str_slice(whole, at, whole.n);
	while (rest.n) {
		if (n.n_sigs == NOTE_SIGS_MAX)
			return ERR_TOOBIG;
		if (parse_sig(str_cut(&rest, '\n'), &n.sigs[n.n_sigs]))
			return ERR_SYNTAX;
		n.n_sigs++;
	}
	if (!n.n_sigs)
		return ERR_SYNTAX;
	*ret = n;
	return 0;
}

int note_check(const struct note *n, const struct note_key *keys, size_t n_keys)
{
	size_t good = 0;

	for (size_t i = 0; i < n->n_sigs; i++) {
		for (size_t k = 0; k < n_keys; k++) {
			uint8_t raw[SIG_LEN];

			if (n->sigs[i].id != keys[k].id || !str_is(n->sigs[i].name, keys[k].name))
				continue;
			if (base64_decode(n->sigs[i].base64, raw, sizeof raw) != SIG_LEN ||
			    crypto_sign_verify_detached(raw + 4, (const unsigned char *)n->text.p, n->text.n, keys[k].public_key))
				return ERR_CORRUPT;
			good++;
		}
	}
	return good ? 0 : ERR_DENIED;
}

void note_put_sig(struct buf *b, const struct note_key *k, const uint8_t *sig, size_t n)
{
	struct buf raw;

	buf_init(&raw, NOTE_SIG_RAW_MAX);
	buf_u32(&raw, k->id);
	buf_put(&raw, sig, n);
	buf_puts(b, DASH);
	buf_puts(b, k->name);
	buf_putc(b, ' ');
	buf_base64(b, raw.p, raw.n);
	buf_putc(b, '\n');
	buf_release(&raw);
}

int note_cosign(struct buf *b, struct str text, const struct note_key *k, const uint8_t secret[NOTE_SECRET_LEN])
{
	uint8_t sig[crypto_sign_BYTES];

	if (crypto_sign_detached(sig, NULL, (const unsigned char *)text.p, text.n, secret))
		return ERR_INVALID;
	note_put_sig(b, k, sig, sizeof sig);
	return buf_err(b);
}

int note_sign(struct buf *b, struct str text, const struct note_key *k, const uint8_t secret[NOTE_SECRET_LEN])
{
	if (text.n < 2 || text.n > NOTE_MAX / 2 || !clean(text) || !str_ends(text, "\n"))
		return ERR_INVALID;
	buf_str(b, text);
	buf_putc(b, '\n');
	return note_cosign(b, text, k, secret);
}
