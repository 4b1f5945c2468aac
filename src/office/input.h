/* One field of a form as tpl/input.html shows it: kind, value, choices, faults. */
#ifndef OFFICE_INPUT_H
#define OFFICE_INPUT_H

#include "office/office.h"
#include "tpl.h"

/* The text of a fault at this path, or STR_NONE. */
struct str fault_text(const struct faults *faults, struct str path);
/* Fills *out for one shown item of a form. faults may be NULL. */
int input_fill(struct ctx *c, const struct ledger *l, const struct form_item *it, const struct faults *faults,
               struct tpl_input *out, struct err *e) MUST_USE;
/* "12 KB", "3.4 MB" */
struct str file_size_text(struct arena *a, int64_t bytes);

#endif
