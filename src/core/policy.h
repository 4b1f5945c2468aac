/* Trust policies (c2sp.org/tlog-policy): which logs are known, which witnesses, and which of them must have cosigned a checkpoint.
 * Ed25519 keys only (logs 0x01, witnesses 0x04); a policy with others is refused, for it would be half understood. */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include "core/cosign.h"

#define POLICY_TEXT_MAX (64u * 1024)
#define POLICY_LOGS_MAX 64
#define POLICY_NODES_MAX 128                         /* witnesses and groups together; 64 witnesses */
#define POLICY_WITNESSES_MAX 64

struct policy_log {
	struct note_key key;                             /* its name is the log's origin */
	struct str url;                                  /* STR_NONE when there is none */
};

/* A witness, or a group of what stands before it. */
struct policy_node {
	struct str name;                                 /* a word of this file only */
	size_t k, n;                                     /* a group: k of its n members; n 0: a witness */
	size_t parent;                                   /* the group it is a member of, POLICY_NODES_MAX: none */
	struct note_key key;                             /* a witness's */
	struct str url;
};

/* Views into the text given to policy_parse. Large: not for the stack. */
struct policy {
	struct policy_log logs[POLICY_LOGS_MAX];
	size_t n_logs;
	struct policy_node nodes[POLICY_NODES_MAX];      /* in the order of their lines */
	size_t n_nodes, n_witnesses;
	size_t quorum;                                   /* POLICY_NODES_MAX: none */
};

/* ERR_SYNTAX with the line, ERR_TOOBIG. */
int policy_parse(struct str text, struct policy *ret, struct err *e) MUST_USE;

/* Who cosigned, as policy_check found it. */
struct policy_seen {
	uint64_t time[POLICY_NODES_MAX];                 /* of a witness: when, 0 not; of a group: 1 when it has witnessed */
	size_t witnesses;                                /* how many cosigned */
};

/* That the note is a checkpoint signed by a log of the policy (where it names none: by `log`, which must be given then; where both are
 * there, by both) and cosigned as the quorum wants. ERR_DENIED: not signed by such a log, or too few cosigned; ERR_CORRUPT: a
 * signature of somebody known is wrong. ret and ret_seen (may be NULL) are filled also when only cosignatures are lacking. */
int policy_check(const struct policy *p, struct str note, const struct note_key *log, struct checkpoint *ret, struct policy_seen *ret_seen,
                 struct err *e) MUST_USE;

#endif
