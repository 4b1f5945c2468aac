/* What a person applied for, over all ledgers in which others than the applicant decide: where it stands, who has it now,
 * what was decided and why. The newest first, paged by key. */
#ifndef CORE_MINE_H
#define CORE_MINE_H

#include "core/record.h"

/* Where an application stands, whatever its ledger calls that. */
enum mine_phase { MINE_ANY, MINE_WITH_ME, MINE_WAITING, MINE_IN_FORCE, MINE_ENDED, MINE_PHASES_ };
const char *mine_phase_code(enum mine_phase p);      /* "" for any */
enum mine_phase mine_phase_of(const struct ledger *l, const struct state *st);
/* Does anybody but the applicant decide in this ledger? */
bool ledger_decides(const struct ledger *l);
/* Is every record of it an application? Not where the applicant himself brings it into force: there it is one once a decision
 * is asked for. */
bool ledger_asks(const struct ledger *l);

struct mine_query {
	struct str search, ledger, state, after;         /* STR_NONE or empty: any; state only with a ledger */
	enum mine_phase phase;
	bool unread;                                     /* only where a decision was not taken note of */
	size_t limit;                                    /* ≤ 200 */
};
struct mine_row {
	const struct ledger *ledger;
	int64_t id, created_at;
	struct str number, title, state;
	enum mine_phase phase;
	struct str with;                                 /* who has it now: roles and names; "" nobody */
	const struct action *decision;                   /* the last of somebody else's; NULL none yet */
	int64_t decided_at;
	struct str decided_by, reason;                   /* decided_by "" : the system */
	int64_t notice;                                  /* unread word of a decision; 0 none */
};
struct mine_page {
	struct mine_row *rows;
	size_t n_rows;
	struct str next;                                 /* STR_NONE at the end */
	int64_t total;                                   /* exact up to 1,000, else 1,001 */
};
int mine_list(struct world *w, struct arena *a, const struct actor *who, const struct mine_query *q, struct mine_page *ret,
              struct err *e) MUST_USE;

#endif
