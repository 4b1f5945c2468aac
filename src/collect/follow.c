#include "collect/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/stamp.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"

#define STATE "followed"
#define STATE_MAX (INTAKE_MAX * (2 * FOLLOW_HEAD + 400))
#define ROUNDS 8

struct mark {                                        /* up to offset all is in batches up to batch */
	int64_t batch;
	uint64_t offset;
};
struct known {                                       /* as remembered: who the file is and how far it is acknowledged */
	dev_t dev;
	ino_t ino;
	uint64_t offset;
	size_t head_n;
	char head[FOLLOW_HEAD];
};
struct follow {
	size_t door;
	int fd;                                          /* -1: none yet */
	int next[FOLLOW_NEXT_MAX];
	size_t n_next;
	struct known known;
	uint64_t offset;                                 /* read and framed up to here */
	int64_t grew_at;                                 /* clock_mono */
	bool finished;                                   /* the next one is begun when all of it is acknowledged */
	int64_t last;                                    /* batch */
	struct framer framer;
	struct source *source;
	struct envelope envelope;
	struct mark *marks;
	size_t n_marks, cap;
};
struct follows {
	struct collect *collect;
	int dir;
	bool changed;
	struct follow list[INTAKE_MAX];
	size_t n;
	struct {
		char path[256];
		struct known known;
	} old[INTAKE_MAX];                               /* of the last life */
	size_t n_old;
	char bytes[FOLLOW_READ + FRAME_REST_MAX];
};

/* --- state --------------------------------------------------------------------------------------------------------------- */

/* "DEV INO OFFSET HEAD-HEX PATH" a line. */
static bool parse_state(struct str line, struct known *k, char *path, size_t size)
{
	int64_t dev, ino, offset;
	struct str d = str_cut(&line, ' '), i = str_cut(&line, ' '), o = str_cut(&line, ' '), head = str_cut(&line, ' ');
	if (str_int(d, 0, INT64_MAX, &dev) != 0 || str_int(i, 0, INT64_MAX, &ino) != 0 || str_int(o, 0, INT64_MAX, &offset) != 0 ||
	    !line.n || line.n >= size)
		return false;
	long n = head.n ? hex_decode(head, k->head, sizeof k->head) : 0;
	if (n < 0)
		return false;
	k->dev = (dev_t)dev;
	k->ino = (ino_t)ino;
	k->offset = (uint64_t)offset;
	k->head_n = (size_t)n;
	snprintf(path, size, "%.*s", STR_ARG(line));
	return true;
}

struct follows *follows_new(struct collect *c, int dir)
{
	struct follows *f = xcalloc(1, sizeof *f);
	struct buf b;
	struct err e;
	f->collect = c;
	f->dir = dir;
	buf_init(&b, STATE_MAX);
	int r = file_read_at(dir, STATE, STATE_MAX, &b, &e);
	if (r != 0 && r != ERR_NOTFOUND)
		log_error("collect.followed", "text=\"%s\"", e.text);
	struct str rest = r == 0 ? buf_view(&b) : STR("");
	while (rest.n && f->n_old < INTAKE_MAX)
		f->n_old += parse_state(str_cut(&rest, '\n'), &f->old[f->n_old].known, f->old[f->n_old].path, sizeof f->old[0].path);
	buf_release(&b);
	return f;
}

void follows_free(struct follows *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++) {
		struct follow *w = &f->list[i];
		for (size_t k = 0; k < w->n_next; k++)
			close(w->next[k]);
		if (w->fd >= 0)
			close(w->fd);
		free(w->marks);
	}
	close(f->dir);
	free(f);
}

void follows_save(struct follows *f)
{
	struct buf b;
	struct err e;
	if (!f->changed)
		return;
	buf_init(&b, STATE_MAX);
	for (size_t i = 0; i < f->n; i++) {
		const struct follow *w = &f->list[i];
		if (w->fd < 0)
			continue;
		buf_printf(&b, "%lld %lld %llu ", (long long)w->known.dev, (long long)w->known.ino, (unsigned long long)w->known.offset);
		buf_hex(&b, w->known.head, w->known.head_n);
		buf_printf(&b, " %s\n", f->collect->doors[w->door].where);
	}
	if (file_write_atomic_at(f->dir, STATE, b.p ? b.p : "", b.n, 0600, &e) != 0)
		log_error("collect.followed", "text=\"%s\"", e.text);
	else
		f->changed = false;
	buf_release(&b);
}

