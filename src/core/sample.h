/* The sample city: a script of what its people did, one JSON object per line, replayed through the same door as
 * everything else (core/record.h), at the time and by the person each line names. Nothing is put into tables behind the
 * engine's back.
 *
 *   {"at":"2024-04-01T09:00","by":"","do":"create","ledger":"persons","key":"p1","fields":{"name":"…","section":"@u3"}}
 *   {"at":"…","by":"1001","do":"act","key":"x1","action":"approve","note":"…","fields":{…}}
 *   {"at":"…","by":"1001","do":"update","key":"x1","fields":{…}}
 *   {"at":"…","do":"assess"}                       auto actions, duties and judging as of that day
 *
 * by: staff number, "" the console, which enters what stood before the system: "state":"active" and "applicant":"1001"
 * may stand beside "fields" then. "@key" in a field is the record made under that key. many: an array of texts; table
 * and checklist: an array of objects. Lines stand in order of time. */
#ifndef CORE_SAMPLE_H
#define CORE_SAMPLE_H

#include "core/assess.h"

/* e->line is the line that failed. Opens its own transactions. */
int sample_load(struct world *w, struct checks *checks, const char *path, struct err *e) MUST_USE;

#endif
