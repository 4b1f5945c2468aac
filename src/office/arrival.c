#include "office/arrival.h"

#include <jansson.h>

#include "core/proto.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "queries.h"

#define TABLE_MAX (2u << 20)
#define STATE_MAX (16u << 20)
#define HOUR_US (3600 * SECOND_US)

static int collect = -1;
static char told[SHA256_HEX];                        /* hash of the table collect has */

/* A field of the table may hold neither TAB nor line end. */
static void put(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_putc(b, (unsigned char)s.p[i] < 0x20 ? ' ' : s.p[i]);
}

struct sender {
	struct str name, log;
	int64_t rate;
};

static void rule(struct buf *b, const char *kind, struct str value, const struct sender *s)
{
	if (!value.n)
		return;
	buf_printf(b, "%s\t", kind);
	put(b, value);
	buf_putc(b, '\t');
	put(b, s->name);
	buf_putc(b, '\t');
	put(b, s->log);
	buf_printf(b, "\t%lld\n", (long long)s->rate);
}

/* Those that have neither ended nor expired, of sources in force. */
static void tokens(struct office *o, struct buf *b)
{
	struct stmt *q = db_sql(o->db, "SELECT t.token_hash, t.source, " ARRIVAL_CLASS_SQL ", (SELECT max(g.rate) FROM log_sources g "
	                               "WHERE g.source_key = t.source AND g.state IN ('active', 'suspended')) FROM log_token t "
	                               "JOIN log_sources s ON s.source_key = t.source AND s.state IN ('active', 'suspended') "
	                               "WHERE t.ended_at IS NULL AND t.expires_at > ?1 GROUP BY t.id ORDER BY t.id");
	if (!q)
		return;
	bind_int(q, 1, clock_true());
	while (step(q) == 1) {
		struct sender s = {col_str(q, 1), col_str(q, 2), col_int(q, 3)};
		rule(b, "token", col_str(q, 0), &s);
	}
	stmt_done(q);
}

/* A sender is known by its address; by TLS also when its certificate bears the key's own name. */
static void make_table(struct office *o, struct buf *b)
{
	struct stmt *q = db_sql(o->db, "SELECT s.source_key, s.address, " ARRIVAL_CLASS_SQL ", "
	                               "(SELECT max(g.rate) FROM log_sources g WHERE g.source_key = s.source_key AND g.state IN ('active', 'suspended')) "
	                               "FROM log_sources s WHERE s.state IN ('active', 'suspended') AND s.source_key IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2");
	struct str last = STR_NONE;
	char name[201] = "";
	while (q && step(q) == 1) {
		struct sender s = {str_slice(col_str(q, 0), 0, sizeof name - 1), col_str(q, 2), col_int(q, 3)};
		rule(b, "address", col_str(q, 1), &s);
		if (!str_eq(s.name, last))
			rule(b, "certificate", s.name, &s);
		snprintf(name, sizeof name, "%.*s", STR_ARG(s.name));
		last = str_from(name);
	}
	if (q)
		stmt_done(q);
	tokens(o, b);
}

void arrival_tick(struct office *o)
{
	struct buf b;
	char now[SHA256_HEX];
	struct msg m;
	if (collect < 0)
		return;
	buf_init(&b, TABLE_MAX);
	make_table(o, &b);
	struct str table = buf_view(&b);
	sha256_hex(table.p, table.n, now);
	if (strcmp(now, told) != 0 && buf_err(&b) == 0) {
		msg_init(&m, COLLECT_SOURCES);
		msg_put_str(&m, table);
		if (msg_send(collect, &m) == 0)
			memcpy(told, now, sizeof told);
		else
			collect = -1;
		msg_release(&m);
	}
	buf_release(&b);
}

void arrival_peer(struct office *o, int fd)
{
	collect = fd;
	told[0] = 0;
	arrival_tick(o);
}

