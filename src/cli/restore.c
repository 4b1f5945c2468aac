/* sekisho restore: a data folder from a backup. Nothing of it counts before all of it is checked; what fails is taken
 * away again.
 *   --known FILE   a signed checkpoint kept elsewhere: a log that ends before it signs nothing until `vault new-origin`
 *   --vault OLD    log and keys of a data folder that survived, newer than the backup's: its events are taken over */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/archive.h"
#include "cli/command.h"
#include "cli/restored.h"
#include "core/note.h"
#include "lib/file.h"
#include "lib/hash.h"
#include "lib/i18n.h"

#define KNOWN_MAX 8
#define REPORT_MAX (64u << 20)

struct restore {
	const char *in, *dir, *old, *known[KNOWN_MAX];
	size_t n_known;
	const struct place *place;
	int at;                                          /* DIR */
	bool made, stale;
	struct buf facts, report;
};

static int sys_err(struct err *e, const char *what)
{
	return err_set(e, ERR_SYS, "%s: %s", what, strerror(errno));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	return ftw->level ? remove(path) : 0;
}

static void take_away(struct restore *x)
{
	nftw(x->dir, remove_one, 32, FTW_DEPTH | FTW_PHYS);
	if (x->made)
		(void)rmdir(x->dir);
}

static int make_folder(struct restore *x, struct err *e)
{
	char **names;
	size_t n = 0;
	x->made = mkdir(x->dir, 0700) == 0;
	if (!x->made && errno != EEXIST)
		return sys_err(e, x->dir);
	struct arena *a = arena_new(1u << 24);
	int r = x->made ? 0 : dir_list(a, x->dir, "", &names, &n, e);
	arena_free(a);
	if (r == 0 && n)
		return err_set(e, ERR_EXISTS, _("%s exists and is not empty"), x->dir);
	x->at = r == 0 ? open(x->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (r == 0 && (x->at < 0 || fchmod(x->at, 0700) != 0))
		r = sys_err(e, x->dir);
	return r;
}

/* Log and keys of the folder that survived take the place of the backup's. */
static int copy_old(struct restore *x, struct err *e)
{
	static const char *const names[] = {"vault", "keys"};
	int status = -1;
	char from[2][4200];
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char to[4200];
		snprintf(to, sizeof to, "%s/%s", x->dir, names[i]);
		snprintf(from[i], sizeof from[i], "%s/%s", x->old, names[i]);
		if (access(from[i], R_OK) != 0)
			return sys_err(e, from[i]);
		nftw(to, remove_one, 32, FTW_DEPTH | FTW_PHYS);
		(void)rmdir(to);
	}
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		execlp("cp", "cp", "-a", "--", from[0], from[1], x->dir, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0
	       : err_set(e, ERR_SYS, _("%s cannot be copied"), x->old);
}

/* A log without a full block has no segment, and an archive no empty folders. */
static int make_segs(struct restore *x, struct err *e)
{
	char path[4200], **names;
	size_t n = 0;
	struct err none;
	int r = 0;
	struct arena *a = arena_new(1u << 20);
	snprintf(path, sizeof path, "%s/vault/logs", x->dir);
	if (dir_list(a, path, "", &names, &n, &none) != 0)
		n = 0;
	for (size_t i = 0; r == 0 && i < n; i++) {
		snprintf(path, sizeof path, "vault/logs/%s/seg", names[i]);
		if (mkdirat(x->at, path, 0700) != 0 && errno != EEXIST)
			r = sys_err(e, path);
	}
	arena_free(a);
	return r;
}

static int unpack(struct restore *x, struct err *e)
{
	static const char *const folders[] = {"run", "office", "auth", "vault", "keys", "office/blobs", "vault/seg"};
	int fd = open(x->in, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return sys_err(e, x->in);
	int r = archive_unpack(fd, x->at, &x->facts, e);
	close(fd);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(folders); i++)
		if (mkdirat(x->at, folders[i], 0700) != 0 && errno != EEXIST)
			r = sys_err(e, folders[i]);
	if (r == 0)
		r = make_segs(x, e);
	if (r == 0 && faccessat(x->at, "sekisho.conf", F_OK, 0) != 0)
		r = err_set(e, ERR_CORRUPT, _("%s is missing from the backup"), "sekisho.conf");
	return r == 0 && x->old ? copy_old(x, e) : r;
}

/* --- checks ------------------------------------------------------------------------------------------------------ */

static int check_stores(struct restore *x, struct err *e)
{
	static const char *const programs[] = {"office", "auth"};
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		const char *args[] = {"--check", x->dir, NULL};
		struct buf out;
		buf_init(&out, 65536);
		int code = capture(x->place, programs[i], args, &out, e);
		buf_release(&out);
		if (code != 0)
			return code < 0 ? code : err_set(e, ERR_CORRUPT, _("the store of %s in the backup is damaged"),
			                                 programs[i]);
	}
	return 0;
}

