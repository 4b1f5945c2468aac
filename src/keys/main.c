/* keys: holds the log key and the TLS key, reads nothing but digests and (origin, size, root).
 *   keys --init DIR     makes the keys below DIR/keys that are missing
 *   keys --fd 3 …       serves (started by supervise) */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/child.h"
#include "keys/answer.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/sandbox.h"

static int open_folder(const char *dir, struct err *e)
{
	char path[512];
	snprintf(path, sizeof path, "%s/keys", dir);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : err_set(e, ERR_SYS, "%s: %s", path, strerror(errno));
}

static int make(const char *dir)
{
	char path[512];
	struct err e = {0};
	snprintf(path, sizeof path, "%s/keys", dir);
	int r = dir_make(path, 0700, &e), fd = r == 0 ? open_folder(dir, &e) : -1;
	if (fd >= 0)
		r = logkey_make(fd, &e) != 0 || tlskey_make(fd, &e) != 0;
	if (fd >= 0)
		close(fd);
	if (fd < 0 || r != 0)
		fprintf(stderr, "keys: %s\n", e.text);
	return fd < 0 || r != 0 ? 3 : 0;
}

static int on_message(void *arg, const char *peer, int fd, struct msg *m)
{
	return keys_answer(arg, peer, fd, m);
}

/* What OpenSSL and libsodium load or open at first use is loaded before the door closes. */
static void warm_up(struct keys *k)
{
	struct buf sig;
	static const char digest[32];
	buf_init(&sig, 512);
	if (tlskey_sign(k->tls, 256, str_n(digest, sizeof digest), &sig) != 0)
		log_fatal("keys.start", "text=\"the TLS key does not sign\"");
	buf_release(&sig);
}

int main(int argc, char **argv)
{
	struct child c;
	struct keys k = {0};
	struct err e = {0};
	char own[512], seen[1][256];
	if (argc == 3 && strcmp(argv[1], "--init") == 0)
		return make(argv[2]);
	child_init(&c, argc, argv);
	int fd = open_folder(c.dir, &e);
	if (fd < 0 || tlskey_open(fd, &k.tls, &e) != 0)
		log_fatal("keys.start", "text=\"%s\"", e.text);
	close(fd);
	warm_up(&k);
	snprintf(own, sizeof own, "%s/keys", c.dir);
	const char *dirs[] = {own};
	if (sandbox_enter(&sandbox_keys, dirs, 1, seen, &e) != 0)
		log_fatal("keys.sandbox", "text=\"%s\"", e.text);
	if (logkey_open(seen[0], &k.log, &e) != 0)
		log_fatal("keys.start", "text=\"%s\"", e.text);
	child_ready(&c, NULL);
	static const struct child_handlers on = {.message = on_message};
	return child_run(&c, &on, &k);
}
