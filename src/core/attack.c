#include "core/attack.h"

#ifndef SEKISHO_ATTACK

typedef int attack_is_not_built;                     /* a file of ISO C is never empty */

#else

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/child.h"
#include "core/proto.h"
#include "lib/clock.h"

#define LINE 96
#define WHO 63                                       /* the line that says who it is, behind attempts and "end" */
#define BOARD ((WHO + 1) * LINE)
#define PATIENCE_MS 30000                            /* meanwhile the peer makes its own attempts, and dies of them */
#define CALL (INT64_C(1) << 40)                      /* no number of a call that the office makes itself */

/* The board is text, one file per role: lines of LINE bytes, "ROLE TAB ATTEMPT TAB RESULT", padded with blanks. */
static char *board, *board_of_neighbour;
static struct child *me;
static char dir[512];
static pid_t parent;

enum outcome { REFUSED, WORKED, OWN, UNANSWERED };   /* OWN: what the role exists for; UNANSWERED: nothing is proven */

static int fd_opened(const char *path, int flags)
{
	return open(path, flags | O_CLOEXEC, 0600);
}

static enum outcome opens(const char *below, int flags)
{
	char path[700];
	snprintf(path, sizeof path, "%s/%s", dir, below);
	return fd_opened(path, flags) >= 0 ? WORKED : REFUSED;
}

static bool role_is(const char *prefix)
{
	return strncmp(me->role, prefix, strlen(prefix)) == 0;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static enum outcome open_store(void)
{
	return role_is("office") ? OWN : opens("office/office.db", O_RDWR);
}

static enum outcome open_secrets(void)
{
	return role_is("auth") ? OWN : opens("auth/auth.db", O_RDONLY);
}

static enum outcome open_log_key(void)
{
	return role_is("keys") ? OWN : opens("keys/log.key", O_RDONLY);
}

static enum outcome open_tls_key(void)
{
	return role_is("keys") ? OWN : opens("keys/tls.key", O_RDONLY);
}

static enum outcome open_vault(void)
{
	return role_is("vault") || role_is("search") || role_is("detect") || role_is("audit") ? OWN : opens("vault/log", O_RDONLY);
}

static enum outcome change_vault(void)
{
	return role_is("vault") ? OWN : opens("vault/tail", O_WRONLY);
}

static enum outcome delete_vault(void)
{
	char path[700];
	snprintf(path, sizeof path, "%s/vault/victim", dir);
	return role_is("vault") ? OWN : unlink(path) == 0 ? WORKED : REFUSED;
}

static enum outcome open_conf(void)
{
	return opens("sekisho.conf", O_RDONLY);
}

static enum outcome open_passwd(void)
{
	return fd_opened("/etc/passwd", O_RDONLY) >= 0 ? WORKED : REFUSED;
}

static enum outcome write_tmp(void)
{
	return fd_opened("/tmp/.sekisho-attack", O_WRONLY | O_CREAT) >= 0 ? WORKED : REFUSED;
}

static enum outcome open_parent_memory(void)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/mem", (int)parent);
	return fd_opened(path, O_RDONLY) >= 0 ? WORKED : REFUSED;
}

/* From the own folder upwards, where a filter by path alone might be fooled. */
static enum outcome climb(void)
{
	static const char *const ways[] = {"/run/sekisho/0/../../../etc/passwd", "/run/sekisho/0/../../keys/log.key"};
	char path[700];
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		if (fd_opened(ways[i], O_RDONLY) >= 0)
			return WORKED;
	snprintf(path, sizeof path, "%s/%.*s/../sekisho.conf", dir, (int)strcspn(me->role, "."), me->role);
	return fd_opened(path, O_RDONLY) >= 0 ? WORKED : REFUSED;
}

