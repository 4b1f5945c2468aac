/* From what a person typed to the exact form in which the engine keeps values. */
#include <arpa/inet.h>
#include <ctype.h>
#include <math.h>
#include <regex.h>

#include "core/engine.h"
#include "lib/date.h"
#include "lib/i18n.h"
#include "lib/text.h"

#define TYPED_MAX (256u << 10)

void fault_add(struct job *j, struct str path, const char *fmt, ...)
{
	if (!j->faults || j->faults->n >= FAULTS_MAX)
		return;
	if (!j->faults->v)
		j->faults->v = arena_array(j->a, FAULTS_MAX, sizeof *j->faults->v);
	char text[ERR_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (j->faults->v)
		j->faults->v[j->faults->n++] = (struct fault){arena_str(j->a, path), arena_str(j->a, str_from(text))};
}

/* Half-width digits and signs of what is a number, an address or a code. */
static struct str narrow(struct job *j, struct str in)
{
	struct buf b;
	buf_init(&b, TYPED_MAX);
	struct str out = in;
	for (struct str rest = in; rest.n;) {
		uint32_t c;
		size_t n = utf8_next(rest, &c);
		if (!n)
			break;
		if (c >= 0xff01 && c <= 0xff5e)
			c -= 0xfee0;
		else if (c == 0x3000)
			c = ' ';
		else if (c == 0x2212 || c == 0x30fc || c == 0x2010)
			c = '-';
		utf8_put(&b, c);
		rest = str_slice(rest, n, rest.n);
	}
	if (buf_err(&b) == 0)
		out = arena_str(j->a, str_trim(buf_view(&b)));
	buf_release(&b);
	return out;
}

/* What can be read by hand is wrong in one of few ways; each checker says it with one sentence. */
typedef const char *checker(struct job *j, const struct field *f, struct str typed, struct str *ret);

static const char *check_line(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	for (size_t i = 0; f->type == FT_TEXT && i < typed.n; i++)
		if (typed.p[i] == '\n')
			return _("One line only");
	int64_t max = f->type == FT_TEXT ? 1000 : LONGTEXT_MAX;
	if (f->max.p && str_int(f->max, 1, LONGTEXT_MAX, &max) < 0)
		max = LONGTEXT_MAX;
	if (utf8_len(typed) > (size_t)max)
		return arena_printf(j->a, _("At most %lld characters"), (long long)max);
	*ret = typed;
	return NULL;
}

static struct str without(struct job *j, struct str in, const char *drop)
{
	char *p = arena_alloc(j->a, in.n + 1);
	size_t n = 0;
	for (size_t i = 0; p && i < in.n; i++)
		if (!strchr(drop, in.p[i]))
			p[n++] = in.p[i];
	return str_n(p, n);
}

static const char *check_integer(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	int64_t v;
	struct str s = narrow(j, typed);
	if (f->type == FT_MONEY && str_ends(s, "円"))
		s.n -= strlen("円");
	s = without(j, s, f->type == FT_MONEY ? ",\\ " : ",");
	if (str_int(s, -9000000000000000LL, 9000000000000000LL, &v) < 0)
		return _("Enter a whole number");
	*ret = arena_strf(j->a, "%lld", (long long)v);
	return NULL;
}

static const char *check_decimal(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	const char *z = arena_z(j->a, without(j, narrow(j, typed), ","));
	char *end;
	if (strspn(z, "0123456789.+-eE") != strlen(z) || !*z)
		return _("Enter a number");
	double v = strtod(z, &end);
	if (*end || !isfinite(v))
		return _("Enter a number");
	*ret = arena_strf(j->a, "%.15g", v);
	return NULL;
}

static const char *check_bool(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	static const char *const yes[] = {"1", "true", "yes", "on", "はい", "○", "有"};
	static const char *const no[] = {"0", "false", "no", "off", "いいえ", "×", "無"};
	struct str s = narrow(j, typed);
	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (str_ieq(s, str_from(yes[i])))
			return *ret = STR("1"), NULL;
		if (str_ieq(s, str_from(no[i])))
			return *ret = STR("0"), NULL;
	}
	return _("Answer yes or no");
}

static const char *check_date(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	struct date d;
	char text[DATE_TEXT];
	if (date_parse_loose(typed, &d) < 0)
		return _("Enter a date such as 2026-11-20");
	date_format(d, text);
	*ret = arena_str(j->a, str_from(text));
	return NULL;
}

