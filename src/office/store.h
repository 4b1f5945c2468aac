/* The store's life: opening (schema, migration, standards, checks), the daily tick, judging everything. */
#ifndef OFFICE_STORE_H
#define OFFICE_STORE_H

#include "office/office.h"

int store_open(struct office *o, struct err *e) MUST_USE;
/* Once a minute: auto actions, duties; at a new date everything is judged. */
int store_tick(struct office *o, struct err *e) MUST_USE;
int store_assess(struct office *o, struct err *e) MUST_USE;
/* auth is told the password rules of the settings. */
void auth_rules_send(struct office *o);

#endif
