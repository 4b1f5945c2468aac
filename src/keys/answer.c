#include "keys/answer.h"

#include "core/proto.h"
#include "lib/log.h"

#define ROOT_MAX 64
#define NOTE_OUT_MAX (4u * 1024)

/* Error codes travel as positive numbers, 0 for none. */
static void put_code(struct msg *m, int code)
{
	msg_put_u32(m, (uint32_t)-code);
}

static int sign_log(struct keys *k, struct msg *m, struct msg *answer)
{
	struct checkpoint c;
	struct str root, hashes;
	uint8_t proof[MERKLE_PROOF_MAX][MERKLE_LEN];
	int64_t size, from;
	struct err e = {0};
	struct buf note;
	if (msg_str(m, NOTE_NAME_MAX, &c.origin) != 0 || msg_i64(m, &size) != 0 || msg_str(m, ROOT_MAX, &root) != 0 ||
	    msg_i64(m, &from) != 0 || msg_str(m, sizeof proof, &hashes) != 0 || msg_end(m) != 0 || size < 0 || from < 0 ||
	    root.n != MERKLE_LEN || hashes.n % MERKLE_LEN != 0)
		return ERR_PROTO;
	c.size = (uint64_t)size;
	memcpy(c.root, root.p, MERKLE_LEN);
	if (hashes.n)
		memcpy(proof, hashes.p, hashes.n);
	buf_init(&note, NOTE_OUT_MAX);
	int r = logkey_sign(k->log, &c, (uint64_t)from, proof, hashes.n / MERKLE_LEN, &note, &e);
	if (r != 0)
		log_warn("keys.refused", "code=%s text=\"%s\"", err_text(r), e.text);
	put_code(answer, r);
	msg_put_str(answer, r == 0 ? buf_view(&note) : STR_NONE);
	msg_put_i64(answer, (int64_t)logkey_size(k->log, c.origin));
	buf_release(&note);
	return 0;
}

static int vkey(struct keys *k, struct msg *m, struct msg *answer)
{
	struct str origin;
	struct buf line;
	if (msg_str(m, NOTE_NAME_MAX, &origin) != 0 || msg_end(m) != 0)
		return ERR_PROTO;
	buf_init(&line, 2 * NOTE_VKEY_MAX);
	int r = logkey_vkey(k->log, origin, &line);
	msg_put_str(answer, r == 0 ? buf_view(&line) : STR_NONE);
	buf_release(&line);
	return 0;
}

static int sign_tls(struct keys *k, struct msg *m, struct msg *answer)
{
	uint32_t bits;
	struct str digest;
	struct buf sig;
	if (msg_u32(m, &bits) != 0 || msg_str(m, 64, &digest) != 0 || msg_end(m) != 0)
		return ERR_PROTO;
	buf_init(&sig, 512);
	int r = tlskey_sign(k->tls, bits, digest, &sig);
	put_code(answer, r);
	msg_put_str(answer, r == 0 ? buf_view(&sig) : STR_NONE);
	buf_release(&sig);
	return r == ERR_INVALID ? ERR_PROTO : 0;
}

static int cert(struct keys *k, struct msg *m, struct msg *answer)
{
	msg_put_str(answer, tlskey_chain(k->tls));
	return msg_end(m);
}

/* Whoever takes over the front gets no log signature, whoever takes over the vault no TLS signature. */
static const struct {
	const char *peer;
	uint16_t ask, answer;
	int (*run)(struct keys *, struct msg *, struct msg *);
} allowed[] = {
	{"vault", KEYS_SIGN_LOG, KEYS_NOTE, sign_log},
	{"vault", KEYS_VKEY, KEYS_VKEY_IS, vkey},
	{"front", KEYS_SIGN_TLS, KEYS_SIG, sign_tls},
	{"front", KEYS_CERT, KEYS_CERT_IS, cert},
	{"front.net", KEYS_SIGN_TLS, KEYS_SIG, sign_tls},
	{"front.net", KEYS_CERT, KEYS_CERT_IS, cert},
	{"collect", KEYS_SIGN_TLS, KEYS_SIG, sign_tls},
	{"collect", KEYS_CERT, KEYS_CERT_IS, cert},
};

int keys_answer(struct keys *k, const char *peer, int fd, struct msg *m)
{
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
		if (allowed[i].ask != m->type || strcmp(allowed[i].peer, peer) != 0)
			continue;
		struct msg answer;
		msg_init(&answer, allowed[i].answer);
		int r = allowed[i].run(k, m, &answer);
		if (r == 0 && msg_send(fd, &answer) != 0)
			log_warn("keys.unsent", "peer=%s", peer);    /* gone: the loop notices */
		msg_release(&answer);
		return r;
	}
	return ERR_PROTO;
}