static const char *check_datetime(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	int64_t us;
	struct date d;
	struct str s = narrow(j, typed);
	if (s.n > 1 && s.p[0] == '@')
		return *ret = s, str_int(str_slice(s, 1, s.n), INT64_MIN, INT64_MAX, &us) < 0 ? _("Enter date and time") : NULL;
	if (instant_parse(s, &us) < 0) {
		/* a date as people write it, a blank, the time */
		struct str clock = s, day = str_cut(&clock, ' ');
		char iso[DATE_TEXT];
		if (date_parse_loose(day, &d) < 0)
			return _("Enter date and time such as 2026-11-20 09:30");
		date_format(d, iso);
		if (!clock.p)
			clock = STR("00:00");
		if (instant_parse(arena_strf(j->a, "%s %.*s", iso, STR_ARG(clock)), &us) < 0)
			return _("Enter date and time such as 2026-11-20 09:30");
	}
	*ret = arena_strf(j->a, "@%lld", (long long)us);
	return NULL;
}

static const char *check_duration(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	struct duration d;
	*ret = narrow(j, typed);
	return duration_parse(*ret, &d) < 0 ? _("Enter a duration such as 3d, 2w, 6mo or 1y") : NULL;
}

static const char *check_choice(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	const struct choice *c = field_choice(f, typed);
	for (size_t i = 0; !c && i < f->n_of; i++)
		if (str_eq(f->of[i].label.ja, typed) || str_eq(f->of[i].label.en, typed))
			c = &f->of[i];
	if (!c)
		return _("Choose one of the list");
	*ret = c->code;
	return NULL;
}

static const char *check_role(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	int r = role_parse(typed);
	if (r < 0)
		return _("Choose one of the roles");
	*ret = str_from(role_code((enum role)r));
	return NULL;
}

/* Is there a row? The statement takes the text as ?1. */
static bool exists(struct job *j, const char *sql, struct str text)
{
	struct stmt *s = db_sql(j->w->db, sql);
	if (!s)
		return false;
	bind_str(s, 1, text);
	bool found = step(s) == 1;
	stmt_done(s);
	return found;
}

static const char *check_clause(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	*ret = typed;
	return exists(j, "SELECT 1 FROM clause WHERE id = ?1", typed) ? NULL : _("There is no such clause");
}

static const char *check_control(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	*ret = typed;
	return exists(j, "SELECT 1 FROM control WHERE id = ?1", typed) ? NULL : _("There is no such control");
}

static const char *check_post(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	*ret = typed;
	return exists(j, "SELECT 1 FROM org_units__posts WHERE code = ?1", typed) ? NULL : _("There is no such post");
}

static const char *check_classification(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	*ret = narrow(j, typed);
	struct stmt *s = db_sql(j->w->db, "SELECT level(?1) IS NOT NULL");
	if (!s)
		return db_error(j->w->db);
	bind_str(s, 1, *ret);
	bool known = step(s) == 1 && col_int(s, 0);
	stmt_done(s);
	return known ? NULL : _("There is no such level");
}

/* A file may be named by who put it there, until it belongs to a record. */
static const char *check_file(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	int64_t id;
	if (str_int(typed, 1, INT64_MAX, &id) < 0)
		return _("There is no such file");
	struct stmt *s = db_sql(j->w->db,
	                        "SELECT 1 FROM attachment WHERE id = ?1 AND (created_by = ?2 OR ?3) AND record IS NULL");
	if (!s)
		return db_error(j->w->db);
	bind_int(s, 1, id);
	bind_int(s, 2, j->who->person);
	bind_int(s, 3, j->who->admin);
	bool found = step(s) == 1;
	stmt_done(s);
	*ret = typed;
	return found ? NULL : _("There is no such file");
}

static const char *check_url(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	*ret = typed;
	if (typed.n > 2000 || !(str_starts(typed, "https://") || str_starts(typed, "http://")))
		return _("Enter an address that begins with https://");
	for (size_t i = 0; i < typed.n; i++)
		if ((unsigned char)typed.p[i] <= ' ' || typed.p[i] == '"' || typed.p[i] == '<' || typed.p[i] == '>')
			return _("Enter an address that begins with https://");
	return NULL;
}

static const char *check_email(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	struct str s = narrow(j, typed), domain = s, local = str_cut(&domain, '@');
	bool ok = s.n <= 254 && local.n && domain.p && domain.n && memchr(domain.p, '.', domain.n) &&
	          !memchr(domain.p, '@', domain.n);
	for (size_t i = 0; ok && i < s.n; i++)
		ok = (unsigned char)s.p[i] > ' ' && !strchr("()<>,;:\\\"[]", s.p[i]);
	*ret = s;
	return ok ? NULL : _("Enter a mail address");
}

