/* C2SP formats that travel: signed notes (c2sp.org/signed-note), verifier keys, checkpoints (c2sp.org/tlog-checkpoint)
 * and offline proofs (c2sp.org/tlog-proof). Ed25519 only: of logs (type 0x01) and, as cosignatures, of witnesses (0x04,
 * cosign.h); signatures of other types and unknown keys are kept and ignored, as the specification asks. Nothing here
 * touches files. */
#ifndef CORE_NOTE_H
#define CORE_NOTE_H

#include <stddef.h>
#include <stdint.h>

#include "core/merkle.h"
#include "lib/buf.h"

#define NOTE_MAX (64u * 1024)                        /* bytes of a whole note or proof */
#define PROOF_EXTRA_MAX (12u * 1024)                 /* bytes of decoded extra data */
#define NOTE_SIGS_MAX 80                             /* a policy's witnesses and the log; the specification wants at least 16 */
#define NOTE_NAME_MAX 255                            /* bytes of a key name or origin */
#define NOTE_VKEY_MAX 512                            /* bytes of a verifier key line */
#define NOTE_ED25519 0x01
#define NOTE_COSIGNATURE 0x04
#define NOTE_PUBLIC_LEN 32
#define NOTE_SECRET_LEN 64                           /* libsodium's form: seed and public key */

struct note_key {
	char name[NOTE_NAME_MAX + 1];
	uint32_t id;
	uint8_t type;                                    /* NOTE_ED25519 or NOTE_COSIGNATURE */
	uint8_t public_key[NOTE_PUBLIC_LEN];
};

/* A name for a key or log: 1..NOTE_NAME_MAX bytes of UTF-8, no Unicode space, no control character, no '+'. */
int note_name_check(struct str name) MUST_USE;
/* Fills in the id: SHA-256(name LF type public)[:4]. ERR_INVALID for a bad name. */
int note_key_init(struct note_key *k, struct str name, const uint8_t public_key[NOTE_PUBLIC_LEN]) MUST_USE;
/* Reads "name+hex id+base64(type public)"; a line end is allowed. An id that does not fit its key is ERR_INVALID. */
int note_key_parse(struct str vkey, struct note_key *ret, struct err *e) MUST_USE;
/* The same for a key of that type: what may sign a log is not what may witness one. */
int note_key_init_type(struct note_key *k, struct str name, uint8_t type, const uint8_t public_key[NOTE_PUBLIC_LEN]) MUST_USE;
int note_key_parse_type(struct str vkey, uint8_t type, struct note_key *ret, struct err *e) MUST_USE;
/* Appends the vkey without line end. */
void note_key_put(struct buf *b, const struct note_key *k);

struct note_sig {
	struct str name;
	uint32_t id;
	struct str base64;                               /* id and signature, still encoded */
};

/* Views into the bytes given to note_parse. */
struct note {
	struct str text;                                 /* with its last LF: what is signed */
	struct note_sig sigs[NOTE_SIGS_MAX];
	size_t n_sigs;
};

/* Shape only: splits at the last empty line. ERR_SYNTAX, ERR_TOOBIG. */
int note_parse(struct str whole, struct note *ret) MUST_USE;
/* For keys of type NOTE_ED25519: 0 when at least one of the known keys signed and none of their signatures is bad; ERR_DENIED when no known key
 * signed, ERR_CORRUPT when a known key's signature fails. */
int note_check(const struct note *n, const struct note_key *keys, size_t n_keys) MUST_USE;
/* Appends one signature line: the key's name, its id and n bytes of signature. */
void note_put_sig(struct buf *b, const struct note_key *k, const uint8_t *sig, size_t n);
/* Appends text (which must end in LF), the empty line and one signature line. ERR_INVALID for a text no note may
 * hold. */
int note_sign(struct buf *b, struct str text, const struct note_key *k, const uint8_t secret[NOTE_SECRET_LEN]) MUST_USE;
/* Appends one more signature line to a note of that text. */
int note_cosign(struct buf *b, struct str text, const struct note_key *k, const uint8_t secret[NOTE_SECRET_LEN]) MUST_USE;

struct checkpoint {
	struct str origin;                               /* view into the parsed text */
	uint64_t size;
	uint8_t root[MERKLE_LEN];
};

/* Appends the three lines of a checkpoint's text. */
void checkpoint_put(struct buf *b, const struct checkpoint *c);
/* Reads a note's text. Extension lines are allowed and skipped. */
int checkpoint_parse(struct str text, struct checkpoint *ret) MUST_USE;
/* Parses a signed checkpoint and checks its signature by key, whose name must be the origin. */
int checkpoint_check(struct str whole, const struct note_key *key, struct checkpoint *ret, struct err *e) MUST_USE;

/* c2sp.org/tlog-proof@v1 */
struct tlog_proof {
	uint64_t index;
	uint8_t hashes[MERKLE_PROOF_MAX][MERKLE_LEN];
	size_t n;
	/* decoded data beside the proof, here the entry itself; STR_NONE */
	struct str extra;
	struct str extra64;                              /* after parsing: the same, still base64 */
	struct str checkpoint;                           /* the whole signed note; a view after parsing */
};

void tlog_proof_put(struct buf *b, const struct tlog_proof *p);
int tlog_proof_parse(struct str whole, struct tlog_proof *ret) MUST_USE;
/* That the entry with this leaf hash stands in the log signed by key: 0, or a negative code and words. */
int tlog_proof_check(struct tlog_proof *p, const uint8_t leaf[MERKLE_LEN], const struct note_key *key,
                     struct checkpoint *ret, struct err *e) MUST_USE;

#endif
