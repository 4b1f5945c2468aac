/* `sekisho gate signatures import`: signatures of the malware scanner that came on a medium. What is signed must be signed and not older than what
 * is there; the new set as a whole must load; then it takes the old set's place in one step, clamd is told, and the house records it. The
 * operator's command: no process of the house may write there or tell clamd anything. */
#include "cli/signatures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "lib/hash.h"
#include "lib/i18n.h"
#include "lib/json.h"

#define DATABASE "/var/lib/clamav"
#define FILES_MAX 64

struct options {
	const char *database, *clamd, *data;
	bool unsigned_too;
	char *files[FILES_MAX];
	int n;
};

static bool parse(int n, char **args, struct options *o)
{
	for (int i = 0; i < n; i++) {
		const char **value = strcmp(args[i], "--database") == 0 ? &o->database : strcmp(args[i], "--clamd") == 0 ? &o->clamd
		                     : strcmp(args[i], "--data") == 0 ? &o->data : NULL;
		if (value && i + 1 < n)
			*value = args[++i];
		else if (strcmp(args[i], "--unsigned") == 0)
			o->unsigned_too = true;
		else if (args[i][0] == '-' || o->n == FILES_MAX)
			return false;
		else
			o->files[o->n++] = args[i];
	}
	return o->n > 0;
}

static void tell(const struct signature *s)
{
	printf("%s: ", s->name);
	if (s->version)
		printf(_("version %lld of %s, %lld signatures, "), (long long)s->version, s->made, (long long)s->count);
	printf(s->is_signed ? _("digital signature verified\n") : _("not signed; its SHA-256 is %s\n"), s->sha256);
}

/* What the house is told: names, versions, hashes; nothing that a person wrote. */
static void describe(const struct signature *s, int n, const char *scanner, struct buf *out)
{
	struct jw j;
	jw_init(&j, out, false);
	jw_object(&j);
	jw_key(&j, "files");
	jw_array(&j);
	for (int i = 0; i < n; i++) {
		jw_object(&j);
		jw_kz(&j, "name", s[i].name);
		jw_kz(&j, "sha256", s[i].sha256);
		jw_kbool(&j, "signed", s[i].is_signed);
		if (s[i].version)
			jw_kint(&j, "version", s[i].version);
		jw_end_object(&j);
	}
	jw_end_array(&j);
	jw_kz(&j, "scanner", scanner);
	jw_end_object(&j);
}

static int record(const struct place *p, const char *data, const struct buf *detail)
{
	static const struct command gate = {"gate signatures", "DIR DETAIL", "", command_data, FILE_NONE};
	char *args[] = {(char *)(uintptr_t)data, (char *)(uintptr_t)detail->p, NULL};
	return command_data(&gate, p, 2, args);
}

int command_signatures(const struct command *c, const struct place *p, int n, char **args)
{
	struct options o = {.database = DATABASE};
	static struct signature s[FILES_MAX];
	char said[200] = "";
	struct err e = {0};
	struct buf detail;
	char *stage = NULL;
	int r = 0;
	if (n < 1 || strcmp(args[0], "import") != 0 || !parse(n - 1, args + 1, &o))
		return command_usage(c);
	for (int i = 0; i < o.n && r == 0; i++)
		r = signature_check(o.files[i], o.database, o.unsigned_too, &s[i], &e);
	if (r == 0)
		r = signatures_stage(o.database, o.files, s, o.n, &stage, &e);
	if (r == 0)
		r = signatures_load(stage, &e);
	for (int i = 0; i < o.n && r == 0; i++)
		tell(&s[i]);
	if (r == 0)
		r = signatures_activate(o.database, stage, &e);
	if (stage && r != 0)
		signatures_drop(stage);
	free(stage);
	if (r != 0)
		return command_fail(&e);
	printf(_("in place: %s; what was there before: %s.before\n"), o.database, o.database);
	if (!o.clamd)
		printf("%s", _("clamd was not told (--clamd SOCKET); it notices by itself within its SelfCheck time\n"));
	else if (scanner_reload(o.clamd, said, sizeof said, &e) != 0)
		return command_fail(&e);
	else
		printf(_("clamd: %s\n"), said);
	if (!o.data)
		return 0;
	buf_init(&detail, 60000);
	describe(s, o.n, said, &detail);
	buf_putc(&detail, 0);
	r = record(p, o.data, &detail);
	buf_release(&detail);
	return r;
}
