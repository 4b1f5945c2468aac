#include "office/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/proto.h"
#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/log.h"

#define GROUPS 16u                                       /* hand-overs under way at once */
#define FILES 16u
#define KEY 32u
#define IDLE_S 120                                       /* front ends a body that is slower long before */

static struct spool_group {
	bool used;
	unsigned no;
	int64_t since;
	struct one {
		int fd;
		ino_t inode;                             /* 0: taken, or removed */
		uint8_t key[KEY];
	} files[FILES];
} groups[GROUPS];

static void name_of(char name[48], const struct spool_group *g, size_t i)
{
	snprintf(name, 48, "spool-%u-%zu", g->no, i);
}

static void group_drop(struct office *o, struct spool_group *g)
{
	struct err ignored = {0};
	char name[48];
	int dir = transfer_folder(o, &ignored);
	for (size_t i = 0; i < FILES; i++) {
		if (g->files[i].fd >= 0)
			close(g->files[i].fd);
		name_of(name, g, i);
		if (g->files[i].inode && dir >= 0)
			unlinkat(dir, name, 0);
	}
	if (dir >= 0)
		close(dir);
	explicit_bzero(g, sizeof(*g));
}

/* Nobody writes to it any more, and nobody handed it over. */
static bool idle(const struct spool_group *g)
{
	struct stat st;
	time_t last = 0;
	if (clock_mono() - g->since < IDLE_S * SECOND_US)
		return false;
	for (size_t i = 0; i < FILES; i++)
		if (g->files[i].inode && fstat(g->files[i].fd, &st) == 0 && st.st_mtime > last)
			last = st.st_mtime;
	return time(NULL) - last > IDLE_S;
}

static struct spool_group *group_free(struct office *o)
{
	for (size_t i = 0; i < GROUPS; i++) {
		if (groups[i].used && idle(&groups[i]))
			group_drop(o, &groups[i]);
		if (!groups[i].used)
			return &groups[i];
	}
	return NULL;
}

int spool_open(struct ctx *c, struct err *e)
{
	static unsigned last;
	struct spool_group *g = group_free(c->office);
	char name[48];
	if (!g)
		return err_set(e, ERR_BUSY, "%s", _("Too many large files are being handed over just now. Please try again in a few minutes."));
	int dir = transfer_folder(c->office, e), r = dir < 0 ? dir : 0;
	*g = (struct spool_group){.used = true, .no = ++last, .since = clock_mono()};
	for (size_t i = 0; i < FILES; i++)
		g->files[i].fd = -1;
	for (size_t i = 0; r == 0 && i < FILES; i++) {
		struct stat st;
		name_of(name, g, i);
		g->files[i].fd = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (g->files[i].fd < 0 || fstat(g->files[i].fd, &st) != 0) {
			r = err_sys(e, "transfers");
			break;
		}
		g->files[i].inode = st.st_ino;
		random_bytes(g->files[i].key, KEY);
	}
	if (dir >= 0)
		close(dir);
	if (r < 0)
		group_drop(c->office, g);
	else
		c->res->spools = g;
	return r;
}

void spool_answer(struct msg *m, const struct request *r, struct spool_group *g)
{
	uint8_t keys[FILES * KEY];
	msg_init(m, RESP_SPOOL);
	msg_put_i64(m, r->id);
	for (size_t i = 0; i < FILES; i++)
		memcpy(keys + i * KEY, g->files[i].key, KEY);
	msg_put_str(m, str_n((const char *)keys, sizeof(keys)));
	explicit_bzero(keys, sizeof(keys));
	msg_put_u32(m, FILES);
	for (size_t i = 0; i < FILES; i++)
		msg_put_fd(m, g->files[i].fd);
}

bool spool_used(const struct request *r)
{
	for (size_t i = 0; i < r->n_files; i++)
		if (r->files[i].sha256.p)
			return true;
	return false;
}

/* Only what we made ourselves: a descriptor of another file is no spool, whoever says so. */
static struct spool_group *find(const struct upload *u, size_t *ret)
{
	struct stat st, own;
	if (fstat(u->fd, &st) != 0)
		return NULL;
	for (size_t k = 0; k < GROUPS; k++)
		for (size_t i = 0; groups[k].used && i < FILES; i++)
			if (groups[k].files[i].inode == st.st_ino && fstat(groups[k].files[i].fd, &own) == 0 && own.st_dev == st.st_dev) {
				*ret = i;
				return &groups[k];
			}
	return NULL;
}

int spool_take(struct office *o, const struct upload *u, int64_t record, struct sealed *ret, struct err *e)
{
	struct stat st;
	char name[48], to[40];
	size_t i;
	struct spool_group *g = find(u, &i);
	if (!g || u->sha256.n != 64 || fstat(g->files[i].fd, &st) != 0 || st.st_size != u->size)
		return err_set(e, ERR_CORRUPT, "upload");
	int dir = transfer_folder(o, e), r = 0;
	if (dir < 0)
		return dir;
	name_of(name, g, i);
	snprintf(to, sizeof(to), "%lld.in", (long long)record);
	if (fsync(g->files[i].fd) != 0 || renameat(dir, name, dir, to) != 0 || fsync(dir) != 0)
		r = err_sys(e, "transfers");
	close(dir);
	if (r < 0)
		return r;
	g->files[i].inode = 0;
	ret->size = st.st_size;
	snprintf(ret->sha256, sizeof(ret->sha256), "%.*s", STR_ARG(u->sha256));
	for (size_t k = 0; k < KEY; k++)
		snprintf(ret->key + 2 * k, 3, "%02x", g->files[i].key[k]);
	return 0;
}

void spool_forget(struct office *o, const struct request *r)
{
	size_t i;
	for (size_t k = 0; k < r->n_files; k++) {
		if (!r->files[k].sha256.p)
			continue;
		for (size_t n = 0; n < GROUPS; n++)      /* a file that was taken is found by its group's other ones only */
			for (i = 0; groups[n].used && i < FILES; i++) {
				struct stat a, b;
				if (fstat(groups[n].files[i].fd, &a) == 0 && fstat(r->files[k].fd, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev) {
					group_drop(o, &groups[n]);
					break;
				}
			}
	}
}

void spool_tell(struct office *o, int fd)
{
	struct msg m;
	msg_init(&m, REQ_LIMIT);
	msg_put_i64(&m, transfer_max(o));
	if (fd >= 0 && msg_send(fd, &m) < 0)
		log_warn("office.spool", "text=\"a front was not told its limit\"");
	msg_release(&m);
}

void spool_tick(struct office *o)
{
	for (size_t i = 0; i < GROUPS; i++)
		if (groups[i].used && idle(&groups[i]))
			group_drop(o, &groups[i]);
}
