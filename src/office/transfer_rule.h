/* Who must agree before a file is fetched: rules of the municipality as text, one a line, the first that fits counts.
 *
 *   in|out|any [section=CODE] [class>=N] [mb>=N] [personal] : none|manager|sys-manager|csirt|chief|data-manager
 *
 * section: that unit and those below; where there is no such unit everybody, but for "none"; class: level of confidentiality, personal data count as 3; manager: of the sender's section.
 * Outward always somebody agrees. Lines may also be parted by ";"; what begins with # is a remark. */
#ifndef OFFICE_TRANSFER_RULE_H
#define OFFICE_TRANSFER_RULE_H

#include "lib/db.h"
#include "lib/err.h"
#include "lib/str.h"

struct transfer_case {
	bool outward, personal;
	int64_t section, level, size;
};
/* ERR_SYNTAX with the line that is none. */
int transfer_rules_check(struct str rules, struct err *e) MUST_USE;
/* Who, by the first rule that fits; NULL: none does. A constant. */
const char *transfer_rules_who(struct db *db, struct str rules, const struct transfer_case *x);

#endif
