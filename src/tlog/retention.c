#include "tlog/retention.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/file.h"
#include "lib/hash.h"

#define FILE_MAX 16384u
#define KEPT_MAX (1u << 20)
#define BUNDLE_LEVEL 8u
#define SIZE_DIGITS 20

bool hold_id_ok(struct str id)
{
	for (size_t i = 0; i < id.n; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", id.p[i]) || !id.p[i])
			return false;
	return id.n && id.n < HOLD_ID;
}

struct hold *retention_hold(struct retention *r, struct str id)
{
	for (size_t i = 0; i < r->n_holds; i++)
		if (str_is(id, r->holds[i].id))
			return &r->holds[i];
	return NULL;
}

bool retention_holds(const struct retention *r, uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < r->n_holds; i++)
		if (r->holds[i].from < to && r->holds[i].to >= from)
			return true;
	return false;
}

static int number(struct str *line, uint64_t *ret)
{
	int64_t v;
	int r = str_int(str_cut(line, ' '), 0, INT64_MAX, &v);

	if (!r)
		*ret = (uint64_t)v;
	return r;
}

static int take_line(struct retention *r, struct str line)
{
	struct str word = str_cut(&line, ' ');
	uint64_t days;

	if (str_is(word, "minimum")) {
		if (number(&line, &r->minimum) || number(&line, &r->prune_at) || r->prune_at < r->minimum)
			return ERR_CORRUPT;
	} else if (str_is(word, "policy")) {
		if (number(&line, &days) || !days || days > RETENTION_DAYS_MAX || number(&line, &r->policy_at))
			return ERR_CORRUPT;
		r->days = (int64_t)days;
	} else if (str_is(word, "hold") && r->n_holds < HOLDS_MAX) {
		struct hold *h = &r->holds[r->n_holds++];
		struct str id = str_cut(&line, ' ');

		if (!hold_id_ok(id) || number(&line, &h->from) || number(&line, &h->to) || number(&line, &h->at) || h->to < h->from)
			return ERR_CORRUPT;
		memcpy(h->id, id.p, id.n);
	} else {
		return ERR_CORRUPT;
	}
	return line.n ? ERR_CORRUPT : 0;
}

int retention_parse(struct str file, struct retention *ret)
{
	struct retention r = {0};

	while (file.n)
		if (take_line(&r, str_cut(&file, '\n')))
			return ERR_CORRUPT;
	*ret = r;
	return 0;
}

int retention_read(int dirfd, struct retention *ret, struct err *e)
{
	struct buf b;
	int r;

	buf_init(&b, FILE_MAX);
	r = file_read_at(dirfd, "retention", FILE_MAX, &b, e);
	if (r == ERR_NOTFOUND)
		r = 0;
	if (!r && (r = retention_parse(buf_view(&b), ret)))
		err_set(e, r, "retention: damaged");
	buf_release(&b);
	return r;
}

int retention_write(int dirfd, const struct retention *r, struct err *e)
{
	struct buf b;
	int bad;

	buf_init(&b, FILE_MAX);
	if (r->minimum)
		buf_printf(&b, "minimum %llu %llu\n", (unsigned long long)r->minimum, (unsigned long long)r->prune_at);
	if (r->days)
		buf_printf(&b, "policy %lld %llu\n", (long long)r->days, (unsigned long long)r->policy_at);
	for (size_t i = 0; i < r->n_holds; i++)
		buf_printf(&b, "hold %s %llu %llu %llu\n", r->holds[i].id, (unsigned long long)r->holds[i].from,
		           (unsigned long long)r->holds[i].to, (unsigned long long)r->holds[i].at);
	bad = buf_err(&b) ? err_set(e, ERR_NOMEM, "retention") : file_write_atomic_at(dirfd, "retention", b.p, b.n, 0640, e);
	buf_release(&b);
	return bad;
}

/* The way from the bundle's root down to the place where the old tree ends: at each level the half that is whole in the old
 * tree, or the one that is whole outside of it (RFC 6962 §2.1.2). */
