#include "tlog/index.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/text.h"
#include "tlog/crc.h"
#include "tlog/index_words.h"
#include "tlog/io.h"

static const uint8_t key[INDEX_KEY] = "sixteen bytes ok";

static void put_line(struct buf *b, struct str raw)
{
	struct entry en = {.transport = ENTRY_UDP, .source = STR("udp:fw"), .peer = STR("192.0.2.1:514"), .raw = raw};
	struct buf e;

	buf_init(&e, ENTRY_MAX);
	assert_int_equal(entry_put(&e, &en), 0);
	buf_u16(b, (uint16_t)e.n);
	buf_str(b, buf_view(&e));
	buf_release(&e);
}

/* A file (as far as is read of it) with the record of a block with these lines, in out. */
static void make(struct index_maker *m, struct buf *raw, uint32_t count, struct buf *out, struct index_zone *z, struct index_file *f)
{
	struct seg_block sb = {.first = 2048, .count = count, .raw = (uint32_t)raw->n, .packed = 7, .at = 99, .crc = 5, .time_max = 10};
	size_t at = 0;

	buf_clear(out);
	while (out->n < INDEX_HEAD)
		buf_u8(out, 0);
	assert_int_equal(index_make(m, key, &sb, buf_view(raw), out), 0);
	*f = (struct index_file){.p = (const uint8_t *)out->p, .n = out->n};
	assert_true(index_next(f, &at, z));
	assert_true(index_is_of(z, &sb));
	assert_int_equal(at, out->n);
	assert_false(index_next(f, &at, z));
}

static bool may(const char *query, size_t n, const struct index_zone *z, const struct index_file *f)
{
	struct arena *a = arena_new(4 << 20);
	struct index_query *iq;
	struct query *q;
	bool yes = true;

	if (!query_parse(a, str_n(query, n), 0, &q, NULL)) {
		iq = index_query_new(a, q);
		index_query_key(iq, key);
		yes = index_may(iq, f, z);
	}
	arena_free(a);
	return yes;
}

static bool fits(const char *query, size_t n, struct str line)
{
	struct entry en = {.transport = ENTRY_UDP, .source = STR("udp:fw"), .peer = STR("192.0.2.1:514"), .raw = line};
	struct arena *a = arena_new(4 << 20);
	struct query_doc d;
	struct query *q;
	bool yes = false;

	query_doc_init(&d);
	query_doc_set(&d, &en);
	if (!query_parse(a, str_n(query, n), 0, &q, NULL))
		yes = query_matches(q, &d);
	query_doc_release(&d);
	arena_free(a);
	return yes;
}

/* Whatever fits a line, its block may not be left out: lines and queries of few signs, so that words meet, touch and join in every way. */
static void never_hides(void **state)
{
	static const char *const signs[] = {"a", "b", "7", "_", ".", "-", "@", "/", ":", " ", "=", "(", "認", "証", "ア", "Ａ", "é", "\x94", "A"};
	struct index_maker *m = index_maker_new();
	unsigned fitted = 0, refused = 0;
	struct buf raw, out;

	assert_int_equal(text_open(), 0);
	buf_init(&raw, 1 << 20);
	buf_init(&out, 1 << 20);
	srandom(7);
	for (unsigned round = 0; round < 4000; round++) {
		char line[256], query[64];
		struct index_file f;
		struct index_zone z;
		size_t n = 0, kinds = round % 3 ? 12 : ARRAY_LEN(signs);

		for (unsigned i = 0; i < 4 + round % 30; i++) {
			const char *s = signs[(size_t)random() % kinds];

			memcpy(line + n, s, strlen(s));
			n += strlen(s);
		}
		buf_clear(&raw);
		put_line(&raw, str_n(line, n));
		make(m, &raw, 1, &out, &z, &f);
		for (unsigned k = 0; k < 40; k++) {
			size_t from = (size_t)random() % n, len = 1 + (size_t)random() % 12, q = 0;
			bool quoted = random() % 4 == 0;

			len = from + len > n ? n - from : len;
			q += quoted ? (size_t)snprintf(query, 8, "\"") : random() % 4 == 0 ? (size_t)snprintf(query, 8, "*") : 0;
			memcpy(query + q, line + from, len);
			q += len;
			if (!quoted && len > 3 && random() % 3 == 0)
				query[q - 2] = '*';
			q += quoted ? (size_t)snprintf(query + q, 8, "\"") : random() % 4 == 0 ? (size_t)snprintf(query + q, 8, "*") : 0;
			if (!fits(query, q, str_n(line, n))) {
				refused++;
				continue;
			}
			fitted++;
			if (!may(query, q, &z, &f))
				fail_msg("%.*s fits \"%.*s\", but the index hides it", (int)q, query, (int)n, line);
		}
	}
	assert_true(fitted > 10000 && refused > 10000);
	buf_release(&raw);
	buf_release(&out);
	index_maker_free(m);
}

