#include "gate/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "core/words.h"
#include "gate/gate.h"
#include "lib/file.h"
#include "lib/i18n.h"
#include "lib/msg.h"

struct options {
	const char *file, *out, *report, *policy, *language, *password;
	bool json;
};

static int usage_to(FILE *to)
{
	fputs(_("usage: sekisho gate clean IN -o OUT [--report R.json] [--policy P.yaml] [--password-file F] [--json]\n"
	        "       sekisho gate verify FILE [--as LANGUAGE] [--json]\n"
	        "       sekisho gate explain R.json\n"),
	      to);
	return to == stdout ? TOOL_YES : TOOL_USAGE;
}

static int usage(void)
{
	return usage_to(stderr);
}

static int fail(const struct err *e)
{
	char place[600];

	fprintf(stderr, "sekisho gate: %s\n", err_format(e, place, sizeof place));
	return TOOL_FAILURE;
}

/* Says which word of the command line is wrong. */
static bool wrong(const char *fmt, const char *word)
{
	fprintf(stderr, "sekisho gate: ");
	fprintf(stderr, fmt, word);
	fputc('\n', stderr);
	return false;
}

static bool parse(int argc, char **argv, struct options *o)
{
	struct {
		const char *name, **value;
	} with[] = {{"-o", &o->out}, {"--report", &o->report}, {"--policy", &o->policy}, {"--as", &o->language},
	          {"--password-file", &o->password}};

	for (int i = 0; i < argc; i++) {
		size_t k = 0;

		while (k < ARRAY_LEN(with) && strcmp(argv[i], with[k].name) != 0)
			k++;
		if (k < ARRAY_LEN(with) && i + 1 == argc)
			return wrong(_("%s needs a value"), argv[i]);
		if (k < ARRAY_LEN(with))
			*with[k].value = argv[++i];
		else if (!strcmp(argv[i], "--json"))
			o->json = true;
		else if (argv[i][0] == '-')
			return wrong(_("there is no option %s"), argv[i]);
		else if (o->file)
			return wrong(_("%s is one argument too many"), argv[i]);
		else
			o->file = argv[i];
	}
	return o->file || wrong("%s", _("say which file"));
}

/* A private copy: what is judged cannot change under the judges. */
static int take_in(const char *path, uint64_t max, struct err *e)
{
	struct stat st;
	uint64_t done = 0;
	int copy, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return err_sys(e, "%s", path);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, ERR_INVALID, _("%s: not a file"), path);
	}
	copy = memfd_create("in", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	/* Too large: its size is all that is needed to say so. */
	if (copy >= 0 && (uint64_t)st.st_size > max && ftruncate(copy, st.st_size)) {
		close(copy);
		copy = -1;
	}
	while (copy >= 0 && (uint64_t)st.st_size <= max && done < (uint64_t)st.st_size) {
		ssize_t n = copy_file_range(fd, NULL, copy, NULL, (size_t)st.st_size - done, 0);
		char some[65536];

		if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) {
			n = read(fd, some, sizeof some);
			if (n > 0 && fd_write_all(copy, some, (size_t)n))
				n = -1;
		}
		if (n <= 0)
			break;
		done += (uint64_t)n;
	}
	close(fd);
	if (copy < 0 || ((uint64_t)st.st_size <= max && done != (uint64_t)st.st_size) ||
	    fcntl(copy, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)) {
		err_sys(e, "%s", path);
		if (copy >= 0)
			close(copy);
		return ERR_SYS;
	}
	return copy;
}

/* Whole or not at all, beside an older file of that name until the last moment. */
static int put_out(const char *path, const void *p, size_t n, struct err *e)
{
	char *folder = xstrdup(path), *name = xstrdup(path);
	int dir = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	r = dir < 0 ? err_sys(e, "%s", path) : file_write_atomic_at(dir, basename(name), p, n, 0644, e);
	if (dir >= 0)
		close(dir);
	free(folder);
	free(name);
	return r;
}

static int put_fd(const char *path, int fd, size_t n, struct err *e)
{
	void *p = n ? mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0) : (void *)(uintptr_t)"";
	int r;

	if (p == MAP_FAILED)
		return err_sys(e, "mmap");
	r = put_out(path, p, n, e);
	if (n)
		munmap(p, n);
	return r;
}

