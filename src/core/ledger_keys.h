/* How people name records in a CSV: persons by staff number, units by code, others by number. */
#ifndef CORE_LEDGER_KEYS_H
#define CORE_LEDGER_KEYS_H

#include "core/engine.h"

/* Does the field travel in a CSV? */
bool csv_field(const struct field *f);
/* Exact text of a field to what stands in the file. */
struct str key_write(struct job *j, const struct field *f, struct str exact);
/* The other way; false when nothing (or more than one thing) is called so. Other fields pass as they are. */
bool key_read(struct job *j, const struct field *f, struct str key, struct str *ret);
/* id of the record called so in a ledger; 0 none. */
int64_t key_find(struct job *j, const struct ledger *to, struct str key);

#endif
