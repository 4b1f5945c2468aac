/* Sign-in links of the sample people, printed once the house is ready (`--link`). */
#ifndef SUPERVISE_LINKS_H
#define SUPERVISE_LINKS_H

#include "supervise/super.h"

/* People are the lines of SHARE/sample/links.tsv: staff number, Japanese label, English label. The links are asked of the
 * office like any other command; they arrive later and are printed one line each. */
void links_print(struct super *s, const char *url);

#endif
