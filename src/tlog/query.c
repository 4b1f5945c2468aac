#include "tlog/query.h"

#include <string.h>

#include "tlog/fields.h"
#include "tlog/fold.h"

static const char *const transports[ENTRY_TRANSPORTS] = {"own", "message", "udp", "tcp", "tls", "relp", "http", "import", "unix", "file",
                                                         "collect"};

_Static_assert(ENTRY_TRANSPORTS == 11, "each transport has its word here");

const char *query_transport(unsigned transport)
{
	return transport < ENTRY_TRANSPORTS ? transports[transport] : "?";
}

uint8_t query_sign(char c)
{
	uint8_t u = (uint8_t)c;

	if (u >= 0x80)
		return SIGN_WIDE;
	if ((uint8_t)((u | 0x20) - 'a') < 26 || (uint8_t)(u - '0') < 10 || u == '_')
		return SIGN_WORD;
	return u == '.' ? SIGN_DOT : u == '-' ? SIGN_DASH : u == '@' ? SIGN_AT : u == '/' || u == ':' ? SIGN_PATH : SIGN_BLANK;
}

void query_doc_init(struct query_doc *d)
{
	*d = (struct query_doc){0};
	buf_init(&d->fold, FOLD_MAX);
}

void query_doc_release(struct query_doc *d)
{
	buf_release(&d->fold);
	fields_free(d->fields);
}

void query_doc_set(struct query_doc *d, const struct entry *en)
{
	d->entry = *en;
	d->skimmed = d->folded = d->parsed = false;
}

static struct str text_of(struct query_doc *d)
{
	if (d->folded)
		return d->text;
	d->folded = true;
	d->text = d->entry.raw;
	if (find_beyond_ascii(d->text)) {
		buf_clear(&d->fold);
		fold(d->entry.raw, &d->fold);
		d->text = buf_view(&d->fold);
	}
	return d->text;
}

static const struct skim *skim_of(struct query_doc *d)
{
	if (!d->skimmed)
		skim(d->entry.raw, &d->skim);
	d->skimmed = true;
	return &d->skim;
}

/* --- texts ------------------------------------------------------------------------------------------------------------- */

static bool joins(char c, uint8_t level)
{
	uint8_t sign = query_sign(c);

	return sign != SIGN_BLANK && sign <= level;
}

/* May a match begin at `at`? Not within a word, nor within what the query's own joining signs make one word. */
static bool begins(const struct query *q, struct str s, size_t at)
{
	uint8_t sign = query_sign(s.p[at]);

	if (q->open_left || sign == SIGN_WIDE || sign == SIGN_BLANK || (!q->level && sign != SIGN_WORD))
		return true;
	while (at && joins(s.p[at - 1], q->level))
		at--;
	return !at || query_sign(s.p[at - 1]) != SIGN_WORD;
}

static bool ends(const struct query *q, struct str s, size_t end)
{
	uint8_t sign = query_sign(s.p[end - 1]);

	if (q->open_right || sign == SIGN_WIDE || sign == SIGN_BLANK || (!q->level && sign != SIGN_WORD))
		return true;
	while (end < s.n && joins(s.p[end], q->level))
		end++;
	return end == s.n || query_sign(s.p[end]) != SIGN_WORD;
}

static bool blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t next_blank(struct str s, size_t at)
{
	while (at < s.n && !blank(s.p[at]))
		at++;
	return at;
}

/* The pieces from i on, where the one before ended; *ret_end where the last one ends. */
static bool goes_on(const struct query *q, size_t i, struct str s, size_t at, size_t *ret_end)
{
	const struct query_piece *p = &q->pieces[i];
	bool last = i + 1 == q->n_pieces;
	struct str chunk;

	if (i == q->n_pieces) {
		*ret_end = at;
		return ends(q, s, at);
	}
	if (p->gap) {
		size_t from = at;

		while (from < s.n && blank(s.p[from]))
			from++;
		return from > at && s.n - from >= p->needle.text.n &&
		       needle_find(&p->needle, str_n(s.p + from, p->needle.text.n), 0) == 0 &&
		       goes_on(q, i + 1, s, from + p->needle.text.n, ret_end);
	}
	chunk = str_n(s.p, next_blank(s, at));
	while ((at = needle_find(&p->needle, chunk, at)) < chunk.n) {
		if (goes_on(q, i + 1, s, at + p->needle.text.n, ret_end))
			return true;
		if (!last && !q->pieces[i + 1].gap)
			return false; /* the first place leaves most room */
		at++;
	}
	return false;
}

