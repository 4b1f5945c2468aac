/* Records of the transfer service: handing over, and fetching what passed. */
#include "office/transfer.h"

#include <unistd.h>

#include "lib/aes_zip.h"
#include "lib/clock.h"
#include "lib/cms.h"
#include "lib/date.h"
#include "lib/log.h"
#include "office/setting.h"
#include "office/spool.h"
#include "office/transfer_rule.h"
#include "queries.h"

#define RECIPIENTS_MAX 50
#define ONCE_MAX 100

struct ledger *transfer_ledger(struct world *w)
{
	return ledgers_get(w->ledgers, STR("transfers"));
}

void pairs_put(struct pairs *p, const char *field, struct str text)
{
	if (p->n < ARRAY_LEN(p->v))
		p->v[p->n++] = (struct value){.field = str_from(field), .present = true, .text = text.p ? text : STR("")};
}

void pairs_int(struct pairs *p, const char *field, int64_t n)
{
	pairs_put(p, field, arena_strf(p->a, "%lld", (long long)n));
}

struct values pairs_values(struct pairs *p)
{
	return (struct values){p->v, p->n};
}

struct str transfer_moment(struct arena *a, int64_t at)
{
	char text[40];
	instant_format(at, text, sizeof(text));
	text[10] = 'T';
	return arena_str(a, str_from(text));
}

/* --- handing over ------------------------------------------------------------------------------------------------------- */

static int64_t person_of(struct ctx *c, struct str staff_no)
{
	struct stmt *q = db_query(c->office->db, Q_TRANSFER_PERSON);
	bind_str(q, 1, staff_no);
	int64_t id = step(q) == 1 ? col_int(q, 0) : 0;
	stmt_done(q);
	return id;
}

static void fault(struct ctx *c, struct faults *f, const char *field, struct str text)
{
	struct fault *v = arena_array(c->arena, f->n + 1, sizeof(*v));
	if (f->n)
		memcpy(v, f->v, f->n * sizeof(*v));
	v[f->n] = (struct fault){str_from(field), text};
	f->v = v;
	f->n++;
}

static bool separator(char ch)
{
	return ch == ',' || ch == ' ' || ch == ';' || ch == '\n' || ch == '\r' || ch == '\t';
}

/* Staff numbers to persons; nobody named: oneself. */
static size_t recipients_of(struct ctx *c, const struct transfer_order *t, struct str *ret, struct faults *f)
{
	size_t n = 0;
	struct str rest = t->recipients;
	while (rest.n) {
		size_t i = 0;
		while (i < rest.n && !separator(rest.p[i]))
			i++;
		struct str one = str_slice(rest, 0, i);
		rest = str_slice(rest, i < rest.n ? i + 1 : i, rest.n);
		if (!one.n)
			continue;
		int64_t id = person_of(c, one);
		if (!id)
			fault(c, f, "recipients", arena_strf(c->arena, _("There is nobody with the staff number \"%.*s\"."), (int)(one.n > 40 ? 40 : one.n), one.p));
		else if (n == RECIPIENTS_MAX)
			fault(c, f, "recipients", str_from(_("At most 50 recipients.")));
		else
			ret[n++] = arena_strf(c->arena, "%lld", (long long)id);
		if (f->n > 5)
			break;
	}
	if (!n && !f->n)
		ret[n++] = arena_strf(c->arena, "%lld", (long long)c->actor.person);
	return n;
}

/* Who must agree before anybody fetches it: the municipality's rules, then the settings. "none": nobody. */
static const char *permitted_by(struct ctx *c, const struct transfer_order *t, int64_t size)
{
	char mem[16];
	struct str rule = setting_text(c->office->db, c->arena, "transfer_approve");
	int64_t mb = setting_int(c->office->db, "transfer_approve_mb"), from = 9, level = t->class_c.n ? t->class_c.p[0] - '0' : 3;
	if (t->personal && level < 3)
		level = 3;
	const struct transfer_case x = {t->outward, t->personal, c->actor.section, level, size};
	const char *who = transfer_rules_who(c->office->db, setting_text(c->office->db, c->arena, "transfer_rules"), &x);
	if (who)
		return who;
	if (t->outward || str_is(rule, "always") || (mb && size > mb << 20))
		return "manager";
	snprintf(mem, sizeof(mem), "%.*s", STR_ARG(rule));
	if (mem[0] == '2' || mem[0] == '3')
		from = mem[0] - '0';
	return level >= from ? "manager" : "none";
}

