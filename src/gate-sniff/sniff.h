/* Types by signature. What runs on some machine is told apart first: it never passes, whatever else it also is. */
#ifndef GATE_SNIFF_SNIFF_H
#define GATE_SNIFF_SNIFF_H

#include "lib/str.h"

struct sniffed {
	const char *type;                                /* "zip", "cfb", "pdf", "text", "jpeg", …, "unknown" */
	const char *code;                                /* "" or why it never passes (gate/codes.tsv) */
};

struct sniffed sniff(struct str s);

#endif
