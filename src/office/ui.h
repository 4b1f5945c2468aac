/* Parts of pages that several handlers fill: status and state badges, QR codes. The frame is in office.h. */
#ifndef OFFICE_UI_H
#define OFFICE_UI_H

#include "office/office.h"
#include "tpl.h"

/* "/static/<hash>/<name>", or "" when there is no such file. */
struct str static_path(struct arena *a, const char *name);
/* Badges for templates; all in the arena. */
const struct tpl_status *ui_status(struct arena *a, enum status s);
/* Met because there was nothing to judge: drawn apart from met with evidence. */
const struct tpl_status *ui_status_empty(struct arena *a);
/* Tone from the definition: live, end, or waiting when somebody else has to act. */
const struct tpl_state *ui_state(struct arena *a, const struct ledger *l, struct str state);
/* The square for a text of ours (at most 1,000 bytes); NULL when it cannot be made. */
const struct tpl_qr *ui_qr(struct arena *a, struct str text, const char *label);

#endif
