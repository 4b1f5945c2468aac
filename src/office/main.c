/* The office: owns the store. One executable in three roles (writer, reader, job); no network, no secrets.
 *   office --check DIR    judges the store of a folder at rest
 *   office --fd 3 …       serves (started by supervise) */
#include <unistd.h>

#include "core/child.h"
#include "core/proto.h"
#include "core/record.h"
#include "embed.h"
#include "lib/date.h"
#include "lib/log.h"
#include "lib/sandbox.h"
#include "lib/text.h"
#include "office/alert.h"
#include "office/change.h"
#include "office/cli.h"
#include "office/clock_watch.h"
#include "office/dispatch.h"
#include "office/job.h"
#include "office/judging.h"
#include "office/life.h"
#include "office/note.h"
#include "office/arrival.h"
#include "office/audit.h"
#include "office/restored.h"
#include "office/spool.h"
#include "office/running.h"
#include "office/transfer.h"

#define TICK_MS 60000
#define SETTLE_MS 1000
#define EXPIRE_MS 250
#define OUTBOX_RETRY_MS 1000

static struct office office = {.blobs = -1, .front = -1, .auth = -1, .vault = -1, .search = -1, .audit = -1, .writer = -1, .job = -1};
static struct child child;
static bool assess_pending, piece_waits;

static int on_message(void *arg, const char *peer, int fd, struct msg *m)
{
	struct office *o = arg;
	if (strncmp(peer, "front", 5) == 0)
		return m->type == REQ ? dispatch(o, fd, strcmp(peer, "front.net") == 0 ? SIDE_NET : SIDE_LGWAN, m) : ERR_PROTO;
	if (o->role == OFFICE_WRITER && strcmp(peer, "watch") == 0)
		return m->type == REQ ? dispatch(o, fd, SIDE_FOLDER, m) : ERR_PROTO;
	if (o->role == OFFICE_WRITER && strcmp(peer, "auth") == 0)
		return auth_answer(o, m);
	if (o->role == OFFICE_WRITER && strcmp(peer, "vault") == 0)
		return outbox_answer(o, m);
	if (o->role == OFFICE_WRITER && strcmp(peer, "collect") == 0)
		return arrival_message(o, m);
	if (o->role == OFFICE_WRITER && strcmp(peer, "audit") == 0)
		return audit_message(o, m);
	if (o->role == OFFICE_WRITER && strcmp(peer, "detect") == 0)
		return m->type == DETECT_STATE ? running_message(o, m) : alert_message(o, fd, m);
	if (o->role == OFFICE_WRITER && strncmp(peer, "gate.", 5) == 0)
		return gate_answer(o, peer, m);
	if (strncmp(peer, "office.", 7) == 0)
		return note_read(o, peer, m);
	return ERR_PROTO;
}

/* What a hand-over may have in all, as the settings say now. */
static void tell_fronts(struct office *o)
{
	if (o->role != OFFICE_WRITER || !o->db)
		return;
	spool_tell(o, child_peer_fd(&child, "front"));
	spool_tell(o, child_peer_fd(&child, "front.net"));
}

static void on_peer(void *arg, const char *peer, int fd)
{
	struct office *o = arg;
	if (strcmp(peer, "auth") == 0) {
		o->auth = fd;
		if (o->role == OFFICE_WRITER)
			auth_gone(o);
		if (fd >= 0 && o->role == OFFICE_WRITER)
			auth_rules_send(o);
	} else if (strcmp(peer, "vault") == 0) {
		o->vault = fd;
		outbox_restart();
		outbox_poke(o);
	} else if (strcmp(peer, "collect") == 0) {
		arrival_peer(o, fd);
	} else if (strcmp(peer, "search") == 0) {
		o->search = fd;
	} else if (strcmp(peer, "audit") == 0) {
		o->audit = fd;
		audit_peer(o);
	} else if (strcmp(peer, "detect") == 0) {
		alert_decisions(o, fd, true);
	} else if (strncmp(peer, "front", 5) == 0) {
		bool net = strcmp(peer, "front.net") == 0;
		if (!net)
			o->front = fd;
		o->two_sides |= net;
		o->front_life[net]++;
		tell_fronts(o);
	} else if (strcmp(peer, "watch") == 0) {
		o->front_life[SIDE_FOLDER]++;
	} else if (strncmp(peer, "gate.", 5) == 0) {
		gate_peer(o, peer, fd);
	} else if (strcmp(peer, "office.writer") == 0) {
		o->writer = fd;
	} else if (strcmp(peer, "office.job") == 0) {
		o->job = fd;
		job_poke(o);
	}
}

