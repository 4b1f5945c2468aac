#include "witness/state.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "lib/file.h"
#include "lib/hash.h"
#include "witness/client.h"
#include "witness/request.h"
#include "witness/tiles.h"

#define LEAVES 40

static char folder[64];
static struct state witness;
static uint8_t leaves[2][LEAVES][MERKLE_LEN];        /* of two histories that part after 20 leaves */

struct log {
	struct note_key key;
	uint8_t secret[NOTE_SECRET_LEN];
};
static struct log known, other;

static struct log log_make(const char *origin)
{
	uint8_t public_key[NOTE_PUBLIC_LEN];
	struct log l;

	crypto_sign_keypair(public_key, l.secret);
	assert_int_equal(note_key_init(&l.key, str_from(origin), public_key), 0);
	return l;
}

static void add(const struct log *l)
{
	struct buf b;

	buf_init(&b, NOTE_VKEY_MAX);
	note_key_put(&b, &l->key);
	assert_int_equal(state_add(&witness, buf_view(&b), NULL), 0);
	assert_int_equal(state_add(&witness, buf_view(&b), NULL), ERR_EXISTS);
	buf_release(&b);
}

static int setup(void **state)
{
	struct err e = {0};

	assert_true(sodium_init() >= 0);
	snprintf(folder, sizeof folder, "%.40s/witness.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(state_make(folder, "bad name", &e), ERR_INVALID);
	assert_int_equal(state_make(folder, "w.example", &e), 0);
	assert_int_equal(state_make(folder, "w.example", &e), ERR_EXISTS);
	assert_int_equal(state_open(folder, true, &witness, &e), 0);
	for (unsigned h = 0; h < 2; h++)
		for (unsigned i = 0; i < LEAVES; i++) {
			unsigned leaf = i < 20 ? i : i + 1000 * h;

			merkle_leaf(&leaf, sizeof leaf, leaves[h][i]);
		}
	known = log_make("log.example/a");
	other = log_make("log.example/b");
	add(&known);
	return 0;
}

static int teardown(void **state)
{
	DIR *d = opendir(folder);

	state_close(&witness);
	for (struct dirent *i; d && (i = readdir(d));)
		(void)unlinkat(dirfd(d), i->d_name, 0);
	closedir(d);
	return rmdir(folder);
}

static int node(void *arg, unsigned level, uint64_t index, uint8_t out[MERKLE_LEN])
{
	merkle_root(leaves[*(unsigned *)arg][index << level], (size_t)1 << level, out);
	return 0;
}

/* A signed checkpoint of the first `size` leaves of a history; root: flipped in one bit. */
static void checkpoint(struct buf *b, const struct log *l, unsigned history, uint64_t size, bool wrong)
{
	struct checkpoint c = {.origin = str_from(l->key.name), .size = size};
	struct buf text;

	assert_int_equal(merkle_root_at(node, &history, size, c.root), 0);
	c.root[7] ^= wrong;
	buf_init(&text, NOTE_MAX);
	checkpoint_put(&text, &c);
	assert_int_equal(note_sign(b, buf_view(&text), &l->key, l->secret), 0);
	buf_release(&text);
}

static unsigned cosign(struct str body, char *said, size_t size)
{
	struct buf out;
	unsigned status;

	buf_init(&out, NOTE_MAX);
	status = state_cosign(&witness, body, 1700000000, &out);
	snprintf(said, size, "%s", buf_z(&out));
	buf_release(&out);
	return status;
}

/* What was cosigned last, read as a monitor would. */
static uint64_t seen_size(const struct log *l)
{
	char hex[SHA256_HEX];
	struct checkpoint c = {.size = UINT64_MAX};
	struct note n;
	uint64_t time;
	struct buf b;

	sha256_hex(l->key.name, strlen(l->key.name), hex);
	buf_init(&b, NOTE_MAX);
	if (state_seen(&witness, str_from(hex), &b) == 200) {
		assert_int_equal(checkpoint_check(buf_view(&b), &l->key, &c, NULL), 0);
		assert_int_equal(note_parse(buf_view(&b), &n), 0);
		assert_int_equal(cosign_check(&n, &witness.key, &time), 0);
		assert_int_equal(time, 1700000000);
		assert_int_equal(n.n_sigs, 2);
	}
	buf_release(&b);
	return c.size;
}

/* One after the other: each answer depends on what was cosigned before. */
static void in_turn(void **state)
{
	static const struct {
		const struct log *log;
		uint64_t old, size;
		unsigned history;
		bool wrong_root;
		int proof;                                   /* 1 the right one, 0 none, -1 with one bit flipped, 2 one hash too many */
		unsigned want;
		const char *said;
	} t[] = {
	    {&other, 0, 5, 0, false, 0, 404, ""},
	    {&known, 6, 5, 0, false, 0, 400, ""},
	    {&known, 3, 5, 0, false, 1, 409, "0\n"},
	    {&known, 0, 0, 0, true, 0, 422, ""},            /* not the root of nothing */
	    {&known, 0, 0, 0, false, 2, 422, ""},
	    {&known, 0, 0, 0, false, 0, 200, NULL},
	    {&known, 0, 0, 0, false, 0, 200, NULL},
	    {&known, 0, 5, 0, false, 2, 422, ""},
	    {&known, 0, 5, 0, false, 0, 200, NULL},
	    {&known, 0, 5, 0, false, 0, 409, "5\n"},
	    {&known, 5, 5, 0, false, 0, 200, NULL},
	    {&known, 5, 5, 0, true, 0, 422, ""},
	    {&known, 5, 5, 0, false, 2, 422, ""},
	    {&known, 5, 22, 0, false, 0, 422, ""},
	    {&known, 5, 22, 0, false, -1, 422, ""},
	    {&known, 5, 22, 0, false, 2, 422, ""},
	    {&known, 5, 22, 0, true, 1, 422, ""},
	    {&known, 5, 22, 0, false, 1, 200, NULL},
	    {&known, 22, 22, 1, false, 0, 422, ""},         /* another history of the same length */
	    {&known, 22, 30, 1, false, 1, 422, ""},
	    {&known, 20, 30, 1, false, 1, 409, "22\n"},
	    {&known, 5, 10, 0, false, 1, 409, "22\n"},      /* put back */
	    {&known, 22, 40, 0, false, 1, 200, NULL},
	};

	assert_int_equal(seen_size(&known), UINT64_MAX);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		uint8_t proof[MERKLE_PROOF_MAX][MERKLE_LEN] = {0};
		uint64_t before = seen_size(&known);
		unsigned history = t[i].history, status;
		struct buf note, body;
		char said[600];
		size_t n = 0;

		buf_init(&note, NOTE_MAX);
		buf_init(&body, REQUEST_MAX);
		checkpoint(&note, t[i].log, history, t[i].size, t[i].wrong_root);
		if (t[i].proof && t[i].old && t[i].old <= t[i].size)
			assert_int_equal(merkle_consistency(node, &history, t[i].old, t[i].size, proof, &n), 0);
		if (t[i].proof < 0)
			proof[n - 1][3] ^= 1;
		n += t[i].proof == 2;
		request_put(&body, t[i].old, proof, n, buf_view(&note));
		status = cosign(buf_view(&body), said, sizeof said);
		if (status != t[i].want || (t[i].said && strcmp(said, t[i].said) != 0))
			fail_msg("%zu: %u %s", i, status, said);
		if (status == 200) {
			struct note cosigned;
			uint64_t time;

			buf_puts(&note, said);
			assert_int_equal(note_parse(buf_view(&note), &cosigned), 0);
			assert_int_equal(cosign_check(&cosigned, &witness.key, &time), 0);
		}
		assert_int_equal(seen_size(&known), status == 200 ? t[i].size : before);
		buf_release(&note);
		buf_release(&body);
	}
}

