#include "search/serve.h"

#include <string.h>
#include <unistd.h>

#include "core/proto.h"
#include "lib/file.h"
#include "lib/log.h"
#include "tlog/search.h"

bool serve_folder(const struct serve *s, struct str log, char *out, size_t size)
{
	if (!log.n || log.n > 32 || log.p[0] < 'a' || log.p[0] > 'z')
		return false;
	for (size_t i = 0; i < log.n; i++)
		if (!(log.p[i] >= 'a' && log.p[i] <= 'z') && !(log.p[i] >= '0' && log.p[i] <= '9') && log.p[i] != '-')
			return false;
	if (str_is(log, SEARCH_OWN))
		return (size_t)snprintf(out, size, "%s", s->path) < size;
	return (size_t)snprintf(out, size, "%s/logs/%.*s", s->path, STR_ARG(log)) < size;
}

static int send_now(int fd, struct msg *m)
{
	int r = msg_send(fd, m);

	msg_release(m);
	return r == ERR_CLOSED ? 0 : r;
}

static int open_log(const struct serve *s, struct str log, struct tlog **ret, struct err *e)
{
	char path[600];

	if (!serve_folder(s, log, path, sizeof path))
		return err_set(e, ERR_NOTFOUND, "no log of this name");
	return tlog_open(path, ret, e);
}

/* --- which logs there are ------------------------------------------------------------------------------------------------- */

static unsigned put_log(const struct serve *s, const char *name, struct msg *m)
{
	int64_t first = 0, last = 0;
	struct tlog *t;
	struct err e;

	if (open_log(s, str_from(name), &t, &e))
		return 0;
	if (search_span(t, &first, &last, &e))
		first = last = 0;
	msg_put_z(m, name);
	msg_put_i64(m, (int64_t)search_size(t));
	msg_put_i64(m, first);
	msg_put_i64(m, last);
	tlog_free(t);
	return 1;
}

static int on_logs(struct serve *s, int fd, struct msg *m)
{
	struct arena *a = arena_new(1 << 20);
	struct msg list, out;
	char **names = NULL;
	unsigned count = 0;
	size_t n = 0;
	int64_t call;

	if (msg_i64(m, &call) || msg_end(m)) {
		arena_free(a);
		return ERR_PROTO;
	}
	msg_init(&list, SEARCH_LOGS_ARE);
	count += put_log(s, SEARCH_OWN, &list);
	if (dir_list(a, arena_printf(a, "%s/logs", s->path), "", &names, &n, NULL))
		n = 0;
	for (size_t i = 0; i < n && count < SEARCH_LOGS_MAX; i++)
		count += put_log(s, names[i], &list);
	msg_init(&out, SEARCH_LOGS_ARE);
	msg_put_i64(&out, call);
	msg_put_u32(&out, count);
	buf_str(&out.out, buf_view(&list.out));
	msg_release(&list);
	arena_free(a);
	return send_now(fd, &out);
}

/* --- entries and proofs by their index ---------------------------------------------------------------------------------------- */

static int on_read(struct serve *s, int fd, struct msg *m)
{
	int64_t call, from, to;
	struct tlog *t = NULL;
	struct err e = {0};
	struct msg out;
	struct str log, bytes;
	uint64_t size = 0;
	int r;

	if (msg_i64(m, &call) || msg_str(m, 64, &log) || msg_i64(m, &from) || msg_i64(m, &to) || msg_end(m) || from < 0 || to < from ||
	    to - from >= (int64_t)SEARCH_READ_MAX)
		return ERR_PROTO;
	r = open_log(s, log, &t, &e);
	if (!r)
		size = search_size(t);
	if (!r && (uint64_t)to >= size)
		to = (int64_t)size - 1;
	if (!r && from > to)
		r = ERR_RANGE;
	msg_init(&out, SEARCH_ENTRIES);
	msg_put_i64(&out, call);
	msg_put_u32(&out, (uint32_t)-r);
	msg_put_i64(&out, (int64_t)size);
	msg_put_u32(&out, r ? 0 : (uint32_t)(to - from + 1));
	for (int64_t i = from; !r && i <= to; i++) {
		bool whole = !tlog_entry(t, (uint64_t)i, &bytes, &e) && out.out.n < SEARCH_ANSWER_BYTES;

		msg_put_str(&out, whole ? bytes : STR_NONE);
	}
	tlog_free(t);
	return send_now(fd, &out);
}

static int on_prove(struct serve *s, int fd, struct msg *m)
{
	struct str log, vkey = STR_NONE;
	struct buf entry, proof;
	struct tlog *t = NULL;
	struct err e = {0};
	struct msg out;
	int64_t call, index;
	int r;

	if (msg_i64(m, &call) || msg_str(m, 64, &log) || msg_i64(m, &index) || msg_end(m) || index < 0)
		return ERR_PROTO;
	buf_init(&entry, ENTRY_MAX);
	buf_init(&proof, NOTE_MAX);
	r = open_log(s, log, &t, &e);
	if (!r)
		r = t->checkpoint.n ? tlog_tiles(t, &e) : ERR_RANGE;
	if (!r)
		r = tlog_prove(t, (uint64_t)index, search_size(t), buf_view(&t->checkpoint), &entry, &proof, &e);
	if (!r)
		vkey = buf_view(&t->vkey);
	msg_init(&out, SEARCH_PROOF);
	msg_put_i64(&out, call);
	msg_put_u32(&out, (uint32_t)-r);
	msg_put_str(&out, r ? STR_NONE : buf_view(&entry));
	msg_put_str(&out, r ? STR_NONE : buf_view(&proof));
	msg_put_str(&out, vkey);
	r = send_now(fd, &out);
	tlog_free(t);
	buf_release(&entry);
	buf_release(&proof);
	return r;
}

int serve_message(void *serve, const char *peer, int fd, struct msg *m)
{
	(void)peer;
	switch (m->type) {
	case SEARCH_ASK:
		return serve_ask(serve, fd, m);
	case SEARCH_READ:
		return on_read(serve, fd, m);
	case SEARCH_PROVE:
		return on_prove(serve, fd, m);
	case SEARCH_LOGS:
		return on_logs(serve, fd, m);
	}
	return ERR_PROTO;
}
