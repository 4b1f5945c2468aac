/* supervise: starts the house and keeps it standing. Started by `sekisho run` and, for one command, by `sekisho` itself.
 *   supervise DIR --share SHARE --listen ADDR:PORT [--no-front] [--link] [--readers N] [--intake KIND:WHERE]…
 *   supervise DIR --share SHARE --oneshot        one command, whose connection is descriptor 3; ends at SIGTERM */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/words.h"
#include "lib/file.h"
#include "lib/i18n.h"
#include "lib/log.h"
#include "supervise/links.h"
#include "supervise/place.h"
#include "supervise/super.h"

#define GATES_MIN 3                                  /* files looked at at the same time: one for each processor, and one that is kept for small files */

struct options {
	const char *dir, *share, *listen;
	bool front, oneshot, link;
	int64_t readers;
};

static struct options opt = {.front = true};
static struct super sup = {.listen_fd = -1, .net_fd = -1};
static const char *intake[INTAKE_MAX];
static size_t n_intake;
static int run_fd = -1, control_fd = -1, signal_fd = -1;
static uint32_t owner;

static int usage(void)
{
	fprintf(stderr, "%s: supervise DIR --share SHARE --listen ADDR:PORT [--no-front] [--link] [--readers N] [--intake KIND:WHERE]...\n", _("usage"));
	return 2;
}

static bool parse(int argc, char **argv)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	opt.readers = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
	for (int i = 1; i < argc && argv[i]; i++) {
		const char *a = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
		if (strcmp(a, "--no-front") == 0)
			opt.front = false;
		else if (strcmp(a, "--oneshot") == 0)
			opt.oneshot = true;
		else if (strcmp(a, "--link") == 0)
			opt.link = true;
		else if (strcmp(a, "--share") == 0 && value)
			opt.share = argv[++i];
		else if (strcmp(a, "--listen") == 0 && value)
			opt.listen = argv[++i];
		else if (strcmp(a, "--readers") == 0 && value && str_int(str_from(value), 1, READERS_MAX, &opt.readers) == 0)
			i++;
		else if (strcmp(a, "--intake") == 0 && value && n_intake < INTAKE_MAX)
			intake[n_intake++] = argv[++i];
		else if (a[0] != '-' && !opt.dir)
			opt.dir = a;
		else
			return false;
	}
	opt.front = opt.front && !opt.oneshot;
	if (opt.readers > READERS_MAX)
		opt.readers = READERS_MAX;
	return opt.dir && opt.share && (opt.listen || !opt.front);
}

static void on_signal(void *arg)
{
	struct signalfd_siginfo i;
	while (read(signal_fd, &i, sizeof i) == (ssize_t)sizeof i) {
		if (i.ssi_signo == SIGCHLD)
			super_reap(&sup);
		else
			super_stop(&sup, 0);
	}
}

static void on_control(void *arg)
{
	uint32_t uid;
	int fd = place_accept(control_fd, owner, &uid);
	if (fd >= 0)
		super_control(&sup, fd, uid);
}

static void on_note(struct super *s, const char *line)
{
	printf("%s\n", line);
	fflush(stdout);
}

/* The commands need to know where the house is reached; anybody who may enter DIR may read it. */
static void leave_url(const char *url)
{
	struct err e;
	if (file_write_atomic_at(run_fd, "url", url, strlen(url), 0644, &e) != 0)
		log_warn("supervise.url", "text=\"%s\"", e.text);
}

/* For doctor, which then looks at each by itself: role, process id, posture. */
static void leave_processes(struct super *s)
{
	struct buf b;
	struct err e;
	buf_init(&b, 65536);
	for (size_t i = 0; i < s->house.n_roles; i++)
		if (s->house.roles[i].state == ROLE_UP)
			buf_printf(&b, "%s %d %s\n", s->house.roles[i].name, (int)s->house.roles[i].pid, s->house.roles[i].posture);
	if (file_write_atomic_at(run_fd, "processes", b.p, b.n, 0644, &e) != 0)
		log_warn("supervise.processes", "text=\"%s\"", e.text);
	buf_release(&b);
}