static enum outcome link_in(void)
{
	char from[700], to[700];
	snprintf(from, sizeof from, "%s/sekisho.conf", dir);
	snprintf(to, sizeof to, "%s/%.*s/mine", dir, (int)strcspn(me->role, "."), me->role);
	return linkat(AT_FDCWD, from, AT_FDCWD, to, 0) == 0 || linkat(AT_FDCWD, from, AT_FDCWD, "/run/sekisho/0/mine", 0) == 0
	       ? WORKED : REFUSED;
}

/* --- other processes, the kernel ------------------------------------------------------------------------------------ */

static enum outcome trace_parent(void)
{
	return ptrace(PTRACE_SEIZE, parent, NULL, NULL) == 0 ? WORKED : REFUSED;
}

static enum outcome kill_parent(void)
{
	return kill(parent, 0) == 0 ? WORKED : REFUSED;
}

static enum outcome kill_all(void)
{
	return kill(-1, 0) == 0 ? WORKED : REFUSED;
}

static enum outcome read_parent(void)
{
	static char target;
	char c;
	struct iovec mine = {&c, 1}, theirs = {&target, 1};
	return process_vm_readv(parent, &mine, 1, &theirs, 1, 0) >= 0 ? WORKED : REFUSED;
}

/* The process that does the same for the other side or another file; the supervisor where there is none. */
static pid_t neighbour(void)
{
	int64_t pid = 0;
	for (int64_t end = clock_mono() + PATIENCE_MS * INT64_C(1000); board_of_neighbour && clock_mono() < end; child_pump(me, 10))
		if (!str_int(str_trim(str_from(board_of_neighbour + WHO * LINE)), 2, INT32_MAX, &pid))
			return (pid_t)pid;
	return board_of_neighbour ? 0 : parent;
}

static enum outcome kill_neighbour(void)
{
	pid_t pid = neighbour();
	return !pid ? UNANSWERED : kill(pid, 0) == 0 ? WORKED : REFUSED;
}

static enum outcome trace_neighbour(void)
{
	pid_t pid = neighbour();
	return !pid ? UNANSWERED : ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0 ? WORKED : REFUSED;
}

static enum outcome read_neighbour(void)
{
	char path[64];
	pid_t pid = neighbour();
	snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
	return !pid ? UNANSWERED : fd_opened(path, O_RDONLY) >= 0 ? WORKED : REFUSED;
}

static enum outcome open_pidfd(void)
{
	return syscall(SYS_pidfd_open, parent, 0) >= 0 ? WORKED : REFUSED;
}

static enum outcome connect_out(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 ? WORKED : REFUSED;
}

static enum outcome connect_control(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	snprintf(a.sun_path, sizeof a.sun_path, "%.90s/run/control.sock", dir);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	return fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0 ? WORKED : REFUSED;
}

/* A program that is not there fails with ENOENT where the call itself goes through: no refusal. */
static enum outcome exec_program(void)
{
	char *argv[] = {(char *)(uintptr_t)"false", NULL};
	execve("/nowhere/false", argv, environ);
	return errno == ENOENT ? WORKED : REFUSED;
}

static enum outcome fork_process(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		_exit(0);
	return pid > 0 ? WORKED : REFUSED;
}

static enum outcome run_written_code(void)
{
	return mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ? WORKED : REFUSED;
}

static enum outcome become_root(void)
{
	return syscall(SYS_setresuid, 0, 0, 0) == 0 && getuid() == 0 ? WORKED : REFUSED;
}

static enum outcome new_namespace(void)
{
	return syscall(SYS_unshare, CLONE_NEWUSER) == 0 ? WORKED : REFUSED;
}

static enum outcome mount_something(void)
{
	return mount("x", "/run", "tmpfs", 0, NULL) == 0 ? WORKED : REFUSED;
}

static enum outcome io_ring(void)
{
	char params[128] = {0};
	return syscall(SYS_io_uring_setup, 1, params) >= 0 ? WORKED : REFUSED;
}

static enum outcome kernel_program(void)
{
	return syscall(SYS_bpf, 5, NULL, 0) >= 0 || errno == EINVAL || errno == EFAULT ? WORKED : REFUSED;
}

