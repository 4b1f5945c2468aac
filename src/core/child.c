#include "core/child.h"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "core/attack.h"
#include "core/proto.h"
#include "lib/log.h"
#include "lib/sandbox.h"

#ifdef __SANITIZE_ADDRESS__
/* The leak checker needs ptrace and threads at exit: no place for it in a locked-in process. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

static struct child_peer *find(const struct child *c, const char *name)
{
	for (size_t i = 0; i < c->n_peers; i++)
		if (strcmp(c->peers[i].name, name) == 0)
			return (struct child_peer *)(uintptr_t)&c->peers[i];
	return NULL;
}

int child_peer_fd(const struct child *c, const char *name)
{
	struct child_peer *p = find(c, name);
	return p ? p->fd : -1;
}

static void send_or_die(struct child *c, struct msg *m)
{
	if (msg_send(c->sup, m) != 0)
		log_fatal("child.orphan", "role=%s", c->role);
	msg_release(m);
}

void child_drop(struct child *c, const char *name, bool broke)
{
	struct child_peer *p = find(c, name);
	if (!p || p->fd < 0)
		return;
	loop_remove(c->loop, p->fd);
	close(p->fd);
	p->fd = -1;
	if (broke)
		log_warn("child.peer-broke", "peer=%s", name);
	struct msg m;
	msg_init(&m, SUP_LOST);
	msg_put_z(&m, name);
	msg_put_u32(&m, p->pair);
	msg_put_u8(&m, broke);
	send_or_die(c, &m);
	if (c->on && c->on->peer)
		c->on->peer(c->arg, name, -1);
}

static void on_peer(void *arg)
{
	struct child_peer *p = arg;
	struct child *c = p->child;
	struct msg m;
	int fd = p->fd, r = msg_recv_now(fd, &m);
	if (r == ERR_BUSY)
		return;
	if (r != 0) {
		child_drop(c, p->name, r == ERR_PROTO);
		return;
	}
	r = c->on->message(c->arg, p->name, fd, &m);
	msg_release(&m);
	if (r != 0 && p->fd == fd)
		child_drop(c, p->name, true);
}

static bool is_listen(const char *name)
{
	return strncmp(name, "listen", 6) == 0;
}

static void watch(struct child *c, struct child_peer *p)
{
	if (c->on && c->on->message && p->fd >= 0 && !is_listen(p->name))
		loop_add(c->loop, p->fd, on_peer, p);
}

/* PEER: a new name, or a new socket for a name we know. */
static int take_peer(struct child *c, struct msg *m)
{
	struct str name;
	uint32_t pair;
	int fd;
	if (msg_str(m, CHILD_NAME_MAX - 1, &name) != 0 || name.n == 0 || msg_u32(m, &pair) != 0 || msg_fd(m, &fd) != 0)
		return ERR_PROTO;
	char z[CHILD_NAME_MAX] = {0};
	memcpy(z, name.p, name.n);
	struct child_peer *p = find(c, z);
	if (!p && c->n_peers == CHILD_PEERS_MAX) {
		close(fd);
		return ERR_PROTO;
	}
	if (!p) {
		p = &c->peers[c->n_peers++];
		*p = (struct child_peer){.child = c, .fd = -1};
		memcpy(p->name, z, sizeof z);
	}
	if (p->fd >= 0) {
		loop_remove(c->loop, p->fd);
		close(p->fd);
	}
	p->fd = fd;
	p->pair = pair;
	watch(c, p);
	if (c->on && c->on->peer)
		c->on->peer(c->arg, p->name, fd);
	return msg_end(m);
}

static int take_control(struct child *c, struct msg *m)
{
	int fd;
	uint32_t uid;
	if (msg_u32(m, &uid) != 0 || msg_fd(m, &fd) != 0)
		return ERR_PROTO;
	if (c->on && c->on->control)
		c->on->control(c->arg, fd, uid);
	else
		close(fd);
	return msg_end(m);
}

