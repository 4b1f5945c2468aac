/* docs/man/sekisho.1 is what the table of commands says. With --write: writes it. */
#include "test/man.h"

#include "cli/command.h"

#define PAGE "sekisho.1"

static void generate(struct buf *b)
{
	buf_init(b, MAN_MAX);
	buf_puts(b, ".\\\" Made by make man from src/cli/command.c.\n.TH SEKISHO 1 \"\" \"Sekisho " SEKISHO_VERSION "\"\n.SH NAME\n"
	            "sekisho \\- runs a municipality's information\\-security standard\n.SH SYNOPSIS\n.B sekisho\n.I COMMAND\n"
	            ".RI [ argument \" ...]\"\n.SH DESCRIPTION\n"
	            "Everything lies in one data folder, DIR. A command on it talks to the house that runs there, or starts one for itself.\n"
	            ".SH COMMANDS\n");
	for (size_t i = 0; i < n_commands; i++) {
		buf_puts(b, ".TP\n.BR \"sekisho ");
		man_text(b, commands[i].name);
		buf_puts(b, "\" \" ");
		man_text(b, commands[i].usage);
		buf_puts(b, "\"\n");
		man_text(b, commands[i].help);
		buf_puts(b, ".\n");
	}
	buf_puts(b, ".PP\nEvery command takes \\-\\-help.\n.SH \"EXIT STATUS\"\n.TP\n0\nDone.\n.TP\n1\nThe answer is no: not met, violated, not proven.\n"
	            ".TP\n2\nWrong use.\n.TP\n3\nFailed.\n.SH FILES\n.TP\n.I DIR/sekisho.conf\nSee\n.BR sekisho.conf (5).\n.TP\n.I DIR/office\n"
	            "The store and attachments.\n.TP\n.I DIR/auth\nSign\\-ins.\n.TP\n.I DIR/vault\nThe log; readable and provable without Sekisho.\n"
	            ".TP\n.I DIR/keys\nLog key, TLS key and certificate.\n.SH ENVIRONMENT\n.TP\n.B SEKISHO_LOG\n"
	            "debug, info, warn or error: how much is written to stderr.\n.TP\n.B SEKISHO_UID_BASE\n"
	            "First of the user numbers that the processes take when started by root (61184).\n.TP\n.BR LC_ALL \", \" LC_MESSAGES \", \" LANG\n"
	            "Japanese when it begins with ja, else English.\n.SH \"SEE ALSO\"\n.BR sekisho.conf (5),\ndocs/operating.md\n");
}

static void page_is_current(void **state)
{
	struct buf b;
	generate(&b);
	man_check(PAGE, &b);
	buf_release(&b);
}

static void every_command_is_there(void **state)
{
	struct buf b;
	generate(&b);
	for (size_t i = 0; i < n_commands; i++) {
		char line[200];
		struct buf name;
		buf_init(&name, sizeof line);
		man_text(&name, commands[i].name);
		snprintf(line, sizeof line, ".BR \"sekisho %s\"", buf_z(&name));
		buf_release(&name);
		if (!str_has(buf_view(&b), line))
			fail_msg("%s is missing", commands[i].name);
	}
	buf_release(&b);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--write") == 0) {
		struct buf b;
		generate(&b);
		return man_write(PAGE, &b);
	}
	const struct CMUnitTest tests[] = {cmocka_unit_test(page_is_current), cmocka_unit_test(every_command_is_there)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
