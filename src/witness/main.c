/* What a log shares with outsiders over the network; run by `sekisho vault witness …` and `sekisho vault serve`:
 *
 *   witness --tool witness new STATE --name NAME     a witness's folder and key
 *   witness --tool witness add STATE VKEY            a log it cosigns
 *   witness --tool witness serve STATE --listen ADDR:PORT
 *   witness --tool witness sign STATE < REQUEST      the same answer for who comes without a network
 *   witness --tool witness ask DIR [--policy FILE] [--log NAME] [--ca FILE] [--json]
 *   witness --tool witness request DIR > REQUEST     the question as a file, and what came back
 *   witness --tool witness take DIR REQUEST < ANSWER
 *   witness --tool serve DIR --listen ADDR:PORT [--log NAME] [--entries]
 *
 * Exit codes: 0 yes, 1 not proven, 2 wrong use, 3 failure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "core/words.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/sandbox.h"
#include "witness/request.h"
#include "witness/state.h"
#include "witness/tiles.h"
#include "witness/tool.h"

static int lock_in(const struct sandbox_profile *p, const char *dir, char seen[256])
{
	char *full = realpath(dir, NULL), ro[PATH_SIZE];
	char where[1][256];
	const char *dirs[] = {ro};
	struct err e = {0};
	int r;

	if (!full) {
		err_sys(&e, "%s", dir);
		return tool_fail(&e);
	}
	snprintf(ro, sizeof ro, "%s%s", p->writes_files ? "" : "ro:", full);
	free(full);
	r = sandbox_enter(p, dirs, 1, where, &e);
	if (r)
		return tool_fail(&e);
	snprintf(seen, 256, "%s", where[0]);
	return YES;
}

/* --- a witness ---------------------------------------------------------------------------------------------------------- */

static void witness_answer(void *arg, struct str method, struct str path, struct str body, struct http_reply *ret)
{
	struct state *s = arg;

	if (str_is(path, "/add-checkpoint")) {
		if (!str_is(method, "POST")) {
			ret->status = 405;
			return;
		}
		ret->status = state_cosign(s, body, (uint64_t)(clock_true() / SECOND_US), &ret->body);
		if (ret->status == 409)
			ret->type = "text/x.tlog.size";
		log_info("witness.asked", "status=%u", ret->status);
	} else if (str_is(method, "GET") && path.n == 76 && str_ends(path, "/checkpoint")) {
		ret->status = state_seen(s, str_slice(path, 1, 64), &ret->body);
		ret->cache = "public, max-age=2";
	}
}

static int witness_serve(const struct options *o)
{
	struct state s = {.dir = -1, .lock = -1};
	struct err e = {0};
	char seen[256];
	int fd = http_listen(o->listen, &e), r;

	if (fd < 0 || http_start(fd, REQUEST_MAX, witness_answer, &s, &e))
		return tool_fail(&e);
	log_open("witness");
	if (sodium_init() < 0)
		return FAILURE;
	r = lock_in(&sandbox_witness, o->args[0], seen);
	if (r)
		return r;
	if (state_open(seen, true, &s, &e))
		return tool_fail(&e);
	log_info("witness.start", "name=%s", s.key.name);
	http_run();
	state_close(&s);
	return YES;
}

static int print_vkey(struct state *s)
{
	struct buf b;
	int r;

	buf_init(&b, NOTE_VKEY_MAX);
	note_key_put(&b, &s->key);
	r = puts(buf_z(&b)) < 0 ? FAILURE : YES;
	buf_release(&b);
	return r;
}

static int witness_new(const struct options *o)
{
	struct state s;
	struct err e = {0};
	int r;

	if (state_make(o->args[0], o->name, &e) || state_open(o->args[0], false, &s, &e))
		return tool_fail(&e);
	r = print_vkey(&s);
	state_close(&s);
	return r;
}

static int witness_add(const struct options *o)
{
	struct state s;
	struct err e = {0};
	struct buf b;
	int r;

	if (state_open(o->args[0], false, &s, &e))
		return tool_fail(&e);
	buf_init(&b, NOTE_VKEY_MAX);
	if (access(o->args[1], F_OK))
		buf_puts(&b, o->args[1]);
	r = b.n ? buf_err(&b) : file_read(o->args[1], NOTE_VKEY_MAX, &b, &e);
	if (!r)
		r = state_add(&s, buf_view(&b), &e);
	buf_release(&b);
	state_close(&s);
	return r ? tool_fail(&e) : YES;
}

