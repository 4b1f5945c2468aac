/* doc, xls, ppt, rtf, odt, ods, odp: LibreOffice, in a jail, makes OOXML of them, and PNG of emf, wmf, svg; what it makes is a stranger's
 * document like any other and takes the whole way through the gate. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gate-office/jail.h"
#include "gate-office/locked.h"
#include "gate-office/macro.h"
#include "lib/file.h"
#include "lib/log.h"
#include "rebuild/worker.h"

#define SOFFICE "/usr/lib/libreoffice/program/soffice.bin"
#define OUTPUT_MAX (300u << 20)
#define RESTART 81                                   /* EXITHELPER_NORMAL_RESTART, EXITHELPER_CRASH_WITH_RESTART of LibreOffice */
#define RESTART_CRASH 79
#define STARTS_MAX 3

static const struct {
	const char *format, *in, *out, *to;              /* LibreOffice's names of the filters: it may not guess */
} kinds[] = {
	{"doc", "MS Word 97", "docx:MS Word 2007 XML", "docx"},
	{"rtf", "Rich Text Format", "docx:MS Word 2007 XML", "docx"},
	{"odt", "writer8", "docx:MS Word 2007 XML", "docx"},
	{"xls", "MS Excel 97", "xlsx:Calc MS Excel 2007 XML", "xlsx"},
	{"ods", "calc8", "xlsx:Calc MS Excel 2007 XML", "xlsx"},
	{"xlsb", "Calc MS Excel 2007 Binary", "xlsx:Calc MS Excel 2007 XML", "xlsx"},
	{"ppt", "MS PowerPoint 97", "pptx:Impress MS PowerPoint 2007 XML", "pptx"},
	{"odp", "impress8", "pptx:Impress MS PowerPoint 2007 XML", "pptx"},
	{"emf", "EMF - MS Windows Metafile", "png:", "png"},
	{"wmf", "WMF - MS Windows Metafile", "png:", "png"},
	{"svg", "SVG - Scalable Vector Graphics Draw", "png:", "png"},
};

static unsigned jail_uid(void)
{
	const char *z = getenv("SEKISHO_UID_BASE");
	int64_t base = SANDBOX_UID_BASE;

	if (z && str_int(str_from(z), 1000, INT32_MAX, &base))
		base = SANDBOX_UID_BASE;
	return (unsigned)base + SANDBOX_UID_JAIL;
}

/* in NULL: by the macro, which has the password. */
static _Noreturn void convert(const char *in, size_t k)
{
	char infilter[80];
	char *with_macro[] = {(char *)(uintptr_t)SOFFICE, (char *)(uintptr_t)"-env:UserInstallation=file://" JAIL_TMP "/profile",
	                      (char *)(uintptr_t)"--headless", (char *)(uintptr_t)"--norestore", (char *)(uintptr_t)MACRO_URL, NULL};
	char *argv[] = {(char *)(uintptr_t)SOFFICE, (char *)(uintptr_t)"-env:UserInstallation=file://" JAIL_TMP "/profile",
	                (char *)(uintptr_t)"--headless", (char *)(uintptr_t)"--norestore",
	                infilter, (char *)(uintptr_t)"--convert-to", (char *)(uintptr_t)kinds[k].out, (char *)(uintptr_t)"--outdir",
	                (char *)(uintptr_t)JAIL_TMP "/out", (char *)(uintptr_t)in, NULL};
	char *env[] = {(char *)(uintptr_t)"HOME=" JAIL_TMP, (char *)(uintptr_t)"LANG=C.UTF-8", (char *)(uintptr_t)"TMPDIR=" JAIL_TMP,
	               (char *)(uintptr_t)"SAL_USE_VCLPLUGIN=svp", (char *)(uintptr_t)"PATH=/usr/bin:/bin", NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	snprintf(infilter, sizeof infilter, "--infilter=%s", kinds[k].in);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(127);
	closefrom(3);
	execve(SOFFICE, in ? argv : with_macro, env);
	_exit(127);
}

static int write_input(struct job *j, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), r;

	if (fd < 0)
		return ERR_SYS;
	r = fd_write_all(fd, j->in.p, j->in.n);
	close(fd);
	return r;
}