/* --- talking to the others --------------------------------------------------------------------------------------------- */

struct question {
	const char *peer;
	struct msg m;
	uint16_t yes, no;                                /* types of the answer */
	int64_t number;                                  /* which the answer begins with; 0: with none */
};

static bool answers(const struct question *q, struct msg *m)
{
	struct cur in = m->in;
	int64_t number;
	bool ok = (m->type == q->yes || m->type == q->no) && (q->number == 0 || (msg_i64(m, &number) == 0 && number == q->number));
	m->in = in;
	return ok;
}

/* 0: the answer; ERR_BUSY: something else. That is served as the loop would: the peer may be waiting for us in the same way. */
static int take(const struct question *q, struct child_peer *p, struct msg *answer)
{
	int fd = p->fd, r = msg_recv(fd, answer);
	bool broke = r == ERR_PROTO;
	if (r == 0) {
		if (answers(q, answer))
			return 0;
		r = me->on && me->on->message ? me->on->message(me->arg, p->name, fd, answer) : 0;
		broke = r != 0;
		msg_release(answer);
	}
	if (r != 0 && p->fd == fd)
		child_drop(me, p->name, broke);
	return ERR_BUSY;
}

/* Silence is no refusal. A peer that went away of its own attempts is asked again on the pair it comes back with; if it went for
 * what we said, the supervisor ends us here. ERR_NOTFOUND: nobody has given us a pair with it; ERR_BUSY: no answer at all. */
static int ask(struct question *q, struct msg *answer)
{
	struct child_peer *p = NULL;
	for (size_t i = 0; i < me->n_peers; i++)
		if (strcmp(me->peers[i].name, q->peer) == 0)
			p = &me->peers[i];
	uint32_t asked = 0;
	int r = p ? ERR_BUSY : ERR_NOTFOUND;
	for (int64_t end = clock_mono() + PATIENCE_MS * INT64_C(1000); r == ERR_BUSY && clock_mono() < end;) {
		child_pump(me, 10);
		if (p->fd >= 0 && p->pair != asked) {
			asked = p->pair;
			if (msg_send(p->fd, &q->m) != 0)
				child_drop(me, p->name, false);
		}
		struct pollfd in = {.fd = p->fd, .events = POLLIN};
		if (p->fd >= 0 && poll(&in, 1, 10) == 1)
			r = take(q, p, answer);
	}
	msg_release(&q->m);
	return r;
}

/* An answer that begins with the code 0 is a success. */
static enum outcome ask_code(struct question *q)
{
	struct msg a;
	uint32_t code = 1;
	int r = ask(q, &a);
	if (r != 0)
		return r == ERR_NOTFOUND ? REFUSED : UNANSWERED;
	r = msg_u32(&a, &code);
	msg_release(&a);
	return r != 0 ? UNANSWERED : code == 0 ? WORKED : REFUSED;
}

static enum outcome sign_log(uint64_t size, int root)
{
	struct question q = {.peer = "keys", .yes = KEYS_NOTE, .no = KEYS_NOTE};
	char bytes[32];
	memset(bytes, root, sizeof bytes);
	msg_init(&q.m, KEYS_SIGN_LOG);
	msg_put_z(&q.m, "attack.example/log");
	msg_put_i64(&q.m, (int64_t)size);
	msg_put_str(&q.m, str_n(bytes, sizeof bytes));
	msg_put_i64(&q.m, 0);
	msg_put_str(&q.m, STR(""));
	return ask_code(&q);
}

/* A vault may sign what grows; that it can is the first half of the attempt. Then a smaller tree, then a second history. */
static enum outcome sign_smaller(void)
{
	if (role_is("keys"))
		return OWN;
	if (role_is("vault") && sign_log(10, 1) != WORKED)
		return UNANSWERED;
	enum outcome o = sign_log(9, 1);
	return o == REFUSED ? sign_log(11, 2) : o;
}

static enum outcome sign_fork(void)
{
	return role_is("keys") ? OWN : sign_log(10, 2);
}

