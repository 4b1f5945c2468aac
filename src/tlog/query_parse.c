#include "tlog/query.h"

#include <string.h>

#include "lib/clock.h"
#include "lib/date.h"
#include "lib/i18n.h"
#include "lib/text.h"
#include "tlog/fields.h"
#include "tlog/fold.h"

enum token { T_END, T_OPEN, T_CLOSE, T_AND, T_OR, T_NOT, T_TERM };

struct parse {
	struct arena *arena;
	struct err *e;
	int64_t now_us;
	uint32_t *signs;                                 /* the query's characters, full-width signs of the language as ASCII */
	size_t n, at;
	enum token token;
	size_t begin, end;                               /* of the token */
	unsigned nodes, depth;
};

static int fail(const struct parse *p, size_t at, const char *text)
{
	return err_at(p->e, ERR_SYNTAX, "", 0, (int)at + 1, "%s", text);
}

/* Signs of the language as a Japanese keyboard types them. */
static uint32_t plain_sign(uint32_t c)
{
	switch (c) {
	case 0x3000: case '\t': case '\n': case '\r': return ' ';
	case 0xff08: return '(';
	case 0xff09: return ')';
	case 0xff1a: return ':';
	case 0xff0a: return '*';
	case 0xff0d: case 0x2212: return '-';
	case 0xff1c: return '<';
	case 0xff1e: return '>';
	case 0xff1d: return '=';
	case 0x201c: case 0x201d: case 0xff02: return '"';
	}
	return c;
}

static int read_signs(struct parse *p, struct str text)
{
	if (text.n > QUERY_MAX)
		return fail(p, 0, _("The query is too long."));
	if (text.n && !utf8_valid(text))
		return fail(p, 0, _("The query is not UTF-8."));
	p->signs = arena_array(p->arena, text.n + 1, sizeof *p->signs);
	if (!p->signs)
		return ERR_NOMEM;
	for (size_t used; text.n; text = str_n(text.p + used, text.n - used)) {
		uint32_t c;

		used = utf8_next(text, &c);
		if (!used)
			return fail(p, p->n, _("The query is not UTF-8."));
		p->signs[p->n++] = plain_sign(c);
	}
	return 0;
}

