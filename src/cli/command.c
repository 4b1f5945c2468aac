#include "cli/command.h"

#include <stdio.h>

#include "lib/i18n.h"
#include "lib/str.h"

const struct command commands[] = {
	{"init", "DIR --city NAME --standard ID [--sample]", N_("Makes a data folder (with the sample city)"), command_init, FILE_NONE},
	{"run", "DIR [--listen ADDR:PORT] [--intake KIND:WHERE] [--link]", N_("Runs everything in the foreground until Ctrl-C"), command_run_house, FILE_NONE},
	{"link", "DIR --person ID", N_("A one-time sign-in link (sample folders)"), command_data, FILE_NONE},
	{"password", "DIR --person ID", N_("A temporary password, to be changed at the first sign-in"), command_data, FILE_NONE},
	{"status", "DIR [--as-of DATE] [--control ID] [--clause ID] [--json]", N_("Status of clauses, controls and subjects"), command_data, FILE_NONE},
	{"assess", "DIR [--today DATE] [--anew]", N_("Judges everything now (--anew: from the records alone)"), command_data, FILE_NONE},
	{"standard list", "DIR", N_("Standards in the store"), command_data, FILE_NONE},
	{"standard show", "DIR ID", N_("Clauses of a standard with their controls"), command_data, FILE_NONE},
	{"standard import", "DIR FILE [--source TEXT] [--version TEXT] [--dry-run]", N_("Loads a municipality's own text"), command_data, FILE_READ},
	{"standard diff", "DIR ID ID", N_("What changed between two standards"), command_data, FILE_NONE},
	{"standard export", "DIR ID --oscal", N_("A standard as OSCAL catalog"), command_data, FILE_NONE},
	{"ledger list", "DIR", N_("All ledgers"), command_data, FILE_NONE},
	{"ledger show", "DIR LEDGER", N_("The definition of a ledger"), command_data, FILE_NONE},
	{"ledger import", "DIR LEDGER FILE [--dry-run]", N_("Rows of a CSV file into a ledger"), command_data, FILE_READ},
	{"ledger export", "DIR LEDGER", N_("A ledger as CSV"), command_data, FILE_NONE},
	{"people import", "DIR FILE [--dry-run]", N_("Rows of a CSV file into the ledger persons"), command_data, FILE_READ},
	{"token create", "DIR --person ID --scope read|write [--for TEXT] [--days N]", N_("A token for the API"), command_data, FILE_NONE},
	{"token list", "DIR [--person ID] [--json]", N_("API tokens: scope, last use, expiry"), command_data, FILE_NONE},
	{"token revoke", "DIR NUMBER", N_("Ends an API token"), command_data, FILE_NONE},
	{"doctor", "DIR [--json]", N_("Grades the installation"), command_doctor, FILE_NONE},
	{"backup", "DIR OUT", N_("Writes a backup while everything runs"), command_backup, FILE_NONE},
	{"restore", "IN DIR [--known FILE] [--vault OLD]", N_("Makes a data folder from a backup and checks all of it"), command_restore, FILE_NONE},
	{"vault new-origin", "DIR --reason TEXT [--log NAME]", N_("Lets a log that lost entries go on under a new name"), command_new_origin, FILE_NONE},
	{"vault policy", "DIR --days N --reason TEXT [--log NAME]", N_("How long a log keeps its entries"), command_retain, FILE_NONE},
	{"vault prune", "DIR --reason TEXT [--log NAME]", N_("Removes what is past its time"), command_retain, FILE_NONE},
	{"vault hold", "DIR HOLD --from A --to B --reason TEXT [--log NAME]", N_("Keeps entries whatever their age"), command_retain, FILE_NONE},
	{"vault release", "DIR HOLD --reason TEXT [--log NAME]", N_("Ends a hold"), command_retain, FILE_NONE},
	{"vault redact", "DIR INDEX --reason TEXT [--log NAME]", N_("Takes the text of one entry out of a log"), command_retain, FILE_NONE},
	{"vault witness", "new STATE --name NAME | add STATE VKEY | serve STATE --listen ADDR:PORT | sign STATE | ask DIR [--policy FILE] [--ca FILE] | request DIR | take DIR REQUEST",
	 N_("Cosigns other towns' logs, and has the own ones cosigned"), command_outside, FILE_NONE},
	{"vault serve", "DIR --listen ADDR:PORT [--log NAME] [--entries]", N_("Shows a log's tree to monitors, read only"), command_outside, FILE_NONE},
	{"vault", "COMMAND …", N_("Works on a vault folder, also offline"), command_tool, FILE_NONE},
	{"gate signatures", "import FILE… [--database PATH] [--unsigned] [--clamd SOCKET] [--data DIR]", N_("Takes in signatures of the malware scanner from a medium"), command_signatures, FILE_NONE},
	{"gate", "COMMAND …", N_("One file at a time, without a data folder"), command_tool, FILE_NONE},
	{"rules", "COMMAND …", N_("Checks detection rules and tries them on logs"), command_tool, FILE_NONE},
	{"zone", "COMMAND …", N_("Zones, flows and firewall rules"), command_tool, FILE_NONE},
};
const size_t n_commands = ARRAY_LEN(commands);

static int words(const struct command *c)
{
	return strchr(c->name, ' ') ? 2 : 1;
}

static bool begins(const struct command *c, int n, char **args)
{
	struct str rest = str_from(c->name), word = str_cut(&rest, ' ');
	return n >= words(c) && str_is(word, args[0]) && (!rest.n || str_is(rest, args[1]));
}

const struct command *command_find(int n, char **args, int *ret_words)
{
	const struct command *best = NULL;
	for (size_t i = 0; i < n_commands; i++)
		if (begins(&commands[i], n, args) && (!best || words(&commands[i]) > words(best)))
			best = &commands[i];
	if (best)
		*ret_words = words(best);
	return best;
}

int command_usage(const struct command *c)
{
	fprintf(stderr, "%s: sekisho %s %s\n", _("usage"), c->name, c->usage);
	return EXIT_USAGE;
}

int command_fail(const struct err *e)
{
	fprintf(stderr, "sekisho: %s\n", e->text);
	return EXIT_FAILED;
}
