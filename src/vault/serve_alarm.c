#include "vault/serve.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"

static struct serve_alarm *find(struct serve *s, const char *kind, struct str source)
{
	for (size_t i = 0; i < s->n_alarms; i++)
		if (!strcmp(s->alarms[i].kind, kind) && str_is(source, s->alarms[i].source))
			return &s->alarms[i];
	return NULL;
}

static struct serve_alarm *add(struct serve *s, const char *kind, struct str source)
{
	struct serve_alarm *a;

	if (s->n_alarms == SERVE_ALARMS) {
		memmove(s->alarms, s->alarms + 1, (SERVE_ALARMS - 1) * sizeof *s->alarms);
		s->n_alarms--;
	}
	a = &s->alarms[s->n_alarms++];
	*a = (struct serve_alarm){.at = INT64_MIN / 2};
	snprintf(a->kind, sizeof a->kind, "%s", kind);
	snprintf(a->source, sizeof a->source, "%.*s", STR_ARG(source));
	return a;
}

void serve_alarm(struct serve *s, const char *kind, struct str source, int64_t seq)
{
	struct serve_alarm *a = find(s, kind, source);
	int64_t now = clock_true();
	struct err e = {0};
	struct buf b;
	struct jw j;
	uint64_t at;
	int r;

	if (a && now - a->at < SERVE_ALARM_QUIET_US && now >= a->at) {
		a->repeated++;
		return;
	}
	if (!a)
		a = add(s, kind, source);
	log_error("vault.alarm", "kind=%s source=%.*s seq=%lld repeated=%lld", kind, STR_ARG(source), (long long)seq,
	          (long long)a->repeated);
	buf_init(&b, VAULT_DETAIL_MAX);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kz(&j, "kind", kind);
	jw_kstr(&j, "source", source);
	jw_kint(&j, "sequence", seq);
	jw_kint(&j, "repeated", a->repeated);
	jw_end_object(&j);
	/* members only: the entry's own braces go around them */
	if (!buf_err(&b) && b.n > 2)
		b.p[b.n - 1] = 0;
	r = s->own->vault ? vault_append_own(s->own->vault, "alarm", buf_z(&b) + 1, &at, &e) : 0;
	buf_release(&b);
	a->seq = seq;
	a->at = now;
	a->repeated = 0;
	if (r)
		serve_failed(s->own, &e);
}

/* From the own entry {"type":"alarm","kind":…,"source":…,"sequence":…}. */
static void remember(struct serve *s, const struct entry *en)
{
	json_t *o = json_loadb(en->raw.p, en->raw.n, 0, NULL);
	const char *kind = json_string_value(json_object_get(o, "kind"));
	const char *source = json_string_value(json_object_get(o, "source"));
	struct serve_alarm *a;

	if (kind && source) {
		a = find(s, kind, str_from(source));
		if (!a)
			a = add(s, kind, str_from(source));
		a->seq = json_integer_value(json_object_get(o, "sequence"));
		a->at = en->time_ns / 1000;
	}
	json_decref(o);
}

void serve_recall(struct serve *s)
{
	struct tlog *st = vault_log(s->own->vault);
	uint64_t size = tlog_size(st), i = size > SERVE_RECALL ? size - SERVE_RECALL : 0;

	for (; i < size; i++) {
		struct str bytes;
		struct entry en;

		if (!tlog_entry(st, i, &bytes, NULL) && !entry_parse(bytes, &en) && str_is(en.source, VAULT_OWN) &&
		    str_starts(en.raw, "{\"type\":\"alarm\""))
			remember(s, &en);
	}
}

static void put_log(const struct serve_log *l, struct jw *j)
{
	const struct sources *all = vault_sources(l->vault);
	struct checkpoint c;
	struct buf root;

	vault_head(l->vault, &c);
	buf_init(&root, 64);
	buf_base64(&root, c.root, MERKLE_LEN);
	jw_kstr(j, "origin", c.origin);
	jw_kint(j, "size", (int64_t)c.size);
	jw_kstr(j, "root", buf_view(&root));
	jw_kint(j, "signed_size", (int64_t)vault_signed_size(l->vault));
	jw_kint(j, "signed_at", l->signed_at);
	jw_kstr(j, "checkpoint", buf_view(&vault_log(l->vault)->last_signed));
	jw_kstr(j, "vkey", buf_view(&vault_log(l->vault)->vkey));
	jw_kint(j, "minimum", (int64_t)vault_log(l->vault)->keep.minimum);
	jw_kint(j, "policy_days", vault_log(l->vault)->keep.days);
	jw_kint(j, "used", l->used);
	jw_kint(j, "oldest_at", l->oldest_at);
	jw_key(j, "sources");
	jw_array(j);
	for (size_t i = 0; i < all->n; i++) {
		jw_object(j);
		jw_kstr(j, "source", str_n(all->list[i]->name, all->list[i]->name_n));
		jw_kint(j, "sequence", (int64_t)all->list[i]->seq);
		jw_kint(j, "index", (int64_t)all->list[i]->index);
		jw_end_object(j);
	}
	jw_end_array(j);
	buf_release(&root);
}

static void put_state(const struct serve_log *l, struct jw *j)
{
	static const char *const states[] = {"open", "closed", "refused"};

	jw_kz(j, "state", states[l->state]);
	if (*l->why)
		jw_kz(j, "why", l->why);
	if (l->vault)
		put_log(l, j);
}

void serve_status(struct serve *s, struct buf *json)
{
	int64_t room, total;
	struct jw j;

	jw_init(&j, json, false);
	jw_object(&j);
	for (size_t i = 0; i < s->n_logs; i++)
		serve_space(&s->logs[i]);
	put_state(s->own, &j);
	if (serve_disk(s, &room, &total)) {
		jw_kint(&j, "disk_free", room);
		jw_kint(&j, "disk_total", total);
	}
	jw_key(&j, "logs");
	jw_array(&j);
	for (size_t i = 1; i < s->n_logs; i++) {
		jw_object(&j);
		jw_kz(&j, "name", s->logs[i].name);
		put_state(&s->logs[i], &j);
		jw_end_object(&j);
	}
	jw_end_array(&j);
	jw_key(&j, "alarms");
	jw_array(&j);
	for (size_t i = 0; i < s->n_alarms; i++) {
		jw_object(&j);
		jw_kz(&j, "kind", s->alarms[i].kind);
		jw_kz(&j, "source", s->alarms[i].source);
		jw_kint(&j, "sequence", s->alarms[i].seq);
		jw_kint(&j, "at", s->alarms[i].at);
		jw_kint(&j, "repeated", s->alarms[i].repeated);
		jw_end_object(&j);
	}
	jw_end_array(&j);
	jw_end_object(&j);
}
