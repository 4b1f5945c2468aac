/* The office's life: opening (schema, migration, standards, checks), the daily tick, judging everything. */
#ifndef OFFICE_LIFE_H
#define OFFICE_LIFE_H

#include "office/office.h"

int office_open(struct office *o, struct err *e) MUST_USE;
/* Once a minute: auto actions, duties; at a new date everything is judged. */
int office_tick(struct office *o, struct err *e) MUST_USE;
int office_assess(struct office *o, struct err *e) MUST_USE;
/* auth is told the password rules of the settings. */
void auth_rules_send(struct office *o);

#endif
