/* What the files of fields.h share. */
#ifndef TLOG_FIELDS_PARTS_H
#define TLOG_FIELDS_PARTS_H

#include "tlog/fields.h"

/* Adds a field; beyond FIELDS_MAX only `cut` is set. */
void fields_add(struct fields *f, struct str name, struct str value);
void fields_addz(struct fields *f, const char *name, struct str value);
/* Room in scratch, or NULL with `cut` set; take what was used with fields_keep. */
char *fields_room(struct fields *f, size_t n);
struct str fields_keep(struct fields *f, size_t n);
struct str fields_copy(struct fields *f, struct str s);
/* The value of a name given so far, or STR_NONE. */
struct str fields_have(const struct fields *f, const char *name);

/* key=value pairs up to the end. Values may stand in quotes (with backslashes as they are). between: bytes that may stand between
 * pairs beside the blank. */
void fields_pairs(struct fields *f, struct str s, const char *between);
/* The next token up to one of stops; the stop is eaten. */
struct str token(struct str *rest, char stop);
bool all_digits(struct str s);

/* fields_text.c: sentences of sshd, su, pam, bind … */
bool fields_sentence(struct fields *f, struct str s);
/* Before the first of them; any number of times, from any thread. */
void fields_sentences_open(void);
/* fields_json.c: false when it is no JSON object. */
bool fields_json(struct fields *f, struct str s);
/* fields_unix.c */
void fields_audit(struct fields *f, struct str s);
void fields_sudo(struct fields *f, struct str s);
void fields_firewall(struct fields *f, struct str s);
void fields_mail(struct fields *f, struct str s);
/* fields_web.c: each false when the line is not of that form. only_look: no fields; a combined line sets the form. */
bool fields_combined(struct fields *f, struct str s, bool only_look);
bool fields_squid(struct fields *f, struct str s, bool only_look);
void fields_web_error(struct fields *f, struct str s);

#endif
