#include "detect/serve.h"

#include <stdlib.h>
#include <string.h>

#include "core/proto.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"

#define READ_MS 1000                                 /* logs are looked at for what was not fed */
#define READ_SOON_MS 1
#define SAVE_MS 50                                   /* alerts of so long share one write of the state */
#define SAVE_SHARE 10                                /* a large state is written a tenth of the time, no more */
#define SAVE_IDLE_US (10 * SECOND_US)                /* without alerts: what a crash makes read again */
#define SENDING_MAX 256u                             /* sent and not yet acknowledged */

static void settle(struct serve *s);

static int send_to(struct serve *s, const char *peer, struct msg *m)
{
	int fd = child_peer_fd(s->child, peer), r = fd < 0 ? ERR_CLOSED : msg_send(fd, m);

	msg_release(m);
	return r;
}

static void send_entry(struct serve *s, struct alert *a)
{
	struct msg m;

	msg_init(&m, VAULT_APPEND);
	msg_put_z(&m, "detect");
	msg_put_i64(&m, (int64_t)a->seq);
	msg_put_str(&m, str_n(a->prev, SHA256_LEN));
	msg_put_str(&m, a->raw);
	a->sent = !send_to(s, "vault", &m);
}

static void send_alert(struct serve *s, struct alert *a)
{
	struct msg m;

	msg_init(&m, DETECT_ALERT);
	msg_put_z(&m, a->id);
	msg_put_i64(&m, (int64_t)a->index);
	msg_put_str(&m, a->raw);
	a->sent = !send_to(s, "office.writer", &m);
}

/* Only what the state on disk knows goes out. */
static void send_waiting(struct serve *s)
{
	size_t under_way = 0;

	for (size_t i = 0; i < s->alerts.n && under_way < SENDING_MAX; i++) {
		struct alert *a = &s->alerts.list[i];

		if (!a->sent && a->stage == ALERT_FOR_VAULT && s->chained)
			send_entry(s, a);
		else if (!a->sent && a->stage == ALERT_FOR_OFFICE && child_peer_fd(s->child, "office.writer") >= 0)
			send_alert(s, a);
		under_way += a->sent;
	}
}

static void save(void *arg)
{
	struct serve *s = arg;
	struct err e = {0};

	s->save_set = false;
	if (s->dirty && serve_save(s, &e))
		log_error("detect.state", "text=\"%s\"", e.text); /* nothing is sent; tried again */
	settle(s);
}

static void settle(struct serve *s)
{
	if (!s->dirty)
		send_waiting(s);
	else if (!s->save_set) {
		int64_t ms = s->save_took / 1000 * SAVE_SHARE;

		loop_after(s->child->loop, ms > SAVE_MS ? ms : SAVE_MS, save, s);
		s->save_set = true;
	}
}

static void read_on(void *arg)
{
	struct serve *s = arg;
	uint64_t seq = s->alerts.seq;
	bool more = serve_read(s);

	alerts_hour(&s->alerts, s->newest);
	s->dirty |= s->alerts.seq != seq || s->answered || clock_mono() - s->saved_at > SAVE_IDLE_US;
	settle(s);
	loop_after(s->child->loop, more ? READ_SOON_MS : READ_MS, read_on, s);
}

/* --- messages --------------------------------------------------------------------------------------------------------- */

/* A batch of collect from index `first` on. */
static int take_batch(struct serve *s, uint64_t first, struct msg *m)
{
	struct str name, entries;
	struct serve_log *l;
	int64_t number;
	uint32_t n;

	if (m->type != LOG_APPEND || msg_i64(m, &number) || msg_str(m, SERVE_LOG_NAME - 1, &name) || msg_u32(m, &n) ||
	    msg_str(m, MSG_MAX, &entries) || msg_end(m))
		return ERR_PROTO;
	l = serve_log(s, name);
	if (!l || first > l->next || first + n <= l->next || s->alerts.n >= ALERTS_WAITING_MAX)
		return 0; /* there is a gap before it, or we have it: the log is read */
	s->fed += n;
	if (serve_entries(s, l, first, n, entries) == ERR_CORRUPT)
		return ERR_PROTO;
	if (l->size < l->next)
		l->size = l->next;
	settle(s);
	return 0;
}

