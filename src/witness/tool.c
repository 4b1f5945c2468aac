#include "witness/tool.h"

#include "lib/i18n.h"

int tool_usage(FILE *to)
{
	fputs(_("usage: sekisho vault witness new STATE --name NAME\n"
	        "       sekisho vault witness add STATE VKEY\n"
	        "       sekisho vault witness serve STATE --listen ADDRESS:PORT\n"
	        "       sekisho vault witness sign STATE < REQUEST\n"
	        "       sekisho vault witness ask DIR [--policy FILE] [--log NAME] [--ca FILE] [--json]\n"
	        "       sekisho vault witness request DIR [--old SIZE] [--log NAME] > REQUEST\n"
	        "       sekisho vault witness take DIR REQUEST [--policy FILE] [--log NAME] [--json] < ANSWER\n"
	        "       sekisho vault serve DIR --listen ADDRESS:PORT [--log NAME] [--entries]\n"
	        "--ca: the authorities for https:// instead of the system's. --log office is the data folder's own log; without --log, ask goes through all of them.\n"),
	      to);
	return to == stdout ? YES : USAGE;
}

int tool_fail(const struct err *e)
{
	fprintf(stderr, "sekisho vault: %s\n", e->text);
	return e->code == ERR_CORRUPT || e->code == ERR_DENIED ? NO : FAILURE;
}
