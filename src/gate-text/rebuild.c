#include "gate-text/rebuild.h"

#include <string.h>

#include "gate-text/encoding.h"
#include "gate-text/wide.h"
#include "lib/text.h"

struct text {
	struct job *j;
	enum encoding enc;
	struct str s;
	bool csv;
	size_t begins;                                   /* where its first character stands */
	int64_t controls, bidi, formulas, wide;
	struct str set;                                  /* of ISO-2022-JP: the last change */
	struct str formula, wide_cell;                   /* the first ones, for the report */
};

static bool plain(struct str c)
{
	return c.n == 1;
}

/* Marks that turn the direction of what follows, and those that nobody sees. */
static bool hidden(const struct text *t, struct str c)
{
	uint32_t u;

	if ((t->enc != ENC_UTF8 && t->enc != ENC_UTF8_BOM) || !utf8_next(c, &u))
		return false;
	return (u >= 0x202a && u <= 0x202e) || (u >= 0x2066 && u <= 0x2069) || u == 0x200e || u == 0x200f || u == 0x061c ||
	       u == 0xfeff;
}

static bool control(unsigned char c)
{
	return (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != 0x1b) || c == 0x7f;
}

/* [+-]digits with points and commas between, a % at the end; or nothing but hyphens. */
static bool number(struct str cell)
{
	size_t i = 0, digits = 0;

	while (i < cell.n && cell.p[i] == '-')
		i++;
	if (i && i == cell.n)
		return true;
	i = cell.n && (cell.p[0] == '+' || cell.p[0] == '-');
	for (; i < cell.n && ((cell.p[i] >= '0' && cell.p[i] <= '9') || (digits && strchr(".,", cell.p[i]))); i++)
		digits += cell.p[i] >= '0' && cell.p[i] <= '9';
	if (i < cell.n && cell.p[i] == '%')
		i++;
	return digits && i == cell.n;
}

/* The cell that begins at from, as far as it is ASCII: enough to tell a number. */
static struct str cell_at(struct str s, size_t from, bool quoted)
{
	size_t i = from;

	while (i < s.n && s.p[i] != '\n' && s.p[i] != '\r' && s.p[i] != '\t' && (quoted ? s.p[i] != '"' : s.p[i] != ','))
		i++;
	return str_slice(s, from, i - from);
}

/* A spreadsheet would run what begins like this. */
static void defuse(struct text *t, size_t from, bool quoted, bool kanji)
{
	struct str cell = cell_at(t->s, from, quoted);

	if (wide_runs(t->enc, str_slice(t->s, from, t->s.n), kanji, quoted)) {
		if (!t->wide++)
			t->wide_cell = cell;
		buf_puts(&t->j->out, kanji ? "\x1b(B'" : "'");
		if (kanji)
			buf_str(&t->j->out, t->set);
		return;
	}

	/* "sep=;" in the first line is an order to part the cells elsewhere. */
	bool order = from == t->begins + quoted && cell.n >= 4 && str_ieq(str_slice(cell, 0, 4), STR("sep="));

	if (!cell.n || (!order && (!strchr("=+-@", cell.p[0]) || number(cell))))
		return;
	if (!t->formulas++)
		t->formula = cell;
	buf_putc(&t->j->out, '\'');
}

static int rewrite(struct text *t)
{
	enum { INSIDE, BEGINS, BEGINS_QUOTED } cell = BEGINS;
	bool kanji = false, quoted = false;
	size_t line = 0;

	for (size_t i = 0; i < t->s.n;) {
		size_t k = encoding_next(t->enc, str_slice(t->s, i, t->s.n), &kanji);
		struct str c = str_slice(t->s, i, k);

		if (!k)
			return job_fail(t->j, GATE_HELD, "TXT-ENCODING", NULL);
		i += k;
		line = plain(c) && (*c.p == '\n' || *c.p == '\r') ? 0 : line + k;
		if (line > TEXT_LINE_MAX)
			return job_fail(t->j, GATE_HELD, "LIMIT-LINE", NULL);
		if (!kanji && plain(c) && control((unsigned char)*c.p)) {
			t->controls++;
			t->begins += t->begins == i - k ? k : 0;
			continue;
		}
		if (hidden(t, c)) {
			t->bidi++;
			t->begins += t->begins == i - k ? k : 0;
			continue;
		}
		if (c.n == 3 && *c.p == 0x1b) {          /* a change of the set is no character */
			t->begins += t->begins == i - k ? k : 0;
			buf_str(&t->j->out, c);
			t->set = c;
			continue;
		}
		if (t->csv && cell != INSIDE && !(cell == BEGINS && plain(c) && *c.p == '"'))
			defuse(t, i - k, cell == BEGINS_QUOTED, kanji);
		if (t->csv && plain(c) && !kanji && *c.p == '"') {
			quoted = cell == BEGINS || !quoted;
			cell = cell == BEGINS ? BEGINS_QUOTED : INSIDE;
		} else {
			bool ends = plain(c) && !kanji && (*c.p == '\n' || *c.p == '\r' || ((*c.p == ',' || *c.p == '\t') && !quoted));

			cell = ends ? BEGINS : INSIDE;
		}
		buf_str(&t->j->out, c);
	}
	return buf_err(&t->j->out);
}

