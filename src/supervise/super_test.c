/* The real supervise over small programs of our own: this test's executable plays every role (core/child.h), says what it
 * sees in DIR/seen, and the test kills, breaks and stops. */
#include "supervise/super.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/control.h"
#include "core/proto.h"
#include "lib/clock.h"
#include "lib/file.h"

enum { PING = 900, PONG, NONSENSE };

/* --- the roles ------------------------------------------------------------------------------------------------------ */

static struct child me;
static bool reads_ahead;

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	char path[300], line[200];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof line - 1, fmt, ap);
	va_end(ap);
	line[n++] = '\n';
	snprintf(path, sizeof path, "%s/seen", me.dir);
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, line, (size_t)n) != n)
		_exit(9);
	close(fd);
}

static bool told(const char *what)
{
	char path[300];
	snprintf(path, sizeof path, "%s/%s", me.dir, what);
	return access(path, F_OK) == 0;
}

static bool tells_once(const char *what)
{
	char path[300];
	snprintf(path, sizeof path, "%s/%s", me.dir, what);
	return unlink(path) == 0;
}

static void send_type(int fd, uint16_t type)
{
	struct msg m;
	msg_init(&m, type);
	(void)!msg_send(fd, &m);
	msg_release(&m);
}

/* As a handler does that waits for an answer of another peer: all that the others have sent is read. */
static void read_others(const char *peer)
{
	for (size_t i = 0; i < me.n_peers; i++) {
		struct pollfd p = {.fd = me.peers[i].fd, .events = POLLIN};
		struct msg m;
		while (strcmp(me.peers[i].name, peer) != 0 && poll(&p, 1, 0) == 1 && msg_recv(p.fd, &m) == 0) {
			msg_release(&m);
			say("read ahead");
		}
	}
}

static int on_message(void *arg, const char *peer, int fd, struct msg *m)
{
	if (reads_ahead)
		read_others(peer);
	reads_ahead = false;
	if (m->type == PING)
		send_type(fd, PONG);
	else if (m->type == PONG)
		say("pair %s %s", me.role, peer);
	else
		return ERR_PROTO;
	return msg_end(m);
}

static void on_peer(void *arg, const char *peer, int fd)
{
	if (fd >= 0 && strcmp(peer, "workers") != 0)
		send_type(fd, PING);
}

/* A worker that ends by itself, one that has to be killed, and a program that is none of the gate's. */
static void employ(void)
{
	static const char *const programs[] = {"gate-x", "gate-x", "keys"};
	int fd = child_peer_fd(&me, "workers");
	for (size_t i = 0; i < 3; i++) {
		struct msg m, answer;
		uint32_t code, sig;
		int64_t id, cpu, rss;
		struct str limits;
		int sock;
		msg_init(&m, WORKER_START);
		msg_put_z(&m, programs[i]);
		msg_put_u32(&m, 10);
		if (msg_call(fd, &m, 10000, &answer) != 0 || msg_u32(&answer, &code) != 0 || code || msg_i64(&answer, &id) != 0 ||
		    msg_str(&answer, 15, &limits) != 0 || msg_fd(&answer, &sock) != 0)
			_exit(8);
		if (i == 0)
			send_type(sock, PING);           /* the word it ends at */
		msg_release(&m);
		msg_release(&answer);
		msg_init(&m, WORKER_END);
		msg_put_i64(&m, id);
		msg_put_u8(&m, i == 1);
		if (msg_call(fd, &m, 10000, &answer) != 0 || msg_u32(&answer, &code) != 0 || msg_u32(&answer, &sig) != 0 ||
		    msg_i64(&answer, &cpu) != 0 || msg_i64(&answer, &rss) != 0 || rss <= 0)
			_exit(8);
		say("worker %u %u", code, sig);
		msg_release(&m);
		msg_release(&answer);
		close(sock);
	}
}

/* All the places there are for one role; they stay taken. */
static void fill_places(void)
{
	int fd = child_peer_fd(&me, "workers"), sock, started = 0;
	uint32_t code = 0;
	while (!code && started < 1000) {
		struct msg m, answer;
		struct str limits;
		int64_t id;
		msg_init(&m, WORKER_START);
		msg_put_z(&m, "gate-x");
		msg_put_u32(&m, 1);                      /* and outlive that by far, idly */
		if (msg_call(fd, &m, 10000, &answer) != 0 || msg_u32(&answer, &code) != 0 || msg_i64(&answer, &id) != 0 ||
		    msg_str(&answer, 15, &limits) != 0 || (!code && msg_fd(&answer, &sock) != 0))
			_exit(8);
		started += !code;
		msg_release(&m);
		msg_release(&answer);
	}
	say("places %s %d", me.role, started);
}

