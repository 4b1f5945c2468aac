#include "vault/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/file.h"
#include "tlog/io.h"
#include "vault/retain.h"

int vault_create(const char *path, struct str origin, unsigned units, struct err *e)
{
	struct tail t = {.fd = -1};
	uint8_t origin_hash[SHA256_LEN];
	struct block *empty;
	char seg[4096];
	struct buf b;
	int r, dir;

	if (note_name_check(origin) || !units || units > SEGMENT_UNITS_MAX)
		return err_set(e, ERR_INVALID, "not a name for a log: %.*s", STR_ARG(origin));
	if ((size_t)snprintf(seg, sizeof seg, "%s/seg", path) >= sizeof seg)
		return err_set(e, ERR_TOOBIG, "%.200s: too long", path);
	r = dir_make(seg, 0750, e);
	if (r)
		return r;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "%s", path);
	if (!faccessat(dir, "log", F_OK, 0)) {
		close(dir);
		return err_set(e, ERR_EXISTS, "%s: there is a log already", path);
	}
	sha256(origin.p, origin.n, origin_hash);
	empty = block_new();
	buf_init(&b, 1024);
	buf_printf(&b, "sekisho vault 1\norigin %.*s\nsegment %u\n", STR_ARG(origin), units * SEGMENT_UNIT);
	r = tail_replace(&t, dir, origin_hash, empty, e);
	/* last, for its presence says that the log is whole */
	if (!r)
		r = file_write_atomic_at(dir, "log", b.p, b.n, 0640, e);
	tail_close(&t);
	block_free(empty);
	buf_release(&b);
	close(dir);
	return r;
}

