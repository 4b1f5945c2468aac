#include "front/body.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/file.h"

#define ARENA_MAX (2u * BODY_FORM_MAX + FIELDS_MAX * 2 * sizeof(struct field) + (64u << 10))

static atomic_llong all_counted;                         /* bytes of bodies in hand, of all requests */

static int status_of(int code)
{
	switch (code) {
	case 0:
		return 0;
	case ERR_TOOBIG:
		return 413;
	case ERR_SYS:
	case ERR_NOMEM:
		return 503;
	default:
		return 400;
	}
}

static int field_add(struct body *b, struct str name, struct str value)
{
	if (b->n_fields == b->fields_cap) {
		size_t cap = b->fields_cap ? b->fields_cap * 2 : 16;
		struct field *f = arena_array(b->arena, cap, sizeof(*f));

		if (!f || b->n_fields >= FIELDS_MAX)
			return ERR_TOOBIG;
		if (b->n_fields)
			memcpy(f, b->fields, b->n_fields * sizeof(*f));
		b->fields = f;
		b->fields_cap = cap;
	}
	b->fields[b->n_fields++] = (struct field){name, value};
	return 0;
}

static int copy(struct body *b, struct str in, struct str *ret)
{
	*ret = in.n ? arena_str(b->arena, in) : STR("");
	return ret->p ? 0 : ERR_TOOBIG;
}

