/* Who is let in: the stages between a right password and a full session. */
#ifndef OFFICE_SIGNIN_H
#define OFFICE_SIGNIN_H

#include "office/office.h"

/* What auth says of a person (detail of AUTH_OK to AUTH_VERIFY and AUTH_STATE). */
struct factors {
	bool totp, sheet, temporary;
	int64_t recovery_left;
};
struct factors factors_read(struct arena *a, struct str detail);

/* Must this person have a second factor (setting second_factor_roles)? */
bool factor_required(struct ctx *c, const struct actor *who);
/* The stage after the password was right. */
enum session_stage stage_after_password(struct ctx *c, const struct actor *who, const struct factors *f);
/* Writes signin_log and the event. why: "" when it went well. */
int signin_record(struct ctx *c, int64_t person, bool ok, const char *action, const char *why, struct err *e) MUST_USE;
/* A sentence for an auth_result that is not AUTH_OK. */
struct str auth_sentence(struct ctx *c, unsigned result, struct str detail);
/* A password to be handed over once. */
struct str temporary_password(struct arena *a);
/* One-time link: makes a token for a person; *ret is the path to open. */
int link_make(struct office *o, struct arena *a, int64_t person, int64_t by, int64_t now, struct str *ret,
              struct err *e) MUST_USE;

#endif