/* One writer: an advisory lock that the kernel gives up with the process. */
static int take_lock(struct vault *v, struct err *e)
{
	v->lock = openat(v->log->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (v->lock < 0)
		return err_sys(e, "lock");
	if (flock(v->lock, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? err_set(e, ERR_BUSY, "another process writes to this log") : err_sys(e, "lock");
	return 0;
}

static int open_key(struct vault *v, struct err *e)
{
	int r;

	if (!v->log->vkey.n)
		return 0;
	r = note_key_parse(buf_view(&v->log->vkey), &v->key, e);
	v->has_key = !r;
	return r ? err_set(e, ERR_CORRUPT, "vkey: damaged") : 0;
}

static int open_steps(struct vault *v, const char *path, struct vault_repair *repair, struct err *e)
{
	int r;

	/* The lock lies in the folder, and the folder may change until it is ours: so it is read twice. */
	if ((r = tlog_open(path, &v->log, e)) || (r = take_lock(v, e)))
		return r;
	tlog_free(v->log);
	v->log = NULL;
	if ((r = tlog_open(path, &v->log, e)) || (r = open_key(v, e)) || (r = recover_edge(v, e)) ||
	    (r = recover_judge(v, e)) || (r = retain_judge(v, e)) || (r = recover_repair(v, repair, e)) ||
	    (r = retain_sweep(v, e)) || (r = recover_sources(v, e)))
		return r;
	v->committed = v->edge.size;
	merkle_edge_root(&v->edge, v->committed_root);
	v->indexer = indexer_new(v->log->dir);
	return 0;
}

static void free_full(struct vault *v)
{
	for (size_t i = 0; i < v->n_full; i++)
		segment_free(v->full[i]);
	v->n_full = 0;
}

int vault_open(const char *path, struct vault **ret, struct vault_repair *ret_repair, struct err *e)
{
	struct vault *v = xcalloc(1, sizeof *v);
	struct vault_repair repair = {0};
	char detail[160];
	uint64_t at;
	int r;

	v->lock = v->tail.fd = -1;
	buf_init(&v->snapshot, META_MAX);
	r = open_steps(v, path, &repair, e);
	if (!r && repair.cut) {
		snprintf(detail, sizeof detail, "\"bytes\":%llu,\"entries\":%llu,\"size\":%llu",
		         (unsigned long long)repair.torn_bytes, (unsigned long long)repair.lost_entries,
		         (unsigned long long)v->committed);
		r = vault_append_own(v, "cut", detail, &at, e);
		if (!r)
			r = vault_commit(v, e);
	}
	if (r) {
		vault_close(v);
		return r;
	}
	*ret = v;
	*ret_repair = repair;
	return 0;
}

void vault_close(struct vault *v)
{
	if (!v)
		return;
	if (v->log) {
		free_full(v);
		segment_trim(v->log->live);
		segment_free(v->log->live);
	}
	tail_close(&v->tail);
	indexer_free(v->indexer);
	indexer_free(v->mender);
	tlog_free(v->log);
	sources_release(&v->sources);
	buf_release(&v->snapshot);
	if (v->lock >= 0)
		close(v->lock);
	free(v);
}

/* The key of the log goes on under the key `k`: the other one was in force until now. */
static int other_key(struct vault *v, const struct note_key *k, struct str older, struct err *e)
{
	struct note_key old;

	if (memcmp(k->public_key, v->key.public_key, NOTE_PUBLIC_LEN) == 0)
		return 0;
	if (!older.n || note_key_parse(older, &old, NULL) || memcmp(old.public_key, v->key.public_key, NOTE_PUBLIC_LEN) != 0)
		return err_set(e, ERR_CONFLICT, "this log was signed with another key");
	v->next_key = *k;
	v->key_changes = true;
	return 0;
}

int vault_set_key(struct vault *v, struct str vkey, struct err *e)
{
	struct note_key k;
	struct buf b;
	struct str older = vkey, first = str_cut(&older, '\n');
	int r = note_key_parse(first, &k, e);

	if (r)
		return r;
	if (!str_is(str_from(k.name), v->log->origin))
		return err_set(e, ERR_CONFLICT, "a key of %s, not of %s", k.name, v->log->origin);
	if (v->has_key)
		return other_key(v, &k, older, e);
	buf_init(&b, NOTE_VKEY_MAX);
	note_key_put(&b, &k);
	buf_putc(&b, '\n');
	r = file_write_atomic_at(v->log->dir, "vkey", b.p, b.n, 0644, e);
	if (!r) {
		buf_clear(&v->log->vkey);
		buf_str(&v->log->vkey, buf_view(&b));
		v->key = k;
		v->has_key = true;
	}
	buf_release(&b);
	return r;
}

/* Hashes of the blocks that this commit brought into a segment; after the commit point, for tiles can be made again. */
static int push_tiles(struct vault *v, const struct segment *seg, uint64_t from, struct err *e)
{
	for (size_t i = 0; i < seg->n; i++)
		for (uint32_t k = 0; seg->blocks[i].first >= from && k < seg->blocks[i].count / BUNDLE; k++) {
			int r = tlog_tile_push(v->log, seg->blocks[i].bundle[k], e);

			if (r)
				return r;
		}
	return 0;
}

static int sync_segments(struct vault *v, struct err *e)
{
	for (size_t i = 0; i < v->n_full; i++)
		if (io_sync(v->full[i]->fd))
			return err_sys(e, "seg");
	if (v->log->live && io_sync(v->log->live->fd))
		return err_sys(e, "seg");
	if (v->seg_new && dir_fsync(v->log->seg_dir))
		return err_sys(e, "seg");
	v->seg_new = false;
	return 0;
}

static int commit_blocks(struct vault *v, struct err *e)
{
	struct tlog *s = v->log;
	uint64_t from = v->tail.first;
	int r = sync_segments(v, e);

	if (!r)
		r = tail_replace(&v->tail, s->dir, s->origin_hash, s->open, e);
	/* the commit point: from here on the blocks count */
	for (size_t i = 0; !r && i < v->n_full; i++) {
		r = push_tiles(v, v->full[i], from, e);
		if (!r)
			r = segment_seal(v->full[i], e);
	}
	if (!r && s->live)
		r = push_tiles(v, s->live, from, e);
	if (!r)
		free_full(v);
	return r;
}

int vault_commit(struct vault *v, struct err *e)
{
	int r;

	if (v->broken)
		return err_set(e, ERR_WRONG_STATE, "the log must be opened anew");
	if (v->committed == tlog_size(v->log))
		return 0;
	r = vault_edge(v);
	if (!r)
		r = v->tail.first == v->log->open->first ? tail_commit(&v->tail, v->log->open, e) : commit_blocks(v, e);
	v->broken = r != 0;
	if (!r) {
		v->committed = v->edge.size;
		merkle_edge_root(&v->edge, v->committed_root);
	}
	return r;
}

void vault_head(const struct vault *v, struct checkpoint *ret)
{
	ret->origin = str_from(v->log->origin);
	ret->size = v->committed;
	memcpy(ret->root, v->committed_root, MERKLE_LEN);
}

bool vault_unsigned(const struct vault *v)
{
	return v->committed > v->signed_size;
}

/* Shown as a second name of the file that is on disk already: without waiting for the disk again, whatever a power cut leaves
 * is a whole checkpoint, this or the one before. */
static int show(struct vault *v, struct str note, struct err *e)
{
	int dir = v->log->dir;

	unlinkat(dir, ".checkpoint.new", 0);
	if (linkat(dir, "last-signed", dir, ".checkpoint.new", 0)) /* a file system without second names */
		return file_write_atomic_at(dir, "checkpoint", note.p, note.n, 0644, e);
	return renameat(dir, ".checkpoint.new", dir, "checkpoint") ? err_sys(e, "checkpoint") : 0;
}

int vault_publish(struct vault *v, struct str note, struct err *e)
{
	struct tlog *s = v->log;
	struct checkpoint c;
	int r;

	if (v->broken)
		return err_set(e, ERR_WRONG_STATE, "the log must be opened anew");
	if (!v->has_key)
		return err_set(e, ERR_DENIED, "the log's key is not known yet");
	r = checkpoint_check(note, &v->key, &c, e);
	if (r)
		return r;
	if (c.size != v->committed || memcmp(c.root, v->committed_root, MERKLE_LEN) != 0)
		return err_set(e, ERR_CONFLICT, "a signature for another tree");
	r = file_write_atomic_at(s->dir, "last-signed", note.p, note.n, 0644, e);
	if (!r)
		r = show(v, note, e);
	v->broken = r != 0;
	if (r)
		return r;
	buf_clear(&s->last_signed);
	buf_str(&s->last_signed, note);
	v->signed_size = c.size;
	memcpy(v->signed_root, c.root, MERKLE_LEN);
	return 0;
}
