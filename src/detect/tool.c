#include "detect/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "detect/tool_parts.h"
#include "lib/clock.h"
#include "lib/json.h"

#define READ_MAX (4u << 20)
#define LINE_JSON_MAX (256u << 10)

static int usage(FILE *to, int code)
{
	fputs(_("usage: sekisho rules check PATH… [--json]\n"
	        "       sekisho rules run PATH… [--default] [--source NAME] [--figures] < LINES\n"
	        "       sekisho rules list PATH… [--json]\n"
	        "       sekisho rules test PATH…\n"
	        "PATH is a rule file or a folder of them.\n"),
	      to);
	return code;
}

int tool_fail(const struct err *e)
{
	char text[600];

	fprintf(stderr, "sekisho rules: %s\n", err_format(e, text, sizeof text));
	return TOOL_FAILURE;
}

static void put_fault(void *arg, const struct err *e)
{
	struct tool *t = arg;
	char text[600];
	struct jw j;

	if (!t->json) {
		fprintf(stderr, "%s\n", err_format(e, text, sizeof text));
		return;
	}
	buf_clear(&t->out);
	jw_init(&j, &t->out, false);
	jw_object(&j);
	jw_kz(&j, "file", e->file);
	jw_kint(&j, "line", e->line);
	jw_kint(&j, "column", e->col);
	jw_kz(&j, "fault", e->text);
	jw_end_object(&j);
	printf("%s\n", buf_z(&t->out));
}

size_t tool_load(struct tool *t)
{
	for (size_t i = 0; i < t->n_paths; i++)
		rules_load(&t->rules, t->paths[i]);
	rules_finish(&t->rules);
	return t->rules.faults;
}

static int check(struct tool *t)
{
	size_t faults = tool_load(t);

	for (size_t i = 0; i < t->rules.n; i++) {
		const struct rule *r = t->rules.list[i];
		struct logsource kind;

		if (!r->when)
			continue;
		logsource_of(r, &kind);
		if (!kind.known)
			fprintf(stderr, "%.*s:%d: %s\n", STR_ARG(r->file), r->line,
			        _("no kind of log is known that it is for: it is tried on every message"));
	}
	if (!t->json)
		printf(_("%zu rules, %zu faults\n"), t->rules.n, faults);
	return faults ? TOOL_NO : TOOL_YES;
}

static int list(struct tool *t)
{
	size_t faults = tool_load(t);

	for (size_t i = 0; i < t->rules.n; i++) {
		const struct rule *r = t->rules.list[i];
		struct jw j;

		if (!t->json) {
			printf("%-13s %s %.*s  %.*s\n", level_name(r->level), r->by_default ? "*" : " ", STR_ARG(r->id), STR_ARG(r->title));
			continue;
		}
		buf_clear(&t->out);
		jw_init(&j, &t->out, false);
		jw_object(&j);
		jw_kstr(&j, "id", r->id);
		jw_kstr(&j, "title", r->title);
		jw_kz(&j, "level", level_name(r->level));
		jw_kbool(&j, "default", r->by_default);
		jw_kbool(&j, "part", r->part);
		jw_kstr(&j, "clauses", r->clauses);
		jw_kstr(&j, "file", r->file);
		jw_end_object(&j);
		printf("%s\n", buf_z(&t->out));
	}
	return faults ? TOOL_NO : TOOL_YES;
}

static void begin_match(struct tool *t, struct jw *j, const struct rule *r)
{
	buf_clear(&t->out);
	jw_init(j, &t->out, false);
	jw_object(j);
	jw_kstr(j, "rule", r->id);
	jw_kstr(j, "title", r->title);
	jw_kz(j, "level", level_name(r->level));
}

static void end_match(struct tool *t, struct jw *j)
{
	jw_end_object(j);
	if (!buf_err(&t->out))
		fwrite(t->out.p, 1, t->out.n, stdout);
	putchar('\n');
}

