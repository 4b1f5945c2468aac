/* JSON in and out of records: the same values as the pages, by field name. */
#ifndef OFFICE_API_H
#define OFFICE_API_H

#include "lib/json.h"
#include "office/office.h"

#define API_BODY_MAX (4u << 20)

/* Writes one record: system columns, then "fields". */
void api_put_record(struct ctx *c, struct jw *j, const struct record *r);
/* {"fields": {…}, "version": n, "note": "…"} of the request body into values; unknown fields and wrong types are
 * ERR_SYNTAX. */
struct api_body {
	struct values values;
	int64_t version;                                 /* -1 when not given */
	struct str note;
};
int api_body_read(struct ctx *c, const struct ledger *l, struct api_body *ret, struct err *e) MUST_USE;
/* 422 with {"error":"invalid","faults":[{"field","message"}]} */
int api_faults(struct ctx *c, const struct faults *f);

#endif
