/* The part of the profiles that every process shares; for sandbox.c and its test. */
#ifndef LIB_SANDBOX_PROFILES_H
#define LIB_SANDBOX_PROFILES_H

#include "lib/sandbox.h"

extern const int sandbox_base_calls[];               /* ended by -1 */

#endif
