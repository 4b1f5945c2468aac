/* Attachments: content-addressed files below blobs/, written whole and synced before a row names them. */
#include "office/form.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/hash.h"
#include "office/note.h"
#include "office/pages.h"
#include "office/setting.h"
#include "queries.h"

#define CHUNK (256u * 1024)

static int copy_hash(int from, int to, int64_t size, char hex[SHA256_HEX], struct err *e)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	char *mem = xmalloc(CHUNK);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	int r = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 ? 0 : ERR_NOMEM;
	for (int64_t at = 0; r == 0 && at < size;) {
		ssize_t got = pread(from, mem, CHUNK, at);
		if (got <= 0)
			r = err_sys(e, "upload");
		else if (fd_write_all(to, mem, (size_t)got) < 0)
			r = err_sys(e, "%s", _("The file could not be stored"));
		else if (EVP_DigestUpdate(md, mem, (size_t)got) != 1)
			r = ERR_NOMEM;
		at += got;
	}
	if (r == 0 && EVP_DigestFinal_ex(md, digest, &n) == 1)
		for (unsigned i = 0; i < SHA256_LEN; i++)
			snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	EVP_MD_CTX_free(md);
	free(mem);
	return r;
}

/* blobs/aa/<sha256>: an equal file that is there already is the same file. */
static int put_blob(int blobs, const char *hex, struct err *e)
{
	char dir[3] = {hex[0], hex[1], 0}, proc[64];
	if (mkdirat(blobs, dir, 0700) == 0 && fsync(blobs) != 0)
		return err_sys(e, "blobs");
	int fd = openat(blobs, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "blobs/%s", dir);
	snprintf(proc, sizeof(proc), "incoming-%ld", (long)getpid());
	int r = 0;
	if (faccessat(fd, hex, F_OK, 0) == 0)
		unlinkat(blobs, proc, 0);
	else if (renameat(blobs, proc, fd, hex) != 0 || fsync(fd) != 0)
		r = err_sys(e, "blobs/%s", dir);
	close(fd);
	return r;
}

static int put_row(struct office *o, int64_t person, int64_t now, const struct upload *u, const char *hex, int64_t *ret_id, struct err *e)
{
	struct stmt *q = db_query(o->db, Q_ATTACHMENT_NEW);
	bind_z(q, 1, hex);
	bind_int(q, 2, u->size);
	bind_str(q, 3, u->name.n ? u->name : STR("file"));
	bind_str(q, 4, u->media_type.n ? u->media_type : STR("application/octet-stream"));
	bind_int(q, 5, now);
	bind_int(q, 6, person);
	int r = run(q, e);
	if (r == 0)
		*ret_id = db_last_id(o->db);
	return r;
}

