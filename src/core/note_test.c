#include "core/note.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "lib/hash.h"

/* c2sp.org/signed-note, "Example" */
#define FOO "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define FOO_NOTE                                                                                             \
	"This is an example message.\n\n"                                                                        \
	"\xe2\x80\x94 example.com/foo "                                                                          \
	"Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"

static struct note_key key_of(const char *vkey)
{
	struct note_key k;

	assert_int_equal(note_key_parse(str_from(vkey), &k, NULL), 0);
	return k;
}

static int check(struct str whole, const struct note_key *k, size_t n)
{
	struct note note;
	int r = note_parse(whole, &note);

	return r ? r : note_check(&note, k, n);
}

static void published_example(void **state)
{
	struct note_key k = key_of(FOO);
	struct buf b;
	char z[] = FOO_NOTE;

	assert_string_equal(k.name, "example.com/foo");
	assert_int_equal(k.id, 0x530d903a);
	buf_init(&b, NOTE_VKEY_MAX);
	note_key_put(&b, &k);
	assert_string_equal(buf_z(&b), FOO);
	buf_release(&b);
	assert_int_equal(check(STR(FOO_NOTE), &k, 1), 0);
	z[3] ^= 1;
	assert_int_equal(check(str_n(z, sizeof z - 1), &k, 1), ERR_CORRUPT);
	assert_int_equal(check(STR(FOO_NOTE), &k, 0), ERR_DENIED);
}

static void bad_keys(void **state)
{
	static const char *const bad[] = {
	    "", "+", "++", "example.com/foo", "example.com/foo+530d903a", "example.com/foo+530d903a+",
	    "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	    "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	    "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2kAA==",
	    "exa mple.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	};
	struct note_key k;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_not_equal(note_key_parse(str_from(bad[i]), &k, NULL), 0);
}

static void names(void **state)
{
	char longest[NOTE_NAME_MAX + 2];

	memset(longest, 'a', sizeof longest);
	assert_int_equal(note_name_check(STR("log.example/x")), 0);
	assert_int_equal(note_name_check(STR("\xe8\xa6\x8b\xe6\x9c\xac\xe5\xb8\x82")), 0);
	assert_int_equal(note_name_check(str_n(longest, NOTE_NAME_MAX)), 0);
	assert_int_not_equal(note_name_check(str_n(longest, NOTE_NAME_MAX + 1)), 0);
	assert_int_not_equal(note_name_check(STR("")), 0);
	assert_int_not_equal(note_name_check(STR("a+b")), 0);
	assert_int_not_equal(note_name_check(STR("a\xe3\x80\x80" "b")), 0); /* ideographic space */
	assert_int_not_equal(note_name_check(STR("a\xc2\xa0" "b")), 0);
	assert_int_not_equal(note_name_check(STR("a\xff")), 0);
}

static void shapes(void **state)
{
	static const struct {
		const char *text;
		int want;
	} t[] = {
	    {"", ERR_SYNTAX},
	    {"\n", ERR_SYNTAX},
	    {"\n\n", ERR_SYNTAX},
	    {"text\n", ERR_SYNTAX},
	    {"text\n\n", ERR_SYNTAX},
	    {"text\n\n\xe2\x80\x94 name AAAAAAA=", ERR_SYNTAX},
	    {"text\n\n\xe2\x80\x94 name AAAAAAA=\n", 0},
	    {"a\n\nb\n\n\xe2\x80\x94 name AAAAAAA=\n\xe2\x80\x94 other AAAAAAAA\n", 0},
	    {"text\n\n\xe2\x80\x94 name AAAAAA==\n", ERR_SYNTAX}, /* an id and no signature */
	    {"text\n\n- name AAAAAAA=\n", ERR_SYNTAX},
	    {"text\n\n\xe2\x80\x94 na+me AAAAAAA=\n", ERR_SYNTAX},
	    {"text\n\n\xe2\x80\x94 name\n", ERR_SYNTAX},
	    {"te\txt\n\n\xe2\x80\x94 name AAAAAAA=\n", ERR_SYNTAX},
	    {"te\xffxt\n\n\xe2\x80\x94 name AAAAAAA=\n", ERR_SYNTAX},
	};
	struct note n;

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(note_parse(str_from(t[i].text), &n), t[i].want);
	assert_int_equal(note_parse(str_from(t[7].text), &n), 0);
	assert_true(str_is(n.text, "a\n\nb\n"));
	assert_int_equal(n.n_sigs, 2);
}

struct signer {
	struct note_key key;
	uint8_t secret[NOTE_SECRET_LEN];
};

static struct signer signer(const char *name)
{
	struct signer s;
	uint8_t public_key[NOTE_PUBLIC_LEN];

	assert_true(sodium_init() >= 0);
	crypto_sign_keypair(public_key, s.secret);
	assert_int_equal(note_key_init(&s.key, str_from(name), public_key), 0);
	return s;
}

static void signs_and_ignores_unknown(void **state)
{
	struct signer a = signer("a.example"), b = signer("b.example");
	struct note_key both[] = {a.key, b.key};
	struct buf one, two;

	buf_init(&one, NOTE_MAX);
	buf_init(&two, NOTE_MAX);
	assert_int_equal(note_sign(&one, STR("x\n"), &a.key, a.secret), 0);
	assert_int_equal(check(buf_view(&one), &a.key, 1), 0);
	assert_int_equal(check(buf_view(&one), &b.key, 1), ERR_DENIED);
	assert_int_equal(note_sign(&two, STR("y\n"), &b.key, b.secret), 0);
	/* b's line under a's text: unknown to who trusts a alone, wrong to who trusts both */
	buf_str(&one, str_slice(buf_view(&two), 3, two.n));
	assert_int_equal(check(buf_view(&one), &a.key, 1), 0);
	assert_int_equal(check(buf_view(&one), both, 2), ERR_CORRUPT);
	assert_int_equal(note_sign(&two, STR("no line end"), &b.key, b.secret), ERR_INVALID);
	assert_int_equal(note_sign(&two, STR("tab\t\n"), &b.key, b.secret), ERR_INVALID);
	buf_release(&one);
	buf_release(&two);
}

static void sixteen_signatures(void **state)
{
	struct signer a = signer("a.example");
	struct buf b;

	buf_init(&b, NOTE_MAX);
	assert_int_equal(note_sign(&b, STR("x\n"), &a.key, a.secret), 0);
	for (int i = 1; i < NOTE_SIGS_MAX; i++)
		buf_puts(&b, "\xe2\x80\x94 other.example AAAAAAAA\n");
	assert_int_equal(check(buf_view(&b), &a.key, 1), 0);
	buf_puts(&b, "\xe2\x80\x94 other.example AAAAAAAA\n");
	assert_int_equal(check(buf_view(&b), &a.key, 1), ERR_TOOBIG);
	buf_release(&b);
}

static void checkpoints(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} t[] = {
	    {"o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", true},
	    {"o\n18446744073709551615\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", true},
	    {"o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\next\n", true},
	    {"o\n18446744073709551616\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", false},
	    {"o\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", false},
	    {"o\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", false},
	    {"o\n\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", false},
	    {"\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", false},
	    {"o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n", false}, /* same bytes, other text */
	    {"o\n1\n47DEQpj8HBSa\n", false},
	    {"o\n1\n", false},
	    {"o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n", false},
	    {"o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", false},
	};
	struct checkpoint c;

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(checkpoint_parse(str_from(t[i].text), &c) == 0, t[i].good);
}

