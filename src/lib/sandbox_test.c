/* Each profile in forked children: what must be impossible is (sandbox_self_test), what the role lives on works. As
 * root the whole is done twice: as root (own uid and namespace) and without. Then again with Landlock capped at ABI
 * 2 (Debian 12). */
#include "lib/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "lib/db.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/msg.h"

static const struct sandbox_profile *const profiles[] = {&sandbox_front, &sandbox_office, &sandbox_auth, &sandbox_vault,
                                                         &sandbox_keys, &sandbox_collect, &sandbox_search, &sandbox_witness, &sandbox_serve, &sandbox_ask,
	                                                         &sandbox_gate_broker, &sandbox_gate, &sandbox_gate_verify, &sandbox_gate_scan};
#define N_PROFILES (sizeof profiles / sizeof *profiles)

static char folder[64], outside[64];

#define MUST(x) \
	do { \
		if (!(x)) { \
			fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #x, strerror(errno)); \
			_exit(1); \
		} \
	} while (0)

static int setup(void **state)
{
	snprintf(folder, sizeof folder, "/tmp/sekisho-sandbox-XXXXXX");
	snprintf(outside, sizeof outside, "/tmp/sekisho-outside-XXXXXX");
	return mkdtemp(folder) && mkdtemp(outside) ? 0 : -1;
}

static int teardown(void **state)
{
	for (int i = 0; i < 2; i++) {
		char *argv[] = {(char *)(uintptr_t)"rm", (char *)(uintptr_t)"-rf", i ? folder : outside, NULL};
		pid_t pid = fork();
		if (pid == 0)
			execvp("rm", argv);
		waitpid(pid, NULL, 0);
	}
	return 0;
}

/* --- what each role lives on ------------------------------------------------------------------------------------ */

static void use_descriptors(void)
{
	struct msg m, got;
	msg_init(&m, 1);
	MUST(msg_recv(3, &got) == 0);                    /* prepared by the test: 100 KB, so a memfd to map */
	MUST(got.mapped && got.mem_n > 100000);
	MUST(msg_send(3, &got) == 0);
	char *big = calloc(1, 1 << 20);
	msg_put_str(&m, str_n(big, 1 << 20));
	MUST(msg_send(3, &m) == 0);                      /* and one of our own */
	free(big);
	struct pollfd f = {.fd = 3, .events = POLLIN};
	MUST(poll(&f, 1, 1) == 0);
	log_info("sandbox.test", "posture=%s", sandbox_posture());
	msg_release(&m);
	msg_release(&got);
}

static void work_sqlite(const char *dir)
{
	char path[300];
	struct db *db;
	struct err e = {0};
	snprintf(path, sizeof path, "%s/t.db", dir);
	if (db_open(path, DB_CREATE, &db, &e) != 0) {
		fprintf(stderr, "%s\n", e.text);
		_exit(1);
	}
	MUST(db_exec(db, "PRAGMA mmap_size=10000000; CREATE TABLE t(a TEXT) STRICT;", &e) == 0);
	for (int i = 0; i < 50; i++)
		MUST(db_begin(db, &e) == 0 && db_exec(db, "INSERT INTO t VALUES (hex(randomblob(2000)))", &e) == 0 &&
		     db_commit(db, &e) == 0);
	MUST(db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE); VACUUM;", &e) == 0);
	db_close(db);
	struct db *ro;
	MUST(db_open(path, DB_READ, &ro, &e) == 0);
	struct stmt *s = db_sql(ro, "SELECT count(*) FROM t");
	MUST(s && step(s) == 1 && col_int(s, 0) == 50);
	db_close(ro);
}

