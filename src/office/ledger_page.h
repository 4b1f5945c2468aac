/* What the pages of ledgers share: finding the ledger and record of the path, words of actions, the way back. */
#ifndef OFFICE_LEDGER_PAGE_H
#define OFFICE_LEDGER_PAGE_H

#include "office/office.h"
#include "tpl.h"

/* From the path; ERR_NOTFOUND also for what this person may not know of. */
int need_ledger(struct ctx *c, struct ledger **ret, struct err *e) MUST_USE;
int need_record(struct ctx *c, struct ledger **ret_ledger, struct record *ret, struct err *e) MUST_USE;

/* Own label, else the target state's. */
struct str action_label(const struct ledger *l, const struct action *a);
bool action_needs_note(const struct action *a);
/* May this person edit at least one field now? */
bool record_may_edit_any(struct ctx *c, const struct record *r);
/* The ways round the separation of duties that this person may record (page_override.c), and the newest of all (a
 * block of tpl/home). */
int record_overrides_fill(struct ctx *c, const struct record *rec, struct tpl_record *d, struct err *e) MUST_USE;
void overrides_list(struct ctx *c, size_t max, struct tpl_home_blocks *b);
/* Of a column of a table or checklist, also of a checklist's own columns. */
struct str column_label(const struct field *f, struct str name);
/* A value of a change (JSON of the history) as a person reads it. */
struct json_t;
struct str change_value(struct ctx *c, const struct field *f, struct json_t *v);
/* What the field held at that version: `now` (as shown) taken back change by change; steps as record_history gives
 * them. */
struct str value_at_version(struct ctx *c, const struct field *f, const struct step *steps, size_t n, int64_t version,
                            struct str now);
/* Ledgers / the ledger / the record (NULL: none). */
const struct tpl_crumbs *ledger_crumbs(struct ctx *c, const struct ledger *l, const struct record *rec);

#endif
