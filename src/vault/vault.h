/* The log as its one writer holds it. Persist, sign, publish, acknowledge, in this order:
 *
 *   vault_append …        entries take their places (in memory)
 *   vault_commit          …and are on disk
 *   vault_head            size and root to be signed by somebody who keeps the key
 *   vault_publish         the signed note is kept (last-signed), then shown (checkpoint)
 *   …only now may anybody be told that an entry is in.
 *
 * After an error of commit or publish nothing more is possible with this struct: close it and open the folder anew, which
 * finds what reached the disk. Everything acknowledged is there; what was not may be there too, and is recognised when its
 * source sends it again. Docs: docs/formats/vault.md. */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

#include "tlog/index.h"
#include "tlog/tlog.h"
#include "tlog/tail.h"

#define VAULT_OWN "vault"                            /* the source of the vault's own entries */
#define VAULT_DETAIL_MAX 16384
#define VAULT_UNITS 16                               /* a segment of a new log: 16 x 65,536 entries */

struct vault;

/* What opening found and did; for the log, doctor and the operator. */
struct vault_repair {
	uint64_t torn_bytes;                             /* cut from the tail and the last segment */
	uint64_t lost_entries;                           /* whole entries that were on disk but never committed or signed */
	bool cut;                                        /* any of it: an entry of the log tells about it */
};

/* Makes the folder and an empty log. ERR_EXISTS when there is one. */
int vault_create(const char *path, struct str origin, unsigned units, struct err *e) MUST_USE;
/* ERR_BUSY: another process writes here. ERR_CORRUPT: the files hold less than, or other than, what was signed: nothing was
 * changed, and nothing may be signed. */
int vault_open(const char *path, struct vault **ret, struct vault_repair *ret_repair, struct err *e) MUST_USE;
/* What was not committed is dropped. */
void vault_close(struct vault *v);

/* Keeps the log's verifier key beside it. ERR_CONFLICT when another key stands there already, unless that one is the second line of
 * vkey: then a change of keys is due (rotate.c). */
int vault_set_key(struct vault *v, struct str vkey, struct err *e) MUST_USE;

/* A change of keys: first an entry that names both, signed with both, then the new one is the log's.
 *   if (vault_key_changes(v)) { vault_key_note; commit, sign, publish; vault_key_do }  */
bool vault_key_changes(const struct vault *v);
int vault_key_note(struct vault *v, struct err *e) MUST_USE;
int vault_key_do(struct vault *v, struct err *e) MUST_USE;

/* Appends; *ret_index is its place. A chained entry that does not follow its source's last is ERR_CONFLICT. */
int vault_append(struct vault *v, const struct entry *en, uint64_t *ret_index, struct err *e) MUST_USE;
/* The same for an entry of the vault itself: raw {"type":type,…detail}; detail: members of a JSON object or "". */
int vault_append_own(struct vault *v, const char *type, const char *detail, uint64_t *ret_index, struct err *e) MUST_USE;
/* Appends n entries that stand side by side, each behind its 16-bit length, all or, when one of them may not be, none:
 * ERR_INVALID for what is no entry, is numbered, has a transport that is not in `transports` (bits 1 << ENTRY_X) or claims to be
 * the vault's own. *ret_first: place of the first one. Where many come in: several times faster than one by one. */
int vault_append_run(struct vault *v, struct str run, uint32_t n, unsigned transports, uint64_t *ret_first,
                     struct err *e) MUST_USE;
int vault_commit(struct vault *v, struct err *e) MUST_USE;
/* Size and root of what is committed; origin is a view valid as long as v. */
void vault_head(const struct vault *v, struct checkpoint *ret);
/* True when the newest committed size is not yet signed. */
bool vault_unsigned(const struct vault *v);
/* note: a signed checkpoint for exactly vault_head. ERR_DENIED, ERR_CONFLICT when it is not. */
int vault_publish(struct vault *v, struct str note, struct err *e) MUST_USE;

/* Where a source stands; NULL when it never appended. */
const struct source *vault_source(const struct vault *v, struct str name);
/* All of them, sorted by name. */
const struct sources *vault_sources(const struct vault *v);
/* The index of the entry a source numbered seq: 0, ERR_NOTFOUND, or ERR_CONFLICT when the raw bytes there have another hash. */
int vault_find(struct vault *v, struct str name, uint64_t seq, const uint8_t hash[SHA256_LEN], uint64_t *ret_index,
               struct err *e) MUST_USE;

/* Appends the entry's bytes and its C2SP tlog-proof against the newest signed checkpoint; the proof carries the entry as
 * extra data up to PROOF_EXTRA_MAX. ERR_RANGE beyond the signed size. */
int vault_prove(struct vault *v, uint64_t index, struct buf *entry, struct buf *proof, struct err *e) MUST_USE;
/* For reading; valid as long as v. */
struct tlog *vault_log(struct vault *v);
/* Size of the newest signed checkpoint, 0 when none. */
uint64_t vault_signed_size(const struct vault *v);

/* ERR_CORRUPT when a witness held a checkpoint against this log (seen-elsewhere) that it signed and does not continue. */
int vault_elsewhere(struct vault *v, struct err *e) MUST_USE;

/* Makes a little of what is missing of the index of finished segments (reindex.c); true when all of it is there. */
bool vault_index_step(struct vault *v);

/* --- between vault.c, append.c and recover.c --------------------------------------------------------------------------------- */
#define VAULT_FULL_MAX 16

struct vault {
	struct tlog *log;
	struct tail tail;
	struct merkle_edge edge;                         /* over the entries committed, and full blocks behind them */
	struct sources sources;
	struct indexer *indexer, *mender;                /* of the live segment, and of finished ones that lack something */
	uint64_t index_known;                            /* finished segments below this have their index */
	struct buf snapshot;                             /* sources as of the open block's begin, when a segment begins there */
	struct segment *full[VAULT_FULL_MAX];            /* segments filled since the last commit: to be sealed */
	size_t n_full;
	uint64_t committed, signed_size;
	uint8_t committed_root[MERKLE_LEN], signed_root[MERKLE_LEN];
	struct note_key key, next_key;
	uint64_t key_at;                                 /* the entry about next_key */
	bool has_key, key_changes, broken, seg_new;
	int lock;
};

/* append.c: takes the entries of the open block into the edge, whole bundles at once. */
int vault_edge(struct vault *v) MUST_USE;
/* Edge over everything the log holds, from tiles and the open block. */
int recover_edge(struct vault *v, struct err *e) MUST_USE;
int recover_sources(struct vault *v, struct err *e) MUST_USE;
/* Compares with last-signed; changes nothing. */
int recover_judge(struct vault *v, struct err *e) MUST_USE;
/* Brings the files to a state from which to go on. */
int recover_repair(struct vault *v, struct vault_repair *repair, struct err *e) MUST_USE;

#endif
