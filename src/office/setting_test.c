/* docs/man/sekisho.conf.5 is what the table of settings says, and every default is a value the table itself accepts.
 * With --write: writes the page. */
#include "test/man.h"

#include "core/org.h"
#include "lib/i18n.h"
#include "office/setting.h"

#define PAGE "sekisho.conf.5"

static void values(struct buf *b, const struct setting *s)
{
	switch (s->type) {
	case SET_INT:
		buf_printf(b, "A number from %lld to %lld", (long long)s->min, (long long)s->max);
		break;
	case SET_BOOL:
		buf_puts(b, "0 or 1");
		break;
	case SET_TEXT:
		buf_printf(b, "Text of %lld to %lld characters", (long long)s->min, (long long)s->max);
		break;
	case SET_CHOICE:
		buf_puts(b, "One of ");
		man_text(b, s->choices);
		break;
	case SET_HOURS:
		buf_puts(b, "Two times of the day, like 08:30\\-17:15");
		break;
	case SET_DAYS:
		buf_puts(b, "Days like 12\\-29..01\\-03 or 2027\\-05\\-06, separated by commas");
		break;
	case SET_TRANSFER_RULES:
		buf_puts(b, "Rules, one a line or parted by semicolons");
		break;
	case SET_ROLES:
		buf_puts(b, "Role codes separated by commas");
		break;
	}
	buf_puts(b, s->def[0] ? "; default: " : "; empty by default");
	man_text(b, s->def);
	buf_puts(b, ".\n");
}

static void generate(struct buf *b)
{
	buf_init(b, MAN_MAX);
	buf_puts(b, ".\\\" Made by make man from src/office/setting.c.\n.TH SEKISHO.CONF 5 \"\" \"Sekisho " SEKISHO_VERSION "\"\n.SH NAME\n"
	            "sekisho.conf \\- a data folder of Sekisho, and its settings\n.SH DESCRIPTION\n.I DIR/sekisho.conf\n"
	            "marks a data folder. It is written by\n.B sekisho init\nas lines of\n.IR \"name \" = \" value\" :\n"
	            "city, standard and, for a sample city, sample = yes. Of these nothing but\n.BR \"sekisho doctor\"\nreads the values after that.\n"
	            ".PP\nLines\n.IR \"intake \" = \" KIND:WHERE\"\nare the doors through which logs of other machines come in, opened when the house starts:\n"
	            ".BR udp ,\n.BR tcp ,\n.B tls\n(syslog),\n.BR relp ,\n.B relps\n(RELP, without and with TLS),\n.BR http ,\n.B https\n"
	            "(JSON lines, journals) with ADDR:PORT,\n.BR unix ,\n.B unix\\-stream\n(sockets) and\n.B file\n(a file that is followed) with a path.\n"
	            "How they work: docs/collect.md.\n"
	            ".PP\nA line\n.IR \"clamd \" = \" PATH\"\nnames the socket of the malware scanner that the gate asks (docs/gate.md).\n"
	            "A line\n.IR \"transfer\\-listen \" = \" ADDR:PORT\"\n"
	            "opens a second front there, for the Internet side: it serves sign\\-in and the transfer pages and nothing else.\n"
	            "Then files come in on that side and are fetched on this one, and what leaves is handed over here and fetched there.\n"
	            "Up to four lines\n.IR \"watch \" = \" PATH\"\nname folders in which other systems put files\n.RI ( PATH \"/in)\"\n"
	            "that go through the gate and come out in\n.IR PATH \"/out;\"\nhow, says\n.IR PATH \"/watch.conf\"\n(docs/gate.md).\n.PP\n"
	            "The settings are kept in the store, with their history, and are changed on the Settings page by the security office.\n"
	            ".SH SETTINGS\n");
	for (size_t i = 0; i < n_settings; i++) {
		buf_puts(b, ".TP\n.B ");
		man_text(b, settings[i].name);
		buf_puts(b, "\n");
		man_text(b, settings[i].label);
		buf_puts(b, ". ");
		man_text(b, settings[i].help);
		buf_puts(b, "\n");
		values(b, &settings[i]);
	}
	buf_puts(b, ".SH \"SEE ALSO\"\n.BR sekisho (1)\n");
}

static void page_is_current(void **state)
{
	struct buf b;
	generate(&b);
	man_check(PAGE, &b);
	buf_release(&b);
}

static void defaults_are_values(void **state)
{
	for (size_t i = 0; i < n_settings; i++) {
		const struct setting *s = &settings[i];
		struct str rest = str_from(s->def);
		int64_t n;
		if (s->type == SET_INT && str_int(rest, s->min, s->max, &n) < 0)
			fail_msg("%s: %s", s->name, s->def);
		for (; s->type == SET_ROLES && rest.n;)
			if (role_parse(str_trim(str_cut(&rest, ','))) < 0)
				fail_msg("%s: %s", s->name, s->def);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--write") == 0) {
		struct buf b;
		generate(&b);
		return man_write(PAGE, &b);
	}
	const struct CMUnitTest tests[] = {cmocka_unit_test(page_is_current), cmocka_unit_test(defaults_are_values)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
