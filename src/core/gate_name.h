/* Output languages and the file names that go with them. */
#ifndef CORE_GATE_NAME_H
#define CORE_GATE_NAME_H

#include "lib/buf.h"

/* Appends name as it is when its extension belongs to the language, else with the language's own one in its place
 * ("写真.gif" as png: "写真.png"). */
void gate_out_name(struct buf *b, struct str name, struct str language);

#endif
