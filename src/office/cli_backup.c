/* The office's part of a backup, in steps that the command asks for one after the other, so that other work goes on
 * between:
 *   begin   auth copies its store; a snapshot of ours is held; nothing goes to the log until `go` (HOLD_US at most)
 *   go      the log may grow again
 *   step    copies a part of the snapshot to office/backup/office.db; says "more" or "done"
 *   end     removes the copies; with RESULT "done" the backup becomes an event */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/event.h"
#include "core/proto.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "office/cli.h"
#include "office/dispatch.h"

#define HOLD_US (30 * SECOND_US)
#define OLD_US (600 * SECOND_US)
#define STEP_US 20000                                    /* the longest that others wait for a step */
#define STEP_PAGES 64

static struct {
	struct office *office;
	struct db *from;                                 /* with a read transaction open: the snapshot */
	sqlite3 *to;
	sqlite3_backup *copy;
	int64_t touched;
} now;

static void paths(struct office *o, char folder[400], char file[420])
{
	snprintf(folder, 400, "%s/backup", o->dir);
	snprintf(file, 420, "%s/office.db", folder);
}

static int auth_copy(struct office *o, struct arena *a, bool make, struct err *e)
{
	struct msg m;
	struct str detail;
	uint32_t result = AUTH_FAILED;
	msg_init(&m, AUTH_BACKUP);
	msg_put_u8(&m, make);
	int r = auth_call_now(o, a, &m, &result, &detail, e);
	if (r == 0 && result != AUTH_OK)
		r = err_set(e, ERR_SYS, "%s", _("the store of the sign-ins cannot be copied (is the disk full?)"));
	return r;
}

static void drop_copy(void)
{
	char folder[400], file[420];
	if (!now.office)
		return;
	if (now.copy)
		sqlite3_backup_finish(now.copy);
	sqlite3_close(now.to);
	db_close(now.from);
	outbox_hold(0);
	outbox_poke(now.office);
	paths(now.office, folder, file);
	(void)unlink(file);
	(void)rmdir(folder);
	memset(&now, 0, sizeof(now));
}

void cli_backup_old(void)
{
	struct err e = {0};
	if (!now.office || clock_mono() - now.touched < OLD_US)
		return;
	struct office *o = now.office;
	struct arena *a = arena_new(1u << 20);
	log_warn("office.backup", "text=\"a backup that nobody continued is given up\"");
	drop_copy();
	if (auth_copy(o, a, false, &e) < 0)
		log_warn("office.backup", "text=\"%s\"", e.text);
	arena_free(a);
}

static int open_copy(struct office *o, struct err *e)
{
	char folder[400], file[420], path[400];
	paths(o, folder, file);
	(void)unlink(file);
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return err_sys(e, "%s", folder);
	snprintf(path, sizeof(path), "%s/office.db", o->dir);
	int r = db_open(path, DB_READ, &now.from, e);
	/* The first read opens the snapshot; it stays until the transaction ends. */
	if (r == 0 && (r = db_exec(now.from, "BEGIN", e)) == 0)
		r = db_exec(now.from, "SELECT count(*) FROM sqlite_schema", e);
	if (r < 0)
		return r;
	if (sqlite3_open_v2(file, &now.to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
	                    NULL) != SQLITE_OK ||
	    sqlite3_exec(now.to, "PRAGMA journal_mode = OFF", NULL, NULL, NULL) != SQLITE_OK ||
	    !(now.copy = sqlite3_backup_init(now.to, "main", db_handle(now.from), "main")))
		return err_set(e, ERR_DB, "%s: %s", file, now.to ? sqlite3_errmsg(now.to) : "out of memory");
	return 0;
}

static int say_last(struct cli *c, struct err *e)
{
	struct stmt *q = db_sql(now.from, "SELECT seq, hash FROM outbox ORDER BY seq DESC LIMIT 1");
	int r = q ? step(q) : ERR_DB;
	if (r < 0)
		return err_set(e, ERR_DB, "%s", db_error(now.from));
	buf_printf(&c->out, "office-sequence %lld\n", r == 1 ? (long long)col_int(q, 0) : 0);
	if (r == 1) {
		buf_puts(&c->out, "office-hash ");
		buf_hex(&c->out, col_str(q, 1).p, col_str(q, 1).n);
		buf_putc(&c->out, '\n');
	}
	stmt_done(q);
	return 0;
}

static int begin(struct cli *c, struct err *e)
{
	if (now.office && clock_mono() - now.touched < 30 * SECOND_US)
		return err_set(e, ERR_EXISTS, "%s", _("another backup is being made"));
	drop_copy();
	now.office = c->office;
	now.touched = clock_mono();
	int r = auth_copy(c->office, c->arena, true, e);
	if (r == 0)
		r = open_copy(c->office, e);
	if (r == 0) {
		outbox_hold(clock_mono() + HOLD_US);
		r = say_last(c, e);
	}
	if (r < 0)
		drop_copy();
	return r;
}

static int go(struct cli *c, struct err *e)
{
	bool held = outbox_held();
	outbox_hold(0);
	return held ? 0 : err_set(e, ERR_BUSY, "%s", _("copying the log took too long"));
}

static int part(struct cli *c, struct err *e)
{
	int64_t until = clock_mono() + STEP_US;
	int rc = SQLITE_OK;
	while (rc == SQLITE_OK && clock_mono() < until)
		rc = sqlite3_backup_step(now.copy, STEP_PAGES);
	if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED) {
		buf_puts(&c->out, "more\n");
		return 0;
	}
	if (rc != SQLITE_DONE)
		return err_set(e, ERR_DB, _("the store cannot be copied: %s"), sqlite3_errstr(rc));
	rc = sqlite3_backup_finish(now.copy);
	now.copy = NULL;
	/* The originals of transfers do not travel, so neither do their keys. */
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(now.to, "PRAGMA secure_delete = ON; UPDATE transfer_file SET key = NULL WHERE key IS NOT NULL", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return err_set(e, ERR_DB, _("the store cannot be copied: %s"), sqlite3_errstr(rc));
	sqlite3_close(now.to);
	now.to = NULL;
	db_close(now.from);
	now.from = NULL;
	buf_puts(&c->out, "done\n");
	return 0;
}

static int made(struct cli *c, void *arg, struct err *e)
{
	struct event ev = {.action = "store.backup"};
	(void)arg;
	return event_put(c->office->db, &ev, NULL, e);
}

static int end(struct cli *c, struct err *e)
{
	drop_copy();
	int r = auth_copy(c->office, c->arena, false, e);
	if (r == 0 && c->n_args > 2 && str_is(c->args[2], "done"))
		r = cli_transact(c, made, NULL, e);
	return r;
}

int cli_backup(struct cli *c)
{
	static const struct {
		const char *name;
		int (*run)(struct cli *c, struct err *e);
		bool copying;                            /* only while a snapshot is being copied */
	} parts[] = {{"begin", begin, false}, {"go", go, false}, {"step", part, true}, {"end", end, false}};
	struct err e = {0};
	for (size_t i = 0; c->n_args > 1 && i < ARRAY_LEN(parts); i++) {
		if (!str_is(c->args[1], parts[i].name))
			continue;
		if (parts[i].copying && !now.copy) {
			err_set(&e, ERR_WRONG_STATE, "%s", _("the backup was given up"));
			return cli_fail(c, &e);
		}
		if (i)
			now.touched = clock_mono();
		return parts[i].run(c, &e) < 0 ? cli_fail(c, &e) : 0;
	}
	return 2;
}
