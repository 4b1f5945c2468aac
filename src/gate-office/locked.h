/* Documents of LibreOffice's formats that ask for a password: whether one does. */
#ifndef GATE_OFFICE_LOCKED_H
#define GATE_OFFICE_LOCKED_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/str.h"

/* Does a document of that format (a route's: doc, xls, ppt, odt, ods, odp) say that it is encrypted? */
bool locked(struct arena *a, const char *format, struct str in);

#endif
