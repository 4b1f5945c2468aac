#include "collect/source.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS (2 * SOURCES_MAX)                      /* a power of two */
#define NS 1000000000LL

struct rule {
	enum source_kind kind;
	struct in6_addr net;
	unsigned bits;
	struct str value, name, log;
	uint32_t rate;
};
struct sources {
	struct arena *arena;                             /* of the rules */
	struct rule *rules;
	size_t n_rules;
	struct source *slots[SLOTS];
	size_t n;
	struct source rest;                              /* stands for those beyond SOURCES_MAX */
};

static const char *const kinds[SOURCE_KINDS] = {"address", "certificate", "token", "file", "socket"};
static const char *const prefixes[SOURCE_KINDS] = {"", "tls:", "token:", "file:", "socket:"};

struct sources *sources_new(void)
{
	struct sources *s = xcalloc(1, sizeof *s);
	s->arena = arena_new(4 * SOURCE_TABLE_MAX);
	snprintf(s->rest.name, sizeof s->rest.name, "others");
	snprintf(s->rest.log, sizeof s->rest.log, "standard");
	return s;
}

void sources_free(struct sources *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		free(s->slots[i]);
	arena_free(s->arena);
	free(s);
}

/* --- addresses --------------------------------------------------------------------------------------------------- */

struct str address_text(const struct in6_addr *a, char *out)
{
	bool four = IN6_IS_ADDR_V4MAPPED(a);
	const char *z = inet_ntop(four ? AF_INET : AF_INET6, four ? (const void *)&a->s6_addr[12] : (const void *)a, out, INET6_ADDRSTRLEN);
	return str_from(z ? z : "");
}

bool address_of(const void *sockaddr, struct in6_addr *ret, uint16_t *ret_port)
{
	sa_family_t family;
	struct sockaddr_in a4;
	struct sockaddr_in6 a6;
	memcpy(&family, sockaddr, sizeof family);
	if (family == AF_INET6) {
		memcpy(&a6, sockaddr, sizeof a6);
		*ret = a6.sin6_addr;
	} else if (family == AF_INET) {
		memcpy(&a4, sockaddr, sizeof a4);
		a6 = (struct sockaddr_in6){.sin6_port = a4.sin_port};
		*ret = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
		memcpy(&ret->s6_addr[12], &a4.sin_addr, 4);
	} else {
		return false;
	}
	if (ret_port)
		*ret_port = ntohs(a6.sin6_port);
	return true;
}

/* "192.0.2.0/24" or a single address; IPv4 as mapped, so its bits count from 96. */
static bool parse_net(struct str v, struct in6_addr *ret, unsigned *ret_bits)
{
	char z[64];
	int64_t bits = -1;
	struct in_addr a4;
	struct str rest = v, host = str_cut(&rest, '/');
	if (host.n >= sizeof z || (rest.p && str_int(rest, 0, 128, &bits) != 0))
		return false;
	snprintf(z, sizeof z, "%.*s", STR_ARG(host));
	if (inet_pton(AF_INET, z, &a4) == 1) {
		*ret = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
		memcpy(&ret->s6_addr[12], &a4, 4);
		*ret_bits = bits < 0 ? 128 : (unsigned)bits + 96;
		return bits <= 32;
	}
	*ret_bits = bits < 0 ? 128 : (unsigned)bits;
	return inet_pton(AF_INET6, z, ret) == 1;
}

static bool within(const struct in6_addr *a, const struct in6_addr *net, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	if (memcmp(a->s6_addr, net->s6_addr, whole) != 0)
		return false;
	return rest == 0 || ((a->s6_addr[whole] ^ net->s6_addr[whole]) >> (8 - rest)) == 0;
}

/* --- the table --------------------------------------------------------------------------------------------------- */

/* Names of the house's own parts are not for others. */
static bool may_be_called(struct str name)
{
	static const char *const own[] = {"vault", "office", "collect", "detect", "search", "auth", "keys", "front"};
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (str_is(name, own[i]))
			return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < 0x20)
			return false;
	return name.n > 0 && name.n <= SOURCE_NAME_MAX;
}

