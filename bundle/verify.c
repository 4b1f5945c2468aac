/* Proves an evidence bundle; needs only a C compiler and OpenSSL's libcrypto.   cc -o verify verify.c -lcrypto && ./verify [VKEY [POLICY]]
 * The steps are those of verify.sh; VERIFY.md says them in words. Exit 0 proven, 1 not proven, 3 cannot read. */
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-"

static uint8_t tree[64][32];
static uint64_t n;

static void fail(const char *why, const char *what)
{
	printf("NOT PROVEN: %s%s%s\n", why, *what ? ": " : "", what);
	exit(1);
}

static char *slurp(const char *path, size_t *ret)
{
	FILE *f = fopen(path, "rb");
	char *p = NULL;
	size_t k = 0, cap = 0, got;

	if (!f)
		fail("a file is missing", path);
	do {
		if (k + 65536 > cap && !(p = realloc(p, cap = 2 * cap + 131072)))
			exit(3);
		k += got = fread(p + k, 1, 65535, f);
	} while (got);
	fclose(f);
	p[k] = 0;
	*ret = k;
	return p;
}

static int unbase64(const char *z, size_t len, uint8_t *out, size_t cap)
{
	uint8_t *tmp;
	int k;

	while (len && (z[len - 1] == '\n' || z[len - 1] == '\r'))
		len--;
	if (len % 4 || len > 4000 || !(tmp = malloc(len + 3)))
		return -1;
	k = EVP_DecodeBlock(tmp, (const uint8_t *)z, (int)len);
	for (size_t i = len; k > 0 && i-- > 0 && z[i] == '=';)
		k--;
	if (k < 0 || (size_t)k > cap)
		k = -1;
	else
		memcpy(out, tmp, (size_t)k);
	free(tmp);
	return k;
}

static void hash_line(const char *z, size_t len, uint8_t out[32])
{
	if (unbase64(z, len, out, 32) != 32)
		fail("a hash cannot be read", "data/range.txt");
}

static void node(const uint8_t *a, const uint8_t *b, uint8_t out[32])
{
	uint8_t t[65] = {1};

	memcpy(t + 1, a, 32);
	memcpy(t + 33, b, 32);
	SHA256(t, 65, out);
}

static void add(unsigned level, const uint8_t *h)
{
	uint8_t cur[32];
	unsigned l = level;

	memcpy(cur, h, 32);
	if (n & ((1ull << level) - 1))
		fail("a subtree is out of place", "");
	for (uint64_t s = n >> level; s & 1; s >>= 1, l++)
		node(tree[l], cur, cur);
	memcpy(tree[l], cur, 32);
	n += 1ull << level;
}

/* A plain relative path, as the writer of a bundle makes them: the bundle is a stranger's. */
static int plain(const char *name)
{
	return *name && strspn(name, PLAIN) == strlen(name) && *name != '/' && *name != '.' && *name != '-' && !strstr(name, "..");
}

/* Lines "sum  name"; the count of names. */
static size_t manifest(const char *path)
{
	size_t len, count = 0;
	char *text = slurp(path, &len);

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), count++) {
		uint8_t sum[32];
		char hex[65], *data;
		size_t k;

		if (strlen(line) < 67 || strncmp(line + 64, "  ", 2) != 0 || !plain(line + 66))
			fail("a manifest cannot be read", path);
		data = slurp(line + 66, &k);
		SHA256((uint8_t *)data, k, sum);
		for (int i = 0; i < 32; i++)
			snprintf(hex + 2 * i, 3, "%02x", sum[i]);
		if (strncmp(hex, line, 64) != 0)
			fail("not the file that was bagged", line + 66);
		free(data);
	}
	free(text);
	return count;
}

static size_t files_there, entries_there;

static int one_there(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	(void)f;
	if (kind == FTW_D)
		return 0;
	if (kind != FTW_F || !S_ISREG(st->st_mode))
		fail("not a file", "a link, or what cannot be read");
	files_there++;
	entries_there += !strncmp(path, "./data/entries/", 15);
	return 0;
}

/* No file that no manifest names. (Two names of one file in the manifests: then one is named too few.) */
static void check_files(size_t named)
{
	if (nftw(".", one_there, 16, FTW_PHYS))
		exit(3);
	if (files_there != named + 1)
		fail("files that no manifest names, or the other way round", "");
}

/* "word number", nothing else. */
static uint64_t number(const char *line, const char *word)
{
	size_t n = strlen(word);
	char *end = NULL;
	uint64_t v = 0;

	if (line && !strncmp(line, word, n) && line[n] >= '0' && line[n] <= '9' && strlen(line + n) < 16)
		v = strtoull(line + n, &end, 10);
	if (!end || *end)
		fail("a number cannot be read", "");
	return v;
}