static const char *check_phone(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	struct str s = narrow(j, typed);
	size_t digits = 0;
	for (size_t i = 0; i < s.n; i++) {
		digits += isdigit((unsigned char)s.p[i]) != 0;
		if (!strchr("0123456789+-() #", s.p[i]))
			return _("Enter a telephone number");
	}
	*ret = s;
	return digits >= 3 && s.n <= 40 ? NULL : _("Enter a telephone number");
}

static const char *check_ip(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	struct str len = narrow(j, typed), addr = str_cut(&len, '/');
	unsigned char bytes[16];
	char text[INET6_ADDRSTRLEN];
	const char *z = arena_z(j->a, addr);
	int family = inet_pton(AF_INET, z, bytes) == 1 ? AF_INET : inet_pton(AF_INET6, z, bytes) == 1 ? AF_INET6 : 0;
	int64_t bits = family == AF_INET ? 32 : 128;
	if (!family || (f->type == FT_IP && len.p))
		return _("Enter an IP address");
	inet_ntop(family, bytes, text, sizeof text);
	if (f->type == FT_IP)
		return *ret = arena_str(j->a, str_from(text)), NULL;
	if (len.p && str_int(len, 0, bits, &bits) < 0)
		return _("Enter a network such as 10.1.2.0/24");
	*ret = arena_strf(j->a, "%s/%lld", text, (long long)bits);
	return NULL;
}

/* Hexadecimal digits in pairs; separators go. */
static const char *check_hex(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	struct str s = without(j, narrow(j, typed), f->type == FT_MAC ? ":-." : " ");
	char *p = arena_alloc(j->a, s.n * 2 + 1);
	size_t n = 0;
	for (size_t i = 0; p && i < s.n; i++) {
		if (!isxdigit((unsigned char)s.p[i]))
			return f->type == FT_MAC ? _("Enter a MAC address") : _("Enter a hash value in hexadecimal");
		if (f->type == FT_MAC && i && i % 2 == 0)
			p[n++] = ':';
		p[n++] = (char)tolower((unsigned char)s.p[i]);
	}
	*ret = str_n(p, n);
	if (f->type == FT_MAC)
		return s.n == 12 ? NULL : _("Enter a MAC address");
	return s.n >= 32 && s.n <= 128 && s.n % 2 == 0 ? NULL : _("Enter a hash value in hexadecimal");
}

static const char *check_port(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	int64_t v;
	if (str_int(narrow(j, typed), 1, 65535, &v) < 0)
		return _("Enter a port from 1 to 65535");
	*ret = arena_strf(j->a, "%lld", (long long)v);
	return NULL;
}

static const char *check_zone(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	struct str s = narrow(j, typed);
	for (size_t i = 0; i < s.n; i++)
		if (!islower((unsigned char)s.p[i]) && !isdigit((unsigned char)s.p[i]) && s.p[i] != '-')
			return _("Enter the code of a zone");
	*ret = s;
	return s.n <= 40 ? NULL : _("Enter the code of a zone");
}

static const char *check_fiscal_year(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	int64_t v;
	struct date d;
	struct str s = narrow(j, typed);
	if (str_ends(s, "年度"))
		s.n -= strlen("年度");
	if (str_int(s, 1900, 2200, &v) < 0) {
		if (date_parse_loose(arena_strf(j->a, "%.*s%s", STR_ARG(s), str_has(s, ".") ? "" : ".4.1"), &d) < 0 &&
		    date_parse_loose(arena_strf(j->a, "%.*s年4月1日", STR_ARG(s)), &d) < 0)
			return _("Enter a fiscal year such as 2026");
		v = d.year;
	}
	*ret = arena_strf(j->a, "%lld", (long long)v);
	return NULL;
}

/* The ledger a reference names, and the id in it. */
static const struct ledger *ref_target(struct job *j, const struct field *f, struct str typed, int64_t *ret_id)
{
	struct str name = STR_NONE, id = typed;
	if (f->type == FT_PERSON)
		name = STR("persons");
	else if (f->type == FT_SECTION)
		name = STR("org-units");
	else if (f->to.n == 1)
		name = f->to.v[0];
	if (typed.n && memchr(typed.p, ':', typed.n)) {
		struct str given = str_cut(&id, ':');
		bool allowed = str_eq(given, name);
		for (size_t i = 0; i < f->to.n; i++)
			allowed |= str_eq(given, f->to.v[i]);
		name = allowed ? given : STR_NONE;
	}
	if (!name.p || str_int(id, 1, INT64_MAX, ret_id) < 0)
		return NULL;
	return ledgers_get(j->w->ledgers, name);
}