/* Nobody asks for its end. */
static void forget_one(void)
{
	struct msg m, answer;
	int64_t from = clock_mono();
	struct str limits;
	uint32_t code;
	int64_t id;
	int sock;
	msg_init(&m, WORKER_START);
	msg_put_z(&m, "gate-x");
	msg_put_u32(&m, 1);
	if (msg_call(child_peer_fd(&me, "workers"), &m, 10000, &answer) != 0 || msg_u32(&answer, &code) != 0 || code ||
	    msg_i64(&answer, &id) != 0 || msg_str(&answer, 15, &limits) != 0 || msg_fd(&answer, &sock) != 0)
		_exit(8);
	msg_release(&m);
	msg_release(&answer);
	int r = msg_recv(sock, &m);                      /* until it is ended */
	say("forgotten %d %s", r == ERR_CLOSED, clock_mono() - from < 10 * SECOND_US ? "soon" : "late");
}

static int work(void)
{
	struct msg m;
	return msg_recv(3, &m) == 0 ? 7 : 6;
}

static void on_control(void *arg, int fd, uint32_t uid)
{
	say("control %u", uid);
	close(fd);
	send_type(child_peer_fd(&me, "vault"), NONSENSE);
}

static void on_stop(void *arg)
{
	say("stop %s", me.role);
	if (!told("deaf") || (strcmp(me.role, "vault") != 0 && strcmp(me.role, "office.writer") != 0))
		loop_stop(me.loop);
}

static int play(int argc, char **argv)
{
	static const struct child_handlers on = {on_message, on_peer, on_control, on_stop};
	bool still = false;
	child_init(&me, argc, argv);
	if (told("refuse") && strcmp(me.role, "auth") == 0)
		return 3;
	while (strcmp(me.role, "auth") == 0 && (still || tells_once("hang"))) {
		still = true;
		pause();
	}
	say("up %s %d", me.role, (int)getpid());
	child_ready(&me, strcmp(me.role, "front") == 0 ? "https://localhost:1/" : NULL);
	if (told("crash") && strcmp(me.role, "auth") == 0)
		raise(SIGKILL);
	if (strcmp(me.role, "auth") == 0 && tells_once("mute")) {
		close(me.sup);
		for (;;)
			pause();
	}
	if (strcmp(me.role, "office.writer") == 0 && tells_once("drop"))
		child_drop(&me, "auth", false);
	for (size_t i = 0; i < me.n_peers; i++)
		if (strcmp(me.peers[i].name, "listen") == 0)
			say("listen %s", me.role);
		else if (me.peers[i].fd >= 0 && strcmp(me.peers[i].name, "workers") != 0)
			send_type(me.peers[i].fd, PING);
	if (strcmp(me.role, "gate.0") == 0 && tells_once("work"))
		employ();
	if (strcmp(me.role, "gate.0") == 0 && tells_once("fill"))
		fill_places();
	if (strcmp(me.role, "gate.1") == 0 && tells_once("forget"))
		forget_one();
	if (strcmp(me.role, "office.writer") == 0 && tells_once("ahead")) {
		usleep(300000);                          /* until several have something to say to us */
		reads_ahead = true;
	}
	return child_run(&me, &on, NULL);
}

/* --- the house under test --------------------------------------------------------------------------------------------- */

static const char *const names[] = {"keys", "vault", "search", "detect", "audit", "auth", "office.writer", "office.job", "office.reader.0",
                                    "office.reader.1", "gate.0", "gate.1", "front"};
static const char *const pairs[][2] = {
	{"front", "office.writer"}, {"front", "office.reader.0"}, {"front", "office.reader.1"}, {"front", "keys"},
	{"office.writer", "auth"}, {"office.writer", "vault"}, {"office.reader.0", "vault"}, {"office.reader.1", "vault"},
	{"office.job", "vault"}, {"office.reader.0", "office.writer"}, {"office.reader.1", "office.writer"},
	{"office.job", "office.writer"}, {"vault", "keys"}, {"office.writer", "search"}, {"office.reader.0", "search"},
	{"office.reader.1", "search"}, {"detect", "vault"}, {"detect", "office.writer"}, {"office.writer", "audit"}, {"office.writer", "gate.0"}, {"office.writer", "gate.1"},
};

