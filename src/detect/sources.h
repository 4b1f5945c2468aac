/* Which sources speak, how often, and whether their clocks are right: what no single message tells. From it detect makes messages of its
 * own, which rules judge like any other (product sekisho, service detect):
 *
 *   {"event":"source-silent","source":…,"log":…,"minutes":…,"usual_minutes":…}    once, until it speaks again
 *   {"event":"clock-offset","source":…,"log":…,"seconds":…}                       at most once an hour; where the
 *                                                                              message names no zone, less whole half hours
 *
 * A source is silent when it has spoken at least SILENT_COUNT times and now, by the time other entries are received, is quiet for
 * SILENT_TIMES its longest pause of the last hours, at least SILENT_LEAST. */
#ifndef DETECT_SOURCES_H
#define DETECT_SOURCES_H

#include "detect/engine.h"
#include "lib/buf.h"

#define SOURCES_SEEN_MAX 4096u
#define SILENT_COUNT 50u
#define SILENT_TIMES 4
#define SILENT_LEAST (30 * 60 * 1000000000LL)
#define CLOCK_EVERY (60 * 1000000000LL)              /* a clock is looked at */
#define CLOCK_WRONG 120                              /* seconds */

struct source_seen {
	char name[256], log[33];
	uint64_t count, index;                           /* index: of its last entry */
	int64_t last, pause;                             /* ns; the longest pause, halved each time silence was called off */
	int64_t clock_at, told_at;
	bool silent;
};

struct sources_seen {
	struct source_seen *list;
	size_t n;
	struct fields *head;
	size_t last;                                     /* of a run of entries of one source */
};

/* A message of detect itself: raw is gone after the call. */
typedef void source_tell_fn(void *arg, const struct source_seen *s, struct str raw);

void sources_seen_init(struct sources_seen *s);
void sources_seen_release(struct sources_seen *s);
void sources_see(struct sources_seen *s, const struct message *m, source_tell_fn *tell, void *arg);
/* now: ns, of the newest entry. */
void sources_silent(struct sources_seen *s, int64_t now, source_tell_fn *tell, void *arg);
void sources_seen_save(const struct sources_seen *s, struct buf *out);
int sources_seen_load(struct sources_seen *s, struct cur *in) MUST_USE;

#endif
