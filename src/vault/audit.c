#include "vault/audit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sodium.h>

#include "core/child.h"
#include "core/proto.h"
#include "lib/arena.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/sandbox.h"
#include "vault/verify.h"

#define NICEST 19
#define IOPRIO_PROCESS 1
#define IOPRIO_IDLE (3 << 13)
#define REPORT_MAX (4u << 20)
#define NAME_MAX_LOG 33

struct before {
	char log[NAME_MAX_LOG];
	struct buf checkpoint;
	bool met;
};

static struct {
	struct child child;
	char path[256];
	int done[2];                                     /* the thread writes a byte when it is through */
	bool running;
	struct before before[AUDIT_LOGS_MAX];
	size_t n_before;
	struct buf report;
} audit;

/* --- the thread ------------------------------------------------------------------------------------------------------------ */

static struct before *before_of(const char *name)
{
	for (size_t i = 0; i < audit.n_before; i++)
		if (!strcmp(audit.before[i].log, name))
			return &audit.before[i];
	return NULL;
}

static void put_problems(struct jw *j, const struct verify_report *r)
{
	jw_kint(j, "n_problems", (int64_t)r->n_problems);
	jw_key(j, "problems");
	jw_array(j);
	for (size_t i = 0; i < r->n_problems && i < AUDIT_TOLD_MAX; i++) {
		jw_object(j);
		jw_kz(j, "where", r->problems[i].where);
		jw_kz(j, "what", r->problems[i].what);
		jw_end_object(j);
	}
	jw_end_array(j);
}

static void put_log(struct jw *j, const char *name, const struct verify_report *r, struct str checkpoint)
{
	struct buf root;

	buf_init(&root, 2 * MERKLE_LEN);
	buf_hex(&root, r->root, MERKLE_LEN);
	jw_object(j);
	jw_kz(j, "log", name);
	jw_kz(j, "origin", r->origin);
	jw_kbool(j, "ok", verify_ok(r));
	jw_kint(j, "size", (int64_t)r->size);
	jw_kstr(j, "root", buf_view(&root));
	jw_kint(j, "entries", (int64_t)r->entries);
	jw_kint(j, "removed", (int64_t)r->removed);
	jw_kint(j, "redacted", (int64_t)r->redacted);
	put_problems(j, r);
	if (verify_ok(r))
		jw_kstr(j, "checkpoint", checkpoint);
	jw_end_object(j);
	buf_release(&root);
}

/* The checkpoint is read before the walk, so that what is remembered of a log that is proven is proven. */
static void check(struct jw *j, const char *name, const char *path)
{
	struct verify_options o = {0};
	struct before *b = before_of(name);
	struct verify_report r;
	struct buf note;
	char file[400];

	buf_init(&note, NOTE_MAX);
	snprintf(file, sizeof file, "%s/checkpoint", path);
	if (file_read(file, NOTE_MAX, &note, NULL))
		buf_clear(&note);                            /* the walk says what is wrong */
	if (b) {
		b->met = true;
		o.known[o.n_known++] = buf_view(&b->checkpoint);
	}
	verify_folder(path, &o, &r);
	put_log(j, name, &r, buf_view(&note));
	verify_release(&r);
	buf_release(&note);
}

static void missing(struct jw *j, const struct before *b)
{
	struct verify_report r = {.n_problems = 1};

	snprintf(r.problems[0].where, sizeof r.problems[0].where, "folder");
	snprintf(r.problems[0].what, sizeof r.problems[0].what, "it was there at the audit before, and is not here");
	put_log(j, b->log, &r, STR_NONE);
}

static void check_all(struct jw *j)
{
	struct arena *a = arena_new(1u << 20);
	char path[600], **names;
	size_t n = 0;

	check(j, "office", audit.path);
	snprintf(path, sizeof path, "%s/logs", audit.path);
	if (dir_list(a, path, "", &names, &n, NULL))
		n = 0;
	for (size_t i = 0; i < n && i < AUDIT_LOGS_MAX; i++) {
		if (strchr(names[i], '.') || strlen(names[i]) >= NAME_MAX_LOG) /* put aside by new-origin: no name of a log */
			continue;
		snprintf(path, sizeof path, "%s/logs/%s", audit.path, names[i]);
		check(j, names[i], path);
	}
	for (size_t i = 0; i < audit.n_before; i++)
		if (!audit.before[i].met)
			missing(j, &audit.before[i]);
	arena_free(a);
}

