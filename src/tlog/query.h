/* The language in which logs are searched.
 *
 *   failed root                both words (AND may be written between them)
 *   "failed password"          these words one after the other
 *   fail* | *admin* | a*b      parts of words: * is any signs but blanks
 *   host:web1 program:sshd source:… peer:… transport:tls
 *   severity:<=3 severity:err facility:4
 *   user:root src_ip:10.* sc-status:404   what the message says (fields.h)
 *   time:2026-11-20  time:2026-11-20..2026-11-22  time:>=2026-11-20T09:00  time:>2h (younger than two hours)
 *   NOT a, -a, a OR b, ( … )   OR binds weaker than AND
 *
 * Upper and lower case, full and half width, katakana and hiragana are the same. A word is found as a whole: letters, digits and _;
 * "." "-" "@" "/" ":" between them make longer words (10.0.0.1, mail@example.jp, /var/log/auth.log), which are found whole and by
 * their parts. Japanese is found anywhere. What stands in quotes is found anywhere as well, but begins and ends with words.
 * docs/search.md says it for people. */
#ifndef TLOG_QUERY_H
#define TLOG_QUERY_H

#include "lib/arena.h"
#include "tlog/entry.h"
#include "tlog/find.h"
#include "tlog/skim.h"

#define QUERY_MAX 4096u                              /* bytes */
#define QUERY_NODES_MAX 256u
#define QUERY_DEPTH_MAX 32u
#define QUERY_PIECES_MAX 16u

struct fields;

enum query_kind { QUERY_ALL, QUERY_AND, QUERY_OR, QUERY_NOT, QUERY_TEXT, QUERY_FIELD, QUERY_VALUE, QUERY_NUMBER, QUERY_TIME };
enum query_field { QUERY_HOST, QUERY_PROGRAM, QUERY_SOURCE, QUERY_PEER, QUERY_TRANSPORT, QUERY_SEVERITY, QUERY_FACILITY };

struct query_piece {
	struct needle needle;
	bool gap;                                        /* blanks, one or more, stand before it; else any signs but blanks (*) */
};

struct query {
	enum query_kind kind;
	struct query *left, *right;                      /* AND, OR: both; NOT: left */
	enum query_field field;                          /* FIELD, NUMBER */
	struct str name;                                 /* VALUE: of the message's field */
	struct str value;                                /* FIELD, VALUE: pattern, lower case; TEXT: as folded, for the index */
	struct needle word;                              /* VALUE: the longest word of its value; text.n 0: none */
	/* TEXT: the parts between blanks and stars, in order */
	struct query_piece *pieces;
	size_t n_pieces;
	bool beyond_ascii;
	bool open_left, open_right;                      /* a star stands there: no word need begin or end */
	uint8_t level;                                   /* how strongly its ends are bounded: query_joiner */
	bool literal;                                    /* in quotes */
	uint32_t numbers;                                /* NUMBER: bit per value that fits */
	int64_t from_ns, to_ns;                          /* TIME: [from, to) */
};

/* now_us: for spans like ">2h". An error says at which sign (e->col, from 1) and what to do. Needs text_open(). */
int query_parse(struct arena *a, struct str text, int64_t now_us, struct query **ret, struct err *e) MUST_USE;
/* A time of the language: date, instant, or span before now. *ret_end: the first instant after what it names. */
int query_time(struct str s, int64_t now_us, int64_t *ret_ns, int64_t *ret_end) MUST_USE;

/* An entry to be asked; keeps what was found out about it. Zeroed but for entry; text is released by the caller. */
struct query_doc {
	struct entry entry;
	struct skim skim;
	bool skimmed, folded, parsed;
	struct fields *fields;                           /* made when first needed */
	struct str text;                                 /* folded, or the raw bytes when they are ASCII */
	struct buf fold;
};
void query_doc_init(struct query_doc *d);
void query_doc_release(struct query_doc *d);
/* Takes the next entry. */
void query_doc_set(struct query_doc *d, const struct entry *en);
bool query_matches(const struct query *q, struct query_doc *d);

/* Words one of which must stand in the bytes (ASCII case aside) of each entry that fits and whose message is_plain or ASCII;
 * 0 when there are no such words. */
#define QUERY_NEEDS_MAX 8
size_t query_needs(const struct query *q, const struct needle *out[QUERY_NEEDS_MAX]);

/* Of a field's value these are looked for: its words stand in the line as they are, unless auditd wrote it. */
#define QUERY_ENCODED "audit"

/* Where the query's texts stand in a message, for showing: sorted, not overlapping. */
struct query_mark {
	size_t at, n;
};
size_t query_marks(const struct query *q, struct str raw, struct query_mark *out, size_t max);

/* 0: a sign that ends words; 1–4: joins words, the more the weaker (- . @ and / :); 5: of a word; 6: beyond ASCII. */
uint8_t query_sign(char c);
enum { SIGN_BLANK, SIGN_DASH, SIGN_DOT, SIGN_AT, SIGN_PATH, SIGN_WORD, SIGN_WIDE };

const char *query_transport(unsigned transport);    /* "udp" …; "?" */

#endif
