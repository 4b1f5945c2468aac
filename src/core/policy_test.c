#include "core/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"

struct signer {
	struct note_key key;
	uint8_t secret[NOTE_SECRET_LEN];
	char vkey[NOTE_VKEY_MAX];
};

/* The same name and type give the same key in every run. */
static struct signer signer(const char *name, uint8_t type)
{
	uint8_t seed[crypto_sign_SEEDBYTES] = {type}, public_key[NOTE_PUBLIC_LEN];
	struct signer s;
	struct buf b;

	assert_true(sodium_init() >= 0);
	memcpy(seed + 1, name, strlen(name) < 31 ? strlen(name) : 31);
	crypto_sign_seed_keypair(public_key, s.secret, seed);
	assert_int_equal(note_key_init_type(&s.key, str_from(name), type, public_key), 0);
	buf_init(&b, NOTE_VKEY_MAX);
	note_key_put(&b, &s.key);
	snprintf(s.vkey, sizeof s.vkey, "%s", buf_z(&b));
	buf_release(&b);
	return s;
}

static void kinds_of_keys(void **state)
{
	struct signer l = signer("x.example", NOTE_ED25519), w = signer("x.example", NOTE_COSIGNATURE);
	struct note_key k;

	assert_int_equal(note_key_parse(str_from(l.vkey), &k, NULL), 0);
	assert_int_equal(k.type, NOTE_ED25519);
	assert_int_not_equal(note_key_parse(str_from(w.vkey), &k, NULL), 0);
	assert_int_not_equal(note_key_parse_type(str_from(l.vkey), NOTE_COSIGNATURE, &k, NULL), 0);
	assert_int_equal(note_key_parse_type(str_from(w.vkey), NOTE_COSIGNATURE, &k, NULL), 0);
	assert_int_equal(k.type, NOTE_COSIGNATURE);
	/* the same key as a log's and as a witness's has two ids */
	assert_int_equal(note_key_init_type(&k, STR("x.example"), NOTE_ED25519, w.key.public_key), 0);
	assert_int_not_equal(k.id, w.key.id);
}

static int cosigned(const char *z, size_t n, const struct note_key *k, uint64_t *time)
{
	struct note note;
	int r = note_parse(str_n(z, n), &note);

	return r ? r : cosign_check(&note, k, time);
}

static void every_bit_of_a_cosignature(void **state)
{
	struct signer l = signer("log.example", NOTE_ED25519), w = signer("w.example", NOTE_COSIGNATURE), v = signer("v.example", NOTE_COSIGNATURE);
	static const char text[] = "log.example\n0\n" ROOT;
	struct checkpoint c;
	struct buf b;
	uint64_t time = 0;
	size_t line;

	buf_init(&b, NOTE_MAX);
	assert_int_equal(note_sign(&b, str_from(text), &l.key, l.secret), 0);
	assert_int_equal(cosigned(b.p, b.n, &w.key, &time), ERR_DENIED);
	line = b.n;
	assert_int_equal(cosign_put(&b, str_from(text), &w.key, w.secret, 1679315147), 0);
	assert_int_equal(cosigned(b.p, b.n, &w.key, &time), 0);
	assert_int_equal(time, 1679315147);
	assert_int_equal(cosigned(b.p, b.n, &v.key, &time), ERR_DENIED);
	/* to who knows the log alone it is one signature of somebody unknown */
	assert_int_equal(checkpoint_check(buf_view(&b), &l.key, &c, NULL), 0);
	for (size_t i = 0; i < b.n * 8; i++) {
		if (i / 8 >= sizeof text - 1 && i / 8 < line)
			continue;                                /* the log's own line, which a witness does not sign */
		b.p[i / 8] ^= (char)(1 << i % 8);
		assert_int_not_equal(cosigned(b.p, b.n, &w.key, &time), 0);
		b.p[i / 8] ^= (char)(1 << i % 8);
	}
	assert_int_equal(cosign_put(&b, str_from(text), &w.key, w.secret, 0), ERR_INVALID);
	assert_int_equal(cosign_put(&b, STR("log.example\n"), &w.key, w.secret, 1), ERR_INVALID);
	assert_int_equal(cosign_put(&b, str_from(text), &l.key, l.secret, 1), ERR_INVALID);
	/* a second line of the same witness must be right as well */
	assert_int_equal(cosign_put(&b, STR("log.example\n1\n" ROOT), &w.key, w.secret, 1), 0);
	assert_int_equal(cosigned(b.p, b.n, &w.key, &time), ERR_CORRUPT);
	buf_release(&b);
}

