/* The writer's client of the gates (gate.0, gate.1 …; core/proto.h, docs/gate.md). Each has one file at a time. What a gate says
 * becomes true in one transaction: clean bytes on the disk, report, step of the record. A file that was given and has no result,
 * because a gate or this process died, is given again; after TRIES it is held. Nothing but a result that says "delivered" and whose
 * bytes have the hash the report names makes anything fetchable. */
#include <errno.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/event.h"
#include "core/gate.h"
#include "core/person_data.h"
#include "core/proto.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "lib/file.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "office/change.h"
#include "office/dispatch.h"
#include "office/setting.h"
#include "office/transfer.h"
#include "queries.h"

#define PASSWORDS_MAX 64
#define TRIES 3
#define REPORT_MAX (16u << 20)
#define PATIENCE_US (120 * SECOND_US)                    /* a large file waits behind small ones no longer */
#define STEP_EVERY_US (700 * 1000)

static struct seat {
	char name[24];
	int fd;                                          /* -1: gone */
	int64_t record, told;                            /* in hand; when its progress was last written */
	int64_t since;
	char health[600];
} seats[GATES_MAX];
static size_t n_seats;
static struct {
	int64_t record;
	char text[GATE_PASSWORD_MAX + 1];
} passwords[PASSWORDS_MAX];
static bool pending;
static char engine[80];                                  /* version of the gate as its last report named it */

void gate_password(int64_t record, struct str password)
{
	size_t at = 0;
	for (size_t i = 0; i < PASSWORDS_MAX; i++)
		if (!passwords[i].record || passwords[i].record == record) {
			at = i;
			break;
		}
	passwords[at].record = record;
	snprintf(passwords[at].text, sizeof(passwords[at].text), "%.*s", STR_ARG(password));
}

/* Taken out once: what is not in memory any more is asked for again. */
static void password_take(int64_t record, char out[GATE_PASSWORD_MAX + 1])
{
	out[0] = 0;
	for (size_t i = 0; i < PASSWORDS_MAX; i++)
		if (passwords[i].record == record && record) {
			memcpy(out, passwords[i].text, sizeof(passwords[i].text));
			explicit_bzero(&passwords[i], sizeof(passwords[i]));
		}
}

/* --- one transaction of our own -------------------------------------------------------------------------------------------- */

struct work {
	struct office *o;
	struct arena *a;
	struct world w;
	char today[DATE_TEXT];
};

static int in_tx(struct work *x, int (*todo)(struct work *, void *, struct err *), void *arg)
{
	struct office *o = x->o;
	struct err e = {0};
	bool all = false;
	x->w = (struct world){.db = o->db, .ledgers = o->ledgers, .now = clock_now()};
	date_format(date_of_instant(x->w.now), x->today);
	x->w.today = str_from(x->today);
	int r = db_begin(o->db, &e);
	if (r < 0)
		return r;
	change_clear();
	r = todo(x, arg, &e);
	if (r >= 0)
		r = change_assess(&x->w, o->checks, &all, &e);
	if (r >= 0)
		r = db_commit(o->db, &e);
	if (r < 0) {
		db_rollback(o->db);
		change_clear();
		log_error("office.gate", "error=%s text=\"%s\"", err_text(r), e.text);
		return r;
	}
	if (all)
		o->assess_soon(o);
	outbox_poke(o);
	return 0;
}

static void work_begin(struct work *x, struct office *o)
{
	*x = (struct work){.o = o, .a = arena_new(96u << 20)};
}

/* --- a result ------------------------------------------------------------------------------------------------------------------ */

struct verdict {
	int64_t record;
	uint32_t outcome;
	struct str report, name, language;
	int fd;                                          /* clean bytes; -1 */
	const char *code;                                /* set when the office itself says no */
	const char *ja, *en;
};

