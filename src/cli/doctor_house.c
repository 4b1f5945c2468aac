/* The processes as the kernel sees them, the log, and what the office knows. */
#include "cli/doctor.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/capture.h"
#include "cli/house.h"
#include "lib/file.h"
#include "lib/sandbox.h"

#define WHOLE_MAX (2ull << 30)                           /* a bigger log is looked at by samples */
#define SAMPLES 16
#define STATUS_MAX 16384
#define REPORT_MAX (64u << 20)

/* --- processes --------------------------------------------------------------------------------------------------- */

static void look_at_sandbox(struct doctor *d)
{
	static const struct sandbox_profile *const all[] = {&sandbox_front, &sandbox_office, &sandbox_auth, &sandbox_vault,
	                                                    &sandbox_keys, &sandbox_collect, &sandbox_search, &sandbox_detect,
	                                                    &sandbox_gate_broker, &sandbox_gate, &sandbox_gate_verify, &sandbox_gate_pdf, &sandbox_gate_scan};
	struct err e = {0};
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (sandbox_self_test(all[i], &e) != 0) {
			doctor_point(d, GRADE_BAD, "sandbox", N_("Use a kernel with Landlock and seccomp (Debian 12 or later)"),
			             "%s", e.text);
			return;
		}
	doctor_point(d, GRADE_OK, "sandbox", NULL, "%s", _("Each process refuses what it must refuse (tried)"));
}

/* The number behind "Name:\t" in /proc/PID/status, -1 when it is not there. */
static int64_t status_number(struct str text, const char *name)
{
	while (text.n) {
		struct str rest = str_cut(&text, '\n'), key = str_cut(&rest, ':');
		int64_t v;
		rest = str_trim(rest);
		if (str_is(key, name) && str_int(str_cut(&rest, '\t'), 0, INT64_MAX, &v) == 0)
			return v;
	}
	return -1;
}

static void look_at_process(struct doctor *d, struct str role, struct str pid, struct str posture)
{
	char path[64];
	struct buf b;
	struct err e;
	snprintf(path, sizeof path, "/proc/%.*s/status", STR_ARG(pid));
	buf_init(&b, STATUS_MAX);
	bool read = file_read(path, STATUS_MAX, &b, &e) == 0;
	int64_t uid = status_number(buf_view(&b), "Uid"), seccomp = status_number(buf_view(&b), "Seccomp"),
	        locked = status_number(buf_view(&b), "NoNewPrivs");
	buf_release(&b);
	if (!read)
		doctor_point(d, GRADE_WARN, "process", N_("Look at the log of the service, then ask again"),
		             _("%.*s (process %.*s) is not there"), STR_ARG(role), STR_ARG(pid));
	else if (seccomp != 2 || locked != 1 || uid == 0)
		doctor_point(d, GRADE_BAD, "process", N_("Restart Sekisho; if it stays so, the kernel lacks seccomp"),
		             _("%.*s is not locked in (user %lld, seccomp %lld, no new rights %lld)"), STR_ARG(role),
		             (long long)uid, (long long)seccomp, (long long)locked);
	else
		doctor_point(d, str_has(posture, "landlock") || str_has(posture, "mnt") ? GRADE_OK : GRADE_WARN, "process",
		             NULL, _("%.*s: user %lld, %.*s"), STR_ARG(role), (long long)uid, STR_ARG(posture));
}

static void look_at_processes(struct doctor *d)
{
	char path[4200];
	struct buf b;
	struct err e;
	int fd = control_connect(d->dir);
	if (fd < 0) {
		doctor_point(d, GRADE_WARN, "running", N_("Start it: systemctl start sekisho"), "%s",
		             _("The house is not running"));
		return;
	}
	close(fd);
	doctor_point(d, GRADE_OK, "running", NULL, "%s", _("The house is running"));
	snprintf(path, sizeof path, "%s/run/processes", d->dir);
	buf_init(&b, 65536);
	struct str rest = file_read(path, 65536, &b, &e) == 0 ? buf_view(&b) : STR_NONE;
	while (rest.n) {
		struct str posture = str_cut(&rest, '\n'), role = str_cut(&posture, ' '), pid = str_cut(&posture, ' ');
		if (pid.n)
			look_at_process(d, role, pid, posture);
	}
	buf_release(&b);
}

