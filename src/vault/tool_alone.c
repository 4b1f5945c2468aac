/* A log that a command writes to by itself, without the running vault: one of a data folder that does not run, signing with its
 * key, or a vault folder with a key of its own (DIR/key), which is made when there is none. */
#include "vault/tool_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/logkey.h"
#include "lib/file.h"
#include "vault/vault.h"

/* The one who runs holds these. */
int alone_lock(int *ret, const char *dir, const char *name, struct err *e)
{
	char path[TOOL_PATH_MAX + 32];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	*ret = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (*ret < 0)
		return errno == ENOENT ? 0 : err_sys(e, "%s", path);
	return flock(*ret, LOCK_EX | LOCK_NB) ? err_set(e, ERR_BUSY, "%s", _("The log is in use: stop Sekisho first.")) : 0;
}

static int open_key(struct alone *g, const char *folder, bool make, struct err *e)
{
	int fd, r = make ? dir_make(folder, 0700, e) : 0;

	if (r)
		return r;
	fd = make ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (make && (fd < 0 || logkey_make(fd, e)))
		r = fd < 0 ? err_sys(e, "%s", folder) : e->code;
	if (fd >= 0)
		close(fd);
	return r ? r : logkey_open(folder, &g->key, e);
}

/* A log of a data folder: named after the own one, made when it is not there. */
static int find_in_data(struct alone *g, struct tool *t, struct err *e)
{
	char path[TOOL_PATH_MAX + 64], origin[NOTE_NAME_MAX + 1];
	const char *name = t->log ? t->log : "standard";
	struct tlog *own;
	int r;

	snprintf(path, sizeof path, "%s/keys", t->data_dir);
	if ((r = alone_lock(&g->locks[0], t->data_dir, "run/lock", e)) || (r = alone_lock(&g->locks[1], t->data_dir, "vault/lock", e)) ||
	    (r = open_key(g, path, false, e)))
		return r;
	snprintf(path, sizeof path, "%s/vault", t->data_dir);
	r = tlog_open(path, &own, e);
	if (r)
		return r;
	if ((size_t)snprintf(origin, sizeof origin, "%s/%s", own->origin, name) >= sizeof origin)
		r = err_set(e, ERR_TOOBIG, "%s", name);
	tlog_free(own);
	snprintf(path, sizeof path, "%s/vault/logs", t->data_dir);
	if (!r)
		r = dir_make(path, 0750, e);
	snprintf(t->dir, sizeof t->dir, "%s/vault/logs/%s", t->data_dir, name);
	if (!r)
		r = vault_create(t->dir, str_from(origin), VAULT_UNITS, e);
	return r == ERR_EXISTS ? 0 : r;
}

static int find_alone(struct alone *g, struct tool *t, struct err *e)
{
	char path[TOOL_PATH_MAX + 64], origin[TOOL_ORIGIN_MAX];
	int r;

	snprintf(t->dir, sizeof t->dir, "%s", t->data_dir);
	tool_origin(origin);
	r = vault_create(t->dir, str_from(origin), VAULT_UNITS, e);
	if (r && r != ERR_EXISTS)
		return r;
	snprintf(path, sizeof path, "%s/key", t->dir);
	/* a log that is there signs with the key it began with, or not at all */
	return open_key(g, path, !r, e);
}

int alone_open(struct alone *g, struct tool *t, struct err *e)
{
	char path[TOOL_PATH_MAX + 64];
	struct vault_repair repair;
	struct buf vkey;
	bool data, fresh;
	int r;

	*g = (struct alone){.locks = {-1, -1}};
	snprintf(path, sizeof path, "%s/vault/log", t->data_dir);
	data = !access(path, F_OK);
	snprintf(path, sizeof path, "%s/log", t->data_dir);
	fresh = !data && access(path, F_OK);
	r = data ? find_in_data(g, t, e) : find_alone(g, t, e);
	if (!r)
		r = vault_open(t->dir, &g->vault, &repair, e);
	if (r)
		return r;
	if (fresh)
		fprintf(stderr, _("A new log was made, with a key of its own in %s/key: keep it away from who may write to the log.\n"), t->dir);
	if (repair.cut)
		fprintf(stderr, _("An unfinished write was cut off: %llu bytes\n"), (unsigned long long)repair.torn_bytes);
	buf_init(&vkey, 2 * NOTE_VKEY_MAX);
	r = logkey_vkey(g->key, str_from(vault_log(g->vault)->origin), &vkey);
	if (!r)
		r = vault_set_key(g->vault, buf_view(&vkey), e);
	buf_release(&vkey);
	if (!r && vault_key_changes(g->vault) && !(r = vault_key_note(g->vault, e)) && !(r = alone_commit(g, e)))
		r = vault_key_do(g->vault, e);
	return r;
}

void alone_close(struct alone *g)
{
	vault_close(g->vault);
	logkey_free(g->key);
	for (size_t i = 0; i < ARRAY_LEN(g->locks); i++)
		if (g->locks[i] >= 0)
			close(g->locks[i]);
}

static int sign_from(struct alone *g, uint64_t from, struct err *e)
{
	uint8_t proof[MERKLE_PROOF_MAX][MERKLE_LEN];
	struct checkpoint c;
	struct buf note;
	size_t n = 0;
	int r;

	vault_head(g->vault, &c);
	if (from && merkle_consistency(tlog_node, vault_log(g->vault), from, c.size, proof, &n))
		return err_set(e, ERR_CORRUPT, "the proof of growth cannot be put together");
	buf_init(&note, NOTE_MAX);
	r = logkey_sign(g->key, &c, from, proof, n, &note, e);
	if (!r)
		r = vault_publish(g->vault, buf_view(&note), e);
	buf_release(&note);
	return r;
}

int alone_commit(struct alone *g, struct err *e)
{
	uint64_t from = vault_signed_size(g->vault), known;
	int r = vault_commit(g->vault, e);

	if (r || !vault_unsigned(g->vault))
		return r;
	known = logkey_size(g->key, str_from(vault_log(g->vault)->origin));
	/* it may have signed what a crash kept from being published */
	return sign_from(g, known > from ? known : from, e);
}
