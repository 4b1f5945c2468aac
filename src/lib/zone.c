/* Instants and the municipality's zone (date.h). The zone's file is read once, before the sandbox closes; localtime_r
 * does not look at it again. */
#include "lib/date.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"

#define ZONE_DEFAULT "Asia/Tokyo"
#define ZONE_FIXED (9 * 3600)
#define ZONE_DIR "/usr/share/zoneinfo"
#define SLOT 21600
#define KEPT 256u

static unsigned opened;                                  /* how often */

int date_zone_open(const char *name)
{
	char path[256];
	if (!name)
		name = ZONE_DEFAULT;
	size_t n = strlen(name);
	if (n == 0 || n > 100 || name[0] == '/' || strstr(name, "..") ||
	    strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") != n)
		return ERR_NOTFOUND;
	snprintf(path, sizeof path, ZONE_DIR "/%s", name);
	if (access(path, R_OK) < 0)
		return ERR_NOTFOUND;
	if (setenv("TZ", path, 1) < 0)
		return ERR_SYS;
	tzset();
	opened++;
	return 0;
}

static int64_t offset_now(int64_t utc)
{
	time_t t = utc;
	struct tm tm;
	return opened && localtime_r(&t, &tm) ? tm.tm_gmtoff : ZONE_FIXED;
}

/* Seconds east of UTC at an instant. What holds at both ends of a slot of six hours holds in it and is kept: a check over a ledger asks
 * for the day of a million instants, and localtime_r reads the rules of the zone each time. */
static int64_t offset_at(int64_t utc)
{
	static _Thread_local struct {
		int64_t slot, offset;
		unsigned opened;
	} kept[KEPT];
	int64_t slot = utc / SLOT, offset;
	size_t i = (size_t)slot % KEPT;
	if (utc < SLOT)
		return offset_now(utc);
	if (kept[i].slot == slot && kept[i].opened == opened)
		return kept[i].offset;
	offset = offset_now(slot * SLOT);
	if (offset != offset_now(slot * SLOT + SLOT - 1))
		return offset_now(utc);
	kept[i].slot = slot;
	kept[i].offset = offset;
	kept[i].opened = opened;
	return offset;
}

static int64_t seconds_of(int64_t us)
{
	return us >= 0 ? us / SECOND_US : -((-us + SECOND_US - 1) / SECOND_US);
}

struct wall {
	struct date date;
	int hour, minute, second, offset;
};

static struct wall wall_of(int64_t us)
{
	int64_t utc = seconds_of(us), offset = offset_at(utc), local = utc + offset;
	int64_t day = local >= 0 ? local / 86400 : -((-local + 86399) / 86400), rest = local - day * 86400;
	int hour = (int)(rest / 3600), minute = (int)(rest / 60 % 60);
	return (struct wall){ date_from_days(day), hour, minute, (int)(rest % 60), (int)offset };
}

struct date date_of_instant(int64_t us)
{
	return wall_of(us).date;
}

static int64_t to_instant(struct date d, int64_t second_of_day)
{
	int64_t local = date_days(d) * 86400 + second_of_day;
	/* Twice: the first guess may lie on the other side of a change of the clocks. */
	int64_t utc = local - offset_at(local - offset_at(local));
	return utc * SECOND_US;
}

int64_t date_to_instant(struct date d, int hour, int minute)
{
	return to_instant(d, (int64_t)hour * 3600 + (int64_t)minute * 60);
}

static bool two_digits(struct str s, size_t at, int max, int *ret)
{
	int64_t v;
	if (at + 2 > s.n || s.p[at] == '-' || str_int(str_slice(s, at, 2), 0, max, &v))
		return false;
	*ret = (int)v;
	return true;
}

int instant_parse(struct str s, int64_t *ret)
{
	struct date d;
	int hour, minute, second = 0;
	if ((s.n != 16 && s.n != 19) || (s.p[10] != 'T' && s.p[10] != ' ') || s.p[13] != ':')
		return ERR_SYNTAX;
	int r = date_parse(str_slice(s, 0, 10), &d);
	if (r)
		return r;
	if (!two_digits(s, 11, 23, &hour) || !two_digits(s, 14, 59, &minute))
		return ERR_SYNTAX;
	if (s.n == 19 && (s.p[16] != ':' || !two_digits(s, 17, 59, &second)))
		return ERR_SYNTAX;
	*ret = to_instant(d, (int64_t)hour * 3600 + (int64_t)minute * 60 + second);
	return 0;
}

void instant_format(int64_t us, char *out, size_t size)
{
	struct wall w = wall_of(us);
	snprintf(out, size, "%04d-%02d-%02d %02d:%02d", w.date.year, w.date.month, w.date.day, w.hour, w.minute);
}

void instant_rfc3339(int64_t us, char *out, size_t size)
{
	struct wall w = wall_of(us);
	int east = w.offset < 0 ? -w.offset : w.offset;
	if (!w.offset)
		snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02dZ", w.date.year, w.date.month, w.date.day, w.hour, w.minute,
		         w.second);
	else
		snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", w.date.year, w.date.month, w.date.day, w.hour,
		         w.minute, w.second, w.offset < 0 ? '-' : '+', east / 3600, east / 60 % 60);
}
