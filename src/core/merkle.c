#include "core/merkle.h"

#include <stdbool.h>
#include <string.h>

#include "lib/hash.h"

void merkle_empty(uint8_t out[MERKLE_LEN])
{
	sha256("", 0, out);
}

void merkle_leaf(const void *p, size_t n, uint8_t out[MERKLE_LEN])
{
	struct str parts[2] = {{"\0", 1}, {p, n}};

	sha256_parts(parts, 2, out);
}

void merkle_leaves(const struct str *leaves, size_t n, uint8_t *out)
{
	sha256_many(0, leaves, n, out);
}

void merkle_node(const uint8_t *left, const uint8_t *right, uint8_t out[MERKLE_LEN])
{
	uint8_t b[1 + 2 * MERKLE_LEN];

	b[0] = 1;
	memcpy(b + 1, left, MERKLE_LEN);
	memcpy(b + 1 + MERKLE_LEN, right, MERKLE_LEN);
	sha256(b, sizeof b, out);
}

int merkle_edge_add(struct merkle_edge *e, unsigned level, const uint8_t *hash)
{
	uint8_t h[MERKLE_LEN];

	if (level > 63 || e->size & ((UINT64_C(1) << level) - 1))
		return ERR_WRONG_STATE;
	memcpy(h, hash, MERKLE_LEN);
	for (unsigned l = level; l < 64; l++) {
		if (!(e->size >> l & 1)) {
			memcpy(e->h[l], h, MERKLE_LEN);
			e->size += UINT64_C(1) << level;
			return 0;
		}
		merkle_node(e->h[l], h, h);
	}
	return ERR_RANGE;
}

void merkle_edge_root(const struct merkle_edge *e, uint8_t out[MERKLE_LEN])
{
	bool any = false;

	merkle_empty(out);
	for (unsigned l = 0; l < 64; l++) {
		if (!(e->size >> l & 1))
			continue;
		if (any)
			merkle_node(e->h[l], out, out);
		else
			memcpy(out, e->h[l], MERKLE_LEN);
		any = true;
	}
}

/* Of 2^k hashes, at most a tile: level by level, where neighbours lie side by side as a node hashes them. */
static void complete_root(const uint8_t *hashes, size_t n, uint8_t out[MERKLE_LEN])
{
	uint8_t h[2][MERKLE_TILE / 2 * MERKLE_LEN];
	struct str pairs[MERKLE_TILE / 2];
	const uint8_t *from = hashes;

	for (unsigned turn = 0; n > 1; n /= 2, from = h[turn], turn = !turn) {
		for (size_t i = 0; i < n / 2; i++)
			pairs[i] = str_n(from + i * 2 * MERKLE_LEN, 2 * MERKLE_LEN);
		sha256_many(1, pairs, n / 2, h[turn]);
	}
	memcpy(out, from, MERKLE_LEN);
}

