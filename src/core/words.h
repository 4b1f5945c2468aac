/* Words on a terminal: opens the catalogue built into the program and takes the language from LC_ALL, LC_MESSAGES,
 * LANG. */
#ifndef CORE_WORDS_H
#define CORE_WORDS_H

#include "lib/i18n.h"

enum lang words_open(void);

#endif
