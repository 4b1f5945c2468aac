/* sekisho vault witness ask: has the newest checkpoint of a log cosigned by the witnesses of a policy, and keeps it as `cosigned` in the
 * log's folder. Where a witness holds a checkpoint that this log's own key signed and this log does not continue, that checkpoint is the
 * proof of a rollback or a second history: it is kept as `seen-elsewhere`, and from then on the log is not opened for writing and its
 * audit fails. What a witness only claims proves nothing and stops nothing. */
#ifndef WITNESS_ASK_H
#define WITNESS_ASK_H

#include "core/policy.h"

enum ask_state { ASK_NOT, ASK_COSIGNED, ASK_UNREACHABLE, ASK_REFUSED, ASK_CONFLICT };

struct ask_witness {
	enum ask_state state;
	uint64_t time;                                   /* of the cosignature */
	char text[ERR_TEXT_MAX];                         /* why not */
};

struct ask_report {
	char origin[NOTE_NAME_MAX + 1];
	uint64_t size;                                   /* of the checkpoint that was sent */
	struct ask_witness witnesses[POLICY_NODES_MAX];  /* by their place in the policy */
	size_t cosigned;
	bool met, conflict;                              /* the policy is met; proof of another history was found */
};

/* One log's folder. An error: nothing could be asked. */
int ask_log(const char *dir, const struct policy *p, struct ask_report *ret, struct err *e) MUST_USE;
/* The same over files. Appends the request for who knows `old` entries of the log. ERR_RANGE. */
int ask_request(const char *dir, uint64_t old, struct buf *out, struct err *e) MUST_USE;
/* Takes the cosignatures that were given for it; the log may have grown meanwhile. ERR_DENIED: not this log's request. */
int ask_take(const char *dir, const struct policy *p, struct str request, struct str lines, struct ask_report *ret, struct err *e) MUST_USE;

#endif
