#include "rebuild/worker.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/text.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

/* A broker that is gone, or says what it may not, is the end: nobody is left to tell. */
static void dead(int r)
{
	if (r)
		_exit(4);
}

static void send_or_die(struct job *j, struct msg *m)
{
	int r = msg_send(j->sock, m);
	msg_release(m);
	dead(r);
}

static struct str map_fd(int fd)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) || st.st_size < 0 || (uint64_t)st.st_size > GATE_INPUT_MAX)
		dead(ERR_PROTO);
	if (!st.st_size)
		return STR("");
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		dead(ERR_SYS);
	return str_n(p, (size_t)st.st_size);
}

/* A length of UTF-8 that a report can carry; other bytes as dots. */
static struct str told(struct job *j, struct str s, size_t max)
{
	struct buf b;
	struct str ret;

	buf_init(&b, 4 * max + 8);
	for (size_t i = 0; i < s.n && b.n < max;) {
		uint32_t c;
		size_t k = utf8_next(str_slice(s, i, s.n), &c);

		if (!k || c < 0x20 || c == 0x7f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069)) {
			buf_putc(&b, '.');
			i += k ? k : 1;
		} else {
			buf_put(&b, s.p + i, k);
			i += k;
		}
	}
	ret = arena_str(j->arena, buf_view(&b));
	buf_release(&b);
	return ret.p ? ret : STR("");
}

void job_part(struct job *j, struct str path, const char *code, enum gate_action what, int64_t count, int64_t bytes,
              struct str sample)
{
	struct msg m;

	if (j->n_parts++ >= GATE_PARTS_MAX)
		return;
	msg_init(&m, GATE_PART);
	msg_put_str(&m, told(j, path, GATE_PATH_MAX));
	msg_put_z(&m, code);
	msg_put_u32(&m, what);
	msg_put_i64(&m, count);
	msg_put_i64(&m, bytes);
	msg_put_str(&m, told(j, sample, GATE_SAMPLE_MAX));
	send_or_die(j, &m);
}

void job_removed(struct job *j, const char *path, const char *code, int64_t count)
{
	job_part(j, str_from(path), code, GATE_REMOVED, count, 0, STR_NONE);
}

int job_fail(struct job *j, enum gate_outcome o, const char *code, const char *path)
{
	struct msg m;

	if (j->failed)
		return ERR_INVALID;
	j->failed = true;
	msg_init(&m, GATE_FAIL);
	msg_put_u32(&m, o == GATE_BLOCKED ? GATE_BLOCKED : GATE_HELD);
	msg_put_z(&m, code);
	msg_put_str(&m, told(j, str_from(path ? path : ""), GATE_PATH_MAX));
	send_or_die(j, &m);
	return ERR_INVALID;
}

void job_progress(struct job *j, uint32_t done, uint32_t of)
{
	struct msg m;

	msg_init(&m, GATE_PROGRESS);
	msg_put_u32(&m, done);
	msg_put_u32(&m, of);
	send_or_die(j, &m);
}

bool job_wants_text(const struct job *j)
{
	return str_is(job_policy(j, "text"), "yes");
}

void job_text(struct job *j, struct str text)
{
	while (text.n) {
		struct msg m;
		size_t n = text.n < GATE_TEXT_MAX ? text.n : GATE_TEXT_MAX;

		msg_init(&m, GATE_TEXT);
		msg_put_str(&m, str_n(text.p, n));
		send_or_die(j, &m);
		text = str_slice(text, n, text.n);
	}
}

struct str job_policy(const struct job *j, const char *key)
{
	struct str rest = j->policy;

	while (rest.n) {
		struct str line = str_cut(&rest, '\n'), k = str_cut(&line, '=');

		if (str_is(k, key))
			return line.p ? line : STR("");
	}
	return STR_NONE;
}

int job_sub(struct job *j, const char *path, struct str name, struct str content, enum gate_outcome *ret_outcome,
            struct str *ret, struct str *ret_language)
{
	int fd, got = -1;
	uint32_t outcome = GATE_HELD;
	struct str language;
	struct msg m;