static int on_feed(struct serve *s, struct msg *m)
{
	struct msg batch;
	int64_t first;
	int r;

	if (msg_i64(m, &first) || first < 0 || msg_message(m, &batch))
		return ERR_PROTO;
	r = msg_end(m) ? ERR_PROTO : take_batch(s, (uint64_t)first, &batch);
	msg_release(&batch);
	return r;
}

static int on_ack(struct serve *s, struct msg *m)
{
	int64_t seq, index;

	if (msg_i64(m, &seq) || msg_i64(m, &index) || msg_end(m))
		return ERR_PROTO;
	s->answered |= alerts_acked(&s->alerts, (uint64_t)seq, (uint64_t)index);
	if (!s->dirty)
		send_waiting(s);
	return 0;
}

static void ask_chain(struct serve *s)
{
	struct msg m;

	s->chained = false;
	alerts_unsent(&s->alerts, ALERT_FOR_VAULT);
	msg_init(&m, VAULT_SOURCE);
	msg_put_z(&m, "detect");
	if (send_to(s, "vault", &m) && child_peer_fd(s->child, "vault") >= 0)
		child_drop(s->child, "vault", false);
}

/* Another entry has our number: our state is older than the log. What waits is numbered anew behind what the vault has. */
static int on_refuse(struct serve *s, struct msg *m)
{
	struct str text;
	int64_t seq;
	uint32_t code;

	if (msg_i64(m, &seq) || msg_u32(m, &code) || msg_str(m, 4096, &text) || msg_end(m))
		return ERR_PROTO;
	if (s->chained)
		log_error("detect.refused", "seq=%lld code=%u text=\"%.*s\"", (long long)seq, code, STR_ARG(text));
	if (s->chained)
		ask_chain(s);
	return 0;
}

/* Entries of ours that wait and that the vault has already get their acknowledgement by being sent again. */
static int on_last(struct serve *s, struct msg *m)
{
	static const uint8_t none[SHA256_LEN];
	uint64_t first = s->alerts.seq + 1;
	int64_t seq, index;
	struct str hash;
	bool same;

	if (msg_i64(m, &seq) || msg_str(m, SHA256_LEN, &hash) || msg_i64(m, &index) || msg_end(m) || seq < 0 ||
	    (seq && hash.n != SHA256_LEN))
		return ERR_PROTO;
	for (size_t i = s->alerts.n; i--;)
		if (s->alerts.list[i].stage == ALERT_FOR_VAULT)
			first = s->alerts.list[i].seq;
	same = (uint64_t)seq + 1 >= first && (uint64_t)seq <= s->alerts.seq;
	for (size_t i = 0; i < s->alerts.n && same; i++) {
		const struct alert *a = &s->alerts.list[i];
		uint8_t own[SHA256_LEN];

		sha256(a->raw.p, a->raw.n, own);
		if (a->stage == ALERT_FOR_VAULT && a->seq == (uint64_t)seq && memcmp(own, hash.p, SHA256_LEN) != 0)
			same = false;
		if (a->stage == ALERT_FOR_VAULT && a->seq == (uint64_t)seq + 1 && memcmp(a->prev, seq ? hash.p : (const char *)none, SHA256_LEN) != 0)
			same = false;
	}
	if ((uint64_t)seq == s->alerts.seq && first > s->alerts.seq && seq)
		same = !memcmp(s->alerts.hash, hash.p, SHA256_LEN);
	if (!same) {
		log_warn("detect.renumbered", "vault=%lld own=%llu", (long long)seq, (unsigned long long)s->alerts.seq);
		alerts_renumber(&s->alerts, (uint64_t)seq, seq ? (const uint8_t *)hash.p : none);
		s->dirty = true;
	}
	s->chained = true;
	settle(s);
	return 0;
}

