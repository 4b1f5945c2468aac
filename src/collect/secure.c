#include "collect/secure.h"

#include <errno.h>
#include <string.h>

#include <gnutls/x509.h>

#include "core/tls.h"

static struct {
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priorities;
	bool ask;
} tls;

int secure_open(struct str clients_pem, struct err *e)
{
	int r = tls_open(e);
	if (r != 0)
		return r;
	if (gnutls_certificate_allocate_credentials(&tls.credentials) < 0 || gnutls_priority_init(&tls.priorities, TLS_PRIORITIES, NULL) < 0)
		return err_set(e, ERR_NOMEM, "TLS cannot start");
	gnutls_certificate_set_retrieve_function3(tls.credentials, tls_certificate);
	if (!clients_pem.n)
		return 0;
	gnutls_datum_t d = {(unsigned char *)(uintptr_t)clients_pem.p, (unsigned)clients_pem.n};
	r = gnutls_certificate_set_x509_trust_mem(tls.credentials, &d, GNUTLS_X509_FMT_PEM);
	tls.ask = r > 0;
	return r > 0 ? 0 : err_set(e, ERR_SYNTAX, "collect/clients.pem holds no certificate");
}

void secure_close(void)
{
	if (tls.credentials)
		gnutls_certificate_free_credentials(tls.credentials);
	if (tls.priorities)
		gnutls_priority_deinit(tls.priorities);
	memset(&tls, 0, sizeof tls);
	tls_close();
}

bool secure_is_open(void)
{
	return tls.credentials != NULL;
}

struct gnutls_session_int *secure_begin(int fd)
{
	gnutls_session_t s = NULL;
	if (gnutls_init(&s, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0)
		return NULL;
	if (gnutls_priority_set(s, tls.priorities) < 0 || gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, tls.credentials) < 0) {
		gnutls_deinit(s);
		return NULL;
	}
	gnutls_certificate_server_set_request(s, tls.ask ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_IGNORE);
	if (tls.ask)
		gnutls_session_set_verify_cert(s, NULL, 0);
	gnutls_transport_set_int(s, fd);
	return s;
}

void secure_end(struct gnutls_session_int *s)
{
	if (s)
		gnutls_deinit(s);
}

int secure_handshake(struct gnutls_session_int *s, bool *ret_write)
{
	int r;
	do
		r = gnutls_handshake(s);
	while (r < 0 && r != GNUTLS_E_AGAIN && !gnutls_error_is_fatal(r));
	*ret_write = r == GNUTLS_E_AGAIN && gnutls_record_get_direction(s) == 1;
	return r == 0 ? 0 : r == GNUTLS_E_AGAIN ? ERR_BUSY : ERR_DENIED;
}

/* GnuTLS's codes as errno; an end without a goodbye is an end. */
static ssize_t as_errno(ssize_t r)
{
	if (r >= 0)
		return r;
	if (r == GNUTLS_E_PREMATURE_TERMINATION)
		return 0;
	errno = r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED || !gnutls_error_is_fatal((int)r) ? EAGAIN : EPROTO;
	return -1;
}

ssize_t secure_recv(struct gnutls_session_int *s, void *p, size_t n)
{
	return as_errno(gnutls_record_recv(s, p, n));
}

ssize_t secure_send(struct gnutls_session_int *s, const void *p, size_t n)
{
	return as_errno(gnutls_record_send(s, p, n));
}

bool secure_pending(struct gnutls_session_int *s)
{
	return gnutls_record_check_pending(s) > 0;
}

static bool name_of(gnutls_x509_crt_t crt, char *out, size_t size)
{
	for (unsigned i = 0; i < 32; i++) {
		size_t n = size;
		int type = gnutls_x509_crt_get_subject_alt_name(crt, i, out, &n, NULL);
		if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		if (type == GNUTLS_SAN_DNSNAME && n > 0 && n < size) {
			out[n] = 0;
			return strlen(out) == n;
		}
	}
	size_t n = size;
	return gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, out, &n) == 0 && out[0] && strlen(out) == n;
}

bool secure_peer_name(struct gnutls_session_int *s, char *out, size_t size)
{
	unsigned n = 0;
	gnutls_x509_crt_t crt;
	const gnutls_datum_t *list = tls.ask ? gnutls_certificate_get_peers(s, &n) : NULL;
	if (!list || !n || gnutls_x509_crt_init(&crt) < 0)
		return false;
	bool ok = gnutls_x509_crt_import(crt, &list[0], GNUTLS_X509_FMT_DER) == 0 && name_of(crt, out, size);
	gnutls_x509_crt_deinit(crt);
	return ok;
}

bool secure_verified_name(struct gnutls_session_int *s, char *out, size_t size)
{
	unsigned status = 1;
	return gnutls_certificate_verify_peers2(s, &status) >= 0 && status == 0 && secure_peer_name(s, out, size);
}