static bool word_is(const struct parse *p, const char *z)
{
	size_t n = strlen(z);

	if (p->end - p->begin != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (p->signs[p->begin + i] != (uint32_t)z[i])
			return false;
	return true;
}

/* A term goes on to a blank or parenthesis outside quotes. */
static int next_token(struct parse *p)
{
	bool quoted = false;

	while (p->at < p->n && p->signs[p->at] == ' ')
		p->at++;
	p->begin = p->end = p->at;
	if (p->at == p->n) {
		p->token = T_END;
		return 0;
	}
	if (p->signs[p->at] == '(' || p->signs[p->at] == ')') {
		p->token = p->signs[p->at] == '(' ? T_OPEN : T_CLOSE;
		p->end = ++p->at;
		return 0;
	}
	if (p->signs[p->at] == '-' && p->at + 1 < p->n && p->signs[p->at + 1] != ' ' && p->signs[p->at + 1] != '-') {
		p->token = T_NOT;
		p->end = ++p->at;
		return 0;
	}
	for (; p->at < p->n; p->at++) {
		uint32_t c = p->signs[p->at];

		if (c == '"')
			quoted = !quoted;
		else if (c == '\\' && p->at + 1 < p->n)
			p->at++;
		else if (!quoted && (c == ' ' || c == '(' || c == ')'))
			break;
	}
	p->end = p->at;
	if (quoted)
		return fail(p, p->begin, _("A quotation mark has no end: close it with \"."));
	p->token = word_is(p, "AND") ? T_AND : word_is(p, "OR") ? T_OR : word_is(p, "NOT") ? T_NOT : T_TERM;
	return 0;
}

static struct query *node(struct parse *p, enum query_kind kind)
{
	struct query *q;

	if (++p->nodes > QUERY_NODES_MAX) {
		fail(p, p->begin, _("The query has too many parts."));
		return NULL;
	}
	q = ARENA_NEW(p->arena, struct query);
	if (q)
		q->kind = kind;
	return q;
}

/* --- values --------------------------------------------------------------------------------------------------------- */

/* The characters [from, to) as UTF-8 without quotation marks and escapes; a star outside them is the byte 1. */
static struct str take_text(struct parse *p, size_t from, size_t to, bool *ret_quoted)
{
	bool quoted = false, all = to > from && p->signs[from] == '"' && p->signs[to - 1] == '"';
	struct buf b;
	struct str s;

	buf_init(&b, 4 * (to - from) + 1);
	for (size_t i = from; i < to; i++) {
		uint32_t c = p->signs[i];

		if (c == '"')
			quoted = !quoted;
		else if (c == '\\' && i + 1 < to)
			utf8_put(&b, p->signs[++i]);
		else if (c == '*' && !quoted)
			buf_putc(&b, 1);
		else
			utf8_put(&b, c);
	}
	s = arena_str(p->arena, buf_view(&b));
	buf_release(&b);
	*ret_quoted = all;
	return s;
}

static struct str folded(struct parse *p, struct str s)
{
	struct buf b;

	buf_init(&b, FOLD_MAX);
	fold(s, &b);
	s = arena_str(p->arena, buf_view(&b));
	buf_release(&b);
	return s;
}

/* The weakest sign that joins two words inside the text; *ret_words: no blank or separator stands in it. */
static uint8_t level_of(struct str s, bool *ret_words)
{
	uint8_t level = 0, waiting = 0;
	bool word = false;

	*ret_words = true;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t sign = query_sign(s.p[i]);

		if (sign == SIGN_BLANK && s.p[i] != 1)
			*ret_words = false;
		if (sign == SIGN_WORD) {
			level = word && waiting > level ? waiting : level;
			waiting = 0;
		} else if (sign == SIGN_BLANK || sign == SIGN_WIDE) {
			word = false;
			continue;
		} else if (sign > waiting) {
			waiting = sign;
		}
		word = word || sign == SIGN_WORD;
	}
	return level;
}

static int add_piece(struct parse *p, struct query *q, struct str s, bool gap)
{
	if (q->n_pieces == QUERY_PIECES_MAX)
		return fail(p, p->begin, _("This term has too many parts: search for fewer words."));
	needle_init(&q->pieces[q->n_pieces].needle, s);
	q->pieces[q->n_pieces++].gap = gap;
	return 0;
}

/* Pieces between stars (0x01) and blanks. */
static int take_pieces(struct parse *p, struct query *q, struct str s)
{
	size_t begin = 0;
	bool gap = false;

	q->pieces = arena_array(p->arena, QUERY_PIECES_MAX, sizeof *q->pieces);
	if (!q->pieces)
		return ERR_NOMEM;
	for (size_t i = 0; i <= s.n; i++) {
		char c = i < s.n ? s.p[i] : ' ';
		int r;

		if (c != 1 && c != ' ' && c != '\t')
			continue;
		r = i > begin ? add_piece(p, q, str_n(s.p + begin, i - begin), gap) : 0;
		if (r)
			return r;
		if (i > begin || c == 1)
			gap = c != 1;
		begin = i + 1;
	}
	return 0;
}

static int text_term(struct parse *p, struct str s, bool quoted, struct query **ret)
{
	struct query *q = node(p, QUERY_TEXT);
	bool words;
	int r;

	if (!q)
		return ERR_SYNTAX;
	q->value = s = folded(p, s);
	q->open_left = s.n && s.p[0] == 1;
	q->open_right = s.n && s.p[s.n - 1] == 1;
	q->beyond_ascii = find_beyond_ascii(s);
	q->level = level_of(s, &words);
	q->literal = quoted || !words;
	r = take_pieces(p, q, s);
	if (r)
		return r;
	if (!q->n_pieces && !q->open_left)
		return fail(p, p->begin, _("There is nothing to search for here: write a word."));
	if (!q->n_pieces)
		q->kind = QUERY_ALL;
	if (q->literal)
		q->level = 0;
	*ret = q;
	return 0;
}