/* Words that are not there are found out, each kind of them. */
static void tells(void **state)
{
	static const struct {
		const char *query;
		bool yes;
	} cases[] = {
	    {"10.1.2.3", true}, {"10.1.2.4", false}, {"10.1.2.3:443", true}, {"alice@mail.example.jp", true}, {"bob@mail.example.jp", false},
	    {"mail.example.jp", true}, {"/usr/bin/passwd", true}, {"/usr/bin/nope", false}, {"\"password for\"", true}, {"\"passwort for\"", false},
	    {"認証失敗", true}, {"認証成功", false}, {"host:web1", true}, {"host:web2", false}, {"program:sshd", true}, {"program:su", false},
	    {"source:udp:fw", true}, {"source:other", false}, {"severity:6", true}, {"severity:<=3", false}, {"fail*", true}, {"NOT failed", true},
	    {"nope OR failed", true}, {"nope failed", false}, {"nope OR nothing", false}, {"peer:192.0.2.1:514", true}, {"peer:192.0.2.9:514", false},
	    {"2001:db8::1", true}, {"2001:db8::2", false}, {"*.example.jp", true}, {"*.example.org", false}, {"12:34", true}, {"time:>1990-01-01", false},
	};
	struct index_maker *m = index_maker_new();
	struct index_file f;
	struct index_zone z;
	struct buf raw, out;

	buf_init(&raw, 1 << 20);
	buf_init(&out, 1 << 20);
	put_line(&raw, STR("<38>Nov 20 12:34:56 web1 sshd[12]: Failed password for alice@mail.example.jp from 10.1.2.3:443 via 2001:db8::1"));
	put_line(&raw, STR("<38>Nov 20 12:34:56 web1 sudo: COMMAND=/usr/bin/passwd 認証失敗"));
	make(m, &raw, 2, &out, &z, &f);
	assert_int_equal(z.content, INDEX_PLAIN);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (may(cases[i].query, strlen(cases[i].query), &z, &f) != cases[i].yes)
			fail_msg("%s: the index says %s", cases[i].query, cases[i].yes ? "no" : "maybe");
	buf_release(&raw);
	buf_release(&out);
	index_maker_free(m);
}

/* At most one wrong answer in a hundred for a full block of different words. */
static void wrong_answers(void **state)
{
	struct index_maker *m = index_maker_new();
	struct index_key k = index_key_of(key);
	unsigned wrong = 0, missing = 0;
	struct index_file f;
	struct index_zone z;
	struct buf raw, out;

	buf_init(&raw, 1 << 20);
	buf_init(&out, 1 << 20);
	for (unsigned i = 0; i < 2048; i++) {
		char line[128];

		put_line(&raw, str_n(line, (size_t)snprintf(line, sizeof line, "xx%u yy%u from 10.%u.%u.%u", i, i * 7, i % 251, i / 13, i / 8)));
	}
	make(m, &raw, 2048, &out, &z, &f);
	for (unsigned i = 0; i < 20000; i++) {
		char word[48] = {0};
		size_t n = (size_t)snprintf(word, 32, i < 2048 ? "xx%u" : "zz%u", i);
		bool has = index_has(&f, &z, index_hash(k, INDEX_WORD, word, n));

		missing += i < 2048 && !has;
		wrong += i >= 2048 && has;
	}
	assert_int_equal(missing, 0);
	assert_true(wrong < 18000 / 100);
	print_message("wrong answers: %u of 17952, %u bytes for 2048 entries\n", wrong, z.cells * INDEX_CELL);
	buf_release(&raw);
	buf_release(&out);
	index_maker_free(m);
}

