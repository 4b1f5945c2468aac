/* What every rebuilder does the same way: take one document, be locked in, tell what was done, hand over a candidate, end.
 *
 *   static int rebuild(struct job *j)               // 0 with j->out filled, or job_fail(…)
 *   int main(int argc, char **argv)
 *   {
 *       return worker_run(argc, argv, &(struct worker){.open = open_tables, .rebuild = rebuild});
 *   }
 *
 * The content is mapped read only. Nothing here trusts the document; nothing outside trusts what comes from here. */
#ifndef REBUILD_WORKER_H
#define REBUILD_WORKER_H

#include "core/gate.h"
#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/msg.h"
#include "lib/sandbox.h"

struct job {
	struct str format, name, policy, in;             /* valid as long as the job */
	struct buf out;                                  /* the candidate */
	const char *language, *grade;                    /* of the candidate; grade NULL: there is one only */
	uint32_t units;                                  /* pages, sheets, slides */
	struct arena *arena;                             /* freed with the job */
	int sock;
	uint32_t n_parts, n_subs;
	bool failed;                                     /* job_fail was called */
};

struct worker {
	int (*open)(void);                               /* before the sandbox: tables, fonts, catalogues. May be NULL */
	int (*rebuild)(struct job *j);
	/* NULL: sandbox_enter with the profile; else how it is locked in and what then holds. */
	int (*enter)(char *posture, size_t n, struct err *e);
	const struct sandbox_profile *profile;           /* NULL: sandbox_gate */
	const char *const *dirs;                         /* "ro:…", NULL-ended; may be NULL */
	bool optional_dirs;                              /* those that are not there are left out */
	size_t arena_max;                                /* 0: WORKER_ARENA_MAX */
};

#define WORKER_ARENA_MAX (192u << 20)

int worker_run(int argc, char **argv, const struct worker *w);

/* One line of the report: what was done with a part of the document, and how often. */
void job_part(struct job *j, struct str path, const char *code, enum gate_action what, int64_t count, int64_t bytes,
              struct str sample);
void job_removed(struct job *j, const char *path, const char *code, int64_t count);
/* Ends the job without a candidate; always returns ERR_INVALID. path may be NULL. */
int job_fail(struct job *j, enum gate_outcome o, const char *code, const char *path) MUST_USE;
void job_progress(struct job *j, uint32_t done, uint32_t of);
/* Does anybody want to look the text through (policy text=yes)? What a reader of the document reads, in its lines: any number of calls. */
bool job_wants_text(const struct job *j);
void job_text(struct job *j, struct str text);
/* Has a document inside this one passed through the gate by the broker. *ret: the clean bytes when delivered, mapped until
 * the process ends; *ret_language what they are. 0 also when it was not delivered. */
int job_sub(struct job *j, const char *path, struct str name, struct str content, enum gate_outcome *ret_outcome,
            struct str *ret, struct str *ret_language) MUST_USE;
/* Value of a policy key, or STR_NONE. */
struct str job_policy(const struct job *j, const char *key);

#endif
