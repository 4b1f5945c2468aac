#include "core/check_mutant.h"

#include <strings.h>

static bool name_char(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static bool word_at(struct str s, size_t i, const char *word)
{
	size_t n = strlen(word);

	return i + n <= s.n && !strncasecmp(s.p + i, word, n) && (i + n == s.n || !name_char(s.p[i + n])) &&
	       (i == 0 || !name_char(s.p[i - 1]));
}

static bool any_word_at(struct str s, size_t i, const char *const *words, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (word_at(s, i, words[k]))
			return true;
	return false;
}

/* Where the condition that begins at i ends: at a keyword of its own level, the closing bracket around it, or the
 * end. */
static size_t condition_end(struct str s, size_t i)
{
	static const char *const stops[] = {"AND", "OR", "THEN", "WHEN", "ELSE", "END", "GROUP", "ORDER", "HAVING", "UNION",
	                                    "EXCEPT",
		"INTERSECT", "LIMIT", "WINDOW"};
	bool quoted = false, between = false;
	int depth = 0, cases = 0;

	for (; i < s.n; i++) {
		if (s.p[i] == '\'')
			quoted = !quoted;
		if (quoted)
			continue;
		depth += (s.p[i] == '(') - (s.p[i] == ')');
		if (depth < 0)
			return i;
		if (depth)
			continue;
		if (word_at(s, i, "CASE"))
			cases++;
		else if (cases && word_at(s, i, "END"))
			cases--;
		else if (word_at(s, i, "BETWEEN"))
			between = true;
		else if (between && word_at(s, i, "AND"))
			between = false;
		else if (!cases && any_word_at(s, i, stops, ARRAY_LEN(stops)))
			return i;
	}
	return s.n;
}

static size_t skip_blanks(struct str s, size_t i, const char *blanks)
{
	while (i < s.n && strchr(blanks, s.p[i]))
		i++;
	return i;
}

size_t mutants_of_line(struct str body, size_t i, struct mutant out[MUTANTS_PER_LINE])
{
	size_t end;

	i = skip_blanks(body, i, " \t(");
	if (word_at(body, i, "CASE"))
		i = skip_blanks(body, i + 4, " \t");
	if (word_at(body, i, "AND") || word_at(body, i, "OR")) {
		out[0] = (struct mutant){i, condition_end(body, i + (word_at(body, i, "AND") ? 3 : 2)), " "};
		return 1;
	}
	if (word_at(body, i, "WHERE") || word_at(body, i, "HAVING")) {
		size_t at = i + (word_at(body, i, "WHERE") ? 5 : 6);

		out[0] = (struct mutant){at, condition_end(body, at), " TRUE "};
		return 1;
	}
	if (!word_at(body, i, "WHEN"))
		return 0;
	end = condition_end(body, i + 4);
	out[0] = (struct mutant){i + 4, end, " TRUE "};
	out[1] = (struct mutant){i + 4, end, " FALSE "};
	return 2;
}

struct str mutant_apply(struct arena *a, struct str body, const struct mutant *m)
{
	return arena_strf(a, "%.*s%s%.*s", (int)m->from, body.p, m->put, (int)(body.n - m->to), body.p + m->to);
}
