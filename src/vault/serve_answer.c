#include "vault/serve.h"

#include <string.h>

#include "core/proto.h"
#include "lib/log.h"

int serve_answer_later(struct serve *s, const char *peer, int64_t seq, int64_t index, int code)
{
	if (s->n_waiting == SERVE_WAITING_MAX)
		return ERR_TOOBIG; /* it is ended, and sends again when there is room */
	s->waiting[s->n_waiting++] = (struct serve_answer){peer, seq, index, code};
	return 0;
}

static const char *refusal(int code)
{
	return code == ERR_RANGE      ? "a number is missing before this one"
	       : code == ERR_CONFLICT ? "another entry has this number or stands before it"
	                              : "the log does not hold what was signed";
}

/* 0: sent, or its reader is gone; ERR_BUSY: no room in the socket. */
static int send_answer(struct serve *s, const struct serve_answer *a)
{
	int fd = child_peer_fd(s->child, a->peer), r;
	struct msg m;

	if (fd < 0)
		return 0;
	if (!serve_room(fd))
		return ERR_BUSY;
	msg_init(&m, a->code ? VAULT_REFUSE : VAULT_ACK);
	msg_put_i64(&m, a->seq);
	if (a->code) {
		msg_put_u32(&m, (uint32_t)-a->code);
		msg_put_z(&m, refusal(a->code));
	} else {
		msg_put_i64(&m, a->index);
	}
	r = msg_send(fd, &m);
	msg_release(&m);
	if (r && r != ERR_CLOSED)
		log_warn("vault.unsent", "peer=%s error=%s", a->peer, err_text(r));
	return 0;
}

/* In order. An acknowledgement waits for the signature over its entry. */
void serve_send_answers(struct serve *s)
{
	uint64_t known = s->own->vault ? vault_signed_size(s->own->vault) : 0;
	size_t done = 0;

	while (done < s->n_waiting) {
		const struct serve_answer *a = &s->waiting[done];

		if (!a->code && (uint64_t)a->index >= known)
			break;
		if (send_answer(s, a)) {
			serve_retry(s);
			break;
		}
		done++;
	}
	memmove(s->waiting, s->waiting + done, (s->n_waiting - done) * sizeof *s->waiting);
	s->n_waiting -= done;
}

void serve_forget_answers(struct serve *s, const char *peer)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n_waiting; i++)
		if (strcmp(s->waiting[i].peer, peer) != 0)
			s->waiting[kept++] = s->waiting[i];
	s->n_waiting = kept;
}

void serve_lose_answers(struct serve *s)
{
	for (size_t i = 0; i < s->n_waiting; i++)
		for (size_t k = 0; k < s->child->n_peers; k++)
			if (!strcmp(s->child->peers[k].name, s->waiting[i].peer))
				s->resend[k] = true;
	s->n_waiting = 0;
}

void serve_call_back(struct serve *s)
{
	for (size_t i = 0; i < s->child->n_peers; i++) {
		if (s->resend[i])
			child_drop(s->child, s->child->peers[i].name, false);
		s->resend[i] = false;
	}
}
