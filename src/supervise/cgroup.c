#include "supervise/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"

#define CONTROLLERS "+memory +pids +cpu"
#define GATE_WEIGHT "50"                             /* the house has 100: people wait for pages, files wait in a queue */
#define TEXT_MAX 65536

static const struct {
	const char *program, *memory, *pids;
} limits[] = {
	{"gate-office", "3221225472", "80"},             /* LibreOffice: threads, and its helpers */
	{"gate-pdf", "2147483648", "2"},
	{"gate-scan", "268435456", "1"},
	{"", "1342177280", "1"},                         /* any other: its input, its output, and the memory it may have */
};

static bool read_text(int dir, const char *name, char out[TEXT_MAX])
{
	struct buf b;
	struct err e;
	bool ok;

	buf_init(&b, TEXT_MAX - 1);
	ok = file_read_at(dir, name, TEXT_MAX - 1, &b, &e) == 0;
	snprintf(out, TEXT_MAX, "%.*s", ok ? (int)b.n : 0, ok ? b.p : "");
	buf_release(&b);
	return ok;
}

static bool write_text(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* The n-th word of a line, by blanks. */
static struct str word(struct str line, int n)
{
	struct str w = str_cut(&line, ' ');

	while (n-- > 0)
		w = str_cut(&line, ' ');
	return w;
}

/* Where version 2 is mounted: the mount whose type stands behind " - ". */
static bool mount_point(char out[256])
{
	static char text[TEXT_MAX];
	struct str rest;

	if (!read_text(AT_FDCWD, "/proc/self/mountinfo", text))
		return false;
	rest = str_from(text);
	while (rest.n) {
		struct str line = str_cut(&rest, '\n');
		const char *dash = memmem(line.p, line.n, " - cgroup2 ", 11);

		if (dash && word(line, 4).n < 255) {
			snprintf(out, 256, "%.*s", STR_ARG(word(line, 4)));
			return true;
		}
	}
	return false;
}

/* The folder of our own group. */
static int own_group(char why[200])
{
	static char text[TEXT_MAX];
	char at[256], path[600];
	struct str rest;
	int fd;

	if (!mount_point(at) || !read_text(AT_FDCWD, "/proc/self/cgroup", text)) {
		snprintf(why, 200, "control groups of version 2 are not mounted");
		return -1;
	}
	rest = str_from(text);
	while (rest.n) {
		struct str line = str_cut(&rest, '\n');

		if (!str_starts(line, "0::/") || (size_t)snprintf(path, sizeof path, "%s%.*s", at, (int)line.n - 3, line.p + 3) >= sizeof path)
			continue;
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			snprintf(why, 200, "%.150s: %s", path, strerror(errno));
		return fd;
	}
	snprintf(why, 200, "this process is in no control group of version 2");
	return -1;
}

static bool gives(int dir, const char *name)
{
	static char text[TEXT_MAX];
	struct str rest;

	if (!read_text(dir, "cgroup.controllers", text))
		return false;
	for (rest = str_trim(str_from(text)); rest.n;)
		if (str_is(str_cut(&rest, ' '), name))
			return true;
	return false;
}

/* Nobody else is in it: what is shared is not ours to divide. */
static bool ours_alone(int dir)
{
	static char text[TEXT_MAX];
	struct str rest;
	int64_t pid;

	if (!read_text(dir, "cgroup.procs", text))
		return false;
	for (rest = str_trim(str_from(text)); rest.n;)
		if (str_int(str_cut(&rest, '\n'), 0, INT32_MAX, &pid) || (pid != getpid() && pid != getppid()))
			return false;
	return true;
}

static int folder(int dir, const char *name)
{
	if (mkdirat(dir, name, 0755) && errno != EEXIST)
		return -1;
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A group with groups below it may hold no process itself: first all that is in it goes one down. */
static int divide(int own, char why[200])
{
	static char text[TEXT_MAX];
	int house = folder(own, "house"), gate = -1;
	struct str rest;
	bool ok = house >= 0 && read_text(own, "cgroup.procs", text);

	for (rest = str_trim(str_from(text)); ok && rest.n;) {
		struct str one = str_cut(&rest, '\n');
		char pid[24];

		snprintf(pid, sizeof pid, "%.*s", STR_ARG(one));
		ok = write_text(house, "cgroup.procs", pid);
	}
	ok = ok && write_text(own, "cgroup.subtree_control", CONTROLLERS);
	gate = ok ? folder(own, "gate") : -1;
	ok = gate >= 0 && write_text(gate, "cgroup.subtree_control", CONTROLLERS) && write_text(gate, "cpu.weight", GATE_WEIGHT);
	if (!ok) {
		snprintf(why, 200, "the control group cannot be divided: %s", strerror(errno));
		if (gate >= 0)
			close(gate);
		gate = -1;
	}
	if (house >= 0)
		close(house);
	return gate;
}

void cgroups_open(struct cgroups *c)
{
	int own;

	*c = (struct cgroups){.gate = -1};
	own = own_group(c->why);
	if (own < 0)
		return;
	if (!gives(own, "memory") || !gives(own, "pids") || !gives(own, "cpu"))
		snprintf(c->why, sizeof c->why, "the control group was not given memory, pids and cpu");
	else if (!ours_alone(own))
		snprintf(c->why, sizeof c->why, "the control group is shared with other processes");
	else
		c->gate = divide(own, c->why);
	close(own);
}

void cgroups_close(struct cgroups *c)
{
	if (c->gate >= 0)
		close(c->gate);
	c->gate = -1;
}

const char *cgroups_posture(const struct cgroups *c)
{
	return c->gate >= 0 ? "cgroup" : "nocgroup";
}

static void name_of(size_t place, char out[24])
{
	snprintf(out, 24, "worker-%zu", place);
}

int cgroup_make(const struct cgroups *c, size_t place, struct str program, int *ret_dir)
{
	char name[24];
	size_t i = 0;
	int dir;

	*ret_dir = -1;
	if (c->gate < 0)
		return 0;
	while (limits[i].program[0] && !str_is(program, limits[i].program))
		i++;
	name_of(place, name);
	(void)unlinkat(c->gate, name, AT_REMOVEDIR);     /* of an earlier life */
	dir = folder(c->gate, name);
	if (dir < 0)
		return ERR_SYS;
	(void)write_text(dir, "memory.swap.max", "0");   /* where there is swap at all */
	if (!write_text(dir, "memory.max", limits[i].memory) || !write_text(dir, "pids.max", limits[i].pids) ||
	    !write_text(dir, "memory.oom.group", "1")) {
		close(dir);
		return ERR_SYS;
	}
	*ret_dir = dir;
	return 0;
}

bool cgroup_join(int dir)
{
	return dir < 0 || write_text(dir, "cgroup.procs", "0");
}

bool cgroup_end(const struct cgroups *c, size_t place)
{
	static char text[TEXT_MAX];
	char name[24], events[64];
	struct str rest;
	int64_t n = 0;

	if (c->gate < 0)
		return false;
	name_of(place, name);
	snprintf(events, sizeof events, "%s/memory.events", name);
	rest = read_text(c->gate, events, text) ? str_from(text) : STR("");
	while (rest.n) {
		struct str value = str_cut(&rest, '\n'), key = str_cut(&value, ' ');

		if (str_is(key, "oom_kill") && str_int(value, 0, INT32_MAX, &n))
			n = 0;
	}
	(void)unlinkat(c->gate, name, AT_REMOVEDIR);
	return n > 0;
}
