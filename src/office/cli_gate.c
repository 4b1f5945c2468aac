/* What the operator did to the gate from the command line, as an event. */
#include <jansson.h>

#include "core/event.h"
#include "office/cli.h"

#define DETAIL_MAX 60000

static int put_event(struct cli *c, void *arg, struct err *e)
{
	struct event ev = {.action = "gate.signatures", .detail = *(struct str *)arg};
	return event_put(c->office->db, &ev, NULL, e);
}

/* DETAIL: what `sekisho gate signatures import` took in, a JSON object. */
int cli_gate_signatures(struct cli *c)
{
	json_error_t je;
	struct err e = {0};
	if (c->n_args != 2 || c->args[1].n > DETAIL_MAX)
		return 2;
	json_t *o = json_loadb(c->args[1].p, c->args[1].n, JSON_REJECT_DUPLICATES, &je);
	char *text = json_is_object(o) ? json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	json_decref(o);
	if (!text)
		return 2;
	struct str detail = str_from(text);
	int r = cli_transact(c, put_event, &detail, &e);
	free(text);
	return r < 0 ? cli_fail(c, &e) : 0;
}
