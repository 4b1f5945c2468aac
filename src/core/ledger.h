/* A ledger definition (ledgers/<name>.yaml) as checked, plain data. What the language means stands in docs/ledgers.md;
 * loading reports every fault with file:line:column. Definitions live in one arena until the registry is freed. */
#ifndef CORE_LEDGER_H
#define CORE_LEDGER_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/str.h"

#define LEDGERS_MAX 200
#define FIELDS_MAX 300
#define CHOICES_MAX 200

struct label {
	struct str ja, en;
};
/* In the language of the request in hand. */
struct str label_text(const struct label *l);

enum field_type {
	FT_TEXT, FT_LONGTEXT, FT_INTEGER, FT_DECIMAL, FT_MONEY, FT_BOOL, FT_DATE, FT_DATETIME, FT_DURATION, FT_CHOICE,
	FT_PERSON, FT_SECTION, FT_POST, FT_ROLE, FT_CLAUSE, FT_CONTROL, FT_REF, FT_FILE, FT_URL, FT_EMAIL, FT_PHONE,
	FT_IP, FT_CIDR, FT_MAC, FT_PORT, FT_HASH, FT_CLASSIFICATION, FT_ZONE, FT_FISCAL_YEAR, FT_CHECKLIST, FT_TABLE,
	FT_COUNT_
};
const char *field_type_name(enum field_type t);

struct choice {
	struct str code;
	struct label label;
	struct str *clauses;
	size_t n_clauses;
};

/* Who may act: a role code, or one of the words, or a field of the record that names a person or a post. */
enum who_kind { WHO_ROLE, WHO_APPLICANT, WHO_OWNER, WHO_MANAGER_OF_SECTION, WHO_DELEGATE, WHO_FIELD };
struct who {
	enum who_kind kind;
	struct str name;                                 /* role code or field name */
};
struct who_list {
	struct who *v;
	size_t n;
};
struct str_list {
	struct str *v;
	size_t n;
};
struct place {                                       /* in the file, from 1 */
	int line, col;
};

struct head {                                        /* groups the fields after it */
	struct str name;
	struct label label;
	struct str when;                                 /* SQL expression or STR_NONE */
	struct str stage;                                /* the action that brings its fields, or STR_NONE */
	bool has_edit;
	struct who_list edit;
};

struct field {
	struct str name;
	enum field_type type;
	struct label label;
	struct head *head;                               /* NULL before the first head */
	bool required, unique, many, personal;
	struct label help, placeholder;                  /* empty when absent */
	struct str pattern;
	struct str max, min, def;                        /* as written; STR_NONE when absent */
	struct str computed, when, where;                /* SQL expressions */
	struct str axis;                                 /* classification: c, i or a */
	struct str was;                                  /* former name, for migration */
	struct str stage;                                /* the action that brings it; STR_NONE: that of its head, if any */
	bool secret_set;
	struct who_list secret;                          /* who may see it; everybody when !secret_set */
	struct str_list to;                              /* ref: ledgers */
	struct choice *of;                               /* choice codes, or checklist items */
	size_t n_of;
	struct str items_from;
	struct field *columns;                           /* table, or extra columns of a checklist */
	size_t n_columns;
	struct place at;
};

struct row_test {                                    /* blocked-by, needs-row, done-row */
	struct str ledger, via, where, when;
	struct place at;
};

struct state {
	struct str name;
	struct label label;
	bool start, live, end;
	struct who_list edit, write, tell;
	bool has_write, has_see;
	struct str_list see;
	struct str when;
	struct place at;
};

struct action {
	struct str name;
	struct label label;                              /* empty label: the target state's */
	struct str_list from;
	struct str to;                                   /* STR_NONE: the state stays */
	struct who_list by, not_, two_of, tell;
	struct str_list needs, seal;
	bool seal_all;
	struct str automatic, when;                      /* `auto:` and `when:` expressions */
	struct row_test *blocked_by, *needs_row;
	size_t n_blocked_by, n_needs_row;
	struct place at;
};

struct duty_def {
	struct str name;
	struct label label;
	struct who_list by;
	struct str every, within, after, due, notice, when, done;
	struct str_list while_;
	struct row_test *done_row;                       /* NULL or one */
	struct place at;
};