/* For who has no line to the witness: the question comes as a file, the answer goes as one. */
static int witness_sign(const struct options *o)
{
	struct state s;
	struct err e = {0};
	struct buf body, out;
	unsigned status;

	if (state_open(o->args[0], true, &s, &e))
		return tool_fail(&e);
	buf_init(&body, REQUEST_MAX);
	buf_init(&out, NOTE_MAX);
	if (fd_read_all(STDIN_FILENO, REQUEST_MAX, &body, &e)) {
		status = 413;
	} else {
		status = state_cosign(&s, buf_view(&body), (uint64_t)(clock_true() / SECOND_US), &out);
	}
	if (status == 200)
		fwrite(out.p, 1, out.n, stdout);
	else
		fprintf(stderr, "sekisho vault: %u %s", status, out.n ? buf_z(&out) : "\n");
	buf_release(&body);
	buf_release(&out);
	state_close(&s);
	return status == 200 ? YES : status == 500 ? FAILURE : NO;
}

/* --- a log is read --------------------------------------------------------------------------------------------------------- */

static int log_serve(const struct options *o)
{
	static struct tiles t;
	char dir[PATH_SIZE];
	struct err e = {0};
	static char seen[256];
	uint8_t warm[MERKLE_LEN];
	int fd = http_listen(o->listen, &e), r;

	if (fd < 0 || http_start(fd, 0, tiles_answer, &t, &e))
		return tool_fail(&e);
	log_open("serve");
	tool_log_dir(o, o->log, dir);
	merkle_empty(warm); /* what a library loads at first use */
	if (sodium_init() < 0)
		return FAILURE;
	r = lock_in(&sandbox_serve, dir, seen);
	if (r)
		return r;
	t.dir = seen;
	t.entries = o->entries;
	if (tiles_open(&t, &e))
		return tool_fail(&e);
	log_info("serve.start", "log=%s entries=%d", t.log->origin, t.entries);
	http_run();
	tlog_free(t.log);
	return YES;
}

/* --- arguments -------------------------------------------------------------------------------------------------------------- */

static int parse(struct options *o, int argc, char **argv)
{
	struct {
		const char *name, **value;
	} with_value[] = {{"--name", &o->name}, {"--listen", &o->listen}, {"--policy", &o->policy}, {"--log", &o->log}, {"--old", &o->old},
	              {"--ca", &o->ca}};

	for (int i = 0; i < argc; i++) {
		size_t k = 0;

		if (!strcmp(argv[i], "--json") || !strcmp(argv[i], "--entries")) {
			*(argv[i][2] == 'j' ? &o->json : &o->entries) = true;
			continue;
		}
		if (strncmp(argv[i], "--", 2) != 0) {
			if (o->n == ARRAY_LEN(o->args))
				return ERR_SYNTAX;
			o->args[o->n++] = argv[i];
			continue;
		}
		while (k < ARRAY_LEN(with_value) && strcmp(argv[i], with_value[k].name) != 0)
			k++;
		if (k == ARRAY_LEN(with_value) || i + 1 == argc)
			return ERR_SYNTAX;
		*with_value[k].value = argv[++i];
	}
	/* a name, not a way out of the folder */
	return o->log && strspn(o->log, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(o->log) ? ERR_SYNTAX : 0;
}

int main(int argc, char **argv)
{
	struct options o = {0};
	const char *what = argc > 2 ? argv[2] : "", *act = argc > 3 ? argv[3] : "";
	bool serve = !strcmp(what, "serve"), witness = !strcmp(what, "witness");

	words_open();
	if (argc > 2 && !strcmp(argv[argc - 1], "--help"))
		return tool_usage(stdout);
	if (argc < 4 || strcmp(argv[1], "--tool") || parse(&o, argc - (serve ? 3 : 4), argv + (serve ? 3 : 4)))
		return tool_usage(stderr);
	if (serve)
		return o.n == 1 && o.listen ? log_serve(&o) : tool_usage(stderr);
	if (witness && !strcmp(act, "new") && o.n == 1 && o.name)
		return witness_new(&o);
	if (witness && !strcmp(act, "add") && o.n == 2)
		return witness_add(&o);
	if (witness && !strcmp(act, "serve") && o.n == 1 && o.listen)
		return witness_serve(&o);
	if (witness && !strcmp(act, "sign") && o.n == 1)
		return witness_sign(&o);
	if (witness && !strcmp(act, "ask") && o.n == 1)
		return tool_ask(&o);
	if (witness && !strcmp(act, "request") && o.n == 1)
		return tool_request(&o);
	if (witness && !strcmp(act, "take") && o.n == 2)
		return tool_take(&o);
	return tool_usage(stderr);
}