static char folder[64], libexec[80], dir[80], seen[100];
static pid_t house;
static int house_out;

static void shell(const char *command)
{
	pid_t pid = fork();
	if (pid == 0)
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int setup(void **state)
{
	char self[300], command[1200];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	self[n] = 0;
	snprintf(folder, sizeof folder, "/tmp/sekisho-super-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(libexec, sizeof libexec, "%s/libexec", folder);
	snprintf(dir, sizeof dir, "%s/dir", folder);
	snprintf(seen, sizeof seen, "%s/seen", dir);
	snprintf(command, sizeof command,
	         "mkdir %s %s && cp $(dirname %s)/../../libexec/sekisho/supervise %s && for p in keys vault search detect auth office gate gate-x front; do ln -s %s %s/$p; done",
	         libexec, dir, self, libexec, self, libexec);
	shell(command);
	return 0;
}

static int teardown(void **state)
{
	char command[200];
	if (house > 0) {
		kill(house, SIGKILL);
		waitpid(house, NULL, 0);
		close(house_out);
	}
	house = 0;
	snprintf(command, sizeof command, "rm -rf %s", folder);
	shell(command);
	return 0;
}

static void mark(const char *what)
{
	char path[200];
	snprintf(path, sizeof path, "%s/%s", dir, what);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static pid_t start_house(int *ret_out)
{
	int p[2];
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char path[200];
		snprintf(path, sizeof path, "%s/supervise", libexec);
		dup2(p[1], 1);
		setenv("LC_ALL", "C", 1);
		if (!getenv("SUPER_TEST_NOISE"))
			setenv("SEKISHO_LOG", "error", 1);
		dup2(p[1], 2);
		execl(path, path, dir, "--share", folder, "--listen", "127.0.0.1:0", "--readers", "2", (char *)NULL);
		_exit(127);
	}
	close(p[1]);
	*ret_out = p[0];
	return pid;
}

/* What the house printed up to `until`, or to its end. */
static void read_out(int fd, const char *until, char *out, size_t n)
{
	size_t at = 0;
	out[0] = 0;
	while (at + 1 < n && !(until && strstr(out, until))) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t got = poll(&p, 1, 30000) == 1 ? read(fd, out + at, n - 1 - at) : -1;
		if (got <= 0)
			return;
		at += (size_t)got;
		out[at] = 0;
	}
}

static void begin(void)
{
	char out[4096];
	house = start_house(&house_out);
	read_out(house_out, "posture open)\n", out, sizeof out);
	assert_non_null(strstr(out, "ready https://localhost:1/ (posture open)\n"));
}

/* How often the line is in DIR/seen; *ret_number: the number after the last one. */
static int count(const char *line, long *ret_number)
{
	struct buf b;
	struct err e;
	int n = 0;
	buf_init(&b, 4u << 20);
	(void)!file_read(seen, 4u << 20, &b, &e);
	for (const char *p = buf_z(&b); (p = strstr(p, line)); p += strlen(line))
		if (p[strlen(line)] == '\n' || p[strlen(line)] == ' ') {
			n++;
			if (ret_number)
				*ret_number = strtol(p + strlen(line), NULL, 10);
		}
	buf_release(&b);
	return n;
}

static void wait_for(const char *line, int times)
{
	for (int64_t end = clock_mono() + 10 * SECOND_US; clock_mono() < end; usleep(5000))
		if (count(line, NULL) >= times)
			return;
	fail_msg("\"%s\" was not seen %d times", line, times);
}

static pid_t pid_of(const char *role)
{
	char line[64];
	long pid = 0;
	snprintf(line, sizeof line, "up %s", role);
	assert_true(count(line, &pid) > 0);
	return (pid_t)pid;
}

/* Every pair in the table answers in both directions; the times-th time for those of `role` (NULL: all). */
static void pairs_work(const char *role, int times)
{
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		for (int k = 0; k < 2; k++) {
			char line[100];
			if (role && strcmp(role, pairs[i][0]) != 0 && strcmp(role, pairs[i][1]) != 0)
				continue;
			snprintf(line, sizeof line, "pair %s %s", pairs[i][k], pairs[i][!k]);
			wait_for(line, times);
		}
}

static int end_of(pid_t pid)
{
	int status = -1;
	for (int64_t end = clock_mono() + 15 * SECOND_US; clock_mono() < end; usleep(5000))
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
	return -1;
}

static bool is_gone(pid_t pid)
{
	for (int i = 0; i < 400 && kill(pid, 0) == 0; i++)
		usleep(5000);
	return kill(pid, 0) != 0;
}

static void test_all_start_and_talk(void **state)
{
	begin();
	pairs_work(NULL, 1);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_true(pid_of(names[i]) > 0);
	assert_int_equal(count("listen front", NULL), 1);
	/* Nobody has a pair that the table does not name. */
	assert_int_equal(count("pair auth vault", NULL) + count("pair front auth", NULL) + count("pair front vault", NULL) +
	                 count("pair keys office.writer", NULL), 0);
}

static void test_each_killed_comes_back(void **state)
{
	pid_t first[ARRAY_LEN(names)];
	begin();
	pairs_work(NULL, 1);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		first[i] = pid_of(names[i]);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char line[64];
		pid_t old = first[i];
		assert_int_equal(truncate(seen, 0), 0);
		assert_int_equal(kill(old, SIGKILL), 0);
		snprintf(line, sizeof line, "up %s", names[i]);
		wait_for(line, 1);
		assert_int_not_equal(pid_of(names[i]), old);
		pairs_work(names[i], 1);
		for (size_t k = 0; k < ARRAY_LEN(names); k++)        /* the others were not disturbed */
			if (k != i) {
				snprintf(line, sizeof line, "up %s", names[k]);
				assert_int_equal(count(line, NULL), 0);
			}
	}
	assert_int_equal(kill(house, SIGTERM), 0);
	assert_int_equal(end_of(house), 0);
	house = 0;
}

