/* ingest: lines of standard input become entries, as fast as the machine goes, with what the running vault does for collect:
 * batches, a commit and a signature at its cadence. Works on a data folder that does not run, signing with its key, and on a
 * vault folder with a key of its own (DIR/key), which is made when there is none. */
#include "vault/tool_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/logkey.h"
#include "lib/arena.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "vault/vault.h"

#define CHUNK (1u << 20)                             /* bytes read at once */
#define COMMIT_US 50000
#define PROGRESS_US 500000
#define SOURCE "import"
#define MASK (1u << ENTRY_IMPORT)
#define RUN_BYTES (2u * CHUNK + ENTRY_MAX)           /* of one read: lines and their envelopes, more when lines are short */

struct ingest {
	struct vault *vault;
	struct logkey *key;
	int locks[2];                                    /* a data folder's: it may not start meanwhile */
	const char *source;
	char in[CHUNK + ENTRY_RAW_MAX + 1];              /* what was read, behind the rest of the last read */
	size_t n;
	struct buf run;
	uint32_t run_n;
	uint8_t head[64 + ENTRY_NAME_MAX];               /* an envelope up to the length of the raw bytes */
	size_t head_n;
	bool goes_on;                                    /* the line before was too long for one entry */
	uint64_t lines, entries, bytes, first;
	int64_t begun, committed, shown;
	bool tty;
};

/* --- the folder and its key ------------------------------------------------------------------------------------------ */

/* The one who runs holds these. */
static int lock(int *ret, const char *dir, const char *name, struct err *e)
{
	char path[TOOL_PATH_MAX + 32];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	*ret = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (*ret < 0)
		return errno == ENOENT ? 0 : err_sys(e, "%s", path);
	return flock(*ret, LOCK_EX | LOCK_NB) ? err_set(e, ERR_BUSY, "%s", _("The log is in use: stop Sekisho first.")) : 0;
}

