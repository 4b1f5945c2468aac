/* Folders, disk, clock, certificate: what the machine says without any program of ours. */
#include "cli/doctor.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "lib/clock.h"

#define MIB (1ull << 20)
#define DAY_S (DAY_US / SECOND_US)

static void look_at_folder(struct doctor *d)
{
	static const char *const names[] = {"", "office", "auth", "vault", "keys"};
	unsigned bad = d->count[GRADE_BAD];
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[4200];
		struct stat st;
		snprintf(path, sizeof path, "%s/%s", d->dir, names[i]);
		if (stat(path, &st) != 0)
			doctor_point(d, GRADE_BAD, "folder", N_("Restore the folder from a backup (sekisho restore)"), "%s: %s",
			             path, strerror(errno));
		else if (st.st_mode & (strcmp(names[i], "vault") == 0 ? 027 : 077)) /* those who read the logs are of its group */
			doctor_point(d, GRADE_BAD, "folder", N_("Take the rights of others away: chmod 700"),
			             _("%s is open to others (mode %03o, should be 700)"), path, (unsigned)st.st_mode & 0777);
	}
	if (d->count[GRADE_BAD] == bad)
		doctor_point(d, GRADE_OK, "folder", NULL, "%s", _("The data folder belongs to its owner alone"));
}

static void look_at_certificate(struct doctor *d)
{
	static const char *const renew = N_("Put a new pair at keys/tls.crt and keys/tls.key and restart");
	char path[4200];
	int days = 0, seconds;
	snprintf(path, sizeof path, "%s/keys/tls.crt", d->dir);
	FILE *f = fopen(path, "re");
	X509 *x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
	if (f)
		fclose(f);
	if (!x || !ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(x)))
		doctor_point(d, GRADE_BAD, "certificate", renew, _("%s cannot be read"), path);
	else if (days < 30)
		doctor_point(d, days < 0 ? GRADE_BAD : GRADE_WARN, "certificate", renew, _("The certificate ends in %d days"),
		             days);
	else if (X509_self_signed(x, 0) == 1)
		doctor_point(d, GRADE_WARN, "certificate", N_("Put the municipality's pair at keys/tls.crt and keys/tls.key, so that browsers can tell it from another's"),
		             _("The certificate is its own (%d days left)"), days);
	else
		doctor_point(d, GRADE_OK, "certificate", NULL, _("The certificate is good for %d days"), days);
	X509_free(x);
}

static unsigned long long used;
static int64_t oldest;

static int measure(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	used += (unsigned long long)st->st_blocks * 512;
	if (kind == FTW_F && (!oldest || st->st_mtim.tv_sec < oldest))
		oldest = st->st_mtim.tv_sec;
	return 0;
}

/* What lies in the folder came since its oldest file: so much a day, so many days are left. */
static void look_at_disk(struct doctor *d)
{
	static const char *const more = N_("Give the data folder more space before it is full; writing stops then, nothing is lost");
	struct statvfs fs;
	if (statvfs(d->dir, &fs) != 0 || !fs.f_blocks)
		return;
	unsigned long long free_mib = (unsigned long long)fs.f_bavail * fs.f_frsize / MIB;
	unsigned percent = (unsigned)(100 * fs.f_bavail / fs.f_blocks);
	enum grade g = free_mib < 1024 ? GRADE_BAD : percent < 10 ? GRADE_WARN : GRADE_OK;
	doctor_point(d, g, "disk", g == GRADE_OK ? NULL : more, _("%llu MiB (%u%%) of the disk are free"), free_mib,
	             percent);
	used = 0;
	oldest = 0;
	nftw(d->dir, measure, 32, FTW_PHYS);
	int64_t age = clock_true() / SECOND_US - oldest;
	if (age < 7 * DAY_S || !used)
		return;                                  /* too young to tell */
	unsigned long long a_day = used / (unsigned long long)(age / DAY_S) / MIB + 1, days = free_mib / a_day;
	g = days < 14 ? GRADE_BAD : days < 90 ? GRADE_WARN : GRADE_OK;
	doctor_point(d, g, "disk-forecast", g == GRADE_OK ? NULL : more,
	             _("At %llu MiB a day the disk is enough for %llu days"), a_day, days);
}

static void look_at_clock(struct doctor *d)
{
	static const char *const fix = N_("Let the clock follow the municipality's time server (timedatectl, chrony)");
	char path[4200];
	struct stat st;
	struct timex t = {0};
	int64_t now = clock_true() / SECOND_US;
	snprintf(path, sizeof path, "%s/vault/checkpoint", d->dir);
	if (stat(path, &st) == 0 && st.st_mtim.tv_sec > now + 60) {
		doctor_point(d, GRADE_BAD, "clock", fix, _("The clock is %lld seconds behind the newest entry of the log"),
		             (long long)(st.st_mtim.tv_sec - now));
		return;
	}
	bool in_step = adjtimex(&t) >= 0 && !(t.status & STA_UNSYNC);
	doctor_point(d, in_step ? GRADE_OK : GRADE_WARN, "clock", in_step ? NULL : fix, "%s",
	             in_step ? _("The clock is kept in step")
	             : _("The kernel does not know whether the clock is in step (NTP)"));
}

void doctor_machine(struct doctor *d)
{
	look_at_folder(d);
	look_at_certificate(d);
	look_at_disk(d);
	look_at_clock(d);
}