static void on_ready(struct super *s, const char *url)
{
	int w = house_find(&s->house, "office.writer");
	if (opt.oneshot) {
		super_control(s, 3, geteuid());
		return;
	}
	if (url)
		leave_url(url);
	printf("ready%s%s (posture %s)\n", url ? " " : "", url ? url : "", s->house.roles[w].posture);
	if (s->net_url[0])
		printf("transfers %s\n", s->net_url);
	fflush(stdout);
	if (opt.link && url)
		links_print(s, url);
}

static int watch_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return signal_fd < 0 ? ERR_SYS : 0;
}

/* The folder of this executable, and absolute paths of the others. */
static int find_places(struct err *e)
{
	static char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash = n > 0 ? strrchr(self, '/') : NULL;
	if (!slash)
		return err_set(e, ERR_SYS, "/proc/self/exe: %s", strerror(errno));
	*slash = 0;
	sup.libexec = self;
	sup.dir = realpath(opt.dir, NULL);
	sup.share = realpath(opt.share, NULL);
	if (!sup.dir || !sup.share)
		return err_set(e, ERR_NOTFOUND, "%s: %s", sup.dir ? opt.share : opt.dir, strerror(errno));
	return 0;
}

/* SEKISHO_START_LIMIT: seconds. */
static unsigned start_limit(void)
{
	const char *z = getenv("SEKISHO_START_LIMIT");
	int64_t n;
	return z && str_int(str_from(z), 1, 86400, &n) == 0 ? (unsigned)n : START_LIMIT_S;
}

static unsigned gates(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	unsigned n = sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) + 1 : GATES_MIN;
	return n < GATES_MIN ? GATES_MIN : n > GATES_MAX ? GATES_MAX : n;
}

static int open_intake(struct err *e)
{
	int r = doors_read(&sup.doors, sup.dir, e);
	for (size_t i = 0; r == 0 && i < n_intake; i++)
		r = doors_add(&sup.doors, str_from(intake[i]), e);
	return r == 0 && sup.doors.n ? doors_open(&sup.doors, run_fd, e) : r;
}

static int open_doors(struct err *e)
{
	int r = find_places(e);
	if (r == 0)
		r = run_fd = place_lock(sup.dir, opt.oneshot, &owner, e);
	if (r >= 0 && opt.front)
		r = sup.listen_fd = place_listen(opt.listen, e);
	if (r >= 0 && !opt.oneshot)
		r = control_fd = place_control(run_fd, e);
	if (r >= 0 && !opt.oneshot)
		r = open_intake(e);
	if (r >= 0 && opt.front && !opt.oneshot && sup.doors.net[0])
		r = sup.net_fd = place_listen(sup.doors.net, e);
	return r < 0 ? r : 0;
}

int main(int argc, char **argv)
{
	struct err e = {0};
	words_open();
	log_open("supervise");
	child_log_level();
	if (!parse(argc, argv))
		return usage();
	if (opt.oneshot && (fcntl(3, F_SETFD, FD_CLOEXEC) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0))
		return usage();
	if (open_doors(&e) != 0 || watch_signals() != 0) {
		fprintf(stderr, "sekisho: %s\n", e.text);
		return 3;
	}
	struct house_options h = {.front = opt.front, .oneshot = opt.oneshot, .collect = sup.doors.n > 0, .readers = (unsigned)opt.readers, .gates = gates(),
	                          .front_net = sup.net_fd >= 0, .watch = sup.doors.watch && !opt.oneshot};
	house_init(&sup.house, &h);
	sup.loop = loop_new();
	sup.start_limit_s = start_limit();
	sup.ready = on_ready;
	sup.note = on_note;
	if (!opt.oneshot)
		sup.up = leave_processes;
	loop_add(sup.loop, signal_fd, on_signal, NULL);
	if (control_fd >= 0)
		loop_add(sup.loop, control_fd, on_control, NULL);
	sup.cgroups.gate = -1;
	if (!opt.oneshot) {
		cgroups_open(&sup.cgroups);
		log_info("supervise.cgroup", "posture=%s text=\"%s\"", cgroups_posture(&sup.cgroups), sup.cgroups.why);
	}
	super_start(&sup);
	loop_run(sup.loop);
	if (control_fd >= 0)
		(void)unlinkat(run_fd, "control.sock", 0);
	(void)unlinkat(run_fd, "url", 0);
	(void)unlinkat(run_fd, "processes", 0);
	doors_close(&sup.doors, run_fd);
	return sup.exit_code;
}