static int part_begin(void *arg, const struct multipart_part *p)
{
	struct body *b = arg;
	struct body_file f = {.fd = -1};
	struct str name;
	int r;

	buf_clear(&b->raw);
	b->file = NULL;
	if (!p->file_name.p) {
		r = copy(b, p->name, &name);
		return r ? r : field_add(b, name, STR(""));
	}
	if (b->n_files == FILES_MAX)
		return ERR_TOOBIG;
	r = copy(b, p->name, &f.field);
	if (!r)
		r = copy(b, p->file_name, &f.name);
	if (!r)
		r = copy(b, p->media_type.p ? p->media_type : STR("application/octet-stream"), &f.type);
	if (r)
		return r;
	if (b->targets)
		f.spool = spool_new(&b->targets[b->n_files]);
	else
		f.fd = memfd_create("upload", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (f.fd < 0 && !f.spool)
		return ERR_SYS;
	b->files[b->n_files] = f;
	b->file = &b->files[b->n_files++];
	return 0;
}

static int part_data(void *arg, struct str bytes)
{
	struct body *b = arg;

	if (!b->file) {
		if (b->raw.n + bytes.n > FIELD_VALUE_MAX)
			return ERR_TOOBIG;
		buf_str(&b->raw, bytes);
		return buf_err(&b->raw) ? ERR_TOOBIG : 0;
	}
	if (!b->file->spool && b->file->size + (int64_t)bytes.n > (int64_t)FILE_MAX)
		return ERR_TOOBIG;
	if (b->file->spool) {
		b->file->size += (int64_t)bytes.n;
		return spool_put(b->file->spool, bytes);
	}
	b->file->size += (int64_t)bytes.n;
	return fd_write_all(b->file->fd, bytes.p, bytes.n);
}

static int part_end(void *arg)
{
	struct body *b = arg;
	struct str value;

	if (b->file && b->file->spool)
		return spool_end(b->file->spool, b->file->sha256);
	if (b->file) {
		if (fcntl(b->file->fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
			return ERR_SYS;
		return lseek(b->file->fd, 0, SEEK_SET) < 0 ? ERR_SYS : 0;
	}
	if (!field_text_ok(buf_view(&b->raw)))
		return ERR_SYNTAX;
	if (copy(b, buf_view(&b->raw), &value))
		return ERR_TOOBIG;
	b->fields[b->n_fields - 1].value = value;
	return 0;
}

static const struct multipart_sink sink = {part_begin, part_data, part_end};

int body_begin(struct body *b, const struct head *h)
{
	memset(b, 0, sizeof(*b));
	b->head = *h;
	buf_init(&b->raw, h->kind == BODY_MULTIPART ? FIELD_VALUE_MAX : h->max);
	if (h->kind == BODY_FORM || h->kind == BODY_MULTIPART)
		b->arena = arena_new(ARENA_MAX);
	if (h->kind != BODY_MULTIPART)
		return 0;
	b->multipart = xmalloc(sizeof(*b->multipart));
	return status_of(multipart_init(b->multipart, h->type, &sink, b));
}

void body_spool(struct body *b, const struct spool_target targets[FILES_MAX])
{
	b->targets = xcalloc(FILES_MAX, sizeof(*b->targets));
	memcpy(b->targets, targets, FILES_MAX * sizeof(*targets));
}

/* Takes the share of what was received; false when all bodies together are too large. */
static bool count(struct body *b)
{
	if (b->targets)                                  /* on the disk, and the office says how many there may be */
		return true;
	int64_t more = b->received - BODY_SMALL - b->counted;

	if (more <= 0)
		return true;
	b->counted += more;
	return atomic_fetch_add(&all_counted, more) + more <= BODIES_ALL_MAX;
}

/* Gives room to others at once; the rest of this body is only read away. */
static void shed(struct body *b)
{
	struct body kept = {.head = b->head, .received = b->received, .status = 503};

	body_release(b);
	*b = kept;
}

int body_feed(struct body *b, struct str bytes)
{
	b->received += (int64_t)bytes.n;
	if (b->status)
		return b->received > (int64_t)(b->head.max + DRAIN_MAX) ? ERR_TOOBIG : 0;
	if (b->received > (int64_t)b->head.max) {
		b->status = 413;
	} else if (!count(b)) {
		shed(b);
	} else if (b->multipart) {
		b->status = status_of(multipart_feed(b->multipart, bytes));
	} else {
		buf_str(&b->raw, bytes);
		if (buf_err(&b->raw))
			b->status = 413;
	}
	return 0;
}

int body_end(struct body *b)
{
	if (b->status)
		return b->status;
	if (b->multipart)
		b->status = status_of(multipart_finish(b->multipart));
	else if (b->head.kind == BODY_FORM)
		b->status = status_of(form_parse(buf_view(&b->raw), b->arena, &b->fields, &b->n_fields));
	return b->status;
}

void body_put(const struct body *b, struct msg *m)
{
	bool raw = b->head.kind == BODY_JSON || b->head.kind == BODY_OTHER;

	msg_put_u8(m, (uint8_t)b->head.kind);
	msg_put_str(m, raw ? buf_view(&b->raw) : STR(""));
	msg_put_u32(m, (uint32_t)b->n_fields);
	for (size_t i = 0; i < b->n_fields; i++) {
		msg_put_str(m, b->fields[i].name);
		msg_put_str(m, b->fields[i].value);
	}
	msg_put_u32(m, (uint32_t)b->n_files);
	for (size_t i = 0; i < b->n_files; i++) {
		msg_put_str(m, b->files[i].field);
		msg_put_str(m, b->files[i].name);
		msg_put_str(m, b->files[i].type);
		msg_put_i64(m, b->files[i].size);
		msg_put_str(m, b->files[i].spool ? str_from(b->files[i].sha256) : STR_NONE);
		msg_put_fd(m, b->files[i].spool ? spool_fd(b->files[i].spool) : b->files[i].fd);
	}
}

void body_drop(struct body *b)
{
	int64_t counted = b->counted;

	for (size_t i = 0; i < b->n_files; i++) {
		if (b->files[i].fd >= 0)
			close(b->files[i].fd);
		spool_free(b->files[i].spool);
	}
	for (size_t i = 0; b->targets && i < FILES_MAX; i++)
		if (b->targets[i].fd >= 0)
			close(b->targets[i].fd);
	if (b->targets)
		explicit_bzero(b->targets, FILES_MAX * sizeof(*b->targets));
	free(b->targets);
	buf_release(&b->raw);
	arena_free(b->arena);
	free(b->multipart);
	memset(b, 0, sizeof(*b));
	b->counted = counted;
}

void body_release(struct body *b)
{
	atomic_fetch_sub(&all_counted, b->counted);
	body_drop(b);
	b->counted = 0;
}
