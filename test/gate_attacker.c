/* A rebuilder that is taken over: what it is told to try stands in its document. For test/e2e/gate-attack.sh, which routes the
 * extension .atk to it in a folder of its own; never installed. Its name says in whose cell it sits: gate-attacker in that of most
 * rebuilders, with pdf, verify, scan or office behind it in that one's. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gate-office/jail.h"
#include "rebuild/worker.h"

#define HOUSE "/var/tmp/gate-attack-house"

static const char original[] = "a,=cmd|calc!A0\n";

/* The words "it worked" as a candidate would be the proof of a way out; whatever fails softly is told as well. */
static int say(struct job *j, bool worked)
{
	buf_puts(&j->out, worked ? "ESCAPED\n" : "refused\n");
	j->language = "text";
	return 0;
}

static int hand_raw(struct job *j, const void *p, size_t n, bool seal, const char *language)
{
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct msg m;

	if (fd < 0 || write(fd, p, n) != (ssize_t)n || (seal && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)))
		_exit(9);
	msg_init(&m, GATE_DONE);
	msg_put_z(&m, language);
	msg_put_z(&m, "");
	msg_put_u32(&m, 1);
	msg_put_fd(&m, fd);
	j->failed = true;
	return msg_send(j->sock, &m);
}

static int flood_output(struct job *j)
{
	char some[65536];
	int fd = memfd_create("x", 0);

	memset(some, 'x', sizeof some);
	while (write(fd, some, sizeof some) > 0)
		;
	return say(j, false);
}

static int flood_memory(struct job *j)
{
	size_t got = 0;
	char *p;

	while ((p = malloc(64u << 20)) && got < 64ull << 30) {
		*(volatile char *)p = 1;
		got += 64u << 20;
	}
	return say(j, got >= 64ull << 30);
}

/* Children that start children, as many as there can be; each waits. More than a jail's worth is an escape. */
static int bomb(struct job *j)
{
	int n = 0;

	while (n < 5000) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (pid == 0)
			for (;;)
				pause();
		n++;
	}
	return say(j, n > 100);
}

static bool reads_other_processes(void)
{
	char path[64];

	for (int pid = 1; pid < 100000; pid++) {
		snprintf(path, sizeof path, "/proc/%d/environ", pid);
		if (pid != getpid() && open(path, O_RDONLY) >= 0)
			return true;
	}
	return false;
}

static int flood_report(struct job *j)
{
	struct msg m;

	for (int i = 0; i < 200000; i++) {
		msg_init(&m, GATE_PART);
		msg_put_z(&m, "x");
		msg_put_z(&m, "PARSE");
		msg_put_u32(&m, GATE_REMOVED);
		msg_put_i64(&m, 1);
		msg_put_i64(&m, 1);
		msg_put_z(&m, "x");
		if (msg_send(j->sock, &m))
			_exit(9);
		msg_release(&m);
	}
	return say(j, false);
}

static int nest(struct job *j)
{
	enum gate_outcome o;
	struct str clean, language;

	return job_sub(j, "inner", STR("inner.atk"), j->in, &o, &clean, &language) ? ERR_INVALID : say(j, false);
}

/* Forty in each: four deep they would be millions. */
static int wide(struct job *j)
{
	enum gate_outcome o;
	struct str clean, language;

	for (int i = 0; i < 40; i++)
		if (job_sub(j, "inner", STR("inner.atk"), j->in, &o, &clean, &language))
			return ERR_INVALID;
	return say(j, false);
}

static int nonsense(struct job *j)
{
	struct msg m;

	msg_init(&m, 4711);
	msg_put_z(&m, "hello");
	j->failed = true;
	return msg_send(j->sock, &m);
}

static int own_verdict(struct job *j)
{
	struct msg m;

	msg_init(&m, GATE_VERDICT);
	msg_put_u8(&m, 1);
	msg_put_z(&m, "");
	msg_put_i64(&m, 0);
	j->failed = true;
	return msg_send(j->sock, &m);
}

static int connect_out(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/run/docker.sock"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&a, sizeof a);
}

static int attempt(struct job *j)
{
	struct str what = str_trim(j->in);
	char *argv[] = {(char *)(uintptr_t)"/bin/true", NULL};

	if (str_is(what, "open"))
		return say(j, open("/etc/passwd", O_RDONLY) >= 0);
	if (str_is(what, "create"))
		return say(j, open("/tmp/gate-attacker", O_CREAT | O_WRONLY, 0600) >= 0);
	if (str_is(what, "socket"))
		return say(j, connect_out() >= 0);
	if (str_is(what, "exec"))
		return say(j, execv(argv[0], argv) == 0);
	if (str_is(what, "fork"))
		return say(j, fork() >= 0);
	if (str_is(what, "ptrace"))
		return say(j, ptrace(PTRACE_ATTACH, getppid(), 0, 0) == 0);
	if (str_is(what, "kill"))
		return say(j, kill(getppid(), SIGTERM) == 0);
	if (str_is(what, "executable-memory"))
		return say(j, mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	if (str_is(what, "bomb"))
		return bomb(j);
	if (str_is(what, "processes"))
		return say(j, reads_other_processes());
	if (str_is(what, "house"))                       /* the folder the test runs in */
		return say(j, open(HOUSE, O_RDONLY) >= 0);
	if (str_is(what, "memory"))
		return flood_memory(j);
	if (str_is(what, "output"))
		return flood_output(j);
	if (str_is(what, "report"))
		return flood_report(j);
	if (str_is(what, "wide"))
		return wide(j);
	if (str_is(what, "nest"))
		return nest(j);
	if (str_is(what, "loop"))
		for (volatile unsigned i = 0;; i++)
			;
	if (str_is(what, "sleep"))
		for (;;)
			sleep(1000);
	if (str_is(what, "original"))
		return hand_raw(j, original, sizeof original - 1, true, "csv");
	if (str_is(what, "unsealed"))
		return hand_raw(j, "a\n", 2, false, "text");
	if (str_is(what, "language"))
		return hand_raw(j, "a\n", 2, true, "raw");
	if (str_is(what, "nonsense"))
		return nonsense(j);
	if (str_is(what, "verdict"))
		return own_verdict(j);
	return say(j, false);
}

static int enter_jail(char *posture, size_t n, struct err *e)
{
	return jail_enter(SANDBOX_UID_BASE + SANDBOX_UID_JAIL, posture, n, e);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		const struct sandbox_profile *profile;
	} cells[] = {{"pdf", &sandbox_gate_pdf}, {"verify", &sandbox_gate_verify}, {"scan", &sandbox_gate_scan}};
	struct worker w = {.rebuild = attempt};
	struct str name = str_from(argv[0]);

	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
		if (str_ends(name, cells[i].name))
			w.profile = cells[i].profile;
	if (str_ends(name, "office"))
		w.enter = enter_jail;
	return worker_run(argc, argv, &w);
}
