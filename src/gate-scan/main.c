/* Between the gate and clamd: has the two connections that whoever may open them gave it, takes one descriptor, hands clamd's word
 * on, ends. The document is handed through, or copied byte by byte; nothing here reads what it says. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/gate.h"
#include "gate-scan/clamd.h"
#include "lib/log.h"
#include "lib/msg.h"
#include "lib/sandbox.h"

/* A descriptor that clamd does not take may still be read to it. What it found, it is not asked again. */
static struct str ask(int fd, char first[CLAMD_ANSWER_MAX], char second[CLAMD_ANSWER_MAX])
{
	struct str v = clamd_descriptor(CLAMD_SESSION_FD, fd, first) ? str_from(first) : STR("");

	if (str_is(v, "OK") || str_ends(v, " FOUND") || !clamd_stream(CLAMD_STREAM_FD, fd, second))
		return v;
	return str_from(second);
}

static int scan(struct msg *m)
{
	char version[CLAMD_ANSWER_MAX] = "", first[CLAMD_ANSWER_MAX], second[CLAMD_ANSWER_MAX];
	struct str format, name, policy, verdict = STR("");
	struct msg answer;
	int fd = -1, r;

	if (m->type != GATE_JOB || msg_str(m, GATE_CODE_MAX, &format) || msg_str(m, 1024, &name) ||
	    msg_str(m, GATE_POLICY_MAX + GATE_PASSWORD_MAX + 16, &policy) || msg_fd(m, &fd) || msg_end(m))
		return 4;
	if (clamd_version(CLAMD_SESSION_FD, version) && !str_is(format, "version"))
		verdict = ask(fd, first, second);
	msg_init(&answer, GATE_SCANNED);
	msg_put_z(&answer, version);
	msg_put_str(&answer, verdict);
	r = msg_send(GATE_FD, &answer);
	msg_release(&answer);
	return r ? 4 : 0;
}

int main(int argc, char **argv)
{
	struct err e = {0};
	struct msg m;
	int r;

	if (argc != 2 || strcmp(argv[1], "--fd=3") != 0) {
		fprintf(stderr, "%s: started by the gate only\n", argv[0]);
		return 2;
	}
	log_open("gate-scan");
	signal(SIGPIPE, SIG_IGN);                        /* clamd may go away */
	if (sandbox_enter(&sandbox_gate_scan, NULL, 0, NULL, &e))
		log_fatal("scan.sandbox", "text=\"%s\"", e.text);
	msg_init(&m, GATE_READY);
	msg_put_z(&m, sandbox_posture());
	r = msg_send(GATE_FD, &m);
	msg_release(&m);
	if (r || msg_recv(GATE_FD, &m))
		return 4;
	r = scan(&m);
	_exit(r);
}
