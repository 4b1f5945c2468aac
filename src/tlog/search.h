/* Searches one log, newest entries first: blocks are chosen by time and by the index (index.h), unpacked and matched exactly, on
 * several threads. What the index says only saves work: with `scan` nothing is believed and everything is read. */
#ifndef TLOG_SEARCH_H
#define TLOG_SEARCH_H

#include "tlog/query.h"
#include "tlog/tlog.h"

#define SEARCH_HITS_MAX 1000000u
#define SEARCH_THREADS_MAX 64u
#define SEARCH_BARS_MAX 120u
#define SEARCH_FACET_TOP 12u
#define SEARCH_FACET_MAX 4096u                       /* different values counted of each kind; the rest is counted together */

enum search_facet { FACET_SOURCE, FACET_HOST, FACET_PROGRAM, FACETS };

/* How often each value was seen; a hash table. */
struct search_facet_row {
	char *name;
	uint32_t name_n;
	uint64_t n;
};
struct search_counts {
	struct search_facet_row *rows[FACETS];           /* 2 * SEARCH_FACET_MAX places, NULL before the first */
	size_t n_rows[FACETS];
	uint64_t others[FACETS];
	uint64_t severity[9];                            /* [8]: says none */
	uint64_t bars[SEARCH_BARS_MAX];
};
void search_counts_release(struct search_counts *c);
/* Rows by number, most first, at most max of them. */
size_t search_counts_top(const struct search_counts *c, enum search_facet f, struct search_facet_row *out, size_t max);

struct search_ask {
	const struct query *query;
	int64_t from_ns, to_ns;                          /* received in [from, to) */
	uint64_t before;                                 /* only entries of a smaller index */
	uint64_t after;                                  /* only entries of this index or a larger one */
	size_t limit;                                    /* hits to hand out */
	size_t bytes_max;                                /* of their entries together; 0: no bound */
	unsigned threads;                                /* 0: as many as there are processors */
	int64_t deadline;                                /* clock_mono; 0: none */
	bool scan;                                       /* do not use the index */
	bool (*may)(void *arg, const struct entry *en);  /* NULL, or: false hides the entry; called by several threads */
	void *may_arg;
	struct search_counts *counts;                    /* not NULL: go on beyond the limit and count all that match */
	int64_t bar_from_ns, bar_ns;                     /* of counts->bars */
};

struct search_hit {
	uint64_t index;
	struct str bytes;                                /* the entry */
};

struct search_result {
	uint64_t size;                                   /* entries looked at end here: those of the published checkpoint */
	struct search_hit *hits;
	size_t n;
	uint64_t matched;                                /* with counts: all of them, else what was met */
	bool complete;                                   /* everything below `before` was searched */
	bool late;                                       /* the deadline ended it */
	uint64_t next;                                   /* not complete: `before` to go on with */
	uint64_t blocks, blocks_read, bytes_read;        /* seen, unpacked, bytes of those */
	uint64_t unindexed;                              /* blocks without a usable index */
	uint64_t damaged;                                /* blocks that could not be read: what is in them was not searched */
	struct buf mem;
};

/* 0 unless the log's folder cannot be read at all. The result is to be released in any case. */
int search_log(struct tlog *s, const struct search_ask *ask, struct search_result *ret, struct err *e) MUST_USE;
void search_result_release(struct search_result *r);
/* Entries that count: as many as the published checkpoint says, or all when none was ever signed. */
uint64_t search_size(const struct tlog *s);
/* Time of the first and of the last entry; 0 and 0 of an empty log. */
int search_span(struct tlog *s, int64_t *ret_first_ns, int64_t *ret_last_ns, struct err *e) MUST_USE;

/* --- search_block.c: one block --------------------------------------------------------------------------------------- */
struct search_slot {
	struct search_hit *hits;                         /* oldest first; bytes are offsets into mem until the end */
	size_t n, cap;
	struct buf mem;
	uint64_t matched;
};

struct search_plan {
	const struct search_ask *ask;
	const struct needle *needs[QUERY_NEEDS_MAX];
	size_t n_needs;
	uint64_t end;                                    /* entries from here on do not count */
};

enum search_content { SEARCH_UNKNOWN, SEARCH_ASCII, SEARCH_PLAIN }; /* what the index says of the messages of a block */

/* True when no entry can fit, for the text that packer.h unpacks holds nothing of what is sought. */
bool search_not_in(const struct search_plan *p, struct str text, enum search_content content);
/* raw: entry bundles, count entries from `first`. keep: hits' bytes are wanted. ERR_CORRUPT. */
int search_block(const struct search_plan *p, uint64_t first, uint32_t count, struct str raw, enum search_content content,
                 bool keep, struct query_doc *doc, struct search_slot *slot, struct search_counts *counts) MUST_USE;
void search_slot_release(struct search_slot *s);
void search_count(struct search_counts *c, const struct search_ask *ask, struct query_doc *doc);
void search_counts_add(struct search_counts *to, const struct search_counts *from);

#endif
