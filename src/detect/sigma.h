/* Sigma rules (specification 2.1) as this program understands them: loaded whole or refused with file, line and column. Nothing that
 * is not understood is passed over: an unknown key, modifier, placeholder or word of a condition is an error.
 *
 * Modifiers: contains startswith endswith all cased windash re (i m s) cidr lt lte gt gte neq exists fieldref base64 base64offset wide
 * utf16le utf16be expand. Text is compared without regard to ASCII case; regular expressions are Vectorscan's: linear in the text
 * whatever they are, without lookaround and back references. `neq` is the negation of the same test: an absent field differs.
 * null: the field is absent or JSON's null; '' : it is there and empty. A field that stands there several times holds when one does.
 *
 * Beyond Sigma, a key `sekisho:` of a rule says {default: true|false, clauses: [id …], per-hour: n, works: true}; works:
 * the office asks whether a work record covers what it found. */
#ifndef DETECT_SIGMA_H
#define DETECT_SIGMA_H

#include <hs/hs.h>

#include "detect/pattern.h"
#include "lib/arena.h"
#include "lib/yaml.h"

#define RULES_MAX 8192u
#define RULE_FILE_MAX (512u << 10)
#define RULE_ARENA_MAX (512u << 20)
#define RULE_NODES_MAX 20000u                        /* of one condition, written out */
#define FIELD_NAMES 4u

enum level { LEVEL_INFORMATIONAL, LEVEL_LOW, LEVEL_MEDIUM, LEVEL_HIGH, LEVEL_CRITICAL, LEVELS };

enum test_kind { TEST_TEXT, TEST_REGEX, TEST_CIDR, TEST_NUMBER, TEST_EXISTS, TEST_FIELD };
enum test_compare { CMP_LT, CMP_LTE, CMP_GT, CMP_GTE };

struct value {
	bool is_null;
	struct pattern *alt;                             /* TEXT: any of them */
	size_t n_alt;
	hs_database_t *re;                               /* REGEX: owned by the rules */
	struct str re_text;
	uint8_t net[16];                                 /* CIDR, IPv4 as ::ffff:a.b.c.d */
	unsigned bits;
	double number;
	bool yes;                                        /* EXISTS */
	struct str other;                                /* FIELD */
};

/* One field (or, without names, the whole message) against values. */
struct test {
	enum test_kind kind;
	enum test_compare compare;
	enum pattern_place place;                        /* FIELD */
	bool cased, all, negate;
	struct str names[FIELD_NAMES];                   /* the rule's own first, then what others call it */
	size_t n_names;
	struct value *values;
	size_t n;
};

enum node_op { NODE_AND, NODE_OR, NODE_NOT, NODE_COUNT, NODE_TEST };

struct node {
	enum node_op op;
	unsigned least;                                  /* COUNT: so many of kids */
	struct node **kids;
	size_t n;
	const struct test *test;
};

enum correlation_kind { CORR_EVENT_COUNT, CORR_VALUE_COUNT, CORR_TEMPORAL, CORR_ORDERED };

#define CORR_RULES_MAX 16u
#define CORR_GROUP_MAX 8u
#define CORR_COUNT_MAX 1000

struct rule;

struct names {
	struct str list[FIELD_NAMES];
	size_t n;
};

struct correlation {
	enum correlation_kind kind;
	struct str refs[CORR_RULES_MAX];                 /* ids or names, found by rules_finish */
	int line, col;
	struct rule *rules[CORR_RULES_MAX];
	size_t n_rules;
	/* names[i][r]: what group field i is called in rule r */
	struct str group[CORR_GROUP_MAX], names[CORR_GROUP_MAX][CORR_RULES_MAX];
	struct names *others[CORR_GROUP_MAX][CORR_RULES_MAX], *others_field; /* all that these are called, made by rules_finish */
	size_t n_group;
	struct str field;                                /* value_count */
	int64_t timespan_ns;
	int64_t least;                                   /* fires when the count reaches it */
	bool generate;
};

struct rule {
	struct str file, title, id, name;
	int line;
	enum level level;
	struct str product, service, category;
	struct node *when;                               /* NULL for a correlation */
	struct correlation *corr;
	bool by_default, generate, works;
	bool part;                                       /* some correlation rests on it: alone it says nothing unless generate */
	int64_t per_hour;                                /* 0: the program's own cap */
	struct str clauses;                              /* joined with blanks */
	size_t at;                                       /* place in rules->list */
	struct rule **feeds;                             /* correlations that rest on it */
	size_t n_feeds;
};

typedef void rule_fault_fn(void *arg, const struct err *e);

struct rules {
	struct arena *arena;
	struct rule **list;
	size_t n, cap;
	hs_database_t **dbs;                             /* of regular expressions, freed with the rules */
	size_t n_dbs, cap_dbs;
	hs_scratch_t *scratch;                           /* for all of them */
	const char *lists;                               /* folder of lists for `expand`, NULL none */
	rule_fault_fn *fault;
	void *arg;
	size_t faults;
};

void rules_init(struct rules *rs, rule_fault_fn *fault, void *arg);
void rules_release(struct rules *rs);
/* Reads a file, or all *.yml below a folder in the order of their names; each fault is told, the rest goes on. A folder `lists` in it
 * serves `expand`. Returns how many faults there were. */
size_t rules_load(struct rules *rs, const char *path);
/* One file's text. */
void rules_load_text(struct rules *rs, const char *file, struct str text);
/* After the last file: finds what correlations name. Faulty ones are told and taken out. */
size_t rules_finish(struct rules *rs);
/* Somebody wants to hear of it: it is not off (by rule->at), or a correlation that rests on it is not. */
bool rule_needed(const struct rule *r, const bool *off);
const struct rule *rules_find(const struct rules *rs, struct str id_or_name);
const char *level_name(enum level level);

/* --- among the loader's files ----------------------------------------------------------------------------------------- */
/* sigma_value.c: key "name|modifier…" with its value(s). */
int sigma_test(struct rules *rs, const char *file, const struct yaml_node *key, const struct yaml_node *value, struct node **ret,
               struct err *e) MUST_USE;
int sigma_keyword(struct rules *rs, const char *file, const struct yaml_node *value, struct node **ret, struct err *e) MUST_USE;
/* sigma_condition.c: names are looked up in detection, each made once by sigma_search. */
struct search {
	struct str name;
	struct node *node;
};
int sigma_condition(struct arena *a, const char *file, const struct yaml_node *text, const struct search *all, size_t n,
                    struct node **ret, struct err *e) MUST_USE;
/* sigma_correlation.c */
int sigma_correlation(struct rules *rs, const char *file, const struct yaml_node *map, struct rule *r, struct err *e) MUST_USE;
int sigma_resolve(struct rules *rs, struct rule *r, struct err *e) MUST_USE;
int sigma_timespan(struct str s, int64_t *ret_ns) MUST_USE;
/* The value as written: ERR_SYNTAX unless it is a scalar (what: for the text). */
int sigma_scalar(const char *file, const struct yaml_node *n, const char *what, struct str *ret, struct err *e) MUST_USE;
struct node *sigma_node(struct arena *a, enum node_op op, size_t n);

#endif