/* Whoever reads here must not be able to change what is written: this process tries, on what it could least do without. */
static bool change_refused(void)
{
	char file[400];
	int fd;

	snprintf(file, sizeof file, "%s/last-signed", audit.path);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	close(fd);
	return false;
}

static void *run(void *arg)
{
	int64_t began = clock_true(), mono = clock_mono();
	struct jw j;

	buf_init(&audit.report, REPORT_MAX);
	jw_init(&j, &audit.report, false);
	jw_object(&j);
	jw_kint(&j, "started_at", began);
	jw_kbool(&j, "refused", change_refused());
	jw_key(&j, "logs");
	jw_array(&j);
	check_all(&j);
	jw_end_array(&j);
	jw_kint(&j, "took_ms", (clock_mono() - mono) / 1000);
	jw_end_object(&j);
	if (write(audit.done[1], "", 1) != 1)
		log_error("audit.done", "text=\"nobody hears it\"");
	return NULL;
}

/* --- the loop -------------------------------------------------------------------------------------------------------------- */

static void forget(void)
{
	for (size_t i = 0; i < audit.n_before; i++)
		buf_release(&audit.before[i].checkpoint);
	audit.n_before = 0;
}

static void on_done(void *arg)
{
	int fd = child_peer_fd(&audit.child, "office.writer");
	struct msg m;
	char byte;

	if (read(audit.done[0], &byte, 1) != 1)
		return;
	msg_init(&m, AUDIT_DONE);
	msg_put_str(&m, buf_view(&audit.report));
	if (fd >= 0 && (buf_err(&audit.report) || msg_send(fd, &m)))
		log_error("audit.report", "text=\"the office did not take it\"");
	msg_release(&m);
	buf_release(&audit.report);
	forget();
	audit.running = false;
}

static int take_before(struct msg *m)
{
	uint32_t n;

	if (msg_u32(m, &n) || n > AUDIT_LOGS_MAX)
		return ERR_PROTO;
	for (uint32_t i = 0; i < n; i++) {
		struct before *b = &audit.before[audit.n_before++];
		struct str log, note;

		*b = (struct before){0};
		buf_init(&b->checkpoint, NOTE_MAX);
		if (msg_str(m, NAME_MAX_LOG - 1, &log) || msg_str(m, NOTE_MAX, &note) || !log.n || !note.n)
			return ERR_PROTO;
		snprintf(b->log, sizeof b->log, "%.*s", STR_ARG(log));
		buf_str(&b->checkpoint, note);
	}
	return msg_end(m);
}

/* Asked again while it reads: the answer to the first question is the answer. */
static int on_message(void *arg, const char *peer, int fd, struct msg *m)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r;

	if (strcmp(peer, "office.writer") != 0 || m->type != AUDIT_RUN)
		return ERR_PROTO;
	if (audit.running)
		return 0;
	r = take_before(m);
	if (r) {
		forget();
		return r;
	}
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	audit.running = !pthread_create(&thread, &attr, run, NULL);
	pthread_attr_destroy(&attr);
	if (!audit.running) {
		log_error("audit.run", "text=\"no thread\"");
		forget();
	}
	return 0;
}

void audit_main(int argc, char **argv)
{
	static const struct child_handlers on = {.message = on_message};
	char own[512], seen[1][256];
	const char *dirs[] = {own};
	struct err e = {0};
	uint8_t warm[MERKLE_LEN];

	child_init(&audit.child, argc, argv);
	merkle_empty(warm);
	if (sodium_init() < 0 || pipe2(audit.done, O_CLOEXEC))
		log_fatal("audit.start", "text=\"it cannot be made ready\"");
	if (setpriority(PRIO_PROCESS, 0, NICEST) || syscall(SYS_ioprio_set, IOPRIO_PROCESS, 0, IOPRIO_IDLE))
		log_warn("audit.start", "text=\"it cannot stand back behind the others\"");
	snprintf(own, sizeof own, "ro:%s/vault", audit.child.dir);
	if (sandbox_enter(&sandbox_search, dirs, 1, seen, &e))
		log_fatal("audit.sandbox", "text=\"%s\"", e.text);
	snprintf(audit.path, sizeof audit.path, "%s", seen[0]);
	loop_add(audit.child.loop, audit.done[0], on_done, NULL);
	child_ready(&audit.child, NULL);
	exit(child_run(&audit.child, &on, NULL));
}
