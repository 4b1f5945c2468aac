/* The broker: takes one file through sniffing, scanning, rebuilding and verifying, each in a locked-in process of its own,
 * and lets out what the verifier accepted, nothing else. It reads no document itself: bytes pass it as sealed descriptors.
 * There is no way through here for an original (docs/gate.md). */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/gate.h"
#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/hash.h"
#include "lib/msg.h"

#define GATE_NAME_MAX 255

struct run;

struct started {
	int sock;                                        /* our end of its pair */
	int64_t worker;
	char limits[16];                                 /* "cgroup" or "nocgroup" */
};

/* How workers come to be and to their end. start: a process of that program with its pair, at most so many seconds of processor
 * time; "gate-scan" has connections to clamd beside it, and cannot be started without. end: it is gone on return (killed if wanted), *run says how. */
struct spawner {
	int (*start)(void *arg, const char *program, unsigned seconds, struct started *ret, struct err *e);
	void (*end)(void *arg, int64_t worker, bool kill_it, struct run *run);
};
extern const struct spawner spawner_fork;            /* arg: the struct gate */

/* Policy and surroundings of one run; made once, used for many files. */
struct gate {
	char libexec[4096];                              /* where the workers lie */
	struct arena *arena;
	struct routes *routes;
	struct codes *codes;
	char policy[GATE_POLICY_MAX], policy_sha256[SHA256_HEX];
	uint64_t input_max;
	unsigned seconds, seconds_per_mib;               /* wall time a worker may take */
	const char *clamd;                               /* socket; NULL: no scanner */
	int64_t av_stop_hours;                           /* signatures older than this stop the gate */
	bool av_unknown_stops;                           /* and those that do not say how old they are */
	const char *password;                            /* for archives and documents that ask for one; never in a report */
	const struct spawner *spawner;
	void *spawner_arg;
	void (*progress)(void *arg, const char *step, uint32_t done, uint32_t of);
	void *progress_arg;
	int text;                                        /* 0; else a memfd that takes what workers say is the text */
	uint64_t text_n;
	uint32_t inside;                                 /* documents met so far in the one that was handed over */
};

struct part {
	struct str path, code, sample;
	enum gate_action action;
	int64_t count, bytes;
};

/* How a worker's process went. */
struct run {
	const char *step;                                /* "sniff", "rebuild", "verify" */
	struct str program, posture;
	int exit, signal;
	int64_t cpu_ms, rss_kb, wall_ms;
	bool starved;                                    /* the kernel ended it for want of memory */
};

struct member {                                      /* a document inside */
	struct str path;
	struct result *result;
};

/* What clamd said of one file. */
struct scan {
	bool asked;
	struct str engine, verdict;
	int64_t age_hours;                               /* of its signatures, -1 unknown */
};

/* What became of one file. */
struct result {
	struct arena *arena;
	enum gate_outcome outcome;
	struct str code, where;                          /* why not, when not delivered */
	struct str name, ext, type;                      /* as given; as sniffed */
	uint64_t size;
	char sha256[SHA256_HEX];
	struct scan scan[2];                             /* before, after */
	struct part *parts;
	size_t n_parts, cap_parts;
	int64_t more_parts;
	struct run *runs;
	size_t n_runs, cap_runs;
	struct member *members;
	size_t n_members, cap_members;
	struct str language, grade, rule;                /* of the output; the rule broken when the verifier said no */
	int64_t rule_at;
	uint32_t units;
	int out_fd;                                      /* sealed memfd with the verified bytes; -1 unless delivered */
	uint64_t out_size;
	char out_sha256[SHA256_HEX];
};

/* Finds the data (share NULL: beside the programs) and reads the policy (NULL: the shipped one). */
int gate_open(struct gate *g, const char *share, const char *policy_file, struct err *e) MUST_USE;
void gate_close(struct gate *g);

/* Takes the sealed or regular file fd named name through; always fills *r (result_release). ERR_SYS only when the gate itself
 * cannot work: then nothing is said about the file. */
int gate_clean(struct gate *g, const char *name, int fd, unsigned depth, struct result *r, struct err *e) MUST_USE;
void result_release(struct result *r);
void result_part(struct result *r, struct str path, struct str code, enum gate_action a, int64_t count, int64_t bytes,
                 struct str sample);
/* Ends it as held or blocked. */
void result_stop(struct result *r, enum gate_outcome o, const char *code, struct str where);

/* --- worker.c: one process, one document */
struct worker_job {
	const char *step, *program, *format, *name, *policy;
	int content;                                     /* descriptor */
	uint64_t size;
	unsigned depth, seconds;                         /* seconds 0: as the policy says */
	bool no_password;                                /* this one has no use for it */
};
/* Runs it to its last word, which is in *ret (msg_release); *ret->type 0: it died, ran out of time or broke the protocol, and
 * r->outcome says so. GATE_PART goes into r, GATE_SUB through gate_clean. */
int worker_talk(struct gate *g, const struct worker_job *job, struct result *r, struct msg *ret, struct err *e) MUST_USE;

/* --- route.c: gate/routes.tsv */
struct route {
	struct str ext, types, worker, format, otherwise;
};
int routes_load(struct arena *a, const char *share, struct routes **ret, struct err *e) MUST_USE;
const struct route *route_find(const struct routes *rs, struct str ext);
bool route_takes(const struct route *rt, struct str type);

/* --- codes.c: gate/codes.tsv */
int codes_load(struct arena *a, const char *share, struct codes **ret, struct err *e) MUST_USE;
/* A sentence in the language asked for; the code itself when it has none. */
struct str code_text(const struct codes *cs, struct str code, bool ja);

/* --- name.c: what a file name may be. NULL when it may, else the code. */
const char *name_fault(struct str name);
struct str name_ext(struct arena *a, struct str name); /* lower case, without the dot, "" when none */

/* --- scan.c: clamd. false: not clean, r says why. which: 0 before, 1 after. */
bool scan_file(struct gate *g, int fd, int which, struct result *r);
/* Engine and age of its signatures, as far as it answers. */
void scan_health(struct gate *g, struct arena *a, struct scan *sc);

/* --- report.c */
void report_json(const struct gate *g, const struct result *r, struct buf *out);

#endif
