/* sekisho run: becomes the supervisor. */
#include <errno.h>
#include <unistd.h>

#include "cli/command.h"
#include "core/intake.h"
#include "lib/i18n.h"

#define LISTEN_DEFAULT "127.0.0.1:8443"

int command_run_house(const struct command *c, const struct place *p, int n, char **args)
{
	char path[4200], conf[4200];
	struct err e = {0};
	char *argv[16 + 2 * INTAKE_MAX] = {path}, *dir = NULL;
	const char *listen = LISTEN_DEFAULT, *readers = NULL;
	const char *intake[INTAKE_MAX];
	size_t n_intake = 0;
	bool link = false;
	for (int i = 0; i < n; i++) {
		if (strcmp(args[i], "--link") == 0)
			link = true;
		else if (strcmp(args[i], "--listen") == 0 && i + 1 < n)
			listen = args[++i];
		else if (strcmp(args[i], "--readers") == 0 && i + 1 < n)
			readers = args[++i];
		else if (strcmp(args[i], "--intake") == 0 && i + 1 < n && n_intake < INTAKE_MAX)
			intake[n_intake++] = args[++i];
		else if (args[i][0] != '-' && !dir)
			dir = args[i];
		else
			return command_usage(c);
	}
	if (!dir)
		return command_usage(c);
	snprintf(conf, sizeof conf, "%s/sekisho.conf", dir);
	if (access(conf, F_OK) != 0) {
		err_set(&e, ERR_NOTFOUND, _("%s is no data folder; make one with sekisho init"), dir);
		return command_fail(&e);
	}
	if (place_program(p, "supervise", path, sizeof path, &e) != 0)
		return command_fail(&e);
	int k = 1;
	argv[k++] = dir;
	argv[k++] = (char *)(uintptr_t)"--share";
	argv[k++] = (char *)(uintptr_t)p->share;
	argv[k++] = (char *)(uintptr_t)"--listen";
	argv[k++] = (char *)(uintptr_t)listen;
	if (readers) {
		argv[k++] = (char *)(uintptr_t)"--readers";
		argv[k++] = (char *)(uintptr_t)readers;
	}
	if (link)
		argv[k++] = (char *)(uintptr_t)"--link";
	for (size_t i = 0; i < n_intake; i++) {
		argv[k++] = (char *)(uintptr_t)"--intake";
		argv[k++] = (char *)(uintptr_t)intake[i];
	}
	argv[k] = NULL;
	if (isatty(2))                                   /* somebody watches: what goes right is not news */
		setenv("SEKISHO_LOG", "warn", 0);
	execv(path, argv);
	err_set(&e, ERR_SYS, "%s: %s", path, strerror(errno));
	return command_fail(&e);
}
