/* Entries → messages → rules → alerts; and the logs as files where the feed does not reach. */
#include "detect/serve.h"

#include <dirent.h>
#include <string.h>

#include "core/note.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/log.h"
#include "tlog/tlog.h"

#define READ_US 100000                               /* at a stretch: then messages are answered */
#define TOLD_FIELDS 12

/* Fields an alert tells when the message has them: what a person needs to judge it without opening the entries. */
static const char *const told[TOLD_FIELDS] = {"host", "program", "user", "src_ip", "dst_ip", "dst_port", "CommandLine", "EventID",
                                              "cs-host", "c-uri", "sc-status", "sekisho.source"};

static void on_firing(void *arg, const struct firing *f)
{
	struct serve *s = arg;
	uint64_t before = s->alerts.seq;

	alerts_raise(&s->alerts, s->correlator, f, NULL, 0);
	s->dirty |= s->alerts.seq != before;
}

static void on_match(void *arg, const struct rule *r, struct event *ev)
{
	struct serve *s = arg;
	struct field fields[TOLD_FIELDS];
	struct entry_ref refs[JOIN_RECORDS] = {{.index = ev->in->index, .log = correlator_log(s->correlator, ev->in->log)}};
	struct firing f = {.rule = r, .time_ns = ev->in->time_ns, .refs = refs, .n_refs = s->n_joined ? s->n_joined : 1};
	uint64_t before = s->alerts.seq;
	size_t n = 0;

	for (size_t i = 0; i < s->n_joined; i++)
		refs[i] = (struct entry_ref){.index = s->joined[i], .log = refs[0].log};
	if (!r->part || r->generate) {
		for (size_t i = 0; i < TOLD_FIELDS; i++) {
			size_t at = 0;

			fields[n].name = str_from(told[i]);
			n += event_field(ev, fields[n].name, &at, &fields[n].value) && fields[n].value.n > 0;
		}
		alerts_raise(&s->alerts, s->correlator, &f, fields, n);
	}
	s->dirty |= s->alerts.seq != before;
	correlator_match(s->correlator, r, ev, on_firing, s);
}

/* What detect itself has to say goes through the rules as a message that stands where the source last spoke. */
static void on_source(void *arg, const struct source_seen *x, struct str raw)
{
	struct serve *s = arg;
	struct message m = {.raw = raw, .source = STR("detect"), .log = str_from(x->log), .index = x->index, .time_ns = s->newest};

	if (engine_scan(s->engine, raw, &m, 1, on_match, s))
		log_error("detect.scan", "text=\"no memory\"");
}

void serve_joined(void *arg, const struct message *m, const uint64_t *index, size_t n)
{
	struct serve *s = arg;

	s->joined = index;
	s->n_joined = n;
	if (engine_scan(s->engine, m->raw, m, 1, on_match, s))
		log_error("detect.scan", "text=\"no memory\"");
	s->n_joined = 0;
}

struct serve_log *serve_log(struct serve *s, struct str name)
{
	for (size_t i = 0; i < s->n_logs; i++)
		if (str_is(name, s->logs[i].name))
			return &s->logs[i];
	if (s->n_logs == SERVE_LOGS_MAX || name.n >= SERVE_LOG_NAME)
		return NULL;
	s->logs[s->n_logs] = (struct serve_log){0};
	snprintf(s->logs[s->n_logs].name, SERVE_LOG_NAME, "%.*s", STR_ARG(name));
	return &s->logs[s->n_logs++];
}

static int scan(struct serve *s, struct str bytes, size_t n)
{
	if (engine_scan(s->engine, bytes, s->batch, n, on_match, s))
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		sources_see(&s->sources, &s->batch[i], on_source, s);
	return 0;
}

