#include "tlog/index.h"

#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "tlog/crc.h"
#include "tlog/fold.h"
#include "tlog/index_words.h"

#define BITS_PER_WORD 14.0                           /* of the filter: about one wrong answer in three hundred */
#define CHUNK (32u << 10)                            /* bytes of entries that are looked at together, or one entry */
#define GUESS 200u                                   /* cells for the first block */

struct index_maker {
	struct words *words;
	uint32_t guess;                                  /* cells: what the block before needed */
	struct buf fold;
	struct str wide[BLOCK_ENTRIES];                  /* messages of the chunk that are not ASCII */
	size_t n_wide;
	struct str like;                                 /* an entry of the same source and peer as the one before */
	size_t head;                                     /* bytes of it before its message */
	uint16_t severities;
	uint8_t content;
};

struct index_maker *index_maker_new(void)
{
	struct index_maker *m = xcalloc(1, sizeof *m);

	buf_init(&m->fold, FOLD_MAX);
	m->words = words_new();
	m->guess = GUESS;
	return m;
}

void index_maker_free(struct index_maker *m)
{
	if (!m)
		return;
	buf_release(&m->fold);
	words_free(m->words);
	free(m);
}

/* --- beyond ASCII ------------------------------------------------------------------------------------------------------- */

/* Pairs of neighbours beyond ASCII. */
static void put_pairs(struct index_maker *m, struct str s)
{
	size_t before = 0;                               /* bytes of the character before, 0: ASCII */

	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		size_t n = (uint8_t)s.p[i] < 0x80 ? 0 : utf8_next(str_n(s.p + i, s.n - i), &c);
		char pair[INDEX_PAIR_MAX + 16] = {0};

		if (n && before) {
			memcpy(pair, s.p + i - before, before + n);
			words_put_one(m->words, INDEX_WIDE, pair, before + n);
		}
		before = n;
		i += n ? n : 1;
	}
}

static void put_folded(struct index_maker *m, struct str raw)
{
	bool plain = fold_is_plain(raw);

	buf_clear(&m->fold);
	fold(raw, &m->fold);
	raw = buf_view(&m->fold);
	m->content = !plain ? INDEX_ODD : m->content == INDEX_ASCII ? INDEX_PLAIN : m->content;
	put_pairs(m, raw);
	for (size_t n; raw.n; raw = str_n(raw.p + n, raw.n - n)) {
		n = raw.n;
		if (n > WORDS_TEXT_MAX) /* folding made it longer: cut where no word does */
			for (n = WORDS_TEXT_MAX; n > WORDS_TEXT_MAX / 2 && query_sign(raw.p[n - 1]) != SIGN_BLANK; n--)
				;
		words_text(m->words, raw.p, n);
		words_put(m->words);
	}
}

static void put_wide_field(struct index_maker *m, enum index_class c, struct str s)
{
	char low[INDEX_WORD_MAX + 16] = {0};

	buf_clear(&m->fold);
	fold(s, &m->fold);
	s = str_slice(buf_view(&m->fold), 0, INDEX_WORD_MAX);
	for (size_t i = 0; i < s.n; i++)
		low[i] = (char)lower(s.p[i]);
	words_put_one(m->words, c, low, s.n);
}

/* --- entries ------------------------------------------------------------------------------------------------------------ */

/* s stands in the text that was taken in, which begins at `text`. */
static void put_field(struct index_maker *m, enum index_class c, const char *text, struct str s)
{
	size_t at = (size_t)(s.p - text);

	if (!s.n)
		return;
	if (words_wide(m->words, at, at + s.n))
		put_wide_field(m, c, s);
	else
		words_put_part(m->words, c, at, s.n);
}

static int put_sender(struct index_maker *m, const char *text, struct str bytes)
{
	struct entry en;

	if (entry_parse(bytes, &en))
		return ERR_CORRUPT;
	put_field(m, INDEX_SOURCE, text, en.source);
	put_field(m, INDEX_PEER, text, en.peer);
	m->like = bytes;
	m->head = bytes.n - en.raw.n;
	return 0;
}

