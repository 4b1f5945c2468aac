/* Inside of the record engine: what its files share. Nobody outside src/core/ includes this. A record in work holds
 * every field of its ledger by index (struct value all[]), in exact form: as in core/record.h, but instants as "@<µs>",
 * so that nothing is lost by reading and writing. */
#ifndef CORE_ENGINE_H
#define CORE_ENGINE_H

#include "core/record.h"
#include "lib/buf.h"

#define FAULTS_MAX 200
#define MANY_MAX 500                                 /* values of one `many` field */
#define ROWS_MAX 2000                                /* rows of one table or checklist */
#define LONGTEXT_MAX 20000                           /* code points */
#define CHANGE_MAX (4u << 20)                        /* bytes of the description of one change */
#define SQL_TEXT_MAX (64u << 10)

/* What a list of those who may act says of one person. */
struct grant {
	bool ok;
	int64_t on_behalf, assignment;                   /* as deputy or delegate */
};

/* One call of the engine. */
struct job {
	struct world *w;
	struct arena *a;
	const struct actor *who;
	const struct ledger *l;
	struct faults *faults;                           /* NULL when the caller wants none */
	struct err *e;
	const struct record *rec;                        /* as stored, for rights on columns of rows; NULL: a new one */
	/* one statement over several: what differs between them is written in */
	bool many_ledgers;
};

/* --- values.c: shapes -------------------------------------------------------------------------------------------- */
bool field_is_stored(const struct field *f);         /* not computed */
bool field_is_person_ref(const struct field *f);
size_t field_index(const struct ledger *l, const struct field *f);
bool value_empty(const struct value *v);
bool value_same(const struct value *a, const struct value *b);
struct value *values_new(struct arena *a, const struct ledger *l);
struct str row_cell(const struct row *r, struct str name);
/* Exact form to what is shown outside: instants to minutes. */
struct str exact_to_text(struct arena *a, enum field_type t, struct str exact);
/* Copy with every text in outside form. */
struct value value_outside(struct arena *a, const struct field *f, const struct value *v);

/* --- check_text.c: typed text to exact form ---------------------------------------------------------------------- */
void fault_add(struct job *j, struct str path, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Reads one plain text of a field's type. before: the exact form stored so far (kept when the typed text means the
 * same). Empty text gives STR_NONE. 0, or ERR_INVALID after adding a fault at path. */
int check_text(struct job *j, const struct field *f, struct str path, struct str typed, struct str before,
               struct str *ret) MUST_USE;
/* Reads a whole value: plain, many, rows. */
int check_value(struct job *j, const struct field *f, const struct value *typed, const struct value *before,
                struct value *ret) MUST_USE;

/* --- limits.c ---------------------------------------------------------------------------------------------------- */
/* The bound as text comparable to values of the field: dates, instants "@µs", numbers. STR_NONE: none. */
struct str limit_text(struct job *j, const struct record *r, const struct field *f, struct str written);
/* Checks min and max of every field of r; adds faults. */
int limits_check(struct job *j, const struct record *r) MUST_USE;
/* Default of a field for a new record, exact form. */
struct str default_text(struct job *j, const struct field *f);
struct str parameter(struct world *w, struct arena *a, struct str name);

/* --- expr.c: expressions on a record in work --------------------------------------------------------------------- */
enum truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_NULL };
/* Judges n expressions on r as it stands in memory (computed fields evaluated). STR_NONE gives TRUTH_TRUE. */
int expr_judge(struct job *j, const struct record *r, const struct str *exprs, size_t n, enum truth *ret) MUST_USE;
/* Text of one expression. */
int expr_text(struct job *j, const struct record *r, struct str expr, struct str *ret) MUST_USE;
/* Applies `when` of heads and fields until nothing changes: shown[] per field; clears what does not apply. */
int expr_apply_when(struct job *j, struct record *r, bool *shown) MUST_USE;

/* --- load.c ------------------------------------------------------------------------------------------------------ */
/* Reads without asking for rights. ERR_NOTFOUND. all[] in exact form. */
int record_load(struct job *j, int64_t id, struct record *ret) MUST_USE;
/* Columns of a table or checklist as stored: what every checklist has (item, answer, note, who, at), then the
 * declared. */
size_t rows_columns(const struct field *f, const struct field **ret, size_t cap);
struct str title_make(struct job *j, const struct record *r);

/* --- store_record.c ---------------------------------------------------------------------------------------------- */
int store_insert(struct job *j, struct record *r) MUST_USE;
/* Writes all but the state: fields, lists, title, section, owner, version, updated_*, seal. The step comes after it, so
 * that the database judges the change as a whole, and the state after the step. */
int store_update(struct job *j, const struct record *before, struct record *r) MUST_USE;
int store_state(struct job *j, int64_t id, struct str state) MUST_USE;
struct step_row {
	struct str action, note, seal, from_state, to_state;
	int64_t on_behalf;
};
int store_step(struct job *j, int64_t record, const struct step_row *s) MUST_USE;
/* Turns SQLite's refusal of a constraint into a fault or a denial. */
int store_refusal(struct job *j, int r) MUST_USE;

/* A savepoint around the writes of one call: kept on 0, else undone. Returns r. */
int mark(struct job *j) MUST_USE;
int mark_end(struct job *j, int r) MUST_USE;

