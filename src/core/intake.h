/* The doors through which logs come in, as the municipality names them: lines `intake = KIND:WHERE` of sekisho.conf, or
 * the option --intake. WHERE is ADDR:PORT, or the path of a socket or file. The supervisor opens them (it may use ports
 * below 1024, and they outlive a collect that is started anew, with what the kernel holds in them) and collect reads
 * them. */
#ifndef CORE_INTAKE_H
#define CORE_INTAKE_H

#include <stdbool.h>

#include "lib/str.h"

#define INTAKE_MAX 32
#define INTAKE_ENV "SEKISHO_INTAKE"                  /* how collect learns of them: one a line, in the order of the doors */

enum intake_kind {
	INTAKE_UDP, INTAKE_TCP, INTAKE_TLS, INTAKE_RELP, INTAKE_RELPS, INTAKE_HTTP, INTAKE_HTTPS, INTAKE_UNIX,
	INTAKE_UNIX_STREAM,
	INTAKE_FILE, INTAKE_KINDS
};

extern const char *const intake_kinds[INTAKE_KINDS]; /* "udp", … as written */

/* Parses "KIND:WHERE"; false when it is none. ret_where is a view into s. */
bool intake_parse(struct str s, enum intake_kind *ret_kind, struct str *ret_where);
/* WHERE is a path, not an address. */
bool intake_is_path(enum intake_kind k);

#endif
