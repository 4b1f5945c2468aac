/* What LibreOffice's command line cannot say is said by a macro of its own fresh profile: which password opens a document, and that of a
 * drawing the picture is wanted, not a page around it. The document's own macros do not run. */
#ifndef GATE_OFFICE_MACRO_H
#define GATE_OFFICE_MACRO_H

#include "lib/str.h"

#define MACRO_URL "macro:///Standard.Module1.Main"

struct macro {
	const char *in, *infilter, *out, *outfilter;     /* paths; filters as --infilter and --convert-to name them */
	struct str password;                             /* empty: none */
};

/* Write the macro into the profile, a folder, made if need be. macro_document loads and stores; macro_picture draws the first thing on the
 * first page as a PNG of MACRO_SIDE on its longer side. */
int macro_document(const char *profile, const struct macro *m) MUST_USE;
int macro_picture(const char *profile, const struct macro *m) MUST_USE;
#define MACRO_SIDE 1200

#endif
