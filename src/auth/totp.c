#include "auth/totp.h"

#include <liboath/oath.h>

#include "lib/clock.h"
#include "lib/hash.h"

int totp_code(struct str secret, int64_t step, unsigned digits, char *out)
{
	int r = oath_hotp_generate(secret.p, secret.n, (uint64_t)step, digits, false, OATH_HOTP_DYNAMIC_TRUNCATION, out);

	return r == OATH_OK ? 0 : ERR_RANGE;
}

int64_t totp_step_of(struct str secret, int64_t now_us, struct str code)
{
	int64_t now = now_us / SECOND_US / TOTP_STEP_SECONDS, found = ERR_NOTFOUND;
	char want[TOTP_DIGITS + 1];

	if (code.n != TOTP_DIGITS)
		return ERR_NOTFOUND;
	for (int64_t step = now - TOTP_WINDOW; step <= now + TOTP_WINDOW; step++)
		if (totp_code(secret, step, TOTP_DIGITS, want) == 0 && const_time_eq(want, code.p, TOTP_DIGITS))
			found = step;
	return found;
}
