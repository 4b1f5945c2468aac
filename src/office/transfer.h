/* The transfer service of the office: files that are to cross between the networks, one record of the ledger `transfers` each.
 * transfer_store.c keeps the bytes, transfer.c opens records, gate.c is the writer's client of the gates, page_transfer*.c and
 * api_transfer.c are what people and programs see. No function hands an original to anybody but a gate. */
#ifndef OFFICE_TRANSFER_H
#define OFFICE_TRANSFER_H

#include "office/office.h"

#define TRANSFER_NAME_MAX 255
#define GATES_MAX 8

/* --- bytes (transfer_store.c) ---------------------------------------------------------------------------------------- */

struct sealed {                                          /* an original as kept: encrypted, its key in the row */
	int64_t size;
	char sha256[65], key[65];
};
/* Encrypts what fd holds into RECORD.in, written whole and synced. */
int transfer_put_original(struct office *o, int64_t record, int fd, int64_t size, struct sealed *ret, struct err *e) MUST_USE;
/* transfers/, open. */
int transfer_folder(struct office *o, struct err *e) MUST_USE;
int transfer_hash(int fd, char sha256[65], struct err *e) MUST_USE;
/* A sealed memfd with the original: for a gate alone (gate.c). ERR_CORRUPT when it no longer equals its hash. */
int transfer_open_original(struct office *o, int64_t record, const struct sealed *s, int *ret_fd, struct err *e) MUST_USE;
/* What the gate verified, into RECORD.out; its own hash comes back. */
int transfer_put_out(struct office *o, int64_t record, int fd, int64_t *ret_size, char sha256[65], struct err *e) MUST_USE;
/* Opens RECORD.out; ERR_CORRUPT when it does not have this hash, ERR_NOTFOUND when it is not there. */
int transfer_open_out(struct office *o, int64_t record, struct str sha256, int *ret_fd, int64_t *ret_size, struct err *e) MUST_USE;
/* A file without a name on the same disk. */
int transfer_scratch(struct office *o, int *ret_fd, struct err *e) MUST_USE;
void transfer_remove(struct office *o, int64_t record, bool original);
/* Is RECORD.out there? true also when that cannot be known. */
bool transfer_has_out(struct office *o, int64_t record);
/* Every file that lies there; spools of an earlier life are removed. At the start only. */
int transfer_each(struct office *o, void (*each)(void *arg, int64_t record, bool original), void *arg, struct err *e) MUST_USE;

/* --- records (transfer.c) -------------------------------------------------------------------------------------------- */

struct transfer_order {
	bool outward, personal;
	struct str recipients;                           /* staff numbers, separated by commas or blanks; "": oneself */
	struct str purpose, class_c, outside_recipient, provision, to_party;
	struct str once;                                 /* of one file: sent again with the same word it is the same record, not another; "" */
	const char *via;
};
/* One record per file of the request, in the transaction of the request. *faults names what is wrong with the order. */
int transfer_open(struct ctx *c, const struct transfer_order *t, int64_t *ret_ids, size_t *ret_n, struct faults *faults, struct err *e) MUST_USE;
/* The clean file of a record that c's actor may fetch, as attachment; the fetching becomes a step. */
int transfer_fetch(struct ctx *c, int64_t id, struct err *e) MUST_USE;
/* The password of what leaves locked; STR_NONE: it is not. Showing it is recorded by whoever shows it. */
struct str transfer_secret(struct ctx *c, int64_t id);
/* Another check of a held file, its sender asking; password: "" or what opens it. */
int transfer_again(struct ctx *c, int64_t id, struct str password, struct err *e) MUST_USE;
int64_t transfer_max(struct office *o);              /* bytes of one file */
/* What waits to be fetched, as items of a block of the first screen (page_transfers.c). */
struct tpl_home_blocks;
void transfer_inbox(struct ctx *c, size_t max, struct tpl_home_blocks *b);
struct ledger *transfer_ledger(struct world *w);
/* Values of a record made one by one; all in the arena. */
struct pairs {
	struct arena *a;
	struct value v[40];
	size_t n;
};
void pairs_put(struct pairs *p, const char *field, struct str text);
void pairs_int(struct pairs *p, const char *field, int64_t n);
struct values pairs_values(struct pairs *p);
struct str transfer_moment(struct arena *a, int64_t at);

/* --- the gates (gate.c; writer only) ----------------------------------------------------------------------------------- */

void gate_peer(struct office *o, const char *peer, int fd);
int gate_answer(struct office *o, const char *peer, struct msg *m) MUST_USE;
/* After the request in hand: whatever waits goes to a gate that is free. */
void gate_soon(struct office *o);
/* Once a minute: removes what is past its time, has held files checked again by a newer gate, asks the gates how they are. */
void gate_tick(struct office *o);
/* A typed password for the next check of this file. Kept in memory only. */
void gate_password(int64_t record, struct str password);
/* What the gates last said of themselves (JSON; STR_NONE nothing yet), and which file they have in hand. */
struct gate_state {
	const char *name;
	bool up;
	int64_t record;
	struct str health;
};
size_t gate_states(struct gate_state *ret, size_t max);

#endif
