/* What clamd says, by gate-scan: this process has no connection to it. Anything but exactly "OK" is not clean; silence holds the
 * file. A scan is evidence, never what lets a file through. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gate/gate.h"
#include "lib/clock.h"
#include "lib/file.h"

#define SECONDS 60
#define ANSWER_MAX 1024

/* Hours since the signatures were made, from "ClamAV 1.4.6/27461/Fri Nov 20 09:00:00 2026"; -1 when it does not say. */
static int64_t age_hours(struct str version)
{
	struct str rest = version;
	struct tm tm = {0};
	char when[40];

	str_cut(&rest, '/');
	str_cut(&rest, '/');
	if (!rest.n || rest.n >= sizeof when)
		return -1;
	memcpy(when, rest.p, rest.n);
	when[rest.n] = 0;
	if (!strptime(when, "%a %b %d %H:%M:%S %Y", &tm))
		return -1;
	return (clock_true() / SECOND_US - timegm(&tm)) / 3600;
}

/* false: no answer. What there was of one is in *sc, in r's memory. */
static bool ask(struct gate *g, const char *what, int fd, struct result *r, struct scan *sc)
{
	struct worker_job job = {.step = "scan", .program = "gate-scan", .format = what, .name = "-", .policy = "", .content = fd,
	                         .depth = GATE_DEPTH_MAX, .seconds = SECONDS, .no_password = true};
	struct str version, verdict;
	struct stat st;
	struct msg m;
	bool ok;

	job.size = fstat(fd, &st) ? 0 : (uint64_t)st.st_size;
	if (worker_talk(g, &job, r, &m, NULL) || !m.type)
		return false;
	ok = m.type == GATE_SCANNED && !msg_str(&m, ANSWER_MAX, &version) && !msg_str(&m, ANSWER_MAX, &verdict) && !msg_end(&m) &&
	     version.n > 0;
	if (ok) {
		sc->engine = arena_str(r->arena, version);
		sc->age_hours = age_hours(sc->engine);
		sc->verdict = arena_str(r->arena, verdict);
	}
	msg_release(&m);
	return ok;
}

void scan_health(struct gate *g, struct arena *a, struct scan *sc)
{
	struct result r = {.arena = a, .out_fd = -1};
	int none = memfd_sealed("none", "", 0);

	sc->age_hours = -1;
	if (g->clamd && none >= 0)
		(void)!ask(g, "version", none, &r, sc);
	if (none >= 0)
		close(none);
	free(r.runs);
}

bool scan_file(struct gate *g, int fd, int which, struct result *r)
{
	struct scan *sc = &r->scan[which];

	if (!g->clamd)
		return true;
	*sc = (struct scan){.asked = true, .age_hours = -1};
	if (!ask(g, "scan", fd, r, sc))
		result_stop(r, GATE_HELD, "AV-ERROR", STR_NONE);
	else if (str_ends(sc->verdict, " FOUND"))
		result_stop(r, GATE_BLOCKED, "AV-FOUND", str_slice(sc->verdict, 0, sc->verdict.n - 6));
	else if (!str_is(sc->verdict, "OK"))
		result_stop(r, GATE_HELD, "AV-ERROR", sc->verdict);
	else if (sc->age_hours >= 0 ? sc->age_hours > g->av_stop_hours : g->av_unknown_stops)
		result_stop(r, GATE_HELD, "AV-OLD", STR_NONE);
	else
		return true;
	return false;
}
