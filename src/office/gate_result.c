/* What a gate says of a file becomes true: clean bytes on the disk, report, step of the record, all in one transaction. What leaves
 * is looked through for personal data and locked with a password. */
#include <fcntl.h>
#include <jansson.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "core/person_data.h"
#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "office/change.h"
#include "office/dispatch.h"
#include "office/gate_work.h"
#include "office/setting.h"
#include "queries.h"

/* --- one transaction of our own -------------------------------------------------------------------------------------------- */

int gate_work_tx(struct gate_work *x, int (*todo)(struct gate_work *, void *, struct err *), void *arg)
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

void gate_work_begin(struct gate_work *x, struct office *o)
{
	*x = (struct gate_work){.o = o, .a = arena_new(96u << 20)};
}

/* --- a result ------------------------------------------------------------------------------------------------------------------ */

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

void gate_say_no(struct gate_work *x, struct gate_verdict *v, const char *code, const char *ja, const char *en)
{
	v->outcome = GATE_HELD;
	v->code = code;
	if (!v->report.n)
		v->report = arena_strf(x->a, "{\"schema\":1,\"outcome\":\"held\",\"code\":\"%s\",\"ja\":\"%s\",\"en\":\"%s\",\"parts\":[]}", code, ja, en);
}

#define OUT_MAX 0xe0000000ll                             /* what an archive can lock and every browser fetch */

static int keep_out(struct gate_work *x, struct gate_verdict *v, json_t *root, int64_t *size, char hash[65], struct err *e)
{
	struct stat st;
	if (v->fd < 0 || fstat(v->fd, &st) != 0) {
		gate_say_no(x, v, "VERIFY-REFUSED", "再構成した結果が届きませんでした", "What was rebuilt did not arrive");
		return 0;
	}
	if (st.st_size > OUT_MAX) {
		gate_say_no(x, v, "LIMIT-OUTPUT", "再構成した結果が大きすぎます", "What was rebuilt is too large");
		return 0;
	}
	int r = transfer_put_out(x->o, v->record, v->fd, size, hash, e);
	if (r == 0 && !str_is(text_at(x->a, json_object_get(root, "out"), "sha256", 64), hash))
		gate_say_no(x, v, "VERIFY-REFUSED", "再構成した結果が報告と一致しません", "What was rebuilt is not what the report names");
	return r;
}

/* --- outward: what is in it, and the lock on it --------------------------------------------------------------------------------- */

#define CONTACTS_MANY 10                                 /* lines that make a list of persons */

/* A sealed descriptor to look through: it changes under nobody. */
static int map(int fd, struct str *ret, struct err *e)
{
	struct stat st;
	*ret = STR("");
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) != 0 || (fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE) == 0)
		return err_sys(e, "what was rebuilt");
	if (!st.st_size)
		return 0;
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return err_sys(e, "what was rebuilt");
	*ret = str_n(p, (size_t)st.st_size);
	return 0;
}

static void unmap(struct str s)
{
	if (s.n)
		munmap((void *)(uintptr_t)s.p, s.n);
}

/* Looks through the clean bytes, and through what workers read where those are drawings. Personal data that the sender did not say is
 * there holds the file. */
static int look_through(struct gate_work *x, struct gate_verdict *v, bool declared, struct pairs *p, struct err *e)
{
	struct person_data d = {0};
	struct str bytes, text = STR("");
	int r = map(v->fd, &bytes, e);
	if (r == 0)
		r = map(v->text, &text, e);
	if (r < 0)
		return r;
	enum person_seen seen = person_data_file(v->language, bytes, str_trim(text), &d);
	unmap(bytes);
	unmap(text);
	pairs_put(p, "content_check", seen == PERSON_SEEN ? STR("done") : seen == PERSON_PARTLY ? STR("partly") : STR("impossible"));
	if (seen == PERSON_UNSEEN)
		return 0;
	pairs_int(p, "my_numbers", d.my_numbers);
	pairs_int(p, "resident_codes", d.resident_codes);
	pairs_int(p, "contacts", d.contacts);
	if (!declared && (d.my_numbers || d.resident_codes || d.contacts >= CONTACTS_MANY)) {
		v->report = STR("");
		gate_say_no(x, v, "PERSONAL-UNDECLARED", "個人番号、住民票コード又は名簿らしい内容があります。「個人情報を含む」を選んで出し直してください",
		       "It seems to hold My Numbers, resident record codes or a list of persons; hand it over again as holding personal data");
	}
	return 0;
}

static int lock_up(struct gate_work *x, int64_t record, struct pairs *p, struct err *e)
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
static int outward(struct gate_work *x, struct gate_verdict *v, struct pairs *p, struct err *e)
{
	struct stmt *q = db_sql(x->w.db, "SELECT coalesce(personal_data, 0), class_c LIKE '1%', to_party IS NOT NULL FROM transfers WHERE id = ?1 AND direction = 'out'");
	if (!q)
		return err_set(e, ERR_DB, "%s", db_error(x->w.db));
	bind_int(q, 1, v->record);
	bool out = step(q) == 1, personal = out && col_int(q, 0), open = out && col_int(q, 1), cms = out && col_int(q, 2);
	stmt_done(q);
	if (!out)
		return 0;
	int r = look_through(x, v, personal, p, e);
	if (r >= 0 && v->outcome == GATE_DELIVERED && cms) {     /* locked when it is fetched, to that certificate alone */
		pairs_put(p, "encrypted", STR("1"));
		return 0;
	}
	return r < 0 || v->outcome != GATE_DELIVERED || (open && !personal) ? r : lock_up(x, v->record, p, e);
}

int gate_settle(struct gate_work *x, void *arg, struct err *e)
{
	static const char *const words[] = {"delivered", "held", "blocked"};
	struct gate_verdict *v = arg;
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
		gate_say_no(x, v, "WORKER-DIED", "検査の報告が読めません", "The report of the check could not be read");
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
	pairs_int(&p, "took_ms", (clock_mono() - v->since) / 1000);
	pairs_put(&p, "report_hash", arena_str(x->a, str_from(report)));
	if (v->outcome == GATE_DELIVERED) {
		pairs_put(&p, "language", v->language);
		pairs_put(&p, "out_name", v->name);
		pairs_int(&p, "out_size", size);
		pairs_put(&p, "out_hash", arena_str(x->a, str_from(hash)));
		pairs_put(&p, "expires_on", arena_str(x->a, str_from(until)));
	}
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