static const char *const severities[8][3] = {
    {"emerg", "panic", NULL}, {"alert", NULL}, {"crit", "critical", NULL}, {"err", "error", NULL},
    {"warning", "warn", NULL}, {"notice", NULL}, {"info", NULL}, {"debug", NULL},
};

static int severity_name(struct str s)
{
	for (int i = 0; i < 8; i++)
		for (size_t k = 0; k < 3 && severities[i][k]; k++)
			if (str_ieq(s, str_from(severities[i][k])))
				return i;
	return -1;
}

/* Takes <=, <, >=, >, = off; 0 when there is none. */
static int operator_of(struct str *s)
{
	int op = s->n && (s->p[0] == '<' || s->p[0] == '>' || s->p[0] == '=') ? s->p[0] : 0;

	if (op) {
		*s = str_n(s->p + 1, s->n - 1);
		if (op != '=' && s->n && s->p[0] == '=') {
			*s = str_n(s->p + 1, s->n - 1);
			op = op == '<' ? 'l' : 'g';
		}
	}
	return op;
}

static int number_term(struct parse *p, enum query_field field, struct str s, struct query **ret)
{
	struct query *q = node(p, QUERY_NUMBER);
	int64_t v = -1, max = field == QUERY_SEVERITY ? 7 : 23;
	int op;

	if (!q)
		return ERR_SYNTAX;
	op = operator_of(&s);
	if (field == QUERY_SEVERITY)
		v = severity_name(s);
	if (v < 0 && str_int(s, 0, max, &v))
		return fail(p, p->begin, field == QUERY_SEVERITY
		                                 ? _("severity: wants a number from 0 (emergency) to 7 (debug) or its name, as in severity:<=3.")
		                                 : _("facility: wants a number from 0 to 23."));
	q->field = field;
	for (int i = 0; i <= max; i++)
		if (op == '<' ? i < v : op == 'l' ? i <= v : op == '>' ? i > v : op == 'g' ? i >= v : i == v)
			q->numbers |= 1u << i;
	*ret = q;
	return 0;
}

int query_time(struct str s, int64_t now_us, int64_t *ret_ns, int64_t *ret_end)
{
	static const int64_t units[] = {[UNIT_MIN] = 60, [UNIT_HOUR] = 3600, [UNIT_DAY] = 86400, [UNIT_WORKDAY] = 86400,
	                                [UNIT_WEEK] = 7 * 86400, [UNIT_MONTH] = 30 * 86400, [UNIT_YEAR] = 365 * 86400};
	struct duration span;
	struct date d;
	int64_t us, end;

	if (!duration_parse(s, &span)) {
		us = end = now_us - span.n * units[span.unit] * SECOND_US;
	} else if (!date_parse_loose(s, &d)) {
		us = date_to_instant(d, 0, 0);
		end = date_to_instant(date_add(d, 0, 0, 1), 0, 0);
	} else if (!instant_parse(s, &us)) {
		end = us + (s.n > 17 ? SECOND_US : 60 * SECOND_US);
	} else {
		return ERR_SYNTAX;
	}
	if (us > INT64_MAX / 1000 - DAY_US || us < INT64_MIN / 1000 + DAY_US)
		return ERR_RANGE;
	*ret_ns = us * 1000;
	*ret_end = end * 1000;
	return 0;
}