/* The certificate of a party, as its ledger has it now; STR_NONE when there is none in force. */
static struct str certificate_of(struct ctx *c, struct str party)
{
	int64_t id;
	if (str_int(party, 1, INT64_MAX, &id) < 0)
		return STR_NONE;
	struct stmt *q = db_query(c->office->db, Q_TRANSFER_CERTIFICATE);
	bind_int(q, 1, id);
	struct str pem = step(q) == 1 && !col_null(q, 0) ? col_dup(q, 0, c->arena) : STR_NONE;
	stmt_done(q);
	return pem;
}

static void check_certificate(struct ctx *c, const struct transfer_order *t, struct faults *f)
{
	struct err why = {0};
	char hex[65];
	if (t->outward && t->to_party.n && cms_certificate(certificate_of(c, t->to_party), c->world.now, hex, &why) < 0)
		fault(c, f, "to_party", arena_str(c->arena, str_from(why.text)));
}

static struct str base_name(struct str name)
{
	for (size_t i = name.n; i > 0; i--)
		if (name.p[i - 1] == '/' || name.p[i - 1] == '\\')
			return str_slice(name, i, name.n);
	return name;
}

static int open_one(struct ctx *c, const struct transfer_order *t, const struct upload *u, struct str *to, size_t n_to, int64_t *ret, struct faults *f,
                    struct err *e)
{
	struct pairs p = {.a = c->arena};
	struct sealed kept = {0};
	char until[DATE_TEXT], hex[65], cert[65];
	struct str name = base_name(u->name);
	int64_t id;
	bool spooled = u->sha256.p != NULL;
	int r = spooled ? 0 : transfer_hash(u->fd, hex, e);
	if (r < 0)
		return r;
	if (spooled)
		snprintf(hex, sizeof(hex), "%.*s", STR_ARG(u->sha256));
	pairs_put(&p, "direction", t->outward ? STR("out") : STR("in"));
	pairs_put(&p, "file_name", name);
	pairs_int(&p, "size", u->size);
	pairs_put(&p, "hash", arena_str(c->arena, str_from(hex)));
	pairs_int(&p, "section", c->actor.section);
	pairs_put(&p, "purpose", t->purpose);
	pairs_put(&p, "class_c", t->class_c);
	pairs_put(&p, "personal_data", t->personal ? STR("1") : STR("0"));
	const char *who = permitted_by(c, t, u->size);
	bool asks = strcmp(who, "none") != 0;
	pairs_put(&p, "approval", asks ? STR("1") : STR("0"));
	if (asks)
		pairs_put(&p, "approver", str_from(who));
	pairs_put(&p, "via", str_from(t->via));
	if (t->outward) {
		pairs_put(&p, "outside_recipient", t->outside_recipient);
		pairs_put(&p, "provision", t->provision);
		if (t->to_party.n && (r = cms_certificate(certificate_of(c, t->to_party), c->world.now, cert, e)) < 0)
			return r;
		if (t->to_party.n) {
			pairs_put(&p, "to_party", t->to_party);
			pairs_put(&p, "certificate_hash", arena_str(c->arena, str_from(cert)));
		}
	}
	p.v[p.n++] = (struct value){.field = STR("recipients"), .present = true, .many = to, .n_many = n_to};
	struct values in = pairs_values(&p);
	r = record_open(&c->world, c->arena, &c->actor, transfer_ledger(&c->world), "gate", &in, &id, f, e);
	if (r < 0)
		return r;
	r = spooled ? spool_take(c->office, u, id, &kept, e) : transfer_put_original(c->office, id, u->fd, u->size, &kept, e);
	if (r < 0)
		return r;
	if (strcmp(kept.sha256, hex) != 0)
		return err_set(e, ERR_CORRUPT, "upload");
	date_format(date_add(date_of_instant(c->world.now), 0, 0, (int)setting_int(c->office->db, "transfer_original_days")), until);
	struct stmt *q = db_query(c->office->db, Q_TRANSFER_FILE_PUT);
	bind_int(q, 1, id);
	bind_int(q, 2, kept.size);
	bind_z(q, 3, kept.sha256);
	bind_z(q, 4, kept.key);
	bind_z(q, 5, until);
	*ret = id;
	r = run(q, e);
	explicit_bzero(&kept, sizeof(kept));
	return r;
}

