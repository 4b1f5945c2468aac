/* sekisho backup: one file with everything of a data folder, while it is in use. Attachments and full segments of the
 * log never change and go first. Then the office takes a snapshot of its store and holds its outbox back, so that the
 * log, which is small by now, and the keys' memory of it are copied as of one signed checkpoint that fits the snapshot.
 * Then the office copies the snapshot bit by bit between its other work. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/archive_int.h"
#include "cli/command.h"
#include "cli/house.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "lib/file.h"
#include "lib/i18n.h"

#define DEPTH_MAX 8
#define TRIES 60                                         /* of copying the log unchanged; a commit takes milliseconds */
#define NOTE_TEXT_MAX 4096

struct backup {
	const char *dir;
	int root;
	struct house_door door;
	struct archive *a;
	struct buf answer;
	bool begun;                                      /* the office holds a snapshot for us */
	bool first;                                      /* the first round: what never changes */
	struct digest look;                              /* over what stat says of the files that do change */
};

static int sys_err(struct err *e, const char *what)
{
	return err_set(e, ERR_SYS, "%s: %s", what, strerror(errno));
}

static void on_out(void *arg, int to, struct str bytes)
{
	struct backup *b = arg;
	if (to == 1)
		buf_str(&b->answer, bytes);
	else
		(void)!fd_write_all(2, bytes.p, bytes.n);
}

/* One of the office's parts of a backup: its answer is in b->answer. */
static int ask(struct backup *b, const char *what, const char *value, struct err *e)
{
	struct control_call call = {.lang = i18n_lang(), .args = {"backup", what, value}, .n_args = value ? 3 : 2};
	int code = EXIT_FAILED;
	buf_clear(&b->answer);
	int r = control_run(b->door.fd, &call, on_out, b, &code);
	if (r != 0)
		return err_set(e, r, _("the office ended before it answered (%s)"), err_text(r));
	return code == 0 ? 0 : err_set(e, ERR_WRONG_STATE, "%s", _("the backup was given up"));
}

/* Below the data folder and through no link: a process that somebody took over owns what is in its folder, and we
 * may be root. */
static int open_below(struct backup *b, const char *name, uint64_t flags)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | flags, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	return (int)syscall(SYS_openat2, b->root, name, &how, sizeof how);
}

static int add_file(struct backup *b, const char *file, const char *name, struct err *e)
{
	int fd = open_below(b, file, 0);
	if (fd < 0)
		return errno == ENOENT ? err_set(e, ERR_BUSY, "%s: %s", name, strerror(errno)) : sys_err(e, name);
	int r = archive_add(b->a, name, fd, e);
	close(fd);
	return r;
}

/* --- which files ------------------------------------------------------------------------------------------------- */

