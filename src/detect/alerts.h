/* From a firing to an entry in the vault and a message to the office: what an alert says, how many an hour a rule may raise, what is
 * suppressed, and what waits for its acknowledgement.
 *
 * Every alert is numbered and chained as an entry of the vault's source `detect`. It stands in the state (state.h), on disk, before
 * it is sent; sent again it is the same bytes, so that the vault gives the same answer. Its id is a digest of the rule and the
 * entries it rests on: told twice, the office knows it. */
#ifndef DETECT_ALERTS_H
#define DETECT_ALERTS_H

#include "detect/correlate.h"
#include "lib/hash.h"

#define ALERT_ID 33                                  /* hex and NUL */
#define ALERT_PER_HOUR 20                            /* of one rule, where it says nothing else */
#define ALERTS_WAITING_MAX 20000u                    /* then reading stops until some are acknowledged */
#define ALERT_BYTES_MAX 49152u
#define SUPPRESSIONS_MAX 4096u

enum alert_stage { ALERT_FOR_VAULT, ALERT_FOR_OFFICE };

struct alert {
	char id[ALERT_ID];
	bool told;                                       /* an alert for the office, not a note of detect itself */
	enum alert_stage stage;
	bool sent;                                       /* on the present pair */
	uint64_t seq, index;                             /* index: of its entry in the vault's own log */
	uint8_t prev[SHA256_LEN];
	struct str raw;                                  /* owned */
};

/* Until then no alert of the rule (all rules: "") whose group or field says so. */
struct suppression {
	struct str rule, field, value;                   /* owned; field "" any */
	int64_t until;                                   /* µs UTC */
};

/* What a rule raised in an hour of the messages' time. */
struct rate {
	int64_t hour;
	uint32_t count;
	uint64_t folded;
};

struct alerts {
	const struct rules *rules;
	struct alert *list;                              /* by seq */
	size_t n, cap;
	uint64_t seq;                                    /* of the last one made */
	uint8_t hash[SHA256_LEN];                        /* of its bytes */
	struct rate *rates;                              /* by rule->at */
	struct suppression *quiet;
	size_t n_quiet;
	bool *off;                                       /* by rule->at: not wanted */
	uint64_t raised, suppressed, folded;
};

void alerts_init(struct alerts *a, const struct rules *rs);
void alerts_release(struct alerts *a);
/* The rule is on and nothing suppresses what it found: makes an alert, or folds it into the next when the hour is full. fields: what
 * is told beside the group. */
void alerts_raise(struct alerts *a, const struct correlator *c, const struct firing *f, const struct field *fields, size_t n_fields);
/* A note of detect itself: its start, what hours folded. JSON members without braces. */
void alerts_note(struct alerts *a, const char *type, struct str members);
/* Tells what was folded in hours that are over. now: ns, of the messages. */
void alerts_hour(struct alerts *a, int64_t now);
/* The vault has it at index; false when nobody waits for it. */
bool alerts_acked(struct alerts *a, uint64_t seq, uint64_t index);
bool alerts_taken(struct alerts *a, struct str id);
/* The vault knows another last number: what is not in it is numbered anew behind it. */
void alerts_renumber(struct alerts *a, uint64_t seq, const uint8_t hash[SHA256_LEN]);
void alerts_unsent(struct alerts *a, enum alert_stage stage);
/* Replaces all; what is over by now (µs) is left out. ERR_TOOBIG. */
int alerts_suppress(struct alerts *a, const struct suppression *list, size_t n, int64_t now) MUST_USE;

void alerts_save(const struct alerts *a, struct buf *out);
int alerts_load(struct alerts *a, struct cur *in) MUST_USE;

#endif
