/* Which rules apply to which messages: Sigma's product, service and category over the forms of tlog/fields.h, and what fields are called
 * elsewhere. Two tables. */
#ifndef DETECT_LOGSOURCE_H
#define DETECT_LOGSOURCE_H

#include "detect/sigma.h"
#include "tlog/fields.h"

/* What a rule wants of a message. */
struct logsource {
	uint32_t forms;                                  /* bits: any message of this form */
	uint64_t rows;                                   /* rows of the table that fit the rule and look at more than the form */
	uint32_t possible;                               /* forms by either */
	bool known;                                      /* false: no row fits; the rule is tried on all messages */
};

void logsource_of(const struct rule *r, struct logsource *ret);
/* Whether the message (its head is read) is of a kind the rule wants. source: the entry's. */
bool logsource_fits(const struct logsource *l, const struct fields *f, struct str source);
/* The name and what others call it, at most FIELD_NAMES; 0 when the arena is full. */
size_t logsource_names(struct arena *a, struct str name, struct str out[FIELD_NAMES]);
/* Fields whose values this program makes up: their text does not stand in the message. */
bool logsource_made_up(struct str name);

#endif