/* --- workflow.c -------------------------------------------------------------------------------------------------- */
struct permit {
	struct grant grant;
	bool first;                                      /* two-of: this is the first of two approvals */
};
/* May the actor take it now? ERR_DENIED or ERR_WRONG_STATE with a sentence in j->e. */
/* Is there a recorded, unused "unavoidable" for this person and action (override.c)? */
bool overridden(struct job *j, const struct record *r, const struct action *act);
int act_permit(struct job *j, const struct record *r, const struct action *act, struct permit *ret) MUST_USE;
/* Takes it without asking (the system), or after act_permit. */
int act_take(struct job *j, struct record *before, const struct action *act, const struct permit *p,
             const struct values *in, struct str note) MUST_USE;
/* Judges the record as a whole after values changed: `when`, required, limits, rules. editable: which fields this call
 * could fill in (NULL: none is demanded). */
int record_judge(struct job *j, struct record *r, const bool *editable) MUST_USE;
/* Typed values over r->all where allowed[] says so; names that the ledger does not know are faults. */
int record_merge(struct job *j, struct record *r, const struct values *in, const bool *allowed) MUST_USE;
/* What follows from a changed record, whatever changed it: search words, duties. */
int record_after(struct job *j, const struct record *r) MUST_USE;
/* Fields an action may fill in, by index. */
bool *action_allowed(struct job *j, const struct record *r, const struct action *act);
/* blocked-by (wanted false) and needs-row (wanted true): 0, or ERR_DENIED with a sentence. */
int row_tests(struct job *j, const struct record *r, const struct row_test *tests, size_t n, bool wanted) MUST_USE;
/* An empty record of the actor's, defaults in place. */
int record_blank(struct job *j, struct record *r) MUST_USE;
/* record_create after the first question of right; given: number, state, applicant, created_on of an import, or
 * NULL. */
int record_insert(struct job *j, const struct values *in, const struct record *given, int64_t *ret_id) MUST_USE;
/* The state a new record of these values begins in; NULL: none fits. */
const struct state *record_start(struct job *j, const struct record *r);
/* Puts the moment where an action asks for one and nothing is there yet (default: now, today). */
void stage_defaults(struct job *j, struct record *r, const struct action *act);
void record_sync(struct job *j, struct record *r);   /* section and owner from the fields of that name */

/* --- change.c: what changed, as JSON ----------------------------------------------------------------------------- */
int change_json(struct job *j, const struct record *before, const struct record *after, struct str *ret,
                size_t *ret_n) MUST_USE;
int record_event(struct job *j, const struct record *r, const char *action, int64_t on_behalf, struct str change,
                 int64_t *ret_seq) MUST_USE;

/* --- seal.c ------------------------------------------------------------------------------------------------------ */
bool seal_covers(const struct ledger *l, const struct action *act, const struct field *f);
int seal_hash(struct job *j, const struct record *r, const struct action *act, char out[65]) MUST_USE;
/* After an update: are all seals in force still true? */
int seal_check(struct job *j, const struct record *r, bool *ret_broken) MUST_USE;

/* --- rights.c ---------------------------------------------------------------------------------------------------- */
/* Does the list let this person act on r (NULL: no record yet)? Persons in not_ may not, nor those who act for them. */
struct grant rights_match(struct job *j, const struct record *r, const struct who_list *list,
                          const struct who_list *not_);
bool rights_see_field(struct job *j, const struct record *r, const struct field *f);
/* Columns of a table or checklist may be secret of their own. */
bool rights_see_column(struct job *j, const struct field *column);
/* In outside form, without the cells this person may not see. */
struct value value_shown(struct job *j, const struct record *r, const struct field *f, const struct value *v);
bool rights_edit_field(struct job *j, const struct record *r, const struct field *f);
/* Persons a word or field names on r (a post: whoever is in it). */
size_t rights_persons_of(struct job *j, const struct record *r, const struct who *w, int64_t *ret, size_t max);
int64_t rights_person_of(struct job *j, const struct record *r, const struct who *w);

/* --- visibility.c ------------------------------------------------------------------------------------------------ */
bool visible(struct job *j, int64_t id);
/* SQL condition over alias r that is true for what the actor may see ("1" for all); parameters :me :section :units
 * :roles. */
int visible_sql(struct job *j, struct buf *out) MUST_USE;
/* Only what is somebody's own, or names him as reader; with the same parameters. */
int mine_sql(const struct ledger *l, struct buf *out) MUST_USE;
/* Binds those parameters where the statement has them. */
int visible_bind(struct job *j, struct stmt *s) MUST_USE;

/* --- number.c ---------------------------------------------------------------------------------------------------- */
int number_next(struct job *j, const struct record *r, struct str *ret) MUST_USE;

/* --- search.c ---------------------------------------------------------------------------------------------------- */
int search_index(struct job *j, const struct record *r) MUST_USE;
int search_forget(struct job *j, int64_t id) MUST_USE;

/* --- duty.c ------------------------------------------------------------------------------------------------------ */
int duty_follow(struct job *j, int64_t id) MUST_USE;
int duty_follow_others(struct job *j, const struct record *r) MUST_USE;

/* --- notice.c ---------------------------------------------------------------------------------------------------- */
/* Whoever acts on a record has taken note of what he was told about it. */
int notice_taken(struct job *j, int64_t record) MUST_USE;
int notice_tell(struct job *j, const struct record *r, const struct who_list *tell, struct str what) MUST_USE;
int notice_applicant(struct job *j, const struct record *r, const struct action *act, bool moved) MUST_USE;

/* Text of a person, unit or record for display. */
struct str person_name(struct world *w, struct arena *a, int64_t id);
struct str unit_name(struct world *w, struct arena *a, int64_t id);

/* display.c: what a zone is called; the code itself when it is none. */
struct str zone_label(struct str code);

#endif