/* Copied by their owners (the stores), made anew at each start, or unfinished. */
static bool left_out(const char *name)
{
	static const char *const names[] = {"office/office.db", "office/office.db-wal", "office/office.db-shm",
	                                    "office/backup", "auth/auth.db", "auth/auth.db-wal", "auth/auth.db-shm", "auth/backup.db", "vault/logs"};
	const char *last = strrchr(name, '/');
	/* Of files between the networks only what was verified: originals stay on this machine, and end with their days. */
	if (last && strncmp(name, "office/transfers/", 17) == 0 && !str_ends(str_from(name), ".out"))
		return true;
	if (last && strncmp(name, "vault/", 6) == 0 && strcmp(last, "/lock") == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return last && last[1] == '.';
}

/* What never changes once it is there, but for the newest two segments. */
static bool is_fixed(const char *name, const char *newest_but_one)
{
	if (strncmp(name, "office/blobs/", 13) == 0 || strncmp(name, "vault/tile/", 11) == 0)
		return true;
	return strncmp(name, "vault/seg/", 10) == 0 && strcmp(name + 10, newest_but_one) < 0;
}

static void look(struct backup *b, const char *name, const struct stat *st)
{
	const int64_t v[] = {(int64_t)st->st_size, (int64_t)st->st_ino, st->st_mtim.tv_sec, st->st_mtim.tv_nsec};
	digest_put(&b->look, name, strlen(name) + 1);
	digest_put(&b->look, v, sizeof v);
}

/* The second newest segment of the folder, "" when there are fewer. */
static void newest_segments(struct backup *b, char out[64])
{
	char path[4200], **names;
	size_t n = 0;
	struct err e;
	struct arena *a = arena_new(1u << 28);
	snprintf(path, sizeof path, "%s/vault/seg", b->dir);
	out[0] = 0;
	if (dir_list(a, path, "", &names, &n, &e) == 0 && n >= 2)
		snprintf(out, 64, "%s", names[n - 2]);
	arena_free(a);
}

enum work { COPY, LOOK };

static int walk(struct backup *b, enum work w, const char *name, const char *newest, int depth, struct err *e);

static int one(struct backup *b, enum work w, int at, const char *file, const char *name, const char *newest, int depth,
               struct err *e)
{
	struct stat st;
	if (left_out(name))
		return 0;
	if (fstatat(at, file, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : sys_err(e, name);
	if (S_ISDIR(st.st_mode))
		return depth < DEPTH_MAX ? walk(b, w, name, newest, depth + 1, e) : err_set(e, ERR_TOOBIG, "%s", name);
	if (!S_ISREG(st.st_mode))
		return 0;
	if (w == LOOK) {
		if (!archive_has(b->a, name))
			look(b, name, &st);
		return 0;
	}
	if (b->first ? !is_fixed(name, newest) : archive_has(b->a, name))
		return 0;
	return add_file(b, name, name, e);
}

static int walk(struct backup *b, enum work w, const char *name, const char *newest, int depth, struct err *e)
{
	char path[64], below[ARCHIVE_NAME_MAX + 2], **names;
	size_t n = 0;
	struct arena *a = arena_new(1u << 30);
	int at = open_below(b, name, O_DIRECTORY), r = at < 0 ? sys_err(e, name) : 0;
	snprintf(path, sizeof path, "/proc/self/fd/%d", at);
	if (r == 0)
		r = dir_list(a, path, "", &names, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if ((size_t)snprintf(below, sizeof below, "%s/%s", name, names[i]) >= sizeof below)
			r = err_set(e, ERR_TOOBIG, "%s/%s", name, names[i]);
		else
			r = one(b, w, at, names[i], below, newest, depth, e);
	}
	if (at >= 0)
		close(at);
	arena_free(a);
	return r;
}

/* --- the log and the keys as of one checkpoint ------------------------------------------------------------------- */

static int look_at(struct backup *b, char out[SHA256_HEX], struct err *e)
{
	digest_begin(&b->look);
	int r = walk(b, LOOK, "vault", "", 0, e);
	if (r == 0)
		r = walk(b, LOOK, "keys", "", 0, e);
	digest_end(&b->look, out);
	return r;
}

/* Copied again until nothing moved meanwhile. */
static int copy_log(struct backup *b, struct err *e)
{
	char before[SHA256_HEX] = "", after[SHA256_HEX] = "";
	struct archive_mark m = archive_here(b->a);
	for (int i = 0; i < TRIES; i++) {
		int r = i ? archive_back(b->a, m, e) : 0;
		if (r == 0)
			r = look_at(b, before, e);
		if (r == 0)
			r = walk(b, COPY, "vault", "", 0, e);
		if (r == 0)
			r = walk(b, COPY, "keys", "", 0, e);
		if (r == 0)
			r = look_at(b, after, e);
		if (r == 0 && strcmp(before, after) == 0)
			return 0;
		if (r != 0 && r != ERR_BUSY)
			return r;
		usleep(20000);
	}
	return err_set(e, ERR_BUSY, "%s",
	               _("the log did not stand still long enough to be copied; try again when less is written"));
}

/* One log of others. It grows all the time: what is copied first is what the rest must reach. Keys were copied
 * before. */
static int copy_other(struct backup *b, const char *log, struct err *e)
{
	static const char *const parts[] = {"log", "vkey", "last-signed", "checkpoint", "tail", "seg", "tile", ""};
	int r = 0;
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(parts); i++) {
		char name[ARCHIVE_NAME_MAX + 2];
		struct stat st;
		if ((size_t)snprintf(name, sizeof name, "%s%s%s", log, parts[i][0] ? "/" : "", parts[i]) >= sizeof name)
			return err_set(e, ERR_TOOBIG, "%s", log);
		int fd = open_below(b, name, 0);
		if (fd < 0 && errno == ENOENT)
			continue;
		r = fd < 0 || fstat(fd, &st) != 0 ? sys_err(e, name) : 0;
		if (r == 0 && S_ISDIR(st.st_mode)) {
			archive_index(b->a);
			r = walk(b, COPY, name, "", 0, e);
		} else if (r == 0) {
			r = archive_add(b->a, name, fd, e);
		}
		if (fd >= 0)
			close(fd);
	}
	return r;
}

static int copy_others(struct backup *b, struct err *e)
{
	char path[4200], name[ARCHIVE_NAME_MAX + 2], **names;
	size_t n = 0;
	struct err none;
	int r = 0;
	struct arena *a = arena_new(1u << 20);
	snprintf(path, sizeof path, "%s/vault/logs", b->dir);
	if (dir_list(a, path, "", &names, &n, &none) != 0)
		n = 0;
	for (size_t i = 0; r == 0 && i < n; i++) {
		if ((size_t)snprintf(name, sizeof name, "vault/logs/%s", names[i]) >= sizeof name)
			r = err_set(e, ERR_TOOBIG, "%s", names[i]);
		else if (names[i][0] != '.')
			r = copy_other(b, name, e);
	}
	arena_free(a);
	return r;
}

/* --- the whole --------------------------------------------------------------------------------------------------- */

static void facts(struct backup *b)
{
	char made[64], path[4200];
	struct buf note;
	struct err e;
	struct str rest = buf_view(&b->answer);
	instant_rfc3339(clock_true(), made, sizeof made);
	archive_fact(b->a, "made", made);
	archive_fact(b->a, "version", SEKISHO_VERSION);
	while (rest.n) {                                 /* "office-sequence N", "office-hash HEX" */
		struct str value = str_cut(&rest, '\n'), key = str_cut(&value, ' ');
		char k[64], v[ARCHIVE_FACT_MAX];
		snprintf(k, sizeof k, "%.*s", STR_ARG(key));
		snprintf(v, sizeof v, "%.*s", STR_ARG(value));
		archive_fact(b->a, k, v);
	}
	static const char *const lines[] = {"log-origin", "log-size", "log-root"};
	snprintf(path, sizeof path, "%s/vault/last-signed", b->dir);
	buf_init(&note, NOTE_TEXT_MAX);
	rest = file_read(path, NOTE_TEXT_MAX, &note, &e) == 0 ? buf_view(&note) : STR_NONE;
	for (size_t i = 0; rest.n && i < ARRAY_LEN(lines); i++) {
		char v[ARCHIVE_FACT_MAX];
		struct str line = str_cut(&rest, '\n');
		snprintf(v, sizeof v, "%.*s", STR_ARG(line));
		archive_fact(b->a, lines[i], v);
	}
	buf_release(&note);
}

static int copy_stores(struct backup *b, struct err *e)
{
	int r = 0;
	do {
		if (r == 0)
			r = ask(b, "step", NULL, e);
	} while (r == 0 && str_starts(buf_view(&b->answer), "more"));
	if (r == 0)
		r = add_file(b, "office/backup/office.db", "office/office.db", e);
	if (r == 0)
		r = add_file(b, "auth/backup.db", "auth/auth.db", e);
	if (r == 0)
		r = add_file(b, "sekisho.conf", "sekisho.conf", e);
	return r;
}

static int make(struct backup *b, struct err *e)
{
	char newest[64];
	newest_segments(b, newest);
	b->first = true;
	int r = walk(b, COPY, "vault", newest, 0, e);
	if (r == 0)
		r = walk(b, COPY, "office", newest, 0, e);
	b->first = false;
	archive_index(b->a);
	if (r == 0)
		r = ask(b, "begin", NULL, e);
	if (r == 0) {
		b->begun = true;
		facts(b);
		r = copy_log(b, e);
	}
	if (r == 0)
		r = ask(b, "go", NULL, e);
	if (r == 0)
		r = copy_others(b, e);
	if (r == 0)
		r = walk(b, COPY, "office", "", 0, e);
	if (r == 0)
		r = walk(b, COPY, "auth", "", 0, e);
	if (r == 0)
		r = copy_stores(b, e);
	return r == 0 ? archive_end(b->a, e) : r;
}

/* A file without a name in the folder of out: it gets the name when it is whole, and vanishes with us when not. */
static int open_out(const char *out, char part[4200], struct err *e)
{
	char folder[4200];
	const char *slash = strrchr(out, '/');
	part[0] = 0;
	if (access(out, F_OK) == 0)
		return err_set(e, ERR_EXISTS, _("%s is there already"), out);
	snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - out + 1) : 1, slash ? out : ".");
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd >= 0 ? fd : sys_err(e, folder);
	snprintf(part, 4200, "%s.part", out);
	(void)unlink(part);
	fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd >= 0 ? fd : sys_err(e, part);
}

