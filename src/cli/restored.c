#include "cli/restored.h"

#include <fcntl.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/command.h"
#include "cli/house.h"
#include "lib/file.h"
#include "lib/i18n.h"

#define CHUNK 2000
#define SHOWN_MAX (256u << 20)
#define MISSING_MAX (256u << 20)

/* Numbers of the office in the log, 0 when it has none. */
static void read_report(struct str report, int64_t *ret_last, int64_t *ret_entries)
{
	size_t i;
	json_t *j = json_loadb(report.p, report.n, 0, NULL), *s;
	*ret_last = 0;
	*ret_entries = json_integer_value(json_object_get(j, "entries"));
	json_array_foreach(json_object_get(j, "sources"), i, s) {
		const char *name = json_string_value(json_object_get(s, "source"));
		if (name && strcmp(name, "office") == 0)
			*ret_last = json_integer_value(json_object_get(s, "last"));
	}
	json_decref(j);
}

static const char *text_of(const json_t *j, const char *key)
{
	const char *z = json_string_value(json_object_get(j, key));
	return z ? z : "";
}

static void list(int64_t seq, const char *time, const char *raw)
{
	json_t *j = json_loads(raw, 0, NULL);
	printf("%lld  %s  %s  %s %lld\n", (long long)seq, time, text_of(j, "action"), text_of(j, "ledger"),
	       (long long)json_integer_value(json_object_get(j, "record")));
	json_decref(j);
}

static int take_shown(const struct restored *m, struct str shown, struct buf *out)
{
	size_t i;
	json_t *all = json_loadb(shown.p, shown.n, 0, NULL), *x;
	json_array_foreach(all, i, x) {
		int64_t seq = json_integer_value(json_object_get(x, "sequence")),
		              index = json_integer_value(json_object_get(x, "index"));
		const char *raw = text_of(x, "raw");
		if (strcmp(text_of(x, "source"), "office") != 0 || seq <= m->store_last)
			continue;
		buf_printf(out, "%lld %lld ", (long long)index, (long long)seq);
		buf_base64(out, raw, strlen(raw));
		buf_putc(out, '\n');
		list(seq, text_of(x, "time"), raw);
	}
	bool ok = json_is_array(all);
	json_decref(all);
	return ok ? buf_err(out) : ERR_CORRUPT;
}

int restored_write(int at, const char *folder, const char *name, const struct buf *b, struct err *e)
{
	int fd = openat(at, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(e, "%s", folder);
	int r = file_write_atomic_at(fd, name, b->p, b->n, 0600, e);
	close(fd);
	return r;
}

int restored_missing(const struct restored *m, struct str report, struct err *e)
{
	int64_t last, entries;
	struct buf shown, out;
	int r = 0;
	read_report(report, &last, &entries);
	if (last <= m->store_last)
		return 0;
	printf(_("The log has %lld events that the restored office does not have; they are taken over without their texts:\n"),
	       (long long)(last - m->store_last));
	buf_init(&shown, SHOWN_MAX);
	buf_init(&out, MISSING_MAX);
	for (int64_t from = m->log_size; r == 0 && from < entries; from += CHUNK) {
		char a[24], b[24];
		const char *args[] = {"--tool", "show", m->dir, "--from", a, "--to", b, "--json", NULL};
		snprintf(a, sizeof a, "%lld", (long long)from);
		snprintf(b, sizeof b, "%lld", (long long)(from + CHUNK > entries ? entries - 1 : from + CHUNK - 1));
		buf_clear(&shown);
		r = capture(m->place, "vault", args, &shown, e);
		if (r == 0)
			r = take_shown(m, buf_view(&shown), &out);
		if (r != 0)
			r = err_set(e, ERR_CORRUPT, "%s", _("the events of the log cannot be read"));
	}
	if (r == 0)
		r = restored_write(m->at, "office", "missing", &out, e);
	buf_release(&shown);
	buf_release(&out);
	return r;
}

int restored_mark(const struct restored *m, struct err *e)
{
	struct buf b;
	buf_init(&b, 16384);
	buf_printf(&b, "why %s\n", m->why);
	if (m->made.n)
		buf_printf(&b, "made %.*s\n", STR_ARG(m->made));
	if (m->text.n)
		buf_printf(&b, "text %.*s\n", STR_ARG(m->text));
	int r = buf_err(&b) ? err_set(e, ERR_TOOBIG, "restored") : restored_write(m->at, "office", "restored", &b, e);
	buf_release(&b);
	return r;
}

static void on_out(void *arg, int to, struct str bytes)
{
	if (to == 2)
		(void)!fd_write_all(2, bytes.p, bytes.n);
}

int restored_start(const struct restored *m, struct err *e)
{
	struct control_call call = {.lang = i18n_lang(), .args = {"standard", "list"}, .n_args = 2};
	int code = door_call(m->place, m->dir, &call, on_out, NULL);
	return code == 0 ? 0 : err_set(e, ERR_WRONG_STATE, _("%s does not start"), m->dir);
}

/* sekisho vault new-origin: the log's tool does it; then the office sends again what the log lost. */
int command_new_origin(const struct command *c, const struct place *p, int n, char **args)
{
	const char *dir = NULL, *reason = NULL, *log = NULL;
	struct err e = {0};
	for (int i = 0; i < n; i++) {
		if (strcmp(args[i], "--reason") == 0 && i + 1 < n)
			reason = args[++i];
		else if (strcmp(args[i], "--log") == 0 && i + 1 < n)
			log = args[++i];
		else if (args[i][0] != '-' && !dir)
			dir = args[i];
		else
			return command_usage(c);
	}
	if (!dir || !reason || !reason[0] || strpbrk(reason, "\n\r"))
		return command_usage(c);
	struct restored m = {.place = p, .dir = dir, .why = "new-origin", .text = str_from(reason)};
	struct buf out;
	m.at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *tool[] = {"--tool", "new-origin", dir, "--reason", reason, log ? "--log" : NULL, log, NULL};
	buf_init(&out, 65536);
	int r = capture(p, "vault", tool, &out, &e);
	(void)!fd_write_all(1, out.p, out.n);
	buf_release(&out);
	if (r > 0)
		return r;
	/* one of the logs of others tells of it itself; the office's events stand in the own one */
	bool data = !log && m.at >= 0 && faccessat(m.at, "office", F_OK, 0) == 0;
	if (r == 0 && data)
		r = restored_mark(&m, &e);
	if (r == 0 && data)
		r = restored_start(&m, &e);
	if (m.at >= 0)
		close(m.at);
	return r == 0 ? 0 : command_fail(&e);
}