struct rule {
	struct str that;
	struct label say;
	struct place at;
};

struct form {
	struct label title;
	struct str style, when;
	bool list;
};

enum see_scope { SEE_OWN = 1, SEE_SECTION = 2, SEE_DEPT = 4, SEE_ALL = 8 };

struct reads {
	struct str control;
	struct str_list what;
	struct place at;
};

struct feed {                                        /* what fills the ledger, and the fields that tell rows apart */
	struct str feed;
	struct str_list key;
};

/* Independence kept by the database: a person named in `who` ("actor": whoever takes one of `actions`) must not belong
 * to a section of `from` (or one below it), unless the table's column `unless` gives a reason. */
struct apart {
	struct str who;                                  /* actor, a person field, or table.column */
	struct str_list from;                            /* section fields */
	struct str unless;                               /* column beside `who`, or STR_NONE */
	struct str_list actions;                         /* empty: whenever the record changes */
	struct place at;
};

/* Every SQL expression of the definition, with its place. */
struct expr {
	struct str text;
	struct place at;
	struct str on;                                   /* STR_NONE: columns of this ledger; else of that one */
	const struct field *row;                         /* table whose columns it sees as well, or NULL */
};

struct ledger {
	struct str name;                                 /* exceptions, org-units */
	struct str table;                                /* exceptions, org_units */
	struct label label, record, purpose;
	struct str number, title;
	struct str_list clauses, controls;
	struct reads *reads;
	size_t n_reads;
	unsigned see;                                    /* enum see_scope bits */
	struct who_list see_roles;
	struct str_list readers;
	bool restricted;                                 /* existence: restricted */
	struct who_list write;
	struct str review_every;
	struct who review_by;
	struct str retain;
	struct str_list *unique;
	size_t n_unique;
	struct feed *feeds;
	size_t n_feeds;
	struct str_list opened_by;                       /* engines that may create rows */
	struct apart *apart;
	size_t n_apart;
	struct field *fields;                            /* in order */
	size_t n_fields;
	struct head *heads;
	size_t n_heads;
	struct state *states;
	size_t n_states;
	struct action *actions;
	size_t n_actions;
	struct duty_def *duties;
	size_t n_duties;
	struct rule *rules;
	size_t n_rules;
	struct form *forms;
	size_t n_forms;
	struct expr *exprs;
	size_t n_exprs;
	struct str source;                               /* the YAML text, for the definition page */
	char sha256[65];
	const char *file;
};

struct ledgers {                                     /* the registry */
	struct arena *arena;
	struct ledger **v;                               /* by name */
	size_t n;
};

/* One definition. Checks everything that needs no other ledger. */
int ledger_parse(struct arena *a, const char *file, struct str yaml, struct ledger **ret, struct err *e) MUST_USE;
/* All .yaml files of a folder, then of override (may be NULL) where a file replaces the one of the same name; checks
 * what refers to another ledger. */
int ledgers_load(const char *dir, const char *override, struct ledgers **ret, struct err *e) MUST_USE;
void ledgers_free(struct ledgers *all);

struct ledger *ledgers_get(const struct ledgers *all, struct str name);
struct field *ledger_field(const struct ledger *l, struct str name);
struct field *field_column(const struct field *f, struct str name);
struct state *ledger_state(const struct ledger *l, struct str name);
struct action *ledger_action(const struct ledger *l, struct str name);
/* By its name: does it say no, or end something? */
bool action_is_refusal(const struct action *a);
/* Is it one by which others than the applicant decide? */
bool action_decides(const struct action *a);
const struct choice *field_choice(const struct field *f, struct str code);
/* Kept as a child table: many, table, checklist. */
bool field_is_child(const struct field *f);
/* A column every ledger has (id, number, title …), whether or not the definition labels it. */
bool ledger_system_column(struct str name);
/* Columns a list shows beside number, title and state: what is required first. Each has an index to sort by. */
#define LIST_COLUMNS_MAX 5
size_t ledger_list_columns(const struct ledger *l, const struct field **cols);
/* "org-units" -> "org_units" */
struct str ledger_table_name(struct arena *a, struct str name);

#endif
