#include "core/tls.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/proto.h"
#include "lib/msg.h"

#define CHAIN_MAX 8
#define CHAIN_PEM_MAX (64u * 1024)
#define SIGNATURE_MAX 256
#define TICKET_KEY_SECONDS 3600                          /* then gnutls derives a fresh one from it by itself */

/* A certificate chain as shown in handshakes. Sessions under way point into it, so it stays until the end; a new one
 * comes only when keys was started again with another certificate. */
struct chain {
	gnutls_pcert_st certs[CHAIN_MAX];
	unsigned n;
	struct chain *older;
};

static struct {
	pthread_mutex_t lock;                            /* guards fd: handshakes ask on it, the reply thread replaces it */
	int fd;
	bool lost;
	struct chain *chain;                             /* the newest */
	char *pem;                                       /* what it was made from */
	size_t pem_n;
	gnutls_privkey_t key;
	gnutls_datum_t ticket_key;
} tls = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

void tls_keys_fd(int keys_fd)
{
	pthread_mutex_lock(&tls.lock);
	if (tls.fd >= 0)
		close(tls.fd);
	tls.fd = keys_fd < 0 ? -1 : fcntl(keys_fd, F_DUPFD_CLOEXEC, 0);
	tls.lost = false;
	pthread_mutex_unlock(&tls.lock);
}

bool tls_keys_lost(void)
{
	bool lost;

	pthread_mutex_lock(&tls.lock);
	lost = tls.lost;
	tls.lost = false;
	pthread_mutex_unlock(&tls.lock);
	return lost;
}

/* One question to keys; on anything wrong the socket is closed, so that a late answer cannot pass for another's. */
static int ask(struct msg *m, uint16_t want, struct msg *ret)
{
	int r = ERR_CLOSED;

	pthread_mutex_lock(&tls.lock);
	if (tls.fd >= 0) {
		r = msg_call(tls.fd, m, TLS_SIGN_MS, ret);
		if (r == 0 && ret->type != want) {
			msg_release(ret);
			r = ERR_PROTO;
		}
		if (r) {
			close(tls.fd);
			tls.fd = -1;
			tls.lost = true;
		}
	}
	pthread_mutex_unlock(&tls.lock);
	return r;
}

static int sign_hash(gnutls_privkey_t key, gnutls_sign_algorithm_t algo, void *arg, unsigned flags,
                     const gnutls_datum_t *hash, gnutls_datum_t *ret)
{
	struct msg m, answer;
	struct str sig;
	uint32_t code;
	int r;

	(void)key, (void)algo, (void)arg, (void)flags;
	if (hash->size != 32)
		return GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM;
	msg_init(&m, KEYS_SIGN_TLS);
	msg_put_u32(&m, 256);
	msg_put_str(&m, str_n(hash->data, hash->size));
	r = ask(&m, KEYS_SIG, &answer);
	msg_release(&m);
	if (r)
		return GNUTLS_E_PK_SIGN_FAILED;
	r = msg_u32(&answer, &code);
	if (r == 0)
		r = msg_str(&answer, SIGNATURE_MAX, &sig);
	if (r == 0)
		r = msg_end(&answer);
	if (r || code || sig.n == 0) {
		msg_release(&answer);
		return GNUTLS_E_PK_SIGN_FAILED;
	}
	ret->data = gnutls_malloc(sig.n);
	if (ret->data) {
		memcpy(ret->data, sig.p, sig.n);
		ret->size = (unsigned)sig.n;
	}
	msg_release(&answer);
	return ret->data ? 0 : GNUTLS_E_MEMORY_ERROR;
}

/* keys holds one P-256 key: it signs SHA-256 digests and nothing else. */
static int key_info(gnutls_privkey_t key, unsigned flags, void *arg)
{
	gnutls_sign_algorithm_t algo = (gnutls_sign_algorithm_t)GNUTLS_FLAGS_TO_SIGN_ALGO(flags);

	(void)key, (void)arg;
	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO)
		return GNUTLS_PK_ECDSA;
	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS)
		return 256;
	if (flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO)
		return algo == GNUTLS_SIGN_ECDSA_SHA256 || algo == GNUTLS_SIGN_ECDSA_SECP256R1_SHA256;
	if (flags & GNUTLS_PRIVKEY_INFO_SIGN_ALGO)
		return GNUTLS_SIGN_ECDSA_SHA256;
	return -1;
}

