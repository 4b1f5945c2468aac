/* What the page of a record and its printed form share. Fillers put into `d` what the template shows, all in the
 * arena. */
#ifndef OFFICE_RECORD_PAGE_H
#define OFFICE_RECORD_PAGE_H

#include "office/office.h"
#include "tpl.h"

struct str record_href(struct ctx *c, struct str ledger, struct str id);
/* Is a value of this field shown as a link? */
bool field_is_link(const struct field *f);
/* The fields that hold something, under their heads. */
int record_heads_fill(struct ctx *c, const struct record *rec, struct tpl_record *d, struct err *e) MUST_USE;
/* The newest steps, all of them with ?history=all; d->older leads there. */
int record_steps_fill(struct ctx *c, const struct record *rec, struct tpl_record *d, struct err *e) MUST_USE;
/* Where the record holds personal data: keeps that it was read, and gives the sentence that says so. */
int record_personal_note(struct ctx *c, const struct record *rec, struct str *ret, struct err *e) MUST_USE;

#endif
