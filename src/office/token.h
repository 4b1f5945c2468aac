/* API tokens: made for a person, shown once, kept as a hash; ended by that person, the security office or the console. */
#ifndef OFFICE_TOKEN_H
#define OFFICE_TOKEN_H

#include "lib/db.h"

#define TOKEN_TEXT 64
#define TOKEN_LABEL_MAX 100                          /* characters */

struct token_new {
	int64_t person, by;                              /* by 0: the console */
	struct str scope;                                /* read, write, or "read write" */
	struct str label;                                /* what it is for */
	int64_t days;
};
/* In a transaction, with its event. text: to be shown this once. ERR_INVALID names what is wrong. */
int token_make(struct db *db, const struct token_new *t, int64_t now, char text[TOKEN_TEXT], struct err *e) MUST_USE;
/* In a transaction, with its event. owner: 0, or whose it must be. ERR_NOTFOUND also when it has ended already. */
int token_end(struct db *db, int64_t id, int64_t owner, int64_t by, int64_t now, struct err *e) MUST_USE;

#endif