void merkle_root(const uint8_t *hashes, size_t n, uint8_t out[MERKLE_LEN])
{
	struct merkle_edge e = {0};

	if (n && n <= MERKLE_TILE && !(n & (n - 1))) {
		complete_root(hashes, n, out);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (merkle_edge_add(&e, 0, hashes + i * MERKLE_LEN))
			return; /* only at 2^64 hashes */
	merkle_edge_root(&e, out);
}

/* MTH(D[from : to]) where from is a multiple of the largest power of two <= to - from, as in every RFC 6962 split:
 * complete subtrees from left to right, joined from the right. */
static int range(merkle_node_fn *node, void *arg, uint64_t from, uint64_t to, uint8_t out[MERKLE_LEN])
{
	uint8_t h[64][MERKLE_LEN];
	unsigned n = 0;
	uint64_t at = from;

	for (int l = 63; l >= 0; l--) {
		if (!((to - from) >> l & 1))
			continue;
		int r = node(arg, (unsigned)l, at >> l, h[n]);

		if (r)
			return r;
		n++;
		at += UINT64_C(1) << l;
	}
	if (!n) {
		merkle_empty(out);
		return 0;
	}
	memcpy(out, h[n - 1], MERKLE_LEN);
	while (--n > 0)
		merkle_node(h[n - 1], out, out);
	return 0;
}

int merkle_root_at(merkle_node_fn *node, void *arg, uint64_t size, uint8_t out[MERKLE_LEN])
{
	return range(node, arg, 0, size, out);
}

/* The largest power of two below n (n >= 2). */
static uint64_t split(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* The RFC defines both proofs from the root down; here the ranges met on the way are kept and hashed in reverse. */
struct ranges {
	uint64_t from[MERKLE_PROOF_MAX], to[MERKLE_PROOF_MAX];
	size_t n;
};

static void ranges_add(struct ranges *r, uint64_t from, uint64_t to)
{
	r->from[r->n] = from;
	r->to[r->n++] = to;
}

static int ranges_hash(const struct ranges *r, merkle_node_fn *node, void *arg, uint8_t proof[][MERKLE_LEN],
                       size_t *ret_n)
{
	for (size_t i = 0; i < r->n; i++) {
		int bad = range(node, arg, r->from[r->n - 1 - i], r->to[r->n - 1 - i], proof[i]);

		if (bad)
			return bad;
	}
	*ret_n = r->n;
	return 0;
}

int merkle_inclusion(merkle_node_fn *node, void *arg, uint64_t index, uint64_t size,
                     uint8_t proof[MERKLE_PROOF_MAX][MERKLE_LEN], size_t *ret_n)
{
	struct ranges r = {.n = 0};
	uint64_t from = 0, to = size;

	if (index >= size)
		return ERR_RANGE;
	while (to - from > 1) {
		uint64_t mid = from + split(to - from);

		if (index < mid) {
			ranges_add(&r, mid, to);
			to = mid;
		} else {
			ranges_add(&r, from, mid);
			from = mid;
		}
	}
	return ranges_hash(&r, node, arg, proof, ret_n);
}

int merkle_consistency(merkle_node_fn *node, void *arg, uint64_t old, uint64_t size,
                       uint8_t proof[MERKLE_PROOF_MAX][MERKLE_LEN], size_t *ret_n)
{
	struct ranges r = {.n = 0};
	uint64_t from = 0, to = size;
	bool whole = true; /* [from, old) is the whole old tree, whose root the verifier has */

	if (!old || old > size)
		return ERR_RANGE;
	while (old != to) {
		uint64_t mid = from + split(to - from);

		if (old <= mid) {
			ranges_add(&r, mid, to);
			to = mid;
		} else {
			ranges_add(&r, from, mid);
			from = mid;
			whole = false;
		}
	}
	if (!whole)
		ranges_add(&r, from, to);
	return ranges_hash(&r, node, arg, proof, ret_n);
}

int merkle_inclusion_check(uint64_t index, uint64_t size, const uint8_t *leaf, uint8_t proof[][MERKLE_LEN],
                           size_t n, const uint8_t *root)
{
	uint64_t fn = index, sn = size - 1;
	uint8_t r[MERKLE_LEN];

	if (index >= size)
		return ERR_RANGE;
	memcpy(r, leaf, MERKLE_LEN);
	for (size_t i = 0; i < n; i++) {
		if (!sn)
			return ERR_CORRUPT;
		if (fn & 1 || fn == sn) {
			merkle_node(proof[i], r, r);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node(r, proof[i], r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return !sn && !memcmp(r, root, MERKLE_LEN) ? 0 : ERR_CORRUPT;
}

int merkle_consistency_check(uint64_t from, uint64_t to, const uint8_t *from_root, const uint8_t *to_root,
                             uint8_t proof[][MERKLE_LEN], size_t n)
{
	uint64_t fn = from - 1, sn = to - 1;
	uint8_t fr[MERKLE_LEN], sr[MERKLE_LEN];
	size_t i = 0;

	if (!from || from > to)
		return ERR_RANGE;
	if (from == to)
		return !n && !memcmp(from_root, to_root, MERKLE_LEN) ? 0 : ERR_CORRUPT;
	if (!n)
		return ERR_CORRUPT;
	while (fn & 1) {
		fn >>= 1;
		sn >>= 1;
	}
	memcpy(fr, from & (from - 1) ? proof[i++] : from_root, MERKLE_LEN);
	memcpy(sr, fr, MERKLE_LEN);
	for (; i < n; i++) {
		if (!sn)
			return ERR_CORRUPT;
		if (fn & 1 || fn == sn) {
			merkle_node(proof[i], fr, fr);
			merkle_node(proof[i], sr, sr);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node(sr, proof[i], sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return !sn && !memcmp(fr, from_root, MERKLE_LEN) && !memcmp(sr, to_root, MERKLE_LEN) ? 0 : ERR_CORRUPT;
}