/* The code for every machine makes the same filter as that for newer ones, whatever the text and what of it is hidden. */
static void same_filter(void **state)
{
	static const char signs[] = "abzAZ059__..--@/::  =([\x80\xe3";
	struct words *fast = words_new(), *plain = words_new();
	struct index_key k = index_key_of(key);
	char *text = malloc(5000);

	words_plain(plain);
	srandom(11);
	for (unsigned round = 0; round < 500; round++) {
		size_t n = (size_t)random() % 5000, from = n ? (size_t)random() % n : 0, to = from + (n ? (size_t)random() % (n - from) : 0);

		for (size_t i = 0; i < n; i++)
			text[i] = signs[(size_t)random() % (round % 2 ? sizeof signs - 1 : 14)];
		for (int i = 0; i < 2; i++) {
			struct words *w = i ? plain : fast;

			words_begin(w, k, 64);
			words_text(w, text, n);
			words_hide(w, from, to);
			words_put(w);
		}
		assert_int_equal(words_wide(fast, from, to), words_wide(plain, from, to));
		assert_memory_equal(words_cells(fast, 0), words_cells(plain, 0), 64 * INDEX_CELL);
		assert_true(words_count(fast) == words_count(plain));
	}
	free(text);
	words_free(fast);
	words_free(plain);
}

/* A damaged cell gives no answer; a damaged head ends the reading. */
static void damage(void **state)
{
	struct index_maker *m = index_maker_new();
	struct index_file f;
	struct index_zone z;
	struct buf raw, out;

	buf_init(&raw, 1 << 20);
	buf_init(&out, 1 << 20);
	put_line(&raw, STR("hello world"));
	make(m, &raw, 1, &out, &z, &f);
	assert_true(may("hello", 5, &z, &f));
	assert_false(may("nothing", 7, &z, &f));
	for (size_t i = INDEX_HEAD + INDEX_RECORD; i < out.n; i++) {
		out.p[i] ^= 0x10;
		assert_true(may("hello", 5, &z, &f));
		out.p[i] ^= 0x10;
	}
	memset(out.p + INDEX_HEAD + INDEX_RECORD, 0, out.n - INDEX_HEAD - INDEX_RECORD); /* never written */
	assert_true(may("hello", 5, &z, &f));
	for (size_t i = 0; i < INDEX_RECORD; i++) {
		size_t at = 0;

		out.p[INDEX_HEAD + i] ^= 1;
		assert_false(index_next(&f, &at, &z));
		out.p[INDEX_HEAD + i] ^= 1;
	}
	buf_release(&raw);
	buf_release(&out);
	index_maker_free(m);
}

/* --- the file of a segment ------------------------------------------------------------------------------------------------ */

struct place {
	char path[64];
	int dir, seg_dir;
	struct segment *seg;
	struct indexer *ix;
};

