/* Searching logs for a page: who may read which sources, the question to the program search, its answer.
 *
 * Who oversees may read the sources nobody claimed and those of the ledger log-sources; others only those that name them as
 * readers. Sources that record what staff do (personal_log) are left out, for everybody, unless an inquiry was ordered (work-records,
 * kind log-inquiry, approved), the person is one of its examiners and it is the time planned for it; then the inquiry's period is the
 * limit of what is searched. The office's own log is for those who oversee, entry by entry as far as they see the record. */
#ifndef OFFICE_LOGS_H
#define OFFICE_LOGS_H

#include "office/office.h"
#include "tlog/query.h"

#define LOGS_MAX 64u
#define LOGS_OWN "office"
#define LOGS_BARS 60u
#define LOGS_OVERSEE ((1u << ROLE_CHIEF) | (1u << ROLE_CISO) | (1u << ROLE_CSIRT) | (1u << ROLE_SECRETARIAT) | \
                      (1u << ROLE_AUDIT_CHIEF) | (1u << ROLE_AUDITOR) | (1u << ROLE_SYS_MANAGER))

struct logs_order {
	int64_t id, from_us, until_us;
	struct str number, title;
};

struct logs_rights {
	bool any;                                        /* every source but those of never */
	bool own;                                        /* the office's own log too */
	struct str *only, *never;
	size_t n_only, n_never;
	struct logs_order *orders;                       /* of this person, now */
	size_t n_orders;
	const struct logs_order *order;                  /* the one searched under, or NULL */
};

/* order: id of an inquiry or "". ERR_DENIED for one that is not this person's now, or when nothing may be read at all. */
int logs_rights(struct ctx *c, struct str order, struct logs_rights *ret, struct err *e) MUST_USE;

struct logs_log {
	struct str name;
	int64_t size, first_ns, last_ns;
	int64_t before, next;                            /* asked for and answered; -1: newest, and all was searched */
	int64_t matched, damaged;
	bool late, asked;
};

struct logs_hit {
	struct logs_log *log;
	int64_t index;
	struct str bytes;
	struct entry entry;
};

struct logs_count {
	struct str name;
	int64_t n;
};

struct logs_search {
	struct str text;
	int64_t from_ns, to_ns;
	uint32_t limit, ms;
	bool count;
	struct logs_log *logs;                           /* `asked` of them */
	size_t n_logs;
	/* the answer */
	struct logs_hit *hits;                           /* newest first */
	size_t n_hits;
	int fault_col;
	struct str fault;                                /* of the query, in words; STR_NONE */
	int64_t bar_from_ns, bar_ns, bars[LOGS_BARS];
	struct logs_count *facets[3];                    /* source, host, program */
	size_t n_facets[3];
	int64_t facets_more[3], severity[9], matched;
};

/* Which logs there are (all; rights are the caller's to ask). */
int logs_list(struct ctx *c, struct logs_log **ret, size_t *ret_n, struct err *e) MUST_USE;
int logs_ask(struct ctx *c, const struct logs_rights *may, struct logs_search *s, struct err *e) MUST_USE;
/* Entries [from, to] of a log; unreadable ones have no bytes. */
int logs_read(struct ctx *c, struct str log, int64_t from, int64_t to, struct str **ret, size_t *ret_n, int64_t *ret_size,
              struct err *e) MUST_USE;
int logs_prove(struct ctx *c, struct str log, int64_t index, struct str *ret_entry, struct str *ret_proof, struct str *ret_vkey,
               struct err *e) MUST_USE;
/* May this person read this entry? */
bool logs_may_see(struct ctx *c, const struct logs_rights *may, struct str log, const struct entry *en);
/* Every search is an event: who, under which order, which logs, how many hits; the words of the query are kept like a change. */
int logs_note(struct ctx *c, const struct logs_rights *may, const struct logs_search *s, const char *what, struct err *e) MUST_USE;

#endif