static void work_files(const char *dir)
{
	struct err e = {0};
	int d = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(d >= 0);
	MUST(file_write_atomic_at(d, "last", "abc", 3, 0600, &e) == 0);
	int fd = openat(d, "seg", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	MUST(fd >= 0 && fallocate(fd, 0, 0, 1 << 20) == 0 && pwrite(fd, "x", 1, 100) == 1 && fdatasync(fd) == 0);
	void *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	MUST(p != MAP_FAILED && ((char *)p)[100] == 'x');
	MUST(ftruncate(fd, 200) == 0 && mkdirat(d, "sub", 0700) == 0 && renameat(d, "seg", d, "sub/seg") == 0);
	MUST(unlinkat(d, "sub/seg", 0) == 0);
	int tmp = openat(d, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	MUST(tmp >= 0);
	close(tmp);
	close(fd);
	close(d);
}

static void *in_thread(void *arg)
{
	/* The filter holds here too. */
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 ? arg : NULL;
}

static void work_front(int listening)
{
	pthread_t t;
	void *r = NULL;
	MUST(pthread_create(&t, NULL, in_thread, folder) == 0 && pthread_join(t, &r) == 0 && r == folder);
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	MUST(timer >= 0);
	struct pollfd f = {.fd = listening, .events = POLLIN};
	MUST(poll(&f, 1, 2000) == 1);
	int c = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), on = 1;
	MUST(c >= 0 && setsockopt(c, IPPROTO_TCP, 1, &on, sizeof on) == 0 && send(c, "hi", 2, 0) == 2);
	close(c);
}

static void lives(const struct sandbox_profile *p)
{
	struct err e = {0};
	char seen[1][256];
	const char *dirs[] = {folder};
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), client = -1;
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	if (p == &sandbox_front) {
		MUST(bind(listening, (struct sockaddr *)&a, n) == 0 && listen(listening, 4) == 0);
		MUST(getsockname(listening, (struct sockaddr *)&a, &n) == 0);
		client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		MUST(connect(client, (struct sockaddr *)&a, n) == 0 || errno == EINPROGRESS);
	}
	MUST(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && sodium_init() >= 0);
	if (sandbox_enter(p, dirs, p->writes_files, seen, &e) != 0) {
		fprintf(stderr, "%s: %s\n", p->name, e.text);
		_exit(1);
	}
	use_descriptors();
	if (p == &sandbox_front)
		work_front(listening);
	if (p->writes_files) {
		MUST(open(outside, O_RDONLY | O_CLOEXEC) < 0);
		work_files(seen[0]);
	}
	if (p == &sandbox_office || p == &sandbox_auth)
		work_sqlite(seen[0]);
	if (p == &sandbox_auth) {
		char hash[crypto_pwhash_STRBYTES];
		MUST(crypto_pwhash_str(hash, "x", 1, crypto_pwhash_OPSLIMIT_MIN, 64u << 20) == 0);
	}
	_exit(0);
}

static int status_of(pid_t pid)
{
	int status = -1;
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

/* A descriptor 3 with one large message waiting. */
static void give_message(void)
{
	int p[2];
	struct msg m;
	static char big[100000];
	MUST(msg_pair(p) == 0 && dup2(p[0], 3) == 3 && dup2(p[1], 9) == 9);
	msg_init(&m, 7);
	msg_put_str(&m, str_n(big, sizeof big));
	MUST(msg_send(9, &m) == 0);
	msg_release(&m);
}

enum who { AS_WE_ARE, AS_NOBODY, AS_CONTAINER_ROOT };

/* Root without CAP_SYS_ADMIN, as containers have it. */
static void drop_sys_admin(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];
	MUST(syscall(SYS_capget, &head, caps) == 0);
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		caps[i].inheritable = 0;
	caps[0].effective &= ~(1u << CAP_SYS_ADMIN);
	caps[0].permitted &= ~(1u << CAP_SYS_ADMIN);
	MUST(syscall(SYS_capset, &head, caps) == 0);
}

static int whole(const struct sandbox_profile *p, enum who who)
{
	struct err e = {0};
	int rows = sandbox_self_test(p, &e);
	if (rows != 0)
		fprintf(stderr, "%s\n", e.text);
	pid_t pid = fork();
	if (pid == 0) {
		give_message();
		lives(p);
	}
	int status = status_of(pid);
	if (status != 0)
		fprintf(stderr, "%s: what it lives on ended with status %x%s\n", p->name, (unsigned)status,
		        who == AS_NOBODY ? " (without root)" : who == AS_CONTAINER_ROOT ? " (root of a container)" : "");
	return rows == 0 && status == 0 ? 0 : 1;
}

