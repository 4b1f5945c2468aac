/* Asked again who it is, before what would let somebody else stay in: factors, codes, API tokens (page_confirm.c). */
#ifndef OFFICE_CONFIRM_H
#define OFFICE_CONFIRM_H

#include "office/office.h"

/* Did this session sign in, or say again who it is, within the minutes of setting confirm_minutes? */
bool confirm_fresh(struct ctx *c);
/* Leads to the question; `what`: one of "factor", "codes", "tokens". */
int confirm_ask(struct ctx *c, const char *what);

#endif