/* Whether a line of the note with that key's name is its signature over the first text_n bytes; of a witness (type 4) over its time too. */
static int signed_by(const char *vkey, const char *note, size_t text_n)
{
	const char *plus = strchr(vkey, '+'), *key64 = plus ? strchr(plus + 1, '+') : NULL, *p = note + text_n + 1;
	size_t name_n = plus ? (size_t)(plus - vkey) : 0, head_n = 0;
	uint8_t key[64], sig[128] = {0}, *message;
	char line[400];
	int good = 0;

	if (!key64 || !name_n || name_n > 255 || unbase64(key64 + 1, strcspn(key64 + 1, " \t\r\n"), key, sizeof key) != 33 || (key[0] != 1 && key[0] != 4))
		fail("a key cannot be read", vkey);
	message = malloc(text_n + 100);
	if (!message)
		exit(3);
	snprintf(line, sizeof line, "\xe2\x80\x94 %.*s ", (int)name_n, vkey);
	for (; !good && (p = strstr(p, line)); p++) {
		const char *b = p + strlen(line);
		int k = unbase64(b, strcspn(b, "\n"), sig, sizeof sig);
		EVP_PKEY *pk = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key + 1, 32);
		EVP_MD_CTX *c = EVP_MD_CTX_new();
		uint64_t at = 0;

		for (int i = 0; i < 8; i++)
			at = at << 8 | sig[4 + i];
		if (key[0] == 4)
			head_n = (size_t)snprintf((char *)message, 100, "cosignature/v1\ntime %llu\n", (unsigned long long)at);
		memcpy(message + head_n, note, text_n);
		good = k == (key[0] == 4 ? 76 : 68) && pk && c && EVP_DigestVerifyInit(c, NULL, NULL, NULL, pk) == 1 &&
		       EVP_DigestVerify(c, sig + k - 64, 64, message, head_n + text_n) == 1;
		EVP_MD_CTX_free(c);
		EVP_PKEY_free(pk);
	}
	free(message);
	return good;
}

static size_t check_signature(const char *vkey, const char *note, uint64_t *size, uint8_t root[32])
{
	const char *end = strstr(note, "\n\n"), *plus = strchr(vkey, '+'), *p;
	size_t name_n = plus ? (size_t)(plus - vkey) : 0;

	if (!end || !signed_by(vkey, note, (size_t)(end - note) + 1))
		fail("the checkpoint bears no good signature by", vkey);
	if (strncmp(note, vkey, name_n) != 0 || note[name_n] != '\n')
		fail("the checkpoint is another log's", "");
	*size = strtoull(note + name_n + 1, NULL, 10);
	p = strchr(note + name_n + 1, '\n');
	if (!p || unbase64(p + 1, strcspn(p + 1, "\n"), root, 32) != 32)
		fail("the checkpoint cannot be read", "");
	return (size_t)(end - note) + 1;
}

#define NAMES_MAX 256
static char *witnessed[NAMES_MAX];
static size_t n_witnessed;

static int has(const char *name)
{
	for (size_t i = 0; i < n_witnessed; i++)
		if (!strcmp(witnessed[i], name))
			return 1;
	return 0;
}

static void add_name(char *name)
{
	if (n_witnessed == NAMES_MAX)
		fail("the policy is too long", "");
	witnessed[n_witnessed++] = name;
}

/* k of the members that follow have witnessed. */
static int group(const char *k, char **words)
{
	size_t have = 0, all = 0, want;
	char *m;

	for (; (m = strtok_r(NULL, " \t", words)); all++)
		have += (size_t)has(m);
	want = !strcmp(k, "any") ? 1 : !strcmp(k, "all") ? all : strtoul(k, NULL, 10);
	return want && all && have >= want;
}

/* C2SP tlog-policy. */
static void check_policy(const char *path, const char *vkey, const char *note, size_t text_n)
{
	size_t len, key_n = strcspn(vkey, "\r\n");
	char *text = slurp(path, &len), *next = NULL, *words;
	int logs = 0, listed = 0, met = 0;

	for (char *line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
		char *what = strtok_r(line, " \t", &words), *item = what && *what != '#' ? strtok_r(NULL, " \t", &words) : NULL, *arg;

		if (!item)
			continue;
		if (!strcmp(what, "log")) {
			logs = 1;
			listed |= strlen(item) == key_n && !strncmp(item, vkey, key_n);
		} else if (!strcmp(what, "quorum")) {
			met = !strcmp(item, "none") || has(item);
		} else if ((arg = strtok_r(NULL, " \t", &words)) && (!strcmp(what, "group") ? group(arg, &words) : signed_by(arg, note, text_n))) {
			add_name(item);
		}
	}
	if (logs && !listed)
		fail("the policy does not know this log", "");
	if (!met)
		fail("too few witnesses cosigned the checkpoint for the policy", "");
}