size_t kept_nodes_of(uint64_t size, struct kept_node *ret)
{
	uint64_t from = size >> BUNDLE_LEVEL << BUNDLE_LEVEL, at = from;
	unsigned level = BUNDLE_LEVEL;
	size_t n = 0;

	if (size == from)
		return 0;
	while (at != size) {
		level--;
		if (size - at >= UINT64_C(1) << level) {
			ret[n++] = (struct kept_node){.level = level, .index = at >> level};
			at += UINT64_C(1) << level;
		} else {
			ret[n++] = (struct kept_node){.level = level, .index = (at >> level) + 1};
		}
	}
	/* what stands right of where the old tree ends */
	ret[n++] = (struct kept_node){.level = level, .index = at >> level};
	return n;
}

void kept_name(uint64_t size, bool nodes, char out[40])
{
	snprintf(out, 40, "kept/%0*llu%s", SIZE_DIGITS, (unsigned long long)size, nodes ? ".nodes" : "");
}

int kept_nodes_write(int dirfd, uint64_t size, const struct kept_node *nodes, size_t n, struct err *e)
{
	char name[40], *slash;
	struct buf b;
	int r, dir;

	buf_init(&b, FILE_MAX);
	for (size_t i = 0; i < n; i++) {
		buf_printf(&b, "%u %llu ", nodes[i].level, (unsigned long long)nodes[i].index);
		buf_base64(&b, nodes[i].hash, MERKLE_LEN);
		buf_putc(&b, '\n');
	}
	kept_name(size, true, name);
	slash = strchr(name, '/');
	dir = openat(dirfd, "kept", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = dir < 0 ? err_sys(e, "kept") : buf_err(&b) ? ERR_NOMEM : file_write_atomic_at(dir, slash + 1, b.p, b.n, 0640, e);
	if (dir >= 0)
		close(dir);
	buf_release(&b);
	return r;
}

static int node_in(struct str file, unsigned level, uint64_t index, uint8_t *out)
{
	while (file.n) {
		struct str line = str_cut(&file, '\n');
		uint64_t l, i;

		if (number(&line, &l) || number(&line, &i))
			return ERR_CORRUPT;
		if (l == level && i == index)
			return base64_decode(line, out, MERKLE_LEN) == MERKLE_LEN ? 0 : ERR_CORRUPT;
	}
	return ERR_NOTFOUND;
}

int kept_sizes(int dirfd, uint64_t **ret, size_t *ret_n, struct err *e)
{
	int fd = openat(dirfd, "kept", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t *list = NULL;
	size_t n = 0, cap = 0;
	DIR *d;

	*ret = NULL;
	*ret_n = 0;
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "kept");
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return err_sys(e, "kept");
	}
	for (struct dirent *i; n < KEPT_MAX && (i = readdir(d));) {
		int64_t v;

		if (strlen(i->d_name) != SIZE_DIGITS || str_int(str_from(i->d_name), 1, INT64_MAX, &v))
			continue;
		if (n == cap) {
			uint64_t *more = xcalloc(cap ? 2 * cap : 64, sizeof *more);

			if (n)
				memcpy(more, list, n * sizeof *more);
			free(list);
			list = more;
			cap = cap ? 2 * cap : 64;
		}
		list[n++] = (uint64_t)v;
	}
	closedir(d);
	*ret = list;
	*ret_n = n;
	return 0;
}

int kept_node(int dirfd, unsigned level, uint64_t index, uint8_t out[MERKLE_LEN])
{
	uint64_t bundle = index >> (BUNDLE_LEVEL - level), *sizes;
	size_t n;
	int r = kept_sizes(dirfd, &sizes, &n, NULL);

	if (r)
		return r;
	r = ERR_NOTFOUND;
	for (size_t i = 0; i < n && r == ERR_NOTFOUND; i++) {
		struct buf b;
		char name[40];

		if (sizes[i] >> BUNDLE_LEVEL != bundle)
			continue;
		kept_name(sizes[i], true, name);
		buf_init(&b, FILE_MAX);
		if (!file_read_at(dirfd, name, FILE_MAX, &b, NULL))
			r = node_in(buf_view(&b), level, index, out);
		buf_release(&b);
	}
	free(sizes);
	return r;
}
