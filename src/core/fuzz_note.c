/* Notes, keys, checkpoints and proofs as strangers send them. */
#include <stdlib.h>

#include "core/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct note_key key;
	static struct tlog_proof proof;
	struct str in = str_n(p, n);
	struct checkpoint c;
	struct note note;
	struct note_key k;

	if (!key.name[0] &&
	    note_key_parse(STR("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"), &key, NULL))
		abort();
	if (!note_parse(in, &note)) {
		if (note.text.n + 2 > n || !note.n_sigs)
			abort();
		(void)!note_check(&note, &key, 1);
		(void)!checkpoint_parse(note.text, &c);
	}
	if (!note_key_parse(in, &k, NULL)) {
		struct buf b;

		buf_init(&b, NOTE_VKEY_MAX);
		note_key_put(&b, &k);
		if (!str_starts(in, buf_z(&b)) && !(k.name[0] && b.n + 1 >= n)) /* hex may be upper case */
			abort();
		buf_release(&b);
	}
	if (!tlog_proof_parse(in, &proof) && proof.n > MERKLE_PROOF_MAX)
		abort();
	return 0;
}