/* L, A..E in a text stand for verifier keys of a log and of witnesses. */
static void expand(struct buf *b, const char *z)
{
	buf_clear(b);
	for (; *z; z++) {
		if (*z == '@') {
			char name[] = {*++z, 0};

			buf_puts(b, signer(name, *z == 'L' || *z == 'M' ? NOTE_ED25519 : NOTE_COSIGNATURE).vkey);
		} else {
			buf_putc(b, *z);
		}
	}
}

static void lines(void **state)
{
	static const struct {
		const char *text;
		int line;                                    /* 0: good, -1: the whole */
	} t[] = {
	    {"quorum none\n", 0},
	    {"quorum none", 0},
	    {"  # words \xe8\xa6\x8b\n\n\t \nlog @L\nlog @M https://log.example/\n quorum\tnone \n", 0},
	    {"witness a @A\nquorum a\n", 0},
	    {"witness a @A http://a.example/\nwitness b @B\ngroup g any a b\nquorum g\n", 0},
	    {"witness \xe2\x84\xaa @A\nwitness K @B\ngroup g 2 K \xe2\x84\xaa\nquorum g\n", 0},
	    {"witness a @A\nwitness b @B\ngroup g all a\ngroup h 1 g b\nquorum h\nlog @L\n", 0},
	    {"", -1},
	    {"log @L\n", -1},
	    {"quorum none\nquorum none\n", 2},
	    {"quorum a\nwitness a @A\n", 1},
	    {"quorum\n", 1},
	    {"quorum none x\n", 1},
	    {"log @A\nquorum none\n", 1},                   /* a witness's key */
	    {"witness a @L\nquorum a\n", 1},
	    {"log @L\nlog @L\nquorum none\n", 2},
	    {"log @L u x\nquorum none\n", 1},
	    {"log\nquorum none\n", 1},
	    {"witness a @A\nwitness a @B\nquorum a\n", 2},
	    {"witness a @A\nwitness b @A\nquorum a\n", 2},
	    {"witness none @A\nquorum none\n", 1},
	    {"witness a\nquorum none\n", 1},
	    {"witness a @A\ngroup g 2 a\nquorum g\n", 2},
	    {"witness a @A\ngroup g 0 a\nquorum g\n", 2},
	    {"witness a @A\ngroup g 01 a\nquorum g\n", 2},
	    {"witness a @A\ngroup g +1 a\nquorum g\n", 2},
	    {"witness a @A\ngroup g any\nquorum g\n", 2},
	    {"witness a @A\ngroup g any a a\nquorum g\n", 2},
	    {"witness a @A\ngroup g any g\nquorum g\n", 2},
	    {"witness a @A\ngroup g any none\nquorum g\n", 2},
	    {"witness a @A\ngroup g any a\ngroup h any a\nquorum h\n", 3},
	    {"witness a @A\ngroup a any a\nquorum a\n", 2},
	    {"quorum none\r\n", 1},
	    {"quorum none\n# \x7f\n", 2},
	    {"quorom none\n", 1},
	};
	static struct policy p;
	char want[40];
	struct buf b;

	buf_init(&b, POLICY_TEXT_MAX);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct err e = {0};

		expand(&b, t[i].text);
		snprintf(want, sizeof want, t[i].line > 0 ? "line %d:" : "policy: no quorum", t[i].line);
		if ((policy_parse(buf_view(&b), &p, &e) == 0) != !t[i].line || (t[i].line && !strstr(e.text, want)))
			fail_msg("%zu: %s", i, e.text);
	}
	buf_release(&b);
}

