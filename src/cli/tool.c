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
