/* The first screen's part of my applications (page_mine.c). */
#ifndef OFFICE_MINE_H
#define OFFICE_MINE_H

#include "office/office.h"
#include "tpl.h"

/* Decisions on what this person applied for of which he took no note yet, the newest first. */
int mine_unread(struct ctx *c, size_t max, struct tpl_home_blocks *b, struct err *e) MUST_USE;

#endif