static int put_entry(struct index_maker *m, const char *text, struct str bytes)
{
	size_t at = (size_t)(bytes.p - text);
	struct skim head;
	struct str raw;

	if (entry_redacted(bytes)) {
		words_hide(m->words, at, at + bytes.n); /* it has no words left */
		return 0;
	}
	if ((!m->like.n || !entry_alike(m->like, m->head, bytes)) && put_sender(m, text, bytes))
		return ERR_CORRUPT;
	raw = str_n(bytes.p + m->head, bytes.n - m->head);
	skim(raw, &head);
	put_field(m, INDEX_HOST, text, head.host);
	put_field(m, INDEX_PROGRAM, text, head.program);
	m->severities |= (uint16_t)(1u << (head.severity == SKIM_NONE ? 8 : head.severity));
	at += m->head;
	words_hide(m->words, at - m->head, at);
	if (words_wide(m->words, at, at + raw.n)) {
		words_hide(m->words, at, at + raw.n);
		m->wide[m->n_wide++] = raw;
	}
	return 0;
}

/* Takes up to *count entries from the front of *raw, as many as make a chunk. */
static int put_chunk(struct index_maker *m, uint32_t *count, struct str *raw)
{
	struct str rest = *raw, text, bytes;
	uint32_t n = 0;

	while (n < *count && (!n || raw->n - rest.n < CHUNK)) {
		if (bundle_next(&rest, &bytes))
			return ERR_CORRUPT;
		n++;
	}
	text = str_n(raw->p, raw->n - rest.n);
	words_text(m->words, text.p, text.n);
	m->n_wide = 0;
	for (struct str left = text; left.n;) {
		size_t at = text.n - left.n;

		if (bundle_next(&left, &bytes) || put_entry(m, text.p, bytes))
			return ERR_CORRUPT;
		words_hide(m->words, at, at + 2);
	}
	words_put(m->words);
	for (size_t i = 0; i < m->n_wide; i++)
		put_folded(m, m->wide[i]);
	*count -= n;
	*raw = rest;
	return 0;
}

static int put_entries(struct index_maker *m, uint32_t count, struct str raw)
{
	m->like = STR_NONE;
	while (count) {
		int r = put_chunk(m, &count, &raw);

		if (r)
			return r;
	}
	return raw.n ? ERR_CORRUPT : 0;
}

/* --- the record ------------------------------------------------------------------------------------------------------------ */

/* A filter as big as its words need: one block is much like the one before it, else it is filled again. */
static int fill(struct index_maker *m, struct index_key key, uint32_t count, struct str raw, uint32_t *ret_cells)
{
	for (unsigned turn = 0;; turn++) {
		uint32_t cells = m->guess;
		double need;
		int r;

		words_begin(m->words, key, cells);
		m->severities = 0;
		m->content = INDEX_ASCII;
		r = put_entries(m, count, raw);
		if (r)
			return r;
		need = words_count(m->words) * BITS_PER_WORD / (INDEX_CELL * 8) / INDEX_CHECKED + 1;
		m->guess = need * INDEX_CHECKED > INDEX_CELLS_MAX ? INDEX_CELLS_MAX : INDEX_CHECKED * (uint32_t)need;
		/* one that overflows says too little of how many there are: hence a second time */
		if (turn < 2 && (m->guess > cells + cells / 4 || m->guess + m->guess / 4 + INDEX_CHECKED < cells))
			continue;
		*ret_cells = cells;
		return 0;
	}
}

int index_make(struct index_maker *m, const uint8_t key[INDEX_KEY], const struct seg_block *sb, struct str raw, struct buf *out)
{
	uint32_t cells, bytes;
	size_t begin = out->n;
	int r = fill(m, index_key_of(key), sb->count, raw, &cells);

	if (r)
		return r;
	bytes = INDEX_RECORD + cells / INDEX_CHECKED * INDEX_GROUP;
	buf_put(out, "SVI1", 4);
	buf_u32(out, bytes);
	buf_u64(out, sb->first);
	buf_u64(out, sb->at);
	buf_u32(out, sb->count);
	buf_u32(out, sb->packed);
	buf_u32(out, sb->raw);
	buf_u32(out, sb->crc);
	buf_u64(out, (uint64_t)sb->time_min);
	buf_u64(out, (uint64_t)sb->time_max);
	buf_u16(out, m->severities);
	buf_u8(out, m->content);
	buf_u8(out, 0);
	buf_u32(out, cells);
	while (out->n < begin + INDEX_RECORD - 4 && !buf_err(out))
		buf_u8(out, 0);
	buf_u32(out, buf_err(out) ? 0 : crc32c(0, out->p + begin, INDEX_RECORD - 4));
	for (uint32_t i = 0; i < cells; i += INDEX_CHECKED) {
		const void *four = words_cells(m->words, i);

		buf_put(out, four, (size_t)INDEX_CHECKED * INDEX_CELL);
		buf_u16(out, index_check(i / INDEX_CHECKED, four));
	}
	return buf_err(out);
}
