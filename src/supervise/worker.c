#include "supervise/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/gate.h"
#include "core/proto.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/sandbox.h"
#include "supervise/super.h"

#define WORKER_GRACE_S 3

static void close_channel(struct super *s, int role)
{
	struct super_watch *w = &s->worker_watches[role];
	if (!w->s)
		return;
	loop_remove(s->loop, w->fd);
	close(w->fd);
	*w = (struct super_watch){.fd = -1};
}

static struct worker *find(struct super *s, int64_t id, int role)
{
	for (size_t i = 0; i < WORKERS_MAX; i++)
		if (s->workers.list[i].pid > 0 && s->workers.list[i].id == id && s->workers.list[i].role == role)
			return &s->workers.list[i];
	return NULL;
}

/* A role that fills its places stands in nobody else's way. */
static struct worker *free_place(struct super *s, int role)
{
	struct worker *ret = NULL;
	size_t has = 0;

	for (size_t i = WORKERS_MAX; i-- > 0;)
		if (!s->workers.list[i].pid)
			ret = &s->workers.list[i];
		else if (s->workers.list[i].role == role)
			has++;
	return has < WORKERS_EACH ? ret : NULL;
}

/* "gate-" and lower-case letters: a file of that name in our own folder, nothing else. */
static bool name_ok(struct str name)
{
	if (!str_starts(name, WORKER_PROGRAMS) || name.n <= strlen(WORKER_PROGRAMS) || name.n > 30)
		return false;
	for (size_t i = strlen(WORKER_PROGRAMS); i < name.n; i++)
		if (name.p[i] < 'a' || name.p[i] > 'z')
			return false;
	return true;
}

static int connect_scanner(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const char *path = getenv("SEKISHO_CLAMD");
	int fd;

	if (!path || (size_t)snprintf(a.sun_path, sizeof a.sun_path, "%s", path) >= sizeof a.sun_path)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && (connect(fd, (struct sockaddr *)&a, sizeof a) != 0 || fcntl(fd, F_SETFL, 0) != 0)) {
		close(fd);                               /* never waited for: a full queue is no scanner either */
		fd = -1;
	}
	return fd;
}

