#include "detect/join.h"

#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/clock.h"

#define HEAD_MAX 300u                                /* how far in the mark may stand */
#define SERIAL_MAX 40u
#define NODE_MAX 64u

struct join {
	struct join *next;                               /* younger */
	uint64_t hash;
	char source[256], log[33], serial[SERIAL_MAX + 1], node[NODE_MAX + 1];
	int64_t time_ns, arrived;                        /* arrived: clock_mono */
	uint64_t index[JOIN_RECORDS];
	uint32_t n;
	bool done;
	size_t text_n;
	char text[JOIN_TEXT];
};

struct joins {
	joins_judge_fn *judge;
	void *arg;
	struct join *first, **end;                       /* oldest first */
	struct join *spare;
	size_t waiting;
	bool any_done;
};

/* One record taken apart. */
struct record {
	struct str type, serial, node, body;             /* body: behind the mark */
};

struct joins *joins_new(joins_judge_fn *judge, void *arg)
{
	struct joins *j = xcalloc(1, sizeof *j);

	j->judge = judge;
	j->arg = arg;
	j->end = &j->first;
	return j;
}

static void free_list(struct join *x)
{
	while (x) {
		struct join *next = x->next;

		free(x);
		x = next;
	}
}

void joins_free(struct joins *j)
{
	if (!j)
		return;
	free_list(j->first);
	free_list(j->spare);
	free(j);
}

size_t joins_waiting(const struct joins *j)
{
	return j->waiting;
}

/* --- a record ------------------------------------------------------------------------------------------------------------ */

/* Most messages hold no such mark, and few a bracket near their beginning: this is asked of every message. */
static const char *find_mark(struct str raw)
{
	static const char mark[] = "msg=audit";
	const char *p = raw.p, *end = raw.p + (raw.n < HEAD_MAX ? raw.n : HEAD_MAX);

	while ((p = memchr(p, '(', (size_t)(end - p)))) {
		if ((size_t)(p - raw.p) >= sizeof mark - 1 && !memcmp(p - (sizeof mark - 1), mark, sizeof mark - 1))
			return p - (sizeof mark - 1);
		p++;
	}
	return NULL;
}

static struct str last_word(struct str *s)
{
	size_t n = s->n;

	while (n && s->p[n - 1] == ' ')
		n--;
	s->n = n;
	while (n && s->p[n - 1] != ' ')
		n--;
	struct str word = str_n(s->p + n, s->n - n);
	s->n = n;
	return word;
}

static bool parse_record(struct str raw, struct record *ret)
{
	const char *mark = raw.n ? find_mark(raw) : NULL, *close;
	struct str before, word;

	if (!mark)
		return false;
	before = str_n(raw.p, (size_t)(mark - raw.p));
	word = last_word(&before);
	if (!str_starts(word, "type="))
		return false;
	ret->type = str_slice(word, 5, word.n);
	word = last_word(&before);
	ret->node = str_starts(word, "node=") ? str_slice(word, 5, word.n) : STR("");
	ret->serial = str_slice(raw, (size_t)(mark - raw.p) + 10, raw.n);
	close = memchr(ret->serial.p, ')', ret->serial.n < SERIAL_MAX + 1 ? ret->serial.n : SERIAL_MAX + 1);
	if (!close || ret->node.n > NODE_MAX)
		return false;
	ret->body = str_slice(ret->serial, (size_t)(close - ret->serial.p) + 1, ret->serial.n);
	ret->serial.n = (size_t)(close - ret->serial.p);
	while (ret->body.n && (ret->body.p[0] == ':' || ret->body.p[0] == ' '))
		ret->body = str_slice(ret->body, 1, ret->body.n);
	return ret->serial.n > 0;
}

static bool has_others(struct str type)
{
	static const char *const types[] = {"SYSCALL", "EXECVE", "PATH", "CWD", "PROCTITLE", "SOCKADDR", "BPRM_FCAPS", "FD_PAIR", "KERN_MODULE",
	                                    "OBJ_PID", "MMAP", "IPC", "CAPSET", "EOE"};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_is(type, types[i]))
			return true;
	return false;
}

/* --- events that wait ------------------------------------------------------------------------------------------------------ */

static uint64_t mix(uint64_t h, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
	return h;
}

static bool same(const struct join *x, const struct message *m, const struct record *r)
{
	return str_is(r->serial, x->serial) && str_is(r->node, x->node) && str_is(m->source, x->source) && str_is(m->log, x->log);
}

/* Takes *at out and judges it. */
static void judge(struct joins *j, struct join **at)
{
	struct join *x = *at;
	struct message m = {.raw = {x->text, x->text_n}, .source = str_from(x->source), .log = str_from(x->log), .index = x->index[0],
	                    .time_ns = x->time_ns};

	*at = x->next;
	if (j->end == &x->next)
		j->end = at;
	j->waiting--;
	if (x->text_n)
		j->judge(j->arg, &m, x->index, x->n);
	x->next = j->spare;
	j->spare = x;
}

static struct join **find(struct joins *j, const struct message *m, const struct record *r, uint64_t hash)
{
	for (struct join **at = &j->first; *at; at = &(*at)->next)
		if ((*at)->hash == hash && same(*at, m, r))
			return at;
	return NULL;
}

static struct join *begin(struct joins *j, const struct message *m, const struct record *r, uint64_t hash)
{
	struct join *x;