static void from_utf16(struct text *t, struct buf *b)
{
	bool le = t->enc == ENC_UTF16LE;

	for (size_t i = 2; i + 1 < t->s.n; i += 2) {
		const unsigned char *p = (const unsigned char *)t->s.p + i;
		uint32_t u = (uint32_t)(le ? p[0] | p[1] << 8 : p[0] << 8 | p[1]);

		if (u >= 0xd800 && u < 0xdc00 && i + 3 < t->s.n) {
			uint32_t v = (uint32_t)(le ? p[2] | p[3] << 8 : p[2] << 8 | p[3]);

			if (v >= 0xdc00 && v < 0xe000) {
				u = 0x10000 + ((u - 0xd800) << 10) + (v - 0xdc00);
				i += 2;
			}
		}
		utf8_put(b, u >= 0xd800 && u < 0xe000 ? 0xfffd : u);
	}
}

static void tell(const struct text *t, enum encoding was)
{
	struct job *j = t->j;

	if (was != t->enc)
		job_part(j, STR_NONE, "TXT-UTF16", GATE_CONVERTED, 1, 0, str_from(encoding_name(was)));
	if (t->controls)
		job_removed(j, "", "TXT-CONTROL", t->controls);
	if (t->bidi)
		job_removed(j, "", "TXT-HIDDEN", t->bidi);
	if (t->formulas)
		job_part(j, STR_NONE, "CSV-FORMULA", GATE_CONVERTED, t->formulas, 0, t->formula);
	if (t->wide)
		job_part(j, STR_NONE, "CSV-WIDE", GATE_CONVERTED, t->wide, 0,
		         t->enc == ENC_UTF8 || t->enc == ENC_UTF8_BOM ? t->wide_cell : STR_NONE);
}

/* Bytes of a two-byte character that a program without ISO-2022-JP would take for a cell that runs. */
static bool raw_formula(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool begins = !i || strchr(",\t\r\n\"", s.p[i - 1]);
		struct str cell = begins ? cell_at(s, i, false) : STR_NONE;

		if (cell.n && strchr("=+-@", cell.p[0]) && !number(cell))
			return true;
	}
	return false;
}

int text_rebuild(struct job *j)
{
	struct text t = {.j = j, .s = j->in, .enc = encoding_of(j->in), .csv = str_is(j->format, "csv")};
	enum encoding was = t.enc;
	struct buf wide;
	int r;

	if (memchr(t.s.p, 0, t.s.n) && was != ENC_UTF16LE && was != ENC_UTF16BE)
		return job_fail(j, GATE_BLOCKED, "TYPE-MISMATCH", NULL);
	if (was == ENC_NONE)
		return job_fail(j, GATE_HELD, "TXT-ENCODING", NULL);
	buf_init(&wide, 3 * j->in.n + 16);
	if (was == ENC_UTF16LE || was == ENC_UTF16BE) {
		from_utf16(&t, &wide);
		t.s = buf_view(&wide);
		t.enc = ENC_UTF8;
	} else if (was == ENC_UTF8_BOM) {
		buf_puts(&j->out, "\xef\xbb\xbf");
		t.s = str_slice(t.s, 3, t.s.n);
	}
	r = rewrite(&t);
	buf_release(&wide);
	if (r)
		return r;
	if (t.csv && t.enc == ENC_ISO_2022_JP && raw_formula(buf_view(&j->out)))
		return job_fail(j, GATE_HELD, "TXT-ENCODING", NULL);
	if (t.csv && wide_elsewhere(t.enc, buf_view(&j->out)))
		return job_fail(j, GATE_HELD, "TXT-ENCODING", NULL);
	tell(&t, was);
	j->language = t.csv ? "csv" : "text";
	return 0;
}
