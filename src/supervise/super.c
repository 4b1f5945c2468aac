#include "supervise/super.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/proto.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "supervise/spawn.h"

#define MINUTE_US (60 * SECOND_US)
#define BACKOFF_FIRST_MS 20
#ifdef SEKISHO_ATTACK
#define BACKOFF_MAX_MS 20
#else
#define BACKOFF_MAX_MS 1000
#endif
#define LOST_WAIT_MS 100
#define SAYS_NO_MS 100
#define FILES_MS 500

struct late {                                        /* what a timer is about */
	struct super *s;
	int role;                                        /* or pair */
	unsigned generation;
	int from;                                        /* the role that reported */
};

static struct late *late(struct super *s, int role, unsigned generation)
{
	struct late *l = xmalloc(sizeof *l);
	*l = (struct late){.s = s, .role = role, .generation = generation, .from = -1};
	return l;
}

/* Never with pid 0 or -1, which would mean everybody. */
static void end_role(const struct role *r)
{
	if (r->pid > 0)
		kill(r->pid, SIGKILL);
}

static void drop_channel(struct super *s, struct role *r)
{
	if (r->sup < 0)
		return;
	loop_remove(s->loop, r->sup);
	close(r->sup);
	r->sup = -1;
}

static void cancel_start_limit(struct super *s, struct role *r)
{
	if (r->start_timer)
		loop_cancel(s->loop, r->start_timer);
	r->start_timer = 0;
}

static bool alive(const struct role *r)
{
	return r->state == ROLE_STARTING || r->state == ROLE_UP;
}

/* Notes the time; how many of the noted times lie within the last minute. */
static unsigned per_minute(int64_t *ring, unsigned cap, unsigned *n)
{
	int64_t now = clock_mono();
	unsigned count = 0;
	ring[(*n)++ % cap] = now;
	for (unsigned i = 0; i < cap && i < *n; i++)
		count += ring[i] > now - MINUTE_US;
	return count;
}

bool super_all_up(const struct super *s)
{
	for (size_t i = 0; i < s->house.n_roles; i++)
		if (s->house.roles[i].state != ROLE_UP)
			return false;
	return true;
}

/* --- pairs -------------------------------------------------------------------------------------------------------- */

/* Who is no longer there to take it will be noticed; who is there and does not get it would wait for ever and is ended. */
static void send_peer(struct role *to, const char *name, unsigned generation, int fd)
{
	struct msg m;
	msg_init(&m, SUP_PEER);
	msg_put_z(&m, name);
	msg_put_u32(&m, generation);
	msg_put_fd(&m, fd);
	int r = to->sup < 0 ? ERR_CLOSED : msg_send(to->sup, &m);
	if (r == ERR_CLOSED) {
		log_debug("supervise.peer", "role=%s", to->name);
	} else if (r != 0) {
		log_error("supervise.peer", "role=%s pid=%d text=\"%s\"", to->name, (int)to->pid, err_text(r));
		end_role(to);
	}
	msg_release(&m);
}

/* A new pair of sockets: each end goes to its role, or waits until the role is started. */
static void renew(struct super *s, struct pair *p)
{
	int fd[2];
	if (msg_pair(fd) != 0)
		log_fatal("supervise.pair", "text=\"%s\"", strerror(errno));
	p->generation++;
	for (int i = 0; i < 2; i++) {
		struct role *to = &s->house.roles[p->role[i]], *other = &s->house.roles[p->role[!i]];
		if (p->waiting[i] >= 0)
			close(p->waiting[i]);
		p->waiting[i] = -1;
		if (!alive(to)) {
			p->waiting[i] = fd[i];
			continue;
		}
		send_peer(to, other->name, p->generation, fd[i]);
		close(fd[i]);
	}
}

/* The pairs of a role that was just started: an end that waits for it, or a new pair. */
static void give_pairs(struct super *s, int role)
{
	struct house *h = &s->house;
	for (size_t k = 0; k < h->n_pairs; k++) {
		struct pair *p = &h->pairs[k];
		int i = p->role[0] == role ? 0 : p->role[1] == role ? 1 : -1;
		if (i < 0)
			continue;
		if (p->waiting[i] < 0) {
			renew(s, p);
			continue;
		}
		send_peer(&h->roles[role], h->roles[p->role[!i]].name, p->generation, p->waiting[i]);
		close(p->waiting[i]);
		p->waiting[i] = -1;
	}
}

static struct pair *find_pair(struct house *h, int a, int b)
{
	for (size_t k = 0; k < h->n_pairs; k++)
		if ((h->pairs[k].role[0] == a && h->pairs[k].role[1] == b) || (h->pairs[k].role[0] == b && h->pairs[k].role[1] == a))
			return &h->pairs[k];
	return NULL;
}

