/* The gate in the house: one file at a time, as office.writer hands it over. Locked in like every role: its workers are started
 * by the supervisor, over the pair "workers". */
#include "gate/serve.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/child.h"
#include "core/gate_name.h"
#include "core/proto.h"
#include "gate/gate.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/sandbox.h"

#define SPAWN_MS 20000
#define REPORT_MAX (16u << 20)

struct serve {
	struct child child;
	struct gate gate;
	int64_t id;                                      /* of the file in hand */
};

/* --- workers: asked of the supervisor --------------------------------------------------------------------------------- */

static int start(void *arg, const char *program, unsigned seconds, struct started *ret, struct err *e)
{
	struct serve *s = arg;
	int fd = child_peer_fd(&s->child, "workers"), r;
	struct msg m, answer;
	uint32_t code = 0;
	struct str limits;

	*ret = (struct started){.sock = -1};
	msg_init(&m, WORKER_START);
	msg_put_z(&m, program);
	msg_put_u32(&m, seconds);
	r = fd < 0 ? ERR_CLOSED : msg_call(fd, &m, SPAWN_MS, &answer);
	msg_release(&m);
	if (r)
		return err_set(e, r, "the supervisor starts no worker: %s", err_text(r));
	if (answer.type != WORKER_STARTED || msg_u32(&answer, &code) || msg_i64(&answer, &ret->worker) ||
	    msg_str(&answer, sizeof ret->limits - 1, &limits) || (!code && msg_fd(&answer, &ret->sock)) || msg_end(&answer))
		log_fatal("gate.workers", "text=\"the supervisor's answer\"");
	snprintf(ret->limits, sizeof ret->limits, "%.*s", STR_ARG(limits));
	msg_release(&answer);
	return code ? err_set(e, -(int)code, "no worker: %s", err_text(-(int)code)) : 0;
}

static void end(void *arg, int64_t worker, bool kill_it, struct run *run)
{
	struct serve *s = arg;
	int fd = child_peer_fd(&s->child, "workers"), r;
	struct msg m, answer;
	uint32_t code, sig;
	uint8_t starved = 0;

	msg_init(&m, WORKER_END);
	msg_put_i64(&m, worker);
	msg_put_u8(&m, kill_it);
	r = fd < 0 ? ERR_CLOSED : msg_call(fd, &m, SPAWN_MS, &answer);
	msg_release(&m);
	if (r || answer.type != WORKER_ENDED || msg_u32(&answer, &code) || msg_u32(&answer, &sig) || msg_i64(&answer, &run->cpu_ms) ||
	    msg_i64(&answer, &run->rss_kb) || msg_u8(&answer, &starved) || msg_end(&answer))
		log_fatal("gate.workers", "text=\"no word of a worker's end: %s\"", err_text(r));
	run->exit = sig ? -1 : (int)code;
	run->signal = (int)sig;
	run->starved = starved;
	msg_release(&answer);
}

static const struct spawner spawner_house = {start, end};

/* --- files -------------------------------------------------------------------------------------------------------------- */

static void on_progress(void *arg, const char *step, uint32_t done, uint32_t of)
{
	struct serve *s = arg;
	int fd = child_peer_fd(&s->child, "office.writer");
	struct msg m;

	msg_init(&m, GATE_STEP);
	msg_put_i64(&m, s->id);
	msg_put_z(&m, step);
	msg_put_u32(&m, done);
	msg_put_u32(&m, of);
	if (fd >= 0)
		(void)!msg_send(fd, &m);
	msg_release(&m);
}

/* A place for the text of the file in hand; 0 when none is asked for. */
static int text_begin(struct serve *s)
{
	int fd = str_has(str_from(s->gate.policy), "text=yes\n") ? memfd_create("text", MFD_CLOEXEC | MFD_ALLOW_SEALING) : 0;

	s->gate.text = fd > 0 ? fd : 0;
	s->gate.text_n = 0;
	return s->gate.text;
}

static int answer_file(struct serve *s, int fd, const struct result *r)
{
	struct buf report, name;
	struct msg m;
	int ret;

	buf_init(&report, REPORT_MAX);
	buf_init(&name, 4 * GATE_NAME_MAX);
	report_json(&s->gate, r, &report);
	gate_out_name(&name, r->name, r->language);
	msg_init(&m, GATE_RESULT);
	msg_put_i64(&m, s->id);
	msg_put_u32(&m, r->outcome);
	msg_put_str(&m, buf_view(&report));
	msg_put_str(&m, buf_view(&name));
	msg_put_str(&m, r->language.p ? r->language : STR(""));
	if (r->outcome == GATE_DELIVERED)
		msg_put_fd(&m, r->out_fd);
	msg_put_u8(&m, s->gate.text > 0);
	if (s->gate.text > 0 && fcntl(s->gate.text, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL))
		log_fatal("gate.text", "text=\"cannot be sealed\"");
	if (s->gate.text > 0)
		msg_put_fd(&m, s->gate.text);
	ret = msg_send(fd, &m);
	msg_release(&m);
	buf_release(&name);
	buf_release(&report);
	return ret;
}

