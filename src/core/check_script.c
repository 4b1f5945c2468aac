#include "core/check_script.h"

static const struct {
	const char *word;
	enum script_kind kind;
	bool text;
} words[] = {
	{"case", SCRIPT_CASE, true}, {"today", SCRIPT_TODAY, true}, {"add", SCRIPT_ADD, true}, {"set", SCRIPT_SET, true},
	{"row", SCRIPT_ROW, true}, {"step", SCRIPT_STEP, true}, {"expect", SCRIPT_EXPECT, true}, {"control", SCRIPT_CONTROL, true},
	{"except", SCRIPT_EXCEPT, true}, {"expire", SCRIPT_EXPIRE, false}, {"mend", SCRIPT_MEND, false}, {"empty", SCRIPT_EMPTY, true},
};

struct reader {
	struct arena *a;
	struct script *s;
	struct err *e;
	struct str sql;                                  /* lines since the last directive */
	int sql_line;
};

static int fail(const struct script *s, int line, struct err *e, const char *what, struct str value)
{
	return err_at(e, ERR_SYNTAX, s->file, line, 0, "%s '%.*s'", what, STR_ARG(value));
}

static struct script_step *new_step(struct reader *r, enum script_kind kind, int line)
{
	struct script_step *t = &r->s->v[r->s->n++];

	t->kind = kind;
	t->line = line;
	return t;
}

static void end_sql(struct reader *r)
{
	if (str_trim(r->sql).n)
		new_step(r, SCRIPT_SQL, r->sql_line)->text = arena_str(r->a, str_trim(r->sql));
	r->sql = STR_NONE;
}

static int directive(struct reader *r, struct str line, int no)
{
	struct str rest = str_slice(line, 3, line.n), word = str_trim(str_cut(&rest, ':'));

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct script_step *t;

		if (!str_is(word, words[i].word))
			continue;
		rest = str_trim(rest);
		if (words[i].text != (rest.n > 0))
			return fail(r->s, no, r->e, words[i].text ? "nothing after" : "text after", word);
		end_sql(r);
		t = new_step(r, words[i].kind, no);
		t->text = arena_str(r->a, rest);
		if (t->kind == SCRIPT_EXPECT || t->kind == SCRIPT_CONTROL)
			for (size_t k = 0; k < ARRAY_LEN(t->cell) && rest.p; k++)
				t->cell[k] = arena_str(r->a, str_trim(str_cut(&rest, '|')));
		return 0;
	}
	/* A word and a colon would be a misspelt directive; prose has blanks before its colon. */
	if (rest.p && word.n && !memchr(word.p, ' ', word.n))
		return fail(r->s, no, r->e, "unknown directive", word);
	return 0;
}

int script_parse(struct arena *a, const char *file, struct str text, struct script *ret, struct err *e)
{
	struct reader r = {.a = a, .s = ret, .e = e};
	struct str rest = text;
	int no = 0, rc = 0;

	*ret = (struct script){.file = arena_strdup(a, file), .v = arena_array(a, SCRIPT_STEPS_MAX + 1, sizeof *ret->v)};
	while (!rc && rest.n) {
		struct str line = str_cut(&rest, '\n');

		no++;
		if (ret->n >= SCRIPT_STEPS_MAX)
			return err_at(e, ERR_TOOBIG, file, no, 0, "more than %d steps", SCRIPT_STEPS_MAX);
		if (str_starts(line, "-- ") || str_is(line, "--")) {
			rc = directive(&r, line.n > 3 ? line : STR("-- "), no);
		} else if (str_trim(line).n) {
			if (!r.sql.p)
				r.sql = str_n(line.p, 0), r.sql_line = no;
			r.sql.n = (size_t)(line.p + line.n - r.sql.p);
		}
	}
	end_sql(&r);
	return rc;
}
