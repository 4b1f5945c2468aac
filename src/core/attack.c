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

#define LINE 96
#define BOARD ((ARRAY_LEN(attempts) + 1) * LINE)
#define PATIENCE_MS 3000
#define NEW_PAIR_MS 5000

/* The board is text, one file per role: lines of LINE bytes, "ROLE TAB ATTEMPT TAB RESULT", padded with blanks. */
static char *board;
static struct child *me;
static char dir[512];
static pid_t parent;

enum outcome { REFUSED, WORKED, OWN };               /* OWN: what the role exists for; no attack */

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
	return role_is("vault") ? OWN : opens("vault/log", O_RDONLY);
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

/* A peer that an attempt of its own killed comes back with a new pair: wait for it, so that silence is a refusal. */
static int live_fd(const char *peer)
{
	int fd = child_peer_fd(me, peer);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	for (int left = NEW_PAIR_MS; fd >= 0 && left > 0; left -= 50) {
		child_pump(me, 50);
		p.fd = fd = child_peer_fd(me, peer);
		if (poll(&p, 1, 0) == 0 || !(p.revents & POLLHUP))
			break;
	}
	return fd;
}

/* Sends m and takes the answer of the expected types; a peer that hangs up or stays silent has refused. */
static int ask(const char *peer, struct msg *m, uint16_t yes, uint16_t no, struct msg *answer)
{
	int fd = live_fd(peer), r = fd < 0 ? ERR_CLOSED : msg_call(fd, m, PATIENCE_MS, answer);
	for (int i = 0; r == 0 && answer->type != yes && answer->type != no; i++) {
		msg_release(answer);                         /* to something the role itself had asked before */
		r = i < 8 ? msg_recv(fd, answer) : ERR_PROTO;
	}
	msg_release(m);
	return r;
}

static bool sign_log(uint64_t size, int root)
{
	struct msg m, a;
	uint32_t code = 1;
	char bytes[32];
	memset(bytes, root, sizeof bytes);
	msg_init(&m, KEYS_SIGN_LOG);
	msg_put_z(&m, "attack.example/log");
	msg_put_i64(&m, (int64_t)size);
	msg_put_str(&m, str_n(bytes, sizeof bytes));
	msg_put_i64(&m, 0);
	msg_put_str(&m, STR(""));
	if (ask("keys", &m, KEYS_NOTE, KEYS_NOTE, &a) != 0)
		return false;
	bool ok = msg_u32(&a, &code) == 0 && code == 0;
	msg_release(&a);
	return ok;
}

/* A vault may sign what grows; that it can is the first half of the attempt. */
static enum outcome sign_smaller(void)
{
	if (role_is("keys"))
		return OWN;
	bool signs = !role_is("vault");
	for (int i = 0; i < 50 && !signs; i++) {         /* keys may be on its way back from an attempt of its own */
		if (i)
			child_pump(me, 100);             /* its new pair comes meanwhile */
		signs = sign_log(10, 1);
	}
	if (!signs)
		return WORKED;                               /* then the attempt proves nothing: fail loudly */
	return sign_log(9, 1) || sign_log(11, 2) ? WORKED : REFUSED; /* a smaller tree, a second history */
}

static enum outcome sign_fork(void)
{
	if (role_is("keys"))
		return OWN;
	return sign_log(10, 2) ? WORKED : REFUSED;
}

static enum outcome sign_as_server(void)
{
	struct msg m, a;
	uint32_t code = 1;
	char digest[32] = {0};
	if (role_is("keys") || role_is("front"))
		return OWN;
	msg_init(&m, KEYS_SIGN_TLS);
	msg_put_u32(&m, 256);
	msg_put_str(&m, str_n(digest, sizeof digest));
	if (ask("keys", &m, KEYS_SIG, KEYS_SIG, &a) != 0)
		return REFUSED;
	bool ok = msg_u32(&a, &code) == 0 && code == 0;
	msg_release(&a);
	return ok ? WORKED : REFUSED;
}

static bool append(const char *source, int64_t sequence, int previous)
{
	struct msg m, a;
	char hash[32];
	int64_t about = 0;
	memset(hash, previous, sizeof hash);
	msg_init(&m, VAULT_APPEND);
	msg_put_z(&m, source);
	msg_put_i64(&m, sequence);
	msg_put_str(&m, str_n(hash, sizeof hash));
	msg_put_z(&m, "{\"forged\":true}");
	int r = ask("vault", &m, VAULT_ACK, VAULT_REFUSE, &a);
	bool ok = false;
	/* Answers to what the outbox had sent before come first. */
	while (r == 0 && !ok) {
		ok = a.type == VAULT_ACK && msg_i64(&a, &about) == 0 && about == sequence;
		bool last = ok || a.type == VAULT_REFUSE;
		msg_release(&a);
		if (last)
			break;
		struct pollfd p = {.fd = child_peer_fd(me, "vault"), .events = POLLIN};
		r = poll(&p, 1, PATIENCE_MS) == 1 ? msg_recv(p.fd, &a) : ERR_BUSY;
	}
	return ok;
}

/* In the office's own name: the writer may, but only what follows; nobody else at all. */
static enum outcome leave_out(void)
{
	if (role_is("vault"))
		return OWN;
	return append("office", 1000000, 7) ? WORKED : REFUSED;
}

static enum outcome replace_first(void)
{
	if (role_is("vault"))
		return OWN;
	return append("office", 1, 9) ? WORKED : REFUSED;
}

static enum outcome speak_for_another(void)
{
	if (role_is("vault"))
		return OWN;
	return append("somebody", 1, 0) ? WORKED : REFUSED;
}

static enum outcome ask_for_secret(void)
{
	struct msg m, a;
	if (role_is("auth") || strcmp(me->role, "office.writer") == 0)
		return OWN;
	msg_init(&m, AUTH_STATE);
	msg_put_i64(&m, 1);
	msg_put_i64(&m, 1);
	if (ask("auth", &m, AUTH_RESULT, AUTH_RESULT, &a) != 0)
		return REFUSED;
	msg_release(&a);
	return WORKED;
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
	{"ask for a secret", ask_for_secret},
};

/* --- the board ------------------------------------------------------------------------------------------------------- */

void attack_open(const struct child *c)
{
	char path[700];
	const char *folder = getenv("SEKISHO_ATTACK");
	snprintf(path, sizeof path, "%s/%s", folder ? folder : "/nowhere", c->role);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, BOARD) != 0)
		return;
	board = mmap(NULL, BOARD, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (board == MAP_FAILED)
		board = NULL;
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

void attack_run(struct child *c)
{
	static const char *const words[] = {"refused", "WORKED", "own"};
	me = c;
	if (!board)
		return;
	for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
		if (board[i * LINE])
			continue;                                /* made in an earlier life */
		write_line(i, attempts[i].name, "killed");   /* true unless we come back */
		write_line(i, attempts[i].name, words[attempts[i].run()]);
	}
	write_line(ARRAY_LEN(attempts), "end", "-");
}

#endif
