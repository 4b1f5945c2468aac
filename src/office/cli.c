/* The control connection: one CLI_CALL, its output, its exit code. What each command does stands in cli_commands.c. */
#include "office/cli.h"

#include <unistd.h>

#include "core/proto.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "lib/file.h"
#include "office/dispatch.h"

#define CLI_CHUNK (48u * 1024)

struct str cli_option(struct cli *c, const char *name)
{
	for (size_t i = 1; i + 1 < c->n_args; i++)
		if (str_is(c->args[i], name)) {
			struct str v = c->args[i + 1];
			memmove(&c->args[i], &c->args[i + 2], (c->n_args - i - 2) * sizeof(c->args[0]));
			c->n_args -= 2;
			return v;
		}
	return STR_NONE;
}

bool cli_flag(struct cli *c, const char *name)
{
	for (size_t i = 1; i < c->n_args; i++)
		if (str_is(c->args[i], name)) {
			memmove(&c->args[i], &c->args[i + 1], (c->n_args - i - 1) * sizeof(c->args[0]));
			c->n_args--;
			return true;
		}
	return false;
}

int cli_fail(struct cli *c, const struct err *e)
{
	char text[ERR_TEXT_MAX + 200];
	buf_printf(&c->err, "sekisho: %s\n", err_format(e, text, sizeof(text)));
	return e->code == ERR_SYNTAX || e->code == ERR_RANGE ? 2 : e->code == ERR_NOTFOUND || e->code == ERR_INVALID ? 1
	       : 3;
}

int cli_usage(struct cli *c, const struct cli_command *cmd)
{
	buf_printf(&c->err, "%s: sekisho %s %s\n", _("usage"), cmd->name, cmd->usage);
	return 2;
}

int cli_file_read(struct cli *c, size_t i, size_t max, struct str *ret, struct err *e)
{
	if (i >= c->n_files)
		return err_set(e, ERR_SYNTAX, "%s", _("A file is missing."));
	struct buf b;
	buf_init(&b, max);
	int r = fd_read_all(c->files[i].fd, max, &b, e);
	if (r == 0)
		*ret = arena_str(c->arena, buf_view(&b));
	buf_release(&b);
	if (r == 0 && !ret->p)
		*ret = STR("");
	return r;
}

/* Longest command name first: "standard list" before "standard". */
static const struct cli_command *find(struct cli *c)
{
	for (size_t words = 2; words >= 1; words--)
		for (size_t i = 0; i < n_cli_commands; i++) {
			struct str name = str_from(cli_commands[i].name), rest = name;
			struct str first = str_cut(&rest, ' ');
			if ((rest.n != 0) != (words == 2) || !c->n_args || !str_eq(first, c->args[0]))
				continue;
			if (words == 2 && (c->n_args < 2 || !str_eq(rest, c->args[1])))
				continue;
			if (words == 2) { /* one name, then the arguments */
				memmove(&c->args[1], &c->args[2], (c->n_args - 2) * sizeof(c->args[0]));
				c->n_args--;
			}
			return &cli_commands[i];
		}
	return NULL;
}

static int read_call(struct cli *c, struct msg *m)
{
	uint32_t n, lang;
	if (m->type != CLI_CALL || msg_u32(m, &lang) || msg_u32(m, &n) || n > CLI_ARGS_MAX)
		return ERR_PROTO;
	for (uint32_t i = 0; i < n; i++, c->n_args++)
		if (msg_str(m, 65536, &c->args[i]))
			return ERR_PROTO;
	if (msg_u32(m, &n) || n > ARRAY_LEN(c->files))
		return ERR_PROTO;
	for (uint32_t i = 0; i < n; i++, c->n_files++)
		if (msg_str(m, 4096, &c->files[i].name) || msg_fd(m, &c->files[i].fd))
			return ERR_PROTO;
	i18n_set(lang ? LANG_EN : LANG_JA);
	return msg_end(m);
}

static int send_text(int fd, uint16_t type, struct str s)
{
	int r = 0;
	for (size_t at = 0; at < s.n && r == 0; at += CLI_CHUNK) {
		struct msg m;
		msg_init(&m, type);
		msg_put_str(&m, str_slice(s, at, CLI_CHUNK));
		r = msg_send(fd, &m);
		msg_release(&m);
	}
	return r;
}

static int run_command(struct cli *c)
{
	char today[DATE_TEXT];
	c->world = (struct world){.db = c->office->db, .ledgers = c->office->ledgers, .now = clock_now()};
	date_format(date_of_instant(c->world.now), today);
	c->world.today = arena_str(c->arena, str_from(today));
	c->actor = (struct actor){.admin = true, .name = STR("console")};
	c->json = cli_flag(c, "--json");
	const struct cli_command *cmd = find(c);
	if (!cmd) {
		buf_printf(&c->err, _("sekisho: there is no command \"%.*s\"; see sekisho --help\n"),
		           STR_ARG(c->n_args ? c->args[0] : STR("")));
		return 2;
	}
	int code = cmd->run(c);
	return code == 2 && !c->err.n ? cli_usage(c, cmd) : code; /* wrong use is never silent */
}

int cli_message(struct office *o, int fd, struct msg *m)
{
	struct arena *a = arena_new(512u << 20);
	struct cli *c = ARENA_NEW(a, struct cli);
	struct msg end;
	c->office = o;
	c->arena = a;
	buf_init(&c->out, CLI_OUT_MAX);
	buf_init(&c->err, CLI_OUT_MAX);
	int r = read_call(c, m);
	if (r == 0) {
		int code = run_command(c);
		if (buf_err(&c->out))
			code = 3;
		outbox_poke(o);
		r = send_text(fd, CLI_OUT, buf_view(&c->out));
		r = r ? r : send_text(fd, CLI_ERR, buf_view(&c->err));
		msg_init(&end, CLI_EXIT);
		msg_put_u32(&end, (uint32_t)code);
		r = r ? r : msg_send(fd, &end);
		msg_release(&end);
	}
	for (size_t i = 0; i < c->n_files; i++)
		close(c->files[i].fd);
	buf_release(&c->out);
	buf_release(&c->err);
	arena_free(a);
	return r;
}
