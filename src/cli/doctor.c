/* sekisho doctor: what an operator should know about this installation, each point with a grade. Looks from outside, so it
 * works on a folder that does not start as well. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "cli/command.h"
#include "core/control.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/sandbox.h"

enum grade { GOOD, NOTE, BAD };
static const char *const grade_ids[] = {"good", "note", "bad"};
static const char *const grade_words[] = {N_("good"), N_("note"), N_("bad")};

struct doctor {
	const char *dir;
	const struct place *place;
	struct jw json;
	bool as_json;
	unsigned count[3];
};

static void point(struct doctor *d, enum grade g, const char *id, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static void point(struct doctor *d, enum grade g, const char *id, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	d->count[g]++;
	if (!d->as_json) {
		printf("%-6s %s\n", _(grade_words[g]), text);
		return;
	}
	jw_object(&d->json);
	jw_kz(&d->json, "id", id);
	jw_kz(&d->json, "grade", grade_ids[g]);
	jw_kz(&d->json, "text", text);
	jw_end_object(&d->json);
}

static void look_at_folder(struct doctor *d)
{
	static const char *const names[] = {"", "office", "auth", "vault", "keys"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[4200];
		struct stat st;
		snprintf(path, sizeof path, "%s/%s", d->dir, names[i]);
		if (stat(path, &st) != 0)
			point(d, BAD, "folder", "%s: %s", path, strerror(errno));
		else if (st.st_mode & 077)
			point(d, BAD, "folder", _("%s is open to others (mode %03o, should be 700)"), path, (unsigned)st.st_mode & 0777);
	}
	if (!d->count[BAD])
		point(d, GOOD, "folder", "%s", _("The data folder belongs to its owner alone"));
}

static void look_at_certificate(struct doctor *d)
{
	char path[4200];
	int days = 0, seconds;
	snprintf(path, sizeof path, "%s/keys/tls.crt", d->dir);
	FILE *f = fopen(path, "re");
	X509 *x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
	if (f)
		fclose(f);
	if (!x || !ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(x)))
		point(d, BAD, "certificate", _("%s cannot be read"), path);
	else if (days < 30)
		point(d, days < 0 ? BAD : NOTE, "certificate", _("The certificate ends in %d days"), days);
	else if (X509_self_signed(x, 0) == 1)
		point(d, NOTE, "certificate", _("The certificate is its own (%d days left); put the municipality's pair at keys/tls.crt and tls.key"), days);
	else
		point(d, GOOD, "certificate", _("The certificate is good for %d days"), days);
	X509_free(x);
}

static void look_at_sandbox(struct doctor *d)
{
	static const struct sandbox_profile *const all[] = {&sandbox_front, &sandbox_office, &sandbox_auth, &sandbox_vault, &sandbox_keys};
	struct err e = {0};
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (sandbox_self_test(all[i], &e) != 0) {
			point(d, BAD, "sandbox", "%s", e.text);
			return;
		}
	point(d, GOOD, "sandbox", "%s", _("Each process refuses what it must refuse (tried)"));
	if (geteuid() == 0)
		point(d, GOOD, "uid", "%s", _("As root every process has its own user and sees only its own folder"));
	else
		point(d, NOTE, "uid", "%s", _("Without root all processes share one user; only Landlock and seccomp part them"));
}

static void look_at_log(struct doctor *d)
{
	char path[4200];
	struct err e = {0};
	int status = -1;
	if (place_program(d->place, "vault", path, sizeof path, &e) != 0) {
		point(d, BAD, "log", "%s", e.text);
		return;
	}
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		if (null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
			_exit(3);
		execl(path, path, "--tool", "verify", d->dir, (char *)NULL);
		_exit(3);
	}
	if (pid > 0)
		(void)waitpid(pid, &status, 0);
	if (status == 0)
		point(d, GOOD, "log", "%s", _("The log is whole and signed"));
	else
		point(d, BAD, "log", _("The log does not verify: run sekisho vault verify %s"), d->dir);
}

static void look_at_machine(struct doctor *d)
{
	struct statvfs fs;
	struct timex t = {0};
	if (statvfs(d->dir, &fs) == 0 && fs.f_blocks) {
		unsigned long long free_mib = (unsigned long long)fs.f_bavail * fs.f_frsize >> 20;
		unsigned percent = (unsigned)(100 * fs.f_bavail / fs.f_blocks);
		point(d, free_mib < 1024 ? BAD : percent < 10 ? NOTE : GOOD, "disk", _("%llu MiB (%u%%) of the disk are free"), free_mib, percent);
	}
	bool in_step = adjtimex(&t) >= 0 && !(t.status & STA_UNSYNC);
	point(d, in_step ? GOOD : NOTE, "clock", "%s",
	      in_step ? _("The clock is kept in step") : _("The kernel does not know whether the clock is in step (NTP)"));
}

static void look_at_house(struct doctor *d)
{
	char path[4200];
	struct buf b;
	struct err e;
	int fd = control_connect(d->dir);
	point(d, fd >= 0 ? GOOD : NOTE, "running", "%s", fd >= 0 ? _("The house is running") : _("The house is not running"));
	if (fd >= 0)
		close(fd);
	snprintf(path, sizeof path, "%s/sekisho.conf", d->dir);
	buf_init(&b, 65536);
	if (file_read(path, 65535, &b, &e) == 0 && str_has(buf_view(&b), "\nsample = yes"))
		point(d, NOTE, "sample", "%s", _("This is a sample folder: whoever may use it signs in as anybody"));
	buf_release(&b);
}

int command_doctor(const struct command *c, const struct place *p, int n, char **args)
{
	struct doctor d = {.place = p};
	struct buf out;
	for (int i = 0; i < n; i++) {
		if (strcmp(args[i], "--json") == 0)
			d.as_json = true;
		else if (args[i][0] != '-' && !d.dir)
			d.dir = args[i];
		else
			return command_usage(c);
	}
	if (!d.dir)
		return command_usage(c);
	buf_init(&out, 1u << 20);
	jw_init(&d.json, &out, true);
	jw_object(&d.json);
	jw_key(&d.json, "points");
	jw_array(&d.json);
	look_at_folder(&d);
	look_at_certificate(&d);
	look_at_sandbox(&d);
	look_at_log(&d);
	look_at_machine(&d);
	look_at_house(&d);
	const char *grade = d.count[BAD] ? "C" : d.count[NOTE] ? "B" : "A";
	jw_end_array(&d.json);
	jw_kz(&d.json, "grade", grade);
	jw_end_object(&d.json);
	if (d.as_json)
		printf("%s\n", buf_z(&out));
	else
		printf("%s: %s\n", _("Grade"), grade);
	buf_release(&out);
	return d.count[BAD] ? EXIT_NO : 0;
}
