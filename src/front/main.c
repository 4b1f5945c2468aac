/* front: TLS, HTTP, forms and uploads. Touches hostile bytes and owns nothing: no store, no key, no file. Two threads:
 * the HTTP library's poll thread, and this one, which takes the office's answers and ends what is too slow. */
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/child.h"
#include "core/tls.h"
#include "front/conn.h"
#include "front/http.h"
#include "front/peers.h"
#include "front/reply.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/sandbox.h"

#define TICK_MS 1000
#define STOP_CHECK_MS 20

static struct child child;

static void lost(const char *name, bool broke)
{
	child_drop(&child, name, broke);
}

static void on_peer(void *arg, const char *name, int fd)
{
	struct err e;

	(void)arg;
	if (strcmp(name, "keys") == 0) {
		tls_keys_fd(fd);
		if (fd >= 0 && tls_reload(&e))
			log_warn("front.certificate", "%s", e.text);
	} else if (peers_set(name, fd) == ERR_SYS) {
		log_error("front.peer", "peer=%s cannot be taken", name);
	}
}

static void tick(void *arg)
{
	int64_t now = clock_mono();

	http_tick(now);
	peers_tick(now);
	if (tls_keys_lost())
		child_drop(&child, "keys", false);
	loop_after(child.loop, TICK_MS, tick, arg);
}

static void stop_when_idle(void *arg)
{
	int64_t *until = arg;

	if (http_busy() == 0 || clock_mono() > *until)
		loop_stop(child.loop);
	else
		loop_after(child.loop, STOP_CHECK_MS, stop_when_idle, until);
}

/* What is in hand is finished, within STOP_MS; nothing new is taken. */
static void stop(void *arg)
{
	static int64_t until;

	(void)arg;
	http_quiesce();
	until = clock_mono() + STOP_MS * 1000;
	stop_when_idle(&until);
}

static void take_first_peers(void)
{
	peers_init(child.loop, lost);
	for (size_t i = 0; i < child.n_peers; i++)
		if (child.peers[i].fd >= 0 && strncmp(child.peers[i].name, "listen", 6) != 0)
			on_peer(NULL, child.peers[i].name, child.peers[i].fd);
}

int main(int argc, char **argv)
{
	static const struct child_handlers on = {.peer = on_peer, .stop = stop};
	struct sandbox_profile profile;
	char url[URL_MAX];
	struct err e;
	int code;

	child_init(&child, argc, argv);
	signal(SIGXFSZ, SIG_IGN);
	take_first_peers();
	if (gnutls_global_init() < 0 || reply_open(&e) || tls_open(&e))
		log_fatal("front.start", "%s", e.text);
	http_url(child_peer_fd(&child, "listen"), url);
	profile = sandbox_front;
	if (strcmp(child.role, "front.net") == 0)        /* the two sides are no neighbours */
		profile.uid_offset = SANDBOX_UID_FRONT_NET;
	if (sandbox_enter(&profile, NULL, 0, NULL, &e))
		log_fatal("front.sandbox", "%s", e.text);
	if (http_start(child_peer_fd(&child, "listen"), &e))
		log_fatal("front.http", "%s", e.text);
	loop_after(child.loop, TICK_MS, tick, NULL);
	child_ready(&child, url);
	code = child_run(&child, &on, NULL);
	peers_close();
	http_stop();
	reply_close();
	tls_close();
	return code;
}