/* An end that waits for a role belongs to a pair whose other end was given up: nobody must be handed it. */
static void forget(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		if (p->waiting[i] >= 0)
			close(p->waiting[i]);
		p->waiting[i] = -1;
	}
}

/* Some time after a pair was lost: if neither side died of it, they get a new one, else the next start brings it. A role that
 * loses pairs again and again though nobody died is not well itself; losses by the deaths of others are never held against it. */
static void on_lost_late(void *arg)
{
	struct late *l = arg;
	struct house *h = &l->s->house;
	struct pair *p = &h->pairs[l->role];
	struct role *from = &h->roles[l->from];
	bool both = alive(&h->roles[p->role[0]]) && alive(&h->roles[p->role[1]]);
	if (p->generation == l->generation && !both)
		forget(p);
	else if (!l->s->stopping && p->generation == l->generation) {
		renew(l->s, p);
		if (per_minute(from->lost, ARRAY_LEN(from->lost), &from->n_lost) > LOST_PER_MINUTE) {
			log_error("supervise.loses", "role=%s pid=%d", from->name, (int)from->pid);
			end_role(from);
		}
	}
	free(l);
}

/* --- what processes say ---------------------------------------------------------------------------------------------- */

static void start_followers(struct super *s, int role);

static int take_ready(struct super *s, struct role *r, struct msg *m)
{
	struct str posture, url;
	if (msg_str(m, sizeof r->posture - 1, &posture) != 0 || msg_str(m, sizeof s->url - 1, &url) != 0 || msg_end(m) != 0 ||
	    r->state != ROLE_STARTING)
		return ERR_PROTO;
	snprintf(r->posture, sizeof r->posture, "%.*s", STR_ARG(posture));
	if (url.n && strcmp(r->name, "front") == 0)
		snprintf(s->url, sizeof s->url, "%.*s", STR_ARG(url));
	cancel_start_limit(s, r);
	r->state = ROLE_UP;
	r->was_up = true;
	if (url.n && strcmp(r->name, "front.net") == 0)
		snprintf(s->net_url, sizeof s->net_url, "%.*s", STR_ARG(url));
	log_info("supervise.up", "role=%s pid=%d posture=\"%s\"", r->name, (int)r->pid, r->posture);
	if (s->up)
		s->up(s);
	start_followers(s, (int)(r - s->house.roles));
	if (!s->ready_said && super_all_up(s)) {
		s->ready_said = true;
		s->ready(s, s->url[0] ? s->url : NULL);
	}
	return 0;
}

static int take_lost(struct super *s, struct role *r, struct msg *m)
{
	struct str name;
	uint32_t generation;
	uint8_t broke;
	char z[CHILD_NAME_MAX] = {0};
	if (msg_str(m, CHILD_NAME_MAX - 1, &name) != 0 || msg_u32(m, &generation) != 0 || msg_u8(m, &broke) != 0 ||
	    msg_end(m) != 0 || !name.p)
		return ERR_PROTO;
	memcpy(z, name.p, name.n);
	int from = (int)(r - s->house.roles), about = house_find(&s->house, z);
	struct pair *p = about < 0 ? NULL : find_pair(&s->house, from, about);
	if (!p)
		return ERR_PROTO;
	struct role *other = &s->house.roles[about];
	if (p->generation != generation || (!broke && p->reported == generation))
		return 0;                                    /* of an earlier life: what there is now is innocent of it; or known */
	if (broke && alive(other) && !s->stopping) {
		log_error("supervise.broke", "role=%s by=%s pid=%d", z, r->name, (int)other->pid);
		end_role(other);
	} else {
		struct late *l = late(s, (int)(p - s->house.pairs), p->generation);
		l->from = from;
		p->reported = generation;
		loop_after(s->loop, LOST_WAIT_MS, on_lost_late, l);
	}
	return 0;
}

