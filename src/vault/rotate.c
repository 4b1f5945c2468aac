/* A change of the log's key. Entry, both signatures, files, in this order: whoever trusts the older key finds in what it signed the
 * name of the newer one, and the checkpoint that both signed stays (kept/). */
#include "vault/vault.h"

#include <string.h>

#include "lib/file.h"
#include "lib/json.h"
#include "vault/retain.h"

bool vault_key_changes(const struct vault *v)
{
	return v->key_changes;
}

static void put_key(struct jw *j, const char *name, const struct note_key *k)
{
	struct buf b;

	buf_init(&b, NOTE_VKEY_MAX);
	note_key_put(&b, k);
	jw_kstr(j, name, buf_view(&b));
	buf_release(&b);
}

int vault_key_note(struct vault *v, struct err *e)
{
	struct buf b;
	struct jw j;
	int r;

	buf_init(&b, VAULT_DETAIL_MAX);
	jw_init(&j, &b, false);
	jw_object(&j);
	put_key(&j, "key", &v->next_key);
	put_key(&j, "replaces", &v->key);
	jw_end_object(&j);
	if (buf_err(&b)) {
		r = err_set(e, ERR_TOOBIG, "too long an entry");
	} else {
		b.p[b.n - 1] = 0; /* members only */
		r = vault_append_own(v, "key", b.p + 1, &v->key_at, e);
	}
	buf_release(&b);
	return r;
}

int vault_key_do(struct vault *v, struct err *e)
{
	struct str note = buf_view(&v->log->last_signed);
	struct checkpoint c;
	struct buf older, vkey;
	int r;

	if (!v->key_changes || v->signed_size <= v->key_at)
		return err_set(e, ERR_WRONG_STATE, "the change of keys must stand in the signed log first");
	if ((r = checkpoint_check(note, &v->next_key, &c, e)) || (r = retain_keep(v, e)))
		return r;
	buf_init(&older, NOTE_MAX);
	buf_init(&vkey, NOTE_VKEY_MAX);
	note_key_put(&older, &v->key);
	buf_putc(&older, '\n');
	/* a crash may have left it there already */
	if (str_starts(buf_view(&v->log->older), buf_z(&older)))
		buf_clear(&older);
	buf_str(&older, buf_view(&v->log->older));
	note_key_put(&vkey, &v->next_key);
	buf_putc(&vkey, '\n');
	r = buf_err(&older) || buf_err(&vkey) ? err_set(e, ERR_NOMEM, "older-keys") : 0;
	if (!r)
		r = file_write_atomic_at(v->log->dir, "older-keys", older.p, older.n, 0644, e);
	if (!r)
		r = file_write_atomic_at(v->log->dir, "vkey", vkey.p, vkey.n, 0644, e);
	if (!r) {
		buf_clear(&v->log->older);
		buf_str(&v->log->older, buf_view(&older));
		buf_clear(&v->log->vkey);
		buf_str(&v->log->vkey, buf_view(&vkey));
		v->key = v->next_key;
		v->key_changes = false;
	}
	buf_release(&older);
	buf_release(&vkey);
	return r;
}
