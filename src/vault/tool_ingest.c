/* ingest: lines of standard input become entries, as fast as the machine goes, with what the running vault does for collect:
 * batches, a commit and a signature at its cadence. */
#include "vault/tool_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/clock.h"
#include "vault/vault.h"

#define CHUNK (1u << 20)                             /* bytes read at once */
#define COMMIT_US 50000
#define PROGRESS_US 500000
#define SOURCE "import"
#define MASK (1u << ENTRY_IMPORT)
#define RUN_BYTES (2u * CHUNK + ENTRY_MAX)           /* of one read: lines and their envelopes, more when lines are short */

struct ingest {
	struct alone log;
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

/* --- lines ----------------------------------------------------------------------------------------------------------- */

static int commit(struct ingest *g, struct err *e)
{
	g->committed = clock_mono();
	return alone_commit(&g->log, e);
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
	int r = g->run_n ? vault_append_run(g->log.vault, buf_view(&g->run), g->run_n, MASK, &first, e) : 0;

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
		       (unsigned long long)vault_signed_size(g->log.vault));
		return fflush(stdout) ? TOOL_FAILURE : TOOL_YES;
	}
	buf_init(&b, TOOL_OUT_MAX);
	jw_init(&j, &b, true);
	jw_object(&j);
	jw_kz(&j, "folder", t->dir);
	jw_kz(&j, "origin", vault_log(g->log.vault)->origin);
	jw_kint(&j, "lines", (int64_t)g->lines);
	jw_kint(&j, "entries", (int64_t)g->entries);
	jw_kint(&j, "bytes", (int64_t)g->bytes);
	jw_kint(&j, "first", (int64_t)g->first);
	jw_kint(&j, "signed_size", (int64_t)vault_signed_size(g->log.vault));
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

	g->source = t->source ? t->source : SOURCE;
	g->tty = isatty(STDERR_FILENO);
	g->begun = g->committed = clock_mono();
	buf_init(&g->run, 2 * RUN_BYTES);
	if (!*g->source || strlen(g->source) > ENTRY_NAME_MAX || !strcmp(g->source, VAULT_OWN))
		r = err_set(&e, ERR_INVALID, _("%.60s is no name for a source"), g->source);
	else
		r = alone_open(&g->log, t, &e);
	if (!r)
		r = read_lines(g, &e);
	if (!r)
		progress(g, true);
	r = r ? tool_fail(&e) : report(g, t);
	alone_close(&g->log);
	buf_release(&g->run);
	free(g);
	return r;
}