static int time_term(struct parse *p, struct str s, struct query **ret)
{
	struct query *q = node(p, QUERY_TIME);
	int64_t from = 0, from_end = 0, to, to_end;
	struct str second = STR_NONE;
	int op, r;

	if (!q)
		return ERR_SYNTAX;
	op = operator_of(&s);
	for (size_t i = 0; !op && i + 1 < s.n; i++)
		if (s.p[i] == '.' && s.p[i + 1] == '.') {
			second = str_n(s.p + i + 2, s.n - i - 2);
			s = str_n(s.p, i);
			break;
		}
	r = query_time(s, p->now_us, &from, &from_end);
	to_end = from_end;
	if (!r && second.p)
		r = query_time(second, p->now_us, &to, &to_end);
	if (r)
		return fail(p, p->begin, _("time: wants a day or an instant, as in time:2026-11-20, time:>=2026-11-20T09:00 or time:>2h."));
	q->from_ns = op == '<' || op == 'l' ? INT64_MIN : op == '>' ? from_end : from;
	q->to_ns = op == '<' ? from : op == '>' || op == 'g' ? INT64_MAX : to_end;
	*ret = q;
	return 0;
}

static int field_term(struct parse *p, enum query_field field, struct str s, struct query **ret)
{
	struct query *q = node(p, QUERY_FIELD);

	if (!q)
		return ERR_SYNTAX;
	q->field = field;
	q->value = folded(p, s);
	if (!q->value.n)
		return fail(p, p->begin, _("A field wants a value behind its colon, as in host:web1."));
	*ret = q;
	return 0;
}

/* The longest run of letters and digits of ASCII between stars: it stands in the line as it is. */
static struct str longest_word(struct str s)
{
	struct str best = STR("");
	size_t begin = 0;

	for (size_t i = 0; i <= s.n; i++)
		if (i == s.n || query_sign(s.p[i]) != SIGN_WORD) {
			if (i - begin > best.n)
				best = str_n(s.p + begin, i - begin);
			begin = i + 1;
		}
	return best;
}

static int value_term(struct parse *p, struct str name, struct str s, struct query **ret)
{
	static const char *const concluded[] = {"event", "outcome", "action", "fw_action"}; /* words of fields.h, not of the line */
	struct query *q = node(p, QUERY_VALUE);
	struct str word;

	if (!q)
		return ERR_SYNTAX;
	q->name = name;
	q->value = folded(p, s);
	word = longest_word(q->value);
	for (size_t i = 0; i < ARRAY_LEN(concluded); i++)
		if (str_ieq(name, str_from(concluded[i])))
			word.n = 0;
	if (word.n)
		needle_init(&q->word, word);
	*ret = q;
	return 0;
}

static const struct {
	const char *name;
	enum query_field field;
	bool number;
} fields[] = {
    {"host", QUERY_HOST, false}, {"program", QUERY_PROGRAM, false}, {"source", QUERY_SOURCE, false}, {"peer", QUERY_PEER, false},
    {"transport", QUERY_TRANSPORT, false}, {"severity", QUERY_SEVERITY, true}, {"facility", QUERY_FACILITY, true},
};