int attachment_put_bytes(struct office *o, int64_t person, int64_t now, struct str name, const char *media_type, struct str bytes, int64_t *ret_id,
                         struct err *e)
{
	const struct upload u = {.name = name, .media_type = str_from(media_type), .size = (int64_t)bytes.n};
	char hex[SHA256_HEX], file[64];
	sha256_hex(bytes.p, bytes.n, hex);
	snprintf(file, sizeof(file), "incoming-%ld", (long)getpid());
	int fd = openat(o->blobs, file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int r = fd < 0 || fd_write_all(fd, bytes.p, bytes.n) < 0 || fsync(fd) != 0 ? err_sys(e, "%s", _("The file could not be stored")) : 0;
	if (fd >= 0)
		close(fd);
	if (r == 0)
		r = put_blob(o->blobs, hex, e);
	else
		unlinkat(o->blobs, file, 0);
	return r < 0 ? r : put_row(o, person, now, &u, hex, ret_id, e);
}

int attachment_store(struct ctx *c, const struct upload *u, int64_t *ret_id, struct err *e)
{
	char hex[SHA256_HEX] = "", name[64];
	int64_t max = setting_int(c->office->db, "upload_mb") << 20;
	if (u->size > max)
		return err_set(e, ERR_TOOBIG, _("\"%.*s\" is larger than %lld MB."), STR_ARG(u->name), (long long)(max >> 20));
	snprintf(name, sizeof(name), "incoming-%ld", (long)getpid());
	int fd = openat(c->office->blobs, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, "%s", _("The file could not be stored"));
	int r = copy_hash(u->fd, fd, u->size, hex, e);
	if (r == 0 && fsync(fd) != 0)
		r = err_sys(e, "%s", _("The file could not be stored"));
	if (r == 0)
		r = put_blob(c->office->blobs, hex, e);
	else
		unlinkat(c->office->blobs, name, 0);
	close(fd);
	return r < 0 ? r : put_row(c->office, c->actor.person, c->world.now, u, hex, ret_id, e);
}

int attachment_row(struct office *o, struct arena *a, int64_t id, struct attachment *ret, struct err *e)
{
	struct stmt *q = db_query(o->db, Q_ATTACHMENT_GET);
	bind_int(q, 1, id);
	int r = step(q);
	if (r == 1)
		*ret = (struct attachment){.id = id, .sha256 = col_dup(q, 0, a), .size = col_int(q, 1),
		                           .name = col_dup(q, 2, a), .type = col_dup(q, 3, a),
		                           .ledger = col_dup(q, 4, a), .record = col_int(q, 5),
		                           .field = col_dup(q, 6, a), .created_by = col_int(q, 7)};
	stmt_done(q);
	return r == 1 ? 0 : err_set(e, ERR_NOTFOUND, "%s", _("There is no such file."));
}

int attachment_get(struct ctx *c, int64_t id, struct attachment *ret, struct err *e)
{
	return attachment_row(c->office, c->arena, id, ret, e);
}

int attachment_read(struct office *o, const struct attachment *at, struct buf *out, struct err *e)
{
	char path[80], hex[SHA256_HEX];
	if (at->sha256.n != 64)
		return err_set(e, ERR_CORRUPT, "attachment %lld", (long long)at->id);
	snprintf(path, sizeof(path), "%.2s/%.64s", at->sha256.p, at->sha256.p);
	int r = file_read_at(o->blobs, path, (size_t)at->size + 1, out, e);
	if (r < 0)
		return r;
	sha256_hex(out->p ? out->p : "", out->n, hex);
	if (!str_is(at->sha256, hex))
		return err_set(e, ERR_CORRUPT, "%s", _("The stored file no longer equals what was attached. Tell the operator: a copy is in the backup."));
	return 0;
}

int attachment_bytes(struct ctx *c, const struct attachment *at, struct buf *out, struct err *e)
{
	return attachment_read(c->office, at, out, e);
}

/* --- the page ---------------------------------------------------------------------------------------------------- */

int page_attachment(struct ctx *c, struct err *e)
{
	struct attachment at;
	struct record rec;
	int64_t id;
	if (str_int(c->args[0], 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such file."));
	int r = attachment_get(c, id, &at, e);
	if (r < 0)
		return r;
	const struct ledger *l = at.ledger.n ? ledgers_get(c->world.ledgers, at.ledger) : NULL;
	bool own_upload = !at.ledger.n && at.created_by == c->actor.person;
	bool seen = l && record_get(&c->world, c->arena, &c->actor, l, at.record, &rec, e) == 0 &&
	            values_get(&rec.values, at.field);
	if (!own_upload && !seen)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such file."));
	struct buf b;
	buf_init(&b, RESPONSE_BODY_MAX);
	r = attachment_bytes(c, &at, &b, e);
	if (r == 0 && (r = note_personal_read(c, at.ledger, at.record,
	                                      arena_strf(c->arena, "attachment %lld", (long long)id), e)) == 0)
		r = res_file(c, "application/octet-stream", at.name, buf_view(&b));
	buf_release(&b);
	return r;
}
