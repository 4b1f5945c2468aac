/* One event: what was recorded, and the log's proof of it, checked here before it is called proven. */
#include "office/dispatch.h"
#include "office/pages.h"

#include <jansson.h>

#include "core/note.h"
#include "core/proto.h"
#include "lib/log.h"
#include "office/note.h"
#include "queries.h"
#include "tpl.h"

#define VAULT_WAIT_MS 3000

struct found {
	int64_t seq, index, at, record, version, actor, on_behalf;
	struct str body, ledger, action, salt, change, hash, entry, proof;
	bool sealed, erased;
};

static int load(struct ctx *c, struct found *f, struct err *e)
{
	if (str_int(c->args[0], 1, INT64_MAX, &f->seq) < 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such event."));
	struct stmt *q = db_query(c->office->db, Q_EVENT_GET);
	bind_int(q, 1, f->seq);
	int r = step(q);
	if (r == 1) {
		f->body = col_dup(q, 0, c->arena);
		f->sealed = !col_null(q, 1);
		f->index = f->sealed ? col_int(q, 1) : -1;
		f->at = col_int(q, 2);
		f->ledger = col_dup(q, 3, c->arena);
		f->record = col_int(q, 4);
		f->version = col_int(q, 5);
		f->actor = col_int(q, 6);
		f->on_behalf = col_int(q, 7);
		f->action = col_dup(q, 8, c->arena);
		f->salt = col_dup(q, 9, c->arena);
		f->change = col_dup(q, 10, c->arena);
		f->erased = !col_null(q, 11);
		f->hash = col_dup(q, 12, c->arena);
	}
	stmt_done(q);
	return r == 1 ? 0 : err_set(e, ERR_NOTFOUND, "%s", _("There is no such event."));
}

static bool is_about(const struct found *f, int64_t person)
{
	return str_starts(f->action, "auth.") && (f->on_behalf == person || (str_is(f->ledger, "persons") && f->record == person));
}

/* An event of a record is seen by who sees the record; others by those who oversee, and by the person it is about. */
static int may_see(struct ctx *c, const struct found *f, struct record *rec, struct err *e)
{
	const uint32_t overseers = (1u << ROLE_SECRETARIAT) | (1u << ROLE_CHIEF) | (1u << ROLE_CISO) | (1u << ROLE_AUDIT_CHIEF) | (1u << ROLE_AUDITOR) |
	                           (1u << ROLE_CSIRT);
	const struct ledger *l = f->ledger.n ? ledgers_get(c->world.ledgers, f->ledger) : NULL;
	if (l && f->record && !str_starts(f->action, "auth."))
		return record_get(&c->world, c->arena, &c->actor, l, f->record, rec, e);
	if ((c->actor.roles & overseers) || f->actor == c->actor.person || is_about(f, c->actor.person))
		return 0;
	return err_set(e, ERR_NOTFOUND, "%s", _("There is no such event."));
}

static int ask(struct ctx *c, struct msg *m, struct msg *ret, struct err *e)
{
	int r = c->office->vault < 0 || c->office->role == OFFICE_WRITER ? ERR_CLOSED
	        : msg_call(c->office->vault, m, VAULT_WAIT_MS, ret);
	msg_release(m);
	if (r < 0) {
		if (r != ERR_CLOSED)
			c->office->vault_broken(c->office);
		return err_set(e, ERR_BUSY, "%s", _("The evidence store does not answer just now."));
	}
	return 0;
}

/* The log's public key, as the vault states it. */
static int log_key(struct ctx *c, struct note_key *ret, struct err *e)
{
	struct msg m, ans;
	struct str state;
	json_error_t je;
	msg_init(&m, VAULT_STATUS);
	int r = ask(c, &m, &ans, e);
	if (r < 0)
		return r;
	r = ans.type == VAULT_STATE && msg_str(&ans, 1u << 20, &state) == 0 && msg_end(&ans) == 0 ? 0 : ERR_PROTO;
	json_t *o = r == 0 ? json_loadb(state.p, state.n, JSON_REJECT_DUPLICATES, &je) : NULL;
	const char *vkey = json_string_value(json_object_get(o, "vkey"));
	r = vkey ? note_key_parse(str_from(vkey), ret, e) : err_set(e, ERR_PROTO, "%s", _("The log states no key."));
	json_decref(o);
	msg_release(&ans);
	return r;
}

static int fetch(struct ctx *c, struct found *f, struct err *e)
{
	struct msg m, ans;
	uint32_t code;
	struct str entry, proof;
	msg_init(&m, VAULT_PROVE);
	msg_put_i64(&m, f->index);
	int r = ask(c, &m, &ans, e);
	if (r < 0)
		return r;
	r = ans.type == VAULT_PROOF && msg_u32(&ans, &code) == 0 && msg_str(&ans, MSG_MAX, &entry) == 0 &&
	    msg_str(&ans, 1u << 20, &proof) == 0 && msg_end(&ans) == 0 ? 0
	    : err_set(e, ERR_PROTO, "%s", _("The evidence store gave no answer that can be read."));
	if (r == 0 && code)
		r = err_set(e, ERR_CORRUPT, "%s", err_text(-(int)code));
	if (r == 0) {
		f->entry = arena_str(c->arena, entry);
		f->proof = arena_str(c->arena, proof);
	}
	msg_release(&ans);
	return r;
}

/* The entry ends with exactly our event, and the proof binds it to a checkpoint signed by the log's key. */
static int prove(struct ctx *c, struct found *f, struct err *e)
{
	struct note_key key;
	struct tlog_proof proof;
	struct checkpoint cp;
	uint8_t leaf[MERKLE_LEN];
	int r = fetch(c, f, e);
	if (r < 0 || (r = log_key(c, &key, e)) < 0)
		return r;
	if (f->entry.n < f->body.n || memcmp(f->entry.p + f->entry.n - f->body.n, f->body.p, f->body.n) != 0)
		return err_set(e, ERR_CORRUPT, "%s", _("The log holds another text at this place."));
	merkle_leaf(f->entry.p, f->entry.n, leaf);
	if (tlog_proof_parse(f->proof, &proof) < 0 || proof.index != (uint64_t)f->index)
		return err_set(e, ERR_CORRUPT, "%s", _("The proof cannot be read."));
	return tlog_proof_check(&proof, leaf, &key, &cp, e);
}

static struct str person_name(struct ctx *c, int64_t id)
{
	if (!id)
		return str_from(_("the system"));
	struct stmt *q = db_query(c->office->db, Q_PERSON_NAME);
	bind_int(q, 1, id);
	struct str s = step(q) == 1 ? col_dup(q, 0, c->arena) : str_from(_("(unknown)"));
	stmt_done(q);
	return s;
}

static struct str hex(struct arena *a, struct str bytes)
{
	struct buf b;
	buf_init(&b, 4096);
	buf_hex(&b, bytes.p, bytes.n);
	struct str s = arena_str(a, buf_view(&b));
	buf_release(&b);
	return s;
}

int page_event(struct ctx *c, struct err *e)
{
	struct found f = {0};
	struct record rec = {0};
	struct err why = {0};
	int r = load(c, &f, e);
	if (r < 0 || (r = may_see(c, &f, &rec, e)) < 0)
		return r;
	int proven = f.sealed ? prove(c, &f, &why) : ERR_WRONG_STATE;
	/* The change may hold fields that are secret to this reader: its text is for those who oversee, the rest is on
	 * the record. */
	bool texts = c->actor.roles & ((1u << ROLE_SECRETARIAT) | (1u << ROLE_CHIEF) | (1u << ROLE_AUDIT_CHIEF) | (1u << ROLE_AUDITOR));
	if (texts && f.change.n && (r = note_personal_read(c, f.ledger, f.record, STR("event"), e)) < 0)
		return r;
	struct tpl_event d = {
		.seq = f.seq, .action = f.action, .at = f.at, .who = person_name(c, f.actor),
		.behalf = f.on_behalf ? person_name(c, f.on_behalf) : STR(""), .record_title = rec.title, .version = f.version,
		.record = arena_strf(c->arena, "/ledgers/%.*s/%lld", STR_ARG(f.ledger), (long long)f.record),
		.change = texts ? f.change : STR(""), .erased = f.erased, .salt = hex(c->arena, f.salt),
		.hash = hex(c->arena, f.hash), .body = f.body, .sealed = f.sealed, .index = f.index, .proven = proven == 0,
		.proof_error = arena_str(c->arena, str_from(why.text)), .proof = f.proof,
		.download = arena_strf(c->arena, "/events/%lld/proof", (long long)f.seq),
	};
	page_begin(c, _("Event"));
	tpl_event(&c->page, &d);
	return page_end(c, 200);
}

int page_event_proof(struct ctx *c, struct err *e)
{
	struct found f = {0};
	struct record rec = {0};
	int r = load(c, &f, e);
	if (r < 0 || (r = may_see(c, &f, &rec, e)) < 0)
		return r;
	if (!f.sealed)
		return err_set(e, ERR_WRONG_STATE, "%s", _("Not sealed yet: the event waits for the log's acknowledgement."));
	if ((r = fetch(c, &f, e)) < 0)
		return r;
	return res_file(c, "text/plain; charset=utf-8", arena_strf(c->arena, "event-%lld.tlog-proof", (long long)f.seq),
	                f.proof);
}