static int give_name(int fd, const char *part, const char *out, struct err *e)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (part[0] ? link(part, out) : linkat(AT_FDCWD, path, AT_FDCWD, out, AT_SYMLINK_FOLLOW))
		return sys_err(e, out);
	return 0;
}

int command_backup(const struct command *c, const struct place *p, int n, char **args)
{
	struct backup b = {0};
	struct err e = {0}, late = {0};
	char part[4200];
	if (n != 2 || args[0][0] == '-' || args[1][0] == '-')
		return command_usage(c);
	b.dir = args[0];
	int fd = open_out(args[1], part, &e);
	if (fd < 0)
		return command_fail(&e);
	buf_init(&b.answer, 1u << 20);
	b.a = archive_new(fd);
	b.root = open(b.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = b.root < 0 ? sys_err(&e, b.dir) : door_open(&b.door, p, b.dir, &e);
	if (r == 0) {
		r = make(&b, &e);
		if (r == 0)
			r = give_name(fd, part, args[1], &e);
		int end = b.begun ? ask(&b, "end", r == 0 ? "done" : "failed", &late) : 0;
		if (r == 0 && end != 0)
			r = err_set(&e, end, "%s", late.text);
		door_close(&b.door);
	}
	if (part[0])
		(void)unlink(part);
	archive_free(b.a);
	buf_release(&b.answer);
	close(fd);
	if (b.root >= 0)
		close(b.root);
	return r == 0 ? 0 : command_fail(&e);
}
