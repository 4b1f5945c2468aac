/* Who sends: the table of sources as the office last told it (rules: which address, certificate, token or file is which source, and
 * into which log it goes), and for every source what came. Who is in no rule is a source by the name of its address and
 * goes to the log "standard": nothing is turned away for being unknown.
 *
 * The table as text, one rule a line, fields separated by TAB; lines that begin with # are remarks:
 *   KIND  VALUE  NAME  LOG  RATE
 * KIND address (VALUE 192.0.2.7 or 192.0.2.0/24 or an IPv6 one), certificate (a DNS name or common name), token (SHA-256 of the
 * token, hex), file (path), socket (path). LOG as in docs/vault.md. RATE: messages a second, 0 without limit. */
#ifndef COLLECT_SOURCE_H
#define COLLECT_SOURCE_H

#include <netinet/in.h>

#include "lib/arena.h"
#include "lib/json.h"

#define SOURCE_NAME_MAX 200u
#define SOURCES_MAX 8192u                            /* counted one by one; the others as one */
#define SOURCE_RULES_MAX 4096u
#define SOURCE_TABLE_MAX (2u << 20)

enum source_kind { SOURCE_ADDRESS, SOURCE_CERTIFICATE, SOURCE_TOKEN, SOURCE_FILE, SOURCE_SOCKET, SOURCE_KINDS };

struct source {
	char name[SOURCE_NAME_MAX + 1];
	char log[33];
	uint32_t rate;                                   /* messages a second, 0 without limit */
	uint64_t entries, bytes, long_ones, torn, binary, limited, refused; /* refused: connections */
	int64_t last_at, looked_at;                      /* ns UTC; looked_at: at its clock */
	int64_t offset_s;                                /* its clock minus ours, of the message looked at last */
	bool offset_known, known;                        /* known: a rule names it */
	unsigned connections;
	int64_t tokens, filled_at;                       /* of the limit; ns */
	unsigned log_number;                             /* of batches_log */
};

struct sources;

struct sources *sources_new(void);
void sources_free(struct sources *s);
/* Replaces the rules. ERR_SYNTAX with the line: then nothing is changed; unless skip, which leaves out what is not understood (e->line
 * is then the last such line, else 0). Sources keep what was counted; every struct source stays
 * where it is, but who held one asks again. */
int sources_load(struct sources *s, struct str text, bool skip, struct err *e) MUST_USE;

/* The source of an address (in6: IPv4 as mapped). Never NULL. */
struct source *source_of_address(struct sources *s, const struct in6_addr *a);
/* Whether a rule names it. */
bool source_has_address(const struct sources *s, const struct in6_addr *a);
/* Of a certificate's name, a file or a socket; a name that no rule has is the source "KIND:VALUE". */
struct source *source_of(struct sources *s, enum source_kind kind, struct str value);
/* Only what a rule names, else NULL: tokens. */
struct source *source_known(struct sources *s, enum source_kind kind, struct str value);

/* Takes n messages off the source's allowance at that time; how many of them may pass. */
size_t source_pass(struct source *s, size_t n, int64_t now_ns);
/* The same for what was read already: beyond the allowance it is owed, for SOURCE_DEBT_S at most. True: read no more until
 * source_pass allows it. */
#define SOURCE_DEBT_S 30
bool source_owe(struct source *s, size_t n, int64_t now_ns) MUST_USE;
/* All sources that sent something, as a JSON array. */
void sources_json(const struct sources *s, struct jw *j);
/* Text of an address, IPv4 as such; out has INET6_ADDRSTRLEN bytes. */
struct str address_text(const struct in6_addr *a, char *out);
/* From a socket's address; false when it is none of IPv4 or IPv6. *ret_port may be NULL. */
bool address_of(const void *sockaddr, struct in6_addr *ret, uint16_t *ret_port);

#endif
