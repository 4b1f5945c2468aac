#include "vault/fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "lib/file.h"

static void grows_and_reopens(void **state)
{
	static const uint64_t sizes[] = {1, 2, 255, 256, 257, 2047, 2048, 2049, 4096, 65535, 65536, 65537, 70000};
	struct fixture f;
	struct vault *v;
	uint64_t at, n = 0;

	fixture_init(&f);
	assert_int_equal(vault_create(f.path, STR(ORIGIN), 1, NULL), 0);
	assert_int_equal(vault_create(f.path, STR(ORIGIN), 1, NULL), ERR_EXISTS);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct checkpoint before, after;

		v = fixture_open(&f);
		while (n < sizes[i]) {
			assert_int_equal(fixture_append(v, &at), 0);
			assert_int_equal(at, n++);
		}
		assert_true(i == 0 || vault_signed_size(v) == sizes[i - 1]);
		assert_int_equal(vault_commit(v, NULL), 0);
		assert_int_equal(fixture_sign(&f, v), 0);
		vault_head(v, &before);
		vault_close(v);
		v = fixture_open(&f);
		vault_head(v, &after);
		assert_int_equal(before.size, after.size);
		assert_memory_equal(before.root, after.root, MERKLE_LEN);
		assert_int_equal(vault_signed_size(v), n);
		assert_int_equal(vault_source(v, STR("office"))->seq, n);
		vault_close(v);
		assert_true(fixture_good(&f, true));
	}
	fixture_release(&f);
}

/* Each root is the definition's root over the leaf hashes of the entries themselves. */
static void root_is_the_definition(void **state)
{
	struct fixture f;
	struct checkpoint c;
	struct vault *v;
	uint8_t root[MERKLE_LEN];
	uint8_t *leaves = calloc(5000, MERKLE_LEN);

	fixture_init(&f);
	fixture_fill(&f, 5000, 777);
	v = fixture_open(&f);
	for (uint64_t i = 0; i < 5000; i++) {
		struct str bytes;

		assert_int_equal(tlog_entry(vault_log(v), i, &bytes, NULL), 0);
		merkle_leaf(bytes.p, bytes.n, leaves + i * MERKLE_LEN);
	}
	merkle_root(leaves, 5000, root);
	vault_head(v, &c);
	assert_memory_equal(root, c.root, MERKLE_LEN);
	for (uint64_t n = 1; n <= 5000; n += 61) {
		uint8_t at[MERKLE_LEN];

		merkle_root(leaves, n, root);
		assert_int_equal(merkle_root_at(tlog_node, vault_log(v), n, at), 0);
		assert_memory_equal(root, at, MERKLE_LEN);
	}
	vault_close(v);
	free(leaves);
	fixture_release(&f);
}

static void proofs(void **state)
{
	static const uint64_t at[] = {0, 1, 255, 256, 2047, 2048, 65535, 65536, 66000, 69999};
	struct fixture f;
	struct buf entry, proof;
	struct vault *v;

	fixture_init(&f);
	fixture_fill(&f, 70000, 10000);
	v = fixture_open(&f);
	buf_init(&entry, ENTRY_MAX);
	buf_init(&proof, 2 * NOTE_MAX);
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		struct tlog_proof p;
		struct checkpoint c;
		uint8_t leaf[MERKLE_LEN];

		buf_clear(&entry);
		buf_clear(&proof);
		assert_int_equal(vault_prove(v, at[i], &entry, &proof, NULL), 0);
		assert_true(proof.n < 2048);
		merkle_leaf(entry.p, entry.n, leaf);
		assert_int_equal(tlog_proof_parse(buf_view(&proof), &p), 0);
		assert_int_equal(p.index, at[i]);
		assert_int_equal(tlog_proof_check(&p, leaf, &f.key, &c, NULL), 0);
		leaf[0] ^= 1;
		assert_int_not_equal(tlog_proof_check(&p, leaf, &f.key, &c, NULL), 0);
	}
	assert_int_equal(vault_prove(v, 70000, &entry, &proof, NULL), ERR_RANGE);
	buf_release(&entry);
	buf_release(&proof);
	vault_close(v);
	fixture_release(&f);
}

