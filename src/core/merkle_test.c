#include "core/merkle.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "lib/arena.h"
#include "lib/file.h"
#include "lib/hash.h"

/* The eight leaves and roots of the Certificate Transparency reference tests (RFC 6962). */
static const struct str leaves[] = {
    {"", 0}, {"\x00", 1}, {"\x10", 1}, {"\x20\x21", 2}, {"\x30\x31", 2}, {"\x40\x41\x42\x43", 4},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8}, {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16},
};
static const char *const roots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

#define SIZE 300
static uint8_t leaf[SIZE][MERKLE_LEN];
static uint8_t complete[9][SIZE][MERKLE_LEN];

/* MTH as RFC 6962 §2.1 words it: the yardstick, slow and obvious. */
static void mth(size_t from, size_t to, uint8_t out[MERKLE_LEN])
{
	uint8_t l[MERKLE_LEN], r[MERKLE_LEN];
	size_t k = 1;

	if (from == to) {
		merkle_empty(out);
		return;
	}
	if (to - from == 1) {
		memcpy(out, leaf[from], MERKLE_LEN);
		return;
	}
	while (2 * k < to - from)
		k *= 2;
	mth(from, from + k, l);
	mth(from + k, to, r);
	merkle_node(l, r, out);
}

static int node(void *arg, unsigned level, uint64_t index, uint8_t out[MERKLE_LEN])
{
	uint64_t n = *(uint64_t *)arg;

	assert_true((index + 1) << level <= n);
	memcpy(out, complete[level][index], MERKLE_LEN);
	return 0;
}

static void fill(void)
{
	for (size_t i = 0; i < SIZE; i++)
		merkle_leaf(&i, sizeof i, leaf[i]);
	for (unsigned l = 0; l < ARRAY_LEN(complete); l++)
		for (size_t i = 0; (i + 1) << l <= SIZE; i++)
			mth(i << l, (i + 1) << l, complete[l][i]);
}

static void known_answers(void **state)
{
	struct merkle_edge e = {0};

	for (size_t n = 0; n <= ARRAY_LEN(leaves); n++) {
		uint8_t want[MERKLE_LEN], got[MERKLE_LEN];

		assert_int_equal(hex_decode(str_from(roots[n]), want, sizeof want), MERKLE_LEN);
		merkle_edge_root(&e, got);
		assert_memory_equal(got, want, MERKLE_LEN);
		if (n == ARRAY_LEN(leaves))
			break;
		merkle_leaf(leaves[n].p, leaves[n].n, leaf[n]);
		assert_int_equal(merkle_edge_add(&e, 0, leaf[n]), 0);
	}
}

static void edge_equals_definition(void **state)
{
	struct merkle_edge e = {0};

	fill();
	for (uint64_t n = 0; n < SIZE; n++) {
		uint8_t want[MERKLE_LEN], got[MERKLE_LEN];

		mth(0, n, want);
		merkle_edge_root(&e, got);
		assert_memory_equal(got, want, MERKLE_LEN);
		merkle_root(leaf[0], n, got);
		assert_memory_equal(got, want, MERKLE_LEN);
		assert_int_equal(merkle_root_at(node, &n, n, got), 0);
		assert_memory_equal(got, want, MERKLE_LEN);
		assert_int_equal(merkle_edge_add(&e, 0, leaf[n]), 0);
	}
}

static void edge_takes_subtrees(void **state)
{
	struct merkle_edge e = {0};
	uint8_t h[MERKLE_LEN], want[MERKLE_LEN];

	fill();
	mth(0, 128, h);
	assert_int_equal(merkle_edge_add(&e, 7, h), 0);
	mth(128, 160, h);
	assert_int_equal(merkle_edge_add(&e, 5, h), 0);
	assert_int_equal(merkle_edge_add(&e, 0, leaf[160]), 0);
	assert_int_equal(merkle_edge_add(&e, 1, h), ERR_WRONG_STATE);
	assert_int_equal(merkle_edge_add(&e, 64, h), ERR_WRONG_STATE);
	mth(0, 161, want);
	merkle_edge_root(&e, h);
	assert_memory_equal(h, want, MERKLE_LEN);
}

static void inclusion_all_pairs(void **state)
{
	fill();
	for (uint64_t n = 1; n <= SIZE; n++) {
		uint8_t root[MERKLE_LEN];

		mth(0, n, root);
		for (uint64_t i = 0; i < n; i++) {
			uint8_t proof[MERKLE_PROOF_MAX][MERKLE_LEN];
			size_t k;

			assert_int_equal(merkle_inclusion(node, &n, i, n, proof, &k), 0);
			assert_int_equal(merkle_inclusion_check(i, n, leaf[i], proof, k, root), 0);
			assert_int_not_equal(merkle_inclusion_check(i ^ 1, n, leaf[i], proof, k, root), 0);
			if (k) {
				assert_int_not_equal(merkle_inclusion_check(i, n, leaf[i], proof, k - 1, root), 0);
				proof[k / 2][5] ^= 4;
				assert_int_not_equal(merkle_inclusion_check(i, n, leaf[i], proof, k, root), 0);
			}
		}
		uint8_t proof[MERKLE_PROOF_MAX][MERKLE_LEN];
		size_t k;

		assert_int_equal(merkle_inclusion(node, &n, n, n, proof, &k), ERR_RANGE);
	}
}

