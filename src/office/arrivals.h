/* The page of log sources: its pictures and its table of logs. */
#ifndef OFFICE_ARRIVALS_H
#define OFFICE_ARRIVALS_H

#include "office/office.h"
#include "tpl.h"

/* For the first screen: sources that need doing, alerts nobody has judged. */
int arrivals_todo(struct ctx *c, size_t max, struct tpl_home_blocks *b, struct err *e) MUST_USE;
void alerts_todo(struct ctx *c, size_t max, struct tpl_home_blocks *b);
/* When collect reported, what was lost. */
void arrivals_house(struct ctx *c, struct tpl_arrivals *d);
/* Entries and space of the last days. */
void arrivals_days(struct ctx *c, struct tpl_arrivals *d);
/* Each log with its policy and what the ledger wants; room on the disk and when it ends. */
void arrivals_logs(struct ctx *c, struct tpl_arrivals *d);

#endif
