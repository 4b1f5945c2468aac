/* The office's life: opening (schema, migration, standards, checks), the daily tick, judging everything. */
#ifndef OFFICE_LIFE_H
#define OFFICE_LIFE_H

#include "office/office.h"

/* The job process holds nothing until its first job: for it, office_open does nothing and office_open_for_job the whole. */
int office_open(struct office *o, struct err *e) MUST_USE;
int office_open_for_job(struct office *o, struct err *e) MUST_USE;
/* Once a minute: auto actions, duties; at a new date everything is judged. */
int office_tick(struct office *o, struct err *e) MUST_USE;
/* auth is told the password rules of the settings. */
void auth_rules_send(struct office *o);

#endif