static struct str text_at(struct arena *a, json_t *o, const char *key, size_t max)
{
	json_t *v = json_object_get(o, key);
	if (!json_is_string(v))
		return STR("");
	struct str s = str_n(json_string_value(v), json_string_length(v));
	while (s.n > max || (s.n && s.n == max && (s.p[s.n - 1] & 0x80)))
		s.n--;
	while (s.n && s.n < json_string_length(v) && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
		s.n--;
	return arena_str(a, s);
}

/* What was removed, by code and count: sentences are in the report. */
static void put_parts(struct pairs *p, json_t *root)
{
	json_t *parts = json_object_get(root, "parts"), *one;
	struct buf b;
	size_t i;
	int64_t total = 0;
	buf_init(&b, 4096);
	json_array_foreach(parts, i, one) {
		struct str code = text_at(p->a, one, "code", 40);
		int64_t count = json_integer_value(json_object_get(one, "count"));
		if (str_is(text_at(p->a, one, "action", 20), "kept"))
			continue;
		total += count > 0 ? count : 1;
		if (b.n < 300)
			buf_printf(&b, "%s%.*s", b.n ? " " : "", STR_ARG(code));
	}
	pairs_int(p, "findings", total);
	pairs_put(p, "lost", arena_str(p->a, buf_view(&b)));
	buf_release(&b);
}

static void put_scan(struct pairs *p, json_t *root)
{
	json_t *scan = json_object_get(root, "scan"), *before = json_object_get(scan, "before"), *after = json_object_get(scan, "after");
	pairs_put(p, "scan_before", text_at(p->a, before, "verdict", 100));
	pairs_put(p, "scan_after", text_at(p->a, after, "verdict", 100));
	json_t *age = json_object_get(after ? after : before, "signatures_age_hours");
	pairs_put(p, "signatures_age_hours", json_is_integer(age) && json_integer_value(age) >= 0
	                                     ? arena_strf(p->a, "%lld", (long long)json_integer_value(age)) : STR(""));
}

static struct str posture_of(struct arena *a, json_t *root)
{
	json_t *runs = json_object_get(root, "runs"), *one;
	struct str out = STR("");
	size_t i;
	json_array_foreach(runs, i, one) {
		struct str posture = text_at(a, one, "posture", 300);
		if (!out.n)
			out = posture;
		else if (!str_eq(out, posture))
			return arena_strf(a, "%.*s …", STR_ARG(out));
	}
	return out;
}

static void say_no(struct work *x, struct verdict *v, const char *code, const char *ja, const char *en)
{
	v->outcome = GATE_HELD;
	v->code = code;
	v->ja = ja;
	v->en = en;
	if (!v->report.n)
		v->report = arena_strf(x->a, "{\"schema\":1,\"outcome\":\"held\",\"code\":\"%s\",\"ja\":\"%s\",\"en\":\"%s\",\"parts\":[]}", code, ja, en);
}

static int keep_out(struct work *x, struct verdict *v, json_t *root, int64_t *size, char hash[65], struct err *e)
{
	struct stat st;
	if (v->fd < 0 || fstat(v->fd, &st) != 0) {
		say_no(x, v, "VERIFY-REFUSED", "再構成した結果が届きませんでした", "What was rebuilt did not arrive");
		return 0;
	}
	if ((uint64_t)st.st_size >= RESPONSE_BODY_MAX) {
		say_no(x, v, "LIMIT-OUTPUT", "再構成した結果が大きすぎます", "What was rebuilt is too large");
		return 0;
	}
	int r = transfer_put_out(x->o, v->record, v->fd, size, hash, e);
	if (r == 0 && !str_is(text_at(x->a, json_object_get(root, "out"), "sha256", 64), hash))
		say_no(x, v, "VERIFY-REFUSED", "再構成した結果が報告と一致しません", "What was rebuilt is not what the report names");
	return r;
}

/* --- outward: what is in it, and the lock on it --------------------------------------------------------------------------------- */

#define CONTACTS_MANY 10                                 /* lines that make a list of persons */

/* Looks through the clean bytes. Personal data that the sender did not say is there holds the file. */
static int look_through(struct work *x, struct verdict *v, bool declared, struct pairs *p, struct err *e)
{
	struct person_data d = {0};
	struct buf b;
	buf_init(&b, RESPONSE_BODY_MAX);
	int r = fd_read_all(v->fd, RESPONSE_BODY_MAX - 1, &b, e);
	bool seen = r == 0 && person_data_file(v->language, buf_view(&b), &d);
	buf_release(&b);
	if (r < 0)
		return r;
	pairs_put(p, "content_check", seen ? STR("done") : STR("impossible"));
	if (!seen)
		return 0;
	pairs_int(p, "my_numbers", d.my_numbers);
	pairs_int(p, "resident_codes", d.resident_codes);
	pairs_int(p, "contacts", d.contacts);
	if (!declared && (d.my_numbers || d.resident_codes || d.contacts >= CONTACTS_MANY)) {
		v->report = STR("");
		say_no(x, v, "PERSONAL-UNDECLARED", "個人番号、住民票コード又は名簿らしい内容があります。「個人情報を含む」を選んで出し直してください",
		       "It seems to hold My Numbers, resident record codes or a list of persons; hand it over again as holding personal data");
	}
	return 0;
}

static int lock_up(struct work *x, int64_t record, struct pairs *p, struct err *e)
{
	static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789"; /* nothing that is misheard on the telephone */
	uint8_t raw[20];
	char secret[sizeof(raw) + sizeof(raw) / 5];
	size_t n = 0;
	random_bytes(raw, sizeof(raw));
	for (size_t i = 0; i < sizeof(raw); i++) {
		if (i && i % 5 == 0)
			secret[n++] = '-';
		secret[n++] = letters[raw[i] % (sizeof(letters) - 1)];
	}
	struct stmt *q = db_query(x->w.db, Q_TRANSFER_SECRET_PUT);
	bind_int(q, 1, record);
	bind_str(q, 2, str_n(secret, n));
	pairs_put(p, "encrypted", STR("1"));
	int r = run(q, e);
	explicit_bzero(secret, sizeof(secret));
	return r;
}

/* What leaves: looked through, and locked unless it is for everybody (level 1, no personal data). */
static int outward(struct work *x, struct verdict *v, struct pairs *p, struct err *e)
{
	struct stmt *q = db_sql(x->w.db, "SELECT coalesce(personal_data, 0), class_c LIKE '1%' FROM transfers WHERE id = ?1 AND direction = 'out'");
	if (!q)
		return err_set(e, ERR_DB, "%s", db_error(x->w.db));
	bind_int(q, 1, v->record);
	bool out = step(q) == 1, personal = out && col_int(q, 0), open = out && col_int(q, 1);
	stmt_done(q);
	if (!out)
		return 0;
	int r = look_through(x, v, personal, p, e);
	return r < 0 || v->outcome != GATE_DELIVERED || (open && !personal) ? r : lock_up(x, v->record, p, e);
}

static int64_t given_at(struct work *x, int64_t record)
{
	for (size_t i = 0; i < n_seats; i++)
		if (seats[i].record == record)
			return seats[i].since;
	(void)x;
	return clock_mono();
}

static int settle(struct work *x, void *arg, struct err *e)
{
	static const char *const words[] = {"delivered", "held", "blocked"};
	struct verdict *v = arg;
	struct pairs p = {.a = x->a};
	json_error_t je;
	json_t *root = v->report.n ? json_loadb(v->report.p, v->report.n, JSON_REJECT_DUPLICATES, &je) : NULL;
	char hash[65] = "", report[65], until[DATE_TEXT];
	int64_t size = 0;
	bool approval = false;
	int r = 0;
	struct stmt *q = db_sql(x->w.db, "SELECT coalesce(approval, 0) FROM transfers WHERE id = ?1 AND state = 'checking'");
	if (!q)
		return err_set(e, ERR_DB, "%s", db_error(x->w.db));
	bind_int(q, 1, v->record);
	bool there = step(q) == 1;
	approval = there && col_int(q, 0);
	stmt_done(q);
	if (!there) {
		json_decref(root);
		return err_set(e, ERR_WRONG_STATE, "transfer %lld is not being checked", (long long)v->record);
	}
	if (!root && !v->code)
		say_no(x, v, "WORKER-DIED", "検査の報告が読めません", "The report of the check could not be read");
	if (v->outcome == GATE_DELIVERED)
		r = keep_out(x, v, root, &size, hash, e);
	if (r >= 0 && v->outcome == GATE_DELIVERED)
		r = outward(x, v, &p, e);
	sha256_hex(v->report.p, v->report.n, report);
	date_format(date_add(date_of_instant(x->w.now), 0, 0, (int)setting_int(x->w.db, "transfer_days")), until);
	pairs_put(&p, "checked_at", transfer_moment(x->a, x->w.now));
	pairs_put(&p, "outcome", str_from(words[v->outcome]));
	pairs_put(&p, "code", v->outcome == GATE_DELIVERED ? STR("") : v->code ? str_from(v->code) : text_at(x->a, root, "code", 40));
	put_parts(&p, root);
	put_scan(&p, root);
	pairs_put(&p, "format", text_at(x->a, json_object_get(root, "in"), "extension", 38));
	pairs_put(&p, "engine", text_at(x->a, root, "engine", 79));
	pairs_put(&p, "posture", posture_of(x->a, root));
	pairs_int(&p, "took_ms", (clock_mono() - given_at(x, v->record)) / 1000);
	pairs_put(&p, "report_hash", arena_str(x->a, str_from(report)));
	if (v->outcome == GATE_DELIVERED) {
		pairs_put(&p, "language", v->language);
		pairs_put(&p, "out_name", v->name);
		pairs_int(&p, "out_size", size);
		pairs_put(&p, "out_hash", arena_str(x->a, str_from(hash)));
		pairs_put(&p, "expires_on", arena_str(x->a, str_from(until)));
	}
	if (text_at(x->a, root, "engine", 79).n)
		snprintf(engine, sizeof(engine), "%.*s", STR_ARG(text_at(x->a, root, "engine", 79)));
	json_decref(root);
	struct values in = pairs_values(&p);
	const char *act = v->outcome == GATE_HELD ? "hold" : v->outcome == GATE_BLOCKED ? "stop" : approval ? "put-up" : "deliver";
	if (r >= 0)
		r = record_auto(&x->w, x->a, transfer_ledger(&x->w), v->record, act, &in, STR_NONE, e);
	if (r < 0)
		return r;
	q = db_query(x->w.db, Q_TRANSFER_FILE_RESULT);
	bind_int(q, 1, v->record);
	bind_str(q, 2, v->report);
	if (v->outcome == GATE_DELIVERED) {
		bind_int(q, 3, size);
		bind_z(q, 4, hash);
	} else {
		bind_null(q, 3);
		bind_null(q, 4);
	}
	return run(q, e);
}

static int on_result(struct office *o, struct seat *s, struct msg *m)
{
	struct work x;
	struct verdict v = {.fd = -1};
	if (msg_i64(m, &v.record) || msg_u32(m, &v.outcome) || msg_str(m, REPORT_MAX, &v.report) || msg_str(m, 4096, &v.name) ||
	    msg_str(m, 40, &v.language) || v.outcome > GATE_BLOCKED || (v.outcome == GATE_DELIVERED && msg_fd(m, &v.fd)) || msg_end(m) ||
	    v.record != s->record || !v.record) {
		if (v.fd >= 0)
			close(v.fd);
		return ERR_PROTO;
	}
	work_begin(&x, o);
	if (in_tx(&x, settle, &v) < 0)                   /* full disk …: it stays in "checking" and is given again */
		log_warn("office.gate", "record=%lld text=\"the result could not be kept\"", (long long)v.record);
	else if (v.outcome != GATE_DELIVERED)
		transfer_remove(o, v.record, false);
	arena_free(x.a);
	if (v.fd >= 0)
		close(v.fd);
	s->record = 0;
	gate_soon(o);
	return 0;
}

static int on_step(struct office *o, struct seat *s, struct msg *m)
{
	struct err e = {0};
	struct str what;
	int64_t id;
	uint32_t done, of;
	if (msg_i64(m, &id) || msg_str(m, 64, &what) || msg_u32(m, &done) || msg_u32(m, &of) || msg_end(m) || id != s->record)
		return ERR_PROTO;
	if (clock_mono() - s->told < STEP_EVERY_US)
		return 0;
	s->told = clock_mono();
	struct stmt *q = db_query(o->db, Q_TRANSFER_FILE_STEP);
	bind_int(q, 1, id);
	bind_str(q, 2, what);
	bind_int(q, 3, done);
	bind_int(q, 4, of);
	if (run(q, &e) < 0)
		log_warn("office.gate", "text=\"%s\"", e.text);
	return 0;
}

int gate_answer(struct office *o, const char *peer, struct msg *m)
{
	struct str health;
	for (size_t i = 0; i < n_seats; i++) {
		if (strcmp(seats[i].name, peer) != 0)
			continue;
		switch (m->type) {
		case GATE_RESULT:
			return on_result(o, &seats[i], m);
		case GATE_STEP:
			return on_step(o, &seats[i], m);
		case GATE_HEALTH:
			if (msg_str(m, sizeof(seats[i].health) - 1, &health) || msg_end(m))
				return ERR_PROTO;
			snprintf(seats[i].health, sizeof(seats[i].health), "%.*s", STR_ARG(health));
			return 0;
		default:
			return ERR_PROTO;
		}
	}
	return ERR_PROTO;
}

/* --- giving ---------------------------------------------------------------------------------------------------------------------- */

struct waiting {
	int64_t record;
	bool received;                                   /* not yet given to anybody */
	struct str name;
	struct sealed kept;
	int64_t tries;
};

static bool in_hand(int64_t record)
{
	for (size_t i = 0; i < n_seats; i++)
		if (seats[i].record == record)
			return true;
	return false;
}

static bool next_waiting(struct work *x, struct waiting *ret)
{
	struct stmt *q = db_query(x->o->db, Q_TRANSFER_NEXT);
	bool found = false;
	bind_int(q, 1, clock_now() - PATIENCE_US);
	while (!found && step(q) == 1) {
		if (in_hand(col_int(q, 0)))
			continue;
		*ret = (struct waiting){.record = col_int(q, 0), .received = str_is(col_str(q, 1), "received"), .name = col_dup(q, 2, x->a),
		                        .tries = col_int(q, 6), .kept.size = col_int(q, 3)};
		snprintf(ret->kept.sha256, sizeof(ret->kept.sha256), "%.*s", STR_ARG(col_str(q, 4)));
		snprintf(ret->kept.key, sizeof(ret->kept.key), "%.*s", STR_ARG(col_str(q, 5)));
		found = true;
	}
	stmt_done(q);
	return found;
}

static int mark_given(struct work *x, void *arg, struct err *e)
{
	const struct waiting *wt = arg;
	struct pairs p = {.a = x->a};
	int r = 0;
	pairs_put(&p, "given_at", transfer_moment(x->a, x->w.now));
	struct values in = pairs_values(&p);
	if (wt->received)
		r = record_auto(&x->w, x->a, transfer_ledger(&x->w), wt->record, "give", &in, STR_NONE, e);
	struct stmt *q = r < 0 ? NULL : db_query(x->w.db, Q_TRANSFER_FILE_GIVEN);
	if (q)
		bind_int(q, 1, wt->record);
	return q ? run(q, e) : r;
}

static int refuse_waiting(struct work *x, const struct waiting *wt, const char *code, const char *ja, const char *en)
{
	struct verdict v = {.record = wt->record, .fd = -1};
	say_no(x, &v, code, ja, en);
	return in_tx(x, settle, &v);
}

static int send(struct seat *s, const struct waiting *wt, int content)
{
	char password[GATE_PASSWORD_MAX + 1];
	struct msg m;
	password_take(wt->record, password);
	msg_init(&m, GATE_CLEAN);
	msg_put_i64(&m, wt->record);
	msg_put_str(&m, wt->name);
	msg_put_z(&m, "");
	msg_put_z(&m, password);
	msg_put_fd(&m, content);
	int r = msg_send(s->fd, &m);
	msg_release(&m);
	explicit_bzero(password, sizeof(password));
	return r;
}

/* 1: this seat has a file now; 0: nothing waits, or it could not be given. */
static int give(struct office *o, struct seat *s)
{
	struct work x;
	struct waiting wt;
	struct err e = {0};
	int content = -1, got = 0;
	work_begin(&x, o);
	if (!next_waiting(&x, &wt))
		goto out;
	if (wt.tries >= TRIES) {
		got = refuse_waiting(&x, &wt, "GATE-DIED", "検査が三度続けて終わりませんでした", "The check did not come to its end three times") == 0;
		goto out;
	}
	if (in_tx(&x, mark_given, &wt) < 0)
		goto out;
	if (transfer_open_original(o, wt.record, &wt.kept, &content, &e) < 0) {
		log_error("office.gate", "record=%lld text=\"%s\"", (long long)wt.record, e.text);
		got = refuse_waiting(&x, &wt, "ORIGINAL-LOST", "受け取ったファイルが読めません。もう一度出してください", "The file received cannot be read; hand it over again") == 0;
		goto out;
	}
	s->record = wt.record;
	s->since = clock_mono();
	s->told = 0;
	if (send(s, &wt, content) < 0)
		s->record = 0;                           /* the pair is gone: on_peer comes, and it is given again */
	else
		got = 1;
out:
	if (content >= 0)
		close(content);
	explicit_bzero(&wt.kept, sizeof(wt.kept));
	arena_free(x.a);
	return got;
}

static void give_all(void *arg)
{
	struct office *o = arg;
	pending = false;
	for (size_t i = 0; i < n_seats; i++)
		for (int n = 0; n < 100 && seats[i].fd >= 0 && !seats[i].record && give(o, &seats[i]); n++)
			;
}

void gate_soon(struct office *o)
{
	if (pending || o->role != OFFICE_WRITER || !o->loop)
		return;
	pending = true;
	loop_after(o->loop, 0, give_all, o);
}

static void ask(struct seat *s)
{
	struct msg m;
	msg_init(&m, GATE_ASK);
	if (s->fd >= 0 && msg_send(s->fd, &m) < 0)
		log_warn("office.gate", "peer=%s text=\"not asked\"", s->name);
	msg_release(&m);
}

void gate_peer(struct office *o, const char *peer, int fd)
{
	size_t i = 0;
	while (i < n_seats && strcmp(seats[i].name, peer) != 0)
		i++;
	if (i == GATES_MAX)
		return;
	if (i == n_seats)
		n_seats++;
	seats[i] = (struct seat){.fd = fd};
	snprintf(seats[i].name, sizeof(seats[i].name), "%s", peer);
	ask(&seats[i]);
	gate_soon(o);
}

size_t gate_states(struct gate_state *ret, size_t max)
{
	size_t n = 0;
	for (; n < n_seats && n < max; n++)
		ret[n] = (struct gate_state){seats[n].name, seats[n].fd >= 0, seats[n].record, seats[n].health[0] ? str_from(seats[n].health) : STR_NONE};
	return n;
}

/* --- by the minute ------------------------------------------------------------------------------------------------------------------ */

static size_t ids_of(struct stmt *q, int64_t *ids, size_t max)
{
	size_t n = 0;
	while (n < max && step(q) == 1)
		ids[n++] = col_int(q, 0);
	stmt_done(q);
	return n;
}

struct sweep {
	int64_t ids[500];
	size_t n, n_outs;
	int64_t outs[500];
};

static int sweep_rows(struct work *x, void *arg, struct err *e)
{
	struct sweep *s = arg;
	struct stmt *q = db_query(x->w.db, Q_TRANSFER_ORIGINALS_OLD);
	bind_str(q, 1, x->w.today);
	s->n = ids_of(q, s->ids, ARRAY_LEN(s->ids));
	s->n_outs = ids_of(db_query(x->w.db, Q_TRANSFER_OUTS_OLD), s->outs, ARRAY_LEN(s->outs));
	int r = 0;
	for (size_t i = 0; i < s->n && r >= 0; i++) {
		const struct event ev = {.action = "transfer.original-removed", .ledger = STR("transfers"), .record = s->ids[i]};
		q = db_query(x->w.db, Q_TRANSFER_FILE_GONE);
		bind_int(q, 1, s->ids[i]);
		r = run(q, e);
		if (r >= 0)
			r = event_put(x->w.db, &ev, NULL, e);
	}
	for (size_t i = 0; i < s->n_outs && r >= 0; i++) {
		q = db_query(x->w.db, Q_TRANSFER_OUT_GONE);
		bind_int(q, 1, s->outs[i]);
		r = run(q, e);
	}
	return r;
}

/* Held by an older version, the original still there: it is checked again. */
static int retry_rows(struct work *x, void *arg, struct err *e)
{
	int64_t ids[200];
	struct stmt *q = db_query(x->w.db, Q_TRANSFER_RETRY);
	int r = 0;
	(void)arg;
	bind_z(q, 1, "sekisho " SEKISHO_VERSION);
	size_t n = ids_of(q, ids, ARRAY_LEN(ids));
	for (size_t i = 0; i < n && r >= 0; i++) {
		q = db_query(x->w.db, Q_TRANSFER_FILE_AGAIN);
		bind_int(q, 1, ids[i]);
		if ((r = run(q, e)) >= 0)
			r = record_auto(&x->w, x->a, transfer_ledger(&x->w), ids[i], "retry", &(struct values){0}, STR_NONE, e);
	}
	return r;
}

void gate_tick(struct office *o)
{
	struct work x;
	struct sweep *s = xmalloc(sizeof(*s));
	if (o->role == OFFICE_WRITER && transfer_ledger(&(struct world){.ledgers = o->ledgers})) {
		work_begin(&x, o);
		*s = (struct sweep){0};
		if (in_tx(&x, sweep_rows, s) == 0) {
			for (size_t i = 0; i < s->n; i++)
				transfer_remove(o, s->ids[i], true);
			for (size_t i = 0; i < s->n_outs; i++)
				transfer_remove(o, s->outs[i], false);
		}
		if (n_seats)
			(void)!in_tx(&x, retry_rows, NULL);
		arena_free(x.a);
		for (size_t i = 0; i < n_seats; i++)
			if (!seats[i].record)
				ask(&seats[i]);
		gate_soon(o);
	}
	free(s);
}