/* --- which file --------------------------------------------------------------------------------------------------------- */

static bool begins_alike(int fd, const struct known *k)
{
	char head[FOLLOW_HEAD];
	return pread(fd, head, k->head_n, 0) == (ssize_t)k->head_n && memcmp(head, k->head, k->head_n) == 0;
}

/* The file we knew is none of those that are there: what was not read of it, and what came after it, is lost to us. That is said. */
static void note_gap(struct follows *f, const struct follow *w, uint64_t offset)
{
	struct buf b;
	struct jw j;
	buf_init(&b, 2048);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kz(&j, "type", "follow-gap");
	jw_kz(&j, "path", f->collect->doors[w->door].where);
	jw_kint(&j, "read_to", (int64_t)offset);
	jw_end_object(&j);
	collect_note(f->collect, buf_view(&b));
	log_warn("collect.follow", "path=\"%s\" text=\"the file read last is not there\"", f->collect->doors[w->door].where);
	buf_release(&b);
}

static void check_gap(struct follows *f, const struct follow *w)
{
	for (size_t i = 0; i < f->n_old; i++) {
		const struct known *k = &f->old[i].known;
		if (strcmp(f->old[i].path, f->collect->doors[w->door].where) == 0 &&
		    (k->dev != w->known.dev || k->ino != w->known.ino || w->known.offset != k->offset))
			note_gap(f, w, k->offset);
	}
}

/* From the beginning, unless it is the one we know. */
static void begin(struct follows *f, struct follow *w, int fd)
{
	struct stat st = {0};
	(void)fstat(fd, &st);
	w->fd = fd;
	w->offset = 0;
	w->framer = (struct framer){.lines = true};
	w->known = (struct known){.dev = st.st_dev, .ino = st.st_ino};
	w->grew_at = clock_mono();
	w->finished = false;
	for (size_t i = 0; i < f->n_old; i++) {
		const struct known *k = &f->old[i].known;
		if (strcmp(f->old[i].path, f->collect->doors[w->door].where) == 0 && k->dev == st.st_dev && k->ino == st.st_ino &&
		    k->offset <= (uint64_t)st.st_size && begins_alike(fd, k)) {
			w->known = *k;
			w->offset = k->offset;
		}
	}
	f->changed = true;
}

static void name(struct follows *f, struct follow *w)
{
	struct str path = str_from(f->collect->doors[w->door].where);
	w->source = source_of(f->collect->sources, SOURCE_FILE, path);
	w->source->log_number = batches_log(f->collect->out, str_from(w->source->log));
	envelope_init(&w->envelope, ENTRY_FILE, str_from(w->source->name), path);
}

static struct follow *of_door(struct follows *f, size_t door)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->list[i].door == door)
			return &f->list[i];
	struct follow *w = &f->list[f->n++];
	*w = (struct follow){.door = door, .fd = -1};
	name(f, w);
	return w;
}

void follows_sources(struct follows *f)
{
	for (size_t i = 0; i < f->n; i++)
		name(f, &f->list[i]);
}

bool follows_knows(const struct follows *f, size_t door, int fd)
{
	struct stat st;
	for (size_t i = 0; fstat(fd, &st) == 0 && i < f->n_old; i++) {
		const struct known *k = &f->old[i].known;
		if (strcmp(f->old[i].path, f->collect->doors[door].where) == 0)
			return k->dev == st.st_dev && k->ino == st.st_ino && k->offset <= (uint64_t)st.st_size && begins_alike(fd, k);
	}
	return false;
}

int follows_take(struct follows *f, size_t door, int fd, struct err *e)
{
	struct follow *w = of_door(f, door);
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (own < 0)
		return err_sys(e, "%s", f->collect->doors[door].where);
	if (w->fd < 0) {
		begin(f, w, own);
		check_gap(f, w);
		return 0;
	}
	if (w->n_next == FOLLOW_NEXT_MAX) {              /* renamed faster than read: the newest stays */
		log_error("collect.follow", "path=\"%s\" text=\"skipped a file\"", f->collect->doors[door].where);
		close(w->next[--w->n_next]);
	}
	w->next[w->n_next++] = own;
	return 0;
}

/* --- reading ------------------------------------------------------------------------------------------------------------ */