static int parse_rule(struct str line, struct rule *r, struct arena *a, struct err *e)
{
	struct str kind = str_cut(&line, '\t'), value = str_cut(&line, '\t'), name = str_cut(&line, '\t'), log = str_cut(&line, '\t');
	int64_t rate = 0;
	*r = (struct rule){.kind = SOURCE_KINDS};
	for (size_t i = 0; i < SOURCE_KINDS; i++)
		if (str_is(kind, kinds[i]))
			r->kind = (enum source_kind)i;
	if (r->kind == SOURCE_KINDS || !value.n || !may_be_called(name) || log.n > 32 ||
	    (line.n && str_int(line, 0, UINT32_MAX, &rate) != 0) ||
	    (r->kind == SOURCE_ADDRESS && !parse_net(value, &r->net, &r->bits)))
		return err_set(e, ERR_SYNTAX, "sources: not understood: %.*s", STR_ARG(str_slice(kind, 0, 40)));
	r->value = arena_str(a, value);
	r->name = arena_str(a, name);
	r->log = log.n ? arena_str(a, log) : STR("standard");
	r->rate = (uint32_t)rate;
	return r->value.p && r->name.p && r->log.p ? 0 : err_set(e, ERR_TOOBIG, "sources");
}

static void apply(struct source *x, const struct rule *r)
{
	x->known = r;
	x->rate = r ? r->rate : 0;
	snprintf(x->log, sizeof x->log, "%.*s", r ? (int)r->log.n : 8, r ? r->log.p : "standard");
}

int sources_load(struct sources *s, struct str text, bool skip, struct err *e)
{
	int left_out = 0;
	e->line = 0;
	struct arena *a = arena_new(4 * SOURCE_TABLE_MAX);
	struct rule *rules = arena_array(a, SOURCE_RULES_MAX, sizeof *rules);
	size_t n = 0;
	int r = text.n > SOURCE_TABLE_MAX || !rules ? err_set(e, ERR_TOOBIG, "sources: %zu bytes", text.n) : 0;
	for (int line = 1; r == 0 && text.n; line++) {
		struct str one = str_cut(&text, '\n');
		if (!one.n || one.p[0] == '#')
			continue;
		r = n == SOURCE_RULES_MAX ? err_set(e, ERR_TOOBIG, "sources: too many") : parse_rule(one, &rules[n], a, e);
		n += r == 0;
		if (r == ERR_SYNTAX && skip) {
			r = 0;
			left_out = line;
		}
		e->line = r != 0 ? line : left_out;
	}
	if (r != 0) {
		arena_free(a);
		return r;
	}
	arena_free(s->arena);
	s->arena = a;
	s->rules = rules;
	s->n_rules = n;
	for (size_t i = 0; i < SLOTS; i++) {
		const struct rule *of = NULL;
		for (size_t k = 0; s->slots[i] && k < n && !of; k++)
			if (str_is(rules[k].name, s->slots[i]->name))
				of = &rules[k];
		if (s->slots[i])
			apply(s->slots[i], of);
	}
	return 0;
}

/* The rule for it; of nets the narrowest. */
static const struct rule *find_rule(const struct sources *s, enum source_kind kind, struct str value, const struct in6_addr *a)
{
	const struct rule *best = NULL;
	for (size_t i = 0; i < s->n_rules; i++) {
		const struct rule *r = &s->rules[i];
		if (r->kind != kind)
			continue;
		if (kind != SOURCE_ADDRESS && str_ieq(value, r->value))
			return r;
		if (kind == SOURCE_ADDRESS && a && within(a, &r->net, r->bits) && (!best || r->bits > best->bits))
			best = r;
	}
	return best;
}

static size_t hash(struct str name)
{
	uint64_t h = 14695981039346656037u;
	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)name.p[i]) * 1099511628211u;
	return (size_t)(h ^ h >> 29);
}

