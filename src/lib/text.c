#include "lib/text.h"

#include <stdlib.h>
#include <string.h>

#include <uniconv.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

static bool ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static bool white(uint32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (c > 0x7f && uc_is_property_white_space(c));
}

static uint32_t fold_one(uint32_t c)
{
	if ((c >= 0x30a1 && c <= 0x30f6) || c == 0x30fd || c == 0x30fe)
		return c - 0x60;                             /* katakana to hiragana */
	return c < 0x80 ? (c >= 'A' && c <= 'Z' ? c + 32 : c) : uc_tolower(c);
}

struct folding {
	struct buf *out;
	bool begun, gap;
};

/* White space runs become one blank, none at the ends. */
static void put_folded(struct folding *f, uint32_t c)
{
	if (white(c)) {
		f->gap = f->begun;
		return;
	}
	if (f->gap)
		buf_putc(f->out, ' ');
	utf8_put(f->out, c);
	f->gap = false;
	f->begun = true;
}

static int fold_ascii(struct str in, struct buf *out)
{
	struct folding f = { .out = out };
	for (size_t i = 0; i < in.n; i++)
		put_folded(&f, fold_one((unsigned char)in.p[i]));
	return buf_err(out);
}

/* Letters are changed while decomposed, then composed again: so folding a folded text changes nothing. */
int text_fold(struct str in, struct buf *out)
{
	if (!utf8_valid(in))
		return ERR_SYNTAX;
	if (in.n > TEXT_MAX)
		return ERR_TOOBIG;
	if (ascii(in))
		return fold_ascii(in, out);
	size_t n = 0, n_parts, n_whole;
	struct folding f = { .out = out };
	uint32_t *chars = malloc(in.n * sizeof *chars), *parts = NULL, *whole = NULL;
	if (!chars)
		return ERR_NOMEM;
	int r = ERR_NOMEM;
	for (size_t used; in.n; in = str_slice(in, used, in.n)) {
		used = utf8_next(in, &chars[n]);
		n++;
	}
	parts = u32_normalize(UNINORM_NFKD, chars, n, NULL, &n_parts);
	if (!parts)
		goto out;
	for (size_t i = 0; i < n_parts; i++)
		parts[i] = fold_one(parts[i]);
	whole = u32_normalize(UNINORM_NFC, parts, n_parts, NULL, &n_whole);
	if (!whole)
		goto out;
	for (size_t i = 0; i < n_whole; i++)
		put_folded(&f, whole[i]);
	r = buf_err(out);
out:
	free(chars);
	free(parts);
	free(whole);
	return r;
}

/* Scripts written without blanks between words. */
static bool cjk(uint32_t c)
{
	return (c >= 0x3005 && c <= 0x3007) || (c >= 0x3041 && c <= 0x3096) || (c >= 0x309d && c <= 0x309f) ||
	       (c >= 0x30a1 && c <= 0x30fa) || (c >= 0x30fc && c <= 0x30ff) || (c >= 0x31f0 && c <= 0x31ff) ||
	       (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x4e00 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) ||
	       (c >= 0xac00 && c <= 0xd7a3) || (c >= 0x20000 && c <= 0x3ffff);
}

/* What unicode61 takes as part of a word. */
static bool wordy(uint32_t c)
{
	if (c < 0x80)
		return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N | UC_CATEGORY_MASK_Co);
}

enum script { NEITHER, CJK, OTHER };

static enum script script_of(struct str s, size_t *ret_used)
{
	uint32_t c = 0;
	*ret_used = utf8_next(s, &c);
	return !*ret_used || !wordy(c) ? NEITHER : cjk(c) ? CJK : OTHER;
}

/* Takes the next run of one script from the folded text; STR_NONE at its end. */
static struct str next_run(struct str *rest, enum script *ret)
{
	size_t used;
	while (rest->n && (*ret = script_of(*rest, &used)) == NEITHER)
		*rest = str_slice(*rest, used ? used : 1, rest->n);
	size_t n = 0;
	while (n < rest->n && script_of(str_slice(*rest, n, rest->n), &used) == *ret)
		n += used;
	if (!n)
		return STR_NONE;
	struct str run = str_slice(*rest, 0, n);
	*rest = str_slice(*rest, n, rest->n);
	return run;
}