static int take_note(struct super *s, struct role *r, struct msg *m)
{
	struct str line;
	char z[1024];
	if (strcmp(r->name, "office.writer") != 0 || msg_str(m, sizeof z - 1, &line) != 0 || msg_end(m) != 0)
		return ERR_PROTO;
	snprintf(z, sizeof z, "%.*s", STR_ARG(line));
	for (char *c = z; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	s->note(s, z);
	return 0;
}

static void on_child(void *arg)
{
	struct super_watch *w = arg;
	struct super *s = w->s;
	struct role *r = &s->house.roles[w->role];
	struct msg m;
	int got = msg_recv_now(r->sup, &m);
	if (got == ERR_BUSY)
		return;
	if (got == 0) {
		got = m.type == SUP_READY ? take_ready(s, r, &m) : m.type == SUP_LOST ? take_lost(s, r, &m)
		      : m.type == SUP_NOTE ? take_note(s, r, &m) : ERR_PROTO;
		msg_release(&m);
	}
	if (got == 0)
		return;
	if (got == ERR_PROTO)
		log_error("supervise.protocol", "role=%s pid=%d", r->name, (int)r->pid);
	else if (got != ERR_CLOSED)
		log_error("supervise.channel", "role=%s pid=%d text=\"%s\"", r->name, (int)r->pid, err_text(got));
	end_role(r);                                     /* whom we cannot hear must not live on; mostly it is dead already */
	drop_channel(s, r);
}

/* --- start and death ------------------------------------------------------------------------------------------------- */

static void on_start_late(void *arg)
{
	struct super_watch *w = arg;
	struct role *r = &w->s->house.roles[w->role];
	r->start_timer = 0;
	log_error("supervise.start-late", "role=%s pid=%d seconds=%u", r->name, (int)r->pid, w->s->start_limit_s);
	end_role(r);
}

/* Of files renamed twice and more, over all doors: a process has room for CHILD_PEERS_MAX pairs. */
#define OLDER_MAX 8

static void give_doors(struct super *s, struct role *r)
{
	char name[CHILD_NAME_MAX];
	int older = OLDER_MAX;
	for (size_t k = 0; k < s->doors.n; k++) {
		const struct door *d = &s->doors.list[k];
		for (int i = DOOR_BEFORE; i-- > 0;) {        /* oldest first: it reads them in this order */
			if (d->kind != INTAKE_FILE || d->before[i] < 0 || (i > 0 && older-- <= 0))
				continue;
			door_before_name(d, i, name);
			send_peer(r, name, 0, d->before[i]);
		}
		if (d->fd >= 0)
			send_peer(r, d->name, 0, d->fd);
	}
}

/* To have its programs started by us. */
static void give_workers(struct super *s, struct role *r)
{
	int fd = workers_channel(s, (int)(r - s->house.roles));
	if (fd < 0)
		log_fatal("supervise.pair", "text=\"%s\"", strerror(errno));
	send_peer(r, "workers", 0, fd);
	close(fd);
}

static void start_role(struct super *s, int i)
{
	struct role *r = &s->house.roles[i];
	struct msg go;
	r->pid = spawn_role(s, r);
	if (r->pid < 0)
		log_fatal("supervise.start", "role=%s text=\"%s\"", r->name, strerror(errno));
	r->state = ROLE_STARTING;
	s->watches[i] = (struct super_watch){.s = s, .role = i};
	loop_add(s->loop, r->sup, on_child, &s->watches[i]);
	r->start_timer = loop_after(s->loop, s->start_limit_s * INT64_C(1000), on_start_late, &s->watches[i]);
	give_pairs(s, i);
	if (strcmp(r->name, "front") == 0 && s->listen_fd >= 0)
		send_peer(r, "listen", 0, s->listen_fd);
	if (strcmp(r->name, "front.net") == 0 && s->net_fd >= 0)
		send_peer(r, "listen", 0, s->net_fd);
	if (strcmp(r->name, "collect") == 0)
		give_doors(s, r);
	if (strcmp(r->program, "gate") == 0)
		give_workers(s, r);
	msg_init(&go, SUP_GO);
	(void)!msg_send(r->sup, &go);
	msg_release(&go);
}

/* Followed files that were renamed away and made anew. */
static void on_files(void *arg)
{
	struct super *s = arg;
	int c = house_find(&s->house, "collect");
	for (size_t k = 0; k < s->doors.n; k++)
		if (door_renewed(&s->doors.list[k]) && alive(&s->house.roles[c]))
			send_peer(&s->house.roles[c], s->doors.list[k].name, 0, s->doors.list[k].fd);
	loop_after(s->loop, FILES_MS, on_files, s);
}

static void start_followers(struct super *s, int role)
{
	for (size_t i = 0; i < s->house.n_roles; i++) {
		struct role *r = &s->house.roles[i];
		if (r->after == role && r->state == ROLE_DOWN && r->n_deaths == 0 && !s->stopping)
			start_role(s, (int)i);
	}
}

void super_start(struct super *s)
{
	start_followers(s, -1);
	for (size_t k = 0; k < s->doors.n; k++)
		if (s->doors.list[k].kind == INTAKE_FILE) {
			loop_after(s->loop, FILES_MS, on_files, s);
			break;
		}
}

static bool others_died(const struct super *s, int i)
{
	for (size_t k = 0; k < s->house.n_roles; k++)
		if ((int)k != i && s->house.roles[k].n_deaths > 0)
			return true;
	return false;
}

static void give_up(struct super *s, const struct role *r)
{
	log_error("supervise.given-up", "role=%s", r->name);
	super_stop(s, 3);
}

/* At the first start a program that gives up by itself has said why; trying again would only say it again, unless it was for
 * the death of another, which may be noticed a moment later. */
static void on_backoff(void *arg)
{
	struct late *l = arg;
	struct super *s = l->s;
	struct role *r = &s->house.roles[l->role];
	if (!s->stopping && r->state == ROLE_DOWN && r->says_no && !others_died(s, l->role))
		give_up(s, r);
	else if (!s->stopping && r->state == ROLE_DOWN)
		start_role(s, l->role);
	free(l);
}

static void describe(int status, char *out, size_t n)
{
	if (WIFEXITED(status))
		snprintf(out, n, "exit=%d", WEXITSTATUS(status));
	else
		snprintf(out, n, "signal=%d%s", WTERMSIG(status), WTERMSIG(status) == SIGSYS ? " sandbox=1" : "");
}

static void bury(struct super *s, int i, int status)
{
	struct role *r = &s->house.roles[i];
	char how[32];
	int pid = (int)r->pid;
	describe(status, how, sizeof how);
	r->pid = 0;
	cancel_start_limit(s, r);
	drop_channel(s, r);                              /* what the dead still had to say is no longer true */
	workers_drop(s, i);
	if (s->stopping) {
		if (status != 0)
			log_warn("supervise.ended", "role=%s %s", r->name, how);
		r->state = ROLE_GONE;
		return;
	}
	r->state = ROLE_DOWN;
	unsigned deaths = per_minute(r->deaths, ARRAY_LEN(r->deaths), &r->n_deaths);
	log_error("supervise.died", "role=%s pid=%d %s deaths=%u", r->name, pid, how, deaths);
	if (deaths > DEATHS_PER_MINUTE) {
		give_up(s, r);
		return;
	}
	r->says_no = !r->was_up && WIFEXITED(status);
	int64_t wait = BACKOFF_FIRST_MS << (deaths > 9 ? 9 : deaths ? deaths - 1 : 0);
	if (r->says_no)
		wait = SAYS_NO_MS;
	loop_after(s->loop, wait < BACKOFF_MAX_MS ? wait : BACKOFF_MAX_MS, on_backoff, late(s, i, 0));
}

void super_control(struct super *s, int fd, uint32_t uid)
{
	int w = house_find(&s->house, "office.writer");
	struct role *r = &s->house.roles[w];
	if (r->state == ROLE_UP) {
		struct msg m;
		msg_init(&m, SUP_CONTROL);
		msg_put_u32(&m, uid);
		msg_put_fd(&m, fd);
		(void)!msg_send(r->sup, &m);
		msg_release(&m);
	}
	close(fd);
}

/* --- stopping ---------------------------------------------------------------------------------------------------------- */

static void stop_rank(struct super *s);

static bool rank_gone(const struct super *s)
{
	for (size_t i = 0; i < s->house.n_roles; i++)
		if (s->house.roles[i].stop_rank == s->stop_rank && s->house.roles[i].pid > 0)
			return false;
	return true;
}

static void on_rank_late(void *arg)
{
	struct super *s = arg;
	s->stop_timer = 0;
	for (size_t i = 0; i < s->house.n_roles; i++) {
		struct role *r = &s->house.roles[i];
		if (r->stop_rank == s->stop_rank && r->pid > 0) {
			log_warn("supervise.killed", "role=%s", r->name);
			end_role(r);
		}
	}
}

static void next_rank(struct super *s)
{
	while (s->stopping && rank_gone(s)) {
		if (s->stop_timer)
			loop_cancel(s->loop, s->stop_timer);
		s->stop_timer = 0;
		if (++s->stop_rank >= STOP_RANKS) {
			loop_stop(s->loop);
			return;
		}
		stop_rank(s);
	}
}

static void stop_rank(struct super *s)
{
	for (size_t i = 0; i < s->house.n_roles; i++) {
		struct role *r = &s->house.roles[i];
		if (r->stop_rank != s->stop_rank || r->pid <= 0)
			continue;
		struct msg m;
		msg_init(&m, SUP_STOP);
		if (r->sup < 0 || msg_send(r->sup, &m) != 0)
			end_role(r);
		msg_release(&m);
	}
	s->stop_timer = loop_after(s->loop, STOP_RANK_MS, on_rank_late, s);
}

void super_stop(struct super *s, int exit_code)
{
	if (s->stopping)
		return;
	s->stopping = true;
	s->exit_code = exit_code;
	s->stop_rank = 0;
	stop_rank(s);
	next_rank(s);
}

void super_reap(struct super *s)
{
	struct rusage use;
	int status;
	pid_t pid;
	while ((pid = wait4(-1, &status, WNOHANG, &use)) > 0)
		for (size_t i = 0; !workers_reap(s, pid, status, &use) && i < s->house.n_roles; i++)
			if (s->house.roles[i].pid == pid)
				bury(s, (int)i, status);
	next_rank(s);
}
