/* Persons, sections, roles: who somebody is today. Read from the ledgers org-units, persons, role-assignments. */
#ifndef CORE_ORG_H
#define CORE_ORG_H

#include "lib/arena.h"
#include "lib/db.h"

#define ROLE_LIST(X)                                                                                              \
	X(CISO, "ciso") X(VICE_CISO, "vice-ciso") X(CHIEF, "chief") X(DEPT_HEAD, "dept-head")                         \
	X(SEC_MANAGER, "sec-manager") X(SYS_MANAGER, "sys-manager") X(SYS_OPERATOR, "sys-operator")                   \
	X(COMMITTEE, "committee") X(AUDIT_CHIEF, "audit-chief") X(AUDITOR, "auditor") X(CSIRT, "csirt")               \
	X(DATA_MANAGER, "data-manager") X(FACILITY_MANAGER, "facility-manager")                                       \
	X(DOCUMENT_MANAGER, "document-manager") X(SECRETARIAT, "secretariat") X(CLOUD_MANAGER, "cloud-manager")       \
	X(CONTRACTOR, "contractor") X(STAFF, "staff")
#define ROLE_ENUM(id, code) ROLE_##id,
enum role { ROLE_LIST(ROLE_ENUM) ROLE_COUNT_ };
const char *role_code(enum role r);
/* Role of a code, or -1. */
int role_parse(struct str code);
const char *role_label(enum role r);                 /* in the language of the request */

struct held {                                        /* one role held today */
	enum role role;
	int64_t assignment;                              /* role-assignments.id; 0 for what follows from being staff */
	int64_t unit;                                    /* org-units.id it is limited to; 0 the whole municipality */
	/* persons.id of the superior this is a deputy or delegate of; 0 own */
	int64_t on_behalf;
};

struct actor {
	int64_t person;                                  /* 0: the system itself */
	struct str name, staff_no;
	int64_t section;                                 /* org-units.id */
	uint32_t roles;                                  /* bits 1u << role, own and on behalf */
	struct held *held;
	size_t n_held;
	bool admin;                                      /* the command line on the machine, as owner */
};

#define ACTOR_HAS(a, r) (((a)->roles >> (r)) & 1u)

/* Everything a person is on a date (ISO). ERR_NOTFOUND when the person is not active then. */
int actor_load(struct db *db, struct arena *a, int64_t person, struct str today, struct actor *ret,
               struct err *e) MUST_USE;
/* Is `unit` the section itself or below it? */
bool unit_within(struct db *db, int64_t unit, int64_t ancestor);

#endif
