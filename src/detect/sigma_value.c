/* One line of a selection: the field, its modifiers, its values → one test. */
#include "detect/sigma.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect/logsource.h"
#include "lib/file.h"

enum encoding { ENC_WIDE = 1, ENC_BASE64, ENC_OFFSET, ENC_WIDE_BE };

#define ENCODINGS_MAX 4
#define VALUES_MAX 4096

struct line {
	struct rules *rs;
	const char *file;
	const struct yaml_node *key;
	struct test *t;
	enum encoding enc[ENCODINGS_MAX];
	size_t n_enc;
	unsigned re_flags;
	struct pattern_options how;
	bool expand, placed;
	struct err *e;
};

static int fault(const struct line *l, const struct yaml_node *at, const char *text, struct str what)
{
	return err_at(l->e, ERR_INVALID, l->file, at->line, at->col, "%s%s%.*s%s", text, what.p ? " '" : "", STR_ARG(what),
	              what.p ? "'" : "");
}

static int place(struct line *l, enum pattern_place p)
{
	if (l->placed || l->t->kind == TEST_REGEX)
		return fault(l, l->key, "modifiers that exclude each other", STR_NONE);
	l->placed = true;
	l->how.place = l->t->place = p;
	return 0;
}

static int kind(struct line *l, enum test_kind k)
{
	if (l->t->kind != TEST_TEXT || (l->placed && k != TEST_FIELD) || l->n_enc)
		return fault(l, l->key, "modifiers that exclude each other", STR_NONE);
	l->t->kind = k;
	return 0;
}

static int encode(struct line *l, enum encoding enc)
{
	if (l->t->kind != TEST_TEXT || l->placed || l->n_enc == ENCODINGS_MAX)
		return fault(l, l->key, "an encoding stands before the modifiers that say where", STR_NONE);
	l->enc[l->n_enc++] = enc;
	return 0;
}

static int number(struct line *l, enum test_compare c)
{
	l->t->compare = c;
	return kind(l, TEST_NUMBER);
}

static int modifier(struct line *l, struct str m)
{
	static const struct {
		const char *name;
		enum test_compare compare;
	} compares[] = {{"lt", CMP_LT}, {"lte", CMP_LTE}, {"gt", CMP_GT}, {"gte", CMP_GTE}};
	static const struct {
		const char *name;
		enum encoding enc;
	} encodings[] = {{"wide", ENC_WIDE}, {"utf16le", ENC_WIDE}, {"utf16be", ENC_WIDE_BE}, {"base64", ENC_BASE64},
	                 {"base64offset", ENC_OFFSET}};
	static const struct {
		const char *name;
		enum pattern_place place;
	} places[] = {{"contains", PLACE_PART}, {"startswith", PLACE_START}, {"endswith", PLACE_END}};

	for (size_t i = 0; i < ARRAY_LEN(compares); i++)
		if (str_is(m, compares[i].name))
			return number(l, compares[i].compare);
	for (size_t i = 0; i < ARRAY_LEN(encodings); i++)
		if (str_is(m, encodings[i].name))
			return encode(l, encodings[i].enc);
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (str_is(m, places[i].name))
			return place(l, places[i].place);
	if (str_is(m, "all"))
		return l->t->all ? fault(l, l->key, "given twice: modifier", m) : (l->t->all = true, 0);
	if (str_is(m, "cased"))
		return l->t->cased ? fault(l, l->key, "given twice: modifier", m) : (l->t->cased = true, 0);
	if (str_is(m, "neq"))
		return l->t->negate ? fault(l, l->key, "given twice: modifier", m) : (l->t->negate = true, 0);
	if (str_is(m, "windash"))
		return l->how.windash ? fault(l, l->key, "given twice: modifier", m) : (l->how.windash = true, 0);
	if (str_is(m, "expand"))
		return l->expand ? fault(l, l->key, "given twice: modifier", m) : (l->expand = true, 0);
	if (str_is(m, "re"))
		return kind(l, TEST_REGEX);
	if (str_is(m, "cidr"))
		return kind(l, TEST_CIDR);
	if (str_is(m, "exists"))
		return kind(l, TEST_EXISTS);
	if (str_is(m, "fieldref"))
		return kind(l, TEST_FIELD);
	if (l->t->kind == TEST_REGEX && m.n == 1 && strchr("ims", m.p[0])) {
		l->re_flags |= m.p[0] == 'i' ? HS_FLAG_CASELESS : m.p[0] == 'm' ? HS_FLAG_MULTILINE : HS_FLAG_DOTALL;
		return 0;
	}
	return fault(l, l->key, "unknown modifier", m);
}