/* Did this person hand it over with this word before? */
static bool had_once(struct ctx *c, struct str once, int64_t *ret)
{
	struct stmt *q = db_query(c->office->db, Q_TRANSFER_ONCE_GET);
	bind_int(q, 1, c->actor.person);
	bind_str(q, 2, once);
	bool had = step(q) == 1;
	if (had)
		*ret = col_int(q, 0);
	stmt_done(q);
	return had;
}

static int put_once(struct ctx *c, struct str once, int64_t record, struct err *e)
{
	struct stmt *q = db_query(c->office->db, Q_TRANSFER_ONCE_PUT);
	bind_int(q, 1, c->actor.person);
	bind_str(q, 2, once);
	bind_int(q, 3, record);
	bind_int(q, 4, c->world.now);
	return run(q, e);
}

int transfer_open(struct ctx *c, const struct transfer_order *t, int64_t *ret_ids, size_t *ret_n, struct faults *faults, struct err *e)
{
	struct str to[RECIPIENTS_MAX];
	int64_t max = transfer_max(c->office);
	size_t n_to = recipients_of(c, t, to, faults), files = 0;
	*ret_n = 0;
	for (size_t i = 0; i < c->req->n_files; i++) {
		const struct upload *u = &c->req->files[i];
		if (!u->name.n && !u->size)
			continue;
		files++;
		if (u->size > max)
			fault(c, faults, "files", arena_strf(c->arena, _("\"%.*s\" is larger than %lld MB."), STR_ARG(u->name), (long long)(max >> 20)));
		else if (base_name(u->name).n > TRANSFER_NAME_MAX)
			fault(c, faults, "files", str_from(_("The name of a file is too long.")));
	}
	if (c->office->two_sides && !c->folder && c->net == t->outward)
		fault(c, faults, "direction", str_from(c->net ? _("On this side files are handed over inward only.")
		                                              : _("Files from the Internet are handed over on the Internet side.")));
	if (!files)
		fault(c, faults, "files", str_from(_("Choose a file.")));
	bool once = t->once.n && t->once.n <= ONCE_MAX && files == 1;
	if (once && had_once(c, t->once, &ret_ids[0])) {
		*ret_n = 1;
		return 0;
	}
	check_certificate(c, t, faults);
	if (!t->purpose.n)
		fault(c, faults, "purpose", str_from(_("Please say what for.")));
	for (size_t i = 0; i < c->req->n_files && !faults->n; i++) {
		const struct upload *u = &c->req->files[i];
		if (!u->name.n && !u->size)
			continue;
		int r = open_one(c, t, u, to, n_to, &ret_ids[*ret_n], faults, e);
		if (r < 0)
			return r;
		(*ret_n)++;
	}
	if (faults->n)
		return err_set(e, ERR_INVALID, "%s", _("Please check what you entered"));
	int r = once ? put_once(c, t->once, ret_ids[0], e) : 0;
	if (r < 0)
		return r;
	gate_soon(c->office);
	return 0;
}

int64_t transfer_max(struct office *o)
{
	return setting_int(o->db, "transfer_mb") << 20;
}

int transfer_again(struct ctx *c, int64_t id, struct str password, struct err *e)
{
	const struct ledger *l = transfer_ledger(&c->world);
	struct faults faults = {0};
	struct record rec;
	int r = record_get(&c->world, c->arena, &c->actor, l, id, &rec, e);
	if (r >= 0)
		r = record_act(&c->world, c->arena, &c->actor, l, id, rec.version, ledger_action(l, STR("again")), &(struct values){0}, STR_NONE, &faults, e);
	if (r < 0)
		return r;
	struct stmt *q = db_query(c->office->db, Q_TRANSFER_FILE_AGAIN);
	bind_int(q, 1, id);
	if ((r = run(q, e)) < 0)
		return r;
	if (password.n)
		gate_password(id, password);
	gate_soon(c->office);
	return 0;
}

