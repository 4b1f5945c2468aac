/* Documents of LibreOffice's formats that ask for a password: whether one does, and how LibreOffice is given it. */
#ifndef GATE_OFFICE_LOCKED_H
#define GATE_OFFICE_LOCKED_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/str.h"

/* Does a document of that format (a route's: doc, xls, ppt, odt, ods, odp) say that it is encrypted? */
bool locked(struct arena *a, const char *format, struct str in);

/* How LibreOffice is told what to load with which password: by a macro of its own profile, the only way its command line has. The
 * document's macros do not run. profile: the folder, made here; in, out: paths; filters as --infilter and --convert-to name them. */
int locked_profile(const char *profile, struct str password, const char *in, const char *infilter, const char *out,
                   const char *outfilter) MUST_USE;
#define LOCKED_MACRO "macro:///Standard.Module1.Main"

#endif
