/* What every page and API handler of the office works with. One request is handled at a time per process: parse the REQ
 * message, find the route (route.c), session and rights, one transaction, template, RESP. Handlers never write to sockets. */
#ifndef OFFICE_OFFICE_H
#define OFFICE_OFFICE_H

#include "core/assess.h"
#include "core/record.h"
#include "lib/html.h"
#include "lib/i18n.h"
#include "lib/msg.h"

enum office_role { OFFICE_WRITER, OFFICE_READER, OFFICE_JOB };

/* What one office process holds from start to end. */
struct office {
	enum office_role role;
	char role_name[32];                              /* "office.writer", "office.reader.0" */
	struct db *db;
	struct ledgers *ledgers;
	struct checks *checks;
	struct loop *loop;
	char dir[256], share[256];                       /* as seen inside the sandbox */
	int blobs;                                       /* directory descriptor of the attachments */
	int front, auth, vault, search, audit, writer, job;     /* peers; -1 while absent */
	unsigned front_life[3];                          /* counts the pairs with front, and with that of the Internet side: an answer
	                                                  * goes where its request came from */
	bool two_sides;                                  /* there is a front on the Internet side */
	bool sample;                                     /* made with --sample: links, other dates */
	/* Set by main: judge everything soon, in a transaction of its own; give a broken pair with the vault up. */
	void (*assess_soon)(struct office *o), (*vault_broken)(struct office *o), (*search_broken)(struct office *o);
	void (*job_soon)(struct office *o);              /* after the request in hand the job process is told that there is work */
	struct arena *start;                             /* what lives as long as the process */
};

/* A handler that waits for another process returns PARKED; its continuation gives the answer. */
#define PARKED 1

struct form_field {
	struct str name, value;
};
struct upload {
	struct str field, name, media_type;
	int64_t size;
	int fd;                                          /* owned by the request */
	struct str sha256;                               /* STR_NONE; else it stands enciphered in a spool (spool.c) and this, front says, is its
	                                                  * hash */
};
struct request {
	int64_t id;
	struct str method, path, query, peer, raw_body;
	bool https;
	struct form_field *headers, *fields, *params;    /* params: decoded query */
	size_t n_headers, n_fields, n_params;
	struct upload *files;
	size_t n_files;
	int body_kind;
};

#define RESPONSE_BODY_MAX (24u << 20)

struct response {
	unsigned status;
	struct form_field headers[16];
	size_t n_headers;
	struct buf body;
	int file;                                        /* -1; else sent instead of the body, owned */
	int64_t file_size;
	struct spool_group *spools;                      /* NULL; else where a large body goes */
	bool wait_sealed;                                /* do not answer before the vault has acknowledged all events */
};

enum session_stage { SESSION_FULL, SESSION_FACTOR, SESSION_PASSWORD, SESSION_ENROL };

struct session {
	int64_t id;
	struct str token_hash, csrf;
	int64_t person, created_at, seen_at;
	int64_t confirmed_at;                            /* asked again who it is; 0 not */
	enum session_stage stage;                        /* what is still open before it counts */
	enum lang lang;
	struct str flash;
};

struct ctx;
typedef int auth_done(struct ctx *c, unsigned result, struct str detail, struct err *e);

/* One request in hand. */
struct ctx {
	struct office *office;
	struct arena *arena;
	int reply_to;                                    /* socket of the front that asked, in this front_life alone */
	unsigned front_life;
	bool spool;                                      /* asks where a large body may go (spool.c) */
	bool folder;                                     /* came by a watched folder (src/watch): the way through the gate, for both sides */
	bool net;                                        /* came by the front of the Internet side */
	struct world world;
	struct request *req;
	struct response *res;
	struct session *session;                         /* NULL before sign-in */
	struct actor actor;
	enum lang lang;
	const struct route *route;
	struct str args[4];                              /* the {…} parts of the path, in order */
	struct html page;
	int64_t sealed_seq;                              /* last event this request caused */
	int64_t call;                                    /* id of the question to auth */
	auth_done *then;                                 /* while parked */
	void *then_arg;
	struct ctx *next;                                /* in a waiting list */
	bool discard;                                    /* the answer names faults: nothing of this request is kept */
	bool tx;                                         /* inside the request's transaction */
	int64_t wait_until;
	struct msg *msg;                                 /* the request as received: strings point into it */
};

typedef int handler(struct ctx *c, struct err *e);   /* 0, or a code that becomes an error page */

enum route_flags {
	R_PUBLIC = 1,        /* before sign-in */
	R_NO_FACTOR = 2,     /* signed in, second factor or password change still open */
	R_WRITES = 4,        /* goes to the writer; POST always does */
	R_API = 8,           /* token instead of session, JSON errors, no CSRF */
	R_SEALED = 16,       /* answers only after the vault's acknowledgement */
	R_NET = 32,          /* on the Internet side too */
	R_SPOOL = 128,       /* its files may come by way of the disk */
	R_NAMED = 64,        /* the roles may, and who a record names: for the others the handler decides (403) */
};

/* The only list of what can be asked (route.c): path with {name} parts, one method, roles (bits; ROLES_ALL), fields
 * accepted (others: 400). The permission matrix is generated from it. */
struct route {
	const char *method, *path;
	unsigned flags;
	uint32_t roles;
	const char *const *fields;                       /* NULL-terminated; NULL: none. "*": the handler checks (ledger forms) */
	handler *run;
	const char *help;                                /* what it is, for docs/permissions.md */
};
#define ROLES_ALL 0xffffffffu
extern const struct route routes[];
extern const size_t n_routes;

/* Request access; STR_NONE when absent. */
struct str req_field(const struct ctx *c, const char *name);
struct str req_param(const struct ctx *c, const char *name);
struct str req_header(const struct ctx *c, const char *lower_name);

/* Answers */
void res_header(struct ctx *c, const char *name, struct str value);
int res_redirect(struct ctx *c, struct str path);    /* 303, own paths only */
/* Page frame: navigation, who is signed in, messages; then the handler writes its template to c->page. */
void page_begin(struct ctx *c, const char *title);
/* The same with a date the page shows instead of today, or a page that loads itself again (progress). */
struct page_extra {
	struct str as_of;                                /* ISO; STR_NONE today */
	int refresh;                                     /* seconds; 0 not */
};
void page_begin_with(struct ctx *c, const char *title, const struct page_extra *x);
int page_end(struct ctx *c, unsigned status);
int page_error(struct ctx *c, unsigned status, const char *title, struct str text);
int res_json(struct ctx *c, unsigned status, struct buf *json);
/* The same from a file, read while it is sent; takes fd over. */
int res_stream(struct ctx *c, const char *media_type, struct str file_name, int fd, int64_t size);
int res_file(struct ctx *c, const char *media_type, struct str file_name, struct str bytes); /* as attachment, nosniff */
/* A message shown once on the next page (after a redirect); one that begins with "!" is bad news. */
void flash(struct ctx *c, const char *text);

#endif
