/* What the pages of transfers share: one file as its sender or recipient sees it (transfer_view.c). */
#ifndef OFFICE_TRANSFER_PAGE_H
#define OFFICE_TRANSFER_PAGE_H

#include "office/transfer.h"
#include "tpl.h"

struct mine {
	int64_t id, size, at, findings, applicant, done, of, out_size;
	struct str number, name, state, direction, until, out_name, code, sender, step, report, purpose;
	struct str format, outcome, lost, out_hash, section, on, hash;
	bool original, mine_to_fetch;
};
/* False when this person neither handed it over nor may fetch it. All in the arena of the request; the report only where it is
 * asked for. */
bool transfer_mine(struct ctx *c, int64_t id, bool report, struct mine *ret);
struct str transfer_size(struct arena *a, int64_t n);
bool transfer_busy(const struct mine *m);
/* Here, by this person: where there are two sides, what came in on the one and what leaves on the other. */
bool transfer_fetchable(const struct ctx *c, const struct mine *m);
struct str transfer_step(const struct mine *m);          /* what the gate does with it now */
struct str transfer_way(const struct mine *m);           /* its direction in words */

/* Sentences of what was removed or changed, each once; the reason when it did not pass. */
struct lost {
	struct str text, where;
};
size_t transfer_losses(struct ctx *c, const struct mine *m, struct lost *ret, size_t max, size_t *ret_all, struct str *ret_reason);

/* The list as the request asks for it: words, direction, state, format, section, days, order, page. Own files only. */
void transfer_query(struct ctx *c, struct list_query *ret);
int transfer_list(struct ctx *c, const struct list_query *q, struct list_page *ret, struct err *e) MUST_USE;

/* {"ids": […]} */
int transfer_ids(struct ctx *c, unsigned status, const int64_t *ids, size_t n);

#endif