static struct source *by_name(struct sources *s, struct str name, const struct rule *r)
{
	size_t i = hash(name) & (SLOTS - 1);
	for (; s->slots[i]; i = (i + 1) & (SLOTS - 1))
		if (str_is(name, s->slots[i]->name))
			return s->slots[i];
	if (s->n == SOURCES_MAX)
		return &s->rest;
	struct source *x = s->slots[i] = xcalloc(1, sizeof *x);
	s->n++;
	snprintf(x->name, sizeof x->name, "%.*s", STR_ARG(name));
	apply(x, r);
	return x;
}

struct source *source_of_address(struct sources *s, const struct in6_addr *a)
{
	char z[INET6_ADDRSTRLEN];
	const struct rule *r = find_rule(s, SOURCE_ADDRESS, STR_NONE, a);
	return by_name(s, r ? r->name : address_text(a, z), r);
}

bool source_has_address(const struct sources *s, const struct in6_addr *a)
{
	return find_rule(s, SOURCE_ADDRESS, STR_NONE, a);
}

struct source *source_known(struct sources *s, enum source_kind kind, struct str value)
{
	const struct rule *r = find_rule(s, kind, value, NULL);
	return r ? by_name(s, r->name, r) : NULL;
}

struct source *source_of(struct sources *s, enum source_kind kind, struct str value)
{
	char z[SOURCE_NAME_MAX + 1];
	struct source *x = source_known(s, kind, value);
	if (x)
		return x;
	int n = snprintf(z, sizeof z, "%s%.*s", prefixes[kind], STR_ARG(value));
	for (char *c = z; *c; c++)
		if ((unsigned char)*c < 0x20)
			*c = '?';
	return by_name(s, str_n(z, n < (int)sizeof z ? (size_t)n : sizeof z - 1), NULL);
}

/* --- limits and counts --------------------------------------------------------------------------------------------- */

/* A bucket that holds what two seconds allow. */
size_t source_pass(struct source *s, size_t n, int64_t now_ns)
{
	if (!s->rate)
		return n;
	int64_t gone = s->filled_at ? now_ns - s->filled_at : 2 * NS, most = 2 * (int64_t)s->rate;
	if (gone < 0 || gone > 2 * NS)
		gone = 2 * NS;
	int64_t more = gone * (int64_t)s->rate / NS;
	if (more > 0) {
		s->tokens = s->tokens + more < most ? s->tokens + more : most;
		s->filled_at = now_ns;
	}
	size_t pass = s->tokens <= 0 ? 0 : s->tokens < (int64_t)n ? (size_t)s->tokens : n;
	s->tokens -= (int64_t)pass;
	return pass;
}

bool source_owe(struct source *s, size_t n, int64_t now_ns)
{
	size_t pass = source_pass(s, n, now_ns);
	int64_t debt = (int64_t)(n - pass), most = SOURCE_DEBT_S * (int64_t)s->rate;
	if (!s->rate || !debt)
		return false;
	s->tokens = s->tokens - debt < -most ? -most : s->tokens - debt;
	return true;
}

static void one_json(const struct source *x, struct jw *j)
{
	const struct { const char *key; uint64_t n; } counts[] = {
		{"entries", x->entries}, {"bytes", x->bytes}, {"long", x->long_ones}, {"torn", x->torn}, {"binary", x->binary},
		{"limited", x->limited}, {"refused", x->refused}, {"connections", x->connections},
	};
	jw_object(j);
	jw_kz(j, "source", x->name);
	jw_kz(j, "log", x->log);
	jw_kbool(j, "known", x->known);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		jw_kint(j, counts[i].key, (int64_t)counts[i].n);
	jw_kint(j, "last_at", x->last_at / 1000);
	if (x->offset_known)
		jw_kint(j, "offset_s", x->offset_s);
	jw_end_object(j);
}

void sources_json(const struct sources *s, struct jw *j)
{
	jw_array(j);
	for (size_t i = 0; i < SLOTS; i++)
		if (s->slots[i] && (s->slots[i]->entries || s->slots[i]->refused || s->slots[i]->limited))
			one_json(s->slots[i], j);
	if (s->rest.entries)
		one_json(&s->rest, j);
	jw_end_array(j);
}
