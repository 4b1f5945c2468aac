/* Commands on a data folder: the first argument that is no option is DIR, the rest goes to the office as it is; a file
 * is opened here, with the caller's rights, and handed over. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/house.h"
#include "lib/file.h"
#include "lib/hash.h"

struct output {
	const char *url;                                 /* in front of a link, which the office gives as a path */
};

static void on_out(void *arg, int to, struct str bytes)
{
	struct output *o = arg;
	if (to == 1 && o->url && str_starts(bytes, "/"))
		(void)!fd_write_all(1, o->url, strlen(o->url));
	(void)!fd_write_all(to, bytes.p, bytes.n);
}

/* Where the running house is reached, without the last slash; "" when none runs. */
static void running_url(const char *dir, char *out, size_t n)
{
	char path[4200];
	struct buf b;
	struct err e;
	snprintf(path, sizeof path, "%s/run/url", dir);
	buf_init(&b, 300);
	if (file_read(path, 299, &b, &e) != 0)
		buf_clear(&b);
	struct str s = str_trim(buf_view(&b));
	snprintf(out, n, "%.*s", (int)(str_ends(s, "/") ? s.n - 1 : s.n), s.p ? s.p : "");
	buf_release(&b);
}

static int open_file(const char *name, struct err *e)
{
	int fd = strcmp(name, "-") == 0 ? fcntl(0, F_DUPFD_CLOEXEC, 3) : open(name, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : err_set(e, ERR_SYS, "%s: %s", name, strerror(errno));
}

/* Options that are followed by a value; the value is neither folder nor file. */
static bool takes_value(const char *option)
{
	static const char *const flags[] = {"--json", "--dry-run", "--oscal", "--sample", "--csv"};
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (strcmp(option, flags[i]) == 0)
			return false;
	return strchr(option, '=') == NULL;
}

static bool add_words(struct control_call *call, const char *name)
{
	static char words[2][32];
	struct str rest = str_from(name), word = str_cut(&rest, ' ');
	snprintf(words[0], sizeof words[0], "%.*s", STR_ARG(word));
	snprintf(words[1], sizeof words[1], "%.*s", STR_ARG(rest));
	call->args[call->n_args++] = words[0];
	if (rest.n)
		call->args[call->n_args++] = words[1];
	return true;
}

int command_data(const struct command *c, const struct place *p, int n, char **args)
{
	struct control_call call = {.lang = i18n_lang()};
	const char *dir = NULL, *file = NULL;
	struct err e = {0};
	if (n > CONTROL_ARGS_MAX - 2 || !add_words(&call, c->name))
		return command_usage(c);
	for (int i = 0; i < n; i++) {
		bool option = args[i][0] == '-' && args[i][1];
		if (!option && !dir) {
			dir = args[i];
			continue;
		}
		call.args[call.n_args++] = args[i];
		if (!option)
			file = args[i];
		else if (takes_value(args[i]) && i + 1 < n)
			call.args[call.n_args++] = args[++i];
	}
	if (!dir || (c->file != FILE_NONE && !file))
		return command_usage(c);
	if (c->file != FILE_NONE) {
		int fd = open_file(file, &e);
		if (fd < 0)
			return command_fail(&e);
		call.files[call.n_files].name = file;
		call.files[call.n_files++].fd = fd;
	}
	char url[300];
	running_url(dir, url, sizeof url);
	struct output o = {strcmp(c->name, "link") == 0 ? url : NULL};
	return door_call(p, dir, &call, on_out, &o);
}
