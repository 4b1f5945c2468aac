/* What `--help` prints: all commands with the first steps, or one command with the words its usage is written in. */
#include "cli/command.h"

#include <stdio.h>

#include "lib/i18n.h"

/* Words of usages, explained under the --help of each command in whose usage they stand. */
static const struct word {
	const char *in_usage, *name, *means;
} words[] = {
	{"DIR", "DIR", N_("the data folder; everything of the municipality lies in it")},
	{"--city", "NAME", N_("name of the municipality, as it stands on pages and forms")},
	{"--standard", "--standard ID", N_("standard to begin with: iizuka, setagaya, chitose or shinagawa")},
	{"--sample", "--sample", N_("with invented people, systems and records, to try things out")},
	{"--listen", "--listen ADDR:PORT", N_("where browsers connect; without it 127.0.0.1:8443, this machine only")},
	{"--intake", "--intake KIND:WHERE", N_("a door for logs, like udp:0.0.0.0:514 or file:/var/log/messages; several are possible")},
	{"[--link]", "--link", N_("prints one-time sign-in links of the sample people")},
	{"--person", "--person ID", N_("whose: the staff number, or the number in the ledger persons")},
	{"--as-of", "--as-of DATE", N_("as it was at the end of that day, like 2026-11-20")},
	{"--today", "--today DATE", N_("judges as if it were that day, like 2026-11-20")},
	{"--control", "--control ID", N_("only this control, like account.mfa")},
	{"--clause", "--clause ID", N_("only this clause, like iz.8.4.1")},
	{"DIR ID", "ID", N_("a standard, as standard list names it")},
	{" LEDGER", "LEDGER", N_("a ledger, as ledger list names it")},
	{"LEDGER FILE", "FILE", N_("CSV in UTF-8 or Shift_JIS whose first row names the fields, as ledger export writes it")},
	{"people import", "FILE", N_("CSV in UTF-8 or Shift_JIS whose first row names the fields, as ledger export writes it")},
	{"--source", "FILE", N_("CSV or TSV with the columns clause and text")},
	{"--source", "--source, --version", N_("document and edition the text is from")},
	{"--dry-run", "--dry-run", N_("says what would happen and changes nothing")},
	{"--scope", "--scope", N_("read: only reading; write: also changing, with the rights of that person")},
	{"--for", "--for TEXT, --days N", N_("what the token is for; how long it lasts, by default as long as the settings allow")},
	{"token revoke", "NUMBER", N_("a token, as token list numbers it")},
	{"--oscal", "--oscal", N_("JSON after OSCAL 1.2, to standard output")},
	{"--json", "--json", N_("for programs")},
	{"backup DIR OUT", "OUT", N_("the file to write")},
	{"restore IN", "IN", N_("the backup; DIR must not exist or be empty")},
	{"--known", "--known FILE", N_("a checkpoint of the log kept elsewhere, which the restored log must continue")},
	{"--vault OLD", "--vault OLD", N_("the old data folder, where its log survived: what is newer than the backup is taken over")},
	{"HOLD", "HOLD", N_("a name for the hold, like the number of a case; letters, digits, . _ -")},
	{"DIR INDEX", "INDEX", N_("the entry, as search and show number it")},
	{"--days", "--days N", N_("what is older may be removed by vault prune")},
	{"--from A", "--from A --to B", N_("the first and the last entry")},
	{"[--log NAME]", "--log NAME", N_("which log of others; without it, standard")},
	{"--reason", "--reason TEXT", N_("why; it is written into the log")},
};

static void line(const struct command *c)
{
	printf("  %s %s\n      %s\n", c->name, c->usage, _(c->help));
}

/* A tool that this installation does not have is no command of it. */
static bool is_here(const struct command *c)
{
	struct place p;
	struct err e;
	char path[4200];
	return c->run != command_tool || place_find(&p, &e) != 0 || place_program(&p, c->name, path, sizeof path, &e) == 0;
}

void command_help_all(void)
{
	printf("%s: sekisho COMMAND …\n\n", _("usage"));
	for (size_t i = 0; i < n_commands; i++)
		if (is_here(&commands[i]))
			line(&commands[i]);
	printf("\n%s\n", _("To try it out:"));
	printf("    sekisho init ./var --city 見本市 --standard iizuka --sample\n    sekisho run ./var --link\n\n");
	printf("%s\n", _("DIR is the data folder. sekisho COMMAND --help explains the rest of a usage; sekisho --version names the version."));
	printf("%s\n", _("Exit codes: 0 done, 1 the answer is no, 2 wrong use, 3 failed."));
}

void command_help(const struct command *c)
{
	char usage[400];
	snprintf(usage, sizeof usage, "%s %s", c->name, c->usage);
	printf("%s: sekisho %s\n%s\n\n", _("usage"), usage, _(c->help));
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strstr(usage, words[i].in_usage))
			printf("  %s: %s\n", words[i].name, _(words[i].means));
}

bool command_help_group(const char *word, FILE *to)
{
	size_t n = 0;
	for (size_t i = 0; i < n_commands; i++) {
		struct str rest = str_from(commands[i].name), first = str_cut(&rest, ' ');
		if (!rest.n || !str_is(first, word))
			continue;
		if (!n++)
			fprintf(to, "%s:\n", _("usage"));
		fprintf(to, "  sekisho %s %s\n      %s\n", commands[i].name, commands[i].usage, _(commands[i].help));
	}
	return n > 0;
}
