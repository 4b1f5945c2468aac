#include "core/cosign.h"

#include <sodium.h>

#define RAW_LEN (4 + 8 + crypto_sign_BYTES)          /* id, time, signature */

static void message(struct buf *b, struct str text, uint64_t time)
{
	buf_init(b, NOTE_MAX + 64);
	buf_printf(b, "cosignature/v1\ntime %llu\n", (unsigned long long)time);
	buf_str(b, text);
}

int cosign_put(struct buf *b, struct str text, const struct note_key *k, const uint8_t secret[NOTE_SECRET_LEN], uint64_t time)
{
	uint8_t sig[8 + crypto_sign_BYTES];
	struct checkpoint c;
	struct buf m;
	int r;

	if (k->type != NOTE_COSIGNATURE || !time || time > INT64_MAX || checkpoint_parse(text, &c))
		return ERR_INVALID;
	for (unsigned i = 0; i < 8; i++)
		sig[i] = (uint8_t)(time >> (56 - 8 * i));
	message(&m, text, time);
	r = buf_err(&m);
	if (!r && crypto_sign_detached(sig + 8, NULL, (const unsigned char *)m.p, m.n, secret))
		r = ERR_INVALID;
	buf_release(&m);
	if (r)
		return r;
	note_put_sig(b, k, sig, sizeof sig);
	return buf_err(b);
}

static int check_one(struct str text, struct str base64, const struct note_key *k, uint64_t *ret_time)
{
	uint8_t raw[RAW_LEN];
	uint64_t time = 0;
	struct buf m;
	int r;

	if (base64_decode(base64, raw, sizeof raw) != RAW_LEN)
		return ERR_CORRUPT;
	for (unsigned i = 0; i < 8; i++)
		time = time << 8 | raw[4 + i];
	if (!time || time > INT64_MAX)
		return ERR_CORRUPT;
	message(&m, text, time);
	r = buf_err(&m);
	if (!r && crypto_sign_verify_detached(raw + 12, (const unsigned char *)m.p, m.n, k->public_key))
		r = ERR_CORRUPT;
	buf_release(&m);
	if (!r && time > *ret_time)
		*ret_time = time;
	return r;
}

int cosign_check(const struct note *n, const struct note_key *k, uint64_t *ret_time)
{
	uint64_t time = 0;

	if (k->type != NOTE_COSIGNATURE)
		return ERR_DENIED;
	for (size_t i = 0; i < n->n_sigs; i++) {
		if (n->sigs[i].id != k->id || !str_is(n->sigs[i].name, k->name))
			continue;
		if (check_one(n->text, n->sigs[i].base64, k, &time))
			return ERR_CORRUPT;
	}
	if (!time)
		return ERR_DENIED;
	*ret_time = time;
	return 0;
}
