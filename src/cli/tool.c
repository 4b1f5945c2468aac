/* Commands that need no house: sekisho vault|gate|zone|rules … runs libexec/sekisho/PROGRAM --tool …; --json and all else is its. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "lib/arena.h"

int command_tool(const struct command *c, const struct place *p, int n, char **args)
{
	char path[4200];
	struct err e = {0};
	const char *program = strcmp(c->name, "rules") == 0 ? "detect" : c->name;
	if (place_program(p, program, path, sizeof path, &e) != 0)
		return command_fail(&e);
	char **argv = xcalloc((size_t)n + 3, sizeof *argv);
	argv[0] = path;
	argv[1] = (char *)(uintptr_t)"--tool";
	memcpy(argv + 2, args, (size_t)n * sizeof *argv);
	execv(path, argv);
	err_set(&e, ERR_SYS, "%s: %s", path, strerror(errno));
	free(argv);
	return command_fail(&e);
}

/* On a data folder through the house, which makes an event of it; on a vault folder by itself. */
int command_retain(const struct command *c, const struct place *p, int n, char **args)
{
	struct str rest = str_from(c->name), program = str_cut(&rest, ' ');
	char path[4200], name[32];
	const char *dir = NULL;
	for (int i = 0; i < n && !dir; i++) {
		if (args[i][0] == '-')
			i++;
		else
			dir = args[i];
	}
	if (!dir)
		return command_usage(c);
	snprintf(path, sizeof path, "%s/vault/log", dir);
	if (access(path, F_OK) == 0)
		return command_data(c, p, n, args);
	snprintf(name, sizeof name, "%.*s", STR_ARG(program));
	struct command tool = *c;
	tool.name = name;
	char **all = xcalloc((size_t)n + 2, sizeof *all);
	all[0] = (char *)(uintptr_t)rest.p;
	memcpy(all + 1, args, (size_t)n * sizeof *all);
	int r = command_tool(&tool, p, n + 1, all);
	free(all);
	return r;
}

/* What talks to the network is not the program that writes the log. */
int command_outside(const struct command *c, const struct place *p, int n, char **args)
{
	struct command tool = *c;
	char **all = xcalloc((size_t)n + 2, sizeof *all);
	all[0] = (char *)(uintptr_t)(strchr(c->name, ' ') + 1);
	memcpy(all + 1, args, (size_t)n * sizeof *all);
	tool.name = "witness";
	int r = command_tool(&tool, p, n + 1, all);
	free(all);
	return r;
}
