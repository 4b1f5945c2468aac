/* The running detection: entries come as LOG_FEED, or are read from the logs from where it stands; what rules and correlations
 * find becomes alerts in the vault and in the office.
 *
 * Nothing twice, nothing missed: where it stands in each log, the state of correlations and the alerts that wait are one file,
 * detect/state, replaced as a whole before an alert is sent. After a crash it reads again from there, finds the same, and has
 * sent none of it. Only what a signed checkpoint covers is looked at. */
#ifndef DETECT_SERVE_H
#define DETECT_SERVE_H

#include "core/child.h"
#include "detect/alerts.h"
#include "detect/join.h"
#include "detect/sources.h"

#define SERVE_LOGS_MAX 32u
#define SERVE_LOG_NAME 33
#define SERVE_STATE_MAX (192u << 20)

struct serve_log {
	char name[SERVE_LOG_NAME];                       /* "" the vault's own */
	uint64_t next;                                   /* the first entry not yet looked at */
	uint64_t size;                                   /* signed, as last seen */
};

struct serve {
	struct child *child;
	char own[300], vault[300];                       /* folders as seen from inside */
	struct rules rules;
	struct engine *engine;
	struct correlator *correlator;
	struct alerts alerts;
	struct sources_seen sources;
	struct joins *joins;                             /* records of auditd that wait for others */
	const uint64_t *joined;                          /* where the records of the event at hand stand */
	size_t n_joined;
	struct serve_log logs[SERVE_LOGS_MAX];
	size_t n_logs;
	struct message *batch;                           /* ENGINE_BATCH */
	const struct serve_log *at;                      /* whose entries are looked at */
	int64_t newest;                                  /* ns: the last entry's time of reception */
	bool fresh;                                      /* there was no state: begins at the end of the logs that are there */
	bool dirty, chained;                             /* state to be written; the vault said where our chain stands */
	bool save_set;
	bool answered;                                   /* alerts left the list: written with the next look at the logs */
	int64_t saved_at, save_took;                     /* µs, clock_mono; how long writing took */
	uint64_t looked_at, fed;
	size_t faults;
};

extern const struct child_handlers serve_handlers;

void serve_start(struct serve *s);
/* serve_read.c: looks at entries side by side, each behind its length, the first of them having that index. ERR_CORRUPT. */
int serve_entries(struct serve *s, struct serve_log *l, uint64_t first, uint32_t n, struct str bytes) MUST_USE;
/* joins.judge */
void serve_joined(void *arg, const struct message *m, const uint64_t *index, size_t n);
/* Reads on in the logs for some time; true when there is more. */
bool serve_read(struct serve *s);
struct serve_log *serve_log(struct serve *s, struct str name);

/* serve_state.c */
int serve_save(struct serve *s, struct err *e) MUST_USE;
/* ERR_NOTFOUND when there is none; ERR_CORRUPT. */
int serve_load(struct serve *s, struct err *e) MUST_USE;

#endif
