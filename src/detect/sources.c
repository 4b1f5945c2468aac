#include "detect/sources.h"

#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/clock.h"
#include "lib/json.h"

#define NS 1000000000LL

void sources_seen_init(struct sources_seen *s)
{
	*s = (struct sources_seen){.list = xcalloc(SOURCES_SEEN_MAX, sizeof *s->list), .head = fields_new()};
}

void sources_seen_release(struct sources_seen *s)
{
	free(s->list);
	fields_free(s->head);
	*s = (struct sources_seen){0};
}

static bool same(const struct source_seen *x, const struct message *m)
{
	return str_is(m->source, x->name) && str_is(m->log, x->log);
}

/* Beyond the maximum the one that was quiet longest gives way. */
static struct source_seen *find(struct sources_seen *s, const struct message *m)
{
	size_t oldest = 0;

	if (s->n && same(&s->list[s->last], m))
		return &s->list[s->last];
	for (size_t i = 0; i < s->n; i++) {
		if (same(&s->list[i], m)) {
			s->last = i;
			return &s->list[i];
		}
		if (s->list[i].last < s->list[oldest].last)
			oldest = i;
	}
	s->last = s->n < SOURCES_SEEN_MAX ? s->n++ : oldest;
	s->list[s->last] = (struct source_seen){.last = m->time_ns};
	snprintf(s->list[s->last].name, sizeof s->list[0].name, "%.*s", STR_ARG(m->source));
	snprintf(s->list[s->last].log, sizeof s->list[0].log, "%.*s", STR_ARG(m->log));
	return &s->list[s->last];
}

static void tell_event(const struct source_seen *x, const char *event, const char *what, int64_t v, const char *more, int64_t w,
                       source_tell_fn *tell, void *arg)
{
	struct buf b;
	struct jw j;

	buf_init(&b, 4096);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kz(&j, "event", event);
	jw_kz(&j, "source", x->name);
	jw_kz(&j, "log", x->log);
	jw_kint(&j, what, v);
	if (more)
		jw_kint(&j, more, w);
	jw_end_object(&j);
	tell(arg, x, buf_view(&b));
	buf_release(&b);
}

static void look_at_clock(struct sources_seen *s, struct source_seen *x, const struct message *m, source_tell_fn *tell, void *arg)
{
	int64_t said, off;

	x->clock_at = m->time_ns;
	fields_head(s->head, m->raw);
	if (fields_time(s->head, m->time_ns / 1000, &said))
		return;
	off = said / SECOND_US - m->time_ns / NS;
	if (s->head->time.p[0] > '9') /* no zone in it: whole half hours are another zone, not a wrong clock */
		off -= (off + (off < 0 ? -900 : 900)) / 1800 * 1800;
	if (off > -CLOCK_WRONG && off < CLOCK_WRONG)
		return;
	if (x->told_at && m->time_ns - x->told_at < 3600 * NS)
		return;
	x->told_at = m->time_ns;
	tell_event(x, "clock-offset", "seconds", off, NULL, 0, tell, arg);
}

void sources_see(struct sources_seen *s, const struct message *m, source_tell_fn *tell, void *arg)
{
	struct source_seen *x = find(s, m);

	if (m->time_ns - x->last > x->pause)
		x->pause = m->time_ns - x->last;
	if (x->silent)
		x->silent = false;
	x->count++;
	x->index = m->index;
	if (m->time_ns > x->last)
		x->last = m->time_ns;
	if (m->time_ns - x->clock_at >= CLOCK_EVERY)
		look_at_clock(s, x, m, tell, arg);
}

void sources_silent(struct sources_seen *s, int64_t now, source_tell_fn *tell, void *arg)
{
	for (size_t i = 0; i < s->n; i++) {
		struct source_seen *x = &s->list[i];
		int64_t limit = x->pause * SILENT_TIMES > SILENT_LEAST ? x->pause * SILENT_TIMES : SILENT_LEAST;

		if (x->silent || x->count < SILENT_COUNT || now - x->last < limit || !*x->name)
			continue;
		x->silent = true;
		tell_event(x, "source-silent", "minutes", (now - x->last) / (60 * NS), "usual_minutes", x->pause / (60 * NS), tell, arg);
		x->pause /= 2;
	}
}

static void put_z(struct buf *b, const char *z)
{
	buf_u16(b, (uint16_t)strlen(z));
	buf_puts(b, z);
}

static int get_z(struct cur *in, char *out, size_t cap)
{
	const void *p;
	uint16_t n;

	if (cur_u16(in, &n) || n >= cap || cur_bytes(in, n, &p))
		return ERR_CORRUPT;
	memcpy(out, p, n);
	out[n] = 0;
	return 0;
}

void sources_seen_save(const struct sources_seen *s, struct buf *b)
{
	buf_u32(b, (uint32_t)s->n);
	for (size_t i = 0; i < s->n; i++) {
		const struct source_seen *x = &s->list[i];

		put_z(b, x->name);
		put_z(b, x->log);
		buf_u64(b, x->count);
		buf_u64(b, x->index);
		buf_u64(b, (uint64_t)x->last);
		buf_u64(b, (uint64_t)x->pause);
		buf_u64(b, (uint64_t)x->clock_at);
		buf_u64(b, (uint64_t)x->told_at);
		buf_u8(b, x->silent);
	}
}

int sources_seen_load(struct sources_seen *s, struct cur *in)
{
	uint32_t n;

	if (cur_u32(in, &n) || n > SOURCES_SEEN_MAX)
		return ERR_CORRUPT;
	for (s->n = 0; s->n < n; s->n++) {
		struct source_seen *x = &s->list[s->n];
		uint64_t last, pause, clock_at, told_at;
		uint8_t silent;

		if (get_z(in, x->name, sizeof x->name) || get_z(in, x->log, sizeof x->log) || cur_u64(in, &x->count) ||
		    cur_u64(in, &x->index) || cur_u64(in, &last) || cur_u64(in, &pause) || cur_u64(in, &clock_at) ||
		    cur_u64(in, &told_at) || cur_u8(in, &silent))
			return ERR_CORRUPT;
		x->last = (int64_t)last;
		x->pause = (int64_t)pause;
		x->clock_at = (int64_t)clock_at;
		x->told_at = (int64_t)told_at;
		x->silent = silent;
	}
	return 0;
}