/* --- control connections ---------------------------------------------------------------------------------------------- */

struct control {
	struct office *o;
	int fd;
};

static void on_control_message(void *arg)
{
	struct control *k = arg;
	struct msg m;
	int r = msg_recv_now(k->fd, &m);
	if (r == ERR_BUSY)
		return;
	if (r == 0) {
		r = cli_message(k->o, k->fd, &m);
		msg_release(&m);
	}
	if (r < 0) {
		loop_remove(k->o->loop, k->fd);
		close(k->fd);
		free(k);
	}
}

static void on_control(void *arg, int fd, uint32_t uid)
{
	struct office *o = arg;
	struct control *k = xmalloc(sizeof(*k));
	(void)uid;
	*k = (struct control){o, fd};
	loop_add(o->loop, fd, on_control_message, k);
}

/* --- what happens by itself -------------------------------------------------------------------------------------------- */

/* One piece, then whatever came in meanwhile. */
static void on_piece(void *arg)
{
	struct office *o = arg;
	struct err e = {0};
	int r = judging_pending() ? judging_piece(o, &e) : 0;
	if (r < 0)
		log_error("office.assess", "text=\"%s\"", e.text);
	outbox_poke(o);
	piece_waits = judging_pending();
	if (piece_waits)
		loop_after(o->loop, 0, on_piece, o);
}

static void pieces_soon(struct office *o)
{
	if (piece_waits || !judging_pending())
		return;
	piece_waits = true;
	loop_after(o->loop, 0, on_piece, o);
}

static void assess_now(void *arg)
{
	struct office *o = arg;
	struct err e = {0};
	assess_pending = false;
	if (office_assess(o, &e) < 0)
		log_error("office.assess", "text=\"%s\"", e.text);
	outbox_poke(o);
}

static void assess_soon(struct office *o)
{
	if (assess_pending || o->role != OFFICE_WRITER)
		return;
	assess_pending = true;
	loop_after(o->loop, 0, assess_now, o);
}

static void job_told(void *arg)
{
	job_poke(arg);
}

static void job_soon(struct office *o)
{
	if (o->role == OFFICE_WRITER)
		loop_after(o->loop, 0, job_told, o);
}

/* What a change somebody waits for need not do: the write-ahead log, the index of the search. */
static void on_settle(void *arg)
{
	struct office *o = arg;
	struct err e = {0};
	if (db_settle(o->db) && search_merge(o->db, &e) < 0)
		log_error("office.settle", "text=\"%s\"", e.text);
	loop_after(o->loop, SETTLE_MS, on_settle, o);
}

static void on_tick(void *arg)
{
	struct office *o = arg;
	struct err e = {0};
	clock_watch(o);
	if (office_tick(o, &e) < 0)
		log_error("office.tick", "text=\"%s\"", e.text);
	pieces_soon(o);
	outbox_poke(o);
	job_poke(o);
	arrival_tick(o);
	arrival_ask_vault(o);
	arrival_keep_policy(o);
	arrival_measure(o);
	alert_decisions(o, child_peer_fd(&child, "detect"), false);
	running_tick(o, child_peer_fd(&child, "detect"));
	audit_tick(o);
	gate_tick(o);
	tell_fronts(o);
	spool_tick(o);
	cli_backup_old();
	loop_after(o->loop, TICK_MS, on_tick, o);
}

static void on_expire(void *arg)
{
	struct office *o = arg;
	dispatch_expire(o);
	if (o->role == OFFICE_WRITER && change_of_sources()) {
		arrival_tick(o);
		alert_decisions(o, child_peer_fd(&child, "detect"), false);
	}
	outbox_hold_over(o);
	loop_after(o->loop, EXPIRE_MS, on_expire, o);
}

