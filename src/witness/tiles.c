#include "witness/tiles.h"

#include "lib/clock.h"
#include "lib/file.h"
#include "tlog/entry.h"

#define FRESH_US SECOND_US                           /* how long what was opened is taken for the log of now */
#define FOR_EVER "public, max-age=31536000, immutable"
#define OF_NOW "public, max-age=2"

int tiles_open(struct tiles *t, struct err *e)
{
	int r;

	if (t->log && t->opened && clock_mono() - t->opened < FRESH_US)
		return 0;
	tlog_free(t->log);
	t->log = NULL;
	r = tlog_open(t->dir, &t->log, e);
	if (!r)
		r = note_key_parse(buf_view(&t->log->vkey), &t->key, e);
	if (!r)
		r = checkpoint_check(buf_view(&t->log->last_signed), &t->key, &t->head, e);
	if (!r)
		r = tlog_tiles(t->log, e);
	if (r) {
		tlog_free(t->log);
		t->log = NULL;
		return r;
	}
	t->opened = clock_mono();
	return 0;
}

static int put_hashes(struct tiles *t, const struct tile_name *n, struct buf *out)
{
	uint8_t h[MERKLE_LEN], whole[TILE_BYTES];

	if (n->level && n->width == MERKLE_TILE && !tile_read(t->log->dir, n->level, n->n, whole)) {
		buf_put(out, whole, sizeof whole);
		return buf_err(out);
	}
	for (unsigned i = 0; i < n->width; i++) {
		int r = tlog_node(t->log, n->level * 8, n->n * MERKLE_TILE + i, h);

		if (r)
			return r;
		buf_put(out, h, sizeof h);
	}
	return buf_err(out);
}

/* A bundle with a redacted entry could not be hashed to its tile: it is no more there than one that was removed. */
static int put_entries(struct tiles *t, const struct tile_name *n, struct buf *out)
{
	for (unsigned i = 0; i < n->width; i++) {
		struct str bytes;
		int r = tlog_entry(t->log, n->n * MERKLE_TILE + i, &bytes, NULL);

		if (r)
			return r;
		if (entry_redacted(bytes))
			return ERR_NOTFOUND;
		buf_u16(out, (uint16_t)bytes.n);
		buf_str(out, bytes);
	}
	return buf_err(out);
}

static void answer_tile(struct tiles *t, const struct tile_name *n, struct http_reply *ret)
{
	int r;

	if (n->level >= TILE_LEVELS || (n->entries && !t->entries) || n->n > t->head.size ||
	    n->n * MERKLE_TILE + n->width > t->head.size >> 8 * n->level)
		return;
	r = n->entries ? put_entries(t, n, &ret->body) : put_hashes(t, n, &ret->body);
	if (r) {
		buf_clear(&ret->body);
		ret->status = r == ERR_NOTFOUND ? 410 : 500;
		return;
	}
	ret->status = 200;
	ret->type = "application/octet-stream";
	ret->cache = FOR_EVER;
}

/* Checkpoints lie there as files; no tree is needed. */
static void answer_file(struct tiles *t, const char *name, struct http_reply *ret)
{
	if (file_read_at(t->log->dir, name, NOTE_MAX, &ret->body, NULL))
		return;
	ret->status = 200;
	ret->cache = OF_NOW;
}

/* Whoever sees a checkpoint may ask for its tiles in the same second. */
static void answer_checkpoint(struct tiles *t, struct http_reply *ret)
{
	answer_file(t, "checkpoint", ret);
	if (ret->status != 200 || str_eq(buf_view(&ret->body), buf_view(&t->log->last_signed)))
		return;
	t->opened = 0;
	if (tiles_open(t, NULL)) {
		buf_clear(&ret->body);
		ret->status = 503;
	}
}

void tiles_answer(void *arg, struct str method, struct str path, struct str body, struct http_reply *ret)
{
	struct tiles *t = arg;
	struct tile_name n;

	(void)body;
	if (!str_is(method, "GET")) {
		ret->status = 405;
		return;
	}
	if (tiles_open(t, NULL))
		ret->status = 503;
	else if (str_is(path, "/checkpoint"))
		answer_checkpoint(t, ret);
	else if (str_is(path, "/cosigned"))
		answer_file(t, "cosigned", ret);
	else if (!tile_name_parse(path, &n))
		answer_tile(t, &n, ret);
}