static void token(struct buf *out, struct str t, bool *first)
{
	if (!*first)
		buf_putc(out, ' ');
	*first = false;
	buf_str(out, t);
}

/* Bigrams of a CJK run, then its last character alone: a search for one character finds it by prefix anywhere. */
static void put_run(struct buf *out, struct str run, enum script script, bool with_last, bool *first)
{
	if (script == OTHER) {
		token(out, run, first);
		return;
	}
	uint32_t c;
	size_t one;
	while ((one = utf8_next(run, &c)) < run.n) {
		size_t two = utf8_next(str_slice(run, one, run.n), &c);
		token(out, str_slice(run, 0, one + two), first);
		run = str_slice(run, one, run.n);
	}
	if (with_last)
		token(out, run, first);
}

int text_bigrams(struct str in, struct buf *out)
{
	struct buf folded;
	buf_init(&folded, FOLDED_MAX);
	int r = text_fold(in, &folded);
	struct str rest = buf_view(&folded), run;
	bool first = true;
	enum script script = NEITHER;
	while (!r && !out->failed && (run = next_run(&rest, &script)).n)
		put_run(out, run, script, true, &first);
	buf_release(&folded);
	return r ? r : buf_err(out);
}

/* One typed word as a phrase. Its last run gives no single character, unless it is one: then that is a prefix. */
static bool put_phrase(struct buf *out, struct str word, bool first_word)
{
	bool first = true, prefix = false;
	enum script script = NEITHER, next_script = NEITHER;
	struct str run = next_run(&word, &script);
	if (!run.n)
		return false;
	buf_puts(out, first_word ? "\"" : " \"");
	while (run.n) {
		struct str next = next_run(&word, &next_script);
		bool last = !next.n, one = script == CJK && utf8_len(run) == 1;
		put_run(out, run, script, !last || one, &first);
		prefix = last && one;
		run = next;
		script = next_script;
	}
	buf_puts(out, prefix ? "\" *" : "\"");
	return true;
}

int text_fts_query(struct str in, struct buf *out)
{
	struct buf folded;
	buf_init(&folded, FOLDED_MAX);
	int r = text_fold(in, &folded);
	struct str rest = buf_view(&folded);
	int words = 0;
	while (!r && rest.n) {
		struct str word = str_cut(&rest, ' ');
		if (put_phrase(out, word, words == 0) && ++words > FTS_WORDS_MAX)
			r = ERR_TOOBIG;
	}
	buf_release(&folded);
	return r ? r : buf_err(out);
}

/* Removes blanks (also the wide one) at the end of what out got since `from`. */
static void drop_blanks(struct buf *out, size_t from)
{
	for (;;) {
		struct str s = str_slice(buf_view(out), from, SIZE_MAX);
		size_t n = str_ends(s, " ") || str_ends(s, "\t") ? 1 : str_ends(s, "\xe3\x80\x80") ? 3 : 0;
		if (!n)
			return;
		out->n -= n;
	}
}

int text_clean(struct str in, struct buf *out)
{
	size_t start = out->n, line = start;
	for (size_t used; in.n && !out->failed; in = str_slice(in, used, in.n)) {
		uint32_t c;
		used = utf8_next(in, &c);
		if (!used)
			return ERR_SYNTAX;
		if (str_starts(in, "\r\n")) {
			used = 2;
			c = '\n';
		}
		if ((c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0))
			return ERR_SYNTAX;
		if (c == '\n') {
			drop_blanks(out, line);
			line = out->n + 1;
		}
		utf8_put(out, c);
	}
	drop_blanks(out, line);
	while (!out->failed && out->n > start && out->p[out->n - 1] == '\n')
		out->n--;
	return buf_err(out);
}
