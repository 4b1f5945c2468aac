/* application/x-www-form-urlencoded, strictly (WHATWG URL, "urlencoded parsing", minus its forgiveness). */
#ifndef FRONT_FORM_H
#define FRONT_FORM_H

#include "front/limits.h"
#include "lib/arena.h"

struct field {
	struct str name, value;
};

/* 0 and the fields in the order sent, their bytes in the arena. ERR_SYNTAX: bad percent, no name, NUL or other control
 * bytes but TAB, CR, LF, or not UTF-8; ERR_TOOBIG beyond FIELDS_MAX, FIELD_NAME_MAX, FIELD_VALUE_MAX or the arena. */
int form_parse(struct str body, struct arena *a, struct field **ret, size_t *ret_n) MUST_USE;

/* True for text that a field may hold: UTF-8 without control bytes but TAB, CR, LF. */
bool field_text_ok(struct str s);

#endif