/* Runs it to its end; the broker's clock ends us, and with us everything in here. A new profile makes it want to be started again, and
 * it puts its own things over what lies there: the macro, if there is one, is written before each start. */
static int run(const char *in, size_t k, int (*write)(const char *, const struct macro *), const struct macro *m)
{
	int status = RESTART << 8;

	for (int i = 0; i < STARTS_MAX && WIFEXITED(status) && (WEXITSTATUS(status) == RESTART || WEXITSTATUS(status) == RESTART_CRASH); i++) {
		pid_t pid = -1;

		if (!write || !write(JAIL_TMP "/profile", m))
			pid = fork();
		if (!pid)
			convert(write ? NULL : in, k);
		while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (pid < 0)
			return ERR_SYS;
	}
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : ERR_SYNTAX;
}

/* With the password typed, if the document asks for one. Without it LibreOffice still tries the one that all have. */
static int converted(struct job *j, size_t k, const char *in, const char *out, struct buf *made)
{
	bool picture = !strcmp(kinds[k].to, "png"), asks = !picture && locked(j->arena, kinds[k].format, j->in);
	struct macro m = {in, kinds[k].in, out, strchr(kinds[k].out, ':') + 1, asks ? job_policy(j, "password") : STR_NONE};
	struct err e = {0};
	int r = 0;

	if ((picture || m.password.n) && mkdir(JAIL_TMP "/out", 0700))
		return job_fail(j, GATE_HELD, "LIMIT-MEMORY", NULL);
	r = run(in, k, picture ? macro_picture : m.password.n ? macro_document : NULL, &m);
	if (!r)
		r = file_read(out, OUTPUT_MAX, made, &e);
	if (r)
		return job_fail(j, GATE_HELD, !asks ? "PARSE" : m.password.n ? "ENC-WRONG" : "ENC-PASSWORD", NULL);
	if (asks)
		job_part(j, STR_NONE, "ENC-OPENED", GATE_REMOVED, 1, 0, STR_NONE);
	return 0;
}

static int rebuild(struct job *j)
{
	char in[64], out[64], name[64];
	enum gate_outcome outcome;
	struct str clean, language;
	struct buf made;
	size_t k = 0;
	int r;

	while (k < ARRAY_LEN(kinds) && !str_is(j->format, kinds[k].format))
		k++;
	if (k == ARRAY_LEN(kinds))
		return job_fail(j, GATE_HELD, "NO-REBUILD", NULL);
	if (access(SOFFICE, X_OK))
		return job_fail(j, GATE_HELD, "NO-CONVERTER", NULL);
	snprintf(in, sizeof in, JAIL_TMP "/in.%s", kinds[k].format);
	snprintf(out, sizeof out, JAIL_TMP "/out/in.%s", kinds[k].to);
	snprintf(name, sizeof name, "converted.%s", kinds[k].to);
	if (write_input(j, in))
		return job_fail(j, GATE_HELD, "LIMIT-MEMORY", NULL);
	buf_init(&made, OUTPUT_MAX);
	r = converted(j, k, in, out, &made);
	if (r)
		return r;
	r = job_sub(j, name, str_from(name), buf_view(&made), &outcome, &clean, &language);
	buf_release(&made);
	if (r)
		return r;
	if (outcome != GATE_DELIVERED)
		return job_fail(j, outcome, "CONVERTED-STOPPED", name);
	job_part(j, STR_NONE, strcmp(kinds[k].to, "png") != 0 ? "CONVERTED" : "IMG-DRAWN", GATE_CONVERTED, 1, 0, str_from(kinds[k].to));
	buf_str(&j->out, clean);
	j->language = arena_z(j->arena, language);
	return 0;
}

static int enter(char *posture, size_t n, struct err *e)
{
	return jail_enter(jail_uid(), posture, n, e);
}

int main(int argc, char **argv)
{
	return worker_run(argc, argv, &(struct worker){.enter = enter, .rebuild = rebuild});
}
