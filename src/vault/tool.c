#include "vault/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/words.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/text.h"
#include "vault/tool_parts.h"
#include "vault/vault.h"

static void open_words(void)
{
	(void)!text_open(); /* without it, only CP932 is not read */
	words_open();
}

static const char *command;                              /* the one asked for, once it is known */

static const char *usage_text(void)
{
	return _("usage: sekisho vault verify DIR [--vkey KEY] [--known FILE] [--policy FILE] [--json]\n"
	        "       sekisho vault prove DIR INDEX [--policy FILE] [--json]\n"
	        "       sekisho vault prove-consistency DIR OLD NEW [--json]\n"
	        "       sekisho vault check-proof FILE --vkey KEY [--policy FILE] [--entry FILE] [--json]\n"
	        "       sekisho vault show DIR INDEX | show DIR --from A --to B [--json]\n"
	        "       sekisho vault search DIR QUERY [--log NAME] [--since T] [--until T] [--limit N] [--scan] [--follow] [--json]\n"
	        "       sekisho vault bundle DIR QUERY OUT --reason TEXT [--log NAME] [--since T] [--until T] [--timestamp TSR] [--policy FILE] [--json]\n"
	        "       sekisho vault reindex DIR [--log NAME] [--scan]\n"
	        "       sekisho vault ingest DIR [--log NAME] [--source NAME] [--json] < LINES\n"
	        "       sekisho vault rotate-key DIR [--finish]\n"
	        "       sekisho vault policy DIR --days N --reason TEXT [--log NAME]\n"
	        "       sekisho vault prune DIR --reason TEXT [--log NAME]\n"
	        "       sekisho vault hold DIR ID --from A --to B --reason TEXT | release DIR ID --reason TEXT [--log NAME]\n"
	        "       sekisho vault redact DIR INDEX --reason TEXT [--log NAME]\n"
	        "       sekisho vault witness new|add|serve|sign|ask|request|take … | serve DIR --listen ADDRESS:PORT (see witness --help)\n"
	        "--log NAME: one of the logs of others in a data folder. KEY is a verifier key or a file that holds one.\n");
}

/* Of the command asked for, else of all. */
static void print_usage(FILE *to)
{
	char words[40];
	bool found = false;

	snprintf(words, sizeof words, "sekisho vault %s ", command ? command : "");
	for (const char *p = usage_text(), *end; command && *p; p = end + (*end == '\n')) {
		end = strchrnul(p, '\n');
		const char *at = memmem(p, (size_t)(end - p), words, strlen(words));

		if (!at || at - p > 20)
			continue;
		fprintf(to, "%s: %.*s\n", _("usage"), (int)(end - at), at);
		found = true;
	}
	if (!found)
		fputs(usage_text(), to);
}

int tool_usage(void)
{
	print_usage(stderr);
	return TOOL_USAGE;
}

int tool_wrong(const char *fmt, const char *word)
{
	fprintf(stderr, "sekisho vault: ");
	fprintf(stderr, fmt, word);
	fputc('\n', stderr);
	return ERR_SYNTAX;
}

int tool_fail(const struct err *e)
{
	fprintf(stderr, "sekisho vault: %s\n", e->text);
	return e->code == ERR_CORRUPT || e->code == ERR_DENIED || e->code == ERR_RANGE ? TOOL_NO : TOOL_FAILURE;
}

int tool_print(struct buf *b)
{
	bool bad = buf_err(b) || (b->n && fwrite(b->p, 1, b->n, stdout) != b->n) || fflush(stdout);

	buf_release(b);
	return bad ? TOOL_FAILURE : TOOL_YES;
}

int tool_number(const char *z, uint64_t *ret)
{
	int64_t v;
	int r = str_int(str_from(z), 0, INT64_MAX, &v);

	if (!r)
		*ret = (uint64_t)v;
	return r;
}

/* DIR itself when it holds a log, else DIR/vault; a log of others lies in that, the folder's own is called office. */
static void find_folder(const char *dir, const char *log, char out[TOOL_PATH_MAX])
{
	char path[TOOL_PATH_MAX];

	if (log && !strcmp(log, "office"))
		log = NULL;
	snprintf(path, sizeof path, "%s/log", dir);
	snprintf(out, TOOL_PATH_MAX, "%s%s%s%s", dir, dir && access(path, F_OK) && !access(dir, F_OK) ? "/vault" : "", log ? "/logs/" : "", log ? log : "");
}

