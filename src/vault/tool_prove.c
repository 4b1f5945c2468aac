#include "vault/tool_parts.h"

#include <string.h>

#include "lib/file.h"
#include "vault/vault.h"

/* Opens a folder whose last-signed is rightly signed by its own key. */
static int open_signed(struct tool *t, struct tlog **ret, struct checkpoint *ret_head, struct note_key *ret_key)
{
	struct err e = {0};
	struct tlog *s = NULL;

	if (tlog_open(t->dir, &s, &e))
		return tool_fail(&e);
	if (note_key_parse(buf_view(&s->vkey), ret_key, &e) ||
	    checkpoint_check(buf_view(&s->last_signed), ret_key, ret_head, &e) || tlog_tiles(s, &e)) {
		tlog_free(s);
		tool_fail(&e);
		return TOOL_NO;
	}
	*ret = s;
	return 0;
}

int tool_note(struct tool *t, struct tlog *s, const struct note_key *key, uint64_t end, struct str *ret, struct checkpoint *head, struct err *e)
{
	struct checkpoint c;
	int r = !s->cosigned.n ? ERR_NOTFOUND : checkpoint_check(buf_view(&s->cosigned), key, &c, e);

	if (!t->policy) {
		if (r || c.size < end)
			return 0;
		*ret = buf_view(&s->cosigned);
		*head = c;
		return 0;
	}
	if (r == ERR_NOTFOUND)
		return err_set(e, ERR_DENIED, "no witness cosigned this log");
	if (r || (r = policy_check(t->policy, buf_view(&s->cosigned), key, &c, NULL, e)))
		return r;
	if (c.size < end)
		return err_set(e, ERR_DENIED, "the cosigned log has %llu entries: ask the witnesses first", (unsigned long long)c.size);
	*ret = buf_view(&s->cosigned);
	*head = c;
	return 0;
}

static void put_hash(struct jw *j, const uint8_t *h)
{
	struct buf b;

	buf_init(&b, 64);
	buf_base64(&b, h, MERKLE_LEN);
	jw_str(j, buf_view(&b));
	buf_release(&b);
}

static void proof_json(struct buf *out, const struct tlog_proof *p, struct str entry, struct str text)
{
	struct jw j;

	jw_init(&j, out, true);
	jw_object(&j);
	jw_key(&j, "entry");
	tool_entry_json(&j, p->index, entry);
	jw_key(&j, "hashes");
	jw_array(&j);
	for (size_t i = 0; i < p->n; i++)
		put_hash(&j, p->hashes[i]);
	jw_end_array(&j);
	jw_kstr(&j, "checkpoint", p->checkpoint);
	jw_kstr(&j, "proof", text);
	jw_end_object(&j);
	buf_putc(out, '\n');
}

/* What is handed out was checked as its receiver will check it. */
static int check(struct str entry, struct str text, const struct note_key *key, struct tlog_proof *ret, struct err *e)
{
	uint8_t leaf[MERKLE_LEN];
	struct checkpoint c = {0};
	int r = tlog_proof_parse(text, ret);

	if (r)
		return err_set(e, ERR_CORRUPT, "not a tlog-proof");
	merkle_leaf(entry.p, entry.n, leaf);
	return tlog_proof_check(ret, leaf, key, &c, e);
}

int tool_prove(struct tool *t)
{
	struct tlog_proof p;
	struct checkpoint c = {0};
	struct note_key key = {0};
	struct err e = {0};
	struct tlog *s = NULL;
	struct buf entry, proof, json;
	struct str note;
	uint64_t index;
	int r;

	if (tool_number(t->args[1], &index))
		return tool_usage();
	if (tool_policy_read(t, &e))
		return tool_fail(&e);
	r = open_signed(t, &s, &c, &key);
	if (r || !s)
		return r;
	note = buf_view(&s->last_signed);
	buf_init(&entry, ENTRY_MAX);
	buf_init(&proof, NOTE_MAX);
	buf_init(&json, TOOL_OUT_MAX);
	r = tool_note(t, s, &key, index + 1, &note, &c, &e);
	if (!r)
		r = tlog_prove(s, index, c.size, note, &entry, &proof, &e);
	if (!r)
		r = check(buf_view(&entry), buf_view(&proof), &key, &p, &e);
	if (!r && t->json)
		proof_json(&json, &p, buf_view(&entry), buf_view(&proof));
	tlog_free(s);
	r = r ? tool_fail(&e) : tool_print(t->json ? &json : &proof);
	buf_release(&entry);
	buf_release(&proof);
	buf_release(&json);
	return r;
}

