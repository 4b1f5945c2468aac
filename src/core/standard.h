/* Standards, clauses, controls and bindings as shipped (standards/) and as the municipality has them (tables standard,
 * clause, control, binding, parameter). */
#ifndef CORE_STANDARD_H
#define CORE_STANDARD_H

#include "lib/arena.h"
#include "lib/db.h"

enum strength { STRENGTH_MUST, STRENGTH_PRINCIPLE, STRENGTH_EFFORT, STRENGTH_DESIRABLE, STRENGTH_MAY };

/* Reads standards/ (controls.tsv, parts.tsv, <id>/clauses.tsv, <id>/bindings.tsv, <id>/params.yaml, groups.tsv) into the store;
 * idempotent, keeps the municipality's own texts and parameter values with their history. */
int standards_load(struct db *db, const char *share, struct err *e) MUST_USE;
/* A parameter of the municipality, e.g. "report_days"; its default when never set. */
int param_get(struct db *db, struct arena *a, const char *name, struct str *ret) MUST_USE;

#endif
