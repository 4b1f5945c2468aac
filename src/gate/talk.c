/* One worker: started with nothing but its pair, listened to until its last word or its time is up, then ended and judged by
 * how it ended. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate/gate.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/msg.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

struct talk {
	struct gate *g;
	const struct worker_job *job;
	struct result *r;
	struct started w;
	int64_t until;                                   /* µs, monotonic */
};

/* The next message before the time is up: 0, ERR_BUSY (too late), ERR_CLOSED. */
static int next(const struct talk *t, struct msg *m)
{
	struct pollfd p = {.fd = t->w.sock, .events = POLLIN};

	for (;;) {
		int64_t left = t->until - clock_mono();
		int n = left > 0 ? poll(&p, 1, (int)(left / 1000 + 1)) : 0;

		if (n < 0 && errno == EINTR)
			continue;
		return n <= 0 ? ERR_BUSY : msg_recv(t->w.sock, m);
	}
}

static bool sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS;
}

static int on_part(struct talk *t, struct msg *m)
{
	struct str path, code, sample;
	uint32_t what;
	int64_t count, bytes;

	if (msg_str(m, 2 * GATE_PATH_MAX, &path) || msg_str(m, GATE_CODE_MAX, &code) || msg_u32(m, &what) || msg_i64(m, &count) ||
	    msg_i64(m, &bytes) || msg_str(m, 2 * GATE_SAMPLE_MAX, &sample) || msg_end(m) || what >= GATE_ACTIONS)
		return ERR_PROTO;
	result_part(t->r, path, code, what, count, bytes, sample);
	return 0;
}

/* Kept while there is room: what a worker says too much of is not looked through. */
static int on_text(struct talk *t, struct msg *m)
{
	struct str text;

	if (msg_str(m, GATE_TEXT_MAX, &text) || msg_end(m))
		return ERR_PROTO;
	if (!t->g->text || t->g->text_n + text.n > GATE_TEXTS_MAX)
		return 0;
	t->g->text_n += text.n;
	return fd_write_all(t->g->text, text.p, text.n);
}

/* A document inside: the whole way again, one deeper. The worker's clock stands meanwhile. */
static int on_sub(struct talk *t, struct msg *m)
{
	struct result *sub;
	struct result *r = t->r;
	struct str path, name;
	struct msg answer;
	int64_t from = clock_mono();
	int fd = -1, ret;

	if (msg_str(m, 2 * GATE_PATH_MAX, &path) || msg_str(m, 2 * GATE_PATH_MAX, &name) || msg_fd(m, &fd) || msg_end(m) ||
	    !sealed(fd) || t->g->inside++ >= GATE_SUBS_MAX) {
		if (fd >= 0)
			close(fd);
		return ERR_PROTO;
	}
	sub = xcalloc(1, sizeof *sub);
	ret = gate_clean(t->g, arena_z(r->arena, name), fd, t->job->depth + 1, sub, NULL);
	close(fd);
	if (r->n_members == r->cap_members) {
		r->cap_members = r->cap_members ? 2 * r->cap_members : 8;
		r->members = realloc(r->members, r->cap_members * sizeof *r->members);
		if (!r->members)
			abort();
	}
	r->members[r->n_members++] = (struct member){arena_str(r->arena, path), sub};
	if (ret)
		return ret;
	msg_init(&answer, GATE_SUB_DONE);
	msg_put_u32(&answer, sub->outcome);
	msg_put_str(&answer, sub->language.p ? sub->language : STR(""));
	if (sub->outcome == GATE_DELIVERED)
		msg_put_fd(&answer, sub->out_fd);
	ret = msg_send(t->w.sock, &answer);
	msg_release(&answer);
	if (sub->out_fd >= 0)                            /* the worker has it now; thousands of them would be all we may open */
		close(sub->out_fd);
	sub->out_fd = -1;
	t->until += clock_mono() - from;
	return ret;
}

