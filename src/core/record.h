/* Records of ledgers: the only way to read, write and act on them. Every call checks rights (deny by default), writes
 * the step log, record_log, the outbox event and the search index in the caller's transaction. Values come and go as
 * text; types are checked here and by the table's own constraints. Separation of duties is in the table's triggers
 * as well. */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include "core/ledger.h"
#include "core/org.h"
#include "lib/db.h"

/* The office's view of the world, handed to every domain function. */
struct world {
	struct db *db;
	struct ledgers *ledgers;
	struct str today;                                /* ISO date in the municipality's zone */
	int64_t now;                                     /* µs UTC */
};

/* One field as typed or stored. Plain fields: one text. many: texts. table and checklist: rows of cells by column
 * (checklist: item, answer, note, then extra columns). Refs are record ids; multi-target refs "ledger:id". Booleans
 * "1"/"0". Datetimes "YYYY-MM-DDTHH:MM". File fields hold attachment ids. */
struct cell {
	struct str name, text;
};
struct row {
	struct cell *cells;
	size_t n;
};
struct value {
	struct str field;
	bool present;                                    /* false: not sent, left as it was */
	struct str text;                                 /* plain */
	struct str *many;
	size_t n_many;
	struct row *rows;
	size_t n_rows;
};
struct values {
	struct value *v;
	size_t n;
};
const struct value *values_get(const struct values *vs, struct str field);

/* A fault in what was typed; field "" is the whole record. Texts are in the language of the request. */
struct fault {
	struct str field;                                /* "items.2.device" for a cell */
	struct str text;
};
struct faults {
	struct fault *v;
	size_t n;
};

struct record {
	const struct ledger *ledger;
	int64_t id;
	struct str number, title, state;
	int64_t section, applicant, owner, created_by, updated_by, created_at, updated_at, version;
	struct str created_on;
	struct str seal;                                 /* hex SHA-256 as approved, or STR_NONE */
	struct str sealed_by;                            /* name of the action that sealed it */
	bool seal_broken;                                /* a sealed field was edited since */
	struct values values;                            /* all fields the reader may see; secret ones left out */
	struct str_list personal;                        /* personal fields among them that hold something: the reading is an
	                                                  * event (not of one's own record; then empty) */
	struct value *all;                               /* for the engine: every field, index as in ledger->fields */
};

/* ERR_NOTFOUND also when the actor may not know of it. */
int record_get(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l, int64_t id,
               struct record *ret, struct err *e) MUST_USE;
/* Creates in the start state. On ERR_INVALID *faults says where. */
int record_create(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l,
                  const struct values *in, int64_t *ret_id, struct faults *faults, struct err *e) MUST_USE;
/* What stood before the system did, entered by the console (who->admin): in given->state, with its number, applicant,
 * created_on where they are set. ERR_DENIED for anybody else. */
int record_enter(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l,
                 const struct values *in, const struct record *given, int64_t *ret_id, struct faults *faults,
                 struct err *e) MUST_USE;
/* version: the one the editor saw; ERR_CONFLICT when it moved on. */
int record_update(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l, int64_t id,
                  int64_t version, const struct values *in, struct faults *faults, struct err *e) MUST_USE;
/* Takes an action. in: the fields it needs; note: STR_NONE or text. ERR_DENIED with the reason in *e. */
int record_act(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l, int64_t id,
               int64_t version, const struct action *act, const struct values *in, struct str note,
               struct faults *faults, struct err *e) MUST_USE;

/* A form: one item per field of the ledger, in order. Typed values lie over the stored ones, those over the defaults.
 * r: NULL for a new record. act: the form of an action (only its `needs` are editable), NULL for create and edit. */
struct form_item {
	const struct field *field;
	const struct value *value;                       /* never NULL; !present when nothing is there */
	bool shown;                                      /* its `when` and its head's hold, and the person may see it */
	bool editable, required;
	struct str min, max;                             /* resolved (dates, numbers), STR_NONE when there is none */
};
int record_form(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l,
                const struct record *r, const struct action *act, const struct values *typed, struct form_item **ret,
                struct err *e) MUST_USE;

/* What may be chosen for a field (or column): value as it is typed, label as it is shown. search: STR_NONE the first
 * ones. References only to what this person may know of, in force, and where the field's `where` holds. */