static void show_progress(void *arg, const char *step, uint32_t done, uint32_t of)
{
	(void)arg;
	fprintf(stderr, "\r%s %u/%u ", step, done, of);
}

/* Three lines a person can act on. */
static void tell(const struct gate *g, const struct result *r, const char *out)
{
	bool ja = i18n_lang() == LANG_JA;
	size_t shown = 0;

	if (r->outcome == GATE_DELIVERED)
		fprintf(stderr, _("delivered: %s\n"), out);
	else
		fprintf(stderr, r->outcome == GATE_HELD ? _("held (%.*s): %.*s\n") : _("blocked (%.*s): %.*s\n"), STR_ARG(r->code),
		        STR_ARG(code_text(g->codes, r->code, ja)));
	for (size_t i = 0; i < r->n_parts && shown < 3; i++) {
		const struct part *p = &r->parts[i];

		if (p->action == GATE_KEPT || p->action == GATE_REBUILT)
			continue;
		fprintf(stderr, "  %.*s ×%lld (%.*s)\n", STR_ARG(code_text(g->codes, p->code, ja)), (long long)p->count,
		        STR_ARG(p->code));
		shown++;
	}
}

/* The first line of a file: on a command line everybody could read it. */
static int read_password(struct gate *g, const char *path, struct err *e)
{
	struct str line, rest;
	struct buf b;
	int r;

	buf_init(&b, 4096);
	r = file_read(path, 4096, &b, e);
	rest = buf_view(&b);
	line = str_cut(&rest, '\n');
	if (!r && line.n && line.p[line.n - 1] == '\r')
		line.n--;
	if (!r && (!line.n || line.n > GATE_PASSWORD_MAX || memchr(line.p, 0, line.n)))
		r = err_set(e, ERR_INVALID, _("%s: a password of 1 to %d bytes in the first line is wanted"), path, GATE_PASSWORD_MAX);
	if (!r)
		g->password = arena_z(g->arena, line);
	buf_release(&b);
	return r;
}

static int clean(const struct options *o)
{
	struct gate g;
	struct result r = {.out_fd = -1};
	struct err e = {0};
	struct buf report;
	char *path = xstrdup(o->file);
	int fd, ret;

	if (!o->out) {
		wrong("%s", _("say where the rebuilt file goes: -o OUT"));
		return usage();
	}
	if (gate_open(&g, NULL, o->policy, &e) || (o->password && read_password(&g, o->password, &e)))
		return fail(&e);
	if (isatty(2))
		g.progress = show_progress;
	fd = take_in(o->file, g.input_max, &e);
	if (fd < 0)
		return fail(&e);
	ret = gate_clean(&g, basename(path), fd, 0, &r, &e);
	close(fd);
	buf_init(&report, 64u << 20);
	if (!ret)
		report_json(&g, &r, &report);
	if (!ret && o->report)
		ret = put_out(o->report, report.p, report.n, &e);
	/* The report first: nothing lies there without its verdict beside it. */
	if (!ret && r.outcome == GATE_DELIVERED)
		ret = put_fd(o->out, r.out_fd, (size_t)r.out_size, &e);
	if (!ret && o->json)
		fwrite(report.p, 1, report.n, stdout);
	if (!ret)
		tell(&g, &r, o->out);
	ret = ret ? fail(&e) : r.outcome == GATE_DELIVERED ? TOOL_YES : TOOL_NO;
	buf_release(&report);
	result_release(&r);
	gate_close(&g);
	free(path);
	return ret;
}