static int chain_load(struct str pem, struct err *e)
{
	gnutls_datum_t d = {(unsigned char *)(uintptr_t)pem.p, (unsigned)pem.n};
	struct chain *c = xcalloc(1, sizeof(*c));
	int r;

	c->n = CHAIN_MAX;
	r = gnutls_pcert_list_import_x509_raw(c->certs, &c->n, &d, GNUTLS_X509_FMT_PEM, 0);
	if (r < 0 || c->n == 0 || gnutls_pubkey_get_pk_algorithm(c->certs[0].pubkey, NULL) != GNUTLS_PK_ECDSA) {
		free(c);
		return err_set(e, ERR_SYNTAX, "the certificate of keys is not fit: %s",
		               r < 0 ? gnutls_strerror(r) : "no ECDSA key");
	}
	free(tls.pem);
	tls.pem = xmalloc(pem.n + 1);
	memcpy(tls.pem, pem.p, pem.n);
	tls.pem_n = pem.n;
	pthread_mutex_lock(&tls.lock);
	c->older = tls.chain;
	tls.chain = c;
	pthread_mutex_unlock(&tls.lock);
	return 0;
}

int tls_reload(struct err *e)
{
	struct msg m, answer;
	struct str pem;
	int r;

	msg_init(&m, KEYS_CERT);
	r = ask(&m, KEYS_CERT_IS, &answer);
	msg_release(&m);
	if (r)
		return err_set(e, r, "keys gave no certificate: %s", err_text(r));
	r = msg_str(&answer, CHAIN_PEM_MAX, &pem);
	if (r == 0)
		r = msg_end(&answer);
	if (r)
		err_set(e, r, "keys answered badly");
	else if (!tls.chain || !str_eq(pem, str_n(tls.pem, tls.pem_n)))
		r = chain_load(pem, e);
	msg_release(&answer);
	return r;
}

int tls_open(struct err *e)
{
	int r = tls_reload(e);

	if (r)
		return r;
	if (gnutls_privkey_init(&tls.key) < 0 ||
	    gnutls_privkey_import_ext4(tls.key, NULL, NULL, sign_hash, NULL, NULL, key_info, 0) < 0 ||
	    gnutls_session_ticket_key_generate(&tls.ticket_key) < 0)
		return err_set(e, ERR_NOMEM, "TLS cannot start");
	return 0;
}

void tls_close(void)
{
	while (tls.chain) {
		struct chain *c = tls.chain;

		tls.chain = c->older;
		for (unsigned i = 0; i < c->n; i++)
			gnutls_pcert_deinit(&c->certs[i]);
		free(c);
	}
	free(tls.pem);
	tls.pem = NULL;
	if (tls.key)
		gnutls_privkey_deinit(tls.key);
	tls.key = NULL;
	gnutls_free(tls.ticket_key.data);
	tls.ticket_key.data = NULL;
	tls_keys_fd(-1);
}

int tls_certificate(gnutls_session_t s, const struct gnutls_cert_retr_st *info, gnutls_pcert_st **certs,
                    unsigned *certs_n, gnutls_ocsp_data_st **ocsp, unsigned *ocsp_n, gnutls_privkey_t *key,
                    unsigned *flags)
{
	(void)s, (void)info;
	pthread_mutex_lock(&tls.lock);
	*certs = tls.chain->certs;
	*certs_n = tls.chain->n;
	pthread_mutex_unlock(&tls.lock);
	*ocsp = NULL;
	*ocsp_n = 0;
	*key = tls.key;
	*flags = 0;                                      /* chain and key stay ours */
	return 0;
}

void tls_session(gnutls_session_t s)
{
	/* Tickets spare a signature; no 0-RTT, which could be replayed. A failure only costs a full handshake. */
	if (gnutls_session_ticket_enable_server(s, &tls.ticket_key) == 0)
		gnutls_db_set_cache_expiration(s, TICKET_KEY_SECONDS);
}