static int text_value(struct line *l, const struct yaml_node *n, struct str text, struct value *v);

/* --- regular expressions, networks, numbers --------------------------------------------------------------------------- */

static int keep_db(struct rules *rs, hs_database_t *db)
{
	hs_database_t **grown;

	if (hs_alloc_scratch(db, &rs->scratch) != HS_SUCCESS)
		return ERR_NOMEM;
	if (rs->n_dbs == rs->cap_dbs) {
		grown = realloc(rs->dbs, (rs->cap_dbs * 2 + 16) * sizeof(*grown));
		if (!grown)
			return ERR_NOMEM;
		rs->dbs = grown;
		rs->cap_dbs = rs->cap_dbs * 2 + 16;
	}
	rs->dbs[rs->n_dbs++] = db;
	return 0;
}

static int regex_value(struct line *l, const struct yaml_node *n, struct str text, struct value *v)
{
	hs_compile_error_t *why = NULL;
	hs_database_t *db = NULL;
	const char *z = arena_z(l->rs->arena, text);
	int r = 0;

	if (!z || memchr(text.p, 0, text.n))
		return fault(l, n, "a regular expression that is too long or holds NUL", STR_NONE);
	if (hs_compile(z, l->re_flags | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY, HS_MODE_BLOCK, NULL, &db, &why) != HS_SUCCESS) {
		r = err_at(l->e, ERR_INVALID, l->file, n->line, n->col, "regular expression: %.200s", why ? why->message : "?");
		hs_free_compile_error(why);
		return r;
	}
	if (keep_db(l->rs, db)) {
		hs_free_database(db);
		return fault(l, n, "no memory for a regular expression", STR_NONE);
	}
	v->re = db;
	v->re_text = (struct str){z, text.n};
	return 0;
}

static int cidr_value(struct line *l, const struct yaml_node *n, struct str text, struct value *v)
{
	struct str rest = text, ip = str_cut(&rest, '/');
	char z[64];
	int64_t bits;
	unsigned base = 0;

	if (ip.n >= sizeof z)
		return fault(l, n, "not a network", text);
	memcpy(z, ip.p, ip.n);
	z[ip.n] = 0;
	if (inet_pton(AF_INET, z, v->net + 12) == 1) {
		base = 96;
		v->net[10] = v->net[11] = 0xff;
	} else if (inet_pton(AF_INET6, z, v->net) != 1) {
		return fault(l, n, "not a network", text);
	}
	bits = 128 - (int)base;
	if (rest.p && str_int(rest, 0, bits, &bits))
		return fault(l, n, "not a network", text);
	v->bits = base + (unsigned)bits;
	return 0;
}

static int number_value(struct line *l, const struct yaml_node *n, struct str text, struct value *v)
{
	char z[64], *end;

	if (!text.n || text.n >= sizeof z)
		return fault(l, n, "not a number", text);
	memcpy(z, text.p, text.n);
	z[text.n] = 0;
	v->number = strtod(z, &end);
	if (*end || !isfinite(v->number))
		return fault(l, n, "not a number", text);
	return 0;
}

/* --- text ------------------------------------------------------------------------------------------------------------- */

static int wide(struct line *l, struct str s, bool big, struct str *ret)
{
	char *o = arena_alloc(l->rs->arena, s.n * 2 + 1);

	if (!o)
		return ERR_NOMEM;
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] >= 0x80)
			return ERR_INVALID;
		o[2 * i] = big ? 0 : s.p[i];
		o[2 * i + 1] = big ? s.p[i] : 0;
	}
	*ret = (struct str){o, s.n * 2};
	return 0;
}

/* base64 of s behind `skip` unknown bytes and before unknown ones: what is certain of it. */
static int base64_part(struct line *l, struct str s, unsigned skip, bool open_end, struct str *ret)
{
	static const unsigned begins[] = {0, 2, 3}, drops[] = {0, 3, 2};
	struct buf in, out;
	size_t from = begins[skip], n;
	int r = 0;

	buf_init(&in, PATTERN_MAX + 8);
	buf_init(&out, 2 * PATTERN_MAX);
	buf_put(&in, "   ", skip);
	buf_str(&in, s);
	buf_base64(&out, in.p, in.n);
	n = out.n - (open_end ? drops[in.n % 3] : 0);
	if (buf_err(&in) || buf_err(&out))
		r = ERR_TOOBIG;
	else
		*ret = arena_str(l->rs->arena, str_slice(buf_view(&out), from, n > from ? n - from : 0));
	buf_release(&in);
	buf_release(&out);
	return r;
}

