/* A message in the one form of docs/formats/gate-mail.md. */
#ifndef GATE_MAIL_WRITE_H
#define GATE_MAIL_WRITE_H

#include "rebuild/worker.h"

struct mail_writer {
	struct arena *arena;
	struct buf head, parts;
	bool first;
	unsigned n_parts;
};

void mail_begin(struct mail_writer *w, struct arena *a);
/* Fields are left out when nothing of them can be written. */
void mail_text_field(struct mail_writer *w, const char *name, struct str text);
void mail_addresses_begin(struct mail_writer *w, const char *name);
void mail_address(struct mail_writer *w, struct str display, struct str address);
void mail_addresses_end(struct mail_writer *w);
void mail_date(struct mail_writer *w, struct str rfc5322);
void mail_message_id(struct mail_writer *w, struct str id);
void mail_attachment(struct mail_writer *w, struct str name, struct str language, struct str content);
/* A note in place of what did not pass. */
void mail_stopped(struct mail_writer *w, struct str name);
int mail_end(struct mail_writer *w, struct str body, struct buf *out) MUST_USE;

#endif