static void as_many_as_the_specification_wants(void **state)
{
	static struct policy p;
	struct buf b;
	char name[16];

	buf_init(&b, POLICY_TEXT_MAX);
	for (int i = 0; i < POLICY_LOGS_MAX; i++) {
		snprintf(name, sizeof name, "l%d", i);
		buf_printf(&b, "log %s\n", signer(name, NOTE_ED25519).vkey);
	}
	for (int i = 0; i < POLICY_WITNESSES_MAX; i++) {
		snprintf(name, sizeof name, "w%d", i);
		buf_printf(&b, "witness %s %s\ngroup g%d any %s\n", name, signer(name, NOTE_COSIGNATURE).vkey, i, name);
	}
	buf_puts(&b, "quorum g63\n");
	assert_int_equal(policy_parse(buf_view(&b), &p, NULL), 0);
	assert_int_equal(p.n_logs, POLICY_LOGS_MAX);
	assert_int_equal(p.n_nodes, POLICY_NODES_MAX);
	buf_printf(&b, "log %s\n", signer("more", NOTE_ED25519).vkey);
	assert_int_equal(policy_parse(buf_view(&b), &p, NULL), ERR_TOOBIG);
	buf_release(&b);
}

static void quorums(void **state)
{
	static const char two_levels[] = "log @L\nwitness a @A\nwitness b @B\nwitness c @C\ngroup x 2 a b c\nwitness d @D\nwitness e @E\n"
	                                 "group y any d e\ngroup z all x y\nquorum z\n";
	static const struct {
		const char *policy, *who;                    /* who: the log's letter and those of the witnesses */
		int want;
	} t[] = {
	    {"quorum none\n", "L", 0},
	    {"log @L\nquorum none\n", "L", 0},
	    {"log @M\nquorum none\n", "L", ERR_DENIED},
	    {"log @M\nlog @L\nquorum none\n", "L", 0},
	    {"log @L\nwitness a @A\nquorum a\n", "L", ERR_DENIED},
	    {"log @L\nwitness a @A\nquorum a\n", "LA", 0},
	    {"log @L\nwitness a @A\nquorum a\n", "LB", ERR_DENIED},
	    {"log @L\nwitness a @A\nquorum a\n", "LAA", 0},
	    {"log @L\nwitness a @A\nwitness b @B\ngroup g 2 a b\nquorum g\n", "LAA", ERR_DENIED},
	    {"log @L\nwitness a @A\nwitness b @B\ngroup g 2 a b\nquorum g\n", "LBA", 0},
	    {two_levels, "LABCDE", 0},
	    {two_levels, "LACE", 0},
	    {two_levels, "LABC", ERR_DENIED},
	    {two_levels, "LADE", ERR_DENIED},
	    {"log @L\nwitness a @A\nquorum none\n", "La", ERR_CORRUPT}, /* a bad line of somebody known, needed or not */
	    {"log @L\nwitness b @B\nquorum b\n", "LaB", 0},
	};
	static struct policy p;
	struct buf b, note;

	buf_init(&b, POLICY_TEXT_MAX);
	buf_init(&note, NOTE_MAX);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct signer log = signer("L", NOTE_ED25519);
		struct policy_seen seen;
		struct checkpoint c;
		struct err e = {0};
		int r;

		expand(&b, t[i].policy);
		assert_int_equal(policy_parse(buf_view(&b), &p, &e), 0);
		buf_clear(&note);
		assert_int_equal(note_sign(&note, STR("L\n7\n" ROOT), &log.key, log.secret), 0);
		for (const char *w = t[i].who + 1; *w; w++) {
			bool bad = *w >= 'a';
			char name[] = {bad ? (char)(*w - 32) : *w, 0};
			struct signer s = signer(name, NOTE_COSIGNATURE);

			assert_int_equal(cosign_put(&note, bad ? STR("L\n8\n" ROOT) : STR("L\n7\n" ROOT), &s.key, s.secret, 5), 0);
		}
		r = policy_check(&p, buf_view(&note), p.n_logs ? NULL : &log.key, &c, &seen, &e);
		if (r != t[i].want)
			fail_msg("%zu: %d %s", i, r, e.text);
		if (!r)
			assert_int_equal(c.size, 7);
	}
	assert_int_equal(policy_parse(STR("quorum none\n"), &p, NULL), 0);
	assert_int_equal(policy_check(&p, buf_view(&note), NULL, NULL, NULL, NULL), ERR_DENIED);
	buf_release(&b);
	buf_release(&note);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kinds_of_keys), cmocka_unit_test(every_bit_of_a_cosignature),
	    cmocka_unit_test(lines),         cmocka_unit_test(as_many_as_the_specification_wants),
	    cmocka_unit_test(quorums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
