/* `sekisho rules test`: beside FILE.yml stands FILE.test, pieces of logs and which of the file's rules fire on them.
 *
 *   === fires ID [ID…] [as SOURCE]      then lines; exactly these rules of the file fire, each once or more
 *   === quiet [as SOURCE]               then lines; none does
 *   # a remark
 *
 * Each piece begins anew. Time goes by what the lines say. A rule that no piece lets fire, and a file without a quiet piece, is a fault. */
#include "detect/tool_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/join.h"
#include "lib/clock.h"
#include "lib/file.h"

#define TEST_BYTES_MAX (1u << 20)
#define FIRED_MAX 64u

struct piece {
	struct tool *t;
	struct str file;                                 /* of the rules under test */
	const struct rule *fired[FIRED_MAX];
	size_t n;
};

static void note(struct piece *p, const struct rule *r)
{
	if (!str_eq(r->file, p->file) || (r->part && !r->generate))
		return;
	for (size_t i = 0; i < p->n; i++)
		if (p->fired[i] == r)
			return;
	if (p->n < FIRED_MAX)
		p->fired[p->n++] = r;
}

static void on_firing(void *arg, const struct firing *f)
{
	note(arg, f->rule);
}

static void on_match(void *arg, const struct rule *r, struct event *ev)
{
	struct piece *p = arg;

	note(p, r);
	correlator_match(p->t->correlator, r, ev, on_firing, p);
}

struct joining {
	struct piece *p;
	struct engine *en;
	int r;
};

static void on_joined(void *arg, const struct message *m, const uint64_t *index, size_t n)
{
	struct joining *j = arg;

	if (!j->r)
		j->r = engine_scan(j->en, m->raw, m, 1, on_match, j->p);
}

static int scan_piece(struct piece *p, struct engine *en, struct str lines, struct str source)
{
	struct fields *head = fields_new();
	int64_t now = clock_true(), when;
	struct joining joining = {p, en, 0};
	struct joins *joins = joins_new(on_joined, &joining);
	uint64_t index = 0;
	int r = 0;

	while (lines.n && !r && !joining.r) {
		struct str line = str_cut(&lines, '\n');
		struct message m = {.raw = line, .source = source, .log = STR("standard"), .index = index, .time_ns = now * 1000};

		index++;
		if (!line.n || line.p[0] == '#')
			continue;
		fields_head(head, line);
		if (!fields_time(head, now, &when))
			m.time_ns = (now = when) * 1000;
		if (!joins_take(joins, &m))
			r = engine_scan(en, line, &m, 1, on_match, p);
		joins_flush(joins, m.time_ns, false);
	}
	joins_flush(joins, now * 1000, true);
	joins_free(joins);
	r = r ? r : joining.r;
	fields_free(head);
	return r;
}

static int wrong(const char *path, int line, const char *text, struct str what)
{
	printf("%s:%d: %s%.*s\n", path, line, text, STR_ARG(what));
	return 1;
}

/* head: what follows "===". seen: by rule->at, rules that fired somewhere. */
static int judge(struct piece *p, const char *path, int line, struct str head, bool *seen)
{
	int faults = 0;
	size_t want = 0;

	while (head.n) {
		struct str id = str_cut(&head, ' ');
		size_t i = 0;

		if (!id.n)
			continue;
		if (str_is(id, "as"))
			break;
		while (i < p->n && !str_eq(p->fired[i]->id, id) && !str_eq(p->fired[i]->name, id))
			i++;
		want++;
		if (i == p->n)
			faults += wrong(path, line, "does not fire: ", id);
	}
	for (size_t i = 0; i < p->n; i++)
		seen[p->fired[i]->at] = true;
	if (!faults && p->n > want)
		for (size_t i = 0; i < p->n; i++)
			faults += wrong(path, line, "fires: ", p->fired[i]->id);
	return faults;
}

static struct str source_of(struct str head)
{
	struct str word = STR_NONE;
	bool next = false;

	while (head.n) {
		word = str_cut(&head, ' ');
		if (next)
			return word;
		next = str_is(word, "as");
	}
	return STR("host1");
}

/* One file of pieces. */
static int test_file(struct tool *t, struct engine *en, const char *path, struct str file, struct str text, bool *seen)
{
	int faults = 0, line = 0;
	bool quiet = false;

	while (text.n) {
		struct piece p = {.t = t, .file = file};
		struct str head = str_cut(&text, '\n'), body = text, kind;
		int at = ++line;

		if (!str_starts(head, "===")) {
			if (str_trim(head).n && head.p[0] != '#')
				faults += wrong(path, at, "a piece begins with === ", STR(""));
			continue;
		}
		body.n = 0;
		while (text.n && !str_starts(text, "===")) {
			str_cut(&text, '\n');
			line++;
			body.n = text.p ? (size_t)(text.p - body.p) : body.n + 1;
		}
		head = str_trim(str_slice(head, 3, head.n));
		kind = str_cut(&head, ' ');
		if (!str_is(kind, "fires") && !str_is(kind, "quiet"))
			faults += wrong(path, at, "fires or quiet: ", kind);
		quiet |= str_is(kind, "quiet");
		correlator_free(t->correlator);
		t->correlator = correlator_new(&t->rules, CORRELATE_GROUPS_MAX, CORRELATE_BYTES_MAX);
		if (scan_piece(&p, en, body, source_of(head)))
			faults += wrong(path, at, "too much is found", STR(""));
		faults += judge(&p, path, at, head, seen);
	}
	return quiet ? faults : faults + wrong(path, line, "no quiet piece", STR(""));
}

int tool_test(struct tool *t)
{
	struct engine *en = NULL;
	struct err e = {0};
	size_t faults = tool_load(t), files = 0;
	bool *seen = xcalloc(t->rules.n + 1, sizeof *seen);

	if (engine_new(&t->rules, NULL, &en, &e)) {
		free(seen);
		return tool_fail(&e);
	}
	for (size_t i = 0; i < t->rules.n; i++) {
		struct str file = t->rules.list[i]->file;
		char path[600];
		struct buf b;

		if (i && str_eq(file, t->rules.list[i - 1]->file))
			continue;
		snprintf(path, sizeof path, "%.*s.test", (int)(str_ends(file, ".yaml") ? file.n - 5 : file.n - 4), file.p);
		buf_init(&b, TEST_BYTES_MAX);
		files++;
		if (file_read(path, TEST_BYTES_MAX, &b, NULL))
			faults += (size_t)wrong(path, 1, "no test log", STR(""));
		else
			faults += (size_t)test_file(t, en, path, file, buf_view(&b), seen);
		buf_release(&b);
	}
	for (size_t i = 0; i < t->rules.n; i++)
		if (!seen[i] && (!t->rules.list[i]->part || t->rules.list[i]->generate))
			faults += (size_t)wrong(t->rules.list[i]->file.p, t->rules.list[i]->line, "no test lets it fire: ", t->rules.list[i]->id);
	printf(_("%zu rules in %zu files tried, %zu faults\n"), t->rules.n, files, faults);
	engine_free(en);
	free(seen);
	correlator_free(t->correlator);
	t->correlator = NULL;
	return faults ? TOOL_NO : TOOL_YES;
}