/* The language of a delivered file by its name: the one its route leads to. */
static int verify(const struct options *o)
{
	struct result r = {.out_fd = -1, .outcome = GATE_HELD};
	struct worker_job job = {.step = "verify", .program = "gate-verify", .policy = ""};
	struct err e = {0};
	struct gate g;
	struct str rule = STR("");
	const struct route *rt;
	struct stat st;
	struct msg m;
	int64_t at = 0;
	uint8_t yes = 0;

	if (gate_open(&g, NULL, o->policy, &e))
		return fail(&e);
	r.arena = arena_new(1u << 20);
	rt = route_find(g.routes, name_ext(r.arena, str_from(o->file)));
	job.format = o->language ? o->language : rt ? arena_z(r.arena, rt->format) : "-";
	job.name = o->file;
	job.content = take_in(o->file, GATE_OUTPUT_MAX, &e);
	if (job.content < 0 || fstat(job.content, &st))
		return fail(&e);
	job.size = (uint64_t)st.st_size;
	if (worker_talk(&g, &job, &r, &m, &e))
		return fail(&e);
	if (!m.type || m.type != GATE_VERDICT || msg_u8(&m, &yes) || msg_str(&m, 64, &rule) || msg_i64(&m, &at) || msg_end(&m))
		yes = 0;
	if (o->json)
		printf("{\"verified\":%s,\"language\":\"%s\",\"rule\":\"%.*s\",\"offset\":%lld}\n", yes == 1 ? "true" : "false",
		       job.format, STR_ARG(rule), (long long)at);
	else if (yes == 1)
		printf(_("verified: %s\n"), job.format);
	else
		printf(_("not verified as %s: rule \"%.*s\" at byte %lld\n"), job.format, STR_ARG(rule), (long long)at);
	msg_release(&m);
	close(job.content);
	result_release(&r);
	gate_close(&g);
	return yes == 1 ? TOOL_YES : TOOL_NO;
}

static const char *text_of(const json_t *o, const char *key)
{
	char *z = (char *)(uintptr_t)json_string_value(json_object_get(o, key));

	/* A report may come from anywhere, a file's name always does: nothing of them steers the terminal. */
	for (char *p = z; p && *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '.';
		else if ((unsigned char)*p == 0xc2 && (unsigned char)p[1] < 0xa0)
			p[0] = p[1] = '.';
	return z ? z : "";
}

static void explain_one(const json_t *o, const char *name, int depth)
{
	const char *lang = i18n_lang() == LANG_JA ? "ja" : "en", *out = text_of(o, "outcome");
	const json_t *item;
	size_t i;

	printf("%*s%s: %s\n", 2 * depth, "", name,
	       !strcmp(out, "delivered") ? _("delivered") : !strcmp(out, "held") ? _("held") : _("blocked"));
	if (strcmp(out, "delivered") != 0)
		printf("%*s  %s (%s)\n", 2 * depth, "", text_of(o, lang), text_of(o, "code"));
	json_array_foreach(json_object_get(o, "parts"), i, item) {
		const char *where = text_of(item, "path");

		if (!strcmp(text_of(item, "action"), "kept"))
			continue;
		printf("%*s  %s ×%lld%s%s (%s)\n", 2 * depth, "", text_of(item, lang),
		       (long long)json_integer_value(json_object_get(item, "count")), *where ? " · " : "", where, text_of(item, "code"));
	}
	if (depth < GATE_DEPTH_MAX)
		json_array_foreach(json_object_get(o, "members"), i, item)
			explain_one(item, text_of(item, "path"), depth + 1);
}

static int explain(const struct options *o)
{
	struct err e = {0};
	struct buf b;
	json_t *top;
	json_error_t je;
	int r;

	buf_init(&b, 64u << 20);
	r = file_read(o->file, 64u << 20, &b, &e);
	if (r)
		return fail(&e);
	top = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES, &je);
	buf_release(&b);
	if (!json_is_object(top) || !*text_of(top, "outcome")) {
		fprintf(stderr, _("sekisho gate: %s: not a report of the gate\n"), o->file);
		json_decref(top);
		return TOOL_FAILURE;
	}
	explain_one(top, text_of(json_object_get(top, "in"), "name"), 0);
	json_decref(top);
	return TOOL_YES;
}

int tool_main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct options *o);
	} commands[] = {{"clean", clean}, {"verify", verify}, {"explain", explain}};
	struct options o = {0};

	words_open();
	signal(SIGPIPE, SIG_IGN);                        /* clamd may go away */
	if (argc == 1 && (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h")))
		return usage_to(stdout);
	for (size_t i = 0; argc > 0 && i < ARRAY_LEN(commands); i++)
		if (!strcmp(argv[0], commands[i].name))
			return parse(argc - 1, argv + 1, &o) ? commands[i].run(&o) : usage();
	if (argc > 0)
		wrong(_("there is no command \"%s\""), argv[0]);
	return usage();
}