static const char *check_ref(struct job *j, const struct field *f, struct str typed, struct str *ret)
{
	int64_t id;
	const struct ledger *to = ref_target(j, f, typed, &id);
	/* One sentence for what is not there and for what one may not know of. Persons and units are known to all. */
	const char *none = f->type == FT_PERSON ? _("There is no such person") : f->type == FT_SECTION
	                   ? _("There is no such section")
	                 : _("There is no such record");
	if (!to)
		return none;
	struct job t = {.w = j->w, .a = j->a, .who = j->who, .l = to, .e = j->e};
	if (f->type == FT_REF ? !visible(&t, id)
	                      : !exists(j, f->type == FT_PERSON ? "SELECT 1 FROM persons WHERE id = ?1"
	                                : "SELECT 1 FROM org_units WHERE id = ?1", arena_strf(j->a, "%lld", (long long)id)))
		return none;
	if (f->where.p) {
		struct record r;
		enum truth ok;
		if (record_load(&t, id, &r) < 0 || expr_judge(&t, &r, &f->where, 1, &ok) < 0 || ok != TRUTH_TRUE)
			return _("This record cannot be chosen here");
	}
	*ret = f->to.n > 1 ? arena_strf(j->a, "%.*s:%lld", STR_ARG(to->name), (long long)id)
	       : arena_strf(j->a, "%lld", (long long)id);
	return NULL;
}

static checker *const checkers[FT_COUNT_] = {
	[FT_TEXT] = check_line, [FT_LONGTEXT] = check_line, [FT_INTEGER] = check_integer, [FT_MONEY] = check_integer,
	[FT_DECIMAL] = check_decimal, [FT_BOOL] = check_bool, [FT_DATE] = check_date, [FT_DATETIME] = check_datetime,
	[FT_DURATION] = check_duration, [FT_CHOICE] = check_choice, [FT_PERSON] = check_ref, [FT_SECTION] = check_ref,
	[FT_REF] = check_ref, [FT_POST] = check_post, [FT_ROLE] = check_role, [FT_CLAUSE] = check_clause,
	[FT_CONTROL] = check_control, [FT_FILE] = check_file, [FT_URL] = check_url, [FT_EMAIL] = check_email,
	[FT_PHONE] = check_phone, [FT_IP] = check_ip, [FT_CIDR] = check_ip, [FT_MAC] = check_hex, [FT_HASH] = check_hex,
	[FT_PORT] = check_port, [FT_CLASSIFICATION] = check_classification, [FT_ZONE] = check_zone,
	[FT_FISCAL_YEAR] = check_fiscal_year,
};

static bool pattern_holds(struct job *j, struct str pattern, struct str s)
{
	regex_t re;
	const char *z = arena_printf(j->a, "^(%.*s)$", STR_ARG(pattern));
	if (regcomp(&re, z, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	bool ok = regexec(&re, arena_z(j->a, s), 0, NULL, 0) == 0;
	regfree(&re);
	return ok;
}

int check_text(struct job *j, const struct field *f, struct str path, struct str typed, struct str before,
               struct str *ret)
{
	struct buf clean;
	*ret = STR_NONE;
	if (typed.n > TYPED_MAX || !utf8_valid(typed)) {
		fault_add(j, path, "%s", typed.n > TYPED_MAX ? _("This is too long") : _("This is not readable text"));
		return ERR_INVALID;
	}
	buf_init(&clean, TYPED_MAX + 1);
	int r = text_clean(typed, &clean);
	struct str s = r == 0 ? arena_str(j->a, str_trim(buf_view(&clean))) : STR_NONE;
	buf_release(&clean);
	if (r < 0) {
		fault_add(j, path, "%s", _("Control characters are not allowed"));
		return ERR_INVALID;
	}
	if (!s.n)
		return 0;
	if (before.n && (str_eq(s, before) || str_eq(s, exact_to_text(j->a, f->type, before)))) {
		*ret = before;
		return 0;
	}
	const char *wrong = checkers[f->type] ? checkers[f->type](j, f, s, ret) : _("This field takes rows");
	if (!wrong && f->pattern.p && !pattern_holds(j, f->pattern, *ret))
		wrong = _("This does not have the required form");
	if (wrong) {
		fault_add(j, path, "%s", wrong);
		*ret = STR_NONE;
		return ERR_INVALID;
	}
	return 0;
}