/* The writer says nonsense to the vault: the vault reports, the writer is ended and comes back with working pairs. */
static void test_who_breaks_the_protocol_is_ended(void **state)
{
	begin();
	pairs_work(NULL, 1);
	pid_t old = pid_of("office.writer"), vault = pid_of("vault");
	int fd = control_connect(dir);
	assert_true(fd >= 0);
	wait_for("control", 1);
	wait_for("up office.writer", 2);
	assert_int_not_equal(pid_of("office.writer"), old);
	assert_int_equal(pid_of("vault"), vault);
	pairs_work("office.writer", 2);
	close(fd);
}

/* All that the writer talks to dies again and again: it reports more losses than LOST_PER_MINUTE and is not blamed for them. */
static void test_the_bereaved_are_innocent(void **state)
{
	static const char *const peers[] = {"vault", "search", "detect", "audit", "auth", "office.job", "office.reader.0", "office.reader.1", "gate.0", "gate.1", "front"};
	begin();
	pairs_work(NULL, 1);
	pid_t writer = pid_of("office.writer");
	for (int round = 1; round <= 6; round++) {
		for (size_t i = 0; i < ARRAY_LEN(peers); i++)
			assert_int_equal(kill(pid_of(peers[i]), SIGKILL), 0);
		for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
			char line[64];
			snprintf(line, sizeof line, "up %s", peers[i]);
			wait_for(line, round + 1);
		}
		pairs_work("office.writer", round + 1);
	}
	assert_int_equal(pid_of("office.writer"), writer);
	assert_int_equal(kill(writer, 0), 0);
}

/* The writer gives up a pair whose other end waits for auth, which stays away longer than the supervisor looks after such losses:
 * auth must not be handed the dead end, or the two would never talk again. */
static void test_a_pair_given_up_while_the_other_is_away(void **state)
{
	begin();
	for (int i = 1; i <= 6; i++) {                   /* after six deaths the back-off is far beyond LOST_WAIT_MS */
		wait_for("up auth", i);
		pairs_work("auth", i);
		if (i == 6)
			mark("drop");
		assert_int_equal(kill(pid_of("auth"), SIGKILL), 0);
	}
	assert_int_equal(kill(pid_of("office.writer"), SIGKILL), 0);
	wait_for("up office.writer", 2);
	wait_for("up auth", 7);
	pairs_work("auth", 7);
}

/* What one handler has read for itself is no longer there when the loop comes to it: nobody waits for it. */
static void test_read_ahead_does_not_block(void **state)
{
	mark("ahead");
	begin();
	wait_for("read ahead", 1);
	assert_int_equal(kill(house, SIGTERM), 0);
	wait_for("stop office.writer", 1);
}