/* --- fetching ------------------------------------------------------------------------------------------------------------- */

struct str transfer_secret(struct ctx *c, int64_t id)
{
	struct stmt *q = db_query(c->office->db, Q_TRANSFER_SECRET_GET);
	bind_int(q, 1, id);
	struct str secret = step(q) == 1 ? col_dup(q, 0, c->arena) : STR_NONE;
	stmt_done(q);
	return secret;
}

/* To the certificate that was there when its sending was permitted, and no other. */
static int lock_to(struct ctx *c, const struct record *rec, int fd, int64_t size, int to, int64_t *ret_size, struct err *e)
{
	const struct value *party = values_get(&rec->values, STR("to_party")), *hash = values_get(&rec->values, STR("certificate_hash"));
	struct str pem = certificate_of(c, party->text);
	char hex[65];
	int r = cms_certificate(pem, c->world.now, hex, e);
	if (r < 0 || !hash || !str_is(hash->text, hex))
		return err_set(e, ERR_WRONG_STATE, "%s", _("The certificate has changed or ended since. Please hand the file over again."));
	return cms_lock(pem, fd, size, to, ret_size, e);
}

/* As it is, or locked: to a certificate, or with the password of its record. Takes fd over. */
static int hand_out(struct ctx *c, const struct record *rec, struct str name, int fd, int64_t size, struct err *e)
{
	const struct value *party = values_get(&rec->values, STR("to_party"));
	struct str secret = transfer_secret(c, rec->id);
	bool cms = party && party->text.n;
	int to = -1;
	if (!secret.n && !cms)
		return res_stream(c, "application/octet-stream", name, fd, size);
	int r = transfer_scratch(c->office, &to, e);
	if (r == 0 && cms)
		r = lock_to(c, rec, fd, size, to, &size, e);
	else if (r == 0 && (r = aes_zip(name, fd, size, secret, to, &size)) < 0)
		r = err_set(e, r, "%s", _("The file could not be locked."));
	close(fd);
	if (r == 0)
		return res_stream(c, cms ? "application/pkcs7-mime" : "application/octet-stream", arena_strf(c->arena, cms ? "%.*s.p7m" : "%.*s.zip", STR_ARG(name)), to, size);
	if (to >= 0)
		close(to);
	return r;
}

int transfer_fetch(struct ctx *c, int64_t id, struct err *e)
{
	const struct ledger *l = transfer_ledger(&c->world);
	const struct action *act = ledger_action(l, STR("fetch"));
	struct faults faults = {0};
	struct record rec;
	int64_t size;
	int fd, r = record_get(&c->world, c->arena, &c->actor, l, id, &rec, e);
	if (r < 0)
		return r;
	const struct value *way = values_get(&rec.values, STR("direction"));
	bool out = way && str_is(way->text, "out");
	if (!c->folder && (c->net ? !out : c->office->two_sides && out))
		return err_set(e, ERR_DENIED, "%s", c->net ? _("What came in is fetched on the LGWAN side.") : _("What leaves is fetched on the Internet side."));
	struct stmt *q = db_query(c->office->db, Q_TRANSFER_FILE_GET);
	bind_int(q, 1, id);
	struct str hash = step(q) == 1 ? col_dup(q, 4, c->arena) : STR_NONE;
	stmt_done(q);
	const struct value *name = values_get(&rec.values, STR("out_name")), *verified = values_get(&rec.values, STR("out_hash"));
	r = record_act(&c->world, c->arena, &c->actor, l, id, rec.version, act, &(struct values){0}, STR_NONE, &faults, e);
	if (r < 0)
		return r;
	/* What is handed out is what the record says was verified, and what the file still is. */
	if (!hash.n || !verified || !str_eq(verified->text, hash) || !name)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such file."));
	r = transfer_open_out(c->office, id, hash, &fd, &size, e);
	if (r == 0)
		r = hand_out(c, &rec, name->text, fd, size, e);
	else if (r == ERR_NOTFOUND)
		err_set(e, r, "%s", _("The file is no longer kept. Please have it handed over again."));
	return r;
}
