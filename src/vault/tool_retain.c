/* policy, prune, hold, release, redact: on a vault folder with a key of its own. Those of a data folder are the running vault's, and
 * are asked for through the office, which makes an event of them. */
#include "vault/tool_parts.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "vault/retain.h"

static int read_args(struct tool *t, struct retain *a)
{
	int64_t days = 0;

	a->by = STR("console");
	a->reason = t->reason ? str_from(t->reason) : STR("");
	a->now_ns = clock_true() * 1000;
	if (!a->reason.n)
		return ERR_SYNTAX;
	switch (a->kind) {
	case RETAIN_POLICY:
		if (!t->days || t->n_args != 1 || str_int(str_from(t->days), 1, RETENTION_DAYS_MAX, &days))
			return ERR_SYNTAX;
		a->days = days;
		return 0;
	case RETAIN_PRUNE:
		return t->n_args == 1 ? 0 : ERR_SYNTAX;
	case RETAIN_HOLD:
		a->id = str_from(t->args[1]);
		return t->n_args == 2 && t->from && t->to && !tool_number(t->from, &a->from) && !tool_number(t->to, &a->to) ? 0 : ERR_SYNTAX;
	case RETAIN_RELEASE:
		a->id = str_from(t->args[1]);
		return t->n_args == 2 ? 0 : ERR_SYNTAX;
	case RETAIN_REDACT:
		return t->n_args == 2 && !tool_number(t->args[1], &a->from) ? 0 : ERR_SYNTAX;
	case RETAIN_KINDS:
		break;
	}
	return ERR_SYNTAX;
}

static int run(struct tool *t, enum retain_kind kind)
{
	char path[TOOL_PATH_MAX + 32];
	struct retain a = {.kind = kind};
	struct err e = {0};
	struct alone log;
	int r;

	if (read_args(t, &a))
		return tool_usage();
	snprintf(path, sizeof path, "%s/log", t->data_dir);
	if (access(path, F_OK)) {
		err_set(&e, ERR_NOTFOUND, _("%s is no vault folder"), t->data_dir);
		fprintf(stderr, "sekisho vault: %s\n", e.text);
		return TOOL_NO;
	}
	r = alone_open(&log, t, &e);
	if (!r)
		r = retain_note(log.vault, &a, &e);
	if (!r)
		r = alone_commit(&log, &e);
	if (!r)
		r = retain_do(log.vault, &a, &e);
	alone_close(&log);
	if (r) {
		fprintf(stderr, "sekisho vault: %s\n", _(e.text));
		return r == ERR_CORRUPT || r == ERR_DENIED || r == ERR_NOTFOUND ? TOOL_NO : TOOL_FAILURE;
	}
	if (kind == RETAIN_PRUNE)
		printf(_("Removed %llu segments; the log begins at entry %llu.\n"), (unsigned long long)a.segments, (unsigned long long)a.minimum);
	else
		printf(_("Done; entry %llu of the log says so.\n"), (unsigned long long)a.at);
	return TOOL_YES;
}

int tool_policy(struct tool *t)
{
	return run(t, RETAIN_POLICY);
}

int tool_prune(struct tool *t)
{
	return run(t, RETAIN_PRUNE);
}

int tool_hold(struct tool *t)
{
	return run(t, RETAIN_HOLD);
}

int tool_release(struct tool *t)
{
	return run(t, RETAIN_RELEASE);
}

int tool_redact(struct tool *t)
{
	return run(t, RETAIN_REDACT);
}
