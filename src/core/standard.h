/* Standards, clauses, controls and bindings as shipped (standards/) and as the municipality has them (tables standard,
 * clause, control, binding, parameter). */
#ifndef CORE_STANDARD_H
#define CORE_STANDARD_H

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/db.h"
#include "lib/hash.h"

enum strength { STRENGTH_MUST, STRENGTH_PRINCIPLE, STRENGTH_EFFORT, STRENGTH_DESIRABLE, STRENGTH_MAY };

/* Reads share/standards/ (controls.tsv, parts.tsv, groups.tsv, parameters.tsv, params.yaml and per standard about.yaml,
 * clauses.tsv, bindings.tsv, params.yaml, models.tsv) into the store; idempotent, keeps the municipality's own texts,
 * bindings and parameter values with their history. In the caller's transaction or one of its own. */
int standards_load(struct db *db, const char *share, struct err *e) MUST_USE;
/* One text that changes whenever a file of share/standards/ does. */
int standards_digest(const char *share, char ret[SHA256_HEX], struct err *e) MUST_USE;
/* Makes one standard the one in force (setting `standard`); ERR_NOTFOUND when it is not loaded. */
int standard_use(struct db *db, struct str id, struct err *e) MUST_USE;

/* A parameter of the municipality, e.g. "report_days"; its default when never set. */
int param_get(struct db *db, struct arena *a, const char *name, struct str *ret) MUST_USE;
/* A new value from now on; ERR_INVALID with the reason when it does not fit type, min and max. Older values stay. */
int param_set(struct db *db, struct str name, struct str value, int64_t now, int64_t person, struct str reason,
              struct err *e) MUST_USE;

/* A decision that there is nothing to judge ("none"): the control, or one part, is then not applicable until a date, or
 * until the decision is withdrawn. text: why. until: STR_NONE for no end. */
int control_declare_none(struct db *db, struct str control, struct str part, struct str text, struct str until,
                         int64_t now, int64_t person, struct err *e) MUST_USE;
int control_declaration_withdraw(struct db *db, struct str control, int64_t now, int64_t person,
                                 struct err *e) MUST_USE;
/* The approved start of a control: planned until then. STR_NONE takes it back. */
int control_start_set(struct db *db, struct str control, struct str starts_on, struct str reason, int64_t now,
                      int64_t person, struct err *e) MUST_USE;

/* The municipality's own wording of a clause, shown beside ours. Every version stays. */
int clause_text_set(struct db *db, struct str clause, struct str text, struct str source, struct str version,
                    int64_t now, int64_t person, struct err *e) MUST_USE;
/* A table clause, text (and optionally source, version) in TSV or CSV; *ret_n rows taken. Whole or not at all. */
int clause_texts_load(struct db *db, struct str table, struct str source, struct str version, int64_t now,
                      int64_t person, int64_t *ret_n, struct err *e) MUST_USE;

/* `sekisho standard list`: [{"id","name","version","date","in_force","own","clauses"}], or lines. */
int standard_list(struct db *db, bool json, struct buf *out, struct err *e) MUST_USE;
/* `sekisho standard show ID`: chapters, clauses with texts and bindings, controls with parts; or the clauses as
 * lines. */
int standard_show(struct db *db, struct str id, bool json, struct buf *out, struct err *e) MUST_USE;

/* `sekisho standard diff A B`: which controls (and parts) only one of them asks for, with the clauses that ask: what
 * changes for a municipality that goes from A to B. {"only_a":[{"control","part","clauses"}],"only_b":[…],"both":N} */
int standard_diff(struct db *db, struct str a, struct str b, bool json, struct buf *out, struct err *e) MUST_USE;

#endif