static int encoded(struct line *l, const struct yaml_node *n, struct str text, struct value *v)
{
	struct pattern_options how = l->how;
	struct str alt[3] = {text, text, text};
	bool offset = false;

	for (size_t i = 0; i < l->n_enc; i++) {
		int r = 0;

		if (offset)
			return fault(l, n, "base64offset is the last encoding", STR_NONE);
		offset = l->enc[i] == ENC_OFFSET;
		if (offset)
			for (unsigned k = 0; k < 3 && !r; k++)
				r = base64_part(l, text, k, true, &alt[k]);
		else if (l->enc[i] == ENC_BASE64)
			r = base64_part(l, text, 0, false, &alt[0]);
		else
			r = wide(l, text, l->enc[i] == ENC_WIDE_BE, &alt[0]);
		if (r)
			return fault(l, n, "a value that cannot be encoded", STR_NONE);
		if (!offset)
			text = alt[0];
		how.cased |= l->enc[i] == ENC_OFFSET || l->enc[i] == ENC_BASE64;
	}
	how.plain = true;
	v->n_alt = offset ? 3 : 1;
	v->alt = arena_array(l->rs->arena, v->n_alt, sizeof *v->alt);
	for (size_t i = 0; v->alt && i < v->n_alt; i++)
		if (pattern_make(l->rs->arena, alt[i], &how, &v->alt[i]))
			return fault(l, n, "too long", STR_NONE);
	return v->alt ? 0 : fault(l, n, "too long", STR_NONE);
}

static bool listed_line(struct str line)
{
	return line.n && line.p[0] != '#';
}

/* One more pattern for each line of lists/NAME.txt in place of %NAME%. */
static int expanded(struct line *l, const struct yaml_node *n, struct str text, struct value *v)
{
	const char *from = memchr(text.p, '%', text.n);
	const char *to = from ? memchr(from + 1, '%', (size_t)(text.p + text.n - from) - 1) : NULL;
	struct str name, rest;
	char path[512];
	struct buf b;
	size_t lines = 0;
	int r;

	if (!to)
		return fault(l, n, "expand needs a %name%", STR_NONE);
	name = (struct str){from + 1, (size_t)(to - from) - 1};
	if (!name.n || memchr(name.p, '/', name.n) || name.p[0] == '.' || !l->rs->lists)
		return fault(l, n, "no list", name);
	snprintf(path, sizeof path, "%s/%.*s.txt", l->rs->lists, STR_ARG(name));
	buf_init(&b, RULE_FILE_MAX);
	r = file_read(path, RULE_FILE_MAX, &b, NULL);
	if (r) {
		buf_release(&b);
		return fault(l, n, "no list", name);
	}
	for (size_t i = 0; i < b.n; i++)
		lines += b.p[i] == '\n';
	v->alt = arena_array(l->rs->arena, lines + 1, sizeof *v->alt);
	for (rest = arena_str(l->rs->arena, buf_view(&b)); !r && v->alt && rest.n;) {
		struct str line = str_trim(str_cut(&rest, '\n')), all;

		if (!listed_line(line))
			continue;
		all = arena_strf(l->rs->arena, "%.*s%.*s%.*s", (int)(from - text.p), text.p, STR_ARG(line),
		                 (int)(text.p + text.n - to - 1), to + 1);
		r = all.p ? pattern_make(l->rs->arena, all, &l->how, &v->alt[v->n_alt++]) : ERR_TOOBIG;
	}
	buf_release(&b);
	return r || !v->alt ? fault(l, n, "too long", STR_NONE) : 0;
}

static int text_value(struct line *l, const struct yaml_node *n, struct str text, struct value *v)
{
	l->how.cased = l->t->cased;
	if (l->n_enc && l->how.windash)
		return fault(l, n, "modifiers that exclude each other", STR_NONE);
	if (l->n_enc)
		return encoded(l, n, text, v);
	if (l->expand)
		return expanded(l, n, text, v);
	v->n_alt = 1;
	v->alt = ARENA_NEW(l->rs->arena, struct pattern);
	if (!v->alt || pattern_make(l->rs->arena, text, &l->how, v->alt))
		return fault(l, n, "too long", STR_NONE);
	return 0;
}

