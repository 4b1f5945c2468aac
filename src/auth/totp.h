/* TOTP, RFC 6238 with SHA-1, 30 s steps (what authenticator apps and tokens speak). */
#ifndef AUTH_TOTP_H
#define AUTH_TOTP_H

#include <stdint.h>

#include "lib/err.h"
#include "lib/str.h"

#define TOTP_SECRET_LEN 20
#define TOTP_STEP_SECONDS 30
#define TOTP_DIGITS 6
#define TOTP_WINDOW 1                                    /* steps before and after now */

/* The code of one step as text; out holds digits + 1 bytes. */
int totp_code(struct str secret, int64_t step, unsigned digits, char *out) MUST_USE;
/* The step within the window that the code is for, or ERR_NOTFOUND. Always does the work of all steps. */
int64_t totp_step_of(struct str secret, int64_t now_us, struct str code);

#endif