static int open_key(struct ingest *g, const char *folder, bool make, struct err *e)
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
static int find_in_data(struct ingest *g, struct tool *t, struct err *e)
{
	char path[TOOL_PATH_MAX + 64], origin[NOTE_NAME_MAX + 1];
	const char *name = t->log ? t->log : "standard";
	struct tlog *own;
	int r;

	snprintf(path, sizeof path, "%s/keys", t->data_dir);
	if ((r = lock(&g->locks[0], t->data_dir, "run/lock", e)) || (r = lock(&g->locks[1], t->data_dir, "vault/lock", e)) ||
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

static int find_alone(struct ingest *g, struct tool *t, struct err *e)
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

static int open_all(struct ingest *g, struct tool *t, struct err *e)
{
	char path[TOOL_PATH_MAX + 64];
	struct vault_repair repair;
	struct buf vkey;
	bool data, fresh;
	int r;

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
	buf_init(&vkey, NOTE_VKEY_MAX);
	r = logkey_vkey(g->key, str_from(vault_log(g->vault)->origin), &vkey);
	if (!r)
		r = vault_set_key(g->vault, buf_view(&vkey), e);
	buf_release(&vkey);
	return r;
}

static void close_all(struct ingest *g)
{
	vault_close(g->vault);
	logkey_free(g->key);
	buf_release(&g->run);
	for (size_t i = 0; i < ARRAY_LEN(g->locks); i++)
		if (g->locks[i] >= 0)
			close(g->locks[i]);
	free(g);
}

/* --- lines ----------------------------------------------------------------------------------------------------------- */

static int sign_from(struct ingest *g, uint64_t from, struct err *e)
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

static int commit(struct ingest *g, struct err *e)
{
	uint64_t from = vault_signed_size(g->vault), known;
	int r = vault_commit(g->vault, e);

	g->committed = clock_mono();
	if (r || !vault_unsigned(g->vault))
		return r;
	known = logkey_size(g->key, str_from(vault_log(g->vault)->origin));
	/* it may have signed what a crash kept from being published */
	return sign_from(g, known > from ? known : from, e);
}

static void progress(struct ingest *g, bool end)
{
	int64_t now = clock_mono();
	double s = (double)(now - g->begun) / 1e6;

	if (!g->tty || (!end && now - g->shown < PROGRESS_US))
		return;
	g->shown = now;
	fputc('\r', stderr);
	fprintf(stderr, _("%llu entries, %.0f MB, %.2f million entries a second "), (unsigned long long)g->entries, (double)g->bytes / 1e6,
	        s > 0 ? (double)g->entries / s / 1e6 : 0);
	if (end)
		fputc('\n', stderr);
}

/* All that was read at once was received at once. */
static void make_head(struct ingest *g)
{
	struct entry en = {.transport = ENTRY_IMPORT, .time_ns = clock_true() * 1000, .source = str_from(g->source), .peer = STR(""),
	                   .raw = STR("")};
	struct buf b;

	buf_init(&b, sizeof g->head);
	if (!entry_put(&b, &en)) {
		memcpy(g->head, b.p, b.n);
		g->head_n = b.n - 4;
	}
	buf_release(&b);
}

static int put_entry(struct ingest *g, const char *p, size_t n, bool more)
{
	size_t all = g->head_n + 4 + n;
	uint8_t *to = buf_room(&g->run, 2 + all);

	if (!to)
		return ERR_NOMEM;
	to[0] = (uint8_t)(all >> 8);
	to[1] = (uint8_t)all;
	memcpy(to + 2, g->head, g->head_n);
	if (more || g->goes_on)
		to[2 + 3] = (uint8_t)((more ? ENTRY_MORE : 0) | (g->goes_on ? ENTRY_CONTINUED : 0));
	g->goes_on = more;
	to += 2 + g->head_n;
	to[0] = 0;
	to[1] = (uint8_t)(n >> 16);
	to[2] = (uint8_t)(n >> 8);
	to[3] = (uint8_t)n;
	memcpy(to + 4, p, n);
	buf_grew(&g->run, 2 + all);
	g->run_n++;
	return 0;
}

static int flush(struct ingest *g, struct err *e)
{
	uint64_t first = 0;
	int r = g->run_n ? vault_append_run(g->vault, buf_view(&g->run), g->run_n, MASK, &first, e) : 0;

	if (!g->entries)
		g->first = first;
	g->entries += g->run_n;
	g->run_n = 0;
	buf_clear(&g->run);
	if (!r && clock_mono() - g->committed >= COMMIT_US)
		r = commit(g, e);
	progress(g, false);
	return r;
}

/* Lines end with LF (or CR LF); what is longer than an entry holds goes on in the next one. */
static int take_lines(struct ingest *g, bool end, struct err *e)
{
	const char *p = g->in, *stop = g->in + g->n, *lf;
	int r = 0;

	make_head(g);
	while (!r && p < stop) {
		size_t n;
		bool more = false;

		lf = memchr(p, '\n', (size_t)(stop - p));
		n = (size_t)((lf ? lf : stop) - p);
		if (n > ENTRY_RAW_MAX) {
			n = ENTRY_RAW_MAX;
			more = true;
		} else if (!lf && !end) {
			break;
		}
		r = put_entry(g, p, n > 0 && !more && p[n - 1] == '\r' ? n - 1 : n, more);
		g->lines += !more;
		p += more || !lf ? n : n + 1;
		if (!r && g->run.n > RUN_BYTES - ENTRY_MAX - 2)
			r = flush(g, e);
	}
	if (r == ERR_NOMEM && !e->code)
		err_set(e, r, "no memory");
	g->n = (size_t)(stop - p);
	memmove(g->in, p, g->n);
	return r ? r : flush(g, e);
}

static int read_lines(struct ingest *g, struct err *e)
{
	for (;;) {
		ssize_t got = read(STDIN_FILENO, g->in + g->n, sizeof g->in - g->n);
		int r;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(e, "stdin");
		g->bytes += (uint64_t)got;
		g->n += (size_t)got;
		r = take_lines(g, !got, e);
		if (r)
			return r;
		if (!got)
			return commit(g, e);
	}
}

/* --- what was done --------------------------------------------------------------------------------------------------- */

static double cpu_seconds(void)
{
	struct rusage u;

	return getrusage(RUSAGE_SELF, &u) ? 0
	                                  : (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int report(struct ingest *g, const struct tool *t)
{
	double wall = (double)(clock_mono() - g->begun) / 1e6, cpu = cpu_seconds();
	struct buf b;
	struct jw j;

	if (!t->json) {
		printf(_("%llu entries in %s, signed: %llu in all\n"), (unsigned long long)g->entries, t->dir,
		       (unsigned long long)vault_signed_size(g->vault));
		return fflush(stdout) ? TOOL_FAILURE : TOOL_YES;
	}
	buf_init(&b, TOOL_OUT_MAX);
	jw_init(&j, &b, true);
	jw_object(&j);
	jw_kz(&j, "folder", t->dir);
	jw_kz(&j, "origin", vault_log(g->vault)->origin);
	jw_kint(&j, "lines", (int64_t)g->lines);
	jw_kint(&j, "entries", (int64_t)g->entries);
	jw_kint(&j, "bytes", (int64_t)g->bytes);
	jw_kint(&j, "first", (int64_t)g->first);
	jw_kint(&j, "signed_size", (int64_t)vault_signed_size(g->vault));
	jw_kint(&j, "wall_us", (int64_t)(wall * 1e6));
	jw_kint(&j, "cpu_us", (int64_t)(cpu * 1e6));
	jw_kint(&j, "entries_per_cpu_second", cpu > 0 ? (int64_t)((double)g->entries / cpu) : 0);
	jw_end_object(&j);
	buf_putc(&b, '\n');
	return tool_print(&b);
}

int tool_ingest(struct tool *t)
{
	struct ingest *g = xcalloc(1, sizeof *g);
	struct err e = {0};
	int r;

	g->locks[0] = g->locks[1] = -1;
	g->source = t->source ? t->source : SOURCE;
	g->tty = isatty(STDERR_FILENO);
	g->begun = g->committed = clock_mono();
	buf_init(&g->run, 2 * RUN_BYTES);
	if (!*g->source || strlen(g->source) > ENTRY_NAME_MAX || !strcmp(g->source, VAULT_OWN))
		r = err_set(&e, ERR_INVALID, _("%.60s is no name for a source"), g->source);
	else
		r = open_all(g, t, &e);
	if (!r)
		r = read_lines(g, &e);
	if (!r)
		progress(g, true);
	r = r ? tool_fail(&e) : report(g, t);
	close_all(g);
	return r;
}