/* Policy lines of this file stand before the house's: the first of a key counts. */
static int on_clean(struct serve *s, int fd, struct msg *m)
{
	struct str name, policy, password;
	char house[GATE_POLICY_MAX], pass[GATE_PASSWORD_MAX + 1];
	struct result r = {.out_fd = -1};
	struct err e = {0};
	int in = -1, ret;

	if (msg_i64(m, &s->id) || msg_str(m, 1024, &name) || msg_str(m, GATE_POLICY_MAX / 2, &policy) ||
	    msg_str(m, GATE_PASSWORD_MAX, &password) || msg_fd(m, &in) || msg_end(m) || !name.p)
		return ERR_PROTO;
	memcpy(house, s->gate.policy, sizeof house);
	if ((size_t)snprintf(s->gate.policy, sizeof s->gate.policy, "%.*s%s", STR_ARG(policy), house) >= sizeof s->gate.policy)
		memcpy(s->gate.policy, house, sizeof house);
	snprintf(pass, sizeof pass, "%.*s", STR_ARG(password));
	pass[strcspn(pass, "\r\n")] = 0;                /* what follows would be lines of the policy */
	s->gate.password = password.n ? pass : NULL;
	sha256_hex(s->gate.policy, strlen(s->gate.policy), s->gate.policy_sha256);
	char *named = xmalloc(name.n + 1);
	memcpy(named, name.p, name.n);
	named[name.n] = 0;
	text_begin(s);
	ret = gate_clean(&s->gate, named, in, 0, &r, &e);
	free(named);
	close(in);
	memcpy(s->gate.policy, house, sizeof house);
	s->gate.password = NULL;
	explicit_bzero(pass, sizeof pass);
	if (ret) {
		/* The gate itself cannot work: said nowhere about the file, and it is tried again after the next start. */
		log_fatal("gate.clean", "error=%s text=\"%s\"", err_text(ret), e.text);
	}
	ret = answer_file(s, fd, &r);
	if (s->gate.text > 0)
		close(s->gate.text);
	s->gate.text = 0;
	result_release(&r);
	return ret == ERR_CLOSED ? 0 : ret;
}

static int on_ask(struct serve *s, int fd, struct msg *m)
{
	struct arena *a = arena_new(65536);
	struct scan sc = {.age_hours = -1};
	struct buf b;
	struct jw j;
	struct msg answer;
	int r;

	if (msg_end(m)) {
		arena_free(a);
		return ERR_PROTO;
	}
	scan_health(&s->gate, a, &sc);
	buf_init(&b, 4096);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kbool(&j, "scanner", s->gate.clamd != NULL);
	jw_kbool(&j, "answers", sc.engine.n > 0);
	jw_kstr(&j, "engine", sc.engine);
	jw_kint(&j, "signatures_age_hours", sc.age_hours);
	jw_kint(&j, "stop_hours", s->gate.av_stop_hours);
	jw_kbool(&j, "unknown_stops", s->gate.av_unknown_stops);
	jw_kz(&j, "policy_sha256", s->gate.policy_sha256);
	jw_end_object(&j);
	msg_init(&answer, GATE_HEALTH);
	msg_put_str(&answer, buf_view(&b));
	r = msg_send(fd, &answer);
	msg_release(&answer);
	buf_release(&b);
	arena_free(a);
	return r == ERR_CLOSED ? 0 : r;
}

static int on_message(void *arg, const char *peer, int fd, struct msg *m)
{
	if (strcmp(peer, "office.writer") != 0)
		return ERR_PROTO;
	return m->type == GATE_CLEAN ? on_clean(arg, fd, m) : m->type == GATE_ASK ? on_ask(arg, fd, m) : ERR_PROTO;
}

int gate_serve(int argc, char **argv)
{
	static const struct child_handlers on = {.message = on_message};
	static struct serve s;
	struct sandbox_profile profile;
	char policy[4200];
	struct err e = {0};

	child_init(&s.child, argc, argv);
	snprintf(policy, sizeof policy, "%s/gate.yaml", s.child.dir);
	if (gate_open(&s.gate, s.child.share, access(policy, F_OK) ? NULL : policy, &e))
		log_fatal("gate.start", "text=\"%s\"", e.text);
	s.gate.spawner = &spawner_house;
	s.gate.spawner_arg = &s;
	s.gate.progress = on_progress;
	s.gate.progress_arg = &s;
	s.gate.clamd = getenv("SEKISHO_CLAMD");          /* the supervisor's word, not the policy's */
	profile = sandbox_gate_broker;
	profile.uid_offset = SANDBOX_UID_GATES + (unsigned)s.child.index;
	if (sandbox_enter(&profile, NULL, 0, NULL, &e))
		log_fatal("gate.sandbox", "text=\"%s\"", e.text);
	child_ready(&s.child, NULL);
	return child_run(&s.child, &on, &s);
}