/* [a-z][a-z0-9-]{0,31} */
static bool log_name(const char *z)
{
	size_t n = strspn(z, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n && n < 33 && !z[n] && z[0] >= 'a' && z[0] <= 'z';
}

/* Options may stand anywhere; what is no option is an argument, at most as many as the command takes. */
static int parse(struct tool *t, size_t max, int argc, char **argv)
{
	struct {
		const char *name, **value;
	} with_value[] = {{"--vkey", &t->vkey}, {"--entry", &t->entry}, {"--from", &t->from}, {"--to", &t->to}, {"--reason", &t->reason},
	                  {"--log", &t->log}, {"--limit", &t->limit}, {"--since", &t->since}, {"--until", &t->until},
	                  {"--source", &t->source}, {"--days", &t->days}, {"--timestamp", &t->timestamp},
	                  {"--policy", &t->policy_file}};

	for (int i = 0; i < argc; i++) {
		size_t k = 0;

		if (!strcmp(argv[i], "--json") || !strcmp(argv[i], "--follow")) {
			*(argv[i][2] == 'j' ? &t->json : &t->follow) = true;
			continue;
		}
		if (!strcmp(argv[i], "--scan") || !strcmp(argv[i], "--finish")) {
			*(argv[i][2] == 's' ? &t->scan : &t->finish) = true;
			continue;
		}
		if (strncmp(argv[i], "--", 2) != 0) {
			if (t->n_args == max)
				return tool_wrong(_("%s is one argument too many"), argv[i]);
			t->args[t->n_args++] = argv[i];
			continue;
		}
		bool known = !strcmp(argv[i], "--known");

		while (!known && k < ARRAY_LEN(with_value) && strcmp(argv[i], with_value[k].name) != 0)
			k++;
		if (k == ARRAY_LEN(with_value))
			return tool_wrong(_("there is no option %s"), argv[i]);
		if (i + 1 == argc)
			return tool_wrong(_("%s needs a value"), argv[i]);
		if (known && t->n_known == VERIFY_KNOWN_MAX)
			return tool_wrong(_("%s is one argument too many"), argv[i]);
		*(known ? &t->known[t->n_known++] : with_value[k].value) = argv[i + 1];
		i++;
	}
	return 0;
}

static const struct {
	const char *name;
	size_t args_min, args_max;
	bool folder;
	int (*run)(struct tool *);
} commands[] = {
    {"verify", 1, 1, true, tool_verify},
    {"prove", 2, 2, true, tool_prove},
    {"prove-consistency", 3, 3, true, tool_consistency},
    {"check-proof", 1, 1, false, tool_check_proof},
    {"show", 1, 2, true, tool_show},
    {"new-origin", 1, 1, true, tool_new_origin},
    {"search", 2, 2, true, tool_search},
    {"bundle", 3, 3, true, tool_bundle},
    {"ingest", 1, 1, false, tool_ingest},
    {"rotate-key", 1, 1, true, tool_rotate},
    {"policy", 1, 1, false, tool_policy},
    {"prune", 1, 1, false, tool_prune},
    {"hold", 2, 2, false, tool_hold},
    {"release", 2, 2, false, tool_release},
    {"redact", 2, 2, false, tool_redact},
    {"reindex", 1, 1, true, tool_reindex},
};

int tool_main(int argc, char **argv)
{
	struct tool t = {0};

	open_words();
	if (argc && (!strcmp(argv[0], "--help") || !strcmp(argv[argc - 1], "--help"))) {
		print_usage(stdout);
		return TOOL_YES;
	}
	for (size_t i = 0; argc && i < ARRAY_LEN(commands); i++) {
		if (strcmp(argv[0], commands[i].name) != 0)
			continue;
		command = commands[i].name;
		if (parse(&t, commands[i].args_max, argc - 1, argv + 1))
			return tool_usage();
		if (t.n_args < commands[i].args_min) {
			tool_wrong(_("%s: an argument is missing"), command);
			return tool_usage();
		}
		if (t.log && !log_name(t.log)) {
			tool_wrong(_("\"%s\" is no name of a log"), t.log);
			return tool_usage();
		}
		t.data_dir = t.args[0];
		if (commands[i].folder)
			find_folder(t.args[0], commands[i].run == tool_search ? NULL : t.log, t.dir);
		return commands[i].run(&t);
	}
	if (argc)
		tool_wrong(_("there is no command \"%s\""), argv[0]);
	return tool_usage();
}

void tool_origin(char out[TOOL_ORIGIN_MAX])
{
	char token[16];

	/* .internal is reserved for names that nobody outside resolves; the rest keeps two towns' logs apart. */
	random_token(token, 9);
	snprintf(out, TOOL_ORIGIN_MAX, "log.sekisho.internal/%s", token);
}

int tool_init(int argc, char **argv)
{
	struct err e = {0};
	char origin[TOOL_ORIGIN_MAX], path[TOOL_PATH_MAX];
	const char *name = origin;
	int r;

	open_words();
	if (argc == 3 && !strcmp(argv[1], "--origin"))
		name = argv[2];
	else if (argc != 1)
		return tool_usage();
	tool_origin(origin);
	snprintf(path, sizeof path, "%s/vault", argv[0]);
	r = vault_create(path, str_from(name), VAULT_UNITS, &e);
	return r && r != ERR_EXISTS ? tool_fail(&e) : TOOL_YES;
}
