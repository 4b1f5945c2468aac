#include "cli/signatures.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/i18n.h"
#include "lib/str.h"

#define HEAD 512                                     /* of a container: ClamAV-VDB:time:version:signatures:level:md5:signature:builder:seconds */
#define SAID_MAX 16384
#define ANSWER_MS 120000                             /* a reload of millions of signatures */

/* What libclamav reads and what of it has a digital signature. cdiff is no set but steps between two. */
static const char *const containers[] = {"cvd", "cld"};
static const char *const plain[] = {"ndb", "ndu", "hdb", "hdu", "hsb", "hsu", "mdb", "mdu", "msb", "msu", "ldb", "ldu", "cdb", "fp", "sfp", "ign2", "pdb", "wdb"};

static bool among(const char *const *list, size_t n, const char *z)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], z) == 0)
			return true;
	return false;
}

/* Runs it with its output in said; its exit code, -1 when it could not be run or died. */
static int run(char *const argv[], char said[SAID_MAX])
{
	int p[2], status = -1;
	size_t n = 0;
	ssize_t k;
	pid_t pid;

	said[0] = 0;
	if (pipe2(p, O_CLOEXEC))
		return -1;
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

		if (null < 0 || dup2(null, 0) < 0 || dup2(p[1], 1) < 0 || dup2(p[1], 2) < 0)
			_exit(127);
		setenv("LC_ALL", "C", 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(p[1]);
	while (n < SAID_MAX - 1 && (k = read(p[0], said + n, SAID_MAX - 1 - n)) > 0)
		n += (size_t)k;
	said[n] = 0;
	close(p[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void head_read(const char *path, struct signature *s)
{
	char text[HEAD + 1];
	struct str rest, part[9];
	int64_t v;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, HEAD);

	if (fd >= 0)
		close(fd);
	rest = str_n(text, n > 0 ? (size_t)n : 0);
	for (size_t i = 0; i < ARRAY_LEN(part); i++)
		part[i] = str_cut(&rest, ':');
	if (!str_is(part[0], "ClamAV-VDB"))
		return;
	snprintf(s->made, sizeof s->made, "%.*s", STR_ARG(part[1]));
	for (char *c = s->made; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '.';
	s->version = str_int(part[2], 1, INT64_MAX, &v) ? 0 : v;
	s->count = str_int(part[3], 0, INT64_MAX, &v) ? 0 : v;
}

static int hash(const char *file, char out[SHA256_HEX], struct err *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > SIGNATURE_BYTES_MAX) {
		if (fd >= 0)
			close(fd);
		return err_set(e, ERR_INVALID, _("%s: not a file of signatures"), file);
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return err_sys(e, "%s", file);
	sha256_hex(p, (size_t)st.st_size, out);
	munmap(p, (size_t)st.st_size);
	return 0;
}

static int name_take(const char *file, struct signature *s, const char **ret_ext, struct err *e)
{
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file, *dot = strrchr(name, '.');

	if (!dot || dot == name || strlen(name) >= sizeof s->name || name[0] == '.' ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != strlen(name))
		return err_set(e, ERR_DENIED, _("%s: this is no name of a file of signatures"), file);
	snprintf(s->name, sizeof s->name, "%s", name);
	*ret_ext = dot + 1;
	return 0;
}

/* The same set may lie there as .cvd or as .cld. */
static int64_t version_there(const char *database, const struct signature *s)
{
	int64_t newest = 0;

	for (size_t i = 0; i < ARRAY_LEN(containers); i++) {
		struct signature old = {0};
		char path[4300];

		snprintf(path, sizeof path, "%s/%.*s.%s", database, (int)(strrchr(s->name, '.') - s->name), s->name, containers[i]);
		head_read(path, &old);
		newest = old.version > newest ? old.version : newest;
	}
	return newest;
}

int signature_check(const char *file, const char *database, bool unsigned_too, struct signature *ret, struct err *e)
{
	char said[SAID_MAX];
	const char *ext;
	int64_t there;
	int r = name_take(file, ret, &ext, e);

	if (!r)
		r = hash(file, ret->sha256, e);
	if (r)
		return r;
	if (strcmp(ext, "cdiff") == 0)
		return err_set(e, ERR_DENIED, _("%s: a difference can only be applied by freshclam; bring the whole .cvd"), file);
	if (among(plain, ARRAY_LEN(plain), ext))
		return unsigned_too ? 0 : err_set(e, ERR_DENIED, _("%s: files of this kind carry no digital signature; --unsigned takes them"), file);
	if (!among(containers, ARRAY_LEN(containers), ext))
		return err_set(e, ERR_DENIED, _("%s: ClamAV knows no signatures of this kind"), file);
	if (run((char *[]){(char *)(uintptr_t)"sigtool", (char *)(uintptr_t)"--info", (char *)(uintptr_t)file, NULL}, said) != 0 ||
	    !strstr(said, "Verification OK"))
		return err_set(e, ERR_DENIED, _("%s: its digital signature does not verify (sigtool)"), file);
	ret->is_signed = true;
	head_read(file, ret);
	there = version_there(database, ret);
	if (ret->version < there)
		return err_set(e, ERR_DENIED, _("%s: version %lld is older than version %lld, which is there"), file, (long long)ret->version,
		               (long long)there);
	return 0;
}

/* --- the folder ----------------------------------------------------------------------------------------------------------- */

static bool replaced(const char *name, const struct signature *s, int n)
{
	const char *dot = strrchr(name, '.');
	bool container = dot && among(containers, ARRAY_LEN(containers), dot + 1);

	for (int i = 0; i < n; i++) {
		size_t stem = (size_t)(strrchr(s[i].name, '.') - s[i].name);

		if (strcmp(name, s[i].name) == 0 ||
		    (container && s[i].is_signed && (size_t)(dot - name) == stem && strncmp(name, s[i].name, stem) == 0))
			return true;
	}
	return false;
}

static int copy_in(const char *file, int dir, const struct signature *s, const struct stat *like, struct err *e)
{
	char some[65536], now[SHA256_HEX], path[64];
	int in = open(file, O_RDONLY | O_CLOEXEC), out = openat(dir, s->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644), r = 0;
	ssize_t k = 0;

	while (in >= 0 && out >= 0 && !r && (k = read(in, some, sizeof some)) > 0)
		r = fd_write_all(out, some, (size_t)k);
	if (in < 0 || out < 0 || k < 0 || r || fsync(out) || (geteuid() == 0 && fchown(out, like->st_uid, like->st_gid)))
		r = err_sys(e, "%s", file);
	snprintf(path, sizeof path, "/proc/self/fd/%d", out);
	if (!r)
		r = hash(path, now, e);
	if (!r && strcmp(now, s->sha256) != 0)
		r = err_set(e, ERR_CONFLICT, _("%s: changed while it was looked at"), file);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return r;
}

static int keep_old(int from, int to, const struct signature *s, int n, struct err *e)
{
	DIR *d = fdopendir(dup(from));
	int r = d ? 0 : err_sys(e, "opendir");

	for (struct dirent *i; d && !r && (i = readdir(d));) {
		struct stat st;

		if (fstatat(from, i->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode) || replaced(i->d_name, s, n))
			continue;
		if (linkat(from, i->d_name, to, i->d_name, 0))
			r = err_sys(e, "%s", i->d_name);
	}
	if (d)
		closedir(d);
	return r;
}

int signatures_stage(const char *database, char *const *files, const struct signature *s, int n, char **ret, struct err *e)
{
	char path[4200];
	struct stat st;
	int from = open(database, O_RDONLY | O_DIRECTORY | O_CLOEXEC), to = -1, r = 0;

	if (from < 0 || fstat(from, &st) || (size_t)snprintf(path, sizeof path, "%s.new-%d", database, (int)getpid()) >= sizeof path ||
	    mkdir(path, 0700) || (to = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		r = err_sys(e, "%s", database);
	if (to >= 0)
		*ret = xstrdup(path);
	if (!r)
		r = keep_old(from, to, s, n, e);
	for (int i = 0; i < n && !r; i++)
		r = copy_in(files[i], to, &s[i], &st, e);
	if (!r && ((geteuid() == 0 && fchown(to, st.st_uid, st.st_gid)) || fchmod(to, st.st_mode & 07777) || fsync(to)))
		r = err_sys(e, "%s", path);
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return r;
}

int signatures_load(const char *stage, struct err *e)
{
	char said[SAID_MAX], database[4300], none[] = "/tmp/sekisho-none-XXXXXX";
	int fd = mkostemp(none, O_CLOEXEC), code;

	if (fd < 0)
		return err_sys(e, "%s", none);
	close(fd);
	snprintf(database, sizeof database, "--database=%s", stage);
	code = run((char *[]){(char *)(uintptr_t)"clamscan", (char *)(uintptr_t)"--no-summary", database, none, NULL}, said);
	(void)unlink(none);
	return code == 0 ? 0 : err_set(e, ERR_DENIED, _("ClamAV does not load the new set: %.*s"), (int)strcspn(said, "\n"), said);
}

int signatures_activate(const char *database, const char *stage, struct err *e)
{
	char before[4200];

	if ((size_t)snprintf(before, sizeof before, "%s.before", database) >= sizeof before)
		return err_set(e, ERR_TOOBIG, "%s", database);
	if (renameat2(AT_FDCWD, stage, AT_FDCWD, database, RENAME_EXCHANGE))
		return err_sys(e, "%s", database);
	signatures_drop(before);
	return rename(stage, before) ? err_sys(e, "%s", before) : 0;
}

void signatures_drop(const char *stage)
{
	int dir = open(stage, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = dir < 0 ? NULL : fdopendir(dir);

	for (struct dirent *i; d && (i = readdir(d));)
		if (strcmp(i->d_name, ".") != 0 && strcmp(i->d_name, "..") != 0)
			(void)unlinkat(dir, i->d_name, 0);
	if (d)
		closedir(d);
	(void)rmdir(stage);
}

/* --- clamd ------------------------------------------------------------------------------------------------------------------ */

static bool ask(const char *path, const char *command, char *said, size_t n)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t k = -1;

	if (fd >= 0 && (size_t)snprintf(a.sun_path, sizeof a.sun_path, "%s", path) < sizeof a.sun_path &&
	    connect(fd, (struct sockaddr *)&a, sizeof a) == 0 && !fd_write_all(fd, command, strlen(command) + 1) && poll(&p, 1, ANSWER_MS) == 1)
		k = read(fd, said, n - 1);
	if (fd >= 0)
		close(fd);
	said[k > 0 ? k : 0] = 0;
	for (char *c = said; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '.';
	return k > 0;
}

int scanner_reload(const char *socket, char *said, size_t n, struct err *e)
{
	if (!ask(socket, "zRELOAD", said, n) || strcmp(said, "RELOADING") != 0)
		return err_set(e, ERR_CLOSED, _("clamd did not take the new signatures: %s"), said[0] ? said : socket);
	return ask(socket, "zVERSION", said, n) ? 0 : err_set(e, ERR_CLOSED, _("clamd does not answer after the reload: %s"), socket);
}