static void signatures(void **state)
{
	struct buf note, body;
	char said[600];

	buf_init(&note, NOTE_MAX);
	buf_init(&body, REQUEST_MAX);
	checkpoint(&note, &known, 0, 7, false);
	request_put(&body, 0, NULL, 0, buf_view(&note));
	/* no bit of it, changed, is cosigned */
	for (size_t i = 0; i < body.n * 8; i++) {
		unsigned status;

		body.p[i / 8] ^= (char)(1 << i % 8);
		status = cosign(buf_view(&body), said, sizeof said);
		if (status != 400 && status != 403 && status != 404 && status != 409)
			fail_msg("bit %zu: %u", i, status);
		body.p[i / 8] ^= (char)(1 << i % 8);
	}
	for (size_t n = 0; n < body.n; n++)
		assert_int_equal(cosign(str_n(body.p, n), said, sizeof said), 400);
	/* lines of strangers are nothing to us, and do not go into the monitor's copy */
	buf_puts(&body, "\xe2\x80\x94 stranger.example AAAAAAAA\n");
	assert_int_equal(cosign(buf_view(&body), said, sizeof said), 409);
	buf_release(&note);
	buf_release(&body);
}

/* A damaged memory is no empty one. */
static void what_it_saw_is_damaged(void **state)
{
	char hex[SHA256_HEX], name[80], said[600];
	struct buf note, body;

	sha256_hex(known.key.name, strlen(known.key.name), hex);
	snprintf(name, sizeof name, "seen-%s", hex);
	assert_int_equal(file_write_atomic_at(witness.dir, name, "x\n", 2, 0644, NULL), 0);
	buf_init(&note, NOTE_MAX);
	buf_init(&body, REQUEST_MAX);
	checkpoint(&note, &known, 0, 7, false);
	request_put(&body, 0, NULL, 0, buf_view(&note));
	assert_int_equal(cosign(buf_view(&body), said, sizeof said), 500);
	assert_string_equal(said, "");
	buf_release(&note);
	buf_release(&body);
}