static int check_log(struct restore *x, struct err *e)
{
	const char *args[8 + 2 * KNOWN_MAX] = {"--tool", "verify", x->dir, "--json"};
	size_t n = 4;
	for (size_t i = 0; i < x->n_known && !x->stale; i++) {
		args[n++] = "--known";
		args[n++] = x->known[i];
	}
	buf_clear(&x->report);
	int code = capture(x->place, "vault", args, &x->report, e);
	if (code == 0)
		return 0;
	return code < 0 ? code : err_set(e, ERR_CORRUPT, "%s",
	                                 _("the log in the backup does not verify (sekisho vault verify)"));
}

static int64_t log_size(struct restore *x)
{
	json_t *j = json_loadb(x->report.p, x->report.n, 0, NULL);
	int64_t size = json_integer_value(json_object_get(j, "size"));
	json_decref(j);
	return size;
}

/* A checkpoint that is ahead of the log goes into the memory of keys, which then signs nothing shorter. */
static int look_at_known(struct restore *x, const char *file, struct err *e)
{
	struct buf vkey, note;
	struct note_key key;
	struct checkpoint c;
	buf_init(&vkey, NOTE_VKEY_MAX);
	buf_init(&note, NOTE_MAX);
	int r = file_read_at(x->at, "vault/vkey", NOTE_VKEY_MAX, &vkey, e);
	if (r == 0)
		r = file_read(file, NOTE_MAX, &note, e);
	if (r == 0 && (note_key_parse(buf_view(&vkey), &key, e) != 0 ||
	               checkpoint_check(buf_view(&note), &key, &c, e) != 0))
		r = err_set(e, ERR_DENIED, _("%s is no checkpoint that this log's key signed"), file);
	if (r == 0 && (int64_t)c.size > log_size(x)) {
		char name[128] = "signed-";
		struct buf text;
		sha256_hex(c.origin.p, c.origin.n, name + strlen(name));
		buf_init(&text, NOTE_MAX);
		checkpoint_put(&text, &c);
		r = restored_write(x->at, "keys", name, &text, e);
		buf_release(&text);
		x->stale = true;
	}
	buf_release(&vkey);
	buf_release(&note);
	return r;
}

static int check(struct restore *x, struct err *e)
{
	size_t n = x->n_known;
	x->n_known = 0;
	int r = check_stores(x, e);
	if (r == 0)
		r = check_log(x, e);
	x->n_known = n;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = look_at_known(x, x->known[i], e);
	return r == 0 && n && !x->stale ? check_log(x, e) : r;
}

/* --- the whole --------------------------------------------------------------------------------------------------- */

static int settle(struct restore *x, struct err *e)
{
	struct restored m = {.place = x->place, .dir = x->dir, .at = x->at, .why = "restore",
	                     .made = archive_fact_of(&x->facts, "made"),
	                     .text = x->stale ? STR("the log is older than what was signed") : STR_NONE};
	struct str seq = archive_fact_of(&x->facts, "office-sequence"), size = archive_fact_of(&x->facts, "log-size");
	if (str_int(seq, 0, INT64_MAX, &m.store_last) != 0 || str_int(size, 0, INT64_MAX, &m.log_size) != 0)
		return err_set(e, ERR_CORRUPT, "%s", _("The backup's manifest is damaged"));
	int r = restored_missing(&m, buf_view(&x->report), e);
	if (r == 0)
		r = restored_mark(&m, e);
	return r == 0 ? restored_start(&m, e) : r;
}

static bool parse(struct restore *x, int n, char **args)
{
	for (int i = 0; i < n; i++) {
		if (strcmp(args[i], "--known") == 0 && i + 1 < n && x->n_known < KNOWN_MAX)
			x->known[x->n_known++] = args[++i];
		else if (strcmp(args[i], "--vault") == 0 && i + 1 < n)
			x->old = args[++i];
		else if (args[i][0] == '-')
			return false;
		else if (!x->in)
			x->in = args[i];
		else if (!x->dir)
			x->dir = args[i];
		else
			return false;
	}
	return x->in && x->dir;
}

int command_restore(const struct command *c, const struct place *p, int n, char **args)
{
	struct restore x = {.place = p, .at = -1};
	struct err e = {0};
	if (!parse(&x, n, args))
		return command_usage(c);
	if (access(x.in, R_OK) != 0) {
		sys_err(&e, x.in);
		return command_fail(&e);
	}
	buf_init(&x.facts, 65536);
	buf_init(&x.report, REPORT_MAX);
	int r = make_folder(&x, &e);
	if (r == 0) {
		r = unpack(&x, &e);
		if (r == 0)
			r = check(&x, &e);
		if (r == 0)
			r = settle(&x, &e);
		if (r != 0)
			take_away(&x);
	}
	if (r == 0) {
		struct str made = archive_fact_of(&x.facts, "made");
		printf(_("Restored from the backup of %.*s; every file, both stores and the log were checked.\n"),
		       STR_ARG(made));
		if (x.stale)
			fprintf(stderr, _("sekisho: the log is older than a checkpoint known elsewhere: it signs nothing until an administrator runs "
			                  "sekisho vault new-origin %s --reason …\n"), x.dir);
	}
	buf_release(&x.facts);
	buf_release(&x.report);
	if (x.at >= 0)
		close(x.at);
	return r != 0 ? command_fail(&e) : x.stale ? EXIT_NO : 0;
}