static void consistency_between_sizes(void **state)
{
	static const uint64_t at[] = {1, 255, 256, 2048, 2049, 30000, 65536, 65537, 70000};
	struct fixture f;
	struct vault *v;

	fixture_init(&f);
	fixture_fill(&f, 70000, 70000);
	v = fixture_open(&f);
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		for (size_t k = i; k < ARRAY_LEN(at); k++) {
			uint8_t old[MERKLE_LEN], new[MERKLE_LEN], proof[MERKLE_PROOF_MAX][MERKLE_LEN];
			struct tlog *s = vault_log(v);
			size_t n;

			assert_int_equal(merkle_root_at(tlog_node, s, at[i], old), 0);
			assert_int_equal(merkle_root_at(tlog_node, s, at[k], new), 0);
			assert_int_equal(merkle_consistency(tlog_node, s, at[i], at[k], proof, &n), 0);
			assert_int_equal(merkle_consistency_check(at[i], at[k], old, new, proof, n), 0);
		}
	}
	vault_close(v);
	fixture_release(&f);
}

static void finds_numbers(void **state)
{
	static const uint64_t seq[] = {1, 2, 300, 2048, 2049, 65536, 65537, 65538, 67000, 69999, 70000};
	struct fixture f;
	struct vault *v;
	uint8_t hash[SHA256_LEN];
	uint64_t at;

	fixture_init(&f);
	fixture_fill(&f, 70000, 5000);
	v = fixture_open(&f);
	for (size_t i = 0; i < ARRAY_LEN(seq); i++) {
		fixture_hash(seq[i], hash);
		assert_int_equal(vault_find(v, STR("office"), seq[i], hash, &at, NULL), 0);
		assert_int_equal(at, seq[i] - 1);
		hash[3] ^= 1;
		assert_int_equal(vault_find(v, STR("office"), seq[i], hash, &at, NULL), ERR_CONFLICT);
	}
	assert_int_equal(vault_find(v, STR("office"), 70001, hash, &at, NULL), ERR_NOTFOUND);
	assert_int_equal(vault_find(v, STR("office"), 0, hash, &at, NULL), ERR_NOTFOUND);
	assert_int_equal(vault_find(v, STR("other"), 1, hash, &at, NULL), ERR_NOTFOUND);
	vault_close(v);
	fixture_release(&f);
}

static void refuses_gaps_and_forks(void **state)
{
	struct entry en = {.transport = ENTRY_MESSAGE, .flags = ENTRY_CHAINED, .source = STR("office"), .raw = STR("x")};
	struct fixture f;
	struct vault *v;
	uint64_t at;

	fixture_init(&f);
	fixture_fill(&f, 3, 1);
	v = fixture_open(&f);
	memcpy(en.prev, vault_source(v, STR("office"))->hash, SHA256_LEN);
	en.seq = 5;
	assert_int_equal(vault_append(v, &en, &at, NULL), ERR_CONFLICT);
	en.seq = 3;
	assert_int_equal(vault_append(v, &en, &at, NULL), ERR_CONFLICT);
	en.seq = 4;
	en.prev[0] ^= 1;
	assert_int_equal(vault_append(v, &en, &at, NULL), ERR_CONFLICT);
	en.prev[0] ^= 1;
	assert_int_equal(vault_append(v, &en, &at, NULL), 0);
	assert_int_equal(at, 3);
	assert_int_equal(vault_append_own(v, "alarm", "\"what\":\"gap\"", &at, NULL), 0);
	assert_int_equal(vault_commit(v, NULL), 0);
	assert_int_equal(fixture_sign(&f, v), 0);
	vault_close(v);
	assert_true(fixture_good(&f, true));
	fixture_release(&f);
}

static void one_writer(void **state)
{
	struct vault_repair repair;
	struct vault *v, *w;
	struct fixture f;

	fixture_init(&f);
	fixture_fill(&f, 3, 1);
	v = fixture_open(&f);
	assert_int_equal(vault_open(f.path, &w, &repair, NULL), ERR_BUSY);
	vault_close(v);
	v = fixture_open(&f);
	vault_close(v);
	fixture_release(&f);
}