/* What a role exists for must work, or the refusal of the same words to the others proves nothing. */
static enum outcome sign_as_server(void)
{
	struct question q = {.peer = "keys", .yes = KEYS_SIG, .no = KEYS_SIG};
	char digest[32] = {0};
	if (role_is("keys"))
		return OWN;
	msg_init(&q.m, KEYS_SIGN_TLS);
	msg_put_u32(&q.m, 256);
	msg_put_str(&q.m, str_n(digest, sizeof digest));
	enum outcome o = ask_code(&q);
	return !role_is("front") && !role_is("collect") ? o : o == WORKED ? OWN : UNANSWERED;
}

/* A well-formed batch with one entry of somebody's: collect exists for that, and nobody else. */
static enum outcome log_a_batch(void)
{
	static const char entry[] = "\0\x1c\1\3\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\1s\0\0\0\0\1x";
	struct question q = {.peer = "vault", .yes = LOG_ACK, .no = LOG_ACK, .number = CALL};
	struct msg a;
	int64_t number;
	uint32_t code = 1;
	if (role_is("vault"))
		return OWN;
	msg_init(&q.m, LOG_APPEND);
	msg_put_i64(&q.m, CALL);
	msg_put_z(&q.m, "standard");
	msg_put_u32(&q.m, 1);
	msg_put_str(&q.m, str_n(entry, sizeof entry - 1));
	int r = ask(&q, &a);
	if (r != 0)
		return r == ERR_NOTFOUND ? REFUSED : UNANSWERED;
	bool yes = msg_i64(&a, &number) == 0 && msg_u32(&a, &code) == 0 && code == 0;
	msg_release(&a);
	return !yes ? UNANSWERED : role_is("collect") ? OWN : WORKED;
}

/* The outbox may be told meanwhile that its own first entry is in the log: about that number only a refusal is an answer. */
static enum outcome append(const char *source, int64_t sequence, int previous)
{
	struct question q = {.peer = "vault", .yes = sequence > 1 ? VAULT_ACK : VAULT_REFUSE, .no = VAULT_REFUSE, .number = sequence};
	struct msg a;
	char hash[32];
	int64_t about;
	uint32_t code = 0;
	if (role_is("vault"))
		return OWN;
	memset(hash, previous, sizeof hash);
	msg_init(&q.m, VAULT_APPEND);
	msg_put_z(&q.m, source);
	msg_put_i64(&q.m, sequence);
	msg_put_str(&q.m, str_n(hash, sizeof hash));
	msg_put_z(&q.m, "{\"forged\":true}");
	int r = ask(&q, &a);
	if (r != 0)
		return r == ERR_NOTFOUND ? REFUSED : UNANSWERED;
	bool yes = a.type == VAULT_ACK, no = msg_i64(&a, &about) == 0 && msg_u32(&a, &code) == 0 &&
	                                    (code == -ERR_CONFLICT || code == -ERR_RANGE);
	msg_release(&a);
	return yes ? WORKED : no ? REFUSED : UNANSWERED;
}

/* In the office's own name: the writer may, but only what follows; nobody else at all. */
static enum outcome leave_out(void)
{
	return append("office", 1000000, 7);
}

static enum outcome replace_first(void)
{
	return append("office", 1, 9);
}

static enum outcome speak_for_another(void)
{
	return append("somebody", 1, 0);
}

static enum outcome ask_for_secret(void)
{
	struct question q = {.peer = "auth", .yes = AUTH_RESULT, .no = AUTH_RESULT, .number = CALL};
	struct msg a;
	bool writer = strcmp(me->role, "office.writer") == 0;
	if (role_is("auth"))
		return OWN;
	msg_init(&q.m, AUTH_STATE);
	msg_put_i64(&q.m, CALL);
	msg_put_i64(&q.m, 1);
	int r = ask(&q, &a);
	if (r == 0)
		msg_release(&a);
	return r == 0 ? (writer ? OWN : WORKED) : r == ERR_NOTFOUND && !writer ? REFUSED : UNANSWERED;
}

