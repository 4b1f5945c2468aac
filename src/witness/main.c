/* What a log shares with outsiders over the network; run by `sekisho vault witness …` and `sekisho vault serve`:
 *
 *   witness --tool witness new STATE --name NAME     a witness's folder and key
 *   witness --tool witness add STATE VKEY            a log it cosigns
 *   witness --tool witness serve STATE --listen ADDR:PORT
 *   witness --tool witness sign STATE < REQUEST      the same answer for who comes without a network
 *   witness --tool witness ask DIR [--policy FILE] [--log NAME] [--json]
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
#include "lib/json.h"
#include "lib/log.h"
#include "lib/sandbox.h"
#include "witness/ask.h"
#include "witness/request.h"
#include "witness/state.h"
#include "witness/tiles.h"

#define PATH_SIZE 4096

enum { YES, NO, USAGE, FAILURE };

struct options {
	const char *args[2], *name, *listen, *policy, *log;
	size_t n;
	bool json, entries;
};

static int usage(FILE *to)
{
	fputs(_("usage: sekisho vault witness new STATE --name NAME\n"
	        "       sekisho vault witness add STATE VKEY\n"
	        "       sekisho vault witness serve STATE --listen ADDRESS:PORT\n"
	        "       sekisho vault witness sign STATE < REQUEST\n"
	        "       sekisho vault witness ask DIR [--policy FILE] [--log NAME] [--json]\n"
	        "       sekisho vault serve DIR --listen ADDRESS:PORT [--log NAME] [--entries]\n"
	        "--log office is the data folder's own log; without --log, ask goes through all of them.\n"),
	      to);
	return to == stdout ? YES : USAGE;
}

static int fail(const struct err *e)
{
	fprintf(stderr, "sekisho vault: %s\n", e->text);
	return e->code == ERR_CORRUPT || e->code == ERR_DENIED ? NO : FAILURE;
}

static int lock_in(const struct sandbox_profile *p, const char *dir, char seen[256])
{
	char *full = realpath(dir, NULL), ro[PATH_SIZE];
	char where[1][256];
	const char *dirs[] = {ro};
	struct err e = {0};
	int r;

	if (!full) {
		err_sys(&e, "%s", dir);
		return fail(&e);
	}
	snprintf(ro, sizeof ro, "%s%s", p->writes_files ? "" : "ro:", full);
	free(full);
	r = sandbox_enter(p, dirs, 1, where, &e);
	if (r)
		return fail(&e);
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
		return fail(&e);
	log_open("witness");
	if (sodium_init() < 0)
		return FAILURE;
	r = lock_in(&sandbox_witness, o->args[0], seen);
	if (r)
		return r;
	if (state_open(seen, true, &s, &e))
		return fail(&e);
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
		return fail(&e);
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
		return fail(&e);
	buf_init(&b, NOTE_VKEY_MAX);
	if (access(o->args[1], F_OK))
		buf_puts(&b, o->args[1]);
	r = b.n ? buf_err(&b) : file_read(o->args[1], NOTE_VKEY_MAX, &b, &e);
	if (!r)
		r = state_add(&s, buf_view(&b), &e);
	buf_release(&b);
	state_close(&s);
	return r ? fail(&e) : YES;
}

/* For who has no line to the witness: the question comes as a file, the answer goes as one. */
static int witness_sign(const struct options *o)
{
	struct state s;
	struct err e = {0};
	struct buf body, out;
	unsigned status;

	if (state_open(o->args[0], true, &s, &e))
		return fail(&e);
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

/* --- a log asks ---------------------------------------------------------------------------------------------------------- */

struct asked {
	const struct options *o;
	const struct policy *policy;
	struct jw *json;
	int worst;
};

static const char *word_of(enum ask_state s)
{
	static const char *const words[] = {"not asked", "cosigned", "unreachable", "refused", "conflict"};

	return words[s];
}

static void report(struct asked *a, const struct ask_report *r)
{
	for (size_t i = 0; i < a->policy->n_nodes; i++) {
		const struct ask_witness *w = &r->witnesses[i];

		if (w->state == ASK_CONFLICT)
			fprintf(stderr, _("ALARM: %s: witness %.*s: %s\n"), r->origin, STR_ARG(a->policy->nodes[i].name), w->text);
		else if (w->state > ASK_COSIGNED)
			fprintf(stderr, "%s: %.*s: %s: %s\n", r->origin, STR_ARG(a->policy->nodes[i].name), word_of(w->state), w->text);
	}
	if (!a->json) {
		printf(r->met && !r->conflict ? _("%s: %llu entries, cosigned by %zu of %zu: as the policy wants\n")
		                              : _("%s: %llu entries, cosigned by %zu of %zu: NOT PROVEN by the policy\n"),
		       r->origin, (unsigned long long)r->size, r->cosigned, a->policy->n_witnesses);
		return;
	}
	jw_object(a->json);
	jw_kz(a->json, "log", r->origin);
	jw_kint(a->json, "size", (int64_t)r->size);
	jw_kint(a->json, "cosigned", (int64_t)r->cosigned);
	jw_kbool(a->json, "met", r->met);
	jw_kbool(a->json, "conflict", r->conflict);
	jw_key(a->json, "witnesses");
	jw_array(a->json);
	for (size_t i = 0; i < a->policy->n_nodes; i++) {
		if (a->policy->nodes[i].n)
			continue;
		jw_object(a->json);
		jw_kstr(a->json, "name", a->policy->nodes[i].name);
		jw_kz(a->json, "state", word_of(r->witnesses[i].state));
		jw_kint(a->json, "time", (int64_t)r->witnesses[i].time);
		jw_kz(a->json, "text", r->witnesses[i].text);
		jw_end_object(a->json);
	}
	jw_end_array(a->json);
	jw_end_object(a->json);
}

static void ask_one(struct asked *a, const char *dir)
{
	static struct ask_report r;
	struct err e = {0};
	int bad;

	if (ask_log(dir, a->policy, &r, &e)) {
		bad = fail(&e);
	} else {
		report(a, &r);
		bad = r.met && !r.conflict ? YES : NO;
	}
	if (bad > a->worst)
		a->worst = bad;
}

static void log_dir(const struct options *o, const char *log, char out[PATH_SIZE])
{
	char path[PATH_SIZE];

	if (log && !strcmp(log, "office"))
		log = NULL;
	snprintf(path, sizeof path, "%s/log", o->args[0]);
	snprintf(out, PATH_SIZE, "%s%s%s%s", o->args[0], access(path, F_OK) ? "/vault" : "", log ? "/logs/" : "", log ? log : "");
}

static void ask_each(struct asked *a)
{
	struct arena *arena = arena_new(1u << 20);
	char dir[PATH_SIZE], path[PATH_SIZE + 300], **names;
	size_t n = 0;

	log_dir(a->o, a->o->log, dir);
	ask_one(a, dir);
	snprintf(path, sizeof path, "%s/logs", dir);
	if (a->o->log || dir_list(arena, path, "", &names, &n, NULL))
		n = 0;
	for (size_t i = 0; i < n; i++) {
		if (names[i][0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/logs/%.255s/last-signed", dir, names[i]);
		if (access(path, F_OK))
			continue;                                /* nothing was signed yet */
		*strrchr(path, '/') = 0;
		ask_one(a, path);
	}
	arena_free(arena);
}

static int witness_ask(const struct options *o)
{
	static struct policy policy;
	struct asked a = {.o = o, .policy = &policy};
	char path[PATH_SIZE];
	struct err e = {0};
	struct buf text, out;
	struct jw j;

	snprintf(path, sizeof path, "%s/witnesses", o->args[0]);
	buf_init(&text, POLICY_TEXT_MAX);
	if (file_read(o->policy ? o->policy : path, POLICY_TEXT_MAX, &text, &e) || policy_parse(buf_view(&text), &policy, &e)) {
		buf_release(&text);
		return fail(&e);
	}
	buf_init(&out, 1u << 20);
	jw_init(&j, &out, true);
	a.json = o->json ? &j : NULL;
	jw_array(&j);
	ask_each(&a);
	jw_end_array(&j);
	if (o->json)
		puts(buf_z(&out));
	buf_release(&out);
	buf_release(&text);
	return a.worst;
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
		return fail(&e);
	log_open("serve");
	log_dir(o, o->log, dir);
	merkle_empty(warm); /* what a library loads at first use */
	if (sodium_init() < 0)
		return FAILURE;
	r = lock_in(&sandbox_serve, dir, seen);
	if (r)
		return r;
	t.dir = seen;
	t.entries = o->entries;
	if (tiles_open(&t, &e))
		return fail(&e);
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
	} with_value[] = {{"--name", &o->name}, {"--listen", &o->listen}, {"--policy", &o->policy}, {"--log", &o->log}};

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
		return usage(stdout);
	if (argc < 4 || strcmp(argv[1], "--tool") || parse(&o, argc - (serve ? 3 : 4), argv + (serve ? 3 : 4)))
		return usage(stderr);
	if (serve)
		return o.n == 1 && o.listen ? log_serve(&o) : usage(stderr);
	if (witness && !strcmp(act, "new") && o.n == 1 && o.name)
		return witness_new(&o);
	if (witness && !strcmp(act, "add") && o.n == 2)
		return witness_add(&o);
	if (witness && !strcmp(act, "serve") && o.n == 1 && o.listen)
		return witness_serve(&o);
	if (witness && !strcmp(act, "sign") && o.n == 1)
		return witness_sign(&o);
	if (witness && !strcmp(act, "ask") && o.n == 1)
		return witness_ask(&o);
	return usage(stderr);
}