static int on_suppress(struct serve *s, struct msg *m)
{
	struct suppression *list = xcalloc(SUPPRESSIONS_MAX, sizeof *list);
	uint32_t n = 0;
	int r = msg_u32(m, &n) || n > SUPPRESSIONS_MAX ? ERR_PROTO : 0;

	for (uint32_t i = 0; i < n && !r; i++)
		if (msg_str(m, 256, &list[i].rule) || msg_str(m, 128, &list[i].field) || msg_str(m, 1024, &list[i].value) ||
		    msg_i64(m, &list[i].until))
			r = ERR_PROTO;
	if (!r && msg_end(m))
		r = ERR_PROTO;
	if (!r)
		r = alerts_suppress(&s->alerts, list, n, clock_true());
	s->dirty |= !r;
	free(list);
	settle(s);
	return r;
}

/* Rules nobody wants to hear of are not looked for. */
static void serve_turn_off(struct serve *s)
{
	bool *off = xcalloc(s->rules.n + 1, sizeof *off);

	for (size_t i = 0; i < s->rules.n; i++)
		off[i] = !rule_needed(s->rules.list[i], s->alerts.off);
	engine_turn_off(s->engine, off);
	free(off);
}

static int on_rules(struct serve *s, struct msg *m)
{
	uint32_t n;

	if (msg_u32(m, &n) || n > RULES_MAX)
		return ERR_PROTO;
	for (size_t i = 0; i < s->rules.n; i++)
		s->alerts.off[i] = !s->rules.list[i]->by_default;
	for (uint32_t i = 0; i < n; i++) {
		const struct rule *r;
		struct str id;
		uint8_t on;

		if (msg_str(m, 256, &id) || msg_u8(m, &on))
			return ERR_PROTO;
		r = rules_find(&s->rules, id);
		if (r)
			s->alerts.off[r->at] = !on;
	}
	if (msg_end(m))
		return ERR_PROTO;
	serve_turn_off(s);
	return 0;
}

static void put_state(struct serve *s, struct buf *b)
{
	struct correlate_figures cf;
	struct engine_figures ef;
	struct jw j;
	size_t on = 0;

	correlator_figures(s->correlator, &cf);
	engine_figures(s->engine, &ef);
	for (size_t i = 0; i < s->rules.n; i++)
		on += !s->alerts.off[i];
	jw_init(&j, b, false);
	jw_object(&j);
	jw_kint(&j, "rules", (int64_t)s->rules.n);
	jw_kint(&j, "on", (int64_t)on);
	jw_kint(&j, "faults", (int64_t)s->faults);
	jw_kint(&j, "messages", (int64_t)s->looked_at);
	jw_kint(&j, "fed", (int64_t)s->fed);
	jw_kint(&j, "raised", (int64_t)s->alerts.raised);
	jw_kint(&j, "suppressed", (int64_t)s->alerts.suppressed);
	jw_kint(&j, "folded", (int64_t)s->alerts.folded);
	jw_kint(&j, "waiting", (int64_t)s->alerts.n);
	jw_kint(&j, "groups", (int64_t)cf.groups);
	jw_kint(&j, "evicted", (int64_t)cf.evicted);
	jw_kint(&j, "late", (int64_t)cf.late);
	jw_key(&j, "logs");
	jw_object(&j);
	for (size_t i = 0; i < s->n_logs; i++)
		jw_kint(&j, *s->logs[i].name ? s->logs[i].name : "office", (int64_t)s->logs[i].next);
	jw_end_object(&j);
	jw_end_object(&j);
}

static int on_status(struct serve *s, int fd, struct msg *m)
{
	struct buf b;
	struct msg out;
	int r;

	if (msg_end(m))
		return ERR_PROTO;
	buf_init(&b, 64u << 10);
	put_state(s, &b);
	msg_init(&out, DETECT_STATE);
	msg_put_str(&out, buf_view(&b));
	r = msg_send(fd, &out);
	msg_release(&out);
	buf_release(&b);
	return r == ERR_CLOSED ? 0 : r;
}