static void look_at_users(struct doctor *d)
{
	if (geteuid() == 0)
		doctor_point(d, GRADE_OK, "uid", NULL, "%s",
		             _("As root every process has its own user and sees only its own folder"));
	else
		doctor_point(d, GRADE_WARN, "uid", N_("Run it as the service of deploy/, started by root"), "%s",
		             _("Without root all processes share one user; only Landlock and seccomp part them"));
}

/* --- the log ----------------------------------------------------------------------------------------------------- */

static unsigned long long log_bytes;

static int measure(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	log_bytes += (unsigned long long)st->st_size;
	return 0;
}

/* Entries of a signed checkpoint, its second line. */
static int64_t signed_size(struct doctor *d)
{
	char path[4200];
	struct buf b;
	struct err e;
	int64_t n = 0;
	snprintf(path, sizeof path, "%s/vault/checkpoint", d->dir);
	buf_init(&b, 65536);
	struct str rest = file_read(path, 65536, &b, &e) == 0 ? buf_view(&b) : STR_NONE;
	(void)str_cut(&rest, '\n');
	if (str_int(str_cut(&rest, '\n'), 0, INT64_MAX, &n) != 0)
		n = 0;
	buf_release(&b);
	return n;
}

static bool samples_prove(struct doctor *d)
{
	int64_t n = signed_size(d);
	for (int64_t i = 0; i < SAMPLES && n > 0; i++) {
		char index[24];
		struct err e = {0};
		const char *args[] = {"--tool", "prove", d->dir, index, NULL};
		snprintf(index, sizeof index, "%lld", (long long)(n - 1 - i * (n / SAMPLES)));
		if (capture(d->place, "vault", args, NULL, &e) != 0)
			return false;
	}
	return n > 0;
}

static void look_at_log(struct doctor *d)
{
	char path[4200];
	struct err e = {0};
	const char *args[] = {"--tool", "verify", d->dir, NULL};
	snprintf(path, sizeof path, "%s/vault", d->dir);
	log_bytes = 0;
	nftw(path, measure, 32, FTW_PHYS);
	bool whole = log_bytes <= WHOLE_MAX, good = whole ? capture(d->place, "vault", args, NULL, &e) == 0
	             : samples_prove(d);
	if (!good)
		doctor_point(d, GRADE_BAD, "log",
		             N_("Keep a copy of the folder as it is, then look at sekisho vault verify DIR"), "%s",
		             _("The log does not verify"));
	else
		doctor_point(d, GRADE_OK, "log", NULL, "%s",
		             whole ? _("The log is whole and signed")
		             : _("Samples over the whole log are proven (all of it: sekisho vault verify)"));
}

/* --- what the office says ---------------------------------------------------------------------------------------- */

static void on_out(void *arg, int to, struct str bytes)
{
	if (to == 1)
		buf_str(arg, bytes);
}

static const char *text_of(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static void look_at_office(struct doctor *d)
{
	struct control_call call = {.lang = i18n_lang(), .args = {"doctor"}, .n_args = 1};
	struct buf b;
	size_t i;
	json_t *p;
	buf_init(&b, REPORT_MAX);
	int code = door_call(d->place, d->dir, &call, on_out, &b);
	json_t *all = code == 0 ? json_loadb(b.p, b.n, 0, NULL) : NULL;
	if (!json_is_array(all))
		doctor_point(d, GRADE_BAD, "office", N_("Look at the messages above and at the log of the service"), "%s",
		             _("The office does not answer"));
	json_array_foreach(all, i, p) {
		int64_t g = json_integer_value(json_object_get(p, "grade"));
		const char *id = text_of(p, "id"), *text = text_of(p, "text");
		doctor_point(d, g <= 0 ? GRADE_OK : g == 1 ? GRADE_WARN : GRADE_BAD, id ? id : "office", text_of(p, "do"), "%s",
		             text ? text : "");
	}
	json_decref(all);
	buf_release(&b);
}

void doctor_house(struct doctor *d)
{
	char path[4200];
	look_at_sandbox(d);
	look_at_users(d);
	look_at_processes(d);
	look_at_log(d);
	snprintf(path, sizeof path, "%s/sekisho.conf", d->dir);
	if (access(path, F_OK) == 0)
		look_at_office(d);
}