static void proof_round_trip(void **state)
{
	struct signer a = signer("a.example");
	struct tlog_proof p = {.index = 1, .n = 1}, q;
	struct checkpoint c = {.origin = STR("a.example"), .size = 2}, got;
	struct buf text, note, whole;
	uint8_t leaf[MERKLE_LEN];

	merkle_leaf("zero", 4, p.hashes[0]);
	merkle_leaf("one", 3, leaf);
	merkle_node(p.hashes[0], leaf, c.root);
	buf_init(&text, NOTE_MAX);
	buf_init(&note, NOTE_MAX);
	buf_init(&whole, NOTE_MAX);
	checkpoint_put(&text, &c);
	assert_int_equal(note_sign(&note, buf_view(&text), &a.key, a.secret), 0);
	p.checkpoint = buf_view(&note);
	tlog_proof_put(&whole, &p);
	assert_int_equal(tlog_proof_parse(buf_view(&whole), &q), 0);
	assert_int_equal(tlog_proof_check(&q, leaf, &a.key, &got, NULL), 0);
	assert_int_equal(got.size, 2);
	/* every single flipped bit is noticed somewhere between parsing and checking */
	for (size_t i = 0; i < whole.n * 8; i++) {
		whole.p[i / 8] ^= (char)(1 << i % 8);
		assert_true(tlog_proof_parse(buf_view(&whole), &q) || tlog_proof_check(&q, leaf, &a.key, &got, NULL));
		whole.p[i / 8] ^= (char)(1 << i % 8);
	}
	for (size_t n = 0; n < whole.n; n++)
		assert_true(tlog_proof_parse(str_n(whole.p, n), &q) || tlog_proof_check(&q, leaf, &a.key, &got, NULL));
	buf_release(&text);
	buf_release(&note);
	buf_release(&whole);
}

static void proof_with_extra(void **state)
{
	struct tlog_proof p;

	assert_int_equal(tlog_proof_parse(STR("c2sp.org/tlog-proof@v1\nextra YQ==\nindex 0\n\nrest"), &p), 0);
	assert_true(str_is(p.checkpoint, "rest"));
	assert_true(str_is(p.extra64, "YQ=="));
	assert_int_not_equal(tlog_proof_parse(STR("c2sp.org/tlog-proof@v2\nindex 0\n\nrest"), &p), 0);
	assert_int_not_equal(tlog_proof_parse(STR("c2sp.org/tlog-proof@v1\nindex 00\n\nrest"), &p), 0);
	assert_int_not_equal(tlog_proof_parse(STR("c2sp.org/tlog-proof@v1\nindex 0\n"), &p), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(published_example),  cmocka_unit_test(bad_keys),
	    cmocka_unit_test(names),              cmocka_unit_test(shapes),
	    cmocka_unit_test(signs_and_ignores_unknown), cmocka_unit_test(sixteen_signatures),
	    cmocka_unit_test(checkpoints),        cmocka_unit_test(proof_round_trip),
	    cmocka_unit_test(proof_with_extra),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