	*ret = STR_NONE;
	*ret_language = STR_NONE;
	*ret_outcome = GATE_HELD;
	if (j->n_subs++ >= GATE_SUBS_MAX)
		return job_fail(j, GATE_BLOCKED, "ZIP-BOMB", path);
	fd = memfd_sealed("sub", content.p, content.n);
	if (fd < 0)
		return job_fail(j, GATE_HELD, "LIMIT-MEMORY", path);
	msg_init(&m, GATE_SUB);
	msg_put_str(&m, told(j, str_from(path), GATE_PATH_MAX));
	msg_put_str(&m, told(j, name, GATE_PATH_MAX));
	msg_put_fd(&m, fd);
	close(fd);
	send_or_die(j, &m);
	dead(msg_recv(j->sock, &m));
	if (m.type != GATE_SUB_DONE || msg_u32(&m, &outcome) || msg_str(&m, GATE_CODE_MAX, &language) ||
	    (outcome == GATE_DELIVERED && msg_fd(&m, &got)) || msg_end(&m) || outcome > GATE_BLOCKED)
		dead(ERR_PROTO);
	*ret_outcome = outcome;
	if (outcome == GATE_DELIVERED) {
		*ret = map_fd(got);
		*ret_language = arena_str(j->arena, language);
		close(got);
	}
	msg_release(&m);
	return 0;
}

static void hand_over(struct job *j)
{
	struct msg m;
	int fd;

	if (buf_err(&j->out) || j->out.n > GATE_OUTPUT_MAX) {
		int r = job_fail(j, GATE_HELD, "LIMIT-OUTPUT", NULL);
		(void)r;
		return;
	}
	fd = memfd_sealed("candidate", j->out.p, j->out.n);
	if (fd < 0) {
		int r = job_fail(j, GATE_HELD, "LIMIT-OUTPUT", NULL);
		(void)r;
		return;
	}
	msg_init(&m, GATE_DONE);
	msg_put_z(&m, j->language);
	msg_put_z(&m, j->grade ? j->grade : "");
	msg_put_u32(&m, j->units);
	msg_put_fd(&m, fd);
	close(fd);
	send_or_die(j, &m);
}

static void take_job(struct job *j, struct msg *m)
{
	int fd = -1;

	dead(msg_recv(j->sock, m));
	if (m->type != GATE_JOB || msg_str(m, GATE_CODE_MAX, &j->format) || msg_str(m, 1024, &j->name) ||
	    msg_str(m, GATE_POLICY_MAX + GATE_PASSWORD_MAX + 16, &j->policy) || msg_fd(m, &fd) || msg_end(m))
		dead(ERR_PROTO);
	j->in = map_fd(fd);
	close(fd);
}

int worker_run(int argc, char **argv, const struct worker *w)
{
	const char *dirs[SANDBOX_DIRS_MAX];
	char seen[SANDBOX_DIRS_MAX][256], posture[96] = "";
	struct job j = {.sock = GATE_FD};
	struct msg m;
	struct err e = {0};
	size_t n = 0;
	int r;

	if (argc != 2 || strcmp(argv[1], "--fd=3") != 0) {
		fprintf(stderr, "%s: started by the gate only\n", argv[0]);
		return 2;
	}
	log_open(argv[0]);
	if (w->open && w->open())
		log_fatal("worker.open", "program=%s", argv[0]);
	for (size_t i = 0; w->dirs && w->dirs[i] && n < SANDBOX_DIRS_MAX; i++)
		if (!w->optional_dirs || !access(w->dirs[i] + strlen("ro:"), F_OK))
			dirs[n++] = w->dirs[i];
	if (w->enter ? w->enter(posture, sizeof posture, &e)
	             : sandbox_enter(w->profile ? w->profile : &sandbox_gate, dirs, n, seen, &e))
		log_fatal("worker.sandbox", "text=\"%s\"", e.text);
	msg_init(&m, GATE_READY);
	msg_put_z(&m, w->enter ? posture : sandbox_posture());
	send_or_die(&j, &m);
	take_job(&j, &m);
	j.arena = arena_new(w->arena_max ? w->arena_max : WORKER_ARENA_MAX);
	buf_init(&j.out, GATE_OUTPUT_MAX);
	r = w->rebuild(&j);
	if (!r && !j.failed)
		hand_over(&j);
	else if (!j.failed)
		r = job_fail(&j, GATE_HELD, r == ERR_NOMEM ? "LIMIT-MEMORY" : "PARSE", NULL);
	/* No tidying up: the process is the document's. */
	_exit(0);
}