static void open_outside(struct child *c, struct office *o)
{
	struct err e = {0};
	if (text_open() < 0 || date_zone_open(NULL) < 0)
		log_fatal("office.start", "text=\"the time zone or character tables are missing (packages tzdata, libc-bin)\"");
	const struct embed_file *mo = embed_files;
	while (mo->name && strcmp(mo->name, "ja.mo") != 0)
		mo++;
	if (!mo->name || i18n_open(mo->bytes, mo->size) < 0)
		log_fatal("office.start", "text=\"no Japanese catalogue\"");
	snprintf(o->role_name, sizeof(o->role_name), "%s", c->role);
	o->role = strcmp(c->role, "office.writer") == 0 ? OFFICE_WRITER : strcmp(c->role, "office.job") == 0 ? OFFICE_JOB : OFFICE_READER;
	o->loop = c->loop;
	char own[512], share[512], seen[2][256];
	snprintf(own, sizeof(own), "%s/office", c->dir);
	snprintf(share, sizeof(share), "ro:%s", c->share);
	const char *dirs[] = {own, share};
	struct sandbox_profile profile = sandbox_office;
	if (o->role != OFFICE_WRITER)
		profile.threads_max = 0;                 /* only the writer judges large boards by two threads */
	if (sandbox_enter(&profile, dirs, 2, seen, &e) != 0)
		log_fatal("office.sandbox", "text=\"%s\"", e.text);
	snprintf(o->dir, sizeof(o->dir), "%s", seen[0]);
	snprintf(o->share, sizeof(o->share), "%s", seen[1]);
}

static void vault_broken(struct office *o)
{
	child_drop(&child, "vault", false);
	o->vault = -1;
}

static void search_broken(struct office *o)
{
	child_drop(&child, "search", false);
	o->search = -1;
}

static int check(const char *dir)
{
	struct err e = {0};
	if (text_open() < 0 || office_check(dir, &e) < 0) {
		fprintf(stderr, "office: %s\n", e.text);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct err e = {0};
	struct office *o = &office;
	if (argc == 3 && strcmp(argv[1], "--check") == 0)
		return check(argv[2]);
	child_init(&child, argc, argv);
	o->assess_soon = assess_soon;
	o->job_soon = job_soon;
	o->vault_broken = vault_broken;
	o->search_broken = search_broken;
	open_outside(&child, o);
	if (office_open(o, &e) < 0) {
		char text[ERR_TEXT_MAX + 200];
		log_fatal("office.store", "text=\"%s\"", err_format(&e, text, sizeof(text)));
	}
	static const struct child_handlers on = {on_message, on_peer, on_control, NULL};
	o->two_sides = child_peer_fd(&child, "front.net") >= 0;
	o->auth = child_peer_fd(&child, "auth");
	o->vault = child_peer_fd(&child, "vault");
	o->search = child_peer_fd(&child, "search");
	o->audit = child_peer_fd(&child, "audit");
	o->writer = child_peer_fd(&child, "office.writer");
	o->job = child_peer_fd(&child, "office.job");
	for (unsigned i = 0; o->role == OFFICE_WRITER && i < GATES_MAX; i++) {
		char name[24];
		snprintf(name, sizeof(name), "gate.%u", i);
		if (child_peer_fd(&child, name) >= 0)
			gate_peer(o, name, child_peer_fd(&child, name));
	}
	if (o->role == OFFICE_WRITER) {
		change_watch(o);
		auth_rules_send(o);
		arrival_peer(o, child_peer_fd(&child, "collect"));
		if (restored_settle(o, &e) < 0)
			log_fatal("office.restored", "text=\"%s\"", e.text);
		alert_decisions(o, child_peer_fd(&child, "detect"), true);
		db_settle_later(o->db);
		on_settle(o);
		on_tick(o);
		on_expire(o);
	}
	child_ready(&child, NULL);
	return child_run(&child, &on, o);
}