static int from_supervisor(struct child *c, struct msg *m)
{
	switch (m->type) {
	case SUP_PEER:
		return take_peer(c, m);
	case SUP_CONTROL:
		return take_control(c, m);
	case SUP_GO:
		return msg_end(m);
	case SUP_STOP:
		if (c->on && c->on->stop)
			c->on->stop(c->arg);
		else
			loop_stop(c->loop);
		return msg_end(m);
	}
	return ERR_PROTO;
}

static void on_supervisor(void *arg)
{
	struct child *c = arg;
	struct msg m;
	int r = msg_recv_now(c->sup, &m);
	if (r == ERR_BUSY)
		return;
	if (r != 0)
		log_fatal("child.orphan", "role=%s", c->role);
	if (from_supervisor(c, &m) != 0)
		log_fatal("child.supervisor", "role=%s type=%u: not understood", c->role, m.type);
	msg_release(&m);
}

#ifdef SEKISHO_ATTACK
void child_pump(struct child *c, int ms)
{
	struct pollfd p = {.fd = c->sup, .events = POLLIN};
	while (poll(&p, 1, ms) == 1)
		on_supervisor(c);
}
#endif

/* Takes PEERs until GO. STOP may come instead when the start is given up. */
static void first_peers(struct child *c)
{
	for (bool go = false; !go;) {
		struct msg m;
		if (msg_recv(c->sup, &m) != 0)
			log_fatal("child.start", "role=%s: the supervisor is gone", c->role);
		if (m.type == SUP_STOP)
			exit(0);
		go = m.type == SUP_GO;
		if (from_supervisor(c, &m) != 0)
			log_fatal("child.start", "role=%s type=%u: not understood", c->role, m.type);
		msg_release(&m);
	}
}

void child_log_level(void)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	const char *z = getenv("SEKISHO_LOG");
	for (size_t i = 0; z && i < ARRAY_LEN(names); i++)
		if (strcmp(z, names[i]) == 0)
			log_level_set((enum log_level)i);
}

void child_init(struct child *c, int argc, char **argv)
{
	const char *program = strrchr(argv[0], '/');
	if (argc != 6 || strcmp(argv[1], "--fd") != 0 || strcmp(argv[2], "3") != 0 || argv[4][0] != '/' ||
	    argv[5][0] != '/') {
		fprintf(stderr, "%s: part of sekisho; started by `sekisho run`\n", program ? program + 1 : argv[0]);
		exit(2);
	}
	*c = (struct child){.role = argv[3], .dir = argv[4], .share = argv[5], .sup = SUPERVISOR_FD};
	log_open(c->role);
	child_log_level();
	if (fcntl(c->sup, F_SETFD, FD_CLOEXEC) != 0)
		log_fatal("child.start", "role=%s: descriptor 3 is missing", c->role);
	int64_t n = 0;
	const char *dot = strrchr(c->role, '.');
	if (dot && str_int(str_from(dot + 1), 0, CHILD_PEERS_MAX, &n) == 0)
		c->index = (int)n;
	signal(SIGPIPE, SIG_IGN);
	/* Ctrl-C reaches the whole terminal group; the supervisor alone decides the order of stopping. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	c->loop = loop_new();
#ifdef SEKISHO_ATTACK
	attack_open(c);
#endif
	first_peers(c);
}

void child_ready(struct child *c, const char *url)
{
	struct msg m;
	malloc_trim(0);                                  /* what the start needed goes back */
	msg_init(&m, SUP_READY);
	msg_put_z(&m, sandbox_posture());
	msg_put_z(&m, url);
	send_or_die(c, &m);
}

void child_note(struct child *c, const char *line)
{
	struct msg m;
	msg_init(&m, SUP_NOTE);
	msg_put_z(&m, line);
	send_or_die(c, &m);
}

int child_run(struct child *c, const struct child_handlers *on, void *arg)
{
	c->on = on;
	c->arg = arg;
	loop_add(c->loop, c->sup, on_supervisor, c);
	for (size_t i = 0; i < c->n_peers; i++)
		watch(c, &c->peers[i]);
#ifdef SEKISHO_ATTACK
	attack_run(c);
#endif
	loop_run(c->loop);
	for (size_t i = 0; i < c->n_peers; i++)
		if (c->peers[i].fd >= 0)
			close(c->peers[i].fd);
	loop_free(c->loop);
	return 0;
}
