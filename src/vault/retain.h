/* What may leave a log, and how: by a declared time, but for what is held, and single entries whose text must go. Each act is first
 * an entry of the log, committed and signed, and only then done, so that whoever audits the log learns of it from the log itself:
 *
 *   retain_note      checks the act, appends its entry
 *   …commit, sign, publish…
 *   retain_do        does it: ERR_WRONG_STATE before the entry is signed
 *
 * Bytes: docs/formats/vault.md. */
#ifndef VAULT_RETAIN_H
#define VAULT_RETAIN_H

#include "vault/vault.h"

#define RETAIN_REASON_MAX 1000u
#define RETAIN_BY_MAX 200u

enum retain_kind { RETAIN_POLICY, RETAIN_PRUNE, RETAIN_HOLD, RETAIN_RELEASE, RETAIN_REDACT, RETAIN_KINDS };

struct retain {
	enum retain_kind kind;
	struct str by, reason;                           /* who decided, why: texts for the entry */
	int64_t days;                                    /* POLICY */
	struct str id;                                   /* HOLD, RELEASE */
	uint64_t from, to;                               /* HOLD: first and last entry; REDACT: the entry is from */
	int64_t now_ns;                                  /* PRUNE: what is older than the policy's days before this may go */

	uint64_t at;                                     /* retain_note: place of the entry */
	uint64_t minimum;                                /* PRUNE: the log begins here afterwards */
	uint64_t segments;                               /* PRUNE: files that go */
};

extern const char *const retain_names[RETAIN_KINDS]; /* "policy", "prune", "hold", "release", "redact" */

/* ERR_WRONG_STATE: prune without a policy; ERR_NOTFOUND: nothing to do, no such hold, no such entry; ERR_EXISTS: that hold is
 * there; ERR_DENIED: a numbered entry, whose source's chain would break; ERR_INVALID. */
int retain_note(struct vault *v, struct retain *a, struct err *e) MUST_USE;
int retain_do(struct vault *v, const struct retain *a, struct err *e) MUST_USE;

/* Keeps the newest signed checkpoint as one that stays provable: whoever outside relies on it (a witness, an evidence bundle, the
 * day) has a proof of consistency from it for ever. */
int retain_keep(struct vault *v, struct err *e) MUST_USE;
/* Before entries below minimum go: what the kept checkpoints there need. */
int retain_keep_below(struct vault *v, uint64_t minimum, struct err *e) MUST_USE;
/* ERR_CORRUPT when the file retention says more than the signed log. */
int retain_judge(struct vault *v, struct err *e) MUST_USE;
/* Removes what the file retention says is gone: also what a crash left of it. */
int retain_sweep(struct vault *v, struct err *e) MUST_USE;

#endif