/* One that never says it is ready, and one that can no longer be heard, are ended and come back. */
static void test_the_silent_are_ended(void **state)
{
	static const char *const marks[] = {"hang", "mute"};
	setenv("SEKISHO_START_LIMIT", "1", 1);
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		mark(marks[i]);
		begin();
		wait_for("up auth", i == 0 ? 1 : 2);
		pairs_work(NULL, 1);
		teardown(NULL);
		setup(NULL);
	}
	unsetenv("SEKISHO_START_LIMIT");
}

/* The gate may have programs of its own started and ended, no others: it is ended for asking. */
static void test_workers(void **state)
{
	mark("work");
	begin();
	wait_for("worker 7 0", 1);
	wait_for("worker 255 9", 1);
	wait_for("up gate.0", 2);
	pairs_work(NULL, 1);
}

/* A role that takes all it can get leaves the others theirs. */
static void test_places(void **state)
{
	mark("fill");
	begin();
	wait_for("places gate.0 12", 1);
	mark("fill");
	kill(pid_of("gate.0"), SIGKILL);                 /* what it held is free again */
	wait_for("places gate.0 12", 2);
	mark("forget");
	kill(pid_of("gate.1"), SIGKILL);
	wait_for("forgotten 1 soon", 1);
}

static void test_second_one_is_refused(void **state)
{
	char out[4096], want[64];
	int fd;
	begin();
	pid_t second = start_house(&fd);
	read_out(fd, NULL, out, sizeof out);
	close(fd);
	int status = end_of(second);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	snprintf(want, sizeof want, "in use by process %d", (int)house);
	assert_non_null(strstr(out, want));
	assert_int_equal(kill(pid_of("vault"), 0), 0);   /* and the first one lives */
}

static void test_stops_in_order(void **state)
{
	static const char *const order[] = {"stop front", "stop office.job", "stop office.writer", "stop auth", "stop vault", "stop keys"};
	begin();
	pairs_work(NULL, 1);
	assert_int_equal(kill(house, SIGINT), 0);
	assert_int_equal(end_of(house), 0);
	house = 0;
	struct buf b;
	struct err e;
	buf_init(&b, 1u << 20);
	assert_int_equal(file_read(seen, 1u << 20, &b, &e), 0);
	const char *at = buf_z(&b);
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		at = strstr(at, order[i]);
		if (!at) {
			fail_msg("%s is missing or too early", order[i]);
			return;
		}
	}
	buf_release(&b);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_true(is_gone(pid_of(names[i])));
	char path[128];
	snprintf(path, sizeof path, "%s/run/control.sock", dir);
	assert_int_not_equal(access(path, F_OK), 0);
}

static void test_the_deaf_are_killed_in_time(void **state)
{
	begin();
	mark("deaf");
	int64_t from = clock_mono();
	assert_int_equal(kill(house, SIGTERM), 0);
	assert_int_equal(end_of(house), 0);
	house = 0;
	assert_true(clock_mono() - from < 10 * SECOND_US);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_true(is_gone(pid_of(names[i])));
}

static void test_gives_up(void **state)
{
	/* One that dies again and again; one that says at the start that it cannot. */
	static const char *const marks[] = {"crash", "refuse"};
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		char out[8192];
		mark(marks[i]);
		house = start_house(&house_out);
		read_out(house_out, NULL, out, sizeof out);
		int status = end_of(house);
		house = 0;
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
		assert_non_null(strstr(out, "supervise.given-up role=auth"));
		assert_int_equal(count("up auth", NULL) > DEATHS_PER_MINUTE, i == 0);
		teardown(NULL);
		setup(NULL);
	}
}

static void test_none_outlives_the_supervisor(void **state)
{
	begin();
	pairs_work(NULL, 1);
	assert_int_equal(kill(house, SIGKILL), 0);
	assert_int_equal(waitpid(house, NULL, 0), house);
	house = 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_true(is_gone(pid_of(names[i])));
	begin();                                         /* what is left of the old one is no obstacle */
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "--fd") == 0)
		return play(argc, argv);
	if (argc == 2 && strcmp(argv[1], "--fd=3") == 0)
		return work();
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_all_start_and_talk),  T(test_each_killed_comes_back), T(test_who_breaks_the_protocol_is_ended),
		T(test_the_bereaved_are_innocent), T(test_a_pair_given_up_while_the_other_is_away),
		T(test_read_ahead_does_not_block), T(test_the_silent_are_ended), T(test_workers), T(test_places), T(test_second_one_is_refused), T(test_stops_in_order),
		T(test_the_deaf_are_killed_in_time), T(test_gives_up), T(test_none_outlives_the_supervisor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