static void all_profiles(enum who who)
{
	for (size_t i = 0; i < N_PROFILES; i++) {
		setup(NULL);
		if (who == AS_NOBODY && geteuid() == 0)
			assert_int_equal(chown(folder, 65534, 65534), 0);
		pid_t pid = fork();
		if (pid == 0) {
			if (who == AS_NOBODY && geteuid() == 0)
				MUST(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
			if (who == AS_CONTAINER_ROOT)
				drop_sys_admin();
			_exit(whole(profiles[i], who));
		}
		assert_int_equal(status_of(pid), 0);
		teardown(NULL);
	}
}

static void test_as_started(void **state)
{
	all_profiles(AS_WE_ARE);
}

static void test_without_root(void **state)
{
	all_profiles(AS_NOBODY);
}

static void test_root_of_a_container(void **state)
{
	if (geteuid() == 0)
		all_profiles(AS_CONTAINER_ROOT);
}

static void test_old_kernel(void **state)
{
	setenv("SEKISHO_LANDLOCK_ABI_MAX", "2", 1);
	all_profiles(AS_WE_ARE);
	all_profiles(AS_NOBODY);
	unsetenv("SEKISHO_LANDLOCK_ABI_MAX");
}

/* The variable for tests cannot be used to switch Landlock off or below Debian 12's. */
static void test_cap_has_a_floor(void **state)
{
	static const struct {
		const char *cap, *word;
	} rows[] = {{"0", "landlock=0"}, {"1", "landlock=1 "}, {"x", "landlock=0"}, {"-1", "landlock=0"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			struct err e;
			setenv("SEKISHO_LANDLOCK_ABI_MAX", rows[i].cap, 1);
			MUST(sandbox_enter(&sandbox_keys, NULL, 0, NULL, &e) == 0);
			_exit(strstr(sandbox_posture(), "landlock=") && !strstr(sandbox_posture(), rows[i].word) ? 0 : 1);
		}
		assert_int_equal(status_of(pid), 0);
	}
}

static void *sleeper(void *arg)
{
	pause();
	return NULL;
}

static void test_refuses_second_thread(void **state)
{
	pid_t pid = fork();
	if (pid == 0) {
		pthread_t t;
		struct err e;
		MUST(pthread_create(&t, NULL, sleeper, NULL) == 0);
		_exit(sandbox_enter(&sandbox_keys, NULL, 0, NULL, &e) == ERR_WRONG_STATE ? 0 : 1);
	}
	assert_int_equal(status_of(pid), 0);
}

/* As root a folder below one that only root may enter still works, and a read-only one stays so. */
static void test_closed_home_and_read_only(void **state)
{
	setup(NULL);
	assert_int_equal(chmod(outside, 0700), 0);
	char in[128], ro[140], file[160];
	snprintf(in, sizeof in, "%s/in", outside);
	snprintf(ro, sizeof ro, "ro:%s/ro", outside);
	snprintf(file, sizeof file, "%s/f", ro + 3);
	assert_true(mkdir(in, 0700) == 0 && mkdir(ro + 3, 0755) == 0);
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	close(fd);
	pid_t pid = fork();
	if (pid == 0) {
		struct err e = {0};
		char seen[2][256], path[300];
		const char *dirs[] = {in, ro};
		if (sandbox_enter(&sandbox_vault, dirs, 2, seen, &e) != 0)
			fprintf(stderr, "%s\n", e.text);
		snprintf(path, sizeof path, "%s/f", seen[1]);
		MUST(open(path, O_RDONLY | O_CLOEXEC) >= 0);
		MUST(open(path, O_WRONLY | O_CLOEXEC) < 0 && unlink(path) < 0);
		snprintf(path, sizeof path, "%s/new", seen[1]);
		MUST(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0);
		work_files(seen[0]);
		_exit(0);
	}
	assert_int_equal(status_of(pid), 0);
	teardown(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_started),      cmocka_unit_test(test_without_root),
		cmocka_unit_test(test_root_of_a_container), cmocka_unit_test(test_old_kernel),
		cmocka_unit_test(test_cap_has_a_floor),
		cmocka_unit_test(test_refuses_second_thread), cmocka_unit_test(test_closed_home_and_read_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
