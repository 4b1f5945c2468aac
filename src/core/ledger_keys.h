/* How people name records in a CSV: persons by staff number, units by code, others by number. */
#ifndef CORE_LEDGER_KEYS_H
#define CORE_LEDGER_KEYS_H

#include "core/engine.h"

/* Does the field travel in a CSV? */
bool csv_field(const struct field *f);
/* What stands in the file to the exact text of a field; false when nothing (or more than one thing) is called so. Other
 * fields pass as they are. */
bool key_read(struct job *j, const struct field *f, struct str key, struct str *ret);

#endif
