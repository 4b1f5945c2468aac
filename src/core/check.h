/* One check: checks/<control>.sql, a header of comments and one SELECT (docs/checks.md). */
#ifndef CORE_CHECK_H
#define CORE_CHECK_H

#include "lib/arena.h"
#include "lib/db.h"

#define CHECKS_MAX 400
#define CHECK_BYTES_MAX (64u << 10)
#define CHECK_PARTS_MAX 16
#define CHECK_REASONS_MAX 40
#define CHECK_TABLES_MAX 40
#define CHECK_ARMS_MAX 16
#define CHECK_INDEXES_MAX 4

struct check_word {
	struct str key, ja, en;
};
/* Which subjects a changed row of `table` touches: SQL with :id, or all of them. */
struct check_affects {
	struct str table;
	const char *sql;                                 /* NULL: every subject */
	int line;
};
/* What decides besides the rows of ledgers, whose every change is judged as it comes. */
enum check_basis {
	BASIS_ROWS,                                      /* nothing else, or what the flags below say */
	BASIS_OPEN,                                      /* tables nobody follows, a clock of its own: always judged anew */
};
enum check_empty { EMPTY_BY_KIND, EMPTY_MET, EMPTY_UNKNOWN };

struct check {
	struct str control, subject;                     /* subject: ledger name or word */
	const char *file;
	struct check_word parts[CHECK_PARTS_MAX];        /* those it judges; words are in standards/parts.tsv */
	size_t n_parts;
	struct str later[CHECK_PARTS_MAX];               /* parts whose source is not built: unknown */
	size_t n_later;
	struct check_word reasons[CHECK_REASONS_MAX];
	size_t n_reasons;
	struct check_affects affects[CHECK_TABLES_MAX];
	size_t n_affects;
	struct str reads[CHECK_TABLES_MAX];              /* as SQLite's authorizer saw */
	size_t n_reads;
	struct str indexes[CHECK_INDEXES_MAX];           /* TABLE(…) WHERE …: what reading all of it wants (check_index.c) */
	size_t n_indexes;
	int every;                                       /* 1..: the part of which every subject has one row; 0: not said */
	enum check_empty empty;
	enum check_basis basis;
	bool by_day, by_now, by_values;                  /* :today, :now; a parameter, cycle or word of the standard */
	const char *timed;                               /* SQL: whose verdicts may change as time passes; NULL: not said */
	struct str body;                                 /* the SELECT as written */
	const char *sql;                                 /* every subject */
	const char *sql_one;                             /* those with :subject */
	const char *sql_timed;                           /* those of `timed`; NULL without */
	const char *sql_timed_ids;                       /* their ids as they stand in findings */
};

/* When a control was judged whole by this process: its findings hold as long as nothing else comes in but rows. */
struct check_memory {
	enum { MEMORY_NONE, MEMORY_NEW, MEMORY_HOLDS } state; /* new: until the transaction is committed */
	int64_t cost;                                    /* µs it took; 0 not known */
	int64_t piece_cost[2 * CHECK_ARMS_MAX];          /* of the pieces that were run apart (judge_ahead.c) */
	char day[11];
	uint8_t values[32];
};

struct checks {
	struct arena *arena;
	struct check **v;                                /* by control */
	size_t n;
	struct check_memory *memory;                     /* of v[i] */
	struct db *before;                               /* a second connection that reads; NULL until needed */
	int64_t before_used;                             /* clock_mono */
};

/* Header and SQL of one file; faults with file and line. Needs no store. */
int check_parse(struct arena *a, const char *file, struct str text, struct check **ret, struct err *e) MUST_USE;
/* Prepares it on db, collects what it reads and compares with its `affects:` lines. */
int check_prepare(struct db *db, struct arena *a, struct check *c, struct err *e) MUST_USE;
/* NULL when the control has none. */
const struct check *checks_get(const struct checks *all, struct str control);
/* What this process loaded last; NULL before. Reasons in words need the check they come from. */
const struct checks *checks_loaded(void);
/* "KEY|arg|arg" in the language of the request; the key itself when the check is gone. */
struct str check_reason(struct arena *a, struct str control, struct str reason);

/* Replaces the SELECT of a check (the mutation test tries changed ones). */
void check_set_body(struct arena *a, struct check *c, struct str body);

/* Makes the indexes that the checks name and drops those no check names any more. In a transaction of its own; for the writer, after
 * the ledgers' tables stand. */
int checks_index(struct db *db, const struct checks *all, struct err *e) MUST_USE;

/* Functions of checks on a connection: say, param, cycle, std, std_has, std_list, back, ahead, fy. */
int check_functions(struct db *db, struct err *e) MUST_USE;
/* The base ledger table of a child or step table: exceptions__subjects and exceptions_step -> exceptions. Whatever changes
 * them bumps the record's version, so they need no affects line of their own. */
struct str check_base_table(struct str table);
/* Tables of settings and standards: a change of one judges everything. */
bool check_config_table(struct str table);
/* Tables the office writes all the time: no change of theirs is judged at once. */
bool check_unwatched_table(struct str table);

#endif
