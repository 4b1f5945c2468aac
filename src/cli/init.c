/* sekisho init: the folders, each program's own beginning (`--init`), then the office's. What fails half-way is taken
 * away again, so that the same command can be given once more. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/house.h"
#include "lib/file.h"

struct init {
	const char *dir, *city, *standard;
	bool sample;
};

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	return remove(path);
}

static int sys_err(struct err *e, const char *what)
{
	return err_set(e, ERR_SYS, "%s: %s", what, strerror(errno));
}

static int run_init(const struct place *p, const char *program, const char *dir, struct err *e)
{
	char path[4200];
	int status;
	int r = place_program(p, program, path, sizeof path, e);
	if (r != 0)
		return r;
	pid_t pid = fork();
	if (pid == 0) {
		execl(path, path, "--init", dir, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return sys_err(e, program);
	return status == 0 ? 0 : err_set(e, ERR_SYS, _("%s could not make its part of the folder"), program);
}

/* The values of `key = value` end at the line's end. */
static int write_conf(const struct init *x, struct err *e)
{
	struct buf b;
	int d = open(x->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d < 0)
		return sys_err(e, x->dir);
	buf_init(&b, 4096);
	buf_printf(&b, "# Sekisho data folder\ncity = %s\nstandard = %s\n%s", x->city, x->standard,
	           x->sample ? "sample = yes\n" : "");
	int r = buf_err(&b) ? err_set(e, ERR_TOOBIG, "sekisho.conf")
	        : file_write_atomic_at(d, "sekisho.conf", b.p, b.n, 0644, e);
	buf_release(&b);
	close(d);
	return r;
}

static int make_folders(const struct init *x, struct err *e)
{
	static const char *const names[] = {"run", "office", "auth", "vault", "keys"};
	char path[4200];
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof path, "%s/%s", x->dir, names[i]);
		if (mkdir(path, strcmp(names[i], "vault") == 0 ? 0750 : 0700) != 0) /* detect and search read it by its group */
			return sys_err(e, path);
	}
	return write_conf(x, e);
}

static void on_out(void *arg, int to, struct str bytes)
{
	(void)!fd_write_all(to, bytes.p, bytes.n);
}

/* 0, or an exit code; what was wrong has been said. */
static int fill(const struct init *x, const struct place *p)
{
	static const char *const programs[] = {"keys", "vault", "auth"};
	struct err e = {0};
	int r = make_folders(x, &e);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(programs); i++)
		r = run_init(p, programs[i], x->dir, &e);
	if (r != 0)
		return command_fail(&e);
	struct control_call call = {
		.lang = i18n_lang(),
		.args = {"init", "--city", x->city, "--standard", x->standard, x->sample ? "--sample" : NULL},
		.n_args = x->sample ? 6 : 5,
	};
	return door_call(p, x->dir, &call, on_out, NULL);
}

static bool parse(struct init *x, int n, char **args)
{
	for (int i = 0; i < n; i++) {
		if (strcmp(args[i], "--sample") == 0)
			x->sample = true;
		else if (strcmp(args[i], "--city") == 0 && i + 1 < n)
			x->city = args[++i];
		else if (strcmp(args[i], "--standard") == 0 && i + 1 < n)
			x->standard = args[++i];
		else if (args[i][0] != '-' && !x->dir)
			x->dir = args[i];
		else
			return false;
	}
	return x->dir && x->city && x->standard && x->city[0] && !strpbrk(x->city, "\n\r");
}

static bool standard_known(const struct place *p, const char *id)
{
	char path[4300];
	snprintf(path, sizeof path, "%s/standards/%s/clauses.tsv", p->share, id);
	return id[0] && !strchr(id, '/') && id[0] != '.' && access(path, R_OK) == 0;
}

int command_init(const struct command *c, const struct place *p, int n, char **args)
{
	struct init x = {0};
	struct err e = {0};
	if (!parse(&x, n, args))
		return command_usage(c);
	if (!standard_known(p, x.standard)) {
		fprintf(stderr, _("sekisho: there is no standard \"%s\"; there are iizuka, setagaya, chitose and shinagawa\n"),
		        x.standard);
		return EXIT_USAGE;
	}
	/* rmdir succeeds on an empty folder only: what holds anything is never touched. */
	if (rmdir(x.dir) != 0 && errno != ENOENT) {
		err_set(&e, ERR_EXISTS, _("%s exists and is not empty"), x.dir);
		return command_fail(&e);
	}
	if (mkdir(x.dir, 0700) != 0) {
		sys_err(&e, x.dir);
		return command_fail(&e);
	}
	int code = fill(&x, p);
	if (code != 0)
		nftw(x.dir, remove_one, 32, FTW_DEPTH | FTW_PHYS);
	return code;
}