static void put_firing(void *arg, const struct firing *f)
{
	struct tool *t = arg;
	struct jw j;

	if (f->rule->part && !f->rule->generate)
		return;
	begin_match(t, &j, f->rule);
	jw_key(&j, "group");
	jw_object(&j);
	for (size_t i = 0; i < f->n_group; i++) {
		jw_key(&j, arena_z(t->rules.arena, f->names[i]));
		jw_str(&j, f->values[i]);
	}
	jw_end_object(&j);
	jw_key(&j, "lines");
	jw_array(&j);
	for (size_t i = 0; i < f->n_refs; i++)
		jw_int(&j, (int64_t)f->refs[i].index + 1);
	jw_end_array(&j);
	if (f->folded)
		jw_kint(&j, "folded", (int64_t)f->folded);
	end_match(t, &j);
}

static void put_match(void *arg, const struct rule *r, struct event *ev)
{
	struct tool *t = arg;
	struct jw j;

	if (!r->part || r->generate) {
		begin_match(t, &j, r);
		jw_kint(&j, "line", (int64_t)ev->in->index + 1);
		jw_kstr(&j, "text", ev->in->raw);
		end_match(t, &j);
	}
	correlator_match(t->correlator, r, ev, put_firing, t);
}

/* Whole lines of bytes[0, n) as messages; how many bytes they took. */
static size_t lines_of(struct tool *t, const char *p, size_t n, bool end, struct message *list, size_t *ret_n, uint64_t *index)
{
	size_t at = 0;
	int64_t now = clock_true(), when;

	for (*ret_n = 0; at < n && *ret_n < ENGINE_BATCH;) {
		const char *nl = memchr(p + at, '\n', n - at);
		size_t len = nl ? (size_t)(nl - p) - at : n - at;

		if (!nl && !end)
			break;
		list[*ret_n] = (struct message){.raw = {p + at, len && p[at + len - 1] == '\r' ? len - 1 : len},
		                                .source = str_from(t->source), .log = STR("standard"), .index = (*index)++};
		if (t->timed) { /* lines of a file: when they say they were written */
			fields_head(t->head, list[*ret_n].raw);
			if (!fields_time(t->head, now, &when))
				t->last_time = when;
		}
		list[(*ret_n)++].time_ns = (t->last_time ? t->last_time : now) * 1000;
		at += len + (nl != NULL);
	}
	return at;
}

static void put_figures(const struct engine *en, double seconds)
{
	struct engine_figures f;
	const struct rule *r;
	uint64_t hits;

	engine_figures(en, &f);
	fprintf(stderr, "rules=%zu texts=%zu without_text=%zu database=%zu messages=%llu hits=%llu opened=%llu tried=%llu matched=%llu parsed=%llu\n",
	        f.rules, f.literals, f.without_text, f.bytes, (unsigned long long)f.messages, (unsigned long long)f.hits, (unsigned long long)f.opened,
	        (unsigned long long)f.tried, (unsigned long long)f.matched, (unsigned long long)f.parsed);
	fprintf(stderr, "cpu=%.3f per_second=%.0f\n", seconds, seconds > 0 ? (double)f.messages / seconds : 0);
	for (size_t i = 0; (r = engine_without_text(en, i)); i++)
		fprintf(stderr, "without text: %.*s %.*s\n", STR_ARG(r->id), STR_ARG(r->title));
	for (size_t i = 0; i < f.literals; i++) {
		struct str text = engine_literal(en, i, &hits);

		if (hits > f.messages / 200)
			fprintf(stderr, "often: %llu '%.*s'\n", (unsigned long long)hits, STR_ARG(text));
	}
}

static double cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* As detect does on the first day. */
static void turn_off(struct tool *t, struct engine *en)
{
	bool *off = xcalloc(2 * t->rules.n + 1, sizeof *off), *shut = off + t->rules.n;

	for (size_t i = 0; i < t->rules.n; i++)
		off[i] = !t->rules.list[i]->by_default;
	for (size_t i = 0; i < t->rules.n; i++)
		shut[i] = !rule_needed(t->rules.list[i], off);
	engine_turn_off(en, shut);
	free(off);
}

static void on_joined(void *arg, const struct message *m, const uint64_t *index, size_t n)
{
	struct tool *t = arg;

	if (engine_scan(t->engine, m->raw, m, 1, put_match, t))
		fprintf(stderr, "sekisho: %s\n", err_text(ERR_NOMEM));
}

