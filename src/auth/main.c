/* auth: passwords, TOTP and codes, in its own process with its own store. `auth --init DIR` makes DIR/auth, `auth
 * --check DIR` judges a store at rest. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "auth/serve.h"
#include "core/child.h"
#include "lib/log.h"
#include "lib/sandbox.h"
#include "lib/text.h"

static int init(const char *dir)
{
	char folder[4096];
	struct err e;

	snprintf(folder, sizeof(folder), "%s/auth", dir);
	if (sodium_init() < 0 || auth_create(folder, &e)) {
		fprintf(stderr, "auth: %s\n", e.text);
		return 3;
	}
	return 0;
}

static int check(const char *dir)
{
	char folder[4096];
	struct err e;

	snprintf(folder, sizeof(folder), "%s/auth", dir);
	if (auth_check(folder, &e) == 0)
		return 0;
	fprintf(stderr, "auth: %s\n", e.text);
	return 1;
}

static int message(void *arg, const char *peer, int fd, struct msg *m)
{
	return strcmp(peer, "office.writer") == 0 ? serve_message(arg, fd, m) : ERR_PROTO;
}

static void peer_changed(void *arg, const char *peer, int fd)
{
	if (strcmp(peer, "office.writer") == 0)
		serve_peer(arg, fd);
}

static void broke(void *arg)
{
	child_drop(arg, "office.writer", true);
}

int main(int argc, char **argv)
{
	static const struct child_handlers on = {.message = message, .peer = peer_changed};
	char folder[4096], seen[1][256];
	const char *dirs[1] = {folder};
	struct child c;
	struct auth a;
	struct serve *s;
	struct err e;
	int code;

	if (argc == 3 && strcmp(argv[1], "--init") == 0)
		return init(argv[2]);
	if (argc == 3 && strcmp(argv[1], "--check") == 0)
		return check(argv[2]);
	child_init(&c, argc, argv);
	snprintf(folder, sizeof(folder), "%s/auth", c.dir);
	if (text_open())
		log_fatal("auth.start", "no text tables");
	if (sandbox_enter(&sandbox_auth, dirs, 1, seen, &e))
		log_fatal("auth.sandbox", "%s", e.text);
	if (auth_open(seen[0], &a, &e))
		log_fatal("auth.store", "%s", e.text);
	s = serve_new(&a, c.loop, broke, &c);
	child_ready(&c, NULL);
	code = child_run(&c, &on, s);
	serve_free(s);
	auth_close(&a);
	return code;
}