/* The first match at or after `from`; false when there is none. */
static bool text_find(const struct query *q, struct str s, size_t from, size_t *ret_at, size_t *ret_end)
{
	const struct query_piece *first = &q->pieces[0];

	while ((from = needle_find(&first->needle, s, from)) < s.n) {
		if (begins(q, s, from)) {
			if (goes_on(q, 1, s, from + first->needle.text.n, ret_end)) {
				*ret_at = from;
				return true;
			}
			if (q->n_pieces > 1 && !q->pieces[1].gap) {
				from = next_blank(s, from);
				continue;
			}
		}
		from++;
	}
	return false;
}

/* --- fields -------------------------------------------------------------------------------------------------------------- */

/* The byte 1 in the pattern stands for any bytes. */
static bool fits(struct str pattern, struct str s)
{
	size_t i = 0, k = 0, star = SIZE_MAX, back = 0;

	while (i < s.n) {
		if (k < pattern.n && pattern.p[k] == 1) {
			star = k++;
			back = i;
		} else if (k < pattern.n && (uint8_t)pattern.p[k] == lower(s.p[i])) {
			k++;
			i++;
		} else if (star != SIZE_MAX) {
			k = star + 1;
			i = ++back;
		} else {
			return false;
		}
	}
	while (k < pattern.n && pattern.p[k] == 1)
		k++;
	return k == pattern.n;
}

static bool folds_to(struct str pattern, struct str s)
{
	struct buf b;
	bool yes;

	if (!find_beyond_ascii(s))
		return fits(pattern, s);
	buf_init(&b, FOLD_MAX);
	fold(s, &b);
	yes = fits(pattern, buf_view(&b));
	buf_release(&b);
	return yes;
}

static bool field_fits(const struct query *q, struct query_doc *d)
{
	struct str s = STR_NONE;

	switch (q->field) {
	case QUERY_HOST:
		s = skim_of(d)->host;
		break;
	case QUERY_PROGRAM:
		s = skim_of(d)->program;
		break;
	case QUERY_SOURCE:
		s = d->entry.source;
		break;
	case QUERY_PEER:
		s = d->entry.peer;
		break;
	case QUERY_TRANSPORT:
		s = str_from(query_transport(d->entry.transport));
		break;
	case QUERY_SEVERITY:
	case QUERY_FACILITY:
		return false;
	}
	return folds_to(q->value, s);
}

static const struct needle *encoded(void)
{
	static const struct needle n = {STR_INIT(QUERY_ENCODED), 0, 1, 'a', 'u', 0x20, 0x20};

	return &n;
}

static bool holds(const struct needle *n, struct str s)
{
	return needle_find(n, s, 0) < s.n;
}

static bool value_fits(const struct query *q, struct query_doc *d)
{
	struct str raw = d->entry.raw;

	if (q->word.text.n && !holds(&q->word, raw) && !holds(encoded(), raw))
		return false;
	if (!d->fields)
		d->fields = fields_new();
	if (!d->parsed)
		fields_parse(d->fields, raw);
	d->parsed = true;
	for (size_t i = 0; i < d->fields->n; i++)
		if (str_ieq(d->fields->list[i].name, q->name) && folds_to(q->value, d->fields->list[i].value))
			return true;
	return false;
}

