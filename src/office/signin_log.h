/* Sign-in events on pages (page_signin_log.c): everybody's for the security office, one's own on /me. */
#ifndef OFFICE_SIGNIN_LOG_H
#define OFFICE_SIGNIN_LOG_H

#include "office/office.h"
#include "tpl.h"

/* The newest events of the signed-in person: at most max. */
int signin_log_mine(struct ctx *c, size_t max, struct tpl_signin_rows **ret, size_t *ret_n, struct err *e) MUST_USE;

#endif