/* Where an entry of the range is in the bag, it must be the leaf's. */
static int entry_fits(uint64_t i, const uint8_t *leaf)
{
	char path[64];
	struct stat st;
	uint8_t got[32], *with;
	size_t k;
	char *data;

	snprintf(path, sizeof path, "data/entries/%020llu.bin", (unsigned long long)i);
	if (stat(path, &st))
		return 0;
	data = slurp(path, &k);
	with = malloc(k + 1);
	if (!with)
		exit(3);
	with[0] = 0;
	memcpy(with + 1, data, k);
	SHA256(with, k + 1, got);
	if (memcmp(got, leaf, 32) != 0)
		fail("an entry is not the one in the log", path);
	free(with);
	free(data);
	return 1;
}

/* The lines in the one order there is: a second "from" would lead the places of the entries elsewhere. */
static size_t walk(char *range, uint64_t size, uint64_t *from, uint64_t *to)
{
	const char *line = strtok(range, "\n");
	size_t shown = 0;
	unsigned l = 0;
	uint64_t i;
	uint8_t h[32];

	if (!line || strcmp(line, "sekisho range 1") != 0 || !(line = strtok(NULL, "\n")) || strncmp(line, "origin ", 7) != 0)
		fail("the range cannot be read", "");
	if (number(strtok(NULL, "\n"), "size ") != size)
		fail("the range is of another tree", "");
	n = i = *from = number(strtok(NULL, "\n"), "from ");
	*to = number(strtok(NULL, "\n"), "to ");
	if (*from >= *to || *to > size)
		fail("the range is not one", "");
	for (line = strtok(NULL, "\n"); line && !strncmp(line, "left ", 5); line = strtok(NULL, "\n")) {
		while (l < 63 && !(n >> l & 1))
			l++;
		if (l >= 63)
			fail("too many subtrees before the range", "");
		hash_line(line + 5, strlen(line + 5), tree[l++]);
	}
	if (n >> l)
		fail("a subtree before the range is missing", "");
	for (; line && !strncmp(line, "leaf ", 5); line = strtok(NULL, "\n")) {
		hash_line(line + 5, strlen(line + 5), h);
		add(0, h);
		shown += (size_t)entry_fits(i++, h);
	}
	if (i != *to)
		fail("leaves of the range are missing", "");
	for (; line && !strncmp(line, "right ", 6); line = strtok(NULL, "\n")) {
		unsigned level = 0;

		while (!(n >> level & 1) && level < 62 && n + (2ull << level) <= size)
			level++;
		hash_line(line + 6, strlen(line + 6), h);
		add(level, h);
	}
	if (line || n != size)
		fail("the range is not whole, or of another tree", "");
	return shown;
}

int main(int argc, char **argv)
{
	uint8_t root[32], got[32];
	uint64_t size, from, to;
	size_t k, shown;
	int have = 0;
	char *vkey, *note, *range;

	check_files(manifest("manifest-sha256.txt") + manifest("tagmanifest-sha256.txt"));
	vkey = argc > 1 ? argv[1] : slurp("data/vkey", &k);
	vkey[strcspn(vkey, "\r\n")] = 0;
	for (k = 0; vkey[k]; k++)
		if ((unsigned char)vkey[k] < ' ' || vkey[k] == 0x7f)
			fail("the key cannot be read", "");
	if (argc < 2)
		printf("note: the key is the bundle's own; compare it with one you know: %s\n", vkey);
	note = slurp("data/checkpoint", &k);
	check_policy(argc > 2 ? argv[2] : "data/policy", vkey, note, check_signature(vkey, note, &size, root));
	if (argc < 3 && n_witnessed)
		printf("note: the policy is the bundle's own; compare its keys with those you know\n");
	range = slurp("data/range.txt", &k);
	if (strlen(range) != k)
		fail("the range cannot be read", "");
	shown = walk(range, size, &from, &to);
	for (unsigned l = 0; n >> l; l++)
		if (n >> l & 1) {
			if (have)
				node(tree[l], got, got);
			else
				memcpy(got, tree[l], 32);
			have = 1;
		}
	if (!have || memcmp(got, root, 32) != 0)
		fail("the range does not lead to the signed root", "");
	if (entries_there != shown)
		fail("entries from outside the range", "");
	printf("PROVEN: %zu entries stand in the log at their places between %llu and %llu, of %llu signed\n", shown,
	       (unsigned long long)from, (unsigned long long)to - 1, (unsigned long long)size);
	return 0;
}
