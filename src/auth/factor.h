/* The verifiers of single kinds of factors. AUTH_NONE: the person has no such factor; AUTH_WRONG: not this code. The
 * code is already freed of blanks, hyphens, capitals and full width. */
#ifndef AUTH_FACTOR_H
#define AUTH_FACTOR_H

#include "auth/auth.h"

enum auth_result verify_recovery(struct auth *a, int64_t person, struct str code);
enum auth_result verify_sheet(struct auth *a, int64_t person, struct str code);

#endif