bool query_matches(const struct query *q, struct query_doc *d)
{
	size_t at, end;
	int v;

	switch (q->kind) {
	case QUERY_ALL:
		return true;
	case QUERY_AND:
		return query_matches(q->left, d) && query_matches(q->right, d);
	case QUERY_OR:
		return query_matches(q->left, d) || query_matches(q->right, d);
	case QUERY_NOT:
		return !query_matches(q->left, d);
	case QUERY_TEXT:
		return text_find(q, text_of(d), 0, &at, &end);
	case QUERY_FIELD:
		return field_fits(q, d);
	case QUERY_VALUE:
		return value_fits(q, d);
	case QUERY_NUMBER:
		v = q->field == QUERY_SEVERITY ? skim_of(d)->severity : skim_of(d)->facility;
		return v >= 0 && q->numbers >> v & 1;
	case QUERY_TIME:
		return d->entry.time_ns >= q->from_ns && d->entry.time_ns < q->to_ns;
	}
	return false;
}

/* --- what to look for first ------------------------------------------------------------------------------------------------ */

static size_t text_needs(const struct query *q, const struct needle *out[])
{
	const struct needle *best = NULL;

	for (size_t i = 0; i < q->n_pieces; i++)
		if (!find_beyond_ascii(q->pieces[i].needle.text) && (!best || q->pieces[i].needle.text.n > best->text.n))
			best = &q->pieces[i].needle;
	out[0] = best;
	return best != NULL;
}

static size_t shortest(const struct needle *const list[], size_t n)
{
	size_t least = 0;

	for (size_t i = 0; i < n; i++)
		if (!i || list[i]->text.n < least)
			least = list[i]->text.n;
	return least;
}

size_t query_needs(const struct query *q, const struct needle *out[QUERY_NEEDS_MAX])
{
	const struct needle *other[QUERY_NEEDS_MAX];
	size_t n, m;

	if (q->kind == QUERY_TEXT)
		return text_needs(q, out);
	if (q->kind == QUERY_VALUE && q->word.text.n) {
		out[0] = &q->word;
		out[1] = encoded();
		return 2;
	}
	if (q->kind != QUERY_AND && q->kind != QUERY_OR)
		return 0;
	n = query_needs(q->left, out);
	m = query_needs(q->right, other);
	if (q->kind == QUERY_OR) {
		if (!n || !m || n + m > QUERY_NEEDS_MAX)
			return 0;
		memcpy(out + n, other, m * sizeof(const struct needle *));
		return n + m;
	}
	if (m && (!n || shortest(other, m) > shortest(out, n))) {
		memcpy(out, other, m * sizeof(const struct needle *));
		n = m;
	}
	return n;
}

/* --- where it matched -------------------------------------------------------------------------------------------------------- */

static size_t add_mark(struct query_mark *out, size_t n, size_t max, struct query_mark m)
{
	size_t i = n;

	if (n == max || !m.n)
		return n;
	for (; i && out[i - 1].at > m.at; i--)
		out[i] = out[i - 1];
	out[i] = m;
	return n + 1;
}

static size_t text_marks(const struct query *q, struct str s, struct query_mark *out, size_t n, size_t max)
{
	size_t at = 0, end = 0;

	if (q->kind == QUERY_AND || q->kind == QUERY_OR)
		return text_marks(q->right, s, out, text_marks(q->left, s, out, n, max), max);
	while (q->kind == QUERY_TEXT && n < max && text_find(q, s, end, &at, &end))
		n = add_mark(out, n, max, (struct query_mark){at, end - at});
	return n;
}

size_t query_marks(const struct query *q, struct str raw, struct query_mark *out, size_t max)
{
	size_t n, kept = 0;
	struct buf b;

	/* Only what folds to the same length keeps its places. */
	buf_init(&b, FOLD_MAX);
	fold(raw, &b);
	if (find_beyond_ascii(raw) && !fold_is_plain(raw)) {
		buf_release(&b);
		return 0;
	}
	n = text_marks(q, buf_view(&b), out, 0, max);
	buf_release(&b);
	for (size_t i = 0; i < n; i++) {
		if (kept && out[i].at <= out[kept - 1].at + out[kept - 1].n) {
			size_t end = out[i].at + out[i].n, have = out[kept - 1].at + out[kept - 1].n;

			out[kept - 1].n = (end > have ? end : have) - out[kept - 1].at;
		} else {
			out[kept++] = out[i];
		}
	}
	return kept;
}
