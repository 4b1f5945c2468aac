/* The one table of settings: it drives the store, the settings page, the man page and the checks of values. */
#ifndef OFFICE_SETTING_H
#define OFFICE_SETTING_H

#include "lib/arena.h"
#include "lib/db.h"

enum setting_type { SET_INT, SET_BOOL, SET_TEXT, SET_ROLES, SET_CHOICE, SET_HOURS, SET_DAYS, SET_TRANSFER_RULES };

struct setting {
	const char *name;
	enum setting_type type;
	int64_t min, max;                                /* integers: range; texts: length */
	const char *def;                                 /* as text */
	const char *choices;                             /* SET_CHOICE: "a|b|c" */
	const char *label, *help;                        /* message ids */
};
extern const struct setting settings[];
extern const size_t n_settings;

const struct setting *setting_find(struct str name);
/* The value in force: the stored one, else the default. */
int64_t setting_int(struct db *db, const char *name);
bool setting_bool(struct db *db, const char *name);
struct str setting_text(struct db *db, struct arena *a, const char *name);
/* Roles of a list "ciso,chief" as bits. */
uint32_t setting_roles(struct db *db, const char *name);
/* Checks and stores, keeping the older value in its history. ERR_RANGE or ERR_SYNTAX with a sentence. */
int setting_set(struct db *db, const char *name, struct str value, int64_t actor, int64_t now, struct err *e) MUST_USE;

#endif