/* Records of auditd that wait for others leave the list. */
static size_t hold_records(struct tool *t, struct message *list, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (list[i].time_ns > t->newest)
			t->newest = list[i].time_ns;
		if (!joins_take(t->joins, &list[i]))
			list[kept++] = list[i];
	}
	return kept;
}

static int run(struct tool *t)
{
	struct message *list = xcalloc(ENGINE_BATCH, sizeof *list);
	char *bytes = xmalloc(READ_MAX);
	struct engine *en = NULL;
	struct err e = {0};
	uint64_t index = 0;
	size_t have = 0, at = 0;
	bool end = false;
	double before;
	int r = tool_load(t) ? TOOL_NO : TOOL_YES;

	if (r == TOOL_YES && engine_new(&t->rules, NULL, &en, &e))
		r = tool_fail(&e);
	if (r == TOOL_YES && t->by_default)
		turn_off(t, en);
	t->correlator = correlator_new(&t->rules, CORRELATE_GROUPS_MAX, CORRELATE_BYTES_MAX);
	t->head = fields_new();
	t->engine = en;
	t->joins = joins_new(on_joined, t);
	for (size_t i = 0; i < t->rules.n; i++)
		t->timed |= t->rules.list[i]->corr != NULL;
	before = cpu();
	while (r == TOOL_YES && (!end || at < have)) {
		size_t n = 0, used = lines_of(t, bytes + at, have - at, end || have - at == READ_MAX, list, &n, &index);
		ssize_t got;

		size_t kept = hold_records(t, list, n);
		if (kept && engine_scan(en, (struct str){bytes + at, used}, list, kept, put_match, t)) {
			err_set(&e, ERR_NOMEM, "too much is found");
			r = tool_fail(&e);
		}
		joins_flush(t->joins, t->newest, false);
		at += used;
		if (end || n == ENGINE_BATCH)
			continue;
		memmove(bytes, bytes + at, have - at);
		have -= at;
		at = 0;
		got = read(STDIN_FILENO, bytes + have, READ_MAX - have);
		end = got <= 0;
		have += got > 0 ? (size_t)got : 0;
	}
	joins_flush(t->joins, t->newest, true);
	joins_free(t->joins);
	if (en && t->figures)
		put_figures(en, cpu() - before);
	engine_free(en);
	correlator_free(t->correlator);
	fields_free(t->head);
	free(bytes);
	free(list);
	return fflush(stdout) ? TOOL_FAILURE : r;
}

static const struct {
	const char *name;
	int (*run)(struct tool *);
} commands[] = {{"check", check}, {"run", run}, {"list", list}, {"test", tool_test}};

static int parse(struct tool *t, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			t->json = true;
		else if (!strcmp(argv[i], "--figures"))
			t->figures = true;
		else if (!strcmp(argv[i], "--default"))
			t->by_default = true;
		else if (!strcmp(argv[i], "--source") && i + 1 < argc)
			t->source = argv[++i];
		else if (argv[i][0] == '-' || t->n_paths == ARRAY_LEN(t->paths))
			return ERR_SYNTAX;
		else
			t->paths[t->n_paths++] = argv[i];
	}
	return t->n_paths ? 0 : ERR_SYNTAX;
}

int tool_main(int argc, char **argv)
{
	struct tool t = {.source = "import"};
	int code = TOOL_USAGE;

	words_open();
	if (argc && (!strcmp(argv[0], "--help") || !strcmp(argv[argc - 1], "--help")))
		return usage(stdout, TOOL_YES);
	buf_init(&t.out, LINE_JSON_MAX);
	rules_init(&t.rules, put_fault, &t);
	for (size_t i = 0; argc && i < ARRAY_LEN(commands); i++)
		if (!strcmp(argv[0], commands[i].name))
			code = parse(&t, argc - 1, argv + 1) ? TOOL_USAGE : commands[i].run(&t);
	rules_release(&t.rules);
	buf_release(&t.out);
	return code == TOOL_USAGE ? usage(stderr, code) : code;
}