/* What came since it was told last; everything, when counting began anew. */
static int count(struct office *o, const json_t *x, bool anew, int64_t now, struct err *e)
{
	const char *source = json_string_value(json_object_get(x, "source")), *log = json_string_value(json_object_get(x, "log"));
	int64_t entries = json_integer_value(json_object_get(x, "entries")), bytes = json_integer_value(json_object_get(x, "bytes"));
	char day[DATE_TEXT];
	struct stmt *q = db_query(o->db, Q_LOG_ARRIVAL_BEFORE);
	bind_z(q, 1, source);
	if (step(q) == 1 && !anew) {
		entries -= col_int(q, 0);
		bytes -= col_int(q, 1);
	}
	stmt_done(q);
	if (entries <= 0)
		return 0;
	q = db_query(o->db, Q_LOG_PLACE_PUT);
	bind_z(q, 1, source);
	bind_z(q, 2, log && *log ? log : "standard");
	bind_int(q, 3, now);
	int r = run(q, e);
	if (r < 0)
		return r;
	q = db_query(o->db, Q_LOG_HOUR_ADD);
	bind_int(q, 1, now / HOUR_US);
	bind_z(q, 2, source);
	bind_int(q, 3, entries);
	bind_int(q, 4, bytes);
	r = run(q, e);
	if (r < 0)
		return r;
	date_format(date_of_instant(now), day);
	q = db_query(o->db, Q_LOG_DAY_ADD);
	bind_z(q, 1, day);
	bind_z(q, 2, log && *log ? log : "standard");
	bind_int(q, 3, entries);
	bind_int(q, 4, bytes);
	return run(q, e);
}

/* What collect says of itself. *ret_anew: it was started since. */
static int house(struct office *o, const json_t *root, int64_t now, bool *ret_anew, struct err *e)
{
	int64_t started = json_integer_value(json_object_get(root, "started_at"));
	struct stmt *q = db_query(o->db, Q_LOG_HOUSE_STARTED);
	*ret_anew = step(q) != 1 || col_int(q, 0) != started;
	stmt_done(q);
	if (*ret_anew) {                                 /* who is silent since is not told of, and counts from nothing when it speaks */
		q = db_query(o->db, Q_LOG_ARRIVAL_ANEW);
		int r = run(q, e);
		if (r < 0)
			return r;
	}
	q = db_query(o->db, Q_LOG_HOUSE_COLLECT);
	bind_int(q, 1, started);
	bind_int(q, 2, json_integer_value(json_object_get(root, "lost")));
	bind_int(q, 3, json_integer_value(json_object_get(root, "unacked")));
	bind_int(q, 4, now);
	return run(q, e);
}

static int store(struct office *o, const json_t *x, struct err *e)
{
	static const char *const counts[] = {"entries", "bytes", "long", "torn", "binary", "limited", "refused", "last_at"};
	struct stmt *q = db_query(o->db, Q_LOG_ARRIVAL_PUT);
	const json_t *offset = json_object_get(x, "offset_s");
	bind_z(q, 1, json_string_value(json_object_get(x, "source")));
	bind_z(q, 2, json_string_value(json_object_get(x, "log")));
	bind_int(q, 3, json_is_true(json_object_get(x, "known")));
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		bind_int(q, 4 + (int)i, json_integer_value(json_object_get(x, counts[i])));
	if (offset)
		bind_int(q, 12, json_integer_value(offset));
	else
		bind_null(q, 12);
	return run(q, e);
}

int arrival_message(struct office *o, struct msg *m)
{
	struct str text;
	struct err e = {0};
	json_error_t je;
	if (m->type != COLLECT_STATE || msg_str(m, STATE_MAX, &text) != 0 || msg_end(m) != 0)
		return ERR_PROTO;
	json_t *root = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &je);
	const json_t *list = json_object_get(root, "sources");
	int r = json_is_array(list) ? 0 : ERR_PROTO;
	if (r == 0 && db_begin(o->db, &e) == 0) {
		int64_t now = clock_true();
		bool anew;
		r = house(o, root, now, &anew, &e);
		for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
			const json_t *x = json_array_get(list, i);
			r = json_is_string(json_object_get(x, "source")) ? count(o, x, anew, now, &e) : ERR_PROTO;
			if (r == 0)
				r = store(o, x, &e);
		}
		if (r == 0)
			r = db_commit(o->db, &e);
		if (r != 0)
			db_rollback(o->db);
		if (r == ERR_DB) {                           /* told again in a while */
			log_error("office.arrival", "text=\"%s\"", e.text);
			r = 0;
		}
	}
	json_decref(root);
	return r;
}