static void close_all(const int fds[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* --- life: the role has its own clock for each worker, but may be lying, or not there ------------------------------------ */

static void on_clock(void *arg);

static bool clock_runs(const struct workers *ws, const struct worker *w)
{
	for (size_t i = 0; i < WORKERS_MAX; i++)
		if (ws->list[i].pid > 0 && !ws->list[i].ended && ws->list[i].role == w->role && ws->list[i].id > w->id)
			return false;                    /* waits for a document inside its own */
	return true;
}

/* Twice what was asked for (the broker's own clock comes first), counted while no younger worker of the role lives; and never longer
 * than WORKER_LIFE_S in all. */
static void worker_clock(struct super *s, int64_t now)
{
	struct workers *ws = &s->workers;
	bool any = false;

	for (size_t i = 0; i < WORKERS_MAX; i++) {
		struct worker *w = &ws->list[i];

		if (w->pid <= 0 || w->ended)
			continue;
		any = true;
		if (clock_runs(ws, w))
			w->lived += now - (w->born > ws->ticked ? w->born : ws->ticked);
		if (w->lived <= (2 * (int64_t)w->seconds + WORKER_GRACE_S) * SECOND_US && now - w->born <= WORKER_LIFE_S * SECOND_US)
			continue;
		log_warn("supervise.worker-late", "role=%s pid=%d seconds=%u", w->role < 0 ? "-" : s->house.roles[w->role].name,
		         (int)w->pid, w->seconds);
		kill(w->pid, SIGKILL);
	}
	ws->ticked = now;
	ws->timer = any ? loop_after(s->loop, 1000, on_clock, s) : 0;
}

static void on_clock(void *arg)
{
	struct super *s = arg;

	worker_clock(s, clock_mono());
}

/* --- start -------------------------------------------------------------------------------------------------------------- */

/* The scanner's connections behind its pair, none for another program; how many there are then, 0: no clamd. fds lie above those
 * that the program will find them at. */
static size_t give_connections(struct str program, int fds[1 + SCANNER_CONNECTIONS])
{
	if (!str_is(program, WORKER_SCANNER))
		return 1;
	for (size_t i = 1; i <= SCANNER_CONNECTIONS; i++) {
		int fd = connect_scanner();

		fds[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, GATE_FD + 1 + SCANNER_CONNECTIONS);
		close_all(&fd, 1);
		if (fds[i] < 0) {
			close_all(fds + 1, i);
			return 0;
		}
	}
	return 1 + SCANNER_CONNECTIONS;
}

/* Each place has users of its own, so that documents looked at at the same time are strangers to each other. */
static void uids_of(size_t place, char out[64])
{
	const char *z = getenv("SEKISHO_UID_BASE");
	int64_t base = SANDBOX_UID_BASE;

	if (z && str_int(str_from(z), 1000, INT32_MAX / 2, &base) != 0)
		base = SANDBOX_UID_BASE;
	snprintf(out, 64, "SEKISHO_UID_BASE=%lld",
	         (long long)base + SANDBOX_UID_WORKERS - SANDBOX_UID_WORKER_FIRST + (long long)place * SANDBOX_UIDS_WORKER);
}

struct start {
	struct str program;
	int fds[1 + SCANNER_CONNECTIONS];
	size_t n, place;
	unsigned seconds;
	int group;                                       /* -1: none */
};

static _Noreturn void become(const struct super *s, const struct start *w, pid_t parent)
{
	char path[4200];
	char uids[64], *argv[] = {path, (char *)(uintptr_t)"--fd=3", NULL}, *env[] = {(char *)(uintptr_t)"LANG=C.UTF-8", uids, NULL};
	struct rlimit cpu = {w->seconds, w->seconds + 1};
	sigset_t none;

	snprintf(path, sizeof path, "%s/%.*s", s->libexec, STR_ARG(w->program));
	uids_of(w->place, uids);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGINT, SIG_IGN);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || setrlimit(RLIMIT_CPU, &cpu) != 0)
		_exit(127);
	if (!cgroup_join(w->group))
		_exit(127);
	for (size_t i = 0; i < w->n; i++)
		if (dup2(w->fds[i], GATE_FD + (int)i) < 0)
			_exit(127);
	closefrom(GATE_FD + (int)w->n);
	execve(path, argv, env);
	_exit(127);
}

static int begin(struct super *s, int role, struct start *st, struct worker **ret, int *ret_fd)
{
	struct worker *w = free_place(s, role);
	pid_t parent = getpid();
	int pair[2];

	if (!w)
		return ERR_BUSY;
	st->place = (size_t)(w - s->workers.list);
	st->n = give_connections(st->program, st->fds);
	if (!st->n)
		return ERR_NOTFOUND;
	if (cgroup_make(&s->cgroups, st->place, st->program, &st->group) != 0 || msg_pair(pair) != 0) {
		close_all(st->fds, st->n);
		close_all(&st->group, 1);
		return ERR_SYS;
	}
	st->fds[0] = fcntl(pair[1], F_DUPFD_CLOEXEC, GATE_FD + 1 + SCANNER_CONNECTIONS);
	close(pair[1]);
	*w = (struct worker){.pid = st->fds[0] < 0 ? -1 : fork(), .role = role, .id = ++s->workers.last_id, .seconds = st->seconds,
	                     .born = clock_mono()};
	if (w->pid == 0)
		become(s, st, parent);
	close_all(st->fds, st->n);
	close_all(&st->group, 1);
	if (w->pid < 0) {
		w->pid = 0;
		close(pair[0]);
		return ERR_SYS;
	}
	if (!s->workers.timer)
		worker_clock(s, w->born);
	*ret = w;
	*ret_fd = pair[0];
	return 0;
}