static void consistency_all_pairs(void **state)
{
	fill();
	for (uint64_t n = 1; n <= SIZE; n++) {
		uint8_t root[MERKLE_LEN], old[MERKLE_LEN];

		mth(0, n, root);
		for (uint64_t m = 1; m <= n; m++) {
			uint8_t proof[MERKLE_PROOF_MAX][MERKLE_LEN];
			size_t k;

			mth(0, m, old);
			assert_int_equal(merkle_consistency(node, &n, m, n, proof, &k), 0);
			assert_int_equal(merkle_consistency_check(m, n, old, root, proof, k), 0);
			old[0] ^= 1;
			assert_int_not_equal(merkle_consistency_check(m, n, old, root, proof, k), 0);
			old[0] ^= 1;
			if (k) {
				proof[k - 1][31] ^= 1;
				assert_int_not_equal(merkle_consistency_check(m, n, old, root, proof, k), 0);
				assert_int_not_equal(merkle_consistency_check(m, n, old, root, proof, k - 1), 0);
			}
		}
	}
	assert_int_equal(merkle_consistency_check(0, 1, leaf[0], leaf[0], NULL, 0), ERR_RANGE);
}

/* --- vectors of transparency-dev/merkle, where they lie beside the checkout -------------------------------------- */

/* Roots that only have to be equal are short texts in some vectors: they are padded here. */
static void get_hash(json_t *o, const char *key, uint8_t out[MERKLE_LEN], bool *ret_ok)
{
	const char *z = json_string_value(json_object_get(o, key));

	memset(out, 0, MERKLE_LEN);
	*ret_ok = z && base64_decode(str_from(z), out, MERKLE_LEN) > 0;
}

static uint64_t get_int(json_t *o, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(o, key));
}

static void check_vector(json_t *o, const char *path, bool inclusion)
{
	uint8_t a[MERKLE_LEN], b[MERKLE_LEN], proof[128][MERKLE_LEN];
	json_t *list = json_object_get(o, "proof");
	bool ok_a, ok_b, ok = true;
	int r = ERR_SYNTAX;
	size_t n = json_array_size(list);

	assert_true(n < ARRAY_LEN(proof));
	for (size_t i = 0; i < n; i++) {
		const char *z = json_string_value(json_array_get(list, i));

		ok = ok && base64_decode(str_from(z), proof[i], MERKLE_LEN) == MERKLE_LEN;
	}
	get_hash(o, inclusion ? "leafHash" : "root1", a, &ok_a);
	get_hash(o, inclusion ? "root" : "root2", b, &ok_b);
	if (ok && ok_a && ok_b)
		r = inclusion ? merkle_inclusion_check(get_int(o, "leafIdx"), get_int(o, "treeSize"), a, proof, n, b)
		              : merkle_consistency_check(get_int(o, "size1"), get_int(o, "size2"), a, b, proof, n);
	if ((r != 0) != json_is_true(json_object_get(o, "wantErr")))
		fail_msg("%s: %s", path, json_string_value(json_object_get(o, "desc")));
}

static size_t walk(const char *dir, bool inclusion)
{
	struct arena *a = arena_new(1 << 20);
	size_t done = 0, n;
	char **names;

	assert_int_equal(dir_list(a, dir, "", &names, &n, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		const char *path = arena_printf(a, "%s/%s", dir, names[i]);
		struct buf b;
		json_error_t je;

		if (!str_ends(str_from(path), ".json")) {
			done += walk(path, inclusion);
			continue;
		}
		buf_init(&b, 1 << 16);
		assert_int_equal(file_read(path, 1 << 16, &b, NULL), 0);
		/* jansson knows no number above 2^63 - 1; as the only one of the vectors, 2^64 - 1 is written as -1 */
		char *max = strstr(buf_z(&b), "18446744073709551615");

		if (max)
			memcpy(max, "-1                  ", 20);
		json_t *o = json_loadb(b.p, b.n, 0, &je);

		assert_non_null(o);
		check_vector(o, path, inclusion);
		json_decref(o);
		buf_release(&b);
		done++;
	}
	arena_free(a);
	return done;
}

static void vectors(void **state)
{
	const char *shared = getenv("SEKISHO_SHARED");
	char dir[PATH_MAX];

	for (int inclusion = 0; inclusion < 2; inclusion++) {
		snprintf(dir, sizeof dir, "%s/data/merkle/testdata/%s", shared ? shared : "../shared",
		         inclusion ? "inclusion" : "consistency");
		if (access(dir, R_OK)) {
			printf("skip vectors: no %s\n", dir);
			skip();
		}
		size_t n = walk(dir, inclusion);

		printf("%zu vectors in %s\n", n, dir);
		assert_true(n >= 90);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_answers),         cmocka_unit_test(edge_equals_definition),
	    cmocka_unit_test(edge_takes_subtrees),   cmocka_unit_test(inclusion_all_pairs),
	    cmocka_unit_test(consistency_all_pairs), cmocka_unit_test(vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