static bool name_sign(uint32_t c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (!first && ((c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'));
}

/* Where the colon of a field name stands in the token; 0 when it has none. "dead:beef" and "https://…" are texts. */
static size_t field_colon(const struct parse *p)
{
	bool hex = true;
	size_t i = p->begin;

	for (; i < p->end && name_sign(p->signs[i], i == p->begin); i++)
		hex = hex && ((p->signs[i] | 0x20) <= 'f' || (p->signs[i] >= '0' && p->signs[i] <= '9'));
	if (i == p->begin || i + 1 >= p->end || i - p->begin > FIELDS_NAME_MAX || p->signs[i] != ':' || hex || p->signs[i + 1] == '/' ||
	    p->signs[i + 1] == ':')
		return 0;
	return i;
}

/* One letter more, less, other, or two exchanged: a slip of the finger. */
static bool slips(struct str a, struct str b)
{
	size_t from = 0, enda = a.n, endb = b.n;

	while (from < a.n && from < b.n && a.p[from] == b.p[from])
		from++;
	while (enda > from && endb > from && a.p[enda - 1] == b.p[endb - 1]) {
		enda--;
		endb--;
	}
	enda -= from;
	endb -= from;
	return (enda <= 1 && endb <= 1) || (enda == 2 && endb == 2 && a.p[from] == b.p[from + 1] && a.p[from + 1] == b.p[from]);
}

static int term(struct parse *p, struct query **ret)
{
	size_t colon = field_colon(p), name_n = colon - p->begin;
	struct str s, name;
	bool quoted;

	if (!colon) {
		s = take_text(p, p->begin, p->end, &quoted);
		return text_term(p, s, quoted, ret);
	}
	name = take_text(p, p->begin, colon, &quoted);
	s = take_text(p, colon + 1, p->end, &quoted);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (name.n == name_n && str_is(name, fields[i].name))
			return fields[i].number ? number_term(p, fields[i].field, s, ret) : field_term(p, fields[i].field, s, ret);
	if (str_is(name, "time"))
		return time_term(p, s, ret);
	if (str_is(name, "text"))
		return text_term(p, s, quoted, ret);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (slips(name, str_from(fields[i].name)))
			return fail(p, p->begin, _("There is no such field: use host, program, source, peer, transport, severity, facility, time or text, or put "
			                           "the text in quotation marks."));
	return value_term(p, name, s, ret);
}

/* --- structure ------------------------------------------------------------------------------------------------------- */

static int either(struct parse *p, struct query **ret);

static int prime(struct parse *p, struct query **ret)
{
	size_t begin = p->begin;
	struct query *q;
	int r;

	if (p->token == T_TERM) {
		r = term(p, ret);
		return r ? r : next_token(p);
	}
	if (p->token != T_OPEN && p->token != T_NOT)
		return fail(p, begin, p->token == T_CLOSE ? _("A parenthesis closes that was never opened, or holds nothing.")
		                                          : _("A word is missing here."));
	if (++p->depth > QUERY_DEPTH_MAX)
		return fail(p, begin, _("The query is nested too deeply."));
	r = next_token(p);
	if (!r && p->signs[begin] != '(') {
		q = node(p, QUERY_NOT);
		r = q ? prime(p, &q->left) : ERR_SYNTAX;
		*ret = q;
	} else if (!r) {
		r = either(p, ret);
		if (!r && p->token != T_CLOSE)
			r = fail(p, begin, _("A parenthesis has no end: close it with )."));
		r = r ? r : next_token(p);
	}
	p->depth--;
	return r;
}

static int join(struct parse *p, enum query_kind kind, struct query **left, int (*next)(struct parse *, struct query **))
{
	struct query *q = node(p, kind);

	if (!q)
		return ERR_SYNTAX;
	q->left = *left;
	*left = q;
	return next(p, &q->right);
}

static int both(struct parse *p, struct query **ret)
{
	int r = prime(p, ret);

	while (!r && (p->token == T_AND || p->token == T_TERM || p->token == T_OPEN || p->token == T_NOT)) {
		if (p->token == T_AND)
			r = next_token(p);
		if (!r)
			r = join(p, QUERY_AND, ret, prime);
	}
	return r;
}

static int either(struct parse *p, struct query **ret)
{
	int r = both(p, ret);

	while (!r && p->token == T_OR) {
		r = next_token(p);
		if (!r)
			r = join(p, QUERY_OR, ret, both);
	}
	return r;
}

int query_parse(struct arena *a, struct str text, int64_t now_us, struct query **ret, struct err *e)
{
	struct parse p = {.arena = a, .e = e, .now_us = now_us};
	struct query *q = NULL;
	int r = read_signs(&p, text);

	if (!r)
		r = next_token(&p);
	if (!r && p.token == T_END)
		r = (q = node(&p, QUERY_ALL)) ? 0 : ERR_NOMEM;
	else if (!r)
		r = either(&p, &q);
	if (!r && p.token != T_END)
		r = fail(&p, p.begin, _("A parenthesis closes that was never opened, or holds nothing."));
	if (!r)
		*ret = q;
	return r;
}
