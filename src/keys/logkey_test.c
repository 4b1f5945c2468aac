#include "core/logkey.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/proto.h"
#include "keys/answer.h"
#include "lib/file.h"

static char folder[64];
static int dir;

static int setup(void **state)
{
	struct err e;
	snprintf(folder, sizeof folder, "/tmp/sekisho-keys-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return logkey_make(dir, &e) == 0 && tlskey_make(dir, &e) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	close(dir);
	pid_t pid = fork();
	if (pid == 0)
		execlp("rm", "rm", "-rf", folder, (char *)NULL);
	return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

/* Trees of different histories share no leaf. */
static int node(void *arg, unsigned level, uint64_t index, uint8_t out[MERKLE_LEN])
{
	uint8_t l[MERKLE_LEN], r[MERKLE_LEN];
	if (level == 0) {
		uint64_t leaf[2] = {index, (uint64_t)*(int *)arg};
		merkle_leaf(leaf, sizeof leaf, out);
		return 0;
	}
	int bad = node(arg, level - 1, 2 * index, l) | node(arg, level - 1, 2 * index + 1, r);
	merkle_node(l, r, out);
	return bad;
}

/* Signs with the proof from `from` and, when that worked, checks the note by the vkey, as somebody outside would. */
static int sign_from(struct logkey *k, const char *origin, uint64_t from, uint64_t size, int history)
{
	struct checkpoint c = {.origin = str_from(origin), .size = size}, got;
	uint8_t proof[MERKLE_PROOF_MAX][MERKLE_LEN];
	struct note_key key;
	struct buf note, line;
	struct err e = {0};
	size_t n = 0;
	assert_int_equal(merkle_root_at(node, &history, size, c.root), 0);
	if (from > 0 && from <= size)
		assert_int_equal(merkle_consistency(node, &history, from, size, proof, &n), 0);
	buf_init(&note, 4096);
	buf_init(&line, 512);
	int r = logkey_sign(k, &c, from, proof, n, &note, &e);
	if (r == 0) {
		assert_int_equal(logkey_vkey(k, str_from(origin), &line), 0);
		assert_int_equal(note_key_parse(buf_view(&line), &key, &e), 0);
		assert_int_equal(checkpoint_check(buf_view(&note), &key, &got, &e), 0);
		assert_true(got.size == size && memcmp(got.root, c.root, MERKLE_LEN) == 0);
		assert_true(str_has(buf_view(&note), "\n\n\xe2\x80\x94 "));
		assert_int_equal(logkey_size(k, str_from(origin)), size);
	} else {
		assert_int_equal(note.n, 0);
	}
	buf_release(&note);
	buf_release(&line);
	return r;
}

static int sign(struct logkey *k, const char *origin, uint64_t size, int history)
{
	return sign_from(k, origin, logkey_size(k, str_from(origin)), size, history);
}

static struct logkey *reopen(struct logkey *k)
{
	struct err e = {0};
	logkey_free(k);
	k = NULL;
	assert_int_equal(logkey_open(folder, &k, &e), 0);
	return k;
}

static void test_only_grows(void **state)
{
	static const struct {
		const char *origin;
		uint64_t size;
		int history, expect;
	} rows[] = {
		{"a.example/log", 0, 1, 0},
		{"a.example/log", 5, 2, 0},
		{"a.example/log", 5, 2, 0},                  /* the same again: a vault that crashed before it published */
		{"a.example/log", 5, 3, ERR_CONFLICT},
		{"a.example/log", 4, 2, ERR_CONFLICT},
		{"a.example/log", 0, 1, ERR_CONFLICT},
		{"b.example/log", 1, 9, 0},                  /* another log has its own history */
		{"a.example/log", 6, 3, ERR_CONFLICT},       /* longer, but not the same log */
		{"a.example/log", 6, 2, 0},
		{"a.example/log", 16, 2, 0},
		{"a.example/log", 17, 3, ERR_CONFLICT},
		{"with space", 1, 1, ERR_INVALID},
		{"", 1, 1, ERR_INVALID},
		{"plus+", 1, 1, ERR_INVALID},
	};
	/* Once in one life, once with a restart before every step. */
	for (int restart = 0; restart < 2; restart++) {
		setup(NULL);
		struct logkey *k = reopen(NULL);
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			assert_int_equal(sign(k, rows[i].origin, rows[i].size, rows[i].history), rows[i].expect);
			if (restart)
				k = reopen(k);
		}
		logkey_free(k);
		teardown(NULL);
	}
}

/* A right proof from another size than the signed one, or none at all, is no proof. */
static void test_proof_must_begin_at_the_signed_size(void **state)
{
	struct logkey *k = reopen(NULL);
	assert_int_equal(sign(k, "a.example/log", 5, 1), 0);
	assert_int_equal(sign_from(k, "a.example/log", 0, 9, 1), ERR_CONFLICT);
	assert_int_equal(sign_from(k, "a.example/log", 4, 9, 1), ERR_CONFLICT);
	assert_int_equal(sign_from(k, "a.example/log", 6, 9, 1), ERR_CONFLICT);
	assert_int_equal(sign_from(k, "a.example/log", 5, 9, 1), 0);
	logkey_free(k);
}

/* When it cannot be remembered it is not signed, and not half remembered either. */
static void test_no_memory_no_signature(void **state)
{
	struct logkey *k = reopen(NULL);
	assert_int_equal(sign(k, "a.example/log", 3, 1), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (fchmod(dir, 0500) != 0 || (geteuid() == 0 && (fchown(dir, 65534, 65534) != 0 || setuid(65534) != 0)))
			_exit(9);
		_exit(sign(k, "a.example/log", 4, 1) == ERR_SYS && sign(k, "a.example/log", 3, 1) == 0 ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	logkey_free(k);
}

static void test_damage_is_noticed(void **state)
{
	static const char *const texts[] = {"", "x", "a.example/log\n3\n",
	                                    "b.example/log\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"};
	struct logkey *k = reopen(NULL);
	struct err e = {0};
	char **names;
	size_t n;
	assert_int_equal(sign(k, "a.example/log", 3, 1), 0);
	logkey_free(k);
	struct arena *a = arena_new(65536);
	assert_int_equal(dir_list(a, folder, "", &names, &n, &e), 0);
	for (size_t i = 0; i < n; i++)
		for (size_t t = 0; strncmp(names[i], "signed-", 7) == 0 && t < ARRAY_LEN(texts); t++) {
			assert_int_equal(file_write_atomic_at(dir, names[i], texts[t], strlen(texts[t]), 0600, &e), 0);
			assert_int_equal(logkey_open(folder, &k, &e), ERR_CORRUPT);
		}
	arena_free(a);
	assert_int_equal(file_write_atomic_at(dir, "log.key", "short", 5, 0600, &e), 0);
	assert_int_equal(logkey_open(folder, &k, &e), ERR_CORRUPT);
}

static void test_making_again_changes_nothing(void **state)
{
	struct err e = {0};
	struct buf a, b;
	static const char *const names[] = {"log.key", "tls.key", "tls.crt"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct stat st;
		buf_init(&a, 65536);
		buf_init(&b, 65536);
		assert_int_equal(file_read_at(dir, names[i], 65536, &a, &e), 0);
		assert_int_equal(logkey_make(dir, &e) | tlskey_make(dir, &e), 0);
		assert_int_equal(file_read_at(dir, names[i], 65536, &b, &e), 0);
		assert_true(str_eq(buf_view(&a), buf_view(&b)));
		assert_int_equal(fstatat(dir, names[i], &st, 0), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		buf_release(&a);
		buf_release(&b);
	}
}

/* Who may ask what; anything else, and anything malformed, ends the peer. */
static void test_peers_and_messages(void **state)
{
	static const char root[48], digest[48];
	static const struct {
		const char *peer;
		uint16_t type;
		size_t bytes;                                /* of root or digest */
		int expect;
	} rows[] = {
		{"vault", KEYS_SIGN_LOG, 32, 0},          {"vault", KEYS_SIGN_LOG, 31, ERR_PROTO}, {"vault", KEYS_SIGN_LOG, 33, ERR_PROTO},
		{"front", KEYS_SIGN_LOG, 32, ERR_PROTO},  {"vault", KEYS_SIGN_TLS, 32, ERR_PROTO}, {"front", KEYS_SIGN_TLS, 32, 0},
		{"front", KEYS_SIGN_TLS, 31, ERR_PROTO},  {"front", KEYS_SIGN_TLS, 48, ERR_PROTO}, {"front", KEYS_CERT, 0, 0},
		{"vault", KEYS_CERT, 0, ERR_PROTO},       {"front", KEYS_VKEY, 0, ERR_PROTO},      {"vault", KEYS_VKEY, 0, 0},
		{"office.writer", KEYS_SIGN_LOG, 32, ERR_PROTO}, {"vault", 9999, 0, ERR_PROTO},    {"", KEYS_CERT, 0, ERR_PROTO},
	};
	struct keys k = {0};
	struct err e = {0};
	int p[2];
	assert_int_equal(logkey_open(folder, &k.log, &e) | tlskey_open(dir, &k.tls, &e) | msg_pair(p), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (int trailing = 0; trailing < 2; trailing++) {
			struct msg m, got;
			msg_init(&m, rows[i].type);
			if (rows[i].type == KEYS_SIGN_LOG || rows[i].type == KEYS_VKEY)
				msg_put_z(&m, "a.example/log");
			if (rows[i].type == KEYS_SIGN_LOG) {
				msg_put_i64(&m, 7);
				msg_put_str(&m, str_n(root, rows[i].bytes));
				msg_put_i64(&m, 0);
				msg_put_str(&m, STR(""));
			}
			if (rows[i].type == KEYS_SIGN_TLS) {
				msg_put_u32(&m, 256);
				msg_put_str(&m, str_n(digest, rows[i].bytes));
			}
			if (trailing)
				msg_put_u8(&m, 0);
			assert_int_equal(msg_send(p[0], &m), 0);
			assert_int_equal(msg_recv(p[1], &got), 0);
			assert_int_equal(keys_answer(&k, rows[i].peer, p[1], &got), trailing ? ERR_PROTO : rows[i].expect);
			msg_release(&got);
			msg_release(&m);
			if (rows[i].expect == 0 && !trailing) {
				assert_int_equal(msg_recv(p[0], &got), 0);
				assert_int_equal(got.type, rows[i].type == KEYS_VKEY ? KEYS_VKEY_IS : rows[i].type + 1);
				msg_release(&got);
			}
		}
	}
	close(p[0]);
	close(p[1]);
	logkey_free(k.log);
	tlskey_free(k.tls);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_grows), T(test_proof_must_begin_at_the_signed_size), T(test_no_memory_no_signature),
		T(test_damage_is_noticed),
		T(test_making_again_changes_nothing), T(test_peers_and_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
