/* sekisho: the command line. It finds the command, the data folder and the programs; the work is done by others. */
#include <stdio.h>

#include "cli/command.h"
#include "core/words.h"
#include "lib/log.h"

static bool wants_help(int n, char **args)
{
	for (int i = 0; i < n && strcmp(args[i], "--") != 0; i++)
		if (strcmp(args[i], "--help") == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct place place;
	struct err e = {0};
	int n = 0;
	words_open();
	log_open("sekisho");
	if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
		printf("sekisho %s\n", SEKISHO_VERSION);
		return 0;
	}
	if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
		command_help_all();
		return 0;
	}
	const struct command *c = command_find(argc - 1, argv + 1, &n);
	if (!c) {
		bool asked = argc >= 2 && wants_help(argc - 2, argv + 2);
		if (argc >= 2 && command_help_group(argv[1], asked ? stdout : stderr))
			return asked ? 0 : EXIT_USAGE;
		if (argc >= 2)
			fprintf(stderr, _("sekisho: there is no command \"%.*s\"; see sekisho --help\n"),
			        STR_ARG(str_from(argv[1])));
		else
			fprintf(stderr, "%s: sekisho COMMAND … (--help)\n", _("usage"));
		return EXIT_USAGE;
	}
	int left = argc - 1 - n;
	char **args = argv + 1 + n;
	if (c->run != command_tool && wants_help(left, args)) {
		command_help(c);
		return 0;
	}
	if (place_find(&place, &e) != 0)
		return command_fail(&e);
	return c->run(c, &place, left, args);
}