static void tile_names(void **state)
{
	static const struct {
		const char *path;
		bool good, entries;
		unsigned level, width;
		uint64_t n;
	} t[] = {
	    {"/tile/0/000", true, false, 0, 256, 0},
	    {"/tile/63/x001/x234/067", true, false, 63, 256, 1234067},
	    {"/tile/1/x001/000.p/255", true, false, 1, 255, 1000},
	    {"/tile/entries/999.p/1", true, true, 0, 1, 999},
	    {"/tile/0/x999/x999/x999/x999/x999/999", true, false, 0, 256, 999999999999999999},
	    {"/tile/0/x001/x999/x999/x999/x999/x999/999", false}, {"/tile/0/x000/001", false}, {"/tile/0/x001", false}, {"/tile/0/001/001", false},
	    {"/tile/0/001/", false}, {"/tile/0/", false}, {"/tile/0", false}, {"/tile/", false}, {"/tile/64/000", false}, {"/tile/00/000", false},
	    {"/tile/+1/000", false}, {"/tile/0/000.p/256", false}, {"/tile/0/000.p/0", false}, {"/tile/0/000.p/", false}, {"/tile/0/000.p", false},
	    {"/tile/0/000.p/1/", false}, {"/tile/0/000.p/01", false}, {"/tile/0/000.q/1", false}, {"/tile/0/0000", false}, {"/tile/0/00", false},
	    {"/tile/0/00a", false}, {"/tile/0/x001.p/000", false}, {"tile/0/000", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct tile_name n;

		if ((tile_name_parse(str_from(t[i].path), &n) == 0) != t[i].good ||
		    (t[i].good && (n.entries != t[i].entries || n.level != t[i].level || n.width != t[i].width || n.n != t[i].n)))
			fail_msg("%s", t[i].path);
	}
}

static void answers(void **state)
{
	static const struct {
		const char *raw;
		int want;
		unsigned status;
		const char *type, *body;
	} t[] = {
	    {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nbody", 0, 200, "text/plain", "body"},
	    {"HTTP/1.0 409 Conflict\r\ncontent-length: 2\r\nCONTENT-TYPE:  text/x.tlog.size \r\n\r\n7\nmore", 0, 409, "text/x.tlog.size", "7\n"},
	    {"HTTP/1.1 204\n\n", 0, 204, "", ""},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody", ERR_PROTO},
	    {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nbody", ERR_PROTO},
	    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ERR_PROTO},
	    {"HTTP/1.1 200 OK\r\n", ERR_PROTO},
	    {"HTTP/1.1 20", ERR_PROTO},
	    {"HTTP/2 200 OK\r\n\r\n", ERR_PROTO},
	    {"HTTP/1.1 999 OK\r\n\r\n", ERR_PROTO},
	    {"", ERR_PROTO},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct client_answer a;
		int r = client_parse(str_from(t[i].raw), &a);

		if (r != t[i].want || (!r && (a.status != t[i].status || !str_is(a.type, t[i].type) || !str_is(a.body, t[i].body))))
			fail_msg("%zu: %d", i, r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_turn),    cmocka_unit_test(signatures), cmocka_unit_test(what_it_saw_is_damaged),
	    cmocka_unit_test(tile_names), cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
