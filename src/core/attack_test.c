/* The attempts of core/attack.c are worth something only if they work where nothing stops them: here, outside any sandbox. */
#define SEKISHO_ATTACK
#include "core/attack.c"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>

#include <cmocka.h>

/* Nobody sends us anything. */
void child_pump(struct child *c, int ms)
{
	usleep((useconds_t)ms * 1000);
}

static const char *const must_work[] = {
	"open the store", "open the passwords", "open the log key", "open the TLS key", "open the log", "change the log",
	"delete an event file", "read the settings", "read /etc/passwd", "write to /tmp", "climb out by ..", "link a file into reach",
	"kill the parent", "kill all others", "pidfd of the parent", "connect to the network", "connect to control.sock",
	"exec a program", "fork", "run written code",
};
static const char *const root_only[] = {"read the parent's memory", "process_vm_readv", "ptrace the parent", "become root"};

static bool listed(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

static void touch(const char *below)
{
	char path[700];
	snprintf(path, sizeof path, "%s/%s", dir, below);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void make_folder(void)
{
	static const char *const folders[] = {"office", "auth", "keys", "vault", "run", "outsider"};
	static const char *const files[] = {"office/office.db", "auth/auth.db", "keys/log.key", "keys/tls.key", "vault/log",
	                                    "vault/tail", "vault/victim", "sekisho.conf"};
	char path[700];
	snprintf(dir, sizeof dir, "/tmp/sekisho-attack-XXXXXX");
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		snprintf(path, sizeof path, "%s/%s", dir, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		touch(files[i]);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	snprintf(a.sun_path, sizeof a.sun_path, "%.90s/run/control.sock", dir);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_true(bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 1) == 0);
}

static void test_attempts_work_outside(void **state)
{
	struct child c = {.role = "outsider", .sup = -1};
	make_folder();
	me = &c;
	c.dir = dir;
	for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
		bool must = listed(must_work, ARRAY_LEN(must_work), attempts[i].name) ||
		            (geteuid() == 0 && listed(root_only, ARRAY_LEN(root_only), attempts[i].name));
		parent = getpid();
		pid_t pid = fork();
		if (pid == 0) {
			/* As root some would change the machine: mounts stay in a namespace of the child's own. */
			if (geteuid() == 0 && (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0))
				_exit(strcmp(attempts[i].name, "mount") == 0 ? REFUSED : (int)attempts[i].run());
			_exit(attempts[i].run());
		}
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		if (must && WEXITSTATUS(status) != WORKED)
			fail_msg("\"%s\" does not work even outside", attempts[i].name);
	}
	char command[700];
	unlink("/tmp/.sekisho-attack");
	snprintf(command, sizeof command, "rm -rf %s", dir);
	pid_t pid = fork();
	if (pid == 0)
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_attempts_work_outside)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