static void mark(struct follow *w, int64_t batch)
{
	if (w->n_marks && w->marks[w->n_marks - 1].batch == batch) {
		w->marks[w->n_marks - 1].offset = w->offset;
		return;
	}
	if (!w->marks || w->n_marks == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 16;
		w->marks = reallocarray(w->marks, w->cap, sizeof *w->marks);
		if (!w->marks)
			abort();
	}
	w->marks[w->n_marks++] = (struct mark){batch, w->offset};
}

void follows_acked(struct follows *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct follow *w = &f->list[i];
		size_t k = 0;
		while (k < w->n_marks && batches_done(f->collect->out, w->marks[k].batch))
			k++;
		if (!k)
			continue;
		w->known.offset = w->marks[k - 1].offset;
		w->n_marks -= k;
		memmove(w->marks, w->marks + k, w->n_marks * sizeof *w->marks);
		f->changed = true;
	}
}

/* Frames n bytes as they stand at w->offset; end: no more will come. */
static void frame(struct follows *f, struct follow *w, size_t n, bool end)
{
	struct collect *c = f->collect;
	struct piece p;
	size_t pos = 0;
	collect_stamp(c);
	envelope_stamp(&w->envelope, c->now_ns);
	stamp_source(w->source, str_n(f->bytes, n), c->now_ns);
	size_t messages = 0;
	while (framer_next(&w->framer, f->bytes, n, &pos, end, &p)) {
		collect_put(c, w->source, &w->envelope, &p);
		messages += !(p.flags & ENTRY_MORE);
	}
	(void)!source_owe(w->source, messages, c->now_ns);   /* read on when source_pass allows it */
	w->offset += pos;
	if (pos && !w->framer.inside)
		mark(w, batches_last(c->out));
}

/* The bytes by which it is known again grow with it. */
static void learn_head(struct follow *w)
{
	if (w->known.head_n == FOLLOW_HEAD)
		return;
	ssize_t n = pread(w->fd, w->known.head, FOLLOW_HEAD, 0);
	w->known.head_n = n > 0 ? (size_t)n : 0;
}

/* True: there was something. */
static bool read_some(struct follows *f, struct follow *w)
{
	ssize_t n = pread(w->fd, f->bytes, sizeof f->bytes, (off_t)w->offset);
	if (n <= 0)
		return false;
	uint64_t before = w->offset;
	learn_head(w);
	frame(f, w, (size_t)n, false);
	return w->offset > before;
}

/* The rest of a file that nobody writes any more, without its line end. */
static void finish(struct follows *f, struct follow *w)
{
	ssize_t n = pread(w->fd, f->bytes, sizeof f->bytes, (off_t)w->offset);
	if (n > 0 || w->framer.inside)
		frame(f, w, n > 0 ? (size_t)n : 0, true);
}

static void restart(struct follows *f, struct follow *w)
{
	struct piece p;
	size_t pos = 0;
	log_info("collect.follow", "path=\"%s\" text=\"cut short: read from its beginning\"", f->collect->doors[w->door].where);
	if (framer_next(&w->framer, "", 0, &pos, true, &p))
		collect_put(f->collect, w->source, &w->envelope, &p);
	int fd = w->fd;
	w->n_marks = 0;
	f->n_old = 0;                                    /* what was remembered is of other bytes */
	begin(f, w, fd);
}

static void look(struct follows *f, struct follow *w)
{
	struct stat st;
	int64_t now = clock_mono();
	if (fstat(w->fd, &st) != 0)
		return;
	if (!w->finished && ((uint64_t)st.st_size < w->offset || !begins_alike(w->fd, &w->known)))
		restart(f, w);
	for (int i = 0; i < ROUNDS && !w->finished && !f->collect->full && source_pass(w->source, 1, clock_true() * 1000) && read_some(f, w); i++)
		w->grew_at = now;
	if (!w->n_next || f->collect->full || now - w->grew_at < FOLLOW_QUIET_MS * 1000LL)
		return;
	if (!w->finished) {
		finish(f, w);
		w->last = batches_last(f->collect->out);
		w->finished = true;
	}
	if (!batches_done(f->collect->out, w->last))
		return;
	close(w->fd);
	w->n_marks = 0;
	int fd = w->next[0];
	memmove(w->next, w->next + 1, --w->n_next * sizeof *w->next);
	begin(f, w, fd);
}

void follows_tick(struct follows *f)
{
	for (size_t i = 0; i < f->n && !f->collect->full; i++)
		if (f->list[i].fd >= 0)
			look(f, &f->list[i]);
}
