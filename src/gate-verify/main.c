/* One candidate, one answer, end. Not built on src/rebuild: it shares nothing with what it judges. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/gate.h"
#include "gate-verify/verify.h"
#include "lib/log.h"
#include "lib/msg.h"
#include "lib/sandbox.h"

static int answer(bool accepted, const char *rule, size_t at)
{
	struct msg m;
	int r;

	msg_init(&m, GATE_VERDICT);
	msg_put_u8(&m, accepted);
	msg_put_z(&m, accepted ? "" : rule);
	msg_put_i64(&m, (int64_t)at);
	r = msg_send(GATE_FD, &m);
	msg_release(&m);
	return r ? 4 : 0;
}

static int judge(struct msg *m)
{
	struct str format, name, policy;
	struct check c = {0};
	struct stat st;
	void *p = NULL;
	int fd = -1;

	if (m->type != GATE_JOB || msg_str(m, GATE_CODE_MAX, &format) || msg_str(m, 1024, &name) ||
	    msg_str(m, GATE_POLICY_MAX + GATE_PASSWORD_MAX + 16, &policy) || msg_fd(m, &fd) || msg_end(m) || fstat(fd, &st) || st.st_size < 0 ||
	    (uint64_t)st.st_size > GATE_OUTPUT_MAX)
		return 4;
	if (st.st_size) {
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
		if (p == MAP_FAILED)
			return 4;
	}
	c.in = str_n(p ? p : "", (size_t)st.st_size);
	c.arena = arena_new(VERIFY_ARENA_MAX);
	for (size_t i = 0; i < n_languages; i++)
		if (str_is(format, languages[i].name)) {
			bool ok = languages[i].verify(&c);

			return answer(ok && !c.rule, c.rule ? c.rule : "unnamed", c.at);
		}
	return answer(false, "language", 0);
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
	log_open("gate-verify");
	if (sandbox_enter(&sandbox_gate_verify, NULL, 0, NULL, &e))
		log_fatal("verify.sandbox", "text=\"%s\"", e.text);
	msg_init(&m, GATE_READY);
	msg_put_z(&m, sandbox_posture());
	r = msg_send(GATE_FD, &m);
	msg_release(&m);
	if (r || msg_recv(GATE_FD, &m))
		return 4;
	r = judge(&m);
	_exit(r);
}