struct pick {
	struct str value, label;
};
int field_picks(struct world *w, struct arena *a, const struct actor *who, const struct field *f, struct str search,
                size_t limit, struct pick **ret, size_t *ret_n, struct err *e) MUST_USE;

/* May this person do it now? Fills *why (a sentence) when not. */
bool record_may_create(struct world *w, const struct actor *who, const struct ledger *l);
bool record_may_edit(struct world *w, struct arena *a, const struct actor *who, const struct record *r,
                     const struct field *f);
bool record_may_act(struct world *w, struct arena *a, const struct actor *who, const struct record *r,
                    const struct action *act, struct err *why);
bool ledger_may_list(const struct actor *who, const struct ledger *l);

/* "Unavoidable": records that `person` may take the action once although he applied or is concerned. Only the CISO, the
 * general manager or the security office record it, never for themselves; the board lists it. In a transaction. */
int record_override(struct world *w, struct arena *a, const struct actor *who, const struct record *r,
                    const struct action *act, int64_t person, struct str reason, struct err *e) MUST_USE;

/* Persons who would take the action if its `not` did not name them, and have no recorded way round it: the ones for
 * whom that may be recorded. At most max. */
#define BLOCKED_MAX 20
int record_blocked(struct world *w, struct arena *a, const struct record *r, const struct action *act, int64_t *ret,
                   size_t max, size_t *ret_n, struct err *e) MUST_USE;

/* Lists. Order: sort field (NULL: newest first), then id; paging by key. */
struct list_filter {
	struct str field, op, text;                      /* op: = <> < <= > >= has empty */
};
struct list_query {
	struct str search;                               /* as typed */
	struct str state;                                /* STR_NONE all */
	bool live_only;
	bool mine;                                       /* only one's own, and what names one as reader: also for who sees all */
	struct list_filter filters[16];
	size_t n_filters;
	struct str sort;                                 /* field name or number, updated_at … ; STR_NONE */
	bool descending;
	struct str after;                                /* opaque key of the page before; STR_NONE first page */
	size_t limit;                                    /* ≤ 200 */
};
struct list_row {
	int64_t id, version, updated_at, section;
	struct str number, title, state;
	struct str *cells;                               /* display texts of the list's columns */
	bool seal_broken;
	struct str key;                                  /* value of the sort column, for paging */
};
struct list_page {
	const struct field **columns;                    /* the first plain fields worth showing */
	size_t n_columns;
	struct list_row *rows;
	size_t n_rows;
	struct str next;                                 /* STR_NONE at the end */
	int64_t total;                                   /* exact up to 1000, else 1001 = "1,000+" */
};
int record_list(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l,
                const struct list_query *q, struct list_page *ret, struct err *e) MUST_USE;

/* What a stored value looks like to a person (labels of choices, names of persons, titles of references). */
struct str value_display(struct world *w, struct arena *a, const struct actor *who, const struct field *f,
                         struct str stored);

/* History, newest first. */
struct step {
	int64_t at, actor, on_behalf;
	struct str action, actor_name, on_behalf_name, note;
	struct str from_state, to_state;
	struct str change;                               /* JSON [{field, before, after}], secret ones masked */
	int64_t event_seq;                               /* of the outbox */
	int64_t event_index;                             /* in the vault; -1 while 未封緘 */
	int64_t version;
};
int record_history(struct world *w, struct arena *a, const struct actor *who, const struct record *r, struct step **ret,
                   size_t *ret_n, struct err *e) MUST_USE;

/* A record opened by an engine that the ledger names in `opened-by`, as who's own whatever `write` says. */
int record_open(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l, const char *engine,
                const struct values *in, int64_t *ret_id, struct faults *faults, struct err *e) MUST_USE;
/* The system takes an `auto` action now, whether or not its condition holds; it may fill in any field. */
int record_auto(struct world *w, struct arena *a, const struct ledger *l, int64_t id, const char *action,
                const struct values *in, struct str note, struct err *e) MUST_USE;

/* The system acts: `auto` actions and due duties of today. Returns how many records moved. */
int ledger_tick(struct world *w, struct arena *a, int64_t *ret_moved, struct err *e) MUST_USE;

/* Merges segments of the search index, some pages of it, in a transaction of its own: for moments in which nobody waits. */
int search_merge(struct db *db, struct err *e) MUST_USE;

#endif