int tool_check_proof(struct tool *t)
{
	struct buf text, vkey, entry, out;
	struct note_key key = {0};
	struct tlog_proof p;
	struct err e = {0};
	struct jw j;
	int r;

	if (!t->vkey)
		return tool_usage();
	if (tool_policy_read(t, &e))
		return tool_fail(&e);
	buf_init(&text, NOTE_MAX);
	buf_init(&vkey, NOTE_VKEY_MAX);
	buf_init(&entry, ENTRY_MAX);
	buf_init(&out, TOOL_OUT_MAX);
	if (!(r = file_read(t->args[0], NOTE_MAX, &text, &e)) && !(r = tool_key(t->vkey, &vkey, &e)) &&
	    !(r = note_key_parse(buf_view(&vkey), &key, &e)) && t->entry)
		r = file_read(t->entry, ENTRY_MAX, &entry, &e);
	if (!r && tlog_proof_parse(buf_view(&text), &p))
		r = err_set(&e, ERR_CORRUPT, "%s: not a tlog-proof", t->args[0]);
	if (!r && !t->entry) {
		void *room = buf_room(&entry, PROOF_EXTRA_MAX);
		long n = p.extra64.p && room ? base64_decode(p.extra64, room, PROOF_EXTRA_MAX) : -1;

		if (n < 0)
			r = err_set(&e, ERR_CORRUPT, "the proof does not carry its entry: give it with --entry");
		else
			buf_grew(&entry, (size_t)n);
	}
	if (!r)
		r = check(buf_view(&entry), buf_view(&text), &key, &p, &e);
	if (!r && t->policy)
		r = policy_check(t->policy, p.checkpoint, &key, NULL, NULL, &e);
	if (!r && t->json) {
		jw_init(&j, &out, true);
		tool_entry_json(&j, p.index, buf_view(&entry));
		buf_putc(&out, '\n');
	} else if (!r) {
		buf_printf(&out, _("proven: this entry stands in %s\n"), key.name);
		tool_entry_text(&out, p.index, buf_view(&entry));
	}
	r = r ? tool_fail(&e) : tool_print(&out);
	buf_release(&text);
	buf_release(&vkey);
	buf_release(&entry);
	buf_release(&out);
	return r;
}

struct consistency {
	uint64_t old, new;
	uint8_t old_root[MERKLE_LEN], new_root[MERKLE_LEN];
	uint8_t proof[MERKLE_PROOF_MAX][MERKLE_LEN];
	size_t n;
};

/* The request body of C2SP tlog-witness when NEW is the signed size, else both roots in words. */
static void consistency_text(struct buf *out, const struct consistency *c, struct str note)
{
	buf_printf(out, "old %llu\n", (unsigned long long)c->old);
	for (size_t i = 0; i < c->n; i++) {
		buf_base64(out, c->proof[i], MERKLE_LEN);
		buf_putc(out, '\n');
	}
	buf_putc(out, '\n');
	if (note.n) {
		buf_str(out, note);
		return;
	}
	buf_printf(out, "new %llu\n", (unsigned long long)c->new);
	buf_base64(out, c->new_root, MERKLE_LEN);
	buf_putc(out, '\n');
}

static void consistency_json(struct buf *out, const struct consistency *c)
{
	struct jw j;

	jw_init(&j, out, true);
	jw_object(&j);
	jw_kint(&j, "old", (int64_t)c->old);
	jw_kint(&j, "new", (int64_t)c->new);
	jw_key(&j, "old_root");
	put_hash(&j, c->old_root);
	jw_key(&j, "new_root");
	put_hash(&j, c->new_root);
	jw_key(&j, "proof");
	jw_array(&j);
	for (size_t i = 0; i < c->n; i++)
		put_hash(&j, c->proof[i]);
	jw_end_array(&j);
	jw_end_object(&j);
	buf_putc(out, '\n');
}

static int consistency_make(struct tlog *s, struct consistency *c, const struct checkpoint *head, struct err *e)
{
	int r;

	if (!c->old || c->old > c->new || c->new > head->size)
		return err_set(e, ERR_RANGE, "sizes must be from 1 to the signed %llu", (unsigned long long)head->size);
	if ((r = merkle_root_at(tlog_node, s, c->old, c->old_root)) ||
	    (r = merkle_root_at(tlog_node, s, c->new, c->new_root)) ||
	    (r = merkle_consistency(tlog_node, s, c->old, c->new, c->proof, &c->n)) ||
	    (r = merkle_consistency_check(c->old, c->new, c->old_root, c->new_root, c->proof, c->n)))
		return err_set(e, r, "the hashes of the proof cannot be read");
	if (c->new == head->size && memcmp(c->new_root, head->root, MERKLE_LEN) != 0)
		return err_set(e, ERR_CORRUPT, "the entries are not those that were signed");
	return 0;
}

int tool_consistency(struct tool *t)
{
	struct consistency c = {0};
	struct checkpoint head = {0};
	struct note_key key = {0};
	struct err e = {0};
	struct tlog *s = NULL;
	struct buf out;
	int r;

	if (tool_number(t->args[1], &c.old) || tool_number(t->args[2], &c.new))
		return tool_usage();
	r = open_signed(t, &s, &head, &key);
	if (r)
		return r;
	buf_init(&out, TOOL_OUT_MAX);
	r = consistency_make(s, &c, &head, &e);
	if (!r && t->json)
		consistency_json(&out, &c);
	else if (!r)
		consistency_text(&out, &c, c.new == head.size ? buf_view(&s->last_signed) : STR_NONE);
	tlog_free(s);
	r = r ? tool_fail(&e) : tool_print(&out);
	buf_release(&out);
	return r;
}