static const struct {
	const char *name;
	enum outcome (*run)(void);
} attempts[] = {
	{"open the store", open_store},
	{"open the passwords", open_secrets},
	{"open the log key", open_log_key},
	{"open the TLS key", open_tls_key},
	{"open the log", open_vault},
	{"change the log", change_vault},
	{"delete an event file", delete_vault},
	{"read the settings", open_conf},
	{"read /etc/passwd", open_passwd},
	{"write to /tmp", write_tmp},
	{"climb out by ..", climb},
	{"link a file into reach", link_in},
	{"read the parent's memory", open_parent_memory},
	{"process_vm_readv", read_parent},
	{"ptrace the parent", trace_parent},
	{"kill the parent", kill_parent},
	{"kill all others", kill_all},
	{"kill the neighbour", kill_neighbour},
	{"ptrace the neighbour", trace_neighbour},
	{"read the neighbour", read_neighbour},
	{"pidfd of the parent", open_pidfd},
	{"connect to the network", connect_out},
	{"connect to control.sock", connect_control},
	{"exec a program", exec_program},
	{"fork", fork_process},
	{"run written code", run_written_code},
	{"become root", become_root},
	{"new namespace", new_namespace},
	{"mount", mount_something},
	{"io_uring", io_ring},
	{"bpf", kernel_program},
	{"sign a smaller tree", sign_smaller},
	{"sign a forked tree", sign_fork},
	{"sign as the web server", sign_as_server},
	{"leave an event out", leave_out},
	{"replace an event", replace_first},
	{"log for somebody else", speak_for_another},
	{"log a batch", log_a_batch},
	{"ask for a secret", ask_for_secret},
};

_Static_assert(ARRAY_LEN(attempts) < WHO, "the board has a line for each attempt");

/* --- the board ------------------------------------------------------------------------------------------------------- */

static char *map_board(const char *role)
{
	char path[700];
	const char *folder = getenv("SEKISHO_ATTACK");
	snprintf(path, sizeof path, "%s/%s", folder ? folder : "/nowhere", role);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, BOARD) != 0)
		return NULL;
	char *p = mmap(NULL, BOARD, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

void attack_open(const struct child *c)
{
	static const char *const pairs[][2] = {{"front", "front.net"}, {"gate.0", "gate.1"}};
	board = map_board(c->role);
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		for (int k = 0; k < 2; k++)
			if (strcmp(c->role, pairs[i][k]) == 0)
				board_of_neighbour = map_board(pairs[i][!k]);
	if (board)
		snprintf(board + WHO * LINE, LINE, "%d\n", (int)getpid());
	snprintf(dir, sizeof dir, "%s", c->dir);
	parent = getppid();
}

static void write_line(size_t i, const char *attempt, const char *result)
{
	char text[LINE + 1];
	int n = snprintf(text, sizeof text, "%s\t%s\t%s", me->role, attempt, result);
	memset(text + n, ' ', (size_t)(LINE - n));
	text[LINE - 1] = '\n';
	memcpy(board + i * LINE, text, LINE);
}

/* One attempt; between them the role does its work, so that others are answered. */
static void make_next(void *arg)
{
	static const char *const words[] = {"refused", "WORKED", "own", "unanswered"};
	size_t i = 0;
	while (i < ARRAY_LEN(attempts) && board[i * LINE])
		i++;                                     /* made already, maybe in an earlier life */
	if (i == ARRAY_LEN(attempts)) {
		write_line(i, "end", "-");
		return;
	}
	write_line(i, attempts[i].name, "killed");       /* true unless we come back */
	write_line(i, attempts[i].name, words[attempts[i].run()]);
	loop_after(me->loop, 0, make_next, arg);
}

void attack_run(struct child *c)
{
	me = c;
	if (board)
		loop_after(c->loop, 0, make_next, NULL);
}

#endif