	if (j->waiting == JOINS_MAX)
		judge(j, &j->first);
	x = j->spare;
	if (x)
		j->spare = x->next;
	else
		x = xcalloc(1, sizeof *x);
	x->hash = hash;
	snprintf(x->source, sizeof x->source, "%.*s", STR_ARG(m->source));
	snprintf(x->log, sizeof x->log, "%.*s", STR_ARG(m->log));
	snprintf(x->serial, sizeof x->serial, "%.*s", STR_ARG(r->serial));
	snprintf(x->node, sizeof x->node, "%.*s", STR_ARG(r->node));
	x->time_ns = m->time_ns;
	x->arrived = clock_mono();
	x->n = 0;
	x->done = false;
	x->text_n = 0;
	x->next = NULL;
	*j->end = x;
	j->end = &x->next;
	j->waiting++;
	return x;
}

static void add(struct join *x, const struct message *m, const struct record *r)
{
	char *p = x->text + x->text_n;

	if (!x->text_n) {
		memcpy(p, m->raw.p, m->raw.n);
		x->text_n = m->raw.n;
	} else {
		int n = snprintf(p, sizeof x->text - x->text_n, " type=%.*s ", STR_ARG(r->type));

		memcpy(p + n, r->body.p, r->body.n);
		x->text_n += (size_t)n + r->body.n;
	}
	x->index[x->n++] = m->index;
}

bool joins_take(struct joins *j, const struct message *m)
{
	struct record r;
	struct join **at, *x;
	uint64_t hash;

	if (!parse_record(m->raw, &r) || !has_others(r.type) || m->raw.n > JOIN_TEXT / 2 || m->source.n > 255 || m->log.n > 32)
		return false;
	hash = mix(mix(mix(14695981039346656037u, m->source), r.node), r.serial);
	at = find(j, m, &r, hash);
	if (str_is(r.type, "EOE")) {
		if (at)
			(*at)->done = j->any_done = true;
		return at != NULL;
	}
	if (at && ((*at)->n == JOIN_RECORDS || (*at)->text_n + r.type.n + r.body.n + 8 > JOIN_TEXT)) {
		judge(j, at);                                /* it goes on in a message of its own */
		at = NULL;
	}
	x = at ? *at : begin(j, m, &r, hash);
	add(x, m, &r);
	return true;
}

void joins_flush(struct joins *j, int64_t newest_ns, bool all)
{
	int64_t now;

	if (!j->first)
		return;
	now = clock_mono();
	for (struct join **at = &j->first; *at;) {
		bool over = all || (*at)->done || newest_ns - (*at)->time_ns > JOIN_WAIT_NS || now - (*at)->arrived > JOIN_WAIT_NS / 1000;

		if (over)
			judge(j, at);
		else if (j->any_done)
			at = &(*at)->next;
		else
			break;                                   /* those behind are younger */
	}
	j->any_done = false;
}

/* --- state ------------------------------------------------------------------------------------------------------------------- */

static void put_str(struct buf *b, struct str s)
{
	buf_u16(b, (uint16_t)s.n);
	buf_str(b, s);
}

void joins_save(const struct joins *j, struct buf *b)
{
	buf_u32(b, (uint32_t)j->waiting);
	for (const struct join *x = j->first; x; x = x->next) {
		put_str(b, str_from(x->source));
		put_str(b, str_from(x->log));
		put_str(b, str_from(x->serial));
		put_str(b, str_from(x->node));
		buf_u64(b, (uint64_t)x->time_ns);
		put_str(b, str_n(x->text, x->text_n));
		buf_u32(b, x->n);
		for (uint32_t i = 0; i < x->n; i++)
			buf_u64(b, x->index[i]);
	}
}

static int get_str(struct cur *in, size_t most, struct str *ret)
{
	const void *p;
	uint16_t n;

	if (cur_u16(in, &n) || n > most || cur_bytes(in, n, &p))
		return ERR_CORRUPT;
	*ret = str_n(p, n);
	return 0;
}

static int load_one(struct joins *j, struct cur *in)
{
	struct message m = {.index = 0};
	struct record r = {.type = STR("")};
	struct str text;
	uint64_t time_ns;
	struct join *x;
	uint32_t n;

	if (get_str(in, sizeof x->source - 1, &m.source) || get_str(in, sizeof x->log - 1, &m.log) || get_str(in, SERIAL_MAX, &r.serial) ||
	    get_str(in, NODE_MAX, &r.node) || cur_u64(in, &time_ns) || get_str(in, JOIN_TEXT, &text) || cur_u32(in, &n) || !n || n > JOIN_RECORDS ||
	    !text.n)
		return ERR_CORRUPT;
	m.time_ns = (int64_t)time_ns;
	x = begin(j, &m, &r, mix(mix(mix(14695981039346656037u, m.source), r.node), r.serial));
	memcpy(x->text, text.p, text.n);
	x->text_n = text.n;
	for (x->n = 0; x->n < n; x->n++)
		if (cur_u64(in, &x->index[x->n]))
			return ERR_CORRUPT;
	return 0;
}

int joins_load(struct joins *j, struct cur *in)
{
	uint32_t n;

	if (cur_u32(in, &n) || n > JOINS_MAX)
		return ERR_CORRUPT;
	for (uint32_t i = 0; i < n; i++)
		if (load_one(j, in))
			return ERR_CORRUPT;
	return 0;
}
