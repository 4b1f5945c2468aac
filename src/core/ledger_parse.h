/* Inside the parser of definitions (ledger_parse*.c, ledger_check.c): what a map of the language may hold is a table of
 * keys, so that every map is read, and every fault reported, in one way. */
#ifndef CORE_LEDGER_PARSE_H
#define CORE_LEDGER_PARSE_H

#include "core/ledger.h"
#include "lib/yaml.h"

#define EXPRS_MAX 2000
#define LIST_MAX 2000

struct parse {
	struct arena *a;
	const char *file;
	struct err *e;
	struct ledger *l;
	const struct yaml_node *root;
	struct field *known;                             /* name and type of every field, before any is parsed */
	size_t n_known;
	const struct field *row;                         /* the table whose columns are being parsed */
	struct head *head;                               /* the head that the next fields belong to */
};

enum key_kind {
	KEY_NAME,                                        /* struct str: [a-z][a-z0-9-]* */
	KEY_FIELD_NAME,                                  /* struct str: [a-z][a-z0-9_]* */
	KEY_TEXT,                                        /* struct str: any scalar that is not empty */
	KEY_TEXTS,                                       /* struct str_list: a scalar or a list of scalars */
	KEY_BOOL,
	KEY_LABEL,                                       /* struct label: {ja, en} */
	KEY_EXPR,                                        /* struct str: SQL on this ledger's columns */
	KEY_WHO,                                         /* struct who_list: a scalar or a list */
	KEY_OWN,                                         /* read by a function of its own */
};
struct key {
	const char *name;
	enum key_kind kind;
	size_t off;                                      /* of the member in the struct */
	bool required;
	int (*own)(struct parse *p, const struct yaml_node *n, void *whole);
};

/* Reports at the node; returns ERR_SYNTAX. */
int parse_fail(struct parse *p, const struct yaml_node *n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int parse_fail_at(struct parse *p, struct place at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
struct place parse_place(const struct yaml_node *n);

/* Reads a map into `whole` by its table; what names it in errors. Unknown keys are refused, the nearest one
 * suggested. */
int parse_map(struct parse *p, const struct yaml_node *n, const char *what, const struct key *keys, size_t n_keys,
              void *whole) MUST_USE;
int parse_text(struct parse *p, const struct yaml_node *n, struct str *ret) MUST_USE;
int parse_texts(struct parse *p, const struct yaml_node *n, struct str_list *ret) MUST_USE;
int parse_name(struct parse *p, const struct yaml_node *n, bool field, struct str *ret) MUST_USE;
int parse_label(struct parse *p, const struct yaml_node *n, struct label *ret) MUST_USE;
int parse_who(struct parse *p, const struct yaml_node *n, struct who_list *ret) MUST_USE;
int parse_expr(struct parse *p, const struct yaml_node *n, struct str on, struct str *ret) MUST_USE;
/* Room for the items of a list (a lone map counts as a list of one): *ret_items, and count zeroed structs of this
 * size. */
int parse_items(struct parse *p, const struct yaml_node *n, const char *what, size_t size, size_t max,
                struct yaml_node ***ret_items, void **ret, size_t *ret_n) MUST_USE;
bool parse_is_role(struct str code);
/* The name in the list nearest to `word`, or NULL when none is near. */
const char *parse_nearest(struct str word, const char *const *names, size_t n);

int parse_fields(struct parse *p, const struct yaml_node *n, void *ledger) MUST_USE;       /* ledger_parse_field.c */
int parse_states(struct parse *p, const struct yaml_node *n, void *ledger) MUST_USE;       /* ledger_parse_flow.c */
int parse_actions(struct parse *p, const struct yaml_node *n, void *ledger) MUST_USE;
int parse_duties(struct parse *p, const struct yaml_node *n, void *ledger) MUST_USE;
/* What the parts say to each other within one definition. */
int ledger_check(struct parse *p) MUST_USE;                                                 /* ledger_check.c */
int ledger_check_fields(struct parse *p) MUST_USE;
int ledger_check_seals(struct parse *p) MUST_USE;                                           /* ledger_check_seal.c */
/* Between definitions; expressions are compiled here. */
int ledgers_check(struct ledgers *all, struct err *e) MUST_USE;                             /* ledger_cross.c */

#endif
