/* Sigma's correlations over what single rules matched: how often, how many different values, all of several rules, in this order —
 * grouped by fields, within a time span.
 *
 * Time is that of reception; messages are taken in the order they come. One that is older than the newest of its group by less than
 * the span is sorted in, an older one is left out and counted (`late`). A message that lacks a field of group-by counts for no
 * group. When a group fires it begins anew and stays quiet for one span: what would fire meanwhile is counted (`folded`) and told with
 * the next.
 *
 * Memory is bounded by groups and by bytes; the group that was longest untouched goes first (`evicted`). */
#ifndef DETECT_CORRELATE_H
#define DETECT_CORRELATE_H

#include "detect/engine.h"
#include "lib/buf.h"

#define CORRELATE_GROUPS_MAX 100000u
#define CORRELATE_BYTES_MAX (64u << 20)
#define CORRELATE_KEY_MAX 1024u
#define CORRELATE_LOGS_MAX 64u
#define REFS_MAX 1000u

struct entry_ref {
	uint64_t index;
	uint16_t log;                                    /* of correlator_log */
};

/* One firing, or one match of a rule that stands for itself. */
struct firing {
	const struct rule *rule;
	int64_t time_ns;                                 /* of the last message */
	const struct entry_ref *refs;                    /* what it rests on, by time */
	size_t n_refs;
	const struct str *names, *values;                /* of group-by */
	size_t n_group;
	uint64_t folded;
};
typedef void correlate_fire_fn(void *arg, const struct firing *f);

struct correlator;

struct correlator *correlator_new(const struct rules *rs, size_t groups_max, size_t bytes_max);
void correlator_free(struct correlator *c);
/* A rule matched. Fires what reaches its condition, correlations of correlations too. */
void correlator_match(struct correlator *c, const struct rule *r, struct event *ev, correlate_fire_fn *fire, void *arg);
/* A number for the name of a log, the same as long as the state lives; the last one stands for all beyond CORRELATE_LOGS_MAX. */
uint16_t correlator_log(struct correlator *c, struct str name);
struct str correlator_log_name(const struct correlator *c, uint16_t log);

struct correlate_figures {
	size_t groups, bytes;
	uint64_t evicted, late, fired, folded;
};
void correlator_figures(const struct correlator *c, struct correlate_figures *ret);

/* All of it as bytes, and back into a new one. Groups of rules that are gone or were changed are left out. ERR_CORRUPT: what was
 * taken so far is of no use. */
void correlator_save(const struct correlator *c, struct buf *out);
int correlator_load(struct correlator *c, struct cur *in) MUST_USE;

#endif