static int on_start(struct super *s, int role, int fd, struct msg *m)
{
	struct start st = {.fds = {-1, -1, -1}, .group = -1};
	struct worker *w = NULL;
	struct msg answer;
	int sock = -1, r;

	if (msg_str(m, 64, &st.program) != 0 || msg_u32(m, &st.seconds) != 0 || msg_end(m) != 0 || !name_ok(st.program) || !st.seconds ||
	    st.seconds > WORKER_SECONDS_MAX)
		return ERR_PROTO;
	r = begin(s, role, &st, &w, &sock);
	msg_init(&answer, WORKER_STARTED);
	msg_put_u32(&answer, (uint32_t)-r);
	msg_put_i64(&answer, w ? w->id : 0);
	msg_put_z(&answer, cgroups_posture(&s->cgroups));
	if (sock >= 0) {
		msg_put_fd(&answer, sock);
		close(sock);
	}
	r = msg_send(fd, &answer);
	msg_release(&answer);
	return r;
}

static void tell_end(struct super *s, struct worker *w)
{
	struct super_watch *channel = w->role >= 0 ? &s->worker_watches[w->role] : NULL;
	struct msg m;

	if (channel && channel->s) {
		msg_init(&m, WORKER_ENDED);
		msg_put_u32(&m, WIFEXITED(w->status) ? (uint32_t)WEXITSTATUS(w->status) : 255);
		msg_put_u32(&m, WIFSIGNALED(w->status) ? (uint32_t)WTERMSIG(w->status) : 0);
		msg_put_i64(&m, (w->use.ru_utime.tv_sec + w->use.ru_stime.tv_sec) * 1000 +
		                (w->use.ru_utime.tv_usec + w->use.ru_stime.tv_usec) / 1000);
		msg_put_i64(&m, w->use.ru_maxrss);
		msg_put_u8(&m, w->starved);
		(void)!msg_send(channel->fd, &m);
		msg_release(&m);
	}
	*w = (struct worker){0};
}

static int on_end(struct super *s, int role, struct msg *m)
{
	struct worker *w;
	int64_t id;
	uint8_t kill_it;

	if (msg_i64(m, &id) != 0 || msg_u8(m, &kill_it) != 0 || msg_end(m) != 0 || !(w = find(s, id, role)))
		return ERR_PROTO;
	if (w->ended) {
		tell_end(s, w);
		return 0;
	}
	w->asked = true;
	if (kill_it)
		kill(w->pid, SIGKILL);
	return 0;
}

static void on_channel(void *arg)
{
	struct super_watch *w = arg;
	struct super *s = w->s;
	struct msg m;
	int role = w->role, r = msg_recv_now(w->fd, &m);

	if (r == ERR_BUSY)
		return;
	if (r == 0) {
		r = m.type == WORKER_START ? on_start(s, role, w->fd, &m)
		    : m.type == WORKER_END ? on_end(s, role, &m)
		                           : ERR_PROTO;
		msg_release(&m);
	}
	if (r == 0)
		return;
	if (r == ERR_PROTO && s->house.roles[role].pid > 0) {
		log_error("supervise.protocol", "role=%s pid=%d channel=workers", s->house.roles[role].name, (int)s->house.roles[role].pid);
		kill(s->house.roles[role].pid, SIGKILL);
	}
	close_channel(s, role);
}

void workers_drop(struct super *s, int role)
{
	close_channel(s, role);
	for (size_t i = 0; i < WORKERS_MAX; i++) {
		struct worker *w = &s->workers.list[i];

		if (w->pid <= 0 || w->role != role)
			continue;
		w->role = -1;
		if (w->ended)
			*w = (struct worker){0};
		else
			kill(w->pid, SIGKILL);
	}
}

int workers_channel(struct super *s, int role)
{
	int fd[2];

	workers_drop(s, role);
	if (msg_pair(fd) != 0)
		return -1;
	s->worker_watches[role] = (struct super_watch){.s = s, .role = role, .fd = fd[0]};
	loop_add(s->loop, fd[0], on_channel, &s->worker_watches[role]);
	return fd[1];
}

bool workers_reap(struct super *s, pid_t pid, int status, const struct rusage *use)
{
	for (size_t i = 0; i < WORKERS_MAX; i++) {
		struct worker *w = &s->workers.list[i];

		if (w->pid != pid)
			continue;
		w->ended = true;
		w->starved = cgroup_end(&s->cgroups, i);
		w->status = status;
		w->use = *use;
		if (w->role < 0)
			*w = (struct worker){0};
		else if (w->asked)
			tell_end(s, w);
		return true;
	}
	return false;
}
