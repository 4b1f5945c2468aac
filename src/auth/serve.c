#include "auth/serve.h"

#include <poll.h>
#include <sodium.h>
#include <stdlib.h>

#define POSTPONE_MAX 256

/* A question that needs Argon2id. The message keeps the bytes; they are wiped after the work. */
struct job {
	struct msg m;
	int64_t call;
};

struct serve {
	struct auth *auth;
	struct loop *loop;
	struct job queue[QUEUE_MAX];
	size_t first, n;
	int fd;
	bool armed;
	unsigned postponed;
	serve_broke *broke;
	void *arg;
};

static int answer(int fd, int64_t call, enum auth_result result, struct buf *detail)
{
	struct msg m;
	int r;

	msg_init(&m, AUTH_RESULT);
	msg_put_i64(&m, call);
	msg_put_u32(&m, result);
	msg_put_str(&m, detail->n ? buf_view(detail) : STR("{}"));
	r = msg_send(fd, &m);
	msg_release(&m);
	return r == ERR_CLOSED ? 0 : r;
}

static void wipe(struct msg *m)
{
	if (m->mem && !m->mapped)
		sodium_memzero(m->mem, m->mem_n);
	msg_release(m);
}

/* --- the questions, each reads its message to the end before it acts --------------------------------------------- */

static int q_verify(struct auth *a, struct msg *m, struct buf *detail, enum auth_result *ret)
{
	struct str password;
	int64_t person;

	if (msg_i64(m, &person) || msg_str(m, PASSWORD_BYTES_MAX, &password) || msg_end(m) || !password.p)
		return ERR_PROTO;
	*ret = password_verify(a, person, password, detail);
	return 0;
}

static int q_set(struct auth *a, struct msg *m, struct buf *detail, enum auth_result *ret)
{
	struct str password, guesses[GUESSES_MAX];
	int64_t person;
	uint8_t temporary;
	uint32_t n;

	if (msg_i64(m, &person) || msg_str(m, PASSWORD_BYTES_MAX, &password) || msg_u8(m, &temporary) || temporary > 1 ||
	    msg_u32(m, &n) || n > GUESSES_MAX || !password.p)
		return ERR_PROTO;
	for (uint32_t i = 0; i < n; i++)
		if (msg_str(m, GUESS_MAX, &guesses[i]))
			return ERR_PROTO;
	if (msg_end(m))
		return ERR_PROTO;
	*ret = password_set(a, person, password, temporary, guesses, n, detail);
	return 0;
}

static int person_only(struct msg *m, int64_t *ret)
{
	return msg_i64(m, ret) || msg_end(m) ? ERR_PROTO : 0;
}

static int person_and_text(struct msg *m, int64_t *ret, size_t max, struct str *ret_text)
{
	return msg_i64(m, ret) || msg_str(m, max, ret_text) || msg_end(m) || !ret_text->p ? ERR_PROTO : 0;
}

static int q_state(struct auth *a, struct msg *m, struct buf *detail, enum auth_result *ret)
{
	int64_t person;

	if (person_only(m, &person))
		return ERR_PROTO;
	*ret = auth_state(a, person, detail);
	return 0;
}

static int q_totp_begin(struct auth *a, struct msg *m, struct buf *detail, enum auth_result *ret)
{
	struct str label;
	int64_t person;

	if (person_and_text(m, &person, LABEL_MAX, &label))
		return ERR_PROTO;
	*ret = totp_begin(a, person, label, detail);
	return 0;
}

static int q_totp_confirm(struct auth *a, struct msg *m, struct buf *detail, enum auth_result *ret)
{
	struct str code;
	int64_t person;

	if (person_and_text(m, &person, CODE_MAX, &code))
		return ERR_PROTO;
	*ret = totp_confirm(a, person, code, detail);
	return 0;
}

static int q_second(struct auth *a, struct msg *m, struct buf *detail, enum auth_result *ret)
{
	struct str code;
	int64_t person;

	if (person_and_text(m, &person, CODE_MAX, &code))
		return ERR_PROTO;
	*ret = factor_verify(a, person, code, detail);
	return 0;
}

static int q_codes(struct auth *a, struct msg *m, struct buf *detail, enum auth_result *ret)
{
	struct str kind;
	int64_t person;

	if (person_and_text(m, &person, CODE_MAX, &kind))
		return ERR_PROTO;
	*ret = codes_make(a, person, kind, detail);
	return 0;
}

static int q_forget(struct auth *a, struct msg *m, struct buf *detail, enum auth_result *ret)
{
	int64_t person;

	(void)detail;
	if (person_only(m, &person))
		return ERR_PROTO;
	*ret = factors_forget(a, person);
	return 0;
}

static int q_unlock(struct auth *a, struct msg *m, struct buf *detail, enum auth_result *ret)
{
	int64_t person;

	(void)detail;
	if (person_only(m, &person))
		return ERR_PROTO;
	*ret = auth_unlock(a, person);
	return 0;
}