int serve_entries(struct serve *s, struct serve_log *l, uint64_t first, uint32_t count, struct str bytes)
{
	struct cur c = cur_init(bytes.p, bytes.n);
	struct str log = *l->name ? str_from(l->name) : STR("office");
	size_t n = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct entry en = {0};
		const void *p;
		uint16_t len;

		if (cur_u16(&c, &len) || cur_bytes(&c, len, &p))
			return ERR_CORRUPT;
		if (first + i < l->next)
			continue;
		if (entry_parse(str_n(p, len), &en) || str_is(en.source, "detect"))
			continue; /* what was redacted says nothing; what we said ourselves was judged before */
		if (en.time_ns > s->newest)
			s->newest = en.time_ns;
		s->batch[n] = (struct message){en.raw, en.source, log, first + i, en.time_ns};
		if (joins_take(s->joins, &s->batch[n])) {
			sources_see(&s->sources, &s->batch[n], on_source, s);
			continue;
		}
		n++;
		if (n == ENGINE_BATCH) {
			if (scan(s, bytes, n))
				return ERR_NOMEM;
			n = 0;
		}
	}
	if (cur_left(&c))
		return ERR_CORRUPT;
	if (scan(s, bytes, n))
		return ERR_NOMEM;
	joins_flush(s->joins, s->newest, false);
	s->looked_at += first + count - l->next;
	l->next = first + count;
	return 0;
}

static void path_of(const struct serve *s, const struct serve_log *l, char out[400])
{
	if (*l->name)
		snprintf(out, 400, "%s/logs/%s", s->vault, l->name);
	else
		snprintf(out, 400, "%s", s->vault);
}

/* What the published checkpoint covers; 0 when there is none yet. */
static uint64_t signed_size(const struct serve *s, const struct serve_log *l)
{
	char path[420], folder[400];
	struct checkpoint c = {0};
	struct note note;
	struct buf b;
	bool good;

	path_of(s, l, folder);
	snprintf(path, sizeof path, "%s/checkpoint", folder);
	buf_init(&b, NOTE_MAX);
	good = !file_read(path, NOTE_MAX, &b, NULL) && !note_parse(buf_view(&b), &note) && !checkpoint_parse(note.text, &c);
	buf_release(&b);
	return good ? c.size : 0;
}

/* Block by block until the end or the time is over. */
static void read_log(struct serve *s, struct serve_log *l, int64_t until)
{
	char path[400];
	struct tlog *t = NULL;
	struct err e = {0};
	int r;

	path_of(s, l, path);
	r = tlog_open(path, &t, &e);
	if (!r && l->next < t->keep.minimum)
		l->next = t->keep.minimum; /* removed when its time was over, before it was looked at */
	while (!r && l->next < l->size && clock_mono() < until && s->alerts.n < ALERTS_WAITING_MAX) {
		const struct block *b;
		uint64_t end;

		r = tlog_block(t, l->next, &b, &e);
		if (r)
			break;
		end = b->first + b->count < l->size ? b->first + b->count : l->size;
		r = serve_entries(s, l, b->first, (uint32_t)(end - b->first), str_n(b->raw.p, b->at[end - b->first]));
	}
	if (r)
		log_warn("detect.read", "log=%s next=%llu error=%s text=\"%s\"", *l->name ? l->name : "office", (unsigned long long)l->next,
		         err_text(r), e.text);
	tlog_free(t);
}

/* Logs that appeared since. On the very first start those that are there begin at their end. */
static void find_logs(struct serve *s)
{
	char path[400];
	DIR *d;

	serve_log(s, STR(""));
	snprintf(path, sizeof path, "%s/logs", s->vault);
	d = opendir(path);
	for (struct dirent *i; d && (i = readdir(d));)
		if (i->d_name[0] >= 'a' && i->d_name[0] <= 'z')
			serve_log(s, str_from(i->d_name));
	if (d)
		closedir(d);
	for (size_t i = 0; i < s->n_logs; i++) {
		s->logs[i].size = signed_size(s, &s->logs[i]);
		if (s->fresh)
			s->logs[i].next = s->logs[i].size;
	}
	s->fresh = false;
}

bool serve_read(struct serve *s)
{
	int64_t until = clock_mono() + READ_US;
	bool more = false;

	find_logs(s);
	joins_flush(s->joins, s->newest, false);
	for (size_t i = 0; i < s->n_logs; i++) {
		struct serve_log *l = &s->logs[i];
		uint64_t before = l->next;

		if (l->next < l->size)
			read_log(s, l, until);
		more |= l->next < l->size && l->next > before;
	}
	if (!more)
		sources_silent(&s->sources, s->newest, on_source, s);
	return more;
}