static void publishes_only_its_head(void **state)
{
	struct fixture f, other;
	struct vault *v;
	uint64_t at;

	fixture_init(&f);
	fixture_init(&other);
	fixture_fill(&f, 3, 1);
	v = fixture_open(&f);
	assert_int_equal(vault_set_key(v, buf_view(&other.vkey), NULL), ERR_CONFLICT);
	assert_int_equal(fixture_append(v, &at), 0);
	assert_true(!vault_unsigned(v));
	assert_int_equal(vault_publish(v, STR("nonsense"), NULL), ERR_SYNTAX);
	assert_int_equal(vault_commit(v, NULL), 0);
	assert_true(vault_unsigned(v));
	assert_int_equal(fixture_sign(&other, v), ERR_DENIED);
	/* the old note is rightly signed, but for another size */
	assert_int_equal(vault_publish(v, buf_view(&vault_log(v)->last_signed), NULL), ERR_CONFLICT);
	assert_int_equal(fixture_sign(&f, v), 0);
	vault_close(v);
	fixture_release(&other);
	fixture_release(&f);
}

/* Big entries end a block at a bundle's end; the raw bytes come back as they were. */
static void big_entries(void **state)
{
	struct entry en = {.transport = ENTRY_IMPORT, .source = STR("bulk"), .peer = STR("192.0.2.1")};
	static char raw[ENTRY_RAW_MAX + 1];
	struct fixture f;
	struct vault *v;
	uint64_t at;

	fixture_init(&f);
	assert_int_equal(vault_create(f.path, STR(ORIGIN), 1, NULL), 0);
	v = fixture_open(&f);
	random_bytes(raw, sizeof raw);
	for (unsigned i = 0; i < 600; i++) {
		raw[0] = (char)i;
		en.raw = str_n(raw, ENTRY_RAW_MAX);
		en.time_ns = i;
		assert_int_equal(vault_append(v, &en, &at, NULL), 0);
	}
	en.raw = str_n(raw, ENTRY_RAW_MAX + 1);
	assert_int_equal(vault_append(v, &en, &at, NULL), ERR_TOOBIG);
	assert_int_equal(vault_commit(v, NULL), 0);
	assert_int_equal(fixture_sign(&f, v), 0);
	vault_close(v);
	assert_true(fixture_good(&f, true));
	v = fixture_open(&f);
	assert_int_equal(vault_log(v)->open->first, 512);
	for (unsigned i = 0; i < 600; i += 37) {
		struct str bytes;
		struct entry got;

		assert_int_equal(tlog_entry(vault_log(v), i, &bytes, NULL), 0);
		assert_int_equal(entry_parse(bytes, &got), 0);
		raw[0] = (char)i;
		assert_true(str_eq(got.raw, str_n(raw, ENTRY_RAW_MAX)));
		assert_true(str_is(got.peer, "192.0.2.1"));
		assert_int_equal(got.time_ns, i);
	}
	vault_close(v);
	fixture_release(&f);
}

/* A stranger with nothing but zstd reads a sealed and an open segment: the messages, a line each. */
static void zstd_reads_segments(void **state)
{
	static const uint64_t firsts[] = {0, 65536};
	char in[160], out[160];
	struct fixture f;
	struct vault *v;

	fixture_init(&f);
	fixture_fill(&f, 70000, 10000);
	v = fixture_open(&f);
	for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
		const char *const argv[] = {"zstd", "-dq", "-f", in, "-o", out, NULL};
		uint64_t n = firsts[i];
		struct buf b;

		snprintf(in, sizeof in, "%s/seg/%020llu", f.path, (unsigned long long)n);
		snprintf(out, sizeof out, "%s/plain", f.root);
		assert_int_equal(run(argv), 0);
		buf_init(&b, 64 << 20);
		assert_int_equal(file_read(out, 64 << 20, &b, NULL), 0);
		for (struct str rest = buf_view(&b); rest.n; n++) {
			struct str stored, line = str_cut(&rest, '\n');
			struct entry en;

			assert_int_equal(tlog_entry(vault_log(v), n, &stored, NULL), 0);
			assert_int_equal(entry_parse(stored, &en), 0);
			assert_true(str_eq(en.raw, line));
		}
		assert_int_equal(n, i ? 69632 : 65536);
		buf_release(&b);
	}
	vault_close(v);
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(grows_and_reopens),        cmocka_unit_test(root_is_the_definition),
	    cmocka_unit_test(proofs),                   cmocka_unit_test(consistency_between_sizes),
	    cmocka_unit_test(finds_numbers),            cmocka_unit_test(refuses_gaps_and_forks),
	    cmocka_unit_test(one_writer),               cmocka_unit_test(publishes_only_its_head),
	    cmocka_unit_test(big_entries),              cmocka_unit_test(zstd_reads_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