static int q_rules(struct auth *a, struct msg *m, struct buf *detail, enum auth_result *ret)
{
	struct auth_rules r;

	(void)detail;
	if (msg_i64(m, &r.min_length) || msg_i64(m, &r.lock_after) || msg_i64(m, &r.lock_minutes) ||
	    msg_i64(m, &r.history) || msg_end(m))
		return ERR_PROTO;
	*ret = auth_set_rules(a, &r);
	return 0;
}

static int q_backup(struct auth *a, struct msg *m, struct buf *detail, enum auth_result *ret)
{
	uint8_t make;

	(void)detail;
	if (msg_u8(m, &make) || make > 1 || msg_end(m))
		return ERR_PROTO;
	*ret = auth_backup(a, make);
	return 0;
}

static const struct question {
	uint16_t type;
	bool slow;                                       /* Argon2id: waits in the queue */
	int (*run)(struct auth *a, struct msg *m, struct buf *detail, enum auth_result *ret);
} questions[] = {
	{AUTH_VERIFY, true, q_verify},        {AUTH_SET, true, q_set},
	{AUTH_STATE, false, q_state},         {AUTH_TOTP_BEGIN, false, q_totp_begin},
	{AUTH_TOTP_CONFIRM, false, q_totp_confirm}, {AUTH_SECOND, false, q_second},
	{AUTH_CODES, false, q_codes},         {AUTH_FORGET, false, q_forget},
	{AUTH_UNLOCK, false, q_unlock},       {AUTH_RULES, false, q_rules},
	{AUTH_BACKUP, false, q_backup},
};

static const struct question *question_of(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(questions); i++)
		if (questions[i].type == type)
			return &questions[i];
	return NULL;
}

static int work(struct serve *s, int fd, const struct question *q, int64_t call, struct msg *m)
{
	enum auth_result result = AUTH_FAILED;
	struct buf detail;
	int r;

	buf_init(&detail, DETAIL_MAX);
	r = q->run(s->auth, m, &detail, &result);
	if (r == 0 && (result == AUTH_FAILED || buf_err(&detail))) {
		buf_clear(&detail);
		result = AUTH_FAILED;
	}
	if (r == 0)
		r = answer(fd, call, result, &detail);
	if (detail.p)
		sodium_memzero(detail.p, detail.n);
	buf_release(&detail);
	return r;
}

/* --- the queue --------------------------------------------------------------------------------------------------- */

static void next_job(void *arg);

static void arm(struct serve *s)
{
	if (s->armed || s->n == 0)
		return;
	s->armed = true;
	loop_after(s->loop, 0, next_job, s);
}

static bool more_to_read(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return fd >= 0 && poll(&p, 1, 0) == 1;
}

static void next_job(void *arg)
{
	struct serve *s = arg;
	struct job *j = &s->queue[s->first];

	s->armed = false;
	if (s->n == 0)
		return;
	/* First read what waits at the door, so that quick questions are answered and a full queue says so; not for
	 * ever. */
	if (s->postponed < POSTPONE_MAX && more_to_read(s->fd)) {
		s->postponed++;
		arm(s);
		return;
	}
	s->postponed = 0;
	s->first = (s->first + 1) % QUEUE_MAX;
	s->n--;
	struct msg m = j->m;
	int r = work(s, s->fd, question_of(m.type), j->call, &m);

	wipe(&m);
	if (r)
		s->broke(s->arg);
	arm(s);
}

int serve_message(struct serve *s, int fd, struct msg *m)
{
	const struct question *q = question_of(m->type);
	struct buf none;
	int64_t call;
	int r;

	if (!q || msg_i64(m, &call))
		return ERR_PROTO;
	s->fd = fd;
	if (!q->slow)
		return work(s, fd, q, call, m);
	if (s->n == QUEUE_MAX) {
		buf_init(&none, 16);
		r = answer(fd, call, AUTH_QUEUE_FULL, &none);
		buf_release(&none);
		return r;
	}
	s->queue[(s->first + s->n++) % QUEUE_MAX] = (struct job){*m, call};
	msg_init(m, 0);                                  /* its bytes are the queue's now */
	arm(s);
	return 0;
}

void serve_peer(struct serve *s, int fd)
{
	for (; s->n > 0; s->n--) {
		wipe(&s->queue[s->first].m);
		s->first = (s->first + 1) % QUEUE_MAX;
	}
	s->fd = fd;
}

struct serve *serve_new(struct auth *a, struct loop *l, serve_broke *broke, void *arg)
{
	struct serve *s = xcalloc(1, sizeof(*s));

	s->auth = a;
	s->loop = l;
	s->broke = broke;
	s->arg = arg;
	s->fd = -1;
	return s;
}

void serve_free(struct serve *s)
{
	if (!s)
		return;
	serve_peer(s, -1);
	free(s);
}
