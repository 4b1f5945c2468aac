/* Many messages against many rules: one pass of Vectorscan over the raw bytes for one text of each rule that must stand there, then the
 * rule's condition where it was found and the message is of a kind the rule wants. Rules without such a text are tried on every
 * message of their kind; engine_without_text says which they are.
 *
 * Texts that a collector may write otherwise than they read (JSON's \u0041 and \/, auditd's hex) are searched for once more in
 * what the fields say. Nothing here allocates after engine_new. */
#ifndef DETECT_ENGINE_H
#define DETECT_ENGINE_H

#include "detect/logsource.h"
#include "detect/sigma.h"

#define ENGINE_BATCH 4096u                           /* messages in one call */

struct message {
	struct str raw, source, log;
	uint64_t index;
	int64_t time_ns;                                 /* of reception, UTC */
};

/* A message while rules look at it. */
struct event {
	const struct message *in;
	struct fields *f;
	bool parsed;                                     /* more than the head */
	char made[64];                                   /* text of the last sekisho.* field asked for */
};

struct engine;
typedef void engine_match_fn(void *arg, const struct rule *r, struct event *ev);

/* The rules must outlive it. Only those for which wanted (NULL: all) says so are looked for. */
int engine_new(struct rules *rs, bool (*wanted)(const struct rule *r), struct engine **ret, struct err *e) MUST_USE;
void engine_free(struct engine *en);
/* A rule that is off is passed over until it is on again. off: by rule->at. */
void engine_turn_off(struct engine *en, const bool *off);
/* n <= ENGINE_BATCH messages whose raw bytes lie within bytes, in order. Tells matches message by message, in order. ERR_NOMEM. */
int engine_scan(struct engine *en, struct str bytes, const struct message *list, size_t n, engine_match_fn *match, void *arg) MUST_USE;

/* Values of a field of the event: *at as in fields_next. Also sekisho.source, .log, .index, .hour (0-23, the municipality's),
 * .weekday (0 Sunday), .off_hours (true before 7:00, from 20:00 and at weekends), .clock_offset (seconds the message's own
 * time is ahead of its reception). */
bool event_field(struct event *ev, struct str name, size_t *at, struct str *ret);
/* eval.c */
bool event_holds(struct event *ev, const struct node *when, hs_scratch_t *scratch);

struct engine_figures {
	size_t rules, literals, without_text, bytes;     /* bytes of the database */
	uint64_t messages, hits, opened, tried, matched, parsed;
};
void engine_figures(const struct engine *en, struct engine_figures *ret);
/* The i-th rule that has no text to look for, NULL at the end. */
const struct rule *engine_without_text(const struct engine *en, size_t i);
/* The texts looked for, with how often each was found: for bench and tests. */
struct str engine_literal(const struct engine *en, size_t i, uint64_t *ret_hits);

/* literal.c: texts one of which stands in every message the rule holds for; *ret_n 0: there are none. */
struct literal_text *rule_literals(struct arena *a, const struct rule *r, size_t *ret_n);

#endif
