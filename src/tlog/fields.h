/* What a message says, taken apart: the header (RFC 5424, RFC 3164 and what devices make of it) and named fields of the forms a
 * municipality meets. Views into the message wherever its bytes stand there as they are; what had to be decoded or put together
 * lies in `scratch`, bounded. Nothing here fails: what is not understood stays text, and what does not fit is said in `cut`.
 *
 *   struct fields *f = fields_new();
 *   fields_parse(f, raw);                       // raw must outlive what is read from f
 *   if (fields_get(f, "src_ip", &value)) …
 *
 * Names: those of the form itself (auditd's a0, Windows' TargetUserName, postfix's from), those of W3C for web servers and proxies
 * (c-ip, cs-method, cs-uri-query, c-useragent, cs-host, sc-status), and across forms src_ip, dst_ip, src_port, dst_port, user,
 * event (login, session, command, mail, query, connection), outcome (success, failure). For commands also Sigma's names of a started
 * program: CommandLine, Image, User, CurrentDirectory. A name may stand there several times (lists). The tables in fields_*.c say which. */
#ifndef TLOG_FIELDS_H
#define TLOG_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/str.h"

#define FIELDS_MAX 256u                              /* of one message; further ones are left out */
#define FIELDS_SCRATCH (96u << 10)                   /* decoded bytes of one message */
#define FIELDS_DEPTH 16                              /* of JSON */
#define FIELDS_NAME_MAX 200u                         /* of a name put together from JSON's levels */

enum form {
	FORM_TEXT,                                       /* nothing but the header is known */
	FORM_JSON, FORM_PAIRS,                           /* key=value, as firewalls write */
	FORM_SSHD, FORM_SUDO, FORM_LOGIN,                /* the last: su, login, pam, cron sessions */
	FORM_AUDIT, FORM_WEB, FORM_WEB_ERROR, FORM_PROXY, FORM_MAIL, FORM_DNS, FORM_FIREWALL, FORM_WINDOWS,
	FORMS
};

struct field {
	struct str name, value;                          /* value.p NULL: JSON's null */
};

struct fields {
	struct str raw;
	enum form form;
	int pri;                                         /* facility * 8 + severity, -1 when there was none */
	struct str time, host, program, pid, msgid, structured;
	struct str message;                              /* what follows the header; all of raw when there is none */
	size_t n;
	bool cut;
	bool decoded;                                    /* scratch holds text that does not stand in raw byte for byte */
	size_t scratch_n;
	struct field list[FIELDS_MAX];
	char scratch[FIELDS_SCRATCH];
};

struct fields *fields_new(void);
void fields_free(struct fields *f);

/* The header and the form alone; no fields. */
void fields_head(struct fields *f, struct str raw);
/* The same with all fields. */
void fields_parse(struct fields *f, struct str raw);
/* fields_parse after fields_head of the same message. */
void fields_rest(struct fields *f);
/* The first value of a name, of the same letters or else ASCII case not minded; also host, program, pid, message, severity, facility, form of the header.
 * False when there is none. Valid as long as raw and until the next parse. */
bool fields_get(const struct fields *f, const char *name, struct str *ret);
/* The same from place *at on, case minded; *at becomes the place after the hit. Start with 0; the header's names come last. */
bool fields_next(const struct fields *f, struct str name, size_t *at, struct str *ret);
/* When the message says it was written, µs UTC. received: µs UTC, gives the year that RFC 3164 leaves out; without a zone the
 * municipality's (lib/date.h). ERR_NOTFOUND, ERR_SYNTAX. */
int fields_time(const struct fields *f, int64_t received, int64_t *ret) MUST_USE;
const char *form_name(enum form form);

/* A message is of a form listed here only if one of that form's texts stands in it (case not minded): who looks through many messages
 * can leave most alone. A form that is not listed needs no text. */
struct form_mark {
	enum form form;
	const char *text;
};
const struct form_mark *form_marks(size_t *ret_n);

#endif
