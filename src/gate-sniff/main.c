/* What kind of bytes are these, whatever the name says? Signatures only, nothing is decoded. */
#include "gate-sniff/sniff.h"
#include "rebuild/worker.h"

static int answer(struct job *j)
{
	struct sniffed s = sniff(j->in);
	struct msg m;

	msg_init(&m, GATE_TYPE);
	msg_put_z(&m, s.type);
	msg_put_z(&m, s.code);
	if (msg_send(j->sock, &m))
		return ERR_CLOSED;
	msg_release(&m);
	j->failed = true;                                /* no candidate comes */
	return 0;
}

int main(int argc, char **argv)
{
	return worker_run(argc, argv, &(struct worker){.rebuild = answer});
}