static bool null_word(const struct yaml_node *n)
{
	return !n->quoted && (!n->text.n || str_is(n->text, "null") || str_is(n->text, "~") || str_is(n->text, "Null") ||
	                      str_is(n->text, "NULL"));
}

static int one_value(struct line *l, const struct yaml_node *n, struct value *v)
{
	struct str text;

	if (n->kind != YAML_SCALAR)
		return fault(l, n, "a value is text, a number or null", STR_NONE);
	text = arena_str(l->rs->arena, n->text);
	if (n->text.p && !text.p)
		return fault(l, n, "the rules are too long", STR_NONE);
	if (null_word(n)) {
		v->is_null = true;
		return l->t->kind == TEST_TEXT && !l->placed && !l->n_enc ? 0 : fault(l, n, "null has no such modifiers", STR_NONE);
	}
	switch (l->t->kind) {
	case TEST_TEXT:
		return text_value(l, n, text, v);
	case TEST_REGEX:
		return regex_value(l, n, text, v);
	case TEST_CIDR:
		return cidr_value(l, n, text, v);
	case TEST_NUMBER:
		return number_value(l, n, text, v);
	case TEST_EXISTS:
		return yaml_bool(n, &v->yes) ? fault(l, n, "exists is true or false", STR_NONE) : 0;
	case TEST_FIELD:
		v->other = text;
		return text.n ? 0 : fault(l, n, "fieldref names a field", STR_NONE);
	}
	return ERR_INVALID;
}

static int values(struct line *l, const struct yaml_node *value, struct node **ret)
{
	struct test *t = l->t;
	size_t n = value->kind == YAML_LIST ? value->n : 1;
	struct node *node;

	if (value->kind == YAML_MAP)
		return fault(l, value, "a field has values, not a map", STR_NONE);
	if (!n || n > VALUES_MAX)
		return fault(l, value, n ? "too many values" : "a list without values", STR_NONE);
	t->values = arena_array(l->rs->arena, n, sizeof *t->values);
	node = sigma_node(l->rs->arena, NODE_TEST, 0);
	if (!t->values || !node)
		return fault(l, value, "the rules are too long", STR_NONE);
	for (t->n = 0; t->n < n; t->n++) {
		int r = one_value(l, value->kind == YAML_LIST ? value->items[t->n] : value, &t->values[t->n]);

		if (r)
			return r;
	}
	node->test = t;
	*ret = node;
	return 0;
}

int sigma_test(struct rules *rs, const char *file, const struct yaml_node *key, const struct yaml_node *value, struct node **ret,
               struct err *e)
{
	struct test *t = ARENA_NEW(rs->arena, struct test);
	struct line l = {.rs = rs, .file = file, .key = key, .t = t, .e = e};
	struct str rest = key->text, name = str_cut(&rest, '|');

	if (!t)
		return fault(&l, key, "the rules are too long", STR_NONE);
	while (rest.p) {
		int r = modifier(&l, str_cut(&rest, '|'));

		if (r)
			return r;
	}
	if (l.how.windash && (t->kind != TEST_TEXT || l.expand))
		return fault(&l, key, "modifiers that exclude each other", STR_NONE);
	if (l.expand && (t->kind != TEST_TEXT || l.n_enc))
		return fault(&l, key, "modifiers that exclude each other", STR_NONE);
	if (t->kind == TEST_REGEX && t->cased && l.re_flags & HS_FLAG_CASELESS)
		return fault(&l, key, "modifiers that exclude each other", STR_NONE);
	if (!name.n) { /* keywords with a modifier: the whole message */
		if (t->kind != TEST_TEXT && t->kind != TEST_REGEX)
			return fault(&l, key, "this modifier needs a field", STR_NONE);
		if (!l.placed && t->kind == TEST_TEXT)
			l.how.place = PLACE_PART;
		return values(&l, value, ret);
	}
	t->n_names = logsource_names(rs->arena, name, t->names);
	if (!t->n_names)
		return fault(&l, key, "the rules are too long", STR_NONE);
	return values(&l, value, ret);
}

int sigma_keyword(struct rules *rs, const char *file, const struct yaml_node *value, struct node **ret, struct err *e)
{
	struct test *t = ARENA_NEW(rs->arena, struct test);
	struct line l = {.rs = rs, .file = file, .key = value, .t = t, .how = {.place = PLACE_PART}, .e = e};

	if (!t)
		return fault(&l, value, "the rules are too long", STR_NONE);
	if (null_word(value))
		return fault(&l, value, "a keyword is text", STR_NONE);
	return values(&l, value, ret);
}
