/* What the files of the gates' client share (gate.c, gate_result.c, gate_sweep.c). */
#ifndef OFFICE_GATE_WORK_H
#define OFFICE_GATE_WORK_H

#include "core/gate.h"
#include "lib/date.h"
#include "office/transfer.h"

/* One transaction of the writer's own, outside any request. */
struct gate_work {
	struct office *o;
	struct arena *a;
	struct world w;
	char today[DATE_TEXT];
};
void gate_work_begin(struct gate_work *x, struct office *o);      /* ends with arena_free(x->a) */
int gate_work_tx(struct gate_work *x, int (*todo)(struct gate_work *, void *, struct err *), void *arg) MUST_USE;

/* What a gate (or the office in its place) says about one file. */
struct gate_verdict {
	int64_t record, since;                           /* since: when it was given (clock_mono) */
	uint32_t outcome;
	struct str report, name, language;
	int fd;                                          /* clean bytes; -1 */
	int text;                                        /* what workers could read there, for looking through; -1 */
	const char *code;                                /* set when the office itself says no */
};
/* The office's own no, with its sentences; keeps a report that is there. */
void gate_say_no(struct gate_work *x, struct gate_verdict *v, const char *code, const char *ja, const char *en);
/* Makes it true; for gate_work_tx, arg is the verdict. */
int gate_settle(struct gate_work *x, void *arg, struct err *e) MUST_USE;

/* Asks each free gate how it is. */
void gate_ask_all(void);

#endif
