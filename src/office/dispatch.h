/* From a REQ message to its RESP: route, session, rights, transaction, handler; parked requests; waiting for the
 * vault. */
#ifndef OFFICE_DISPATCH_H
#define OFFICE_DISPATCH_H

#include "office/office.h"

/* request.c */
int request_read(struct msg *m, struct arena *a, struct request *r) MUST_USE;
int query_read(struct arena *a, struct str query, struct form_field **ret, size_t *ret_n) MUST_USE;
void request_release(struct request *r);
struct str req_cookie(const struct ctx *c, const char *name);
void response_write(struct msg *m, const struct request *r, const struct response *res);

/* dispatch.c: takes the message over. ERR_PROTO: the peer is to be ended. */
enum side { SIDE_LGWAN, SIDE_NET, SIDE_FOLDER };
int dispatch(struct office *o, int from, enum side side, struct msg *m) MUST_USE;
/* Runs the continuation of a parked request and answers. */
void dispatch_resume(struct ctx *c, unsigned result, struct str detail);
/* Everything up to `seq` is sealed: answers what waited for it. */
void dispatch_sealed(struct office *o, int64_t seq);
/* The vault is gone or slow: answers what waits beyond its time, saying so. */
void dispatch_expire(struct office *o);

/* route.c */
const struct route *route_find(struct str method, struct str path, struct str args[4], bool *ret_path_known);

/* session.c */
int session_find(struct ctx *c, struct session **ret, struct err *e) MUST_USE;
/* New token; the cookie is set on the response. An older session of the same browser ends. */
int session_begin(struct ctx *c, int64_t person, enum session_stage stage, struct err *e) MUST_USE;
int session_stage_set(struct ctx *c, enum session_stage stage, struct err *e) MUST_USE;
int session_end(struct ctx *c, int64_t session_id, struct err *e) MUST_USE;

/* The person behind an API token (Authorization: Bearer …) into c->actor; ERR_DENIED. */
int token_actor(struct ctx *c, struct err *e) MUST_USE;

/* outbox.c: rows go to the vault in order. */
void outbox_poke(struct office *o);
/* Waits until all is sealed, or for so long: for commands, nobody is answered meanwhile. */
void outbox_settle(struct office *o, int64_t most_ms);
/* Nothing is handed to the vault before that moment (clock_mono), so that it can be copied as it is; 0 ends it. */
void outbox_hold(int64_t until);
bool outbox_held(void);
void outbox_hold_over(struct office *o);             /* sends on when the moment has passed */
/* A new connection: whatever is unacknowledged is sent again. */
void outbox_restart(void);
int outbox_answer(struct office *o, struct msg *m) MUST_USE;
/* May something be written now? ERR_BUSY while the vault is away too long. */
int outbox_open(struct office *o, bool sealed, struct err *e) MUST_USE;
int64_t outbox_last(struct db *db);

/* authcall.c: sends m (its call id is put by this function) and parks c until the answer. Returns PARKED or an
 * error. */
struct msg *auth_msg(struct ctx *c, struct msg *m, uint16_t type);
int auth_call(struct ctx *c, struct msg *m, auth_done *then, void *arg, struct err *e) MUST_USE;
/* Blocks: only for commands. m holds what follows the call id; it is released. */
int auth_call_now(struct office *o, struct arena *a, struct msg *m, uint32_t *ret_result, struct str *ret_detail,
                  struct err *e) MUST_USE;
int auth_answer(struct office *o, struct msg *m) MUST_USE;
void auth_gone(struct office *o);

#endif