static int on_taken(struct serve *s, struct msg *m)
{
	struct str id;

	if (msg_str(m, ALERT_ID, &id) || msg_end(m))
		return ERR_PROTO;
	s->answered |= alerts_taken(&s->alerts, id);
	if (!s->dirty)
		send_waiting(s);
	return 0;
}

static int on_message(void *arg, const char *peer, int fd, struct msg *m)
{
	struct serve *s = arg;

	if (!strcmp(peer, "vault"))
		switch (m->type) {
		case LOG_FEED:
			return on_feed(s, m);
		case VAULT_ACK:
			return on_ack(s, m);
		case VAULT_REFUSE:
			return on_refuse(s, m);
		case VAULT_LAST:
			return on_last(s, m);
		}
	if (!strcmp(peer, "office.writer"))
		switch (m->type) {
		case DETECT_TAKEN:
			return on_taken(s, m);
		case DETECT_SUPPRESS:
			return on_suppress(s, m);
		case DETECT_RULES:
			return on_rules(s, m);
		case DETECT_STATUS:
			return on_status(s, fd, m);
		}
	return ERR_PROTO;
}

static void on_peer(void *arg, const char *peer, int fd)
{
	struct serve *s = arg;

	if (!strcmp(peer, "vault") && fd >= 0)
		ask_chain(s);
	else if (!strcmp(peer, "vault"))
		s->chained = false;
	if (!strcmp(peer, "office.writer")) {
		alerts_unsent(&s->alerts, ALERT_FOR_OFFICE);
		settle(s);
	}
}

static void on_stop(void *arg)
{
	struct serve *s = arg;
	struct err e = {0};

	if (serve_save(s, &e))
		log_error("detect.state", "text=\"%s\"", e.text);
	loop_stop(s->child->loop);
}

const struct child_handlers serve_handlers = {.message = on_message, .peer = on_peer, .stop = on_stop};

static void reset(struct serve *s)
{
	alerts_release(&s->alerts);
	sources_seen_release(&s->sources);
	correlator_free(s->correlator);
	joins_free(s->joins);
	alerts_init(&s->alerts, &s->rules);
	sources_seen_init(&s->sources);
	s->correlator = correlator_new(&s->rules, CORRELATE_GROUPS_MAX, CORRELATE_BYTES_MAX);
	s->joins = joins_new(serve_joined, s);
	s->n_logs = 0;
}

/* Which rules are in force stands in the log itself. */
static void note_start(struct serve *s, const char *state)
{
	char hex[SHA256_HEX];
	struct buf b, ids;
	size_t on = 0;

	buf_init(&b, 4096);
	buf_init(&ids, 4u << 20);
	for (size_t i = 0; i < s->rules.n; i++) {
		on += !s->alerts.off[i];
		buf_str(&ids, s->rules.list[i]->id);
		buf_putc(&ids, '\n');
	}
	sha256_hex(ids.p, ids.n, hex);
	buf_printf(&b, "\"version\":\"" SEKISHO_VERSION "\",\"rules\":%zu,\"on\":%zu,\"faults\":%zu,\"ids\":\"%s\",\"state\":\"%s\"",
	           s->rules.n, on, s->faults, hex, state);
	alerts_note(&s->alerts, "start", buf_view(&b));
	buf_release(&b);
	buf_release(&ids);
	s->dirty = true;
}

void serve_start(struct serve *s)
{
	struct err e = {0};
	int r;

	s->batch = xcalloc(ENGINE_BATCH, sizeof *s->batch);
	reset(s);
	r = serve_load(s, &e);
	if (r) {
		reset(s);
		s->fresh = true;
		if (r != ERR_NOTFOUND)
			log_error("detect.state", "error=%s text=\"%s\" next=\"begins at the end of the logs\"", err_text(r), e.text);
	}
	serve_turn_off(s);
	note_start(s, !r ? "kept" : r == ERR_NOTFOUND ? "new" : "lost");
	log_info("detect.start", "rules=%zu faults=%zu logs=%zu waiting=%zu", s->rules.n, s->faults, s->n_logs, s->alerts.n);
	ask_chain(s);
	loop_after(s->child->loop, READ_SOON_MS, read_on, s);
}