/* 1: its last word is in *m; 0: go on; else the reason to end it. */
static int one_message(struct talk *t, struct msg *m)
{
	uint32_t done, of;
	int r;

	switch (m->type) {
	case GATE_PART: r = on_part(t, m); break;
	case GATE_SUB: r = on_sub(t, m); break;
	case GATE_TEXT: r = on_text(t, m); break;
	case GATE_PROGRESS:
		r = msg_u32(m, &done) || msg_u32(m, &of) || msg_end(m) ? ERR_PROTO : 0;
		if (!r && t->g->progress && !t->job->depth)
			t->g->progress(t->g->progress_arg, t->job->step, done, of);
		break;
	case GATE_DONE:
	case GATE_FAIL:
	case GATE_TYPE:
	case GATE_SCANNED:
	case GATE_VERDICT: return 1;
	default: r = ERR_PROTO;
	}
	msg_release(m);
	return r;
}

/* The password goes to the one who needs it and into no report. */
static void put_policy(struct msg *m, const struct talk *t)
{
	char policy[GATE_POLICY_MAX + GATE_PASSWORD_MAX + 16];

	const char *password = t->job->no_password ? NULL : t->g->password;

	snprintf(policy, sizeof policy, "%s%s%s%s", t->job->policy, password ? "password=" : "", password ? password : "",
	         password ? "\n" : "");
	msg_put_z(m, policy);
	explicit_bzero(policy, sizeof policy);
}

static int hand_job(struct talk *t, struct run *run)
{
	struct str posture;
	struct msg m;
	int r = next(t, &m);

	if (r)
		return r;
	r = m.type != GATE_READY || msg_str(&m, 96, &posture) || msg_end(&m) ? ERR_PROTO : 0;
	if (!r)
		run->posture = arena_strf(t->r->arena, "%.*s %s", STR_ARG(posture), t->w.limits);
	msg_release(&m);
	/* Unconfined, it gets no document. */
	if (r || !str_has(run->posture, "seccomp"))
		return ERR_DENIED;
	msg_init(&m, GATE_JOB);
	msg_put_z(&m, t->job->format);
	msg_put_z(&m, t->job->name);
	put_policy(&m, t);
	msg_put_fd(&m, t->job->content);
	r = msg_send(t->w.sock, &m);
	msg_release(&m);
	return r;
}

static void note_run(struct result *r, const struct run *run)
{
	if (r->n_runs == r->cap_runs) {
		r->cap_runs = r->cap_runs ? 2 * r->cap_runs : 4;
		r->runs = realloc(r->runs, r->cap_runs * sizeof *r->runs);
		if (!r->runs)
			abort();
	}
	r->runs[r->n_runs++] = *run;
}

int worker_talk(struct gate *g, const struct worker_job *job, struct result *r, struct msg *ret, struct err *e)
{
	struct talk t = {.g = g, .job = job, .r = r, .w.sock = -1};
	struct run run = {.step = job->step, .program = arena_str(r->arena, str_from(job->program))};
	unsigned seconds = (job->seconds ? job->seconds : g->seconds) + (unsigned)((job->size >> 20) * g->seconds_per_mib);
	int64_t from = clock_mono();
	bool ready = false;
	int got;

	*ret = (struct msg){0};
	got = g->spawner->start(g->spawner_arg, job->program, seconds, &t.w, e);
	if (got)
		return got;
	t.until = from + (int64_t)seconds * SECOND_US;
	got = hand_job(&t, &run);
	ready = got == 0;
	while (!got) {
		got = next(&t, ret);
		if (!got)
			got = one_message(&t, ret);
	}
	if (got != 1)
		*ret = (struct msg){0};
	close(t.w.sock);
	g->spawner->end(g->spawner_arg, t.w.worker, got != 1, &run);
	run.wall_ms = (clock_mono() - from) / 1000;
	note_run(r, &run);
	if (got == 1)
		return 0;
	if (!ready && got != ERR_BUSY) {
		result_stop(r, GATE_HELD, "WORKER-OPEN", STR_NONE);
		return 0;
	}
	if (run.starved)
		result_stop(r, GATE_HELD, "LIMIT-MEMORY", STR_NONE);
	else if (got == ERR_BUSY || run.signal == SIGXCPU)
		result_stop(r, GATE_HELD, "LIMIT-TIME", STR_NONE);
	else if (g->inside > GATE_SUBS_MAX)
		result_stop(r, GATE_BLOCKED, "ZIP-BOMB", STR_NONE);
	else
		result_stop(r, GATE_BLOCKED, run.signal == SIGXFSZ ? "LIMIT-OUTPUT" : "WORKER-DIED", STR_NONE);
	return 0;
}