static void place_open(struct place *p)
{
	static const uint8_t origin[SHA256_LEN];
	struct err e;

	snprintf(p->path, sizeof p->path, "/tmp/index_test.XXXXXX");
	assert_non_null(mkdtemp(p->path));
	p->dir = open(p->path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(mkdirat(p->dir, "seg", 0700), 0);
	p->seg_dir = openat(p->dir, "seg", O_RDONLY | O_DIRECTORY);
	assert_int_equal(segment_create(p->seg_dir, 0, SEGMENT_UNIT, origin, 42, STR("\0\0\0\0"), &p->seg, &e), 0);
	p->ix = indexer_new(p->dir);
}

static void place_close(struct place *p)
{
	indexer_drop(p->ix, 0);
	indexer_free(p->ix);
	segment_free(p->seg);
	assert_int_equal(unlinkat(p->seg_dir, "00000000000000000000", 0), 0);
	assert_int_equal(unlinkat(p->dir, "seg", AT_REMOVEDIR) | unlinkat(p->dir, "idx", AT_REMOVEDIR) | rmdir(p->path), 0);
	close(p->dir);
	close(p->seg_dir);
}

static void append(struct place *p, bool index)
{
	struct block *b = block_new();
	struct buf e;
	struct err er;

	block_reset(b, p->seg->end);
	buf_init(&e, ENTRY_MAX);
	for (unsigned i = 0; i < 256; i++) {
		char line[64];
		struct entry en = {.transport = ENTRY_UDP, .source = STR("s"), .peer = STR(""), .time_ns = i};

		en.raw = str_n(line, (size_t)snprintf(line, sizeof line, "line %u of block%u", i, (unsigned)p->seg->n));
		buf_clear(&e);
		assert_int_equal(entry_put(&e, &en), 0);
		assert_int_equal(block_add(b, buf_view(&e)), 0);
	}
	buf_release(&e);
	assert_int_equal(segment_append(p->seg, b, STR("\0\0\0\0"), &er), 0);
	if (index)
		indexer_block(p->ix, p->seg, b);
	block_free(b);
}

/* Records of the file that are of the segment's blocks. */
static size_t records(const struct place *p)
{
	struct index_file f;
	struct index_zone z;
	size_t at = 0, n = 0;

	if (index_open(p->dir, 0, &f))
		return 0;
	while (n < p->seg->n && index_next(&f, &at, &z) && index_is_of(&z, &p->seg->blocks[n])) {
		char word[32] = {0};
		struct index_key k = index_key_of(f.key);

		assert_true(index_has(&f, &z, index_hash(k, INDEX_WORD, word, (size_t)snprintf(word, 16, "block%u", (unsigned)n))));
		n++;
	}
	index_close(&f);
	return n;
}

static void flip(const struct place *p, off_t at)
{
	int fd = openat(p->dir, "idx/00000000000000000000", O_RDWR);
	uint8_t c;

	assert_int_equal(io_read(fd, &c, 1, at), 0);
	c ^= 1;
	assert_int_equal(io_write(fd, &c, 1, at), 0);
	close(fd);
}

static void files(void **state)
{
	struct place p;
	struct err e;
	struct stat st;
	size_t made;

	place_open(&p);
	append(&p, true);
	append(&p, true);
	assert_int_equal(records(&p), 2);
	/* a block that nobody indexed is caught up with the next */
	append(&p, false);
	append(&p, true);
	assert_int_equal(records(&p), 4);
	/* a torn end, as a crash leaves it */
	assert_int_equal(fstatat(p.dir, "idx/00000000000000000000", &st, 0), 0);
	indexer_free(p.ix);
	p.ix = indexer_new(p.dir);
	int fd = openat(p.dir, "idx/00000000000000000000", O_RDWR);
	assert_int_equal(ftruncate(fd, st.st_size - 100), 0);
	close(fd);
	assert_int_equal(records(&p), 3);
	append(&p, true);
	assert_int_equal(records(&p), 5);
	/* blocks that were cut and came back otherwise */
	assert_int_equal(segment_cut(p.seg, 2 * 256, &e), 0);
	indexer_free(p.ix);
	p.ix = indexer_new(p.dir);
	append(&p, true);
	assert_int_equal(records(&p), 3);
	/* damage in the middle: what follows is made again when asked */
	flip(&p, INDEX_HEAD + 8);
	assert_int_equal(records(&p), 0);
	assert_int_equal(indexer_mend(p.ix, p.seg, false, 100, &made, &e), 0);
	assert_int_equal(made, 3);
	assert_int_equal(records(&p), 3);
	assert_int_equal(indexer_mend(p.ix, p.seg, false, 100, &made, &e), 0);
	assert_int_equal(made, 0);
	/* another version */
	flip(&p, 11);
	assert_int_equal(records(&p), 0);
	assert_int_equal(indexer_mend(p.ix, p.seg, false, 100, &made, &e), 0);
	assert_int_equal(made, 3);
	indexer_drop(p.ix, 0);
	assert_int_equal(records(&p), 0);
	/* in steps */
	for (size_t i = 1; i <= 3; i++) {
		assert_int_equal(indexer_mend(p.ix, p.seg, false, 1, &made, &e), 0);
		assert_int_equal(made, 1);
		assert_int_equal(records(&p), i);
	}
	assert_int_equal(indexer_mend(p.ix, p.seg, false, 1, &made, &e), 0);
	assert_int_equal(made, 0);
	place_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(never_hides), cmocka_unit_test(tells), cmocka_unit_test(wrong_answers), cmocka_unit_test(same_filter), cmocka_unit_test(damage), cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
